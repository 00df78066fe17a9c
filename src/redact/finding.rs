use std::fmt;
use std::ops::Range;

use super::detect::{Detail, Span};
use super::kind::Kind;

/// Something that [`Redactor::explain`](super::Redactor::explain) found: what and where, without its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    kind: Kind,
    range: Range<usize>,
    reason: Option<String>,
}

impl Finding {
    pub(super) fn new(kind: Kind, range: Range<usize>, reason: Option<String>) -> Self {
        Self { kind, range, reason }
    }

    pub(super) fn of(span: &Span, line: &[u8]) -> Self {
        let reason = match &span.detail {
            Detail::None => None,
            Detail::Named(name) => Some((*name).to_owned()),
            Detail::Rule(name) => Some(name.to_string()),
            Detail::Under(name) => {
                line.get(name.clone()).map(|name| String::from_utf8_lossy(name).into_owned())
            }
        };
        Self::new(span.kind, span.start..span.end, reason)
    }

    /// What was found.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it stands, in bytes.
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Why: the name it stands under, the provider or the rule.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{} {}", self.range.start, self.range.end, self.kind)?;
        self.reason.iter().try_for_each(|reason| write!(f, " ({reason})"))
    }
}

/// How much of each kind was hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts([u64; Kind::ALL.len()]);

impl Counts {
    pub(super) fn new(counts: [u64; Kind::ALL.len()]) -> Self {
        Self(counts)
    }

    /// Of one kind.
    pub fn of(&self, kind: Kind) -> u64 {
        self.0.get(kind.index()).copied().unwrap_or(0)
    }

    /// Of all kinds.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The kinds of which there was any.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, u64)> + '_ {
        Kind::ALL.iter().map(|&kind| (kind, self.of(kind))).filter(|(_, count)| *count > 0)
    }
}
