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

use crate::redact::text::behind_escape;
use table::{ALNUM, EQUALS, LINK, OPENER, ROWS, Row, WORD, class};

/// Finds tokens by their providers' prefixes and calls `found` with each range and its provider.
///
/// Ranges ascend and do not overlap.
///
/// # Security
/// Linear in `text`, whatever it holds: a place is tested once, against a bounded number of bytes, and only a
/// token that is reported is read to its end.
pub(crate) fn scan(text: &[u8], found: &mut impl FnMut(Range<usize>, &'static str)) {
    // Nothing before `floor`, the end of the last token, is looked at again, and no run before `done`.
    let (mut floor, mut done) = (0, 0);
    let (mut base, mut last) = (0, 0);
    loop {
        let fours = whole_fours(&block(text, base));
        // Bit 16 is that of `base`; before are those of the last block.
        let history = last | fours << 16;
        // Four in a row, the last of them in this block: every RUN holds so many, wherever it starts.
        let pairs = history & history >> 1;
        let mut long = pairs & pairs >> 2 & !0 << 13;
        while long != 0 {
            let bit = long.trailing_zeros();
            long &= long - 1;
            let at = base + 4 * bit as usize - 64;
            if at < done {
                continue;
            }
            let known = 4 * (history >> bit).trailing_ones() as usize;
            let run = run_around(text, at..at + known, floor);
            if run.len() >= RUN && !plain(text, &run) {
                floor = search(text, &run, floor, found);
            }
            done = run.end.max(floor);
        }
        // The last block ends with the text, but for less than a four, and so overlaps the one before.
        let next = (base + 64).min(text.len().saturating_sub(64) & !3);
        if next <= base {
            return;
        }
        last = fours << (16 - (next - base) / 4) & 0xffff;
        base = next;
    }
}

/// So many [`WORD`] bytes in a row are in every token. Only short base64 with `+` and `/` may by chance not have
/// them: of 44 such characters one time in 9, of 100 one in 480.
const RUN: usize = 20;
/// How far before a run its token may start; Braintree's have 41 bytes before their last part, the most of all.
const LOOK_BACK: usize = 48;

/// Whether `run` needs no search, as most do not: names in code, which are letters without digits, and ids in
/// hexadecimal, dashes included, that nothing ties to a prefix.
fn plain(text: &[u8], run: &Range<usize>) -> bool {
    // Lane by lane over 16 bytes at a time, which compiles to instructions on vectors.
    let (mut small, mut not_name, mut not_id) = ([0; 16], [0; 16], [0; 16]);
    let mut look = |at: usize| {
        let window: &[u8; 16] = text.get(at..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; 16]);
        for lane in small.iter_mut().zip(&mut not_name).zip(&mut not_id).zip(window) {
            let (((small, not_name), not_id), &byte) = lane;
            let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
            let hex = (byte.wrapping_sub(b'0') < 10) | (byte.wrapping_sub(b'a') < 6);
            *small |= byte & 0x20;
            *not_name |= u8::from(!letter);
            *not_id |= u8::from(!hex) & u8::from(byte != b'-');
        }
    };
    let last = run.end - 16;
    look(run.start);
    for at in (run.start + 16..last).step_by(16) {
        look(at);
    }
    look(last);
    let any = |lanes| u128::from_ne_bytes(lanes) != 0;
    if !any(not_name) {
        return any(small);
    }
    !any(not_id) && before(text, run.start) & (LINK & !EQUALS | OPENER) == 0 && !begins(text, run.start)
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
    // Marks are among the bytes that tie.
    let tied = at < run.start;
    let behind = behind_escape(text, at);
    if behind > at
        && let Some((token, provider)) = token_at(text, behind, floor)
    {
        (floor, at) = (token.end, token.end);
        found(token, provider);
    }
    // A token that starts later has its RUN in a later run, which is searched with all that is tied to it.
    let end = run.end + 1 - RUN;
    // Between two letters or digits no token starts.
    let mut apart = if before(text, at) & ALNUM == 0 { FIRST } else { 0 };
    while at < end {
        let others = !alnum(padded(text, at)) & TOPS;
        let mut places = others << 8 | apart;
        apart = others >> 56;
        let mut next = at + 8;
        while places != 0 {
            let place = at + places.trailing_zeros() as usize / 8;
            places &= places - 1;
            let marked = || token_at(text, place.checked_sub(1).filter(|_| tied)?, floor);
            if let Some((token, provider)) = token_at(text, place, floor).or_else(marked) {
                (floor, next, apart) = (token.end, token.end, 0);
                found(token, provider);
                break;
            }
        }
        at = next;
    }
    // What a token ends with: `mmk` of MaxMind's, `us1` or `us12` of Mailchimp's.
    for place in [run.end - 4, run.end - 3] {
        if place >= floor
            && before(text, place) & ALNUM == 0
            && let Some((token, provider)) = token_at(text, place, floor)
        {
            floor = token.end;
            found(token, provider);
        }
    }
    floor
}

/// Where the text starts that punctuation, such as the `.` of `SG.…`, ties to the run at `run`.
fn first_place(text: &[u8], run: usize, floor: usize) -> usize {
    let before = text.get(floor.max(run.saturating_sub(LOOK_BACK))..run).unwrap_or_default();
    run - before.iter().rev().take_while(|&&byte| class(byte) & (WORD | LINK) != 0).count()
}

/// The class of the byte before `at`.
fn before(text: &[u8], at: usize) -> u32 {
    at.checked_sub(1).and_then(|last| text.get(last)).map_or(0, |&byte| class(byte))
}

/// The token whose prefix, or mark such as the `~` of Azure's secrets, stands at `at`.
fn token_at(text: &[u8], at: usize, floor: usize) -> Option<(Range<usize>, &'static str)> {
    if begins(text, at) { prefixed(text, at, floor) } else { None }
}

fn prefixed(text: &[u8], at: usize, floor: usize) -> Option<(Range<usize>, &'static str)> {
    let window = padded(text, at);
    let [first, second, ..] = window.to_le_bytes();
    let mut likely = heads(&[first, second]).iter().filter(|head| (window ^ head.window) & head.mask == 0);
    likely.find_map(|head| head.token(text, at, floor))
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

/// A prefix and its row.
struct Head {
    prefix: &'static [u8],
    /// Up to 8 bytes of `prefix`, and which they are.
    window: u64,
    mask: u64,
    row: &'static Row,
}

impl Head {
    fn token(&self, text: &[u8], at: usize, floor: usize) -> Option<(Range<usize>, &'static str)> {
        let body = text.get(at..)?.strip_prefix(self.prefix)?;
        let before = self.row.before.map_or(Some(0), |before| before(text.get(floor..at)?))?;
        let end = text.len() - body.len() + self.row.body(body)?;
        Some((at - before..end, self.row.provider))
    }
}

/// The prefixes that may begin like this; the longest is first, because it says most.
fn heads(first: &[u8]) -> &'static [Head] {
    static HEADS: LazyLock<Vec<Vec<Head>>> = LazyLock::new(|| {
        let mut heads: Vec<Vec<Head>> = (0..BUCKETS).map(|_| Vec::new()).collect();
        for row in ROWS {
            for prefix in row.prefixes {
                let prefix = prefix.as_bytes();
                let mask = u64::MAX >> (64 - 8 * prefix.len().clamp(1, 8));
                if let Some(heads) = heads.get_mut(bucket(prefix)) {
                    heads.push(Head { prefix, window: padded(prefix, 0), mask, row });
                }
            }
        }
        for heads in &mut heads {
            heads.sort_by_key(|head| Reverse(head.prefix.len()));
        }
        heads
    });
    HEADS.get(bucket(first)).map_or(&[], Vec::as_slice)
}

const BUCKETS: usize = 512;

/// By two bytes, or one that is a mark.
fn bucket(prefix: &[u8]) -> usize {
    match *prefix {
        [mark, ..] if class(mark) & ALNUM == 0 => usize::from(mark),
        [first, second, ..] => (usize::from(first) * 37 + usize::from(second)) % BUCKETS,
        _ => 0,
    }
}

/// Whether the two bytes at `at` begin any prefix; at most places they do not.
fn begins(text: &[u8], at: usize) -> bool {
    let Some(&[first, second]) = text.get(at..).and_then(|rest| rest.first_chunk()) else { return false };
    let seconds = PAIRS.get(usize::from(first & 127) * 2 + usize::from(second >> 6 & 1));
    seconds.is_some_and(|seconds| seconds >> (second % 64) & 1 != 0)
}

/// For each first byte of a prefix, the second bytes as two sets of 64; all of them for a prefix of one byte.
static PAIRS: [u64; 256] = pairs();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, where an index out of range is an error"
)]
const fn pairs() -> [u64; 256] {
    let mut pairs = [0; 256];
    let mut row = 0;
    while row < ROWS.len() {
        let mut prefix = 0;
        while prefix < ROWS[row].prefixes.len() {
            match ROWS[row].prefixes[prefix].as_bytes() {
                [first, second, ..] => {
                    pairs[*first as usize * 2 + *second as usize / 64] |= 1 << (*second % 64);
                }
                [first] => {
                    pairs[*first as usize * 2] = u64::MAX;
                    pairs[*first as usize * 2 + 1] = u64::MAX;
                }
                [] => {}
            }
            prefix += 1;
        }
        row += 1;
    }
    pairs
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

/// The 64 bytes at `at`, with zeros after the end of a `text` that is shorter.
fn block(text: &[u8], at: usize) -> [u8; 64] {
    let rest = text.get(at..).unwrap_or_default();
    if let Some(block) = rest.first_chunk() {
        return *block;
    }
    let mut block = [0; 64];
    if let Some(start) = block.get_mut(..rest.len()) {
        start.copy_from_slice(rest);
    }
    block
}

/// The maximal run around the whole fours in `known`.
fn run_around(text: &[u8], known: Range<usize>, floor: usize) -> Range<usize> {
    // At most three, because four would be known; counted without a branch for each.
    let lowest = floor.max(known.start.saturating_sub(3));
    let more = |(all, count), &byte: &u8| {
        let all = all & usize::from(class(byte) & WORD != 0);
        (all, count + all)
    };
    let (_, before) = text.get(lowest..known.start).unwrap_or_default().iter().rev().fold((1, 0), more);
    let mut end = known.end;
    while end < text.len() {
        let foreign = foreign(padded(text, end));
        if foreign != 0 {
            end += foreign.trailing_zeros() as usize / 8;
            break;
        }
        end += 8;
    }
    known.start - before..end.min(text.len())
}

/// One bit for each 4 bytes of `block`, whether they are all in [`WORD`].
///
/// Loops over arrays, without a look-up or a branch, compile to instructions on vectors.
fn whole_fours(block: &[u8; 64]) -> u32 {
    let mut flags = [0; 64];
    for (flag, &byte) in flags.iter_mut().zip(block) {
        let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
        let digit = byte.wrapping_sub(b'0') < 10;
        *flag = if letter || digit || byte == b'_' || byte == b'-' { 0xff } else { 0 };
    }
    let mut fours = [0; 16];
    for (four, flags) in fours.iter_mut().zip(flags.as_chunks().0) {
        *four = u32::from_ne_bytes(*flags);
    }
    let mut bits = 0;
    for (&four, bit) in fours.iter().zip(BITS) {
        bits |= if four == u32::MAX { bit } else { 0 };
    }
    bits
}

/// The powers of two, in a table, because only then are they a vector.
const BITS: [u32; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768];

/// The top bit of each byte of `window` that is not in [`WORD`].
fn foreign(window: u64) -> u64 {
    !(alnum(window) | between(window, b'_', b'_') | between(window, b'-', b'-')) & TOPS
}

/// The top bit of each byte of `window` that is in [`ALNUM`].
fn alnum(window: u64) -> u64 {
    between(window | (0x20 * ONES), b'a', b'z') | between(window, b'0', b'9')
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
/// The top bit of the first byte.
const FIRST: u64 = 0x80;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{Index, select};

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
            let own = |(provider, _, secret): (&str, &str, &str)| {
                provider == row.provider && row.prefixes.iter().any(|prefix| secret.contains(prefix))
            };
            assert!(hits().any(own), "{} {:?}", row.provider, row.prefixes);
            assert!(row.prefixes.is_sorted(), "{:?}", row.prefixes);
        }
        assert!(ROWS.is_sorted_by(|left, right| (left.provider, left.prefixes) < (right.provider, right.prefixes)));
        let mut providers: Vec<_> = ROWS.iter().map(|row| row.provider).collect();
        providers.dedup();
        assert!(ROWS.len() >= 140 && providers.len() >= 120, "{} {}", ROWS.len(), providers.len());
    }

    #[test]
    fn every_token_holds_a_run_near_its_start() {
        for (_, _, secret) in hits() {
            let runs = secret.split(|byte: char| !byte.is_ascii() || class(byte as u8) & WORD == 0);
            let run = runs.into_iter().find(|run| run.len() >= RUN).expect("a run");
            let before = run.as_ptr() as usize - secret.as_ptr() as usize;
            assert!(before <= LOOK_BACK, "{secret}");
        }
    }

    #[test]
    fn a_hit_is_found_wherever_the_blocks_of_a_text_end() {
        for (provider, text, secret) in hits() {
            for filler in 0..64 {
                let text = format!("{}{text} {}", ". ".repeat(filler), ". ".repeat(filler % 7));
                assert!(found(&text).contains(&(provider, secret)), "{provider} after {filler}: {text}");
            }
        }
    }

    #[test]
    fn a_token_is_taken_to_its_end() {
        let token = format!("ghp_{}", "aB3".repeat(40_000));
        assert_eq!(found(&format!("{token} ")), [("github", token.as_str())]);
    }

    #[test]
    fn runs_of_one_character_or_prefix_are_no_tokens() {
        for piece in ["a", "_", "-", "ghp_", "a.a.a.", "eyJ.", "sk-ant-", "00", "%3D", "~", "Q~", "\\u"] {
            assert_eq!(all(piece.repeat(5_000).as_bytes()), [], "{piece}");
        }
    }

    #[test]
    fn bytes_that_are_not_text_separate() {
        let token = b"ghp_0hJd8Kw2LmPq4Rt6Vx1Zb3Nc5Fg7Hj9Ks2Lw";
        for around in [0, 0x1b, 0x80, 0xff] {
            let text = [&[around], token.as_slice(), &[around]].concat();
            assert_eq!(all(&text), [(1..1 + token.len(), "github")], "{around}");
        }
    }

    fn check(text: &[u8]) -> Result<(), TestCaseError> {
        let found = all(text);
        let ends = found.iter().map(|(range, _)| range.end);
        for ((range, _), floor) in found.iter().zip(std::iter::once(0).chain(ends)) {
            prop_assert!(floor <= range.start && range.start < range.end && range.end <= text.len());
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_bytes_give_ascending_ranges(text in vec(any::<u8>(), 0..300)) {
            check(&text)?;
        }

        #[test]
        fn pieces_of_tokens_give_ascending_ranges(pieces in vec(piece(), 0..12)) {
            check(&pieces.concat())?;
        }

        #[test]
        fn fours_are_whole_as_their_bytes_are(block in vec(any::<u8>(), 64)) {
            let slow = block.chunks(4).map(|four| four.iter().all(|&byte| class(byte) & WORD != 0));
            let slow = slow.zip(0..).fold(0, |bits, (whole, at)| bits | u32::from(whole) << at);
            prop_assert_eq!(whole_fours(block.first_chunk().unwrap()), slow);
        }

        #[test]
        fn eight_bytes_at_once_are_classed_as_one_by_one(window in any::<[u8; 8]>()) {
            let slow = |set: u32| window.map(|byte| if class(byte) & set != 0 { 0x80 } else { 0 });
            prop_assert_eq!(alnum(u64::from_le_bytes(window)).to_le_bytes(), slow(ALNUM));
            prop_assert_eq!((TOPS & !foreign(u64::from_le_bytes(window))).to_le_bytes(), slow(WORD));
        }
    }

    /// A prefix, a part of a token, a run of one byte, or anything.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        let prefixes: Vec<_> =
            ROWS.iter().flat_map(|row| row.prefixes).map(|prefix| prefix.as_bytes().to_vec()).collect();
        let tokens: Vec<_> = hits().map(|(_, _, secret)| secret.as_bytes().to_vec()).collect();
        prop_oneof![
            select(prefixes),
            (select(tokens), any::<Index>(), any::<Index>()).prop_map(|(token, from, to)| {
                let (from, to) = (from.index(token.len()), to.index(token.len()));
                token[from.min(to)..from.max(to)].to_vec()
            }),
            (any::<u8>(), 0..40_usize).prop_map(|(byte, length)| vec![byte; length]),
            vec(any::<u8>(), 0..6),
            select(vec![b"%3D".to_vec(), b"\\n".to_vec(), b"\x1b[0m".to_vec(), b".".to_vec(), b"~".to_vec()]),
        ]
    }
}
