//! One pass over a text: anchors, what their detectors make of them, and one list of places in the end.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::LazyLock;

use aho_corasick::packed::{self, MatchKind, Searcher};
use aho_corasick::{AhoCorasick, Input};

use super::detect::{self, BUILTIN, Detail, Detector, Scene, Span};
use super::key::Under;
use super::kind::{Kind, Kinds};
use super::known::Known;
use super::mask;
use super::rule::Rules;
use super::text::{Quote, Strings, at, cut, ends_json_string, is_space, run, run_before, starts_with};

/// What is looked for, and what is not.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) kinds: Kinds,
    pub(super) rules: Rules,
    /// Values that are shown.
    pub(super) allowed: HashSet<Box<[u8]>>,
    /// Masks with a fixed text: they are not found again.
    pub(super) fixed: Vec<Box<[u8]>>,
}

impl Settings {
    /// Whether a secret stands in a mask: hiding it would bring it forth.
    pub(super) fn is_part_of_mask(&self, secret: &[u8]) -> bool {
        self.fixed.iter().any(|mask| memchr::memmem::find(mask, secret).is_some())
            || Kind::ALL.iter().any(|kind| memchr::memmem::find(kind.name().as_bytes(), secret).is_some())
    }

    /// Whether a value is shown although it was found. What was registered, or has a rule of its own, is never.
    pub(super) fn shows(&self, kind: Kind, value: &[u8]) -> bool {
        let allowed = || !matches!(kind, Kind::Registered | Kind::Rule) && self.allowed.contains(value);
        self.fixed.iter().any(|mask| **mask == *value)
            || mask::is_named(value)
            || !self.allowed.is_empty() && allowed()
    }
}

/// What was found in a text.
pub(super) struct Found {
    /// In ascending order, apart from each other.
    pub(super) spans: Vec<Span>,
    pub(super) open_armour: bool,
}

/// Finds all there is in a text, which may be the value `under` a name.
pub(super) fn find(settings: &Settings, known: Option<&Known>, under: Under, text: &[u8]) -> Found {
    let mut scene = Scene::new(text, settings);
    detect::field(&mut scene, under);
    anchors(&mut scene);
    scene.look_for_tokens();
    scene.look_for_personal();
    if let Some(known) = known {
        known.look(&mut scene);
    }
    settings.rules.look(&mut scene);
    if scene.found.is_empty() {
        return Found { spans: Vec::new(), open_armour: scene.open_armour };
    }
    repeated(&mut scene);
    Found { spans: merged(text, scene.found), open_armour: scene.open_armour }
}

fn anchors(scene: &mut Scene<'_>) {
    let anchors = &*ANCHORS;
    let mut from = 0;
    while let Some((detector, place)) = anchors.next(scene.text, from) {
        from = scene.uncovered(place.start);
        if from == place.start {
            from += 1;
            detector.look_if_wanted(scene, place);
        }
    }
    let [first, second, third] = RARE;
    for place in memchr::memchr3_iter(first, second, third, scene.text) {
        let next = at(scene.text, place + 1);
        let known =
            |(anchor, _): &&(&[u8], _)| at(anchor, 1) == next && starts_with(scene.text, place, anchor);
        if let Some((anchor, detector)) = anchors.rare.iter().find(known) {
            detector.look_if_wanted(scene, place..place + anchor.len());
        }
    }
}

/// Bytes that logs have so seldom that each is looked at.
pub(super) const RARE: [u8; 3] = *b"@\\%";

/// The anchors that are not rare. Their order decides which share a bucket of the search, and is worth a third of its time:
/// over the lines of loghub 0.55 ms for this one, 0.85 as the detectors name them (measured 2026-11, hill climbing over
/// swaps). Any order finds the same.
const ORDER: [&str; 32] = [
    "KEY", "gnature", "CRED", "pass", "UTH", "pin\"", "ecret", "eyJ", "OTP", "cred", "ZXlK", "://", "Pass",
    "OKEN", "BEGIN ", "ookie", "PASS", "Key", "otp", "ECRET", "PWD", "uth", "earer ", "sig=", "key",
    "ession", "cvv", "Pwd", "SESS", "oken", "curl ", "pwd",
];

/// Every anchor of every detector.
struct Anchors {
    /// Finds those of `detectors` in one pass.
    finder: Finder,
    detectors: Vec<&'static Detector>,
    rare: Vec<(&'static [u8], &'static Detector)>,
}

enum Finder {
    /// Vector instructions, where the processor has them. Over the lines of loghub 6.5 GB/s for 32 patterns, 2.7 for 64
    /// (measured 2026-11 on x86-64 with AVX2, aho-corasick 1.1.5): more than 32 fill wider buckets at half the stride.
    Packed(Searcher),
    Automaton(AhoCorasick),
}

static ANCHORS: LazyLock<Anchors> = LazyLock::new(|| {
    let all = BUILTIN
        .iter()
        .flat_map(|(_, detector)| detector.anchors.iter().map(move |anchor| (anchor.as_bytes(), detector)));
    let (rare, mut others): (Vec<_>, Vec<_>) = all.partition(|(anchor, _)| RARE.contains(&at(anchor, 0)));
    others.sort_by_key(|(anchor, _)| ORDER.iter().position(|ordered| ordered.as_bytes() == *anchor));
    let (patterns, detectors): (Vec<&[u8]>, _) = others.into_iter().unzip();
    let packed =
        packed::Config::new().match_kind(MatchKind::LeftmostFirst).builder().extend(&patterns).build();
    let automaton = || AhoCorasick::new(&patterns).expect("some thirty short patterns make an automaton");
    Anchors { finder: packed.map_or_else(|| Finder::Automaton(automaton()), Finder::Packed), detectors, rare }
});

impl Anchors {
    fn next(&self, text: &[u8], from: usize) -> Option<(&'static Detector, std::ops::Range<usize>)> {
        let found = match &self.finder {
            Finder::Packed(searcher) => searcher.find_in(text, (from..text.len()).into()),
            Finder::Automaton(automaton) => automaton.find(Input::new(text).range(from..)),
        }?;
        Some((self.detectors.get(found.pattern().as_usize())?, found.range()))
    }
}

/// What was found once is hidden wherever it stands.
fn repeated(scene: &mut Scene<'_>) {
    let text = scene.text;
    let mut values: Vec<&[u8]> = scene
        .found
        .iter()
        .map(|span| cut(text, span.start, span.end).trim_ascii())
        .filter(|value| is_worth_repeating(value))
        .collect();
    values.sort_unstable();
    values.dedup();
    let mut places = Vec::new();
    if values.len() <= FEW {
        for value in &values {
            places.extend(memchr::memmem::find_iter(text, value).map(|start| start..start + value.len()));
        }
    } else {
        let built =
            AhoCorasick::builder().match_kind(aho_corasick::MatchKind::LeftmostLongest).build(&values);
        let automaton = built.expect("values that all stand in one line fit into an automaton");
        places.extend(automaton.find_iter(text).map(|found| found.range()));
    }
    if places.len() > values.len() {
        for place in places {
            scene.add(place, Kind::Repeated, Detail::None);
        }
    }
}

/// So many values are looked for one by one.
const FEW: usize = 8;

/// A short value, or a word, may stand elsewhere by chance.
pub(super) fn is_worth_repeating(value: &[u8]) -> bool {
    value.len() >= 8
        && !value.iter().all(|byte| {
            byte.is_ascii_alphabetic() && value.len() < 16 || matches!(byte, b' ' | b'.' | b'-' | b'_' | b'/')
        })
}

/// One list, in order and without overlaps: the longest wins, and takes in what it overlaps.
fn merged(text: &[u8], mut spans: Vec<Span>) -> Vec<Span> {
    for span in &mut spans {
        whole(text, span);
    }
    spans.sort_by_key(|span| {
        (span.start, std::cmp::Reverse(span.end), span.kind == Kind::Repeated, std::cmp::Reverse(span.kind))
    });
    spans.dedup_by(|span, last| {
        let overlaps = span.start < last.end;
        if overlaps {
            // Quotes are for a value that is hidden by itself.
            last.wrap = match span.end.cmp(&last.end) {
                Ordering::Less => last.wrap,
                Ordering::Equal if span.start == last.start => last.wrap.or(span.wrap),
                _ => None,
            };
            last.end = last.end.max(span.end);
        }
        overlaps
    });
    if matches!(at(text.trim_ascii_start(), 0), b'{' | b'[' | b'"') {
        keep_json(text, &mut spans);
    }
    spans
}

/// Keeps a document of JSON one: no span reaches out of its string, and the mask of a number is a string.
fn keep_json(text: &[u8], spans: &mut Vec<Span>) {
    let mut strings = Strings::default();
    spans.retain_mut(|span| match strings.end_around(text, span.start) {
        _ if span.wrap.is_some() => true,
        Some(end) if ends_json_string(text, end) => {
            span.end = span.end.min(end);
            true
        }
        Some(_) => true,
        // Between strings, what repeats a value by chance is made of the document's own signs.
        None => quote_bare(text, span) || span.kind != Kind::Repeated,
    });
}

/// Widens a span to whole characters and whole escapes: half of one would spoil what is left of the text.
fn whole(text: &[u8], span: &mut Span) {
    let continues = |byte: u8| byte & 0xc0 == 0x80;
    while span.start > 0 && continues(at(text, span.start)) {
        span.start -= 1;
    }
    while span.end < text.len() && continues(at(text, span.end)) {
        span.end += 1;
    }
    if let Some((start, _)) = escape_around(text, span.start) {
        span.start = start;
    }
    if let Some((_, end)) = escape_around(text, span.end) {
        span.end = end;
    }
}

/// The escape (`\n`, `\u0041`) that `place` stands in the middle of.
fn escape_around(text: &[u8], place: usize) -> Option<(usize, usize)> {
    let backslash = if at(text, place.checked_sub(1)?) == b'\\' {
        place - 1
    } else {
        let digits = run_before(text, place, 3, |byte| byte.is_ascii_hexdigit());
        let letter = (place - digits).checked_sub(1).filter(|&letter| at(text, letter) == b'u')?;
        letter.checked_sub(1).filter(|&backslash| at(text, backslash) == b'\\')?
    };
    // A backslash behind a backslash is escaped itself, and begins nothing.
    let before = run_before(text, backslash, backslash, |byte| byte == b'\\');
    let long = at(text, backslash + 1) == b'u' && (2..6).all(|i| at(text, backslash + i).is_ascii_hexdigit());
    (before % 2 == 0 && backslash + 1 < text.len())
        .then_some((backslash, backslash + if long { 6 } else { 2 }))
}

/// Gives quotes to the mask of a number in JSON, which is hidden whole; whether it is one.
fn quote_bare(text: &[u8], span: &mut Span) -> bool {
    let is_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E');
    let is_sign = |byte: u8| is_space(byte) || matches!(byte, b':' | b',' | b'[' | b']' | b'{' | b'}');
    let inner = span.start + run(cut(text, 0, span.end), span.start, is_sign);
    let inner_end = span.end - run_before(text, span.end, span.end - inner, is_sign);
    if inner == inner_end || !cut(text, inner, inner_end).iter().all(|&byte| is_number(byte)) {
        return false;
    }
    let start = inner - run_before(text, inner, 64, is_number);
    let end = inner_end + run(cut(text, 0, inner_end + 64), inner_end, is_number);
    let before = start - run_before(text, start, start, is_space);
    let behind = end + run(text, end, is_space);
    let whole = matches!(before.checked_sub(1).map(|before| at(text, before)), Some(b':' | b',' | b'['))
        && (behind >= text.len() || matches!(at(text, behind), b',' | b']' | b'}'));
    if whole {
        (span.start, span.end) = (start, end);
        span.wrap = Some(Quote { backslashes: 0, byte: b'"' });
    }
    whole
}
