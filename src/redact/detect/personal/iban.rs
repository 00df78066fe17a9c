//! Bank accounts: a country, its length, and the check modulo 97 (ISO 13616-1; ISO 7064, MOD 97-10).

use std::ops::Range;

use super::around::{back, byte, digits, is_word, joined_before};

/// The account number whose two check digits start at `check`, compact or as printed, in groups of four.
pub(super) fn around(text: &[u8], check: usize) -> Option<Range<usize>> {
    let start = check.checked_sub(2).filter(|_| digits(text, check) >= 2)?;
    let country = text.get(start..check).filter(|letters| letters.iter().all(u8::is_ascii_uppercase))?;
    let (_, length) = LENGTHS.iter().find(|(code, _)| code.as_bytes() == country)?;
    if joined_before(text, start) || back(text, start, 1) == b'-' && joined_before(text, start - 1) {
        return None;
    }
    let separator = Some(byte(text, start + 4)).filter(|separator| matches!(separator, b' ' | b'-'));
    let mut rest = 0;
    let mut at = start + 4;
    for place in 4..*length {
        if place % 4 == 0
            && let Some(separator) = separator
        {
            if byte(text, at) != separator {
                return None;
            }
            at += 1;
        }
        rest = append(rest, byte(text, at))?;
        at += 1;
    }
    let goes_on = is_word(byte(text, at)) || byte(text, at) == b'-' && is_word(byte(text, at + 1));
    let head = text.get(start..start + 4)?;
    let rest = head.iter().try_fold(rest, |rest, &symbol| append(rest, symbol))?;
    (rest == 1 && !goes_on).then_some(start..at)
}

/// The remainder modulo 97 after one more digit, or after a letter as its two digits 10 to 35.
fn append(rest: u32, symbol: u8) -> Option<u32> {
    match symbol {
        b'0'..=b'9' => Some((rest * 10 + u32::from(symbol - b'0')) % 97),
        b'A'..=b'Z' => Some((rest * 100 + u32::from(symbol - b'A') + 10) % 97),
        _ => None,
    }
}

/// Source: IBAN Registry of the registration authority, SWIFT.
#[rustfmt::skip]
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24), ("AE", 23), ("AL", 28), ("AT", 20), ("AZ", 28), ("BA", 20), ("BE", 16), ("BG", 22), ("BH", 22),
    ("BI", 27), ("BR", 29), ("BY", 28), ("CH", 21), ("CR", 22), ("CY", 28), ("CZ", 24), ("DE", 22), ("DJ", 27),
    ("DK", 18), ("DO", 28), ("EE", 20), ("EG", 29), ("ES", 24), ("FI", 18), ("FK", 18), ("FO", 18), ("FR", 27),
    ("GB", 22), ("GE", 22), ("GI", 23), ("GL", 18), ("GR", 27), ("GT", 28), ("HN", 28), ("HR", 21), ("HU", 28),
    ("IE", 22), ("IL", 23), ("IQ", 23), ("IS", 26), ("IT", 27), ("JO", 30), ("KW", 30), ("KZ", 20), ("LB", 28),
    ("LC", 32), ("LI", 21), ("LT", 20), ("LU", 20), ("LV", 21), ("LY", 25), ("MC", 27), ("MD", 24), ("ME", 22),
    ("MK", 19), ("MN", 20), ("MR", 27), ("MT", 31), ("MU", 30), ("NI", 28), ("NL", 18), ("NO", 15), ("OM", 23),
    ("PK", 24), ("PL", 28), ("PS", 29), ("PT", 25), ("QA", 29), ("RO", 24), ("RS", 22), ("RU", 33), ("SA", 24),
    ("SC", 31), ("SD", 18), ("SE", 24), ("SI", 19), ("SK", 24), ("SM", 27), ("SO", 23), ("ST", 25), ("SV", 28),
    ("TL", 23), ("TN", 24), ("TR", 26), ("UA", 29), ("VA", 22), ("VG", 24), ("XK", 20), ("YE", 30),
];
