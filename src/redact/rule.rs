use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Regex, RegexBuilder};

use super::detect::{Detail, Scene};
use super::error::{RedactError, RedactErrorKind};
use super::kind::Kind;

/// A rule of an application's own: a regular expression, run on lines that hold a literal.
///
/// If the expression has a group named `secret`, only that is hidden.
///
/// ```
/// use palisade::redact::{Redactor, Rule};
///
/// let badge = Rule::new("badge", "BADGE-", r"BADGE-(?P<secret>\d{6})")?;
/// let redactor = Redactor::builder().rule(badge)?.build()?;
/// assert_eq!(redactor.redact("opened by BADGE-481516"), "opened by BADGE-[REDACTED]");
/// # Ok::<(), palisade::redact::RedactError>(())
/// ```
///
/// # Security
/// The expressions are the `regex` crate's: their time is linear in the text, whatever it holds.
#[derive(Clone, Debug)]
pub struct Rule {
    name: Arc<str>,
    literal: Option<Box<[u8]>>,
    regex: Regex,
    /// The group that is hidden.
    group: usize,
}

impl Rule {
    /// A rule that runs `pattern` on lines which hold `literal`, in ASCII of any case.
    ///
    /// # Errors
    /// The pattern is no regular expression, compiles to more than 1 MiB or matches the empty text; the literal is
    /// shorter than 2 bytes.
    pub fn new(name: &str, literal: &str, pattern: &str) -> Result<Self, RedactError> {
        if literal.len() < 2 {
            return Err(RedactErrorKind::Literal.into());
        }
        Ok(Self { literal: Some(literal.as_bytes().into()), ..Self::everywhere(name, pattern)? })
    }

    /// A rule that runs on every line: several times slower than all that is built in.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn everywhere(name: &str, pattern: &str) -> Result<Self, RedactError> {
        let regex =
            RegexBuilder::new(pattern).size_limit(1 << 20).build().map_err(|_| RedactErrorKind::Pattern)?;
        if regex.is_match(b"") {
            return Err(RedactErrorKind::MatchesNothing.into());
        }
        let group = regex.capture_names().position(|group| group == Some("secret")).unwrap_or(0);
        Ok(Self { name: name.into(), literal: None, regex, group })
    }

    fn look(&self, scene: &mut Scene<'_>) {
        let text = scene.text;
        let mut hide = |place| scene.add(place, Kind::Rule, Detail::Rule(Arc::clone(&self.name)));
        if self.group == 0 {
            self.regex.find_iter(text).for_each(|found| hide(found.range()));
        } else {
            self.regex
                .captures_iter(text)
                .filter_map(|groups| groups.get(self.group))
                .for_each(|found| hide(found.range()));
        }
    }
}

/// All rules of a redactor, their literals found in one pass.
#[derive(Debug)]
pub(super) struct Rules {
    all: Vec<Rule>,
    /// Finds literals; its patterns are the rules at `anchored`.
    literals: Option<AhoCorasick>,
    anchored: Vec<usize>,
}

impl Rules {
    pub(super) fn new(rules: Vec<Rule>) -> Result<Self, RedactError> {
        let anchored: Vec<usize> =
            (0..rules.len()).filter(|&i| rules.get(i).is_some_and(|rule| rule.literal.is_some())).collect();
        let patterns: Vec<&[u8]> = rules.iter().filter_map(|rule| rule.literal.as_deref()).collect();
        let literals = if patterns.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::DFA))
                .build(patterns);
            Some(built.map_err(|_| RedactErrorKind::Literal)?)
        };
        Ok(Self { all: rules, literals, anchored })
    }

    pub(super) fn look(&self, scene: &mut Scene<'_>) {
        if self.all.is_empty() {
            return;
        }
        self.all.iter().filter(|rule| rule.literal.is_none()).for_each(|rule| rule.look(scene));
        let Some(literals) = &self.literals else { return };
        // Overlapping, so that no literal hides another inside of it.
        let mut run = Vec::new();
        for found in literals.find_overlapping_iter(scene.text) {
            if let Some(&rule) = self.anchored.get(found.pattern().as_usize())
                && !run.contains(&rule)
            {
                run.push(rule);
            }
        }
        run.iter().filter_map(|&rule| self.all.get(rule)).for_each(|rule| rule.look(scene));
    }
}
