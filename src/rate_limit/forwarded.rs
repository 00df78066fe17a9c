use std::net::{IpAddr, SocketAddr};

use super::ip::unwrapped;

/// The caller's address, behind `trusted_hops` proxies that each add the address they were called from to a header.
///
/// `peer` is the address of the connection, `forwarded` all lines of the header, in order: `X-Forwarded-For`, or RFC 7239's
/// `Forwarded` with its `for=` parameters. Which of them the proxies write must be known; the other is the caller's.
///
/// ```
/// use palisade::rate_limit::client_ip;
/// use std::net::IpAddr;
///
/// let proxy: IpAddr = "10.0.0.1".parse()?;
/// let caller: IpAddr = "203.0.113.9".parse()?;
/// // The caller wrote 127.0.0.1 into the header; the one proxy added what it saw.
/// assert_eq!(client_ip(proxy, ["127.0.0.1, 203.0.113.9"], 1), caller);
/// assert_eq!(client_ip(proxy, ["127.0.0.1", "203.0.113.9"], 1), caller); // two lines are one list
/// assert_eq!(client_ip(proxy, [r#"for=127.0.0.1, for="203.0.113.9:4711";proto=https"#], 1), caller);
/// assert_eq!(client_ip(caller, ["127.0.0.1"], 0), caller); // no proxy: the header says nothing
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
///
/// With the `http` crate: `headers.get_all("x-forwarded-for")`, not `get`, which leaves lines out.
///
/// # Security
/// Entries are counted from the right, since everything to the left of what the outermost trusted proxy added is whatever
/// the caller wrote. A proxy that writes `host=` into `Forwarded` without quotes lets the caller write entries there: let it
/// write `X-Forwarded-For`. Where the list is shorter than it should be, or an entry is no address, the answer is the nearest
/// address that a trusted proxy vouches for: callers then share a limit, and none escapes it.
///
/// # Source
/// RFC 7239 §§4, 5.2, 6.
pub fn client_ip<I>(peer: IpAddr, forwarded: I, trusted_hops: usize) -> IpAddr
where
    I: IntoIterator<IntoIter: DoubleEndedIterator, Item: AsRef<[u8]>>,
{
    let mut client = peer;
    let mut hops = trusted_hops;
    for line in forwarded.into_iter().rev() {
        for entry in FromRight::of(line.as_ref(), b',') {
            if hops == 0 {
                return unwrapped(client);
            }
            let entry = entry.trim_ascii();
            if entry.is_empty() {
                continue; // RFC 9110 §5.6.1: lists may have empty elements, which count for nothing
            }
            let Some(addr) = address(entry) else { return unwrapped(client) };
            client = addr;
            hops -= 1;
        }
    }
    unwrapped(client)
}

/// The parts of a text, the last one first, where separators within quotes part nothing.
///
/// From the right, since what a trusted proxy added stands there, with quotes in pairs. Read from the left, a quote that the
/// caller opened would swallow it.
struct FromRight<'a> {
    rest: Option<&'a [u8]>,
    separator: u8,
}

impl<'a> FromRight<'a> {
    fn of(text: &'a [u8], separator: u8) -> Self {
        Self { rest: Some(text), separator }
    }
}

impl<'a> Iterator for FromRight<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.take()?;
        let mut left = text;
        let mut is_quoted = false;
        while let [before @ .., byte] = left {
            if *byte == b'"' {
                let backslashes = before.iter().rev().take_while(|&&byte| byte == b'\\').count();
                is_quoted ^= backslashes.is_multiple_of(2);
            } else if *byte == self.separator && !is_quoted {
                self.rest = Some(before);
                return text.get(left.len()..);
            }
            left = before;
        }
        Some(text)
    }
}

/// `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`; or one of them, quoted or not, as the
/// one `for` parameter of an RFC 7239 element.
fn address(entry: &[u8]) -> Option<IpAddr> {
    if !entry.contains(&b'=') {
        return node(entry);
    }
    let mut nodes = FromRight::of(entry, b';').filter_map(for_parameter);
    let (one, None) = (nodes.next()?, nodes.next()) else { return None };
    match one {
        [b'"', quoted @ .., b'"'] => node(quoted),
        bare => node(bare),
    }
}

fn for_parameter(pair: &[u8]) -> Option<&[u8]> {
    let equals = pair.iter().position(|&byte| byte == b'=')?;
    let (name, value) = (pair.get(..equals)?, pair.get(equals + 1..)?);
    name.trim_ascii().eq_ignore_ascii_case(b"for").then_some(value.trim_ascii())
}

fn node(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().map(IpAddr::V6).ok();
    text.parse().ok().or_else(bracketed).or_else(|| text.parse::<SocketAddr>().ok().map(|node| node.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: &str = "10.0.0.1";

    fn client(lines: &[&str], hops: usize) -> String {
        client_ip(PEER.parse().unwrap(), lines, hops).to_string()
    }

    #[test]
    fn hops_are_counted_from_the_right() {
        let lines = ["6.6.6.6, 7.7.7.7", "8.8.8.8,9.9.9.9"];
        for (hops, expected) in
            [(0, PEER), (1, "9.9.9.9"), (2, "8.8.8.8"), (3, "7.7.7.7"), (4, "6.6.6.6"), (5, "6.6.6.6")]
        {
            assert_eq!(client(&lines, hops), expected, "{hops}");
        }
        assert_eq!(client(&lines, usize::MAX), "6.6.6.6");
        assert_eq!(client(&[], 3), PEER);
        assert_eq!(client(&["", " , ,", ","], 3), PEER);
    }

    #[test]
    fn what_is_no_address_ends_the_walk_at_what_is_vouched_for() {
        for entry in [
            "unknown", "_hidden", "for=unknown", "for=_SEVKISEK", "localhost", "1.2.3", "1.2.3.4.5",
            "01.2.3.4", "1.2.3.4:", "1.2.3.4:99999", "[::1", "::1]", "[1.2.3.4]", "for=\"1.2.3.4",
            "1.2.3.4\0", "x=1;y=2", "for=1.2.3.4:x", "fe80::1%eth0",
        ] {
            assert_eq!(client(&["6.6.6.6", entry], 2), PEER, "{entry}");
            assert_eq!(client(&["6.6.6.6", entry, "9.9.9.9"], 2), "9.9.9.9", "{entry}");
        }
        assert_eq!(client_ip(PEER.parse().unwrap(), [b"6.6.6.6, \xff".as_slice()], 1).to_string(), PEER);
    }

    #[test]
    fn all_spellings_of_a_node_are_read() {
        for (entry, expected) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[64:ff9b::192.0.2.7]:1", "192.0.2.7"),
            ("for=192.0.2.7", "192.0.2.7"),
            ("For=\"[2001:db8::1]:4711\"; proto=http;by=1.1.1.1", "2001:db8::1"),
            ("by=1.1.1.1;for=192.0.2.7", "192.0.2.7"),
        ] {
            assert_eq!(client(&["6.6.6.6", entry], 1), expected, "{entry}");
        }
    }

    #[test]
    fn what_stands_in_quotes_is_no_address() {
        for (entry, expected) in [
            (r#"for=9.9.9.9;host="a,for=1.2.3.4;b""#, "9.9.9.9"),
            (r#"proto=http;host="a,for=1.2.3.4;b";for="9.9.9.9:1""#, "9.9.9.9"),
            (r#"by="x;for=1.2.3.4";for=9.9.9.9"#, "9.9.9.9"),
            (r#"for=9.9.9.9;host="a\",for=1.2.3.4;b""#, "9.9.9.9"),
            (r#"for=9.9.9.9;host="a\\", for=8.8.8.8"#, "8.8.8.8"),
            ("host=x;for=1.2.3.4;y;for=9.9.9.9", PEER), // two of them: the proxy did not quote
            (r#"for="9.9.9\.9""#, PEER),
            (&format!("for=9.9.9.9;host=\"{}\"", "a,".repeat(10_000)), "9.9.9.9"),
        ] {
            assert_eq!(client(&["6.6.6.6", entry], 1), expected, "{entry}");
        }
    }

    #[test]
    fn a_quote_that_the_caller_opens_hides_nothing() {
        assert_eq!(client(&["for=\"6.6.6.6", "for=9.9.9.9"], 1), "9.9.9.9");
        assert_eq!(client(&["for=\"6.6.6.6, for=9.9.9.9"], 1), "9.9.9.9");
    }
}
