//! Addresses of hosts and networks: IPv4 (RFC 791, dotted), IPv6 (RFC 4291 §2.2), with zone (RFC 4007 §11) and
//! prefix length (RFC 4632).

use std::ops::Range;

use super::around::{back, byte, digits, is_word, joined_before, named, run};

/// The IPv4 address that starts with a run of digits.
pub(super) fn v4(text: &[u8], run: Range<usize>) -> Option<Range<usize>> {
    if run.len() > 3 || byte(text, run.end) != b'.' || joined_before(text, run.start) {
        return None;
    }
    let start = run.start;
    let (octets, end) = quad(text, start)?;
    let before = (back(text, start, 2), back(text, start, 1));
    let small = octets.iter().all(|&octet| octet < 100);
    let after_name = before.0.is_ascii_alphabetic();
    let version = match before.1 {
        b'.' => is_word(before.0),
        b'-' => after_name && small,                 // `openssl-3.0.2.1`
        b'~' => true,                                // `Package~amd64~~6.1.1.0`
        b'/' => after_name && octets[1..] == [0; 3], // `Chrome/119.0.0.0`, what browsers have sent since 2023
        _ => false,
    };
    let release =
        small && matches!(byte(text, end), b'-' | b'+') && byte(text, end + 1).is_ascii_alphabetic();
    if version || release || named(text, start, VERSIONS, &["is", "number", "no"]) {
        return None;
    }
    Some(start..prefix_end(text, end, 32))
}

/// The IPv6 address that starts at `start`, where a word may start.
pub(super) fn v6(text: &[u8], start: usize) -> Option<Range<usize>> {
    let address = Groups::read(text, start)?;
    if !address.is_whole() || !address.is_telling() || is_word(byte(text, address.end)) {
        return None;
    }
    let zone = match byte(text, address.end) {
        b'%' => run(text, address.end + 1, |byte| byte.is_ascii_alphanumeric()),
        _ => 0,
    };
    let end = address.end + if (1..=LONGEST_ZONE).contains(&zone) { 1 + zone } else { 0 };
    Some(start..prefix_end(text, end, 128))
}

/// The end of the prefix length, if one follows an address that ends at `end`.
fn prefix_end(text: &[u8], end: usize, longest: u32) -> usize {
    let length = digits(text, end + 1);
    let after = end + 1 + length;
    let bits = text.get(end + 1..after).filter(|digits| (1..=3).contains(&digits.len())).map(number);
    let follows =
        byte(text, end) == b'/' && bits.is_some_and(|bits| bits <= longest) && !is_word(byte(text, after));
    if follows { after } else { end }
}

/// Four decimal octets that no fifth follows, and where they end.
fn quad(text: &[u8], start: usize) -> Option<([u32; 4], usize)> {
    let mut octets = [0; 4];
    let mut at = start;
    let mut padded = 0;
    for octet in &mut octets {
        if at > start {
            at = Some(at + 1).filter(|_| byte(text, at) == b'.')?;
        }
        let length = digits(text, at);
        *octet = text.get(at..at + length).filter(|digits| (1..=3).contains(&digits.len())).map(number)?;
        if *octet > 255 || length > 1 && length < 3 && byte(text, at) == b'0' {
            return None;
        }
        padded += usize::from(length == 3 && byte(text, at) == b'0');
        at += length;
    }
    // `192.168.001.010` is padded throughout; `1.2.3.004` is a version.
    let even = padded == 0 || at - start == 15;
    let goes_on = is_word(byte(text, at)) || byte(text, at) == b'.' && byte(text, at + 1).is_ascii_digit();
    (even && !goes_on).then_some((octets, at))
}

fn number(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'))
}

/// The groups of 16 bits of an IPv6 address, as they are read.
#[derive(Default)]
struct Groups {
    count: usize,
    end: usize,
    compressed: bool,
    /// Length of the first, zero where `::` starts the address, and whether a decimal digit is in it.
    first: (usize, bool),
    /// Whether one starts with a decimal digit, which no name in a program does.
    numeric: bool,
    dotted: bool,
}

impl Groups {
    /// Reads as far as the notation allows; `None` where a longer chain of numbers stands.
    fn read(text: &[u8], start: usize) -> Option<Self> {
        let mut groups = Self { end: start, ..Self::default() };
        if byte(text, start) == b':' {
            groups.compress(text)?;
        }
        loop {
            let at = groups.end;
            let length = run(text.get(..text.len().min(at + 5))?, at, |byte| byte.is_ascii_hexdigit());
            if length == 0 {
                return Some(groups);
            }
            if byte(text, at + length) == b'.' && byte(text, at + length + 1).is_ascii_digit() {
                let (_, end) = quad(text, at)?;
                groups = Self { count: groups.count + 2, end, numeric: true, dotted: true, ..groups };
                return Some(groups);
            }
            groups.push(text.get(at..at + length).filter(|group| group.len() <= 4)?);
            match (byte(text, groups.end), byte(text, groups.end + 1)) {
                (b':', b':') => groups.compress(text)?,
                (b':', next) if groups.count == 8 && is_word(next) => {
                    return port(text, groups.end + 1).then_some(groups);
                }
                (b':', next) if next.is_ascii_hexdigit() => groups.end += 1,
                _ => return Some(groups),
            }
        }
    }

    fn push(&mut self, group: &[u8]) {
        if self.count == 0 && !self.compressed {
            self.first = (group.len(), group.iter().any(u8::is_ascii_digit));
        }
        self.count += 1;
        self.numeric |= group.first().is_some_and(u8::is_ascii_digit);
        self.end += group.len();
    }

    /// Reads `::`, which stands once.
    fn compress(&mut self, text: &[u8]) -> Option<()> {
        if self.compressed || byte(text, self.end + 1) != b':' || byte(text, self.end + 2) == b':' {
            return None;
        }
        self.compressed = true;
        self.end += 2;
        Some(())
    }

    fn is_whole(&self) -> bool {
        if self.compressed { self.count < 8 } else { self.count == 8 }
    }

    /// Whether this is an address and not a path in a program: `dead::beef`, `f64::add`, `a[1::2]`.
    fn is_telling(&self) -> bool {
        let (length, has_digit) = self.first;
        let starts_like_one = length == 0 || length == 4 || self.count > 2;
        (self.numeric || has_digit && length == 4) && (starts_like_one || self.dotted)
    }
}

/// Whether a port follows an address without brackets, as Java prints one.
///
/// Three digits at least: a ninth pair of digits makes a fingerprint.
fn port(text: &[u8], at: usize) -> bool {
    let length = digits(text, at);
    (3..=5).contains(&length) && !is_word(byte(text, at + length)) && byte(text, at + length) != b':'
}

const VERSIONS: &[&str] = &["version", "versions", "ver", "release", "rev", "revision", "section", "oid"];

/// `IFNAMSIZ` less its final zero; RFC 4007 sets no limit.
const LONGEST_ZONE: usize = 15;
