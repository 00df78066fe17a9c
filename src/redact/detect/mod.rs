//! What is looked for: one file a kind.
//!
//! A detector names its anchors, literals that one pass over the text finds, and looks at the text around each. What it
//! looks at is bounded, or covered by what it finds, so that the work stays linear in the text.

mod assignment;
mod connection;
mod curl;
mod header;
mod jwt;
mod pem;
mod personal;
mod provider;
mod url;

use std::ops::Range;

use super::kind::Kind;
use super::mask::is_named;
use super::scan::Settings;
use super::text::{Quote, Strings, cut};

pub(super) use assignment::field;
pub(super) use pem::body as armour;

/// Finds one kind of secret around its anchors.
pub(super) struct Detector {
    /// It looks only if one of these is wanted.
    pub(super) kinds: &'static [Kind],
    /// Three bytes or more each. Those that begin with a [rare](super::scan::RARE) byte are found by it; of all others together
    /// there are 32 at most, for which the search is twice as fast as for more.
    pub(super) anchors: &'static [&'static str],
    look: fn(&mut Scene<'_>, Range<usize>),
}

impl Detector {
    pub(super) fn look_if_wanted(&self, scene: &mut Scene<'_>, place: Range<usize>) {
        if self.kinds.iter().any(|&kind| scene.wants(kind)) {
            (self.look)(scene, place);
        }
    }
}

/// The detectors, each with a vector file of its name in `tests/vectors/redact`.
pub(super) static BUILTIN: [(&str, Detector); 7] = [
    ("assignment", assignment::DETECTOR),
    ("connection", connection::DETECTOR),
    ("curl", curl::DETECTOR),
    ("header", header::DETECTOR),
    ("jwt", jwt::DETECTOR),
    ("pem", pem::DETECTOR),
    ("url", url::DETECTOR),
];

/// A place that must not be shown.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) kind: Kind,
    pub(super) detail: Detail,
    /// The quotes that the mask needs, where a bare value of JSON is replaced.
    pub(super) wrap: Option<Quote>,
}

/// `[authorization:1a2b3c4d]`
const LONGEST_MASK: usize = 24;

/// What more there is to say of a span.
#[derive(Clone, Debug)]
pub(super) enum Detail {
    None,
    /// The provider's name.
    Named(&'static str),
    /// Where in the text its key stands.
    Under(Range<usize>),
    /// The name of an application's rule.
    Rule(std::sync::Arc<str>),
}

/// A text while it is looked at.
pub(super) struct Scene<'t> {
    pub(super) text: &'t [u8],
    settings: &'t Settings,
    pub(super) strings: Strings,
    pub(super) found: Vec<Span>,
    /// Up to here, lists and objects under a sensitive name were walked.
    pub(super) walked: usize,
    /// The span that reaches furthest.
    covered: Range<usize>,
    /// The text ended inside of a private key: what follows belongs to it.
    pub(super) open_armour: bool,
}

impl<'t> Scene<'t> {
    pub(super) fn new(text: &'t [u8], settings: &'t Settings) -> Self {
        Self {
            text,
            settings,
            strings: Strings::default(),
            found: Vec::new(),
            walked: 0,
            covered: 0..0,
            open_armour: false,
        }
    }

    /// Where to look on, from `place`: behind what is hidden already, if that is in it. What is hidden is not read again, or
    /// a value full of names would be read once for each.
    pub(super) fn uncovered(&self, place: usize) -> usize {
        if self.covered.contains(&place) { self.covered.end } else { place }
    }

    pub(super) fn wants(&self, kind: Kind) -> bool {
        self.settings.kinds.has(kind)
    }

    /// Whether a place is part of a mask: the digits of `[phone:52727028]` are no number.
    fn is_in_mask(&self, place: &Range<usize>) -> bool {
        let begin = place.start.saturating_sub(LONGEST_MASK);
        let open = memchr::memrchr(b'[', cut(self.text, begin, place.start)).map(|open| begin + open);
        let close = memchr::memchr(b']', cut(self.text, place.end, place.end + LONGEST_MASK));
        let mask = open.zip(close).map(|(open, close)| cut(self.text, open, place.end + close + 1));
        mask.is_some_and(is_named)
    }

    /// Whether a value is shown although it was found.
    pub(super) fn shows(&self, kind: Kind, value: &[u8]) -> bool {
        self.settings.shows(kind, value)
    }

    /// Looks for tokens by their providers' prefixes, of which there are too many for anchors.
    pub(super) fn look_for_tokens(&mut self) {
        if self.settings.kinds.has(Kind::Provider) {
            provider::scan(self.text, &mut |place, name| {
                self.add(place, Kind::Provider, Detail::Named(name));
            });
        }
    }

    /// Looks for personal data, of which there are no anchors.
    pub(super) fn look_for_personal(&mut self) {
        let kinds = self.settings.kinds;
        if kinds.any_personal() {
            personal::scan(self.text, |kind| kinds.has(kind), &mut |place, kind| {
                self.add(place, kind, Detail::None);
            });
        }
    }

    pub(super) fn add(&mut self, place: Range<usize>, kind: Kind, detail: Detail) {
        self.add_wrapped(place, kind, detail, None);
    }

    pub(super) fn add_wrapped(
        &mut self,
        place: Range<usize>,
        kind: Kind,
        detail: Detail,
        wrap: Option<Quote>,
    ) {
        let value = cut(self.text, place.start, place.end);
        if !value.is_empty()
            && self.settings.kinds.has(kind)
            && !self.settings.shows(kind, value)
            && (kind == Kind::Registered || !self.is_in_mask(&place))
        {
            if place.end > self.covered.end {
                self.covered = place.clone();
            }
            self.found.push(Span { start: place.start, end: place.end, kind, detail, wrap });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::redact::Redactor;

    /// Every detector has hits and misses, which the whole redactor is held to.
    #[test]
    fn vectors_are_hit_and_missed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/redact");
        let redactor = Redactor::default();
        let mut wrong = Vec::new();
        for (name, _) in &BUILTIN {
            let vectors = fs::read_to_string(folder.join(name).with_extension("txt")).unwrap_or_default();
            assert!(
                vectors.starts_with('#') && vectors.lines().count() > 5,
                "{name} needs vectors, and their source"
            );
            check(&vectors, &redactor, &mut wrong);
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    fn check(vectors: &str, redactor: &Redactor, wrong: &mut Vec<String>) {
        for line in vectors.lines() {
            let line = line.replace('¶', "\n").replace('␛', "\u{1b}");
            if let Some(text) = line.strip_prefix("miss | ") {
                let redacted = redactor.redact(text);
                if redacted != text {
                    wrong.push(format!("{text}\n  became {redacted}"));
                }
            } else if let Some((text, secret)) =
                line.strip_prefix("hit | ").and_then(|hit| hit.rsplit_once(" | "))
            {
                assert!(text.contains(secret), "{line}");
                let redacted = redactor.redact(text);
                if redacted.contains(secret) {
                    wrong.push(format!("{text}\n  still shows {secret}: {redacted}"));
                }
            }
        }
    }
}
