//! Personal data: mail addresses, numbers of cards, accounts and people, addresses of machines.
//!
//! [`scan`] stops at the few bytes every such datum contains (a digit, `@`, `:`, `-`, `.`) and asks one verifier a
//! kind whether the text around that byte is one. A verifier reads a bounded stretch, so the whole is linear.
//!
//! It does not look for names, postal addresses or the identity numbers of other countries.

use std::ops::Range;

mod around;
mod card;
mod email;
mod iban;
mod ip;
mod mac;
mod phone;
mod ssn;

use crate::redact::kind::Kind;
use around::{back, byte, digits, escape, joined_before, run, word};

/// Calls `found` for each datum of a `wanted` kind, ascending and without overlap.
///
/// In valid UTF-8, ranges start and end between characters.
pub(crate) fn scan(text: &[u8], wanted: impl Fn(Kind) -> bool, found: &mut impl FnMut(Range<usize>, Kind)) {
    let mut findings = Findings { found, pending: None, told: 0 };
    let mut authority = None; // where the user part of a URL would start
    let mut colons = 0; // no colon before this place is looked at again
    let mut at = 0;
    while let Some(skipped) = text.get(at..).and_then(|rest| rest.iter().position(|&byte| is_anchor(byte))) {
        at += skipped;
        let (finding, next) = match byte(text, at) {
            b'0'..=b'9' => {
                let end = at + digits(text, at);
                (number(text, at..end, &wanted), end)
            }
            b'@' => {
                let user = authority.take();
                (mail(text, at, at + 1, user, &wanted), at + 1)
            }
            b':' if byte(text, at + 1) == b'/' && byte(text, at + 2) == b'/' => {
                authority = Some(at + 3);
                (None, at + 3)
            }
            b':' if at >= colons => {
                let (finding, end) = colon(text, at, &wanted);
                colons = end;
                (finding, at + 1)
            }
            b'-' if byte(text, at + 3) == b'-' => (hardware(text, at, &wanted), at + 1),
            b'.' if byte(text, at + 5) == b'.' => (hardware(text, at, &wanted), at + 1),
            b'%' | b'\\' => match escape(text, at) {
                Some((b'@', end)) => (mail(text, at, end, None, &wanted), end),
                Some((_, end)) => (None, end), // digits of an escape are not digits of the text
                None => (None, at + 1),
            },
            _ => (None, at + 1),
        };
        at = next;
        if let Some((range, kind)) = finding {
            at = range.end.max(at);
            findings.add(range, kind);
        }
    }
    findings.tell();
}

type Finding = Option<(Range<usize>, Kind)>;

fn is_anchor(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'@' | b':' | b'-' | b'.' | b'%' | b'\\')
}

/// What starts, or has its check digits, at this run of digits; the most specific kind first.
fn number(text: &[u8], run: Range<usize>, wanted: &impl Fn(Kind) -> bool) -> Finding {
    let (before, next) = (back(text, run.start, 1), byte(text, run.end));
    if before.is_ascii_uppercase()
        && wanted(Kind::Iban)
        && let Some(range) = iban::around(text, run.start)
    {
        return Some((range, Kind::Iban));
    }
    // Most numbers of a log are short, or go on from a word or another number: nothing starts there.
    let goes_on = matches!(next, b'.' | b'-' | b' ' | b')' | b'(' | b'/')
        && !byte(text, run.end + 1).is_ascii_alphabetic();
    let chained = matches!(before, b'-' | b'.') && back(text, run.start, 2).is_ascii_digit();
    if !goes_on && run.len() < 7 || chained && (before == b'.' || next != b'.') {
        return None;
    }
    if next == b'.'
        && wanted(Kind::Ip)
        && let Some(range) = ip::v4(text, run.clone())
    {
        return Some((range, Kind::Ip));
    }
    // A word that runs into a number hides none but one: `call415-555-0132`.
    if chained || run.len() != 3 && joined_before(text, run.start) {
        return None;
    }
    if wanted(Kind::Card)
        && let Some(range) = card::at(text, run.clone())
    {
        return Some((range, Kind::Card));
    }
    if wanted(Kind::Ssn)
        && let Some(range) = ssn::at(text, run.clone())
    {
        return Some((range, Kind::Ssn));
    }
    let range = wanted(Kind::Phone).then(|| phone::at(text, run)).flatten()?;
    Some((range, Kind::Phone))
}

fn mail(
    text: &[u8],
    at: usize,
    domain: usize,
    user: Option<usize>,
    wanted: &impl Fn(Kind) -> bool,
) -> Finding {
    let range = wanted(Kind::Email).then(|| email::around(text, at..domain, user)).flatten()?;
    Some((range, Kind::Email))
}

fn hardware(text: &[u8], separator: usize, wanted: &impl Fn(Kind) -> bool) -> Finding {
    let range = wanted(Kind::Mac).then(|| mac::around(text, separator)).flatten()?;
    Some((range, Kind::Mac))
}

/// What the first colon of a chain belongs to, and where the chain ends.
fn colon(text: &[u8], first: usize, wanted: &impl Fn(Kind) -> bool) -> (Finding, usize) {
    let end = first + run(text, first, |byte| byte == b':' || byte.is_ascii_hexdigit());
    let rest = text.get(first..end).unwrap_or_default();
    // `12:30:45`, `host:8080`: the shortest rests are those of `0:0:0:0:0:0:1.2.3.4` and of what is compressed.
    if rest.len() < 12 && !rest.windows(2).any(|pair| pair == b"::") {
        return (None, end);
    }
    let before = word(text, first);
    let doubled = byte(text, first + 1) == b':';
    let start = match before {
        [] if doubled => first,
        [] => return (None, first + 1),
        group if group.len() <= 4 && group.iter().all(u8::is_ascii_hexdigit) => first - group.len(),
        name if !doubled && !name.iter().any(u8::is_ascii_digit) => first + 1,
        _ => return (None, end), // `std::io`, `text2001:db8::1`
    };
    let chain = text.get(start..end).unwrap_or_default();
    if wanted(Kind::Mac)
        && chain.len() >= 17
        && let Some(range) = mac::octets(text, start)
    {
        return (Some((range, Kind::Mac)), end);
    }
    if wanted(Kind::Ip)
        && let Some(range) = ip::v6(text, start)
    {
        return (Some((range, Kind::Ip)), end);
    }
    (None, end)
}

/// Puts findings in order. An address of mail is recognised at its `@`, after a number within it.
struct Findings<'found, F> {
    found: &'found mut F,
    pending: Finding,
    /// End of what was reported.
    told: usize,
}

impl<F: FnMut(Range<usize>, Kind)> Findings<'_, F> {
    /// Of two that overlap, the longer gives its kind to both.
    fn add(&mut self, mut range: Range<usize>, mut kind: Kind) {
        range.start = range.start.max(self.told);
        if let Some((earlier, earlier_kind)) = self.pending.take_if(|(earlier, _)| range.start < earlier.end)
        {
            if earlier.len() > range.len() {
                kind = earlier_kind;
            }
            range = earlier.start.min(range.start)..earlier.end.max(range.end);
        }
        self.tell();
        self.pending = Some((range, kind));
    }

    fn tell(&mut self) {
        if let Some((range, kind)) = self.pending.take() {
            self.told = range.end;
            (self.found)(range, kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    const VECTORS: &[(Kind, &str)] = &[
        (Kind::Email, include_str!("../../../tests/vectors/redact/email.txt")),
        (Kind::Card, include_str!("../../../tests/vectors/redact/card.txt")),
        (Kind::Iban, include_str!("../../../tests/vectors/redact/iban.txt")),
        (Kind::Ssn, include_str!("../../../tests/vectors/redact/ssn.txt")),
        (Kind::Ip, include_str!("../../../tests/vectors/redact/ip.txt")),
        (Kind::Mac, include_str!("../../../tests/vectors/redact/mac.txt")),
        (Kind::Phone, include_str!("../../../tests/vectors/redact/phone.txt")),
    ];

    #[test]
    fn vectors_are_met() {
        for (kind, file) in VECTORS {
            let cases: Vec<_> = file.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(cases.len() > 10, "{kind:?} has too few cases");
            for case in cases {
                let fields: Vec<_> = case.split(" | ").collect();
                match *fields {
                    ["hit", text, part] => {
                        assert!(
                            found(text, |other| other == *kind).iter().any(|(found, _)| found == part),
                            "{case}"
                        );
                        assert!(!without(text).contains(part), "{case}");
                    }
                    ["miss", text] => assert_eq!(found(text, |other| other == *kind), [], "{case}"),
                    _ => panic!("not a case: {case:?}"),
                }
            }
        }
    }

    #[test]
    fn an_address_of_mail_swallows_the_number_it_begins_with() {
        assert_eq!(without("a 4523019876545070@example.com b"), "a … b");
        assert_eq!(without("192.0.2.1,192.0.2.2@example.com"), "…,…");
        assert_eq!(without("192.0.2.1-192.0.2.2@example.com"), "……");
    }

    #[test]
    fn colours_end_no_word() {
        assert_eq!(
            without("\x1b[3mpeer\x1b[0m\x1b[2m=\x1b[0m192.0.2.1"),
            "\x1b[3mpeer\x1b[0m\x1b[2m=\x1b[0m…"
        );
        assert_eq!(without("phone\x1b[0m\x1b[2m=\x1b[0m4155550132"), "phone\x1b[0m\x1b[2m=\x1b[0m…");
    }

    #[test]
    fn nothing_unwanted_is_told() {
        for (_, file) in VECTORS {
            assert_eq!(found(file, |_| false), []);
        }
    }

    #[test]
    fn time_grows_with_the_length_only() {
        for piece in
            ["1.1.1.1.", ":", "a@a@a@", "1 1 1 1 ", "::1", "aa-", "4111-", "a%40", "a.b@c.", "+1", "é@é."]
        {
            let [once, twice] = [1 << 18, 1 << 19].map(|length| time(&piece.repeat(length / piece.len())));
            // The bound is loose: a shared machine is not still. Quadratic work would be minutes, not seconds.
            assert!(twice < once * 8 + Duration::from_millis(100), "{piece:?}: {once:?}, then {twice:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_ordered_ranges(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            ordered(&text)?;
        }

        #[test]
        fn pieces_give_ordered_ranges_between_characters(pieces in proptest::collection::vec(0..PIECES.len(), 0..40)) {
            let text: String = pieces.iter().map(|&piece| PIECES[piece]).collect();
            ordered(text.as_bytes())?;
            scan(text.as_bytes(), |_| true, &mut |range, _| assert!(text.get(range).is_some(), "{text:?}"));
        }
    }

    #[rustfmt::skip]
    const PIECES: &[&str] = &[
        "1", "23", "415", "0132", "4523019876545070", "DE44", "5001", "a", "fe80", "aa", "bb", "é", "“", "例", "@", ".",
        ":", "::", "-", " ", "+", "(", ")", "/", "%", "%40", "\\n", "\\b", "\\u003c", "\\u00aa", "\\", "\x1b[0m", "://",
        "phone", "ssn", "192.0.2.1", "alice@example.com", "xn--", "_", "'", "=", "~", "\n",
    ];

    fn ordered(text: &[u8]) -> Result<(), TestCaseError> {
        let mut end = 0;
        let mut ranges = Vec::new();
        scan(text, |_| true, &mut |range, _| ranges.push(range));
        for range in ranges {
            prop_assert!(end <= range.start && range.start < range.end && range.end <= text.len());
            // Half an escape would make the line that is left no JSON.
            for start in range.start.saturating_sub(5)..range.start {
                let split = escape(text, start).is_some_and(|(_, end)| end > range.start);
                prop_assert!(!split || text[start] != b'\\', "{:?}", String::from_utf8_lossy(text));
            }
            end = range.end;
        }
        Ok(())
    }

    fn found(text: &str, wanted: impl Fn(Kind) -> bool) -> Vec<(String, Kind)> {
        let mut all = Vec::new();
        scan(text.as_bytes(), wanted, &mut |range, kind| all.push((text[range].to_owned(), kind)));
        all
    }

    fn without(text: &str) -> String {
        let (mut rest, mut at) = (String::new(), 0);
        scan(text.as_bytes(), |_| true, &mut |range, _| {
            rest.push_str(&text[at..range.start]);
            rest.push('…');
            at = range.end;
        });
        rest + &text[at..]
    }

    fn time(text: &str) -> Duration {
        let start = Instant::now();
        scan(text.as_bytes(), |_| true, &mut |_, _| ());
        start.elapsed()
    }
}
