//! Tokens that their providers gave a prefix: `ghp_…`, `xoxb-…`, `SG.…`.
//!
//! A text is not searched for prefixes, of which there are hundreds, but for length: every token here holds
//! [`RUN`] letters, digits, `_` or `-` in a row, which little else does. Prefixes are tested in and just before
//! such a run, at the few places where a token can start.
//!
//! It does not find secrets without a prefix (plain hexadecimal, UUIDs) and asks no provider whether a token is
//! alive. Checksums, where a format has one, are not asked for: a mistyped token tells as much as the right one.

mod table;

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::LazyLock;

use table::{ALNUM, LINK, OPENER, ROWS, Row, WORD, class};

/// Finds tokens by their providers' prefixes and calls `found` with each range and its provider.
///
/// Ranges ascend and do not overlap.
///
/// # Security
/// Linear in `text`, whatever it holds: a place is tested once, against a bounded number of bytes, and only a
/// token that is reported is read to its end.
pub(crate) fn scan(text: &[u8], found: &mut impl FnMut(Range<usize>, &'static str)) {
    let mut at = 0;
    // Nothing before it is looked at again: the end of the last token.
    let mut floor = 0;
    while let Some(window) = word_at(text, at) {
        if foreign(window) != 0 {
            at += STEP;
            continue;
        }
        // Most runs are short; these are told by their neighbours, without a loop.
        if at >= floor + 8
            && let (Some(left), Some(right)) = (word_at(text, at - 8), word_at(text, at + 8))
        {
            let (left, right) = (foreign(left).leading_zeros() / 8, foreign(right).trailing_zeros() / 8);
            if left.max(right) < 8 && left + right < RUN as u32 - 8 {
                at += 8 + right as usize + STEP;
                continue;
            }
        }
        let run = run_around(text, at, floor);
        at = run.end + STEP;
        if run.len() >= RUN && !plain(text, &run) {
            let end = search(text, &run, floor, found);
            if end > floor {
                floor = end;
                // The rest of this run may hold another token, so the next window stands within RUN of `end`.
                at = end + STEP - 1;
            }
        }
    }
}

/// The longest row of [`WORD`] bytes that every token of the table is sure to hold.
const RUN: usize = 20;
/// Windows of 8 bytes this far apart: one of them lies wholly inside any run of [`RUN`].
const STEP: usize = RUN - 8 + 1;
/// How far before a run its token may start; Braintree's have 41 bytes before their last part, the most of all.
const LOOK_BACK: usize = 48;

/// Whether `run` needs no search, as most do not: names in code, which are letters without digits, and ids in
/// hexadecimal, dashes included, that nothing ties to a prefix.
fn plain(text: &[u8], run: &Range<usize>) -> bool {
    let (mut small, mut words, mut ids) = (0, TOPS, TOPS);
    let last = run.end - 8;
    for at in (run.start..last).step_by(8).chain([last]) {
        let window = padded(text, at);
        let (digit, low) = (between(window, b'0', b'9'), between(window, b'a', b'f'));
        small |= between(window, b'a', b'z');
        words &= between(window | 0x20 * ONES, b'a', b'z');
        ids &= digit | low | between(window, b'-', b'-');
    }
    let name = words == TOPS && small != 0;
    name || ids == TOPS && before(text, run.start) & (LINK | OPENER) == 0 && candidates(text, run.start) == 0
}

/// Tests every place in and before `run` where a token can start; the end of the last token, or `floor`.
fn search(
    text: &[u8],
    run: &Range<usize>,
    floor: usize,
    found: &mut impl FnMut(Range<usize>, &'static str),
) -> usize {
    let mut floor = floor;
    let mut at = first_place(text, run.start, floor);
    let mut apart = before(text, at) & ALNUM == 0;
    while at < run.end {
        let marks = marks(text, at, run.end);
        // Between two letters or digits nothing starts. Escapes, which are the exception, begin with a mark.
        let mut places = marks | marks << 1 | u64::from(apart);
        apart = marks >> 63 != 0;
        let mut next = at + 64;
        while places != 0 {
            let place = at + places.trailing_zeros() as usize;
            places &= places - 1;
            let candidates = candidates(text, place);
            if candidates != 0
                && place < run.end
                && let Some((token, provider)) = token_at(text, place, candidates, floor)
            {
                floor = token.end;
                next = token.end;
                apart = false;
                found(token, provider);
                break;
            }
        }
        at = next;
    }
    floor
}

/// Where to begin with a run: a byte before it, where an escape may end, or more where punctuation such as the `.`
/// of `SG.…` ties it to what is before.
fn first_place(text: &[u8], run: usize, floor: usize) -> usize {
    let tied = before(text, run) & LINK != 0;
    run.saturating_sub(if tied { LOOK_BACK } else { 1 }).max(floor)
}

/// The class of the byte before `at`.
fn before(text: &[u8], at: usize) -> u32 {
    at.checked_sub(1).and_then(|last| text.get(last)).map_or(0, |&byte| class(byte))
}

/// How many bytes at `start` belong to an escape that began before it: `3D` of `%3D`, `n` of `\n`, `32m` of
/// `ESC[32m`.
fn escape_end(text: &[u8], start: usize) -> usize {
    let (before, rest) = text.split_at_checked(start).unwrap_or_default();
    let hex = |length: usize| {
        let digits = rest.get(..length).unwrap_or_default();
        if digits.iter().all(u8::is_ascii_hexdigit) { digits.len() } else { 0 }
    };
    match (before.last(), rest.first()) {
        (Some(b'%'), _) => hex(2),
        (Some(b'\\'), Some(b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'a' | b'e' | b'0')) => 1,
        (Some(b'\\'), Some(b'x')) => 3,
        (Some(b'\\'), Some(b'u')) => 5,
        // Parameters of a control sequence and its final byte: `m` colours, `K` clears the line.
        (Some(b'[' | b';'), _) => {
            let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
            if matches!(rest.get(digits), Some(b'm' | b'K')) { digits + 1 } else { 0 }
        }
        _ => 0,
    }
}

/// The token that starts at `at`, or whose mark (`~` of Azure's secrets) stands there.
fn token_at(text: &[u8], at: usize, candidates: u128, floor: usize) -> Option<(Range<usize>, &'static str)> {
    if candidates & ESCAPE != 0 {
        let start = at + 1;
        return match escape_end(text, start) {
            0 => None,
            length => token_at(text, start + length, self::candidates(text, start + length) & !ESCAPE, floor),
        };
    }
    let mut buckets = candidates;
    while buckets != 0 {
        let heads = HEADS.get(buckets.trailing_zeros() as usize)?;
        if let Some(token) = heads.iter().find_map(|head| head.token_at(text, at, floor)) {
            return Some(token);
        }
        buckets &= buckets - 1;
    }
    None
}

impl Row {
    /// The length of the body that `rest` starts with.
    fn body(&self, rest: &[u8]) -> Option<usize> {
        let (body, tail) = rest.split_at_checked(self.least)?;
        let fits = |&byte: &u8| class(byte) & self.alphabet != 0;
        if !body.iter().all(fits) || !(self.check)(body) {
            return None;
        }
        if self.exact {
            let more = tail.first().is_some_and(|&byte| class(byte) & (self.alphabet | ALNUM) != 0);
            return (!more).then_some(self.least);
        }
        let tail = tail.iter().take_while(|byte| fits(byte)).count();
        // A full stop after a token is the sentence's.
        let stops = rest.get(self.least..self.least + tail)?.iter().rev().take_while(|&&byte| byte == b'.');
        Some(self.least + tail - stops.count())
    }
}

struct Head {
    prefix: &'static str,
    /// Up to 8 bytes of `prefix`, and which they are.
    window: u64,
    mask: u64,
    row: &'static Row,
}

impl Head {
    fn token_at(&self, text: &[u8], at: usize, floor: usize) -> Option<(Range<usize>, &'static str)> {
        // In one step what would be a call of memcmp: most candidates end here.
        if (padded(text, at) ^ self.window) & self.mask != 0 {
            return None;
        }
        let body = text.get(at..)?.strip_prefix(self.prefix.as_bytes())?;
        let start = at.checked_sub((self.row.before)(text.get(floor..at)?)?)?;
        let end = text.len() - body.len() + self.row.body(body)?;
        Some((start..end, self.row.provider))
    }
}

/// The rows by [`bucket`]; the longest prefix is first, because it says most.
static HEADS: LazyLock<[Vec<Head>; 128]> = LazyLock::new(|| {
    let mut heads = [const { Vec::new() }; 128];
    for row in ROWS {
        for prefix in row.prefixes {
            if let Some(heads) = heads.get_mut(bucket(prefix.as_bytes())) {
                let mask = u64::MAX >> (64 - 8 * prefix.len().clamp(1, 8));
                heads.push(Head { prefix, window: padded(prefix.as_bytes(), 0), mask, row });
            }
        }
    }
    for heads in &mut heads {
        heads.sort_by_key(|head| Reverse(head.prefix.len()));
    }
    heads
});

/// The bucket of a prefix, by its first bytes. Short ones have their own, which all third bytes fall in; the last
/// is of [`ESCAPE`].
const fn bucket(prefix: &[u8]) -> usize {
    match prefix {
        [first, second, _, ..] => 20 + (*first as usize * 5 + *second as usize) % 107,
        [first, second] => 2 + (*first as usize + *second as usize) % 18,
        [first] => *first as usize % 2,
        [] => 0,
    }
}

/// The buckets of prefixes that may begin at `at`: none, at most places, after four look-ups and no branch.
fn candidates(text: &[u8], at: usize) -> u128 {
    let Some(bytes) = text.get(at..).and_then(|rest| rest.first_chunk::<4>()) else { return 0 };
    let of =
        |(bytes, byte): (&[u128; 128], &u8)| bytes.get(usize::from(byte & 127)).copied().unwrap_or_default();
    BUCKETS.iter().zip(bytes).map(of).fold(u128::MAX, |all, buckets| all & buckets)
}

/// The bit that [`candidates`] sets where an escape may begin.
const ESCAPE: u128 = 1 << 127;

/// For each of the first four bytes of a prefix, the buckets it occurs in.
static BUCKETS: [[u128; 128]; 4] = buckets();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, where an index out of range is an error"
)]
const fn buckets() -> [[u128; 128]; 4] {
    let mut buckets = [[0; 128]; 4];
    let mut row = 0;
    while row < ROWS.len() {
        let mut prefix = 0;
        while prefix < ROWS[row].prefixes.len() {
            add(
                &mut buckets,
                ROWS[row].prefixes[prefix].as_bytes(),
                1 << bucket(ROWS[row].prefixes[prefix].as_bytes()),
            );
            prefix += 1;
        }
        row += 1;
    }
    add(&mut buckets, b"%", ESCAPE);
    add(&mut buckets, b"\\", ESCAPE);
    add(&mut buckets, b"[", ESCAPE);
    add(&mut buckets, b";", ESCAPE);
    buckets
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, where an index out of range is an error"
)]
const fn add(buckets: &mut [[u128; 128]; 4], prefix: &[u8], bucket: u128) {
    let mut position = 0;
    while position < 4 {
        let mut byte = 0;
        while byte < 128 {
            if position >= prefix.len() || prefix[position] as usize == byte {
                buckets[position][byte] |= bucket;
            }
            byte += 1;
        }
        position += 1;
    }
}

fn word_at(text: &[u8], at: usize) -> Option<u64> {
    text.get(at..)?.first_chunk().map(|window| u64::from_le_bytes(*window))
}

/// Up to 8 bytes at `at`, with zeros after the end of `text`.
fn padded(text: &[u8], at: usize) -> u64 {
    word_at(text, at).unwrap_or_else(|| {
        let rest = text.get(at..).unwrap_or_default();
        rest.iter().rev().fold(0, |window, &byte| window << 8 | u64::from(byte))
    })
}

/// One bit for each of up to 64 bytes at `at` that is not in [`ALNUM`]. None is set from `end` on.
fn marks(text: &[u8], at: usize, end: usize) -> u64 {
    // Gathers the top bits, moved to the bottom of their bytes, in the highest byte of the product.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let length = (end - at).min(64);
    let mut marks = 0;
    for offset in (0..length).step_by(8) {
        let tops = !alnum(padded(text, at + offset)) & TOPS;
        marks |= ((tops >> 7).wrapping_mul(GATHER) >> 56) << offset;
    }
    marks & u64::MAX >> (64 - length)
}

/// The maximal run around the 8 bytes at `at`, which belong to it.
fn run_around(text: &[u8], at: usize, floor: usize) -> Range<usize> {
    let (mut start, end) = (at, at + 8);
    while start >= floor + 8 {
        let foreign = foreign(padded(text, start - 8));
        if foreign != 0 {
            start -= foreign.leading_zeros() as usize / 8;
            return start..run_end(text, end);
        }
        start -= 8;
    }
    while start > floor && before(text, start) & WORD != 0 {
        start -= 1;
    }
    start..run_end(text, end)
}

fn run_end(text: &[u8], from: usize) -> usize {
    let mut end = from;
    while let Some(window) = word_at(text, end) {
        let foreign = foreign(window);
        if foreign != 0 {
            return end + foreign.trailing_zeros() as usize / 8;
        }
        end += 8;
    }
    end + (foreign(padded(text, end)).trailing_zeros() as usize / 8).min(text.len() - end)
}

/// The top bit of each byte of `window` that is not in [`WORD`].
fn foreign(window: u64) -> u64 {
    !(alnum(window) | between(window, b'_', b'_') | between(window, b'-', b'-')) & TOPS
}

/// The top bit of each byte of `window` that is in [`ALNUM`].
fn alnum(window: u64) -> u64 {
    between(window | 0x20 * ONES, b'a', b'z') | between(window, b'0', b'9')
}

/// The top bit of each byte of `window` from `least` to `most`, which are ASCII; 8 bytes at once.
fn between(window: u64, least: u8, most: u8) -> u64 {
    // With top bits cleared no sum leaves its byte: 0x7f + 0x80 fits in 8 bits.
    let low = window & !TOPS;
    let reaches = |bound: u8| low + (0x80 - u64::from(bound)) * ONES;
    reaches(least) & !reaches(most + 1) & !window & TOPS
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x80 * ONES;

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(Range<usize>, &'static str)> {
        let mut all = Vec::new();
        scan(text, &mut |range, provider| all.push((range, provider)));
        all
    }

    const VECTORS: &str = include_str!("../../../tests/vectors/redact/provider.txt");

    /// Provider, text and secret of each hit.
    fn hits() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
        VECTORS.lines().filter_map(|line| {
            let (provider, rest) = line.strip_prefix("hit ")?.split_once(" | ").expect("a provider");
            let (text, secret) = rest.rsplit_once(" | ").expect("a text and a secret");
            Some((provider, text, secret))
        })
    }

    fn found(text: &str) -> Vec<(&'static str, &str)> {
        all(text.as_bytes()).into_iter().map(|(range, provider)| (provider, &text[range])).collect()
    }

    #[test]
    fn every_hit_is_found_whole_under_its_provider() {
        let missed = hits().filter(|&(provider, text, secret)| !found(text).contains(&(provider, secret)));
        let missed: Vec<_> = missed.map(|(provider, text, _)| (provider, text, found(text))).collect();
        assert!(missed.is_empty(), "{missed:#?}");
    }

    #[test]
    fn no_miss_is_found() {
        let misses: Vec<_> = VECTORS.lines().filter_map(|line| line.strip_prefix("miss | ")).collect();
        assert!(misses.len() > 20);
        for text in misses {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn every_line_of_the_vectors_is_read() {
        let known = |line: &str| {
            line.is_empty()
                || line.starts_with('#')
                || line.starts_with("hit ")
                || line.starts_with("miss | ")
        };
        assert!(VECTORS.lines().all(known));
    }

    #[test]
    fn every_row_has_a_hit_and_its_place() {
        for row in ROWS {
            let covers = |(provider, _, secret): (&str, &str, &str)| {
                provider == row.provider && row.prefixes.iter().any(|prefix| secret.contains(prefix))
            };
            if !hits().any(covers) {
                println!("NOHIT {} {:?}", row.provider, row.prefixes);
            }
            if !row.prefixes.is_sorted() {
                println!("UNSORTED {:?}", row.prefixes);
            }
        }
        assert!(ROWS.is_sorted_by(|left, right| (left.provider, left.prefixes) < (right.provider, right.prefixes)));
        let mut providers: Vec<_> = ROWS.iter().map(|row| row.provider).collect();
        providers.dedup();
        assert!(ROWS.len() >= 140 && providers.len() >= 120, "{} {}", ROWS.len(), providers.len());
    }
}
