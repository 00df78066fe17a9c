use std::fmt;

use super::error::{RedactError, RedactErrorKind};
use super::kind::Kind;
use super::text::cut;
use crate::encoding;
use crate::keys::KeyRing;

/// What is written in the place of what was found.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::redact::{Kind, Mask, Redactor};
///
/// let redactor = Redactor::builder()
///     .personal_data(true)
///     .mask(Mask::kind())
///     .mask_kind(Kind::Email, Mask::pseudonym(&KeyRing::generate()?))
///     .build()?;
///
/// assert_eq!(redactor.redact("password=hunter2"), "password=[key]");
/// let line = redactor.redact("from=ann@example.com to=bob@example.com cc=ann@example.com");
/// let names: Vec<_> = line.split(' ').map(|field| field.split_once('=').unwrap().1).collect();
/// assert!(names[0].starts_with("[email:") && names[0] == names[2] && names[0] != names[1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mask(Form);

#[derive(Clone)]
enum Form {
    Text(Box<str>),
    Kind,
    Partial { first: usize, last: usize },
    Pseudonym(KeyRing),
}

impl Mask {
    /// The same text for everything, such as the default `[REDACTED]`: nothing of the value is told, not even its length.
    ///
    /// [`Builder::build`](super::Builder::build) refuses a text with quotes, backslashes or control characters, which would
    /// break a log's own format, and one that would be redacted itself.
    pub fn text(text: impl Into<String>) -> Self {
        Self(Form::Text(text.into().into_boxed_str()))
    }

    /// The kind in brackets: `[key]`, `[email]`.
    pub fn kind() -> Self {
        Self(Form::Kind)
    }

    /// The first and the last characters, at most four each, with `****` between.
    ///
    /// # Security
    /// It shows part of a secret, and equal values look equal. A value shorter than 24 characters, of which that would be
    /// a third, and one with other than printable ASCII characters is hidden whole.
    pub fn partial(first: usize, last: usize) -> Self {
        Self(Form::Partial { first: first.min(4), last: last.min(4) })
    }

    /// The kind and a keyed pseudonym of 32 bits, `[email:1a2b3c4d]`: equal values have equal pseudonyms as long as the
    /// ring's primary key is the same, so that lines can still be correlated.
    ///
    /// # Security
    /// Who has the ring can try values; without it, not even an IPv4 address can be found by trial. Rotating the ring
    /// makes later pseudonyms unrelated to earlier ones. Among 10,000 values, two have the same pseudonym with
    /// a probability of one percent.
    pub fn pseudonym(ring: &KeyRing) -> Self {
        Self(Form::Pseudonym(ring.clone()))
    }

    /// Writes the mask for `value`.
    pub(super) fn write(&self, kind: Kind, value: &[u8], out: &mut Vec<u8>) {
        match &self.0 {
            Form::Text(text) => out.extend_from_slice(text.as_bytes()),
            Form::Kind => out.extend_from_slice(format!("[{kind}]").as_bytes()),
            Form::Partial { first, last } => match partial(value, *first, *last) {
                Some((first, last)) => out.extend([first, b"****", last].concat()),
                None => out.extend_from_slice(DEFAULT.as_bytes()),
            },
            Form::Pseudonym(ring) => {
                let tag =
                    ring.snapshot().primary().mac_key(LABEL, &[]).tag(&[kind.name().as_bytes(), &[0], value]);
                let name = encoding::hex(cut(&*tag, 0, 4));
                out.extend_from_slice(format!("[{kind}:{name}]").as_bytes());
            }
        }
    }

    /// The fixed text, if it has one.
    pub(super) fn fixed(&self) -> Option<&str> {
        match &self.0 {
            Form::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn check(&self) -> Result<(), RedactError> {
        let sound = self.fixed().is_none_or(|text| {
            !text.is_empty()
                && text.len() <= 64
                && !text.chars().any(|character| {
                    character.is_control() || matches!(character, '"' | '\'' | '\\' | '<' | '>' | '&')
                })
        });
        if sound { Ok(()) } else { Err(RedactErrorKind::Mask.into()) }
    }
}

impl Default for Mask {
    /// `[REDACTED]`
    fn default() -> Self {
        Self::text(DEFAULT)
    }
}

/// What stands for a value by default.
pub(super) const DEFAULT: &str = "[REDACTED]";

/// The key of pseudonyms is derived from the ring's under this name.
const LABEL: &[u8] = b"palisade redact v1";

/// The ends of a value that is long enough to show them.
fn partial(value: &[u8], first: usize, last: usize) -> Option<(&[u8], &[u8])> {
    let plain = value
        .iter()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\' | b'<' | b'>' | b'&'));
    (value.len() >= 24 && plain).then(|| (cut(value, 0, first), cut(value, value.len() - last, value.len())))
}

/// Whether a value is one of our masks: `[key]`, `[email:1a2b3c4d]`.
pub(super) fn is_named(value: &[u8]) -> bool {
    let Some(inner) = value.strip_prefix(b"[").and_then(|value| value.strip_suffix(b"]")) else {
        return false;
    };
    Kind::ALL.iter().any(|kind| {
        inner.strip_prefix(kind.name().as_bytes()).is_some_and(|rest| {
            rest.is_empty()
                || rest
                    .strip_prefix(b":")
                    .is_some_and(|tag| tag.len() == 8 && tag.iter().all(u8::is_ascii_hexdigit))
        })
    })
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Kind => f.write_str("[kind]"),
            Self::Partial { first, last } => write!(f, "first {first}, last {last}"),
            Self::Pseudonym(_) => f.write_str("[kind:pseudonym]"),
        }
    }
}
