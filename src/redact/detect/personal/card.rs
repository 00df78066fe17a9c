//! Card numbers: an issuer's prefix and length, the grouping that is printed, and the Luhn digit (ISO/IEC 7812-1).

use std::ops::Range;

use super::around::{back, byte, chained_before, digits, joined_after, named};

/// The card number that starts with a run of digits.
pub(super) fn at(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    match run.len() {
        12..=19 => ungrouped(text, run),
        4 | 6 if matches!(byte(text, run.end), b' ' | b'-') => grouped(text, run),
        _ => None,
    }
}

fn ungrouped(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let number = Number::default().then(text.get(run.clone())?);
    let (plain, told) = number.lengths()?;
    let length = 1 << run.len();
    let issued = plain & length != 0 || told & length != 0 && named(text, run.start, NAMES, FILLERS);
    let alone = !chained_before(text, run.start) && !joined_after(text, run.end);
    (issued && alone && back(text, run.start, 1) != b'+').then_some(run)
}

/// The longest number of groups as printed, one separator between them.
fn grouped(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let separator = byte(text, run.end);
    let mut number = Number::default();
    let mut shape = 0;
    let mut end = None;
    let mut at = run.start;
    for _ in 0..5 {
        let length = digits(text, at);
        if !(1..=13).contains(&length) {
            break;
        }
        shape = shape * 16 + length;
        number = number.then(text.get(at..at + length)?);
        at += length;
        let issued =
            || number.lengths().is_some_and(|(plain, told)| (plain | told) & (1 << number.length) != 0);
        if PRINTED.contains(&shape) && !joined_after(text, at) && issued() {
            end = Some(at);
        }
        if byte(text, at) != separator {
            break;
        }
        at += 1;
    }
    let start = run.start;
    end.filter(|_| !chained_before(text, start) && !in_account(text, start)).map(|end| start..end)
}

/// Whether the groups of four before `start` begin an IBAN, the print form of which has groups like a card's.
fn in_account(text: &[u8], start: usize) -> bool {
    (1..=7)
        .map_while(|groups| text.get(start.checked_sub(5 * groups)?..))
        .take_while(|rest| is_account_group(rest))
        .any(|rest| matches!(rest, [b'A'..=b'Z', b'A'..=b'Z', b'0'..=b'9', b'0'..=b'9', ..]))
}

fn is_account_group(text: &[u8]) -> bool {
    let symbol = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    text.get(..4).is_some_and(|group| group.iter().all(symbol)) && matches!(byte(text, 4), b' ' | b'-')
}

/// What is read of a number so far.
#[derive(Clone, Copy, Default)]
struct Number {
    /// The first six digits.
    prefix: u32,
    length: u32,
    /// Sums of the digits: with every second doubled, the last as it is; and with the others doubled.
    luhn: (u32, u32),
}

impl Number {
    fn then(mut self, digits: &[u8]) -> Self {
        for digit in digits.iter().map(|digit| u32::from(digit - b'0')) {
            if self.length < 6 {
                self.prefix = self.prefix * 10 + digit;
            }
            self.length += 1;
            let doubled = if digit > 4 { 2 * digit - 9 } else { 2 * digit };
            // One more digit swaps which of those before it are doubled.
            self.luhn = (self.luhn.1 + digit, self.luhn.0 + doubled);
        }
        self
    }

    /// The lengths that the issuer's numbers have, plain and only where grouped or named; if the check digit is right.
    fn lengths(&self) -> Option<(u32, u32)> {
        let known = self.luhn.0.is_multiple_of(10) && self.length >= 12;
        let issuers =
            ISSUERS.iter().filter(|(first, last, ..)| known && (*first..=*last).contains(&self.prefix));
        issuers.map(|&(_, _, plain, told)| (plain, told)).reduce(|one, two| (one.0 | two.0, one.1 | two.1))
    }
}

const NAMES: &[&str] =
    &["card", "cards", "credit", "debit", "pan", "cc", "ccn", "visa", "mastercard", "maestro"];
const FILLERS: &[&str] = &["card", "number", "no", "num", "nr", "is", "my", "the", "account"];

/// Lengths of the groups, one hexadecimal digit each.
const PRINTED: &[usize] =
    &[0x4444, 0x4_4441, 0x4_4442, 0x4_4443, 0x4443, 0x4442, 0x4441, 0x465, 0x464, 0x456, 0x6d];

const fn lengths<const N: usize>(lengths: [u32; N]) -> u32 {
    let (mut bits, mut at) = (0, 0);
    while at < N {
        #[expect(clippy::indexing_slicing, reason = "evaluated while compiling")]
        let length = lengths[at];
        bits |= 1 << length;
        at += 1;
    }
    bits
}

const NONE: u32 = 0;
const ONLY_16: u32 = lengths([16]);
const FROM_16: u32 = lengths([16, 17, 18, 19]);
const FROM_12: u32 = lengths([12, 13, 14, 15, 16, 17, 18, 19]);

/// First and last prefix of six digits, lengths that are believed anywhere, and lengths that are believed only in
/// groups or after a word like `card`: random 64-bit numbers have 19 digits, and one in ten passes Luhn.
///
/// Source: the issuer identification numbers that the networks publish for merchants.
const ISSUERS: &[(u32, u32, u32, u32)] = &[
    (100_000, 199_999, NONE, lengths([15])),              // UATP
    (122_000, 122_099, lengths([15]), NONE),              // UATP, AirPlus
    (220_000, 220_599, ONLY_16, FROM_16),                 // Mir, BORICA
    (222_100, 272_099, ONLY_16, NONE),                    // Mastercard
    (300_000, 305_999, lengths([14, 16]), FROM_16),       // Diners Club
    (309_500, 309_599, lengths([14, 16]), FROM_16),       // Diners Club
    (340_000, 349_999, lengths([15]), NONE),              // American Express
    (352_800, 358_999, ONLY_16, FROM_16),                 // JCB
    (360_000, 369_999, lengths([14]), FROM_16),           // Diners Club
    (370_000, 379_999, lengths([15]), NONE),              // American Express
    (380_000, 399_999, lengths([14, 16]), FROM_16),       // Diners Club
    (400_000, 499_999, lengths([13, 16]), lengths([19])), // Visa
    (500_000, 509_999, NONE, FROM_12),                    // Maestro
    (501_800, 501_999, ONLY_16, NONE),                    // Maestro, Dankort
    (502_000, 502_099, ONLY_16, NONE),                    // Maestro
    (503_800, 503_899, ONLY_16, NONE),                    // Maestro
    (506_099, 506_198, ONLY_16, lengths([18, 19])),       // Verve
    (506_699, 506_778, ONLY_16, NONE),                    // Elo
    (507_865, 507_964, ONLY_16, lengths([18, 19])),       // Verve
    (508_500, 508_999, ONLY_16, NONE),                    // RuPay
    (509_000, 509_999, ONLY_16, NONE),                    // Elo
    (510_000, 559_999, ONLY_16, NONE),                    // Mastercard
    (560_000, 589_999, NONE, FROM_12),                    // Maestro
    (561_200, 561_299, ONLY_16, NONE),                    // Maestro
    (589_300, 589_399, ONLY_16, NONE),                    // Maestro
    (600_000, 699_999, NONE, FROM_12),                    // Maestro
    (601_100, 601_199, ONLY_16, FROM_16),                 // Discover
    (604_001, 604_200, ONLY_16, FROM_16),                 // UkrCard
    (606_282, 606_282, ONLY_16, lengths([13, 19])),       // Hipercard
    (606_985, 608_500, ONLY_16, NONE),                    // RuPay
    (620_000, 629_999, FROM_16, NONE),                    // UnionPay; its debit cards have 19 digits
    (630_400, 630_499, ONLY_16, NONE),                    // Maestro
    (636_297, 636_368, ONLY_16, NONE),                    // Elo
    (637_000, 639_999, ONLY_16, NONE),                    // InstaPayment
    (644_000, 659_999, ONLY_16, FROM_16),                 // Discover, RuPay, Elo, Troy
    (675_900, 676_399, ONLY_16, lengths([18, 19])),       // Maestro
    (676_770, 676_774, ONLY_16, lengths([18, 19])),       // Maestro
    (810_000, 820_199, ONLY_16, FROM_16),                 // UnionPay, RuPay
    (860_000, 860_099, ONLY_16, NONE),                    // Uzcard
    (979_200, 979_289, ONLY_16, NONE),                    // Troy
    (986_000, 986_099, ONLY_16, NONE),                    // Humo
];
