//! What the fields of one event hide, and where else in the event it stands: for the adapters, which see fields one by one.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::kind::Kind;
use super::redactor::Redactor;
use super::scan::is_worth_repeating;

/// The fields of one event.
pub(super) struct Fields<'r> {
    redactor: &'r Redactor,
    /// What was hidden so far, the longest first.
    hidden: Vec<Box<str>>,
}

impl<'r> Fields<'r> {
    pub(super) fn new(redactor: &'r Redactor) -> Self {
        Self { redactor, hidden: Vec::new() }
    }

    #[cfg(feature = "log")]
    pub(super) fn redactor(&self) -> &'r Redactor {
        self.redactor
    }

    /// What to show instead of a field's text, unless it is clean.
    ///
    /// `sensitive` is what [`Redactor::is_sensitive_key`] says of the name.
    pub(super) fn text(&mut self, name: &str, sensitive: bool, text: &str) -> Option<String> {
        if sensitive {
            let bare = bare(text);
            let Cow::Owned(shown) = self.redactor.redact_field(name, bare) else { return None };
            self.remember(difference(bare, &shown));
            return Some(shown);
        }
        let Cow::Owned(shown) = self.redactor.redact(text) else { return None };
        for finding in self.redactor.explain(text) {
            self.remember(text.get(finding.range()).unwrap_or_default());
        }
        Some(shown)
    }

    /// What to show instead of a text in which something stands that another field hides.
    pub(super) fn repeated(&self, text: &str) -> Option<String> {
        let mut shown: Option<String> = None;
        for value in &self.hidden {
            let current = shown.as_deref().unwrap_or(text);
            if current.contains(&**value) {
                let mut mask = Vec::new();
                self.redactor.mask(Kind::Repeated).write(Kind::Repeated, value.as_bytes(), &mut mask);
                self.redactor.count(Kind::Repeated, 1);
                shown = Some(current.replace(&**value, &String::from_utf8_lossy(&mask)));
            }
        }
        shown
    }

    /// Whether nothing is hidden, so that nothing can be repeated.
    pub(super) fn is_clean(&self) -> bool {
        self.hidden.is_empty()
    }

    fn remember(&mut self, value: &str) {
        let value = value.trim_ascii();
        if is_worth_repeating(value.as_bytes()) && value.len() <= LONGEST_REPEATED {
            self.hidden.push(value.into());
            self.hidden.sort_by_key(|value| Reverse(value.len()));
        }
    }
}

/// Longer values are documents of their own, not credentials that a message repeats.
const LONGEST_REPEATED: usize = 1 << 12;

/// The text itself, without what its `Debug` adds: rules judge values, and `Some("…")` is none.
fn bare(text: &str) -> &str {
    let inside = |text, open, close| str::strip_prefix(text, open).and_then(|text| text.strip_suffix(close));
    let text = inside(text, "Some(", ")").unwrap_or(text);
    inside(text, "\"", "\"").unwrap_or(text)
}

/// What of `text` is not in `shown`: of `Bearer abc`, shown as `Bearer [REDACTED]`, the credentials.
fn difference<'a>(text: &'a str, shown: &str) -> &'a str {
    let same = |(one, other): &(char, char)| one == other;
    let start: usize =
        text.chars().zip(shown.chars()).take_while(same).map(|(character, _)| character.len_utf8()).sum();
    let (text, shown) = (text.get(start..).unwrap_or(text), shown.get(start..).unwrap_or(shown));
    let end: usize = text
        .chars()
        .rev()
        .zip(shown.chars().rev())
        .take_while(same)
        .map(|(character, _)| character.len_utf8())
        .sum();
    text.get(..text.len() - end).unwrap_or(text)
}
