//! Social security numbers of the United States: area, group and serial.
//!
//! Source: Social Security Administration, RM 10201.030 and its list of numbers that were never valid.

use std::ops::Range;

use super::around::{back, byte, chained_before, digits, joined_after, named};

/// The social security number that starts with a run of digits.
///
/// Nine digits without separators are one only after its name. With one of its two dashes left out, a number looks like
/// a postal code of nine digits, which is personal as well.
pub(super) fn at(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    let start = run.start;
    let dash = |place: usize, behind: usize| byte(text, place) == b'-' && digits(text, place + 1) == behind;
    let (group, serial) = match run.len() {
        3 if dash(start + 3, 6) => (start + 4, start + 6),
        3 => (start + 4, start + 7),
        5 if dash(start + 5, 4) => (start + 3, start + 6),
        9 => (start + 3, start + 5),
        _ => return None,
    };
    let end = serial + 4;
    let separator = byte(text, start + 3);
    let spaced = separator == b' ';
    if run.len() == 3 && serial == start + 7 {
        let shape = (separator, digits(text, group), byte(text, group + 2), digits(text, serial));
        if !matches!(separator, b'-' | b' ' | b'.') || shape != (separator, 2, separator, 4) {
            return None;
        }
    }
    let assigned =
        is_assigned(text.get(run.start..start + 3)?, text.get(group..group + 2)?, text.get(serial..end)?);
    // A row of numbers with spaces between them is a table.
    let in_row = spaced && back(text, start, 1) == b' ' && back(text, start, 2).is_ascii_digit()
        || spaced && byte(text, end) == b' ' && byte(text, end + 1).is_ascii_digit();
    let told = || {
        named(text, start, &["ssn", "social"], &["security", "number", "no", "num", "is", "us", "my", "the"])
    };
    let alone = run.len() < 9 && !in_row && !chained_before(text, start);
    (assigned && !joined_after(text, end) && (alone || told())).then_some(start..end)
}

fn is_assigned(area: &[u8], group: &[u8], serial: &[u8]) -> bool {
    let never = matches!(area, b"000" | b"666" | [b'9', ..]) || group == b"00" || serial == b"0000";
    // Printed in advertisements, and then used by thousands.
    let advertised = matches!((area, group, serial), (b"078", b"05", b"1120") | (b"219", b"09", b"9999"));
    let uniform = area.iter().chain(group).chain(serial).all(|digit| area.first() == Some(digit));
    !never && !advertised && !uniform
}
