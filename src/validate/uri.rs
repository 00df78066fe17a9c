use std::borrow::Cow;
use std::net::Ipv6Addr;

use super::{Invalid, InvalidKind};

valid_text! {
    /// An identifier of a resource as RFC 3986 writes it: with a scheme, in ASCII, as it is sent.
    ///
    /// For identifiers that are stored, compared or handed on: namespaces, `urn:`, `mailto:`, what a schema calls `uri`.
    ///
    /// ```
    /// use palisade::validate::Uri;
    ///
    /// assert_eq!(Uri::parse("urn:isbn:9780262510875")?.scheme(), "urn");
    /// assert!(Uri::parse("https://example.com/?q=Test%20it").is_ok());
    /// for refused in ["/a", "//example.com/a", "https://example.com/a b", "https://example.com/é", "https://example.com/%"] {
    ///     assert!(Uri::parse(refused).is_err());
    /// }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// Nothing is repaired and nothing is normalised: `HTTP://EXAMPLE.com` stays, and is not equal to `http://example.com`.
    ///
    /// # Security
    /// `javascript:alert(1)` and `file:///etc/passwd` are URIs. What a browser is sent to is a `LocalTarget`, and what a server
    /// connects to an `OutboundUrl`; both read as browsers do, which see other hosts than this grammar in some texts.
    ///
    /// # Source
    /// RFC 3986 §3 and Appendix A, rule `URI`. The length is what RFC 9110 §4.1 asks to be supported, rounded up.
    Uri, at most 8192 bytes
}

impl Uri {
    /// What stands before the first colon, as it was written: schemes are equal whatever their case.
    pub fn scheme(&self) -> &str {
        self.as_str().split_once(':').map_or("", |(scheme, _)| scheme)
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, "a scheme and a colon"));
    }
    if text.len() > Uri::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 8192 bytes"));
    }
    let colon = scheme(text)?;
    let (before_fragment, fragment) = split(Part { text, at: 0 }, '#');
    let (before_query, query) = split(before_fragment, '?');
    let (_, after_scheme) = before_query.split_at(colon + 1);
    let path = if after_scheme.text.starts_with("//") {
        let (_, rest) = after_scheme.split_at(2);
        let (host, path) = rest.split_at(rest.text.find('/').unwrap_or(rest.text.len()));
        authority(host)?;
        path
    } else {
        after_scheme
    };
    path.consists_of(|byte| is_pchar(byte) || byte == b'/')?;
    for part in [query, fragment].into_iter().flatten() {
        part.consists_of(|byte| is_pchar(byte) || matches!(byte, b'/' | b'?'))?;
    }
    Ok(Cow::Borrowed(text))
}

/// Where the colon behind the scheme is.
fn scheme(text: &str) -> Result<usize, Invalid> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at > 0 => return Ok(at),
            _ => return Err(invalid(InvalidKind::Character, "a scheme and a colon first").at_byte(at)),
        }
    }
    Err(invalid(InvalidKind::Form, "a scheme and a colon first").at_byte(text.len()))
}

/// `[userinfo@]host[:port]`, where a host is a bracketed address or a name, which may be empty.
fn authority(part: Part<'_>) -> Result<(), Invalid> {
    let (host, port) = match part.text.find('@') {
        Some(at) => {
            let (user, host) = part.split_around(at);
            user.consists_of(|byte| is_plain(byte) || byte == b':')?;
            host_and_port(host)
        }
        None => host_and_port(part),
    };
    if let Some(inside) = host.text.strip_prefix('[') {
        let literal = inside.strip_suffix(']').ok_or(invalid(InvalidKind::Form, ADDRESS).at_byte(host.at))?;
        if !is_address(literal) {
            return Err(invalid(InvalidKind::Form, ADDRESS).at_byte(host.at));
        }
    } else {
        host.consists_of(is_plain)?;
    }
    match port.and_then(|port| Some(port.at + port.text.bytes().position(|byte| !byte.is_ascii_digit())?)) {
        Some(at) => Err(invalid(InvalidKind::Character, "only digits in the port").at_byte(at)),
        None => Ok(()),
    }
}

/// Colons stand in a bracketed address too.
fn host_and_port(part: Part<'_>) -> (Part<'_>, Option<Part<'_>>) {
    let address = part.text.find(']').unwrap_or(0);
    match part.text.get(address..).and_then(|rest| rest.find(':')) {
        Some(at) => {
            let (host, port) = part.split_around(address + at);
            (host, Some(port))
        }
        None => (part, None),
    }
}

/// An IPv6 address without zone, or `v1.` and what a later version may be.
fn is_address(literal: &str) -> bool {
    let Some((version, address)) = literal.strip_prefix(['v', 'V']).and_then(|rest| rest.split_once('.'))
    else {
        return literal.parse::<Ipv6Addr>().is_ok();
    };
    let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_version && !address.is_empty() && address.bytes().all(|byte| is_plain(byte) || byte == b':')
}

/// A part of the text, and where it begins.
#[derive(Clone, Copy)]
struct Part<'text> {
    text: &'text str,
    at: usize,
}

impl Part<'_> {
    fn split_at(self, middle: usize) -> (Self, Self) {
        let (text, rest) = self.text.split_at(middle);
        (Self { text, at: self.at }, Self { text: rest, at: self.at + middle })
    }

    /// As `split_at`, without the ASCII character in the middle.
    fn split_around(self, middle: usize) -> (Self, Self) {
        let (before, behind) = self.split_at(middle);
        (before, behind.split_at(1).1)
    }

    /// That there are only such bytes, and whole percent-encoded ones.
    fn consists_of(self, is_fine: impl Fn(u8) -> bool) -> Result<(), Invalid> {
        let mut rest = self.text.as_bytes();
        while let [byte, others @ ..] = rest {
            let at = self.at + self.text.len() - rest.len();
            rest = match (byte, others) {
                (b'%', [high, low, others @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    others
                }
                (b'%', _) => {
                    return Err(invalid(InvalidKind::Form, "two hexadecimal digits behind %").at_byte(at));
                }
                (&byte, _) if is_fine(byte) => others,
                _ => return Err(invalid(InvalidKind::Character, CHARACTERS).at_byte(at)),
            };
        }
        Ok(())
    }
}

/// What stands before the first `mark`, and what behind.
fn split(part: Part<'_>, mark: char) -> (Part<'_>, Option<Part<'_>>) {
    match part.text.find(mark) {
        Some(at) => {
            let (before, behind) = part.split_around(at);
            (before, Some(behind))
        }
        None => (part, None),
    }
}

/// `pchar`, without percent-encoded ones.
const fn is_pchar(byte: u8) -> bool {
    is_plain(byte) || matches!(byte, b':' | b'@')
}

/// `unreserved` and `sub-delims`.
const fn is_plain(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'
        | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("URI", kind, expected)
}

const CHARACTERS: &str = "a character that may stand there, others percent-encoded";
const ADDRESS: &str = "an IPv6 address between the brackets";
