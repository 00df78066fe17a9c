//! Telephone numbers: international after `+` (ITU-T E.164), North American in their usual grouping, any other only
//! after a word like `phone`.

use std::ops::Range;

use super::around::{
    back, byte, chained_before, digits, is_one_of, is_word, joined_before, named, step_back, word,
    words_before,
};
use super::ip;

/// The telephone number that starts with a run of digits; a `+` or `(` before it belongs to it.
pub(super) fn at(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let (before, plus) = step_back(text, run.start);
    if before == b'+' {
        let start = if byte(text, plus) == b'+' { plus } else { run.start };
        return international(text, &run, plus).map(|end| start..end);
    }
    if run.len() <= 3
        && let Some(end) = north_american(text, &run)
    {
        return Some(start_with_parenthesis(text, &run)..end);
    }
    if is_named(text, &run)
        && let Some(end) = told(text, &run)
    {
        return Some(start_with_parenthesis(text, &run)..end);
    }
    None
}

fn start_with_parenthesis(text: &[u8], run: &Range<usize>) -> usize {
    let opened = back(text, run.start, 1) == b'(' && byte(text, run.end) == b')';
    run.start - usize::from(opened)
}

/// After `+`: a country code, which starts with no zero, and at most 15 digits in all (E.164 §6).
fn international(text: &[u8], run: &Range<usize>, plus: usize) -> Option<usize> {
    let follows = step_back(text, plus).0;
    if is_word(follows) || follows == b'+' || byte(text, run.start) == b'0' {
        return None;
    }
    let groups = Groups::read(text, run.start);
    let told = || named(text, plus, NAMES, FILLERS);
    let north_american = |group: &Group| group.total == 11 && is_north_american(text, run.start + 1);
    groups.longest(text, |group| match byte(text, run.start) {
        b'1' => north_american(group),
        b'7' => group.total == 11,
        // A signed number has one group, and mostly fewer digits.
        _ => {
            (if group.end == run.end { 9 } else { 8 }..=15).contains(&group.total)
                || group.total >= 7 && told()
        }
    })
}

/// `(415) 555-0132`, `415-555-0132`, `1-415-555-0132`: three, three and four digits after a country code or none.
fn north_american(text: &[u8], run: &Range<usize>) -> Option<usize> {
    // Dates, decimals and counts are told apart before more is read.
    let (next, after) = (byte(text, run.end), byte(text, run.end + 1));
    if !matches!(next, b'(' | b')') && after != b'(' && digits(text, run.end + 1) != 3 {
        return None;
    }
    let groups = Groups::read(text, run.start);
    let country = usize::from(groups.get(2).is_some_and(|group| group.length == 3));
    let [area, exchange, line] =
        [country, country + 1, country + 2].map(|at| groups.get(at).unwrap_or_default());
    let grouped = (area.length, exchange.length, line.length) == (3, 3, 4);
    let separated = match exchange.joint {
        b')' => matches!(line.joint, b'-' | b' ' | b'.'),
        b' ' => {
            line.joint == b' '
                && (named(text, run.start, NAMES, FILLERS) || named(text, run.start, CALLS, FILLERS))
        }
        joint => matches!(joint, b'-' | b'.') && line.joint == joint,
    };
    let coded = country == 0 || area.joint == exchange.joint || matches!(area.joint, b' ' | b'(');
    if !grouped || !separated || !coded || !is_north_american(text, area.end - 3) {
        return None;
    }
    // A word that runs into the number does not hide it; an identifier that goes on with `-` or `_` does.
    let glued = word(text, run.start);
    let starts = if joined_before(text, run.start) {
        glued.iter().all(u8::is_ascii_alphabetic)
            && !matches!(back(text, run.start, glued.len() + 1), b'-' | b'.')
    } else {
        !chained_before(text, run.start) || named(text, run.start, NAMES, FILLERS)
    };
    (starts && ends(text, &line)).then_some(line.end)
}

/// Whether the area and exchange at `start` can be: each starts with 2 to 9, and neither is a service such as 911 (North American Numbering Plan).
fn is_north_american(text: &[u8], start: usize) -> bool {
    let mut digits = text.iter().skip(start).filter(|byte| byte.is_ascii_digit());
    let mut valid = || {
        let [first, second, third] = [(); 3].map(|()| digits.next().copied().unwrap_or_default());
        first >= b'2' && (second, third) != (b'1', b'1')
    };
    valid() && valid()
}

/// After a word that announces one: 7 to 15 digits that are no date, decimal or address.
fn told(text: &[u8], run: &Range<usize>) -> Option<usize> {
    let groups = Groups::read(text, run.start);
    let [one, two, three] = [0, 1, 2].map(|at| groups.get(at).unwrap_or_default().length);
    let date = matches!((one, two, three), (4, 2, 2) | (2, 2, 4));
    let decimal = groups.get(1).is_some_and(|group| group.joint == b'.') && groups.count < 3;
    if date || decimal || ip::v4(text, run.clone()).is_some() {
        return None;
    }
    groups.longest(text, |group| (7..=15).contains(&group.total))
}

/// Whether the words before say that a telephone number follows.
fn is_named(text: &[u8], run: &Range<usize>) -> bool {
    let mut words = words_before(text, run.start);
    let Some(nearest) = words.next() else { return false };
    if chained_before(text, run.start) {
        return false;
    }
    let name = if is_one_of(FILLERS, nearest) {
        words.find(|word| !is_one_of(FILLERS, word))
    } else {
        Some(nearest)
    };
    let sure = name.is_some_and(|name| is_one_of(NAMES, name));
    let grouped = matches!(byte(text, run.end), b'-' | b'.' | b')' | b'/');
    sure || (grouped || run.len() >= 9)
        && (name.is_some_and(|name| is_one_of(CALLS, name)) || is_of_someone(text, run.start))
}

/// `my number is`, but not `order number is`.
fn is_of_someone(text: &[u8], at: usize) -> bool {
    let mut words = words_before(text, at);
    let mut next_is = |others: &[&str]| words.next().is_some_and(|word| is_one_of(others, word));
    next_is(&["is"]) && next_is(&["number"]) && !next_is(THINGS)
}

/// Whether a number can end after `group`.
fn ends(text: &[u8], group: &Group) -> bool {
    let (next, after) = (byte(text, group.end), byte(text, group.end + 1));
    let goes_on = matches!(next, b'-' | b'.' | b'/') || next == b':' && group.length <= 2;
    let extension = next == b'x' && after.is_ascii_digit();
    (!is_word(next) || extension) && !(goes_on && after.is_ascii_digit())
}

/// Digits between separators.
#[derive(Clone, Copy, Default)]
struct Group {
    length: usize,
    end: usize,
    /// Digits up to its end.
    total: usize,
    /// What stands before it: `-`, `.`, ` `, `/`, or a parenthesis with or without space.
    joint: u8,
}

/// The groups of one number, as far as it can reach.
#[derive(Default)]
struct Groups {
    groups: [Group; MOST],
    count: usize,
}

impl Groups {
    fn read(text: &[u8], start: usize) -> Self {
        let mut read = Self::default();
        let (mut joint, mut at, mut total) = (0, start, 0);
        for group in &mut read.groups {
            let length = digits(text, at);
            total += length;
            at += length;
            if total > MOST_DIGITS {
                break;
            }
            *group = Group { length, end: at, total, joint };
            read.count += 1;
            let Some((next, skip)) = self::joint(text, at) else { break };
            // A space after a number that can be complete separates it from the next.
            if next == b' ' && total >= 12 {
                break;
            }
            (joint, at) = (next, at + skip);
        }
        read
    }

    fn get(&self, at: usize) -> Option<Group> {
        self.groups.get(..self.count)?.get(at).copied()
    }

    /// Where the longest number ends whose last group is `fit`.
    fn longest(&self, text: &[u8], fit: impl Fn(&Group) -> bool) -> Option<usize> {
        let groups = self.groups.get(..self.count)?;
        groups.iter().rev().find(|group| ends(text, group) && fit(group)).map(|group| group.end)
    }
}

/// What joins two groups of digits, and its length.
fn joint(text: &[u8], at: usize) -> Option<(u8, usize)> {
    let [one, two, three] = [0, 1, 2].map(|ahead| byte(text, at + ahead));
    match (one, two, three) {
        (b' ' | b'-' | b'.' | b'/' | b'(' | b')', b'0'..=b'9', _) => Some((one, 1)),
        (b')', b' ' | b'-' | b'.', b'0'..=b'9') => Some((b')', 2)),
        (b' ' | b'-', b'(', b'0'..=b'9') => Some((b'(', 2)),
        _ => None,
    }
}

/// E.164 §6.
const MOST_DIGITS: usize = 15;
/// Groups in a number.
const MOST: usize = 8;

#[rustfmt::skip]
const NAMES: &[&str] = &[
    "phone", "phones", "telephone", "tel", "mobile", "cell", "cellphone", "fax", "telefax", "sms", "msisdn", "whatsapp",
    "telefon", "telefono", "mobil", "movil", "celular", "handy",
];
/// Words that announce other numbers too.
const CALLS: &[&str] = &["call", "dial", "ring"];
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "number", "no", "num", "nr", "is", "us", "me", "at", "on", "to", "my", "your", "home", "work", "office", "the",
];
/// What has numbers that are not for calling.
#[rustfmt::skip]
const THINGS: &[&str] = &[
    "order", "invoice", "account", "serial", "block", "line", "port", "version", "sequence", "tracking", "case", "ticket",
    "part", "model", "batch", "row", "page", "build", "job", "process", "thread", "transaction", "reference",
    "confirmation", "record", "routing", "card", "passport", "license", "id", "request",
];
