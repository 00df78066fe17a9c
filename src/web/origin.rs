//! Origins as browsers write them, read without a URL parser: what is not spelt so is refused, so nothing is to be repaired.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::CorsProblem;
use crate::validate::DnsName;

/// Why nothing is to be allowed to `text`, if it is not the origin of a page that nobody else can write.
pub(super) fn problem(text: &str) -> Option<CorsProblem> {
    if text == "null" {
        Some(CorsProblem::Null)
    } else if text.contains('*') {
        Some(CorsProblem::Wildcard)
    } else if !is_canonical(text) {
        Some(CorsProblem::NotCanonical)
    } else if !is_trustworthy(text) {
        Some(CorsProblem::Insecure)
    } else {
        None
    }
}

/// Whether `text` is, byte for byte, what a browser sends in `Origin` for a page of `http` or `https`.
///
/// RFC 6454 §6.2; HTML Standard, "serialization of an origin".
fn is_canonical(text: &str) -> bool {
    text.len() <= MAX_BYTES
        && match text.split_once("://") {
            Some(("https", authority)) => is_authority(authority, 443),
            Some(("http", authority)) => is_authority(authority, 80),
            _ => false,
        }
}

/// Whether pages of this canonical origin came over TLS, or never left the machine.
fn is_trustworthy(origin: &str) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let host = split_port(authority).map_or(authority, |(host, _)| host);
    let is_loopback = host == "[::1]"
        || host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback());
    scheme == "https" || is_loopback
}

/// A host, and a port unless it is `default`.
pub(super) fn is_authority(text: &str, default: u16) -> bool {
    match split_port(text) {
        Some((host, port)) => is_host(host) && is_port(port, default),
        None => is_host(text),
    }
}

/// At the last colon, if it is not within an IPv6 address.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    authority.rsplit_once(':').filter(|(_, port)| !port.ends_with(']'))
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // Of IPv4 in IPv6, browsers write hexadecimal and std writes dots; no page is served from there.
        return address.parse().is_ok_and(|parsed: Ipv6Addr| {
            parsed.to_ipv4_mapped().is_none() && parsed.to_string() == address
        });
    }
    // std refuses leading zeros and short forms, so an address has one spelling.
    host.parse::<Ipv4Addr>().is_ok() || DnsName::parse(host).is_ok_and(|name| name.as_str() == host)
}

fn is_port(port: &str, default: u16) -> bool {
    port.parse().is_ok_and(|number: u16| number != 0 && number != default && number.to_string() == port)
}

/// Of a name, a scheme and a port.
const MAX_BYTES: usize = 253 + 8 + 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_browsers_write_is_canonical() {
        for origin in [
            "https://app.example",
            "http://localhost:3000",
            "https://a_b.example:8443",
            "https://xn--bcher-kva.example",
            "https://192.0.2.1",
            "https://[2001:db8::1]:444",
            "https://intranet",
            "http://app.example:443",
        ] {
            assert!(is_canonical(origin), "{origin}");
        }
        for text in [
            "",
            "*",
            "null",
            "app.example",
            "//app.example",
            "https://",
            "https://:443",
            "HTTPS://app.example",
            "https://App.example",
            "https://app.example/",
            "https://app.example.",
            "https://app.example:",
            "https://app.example:443",
            "https://app.example:0",
            "https://app.example:08443",
            "https://app.example:+1",
            "https://app.example:65536",
            "http://app.example:80",
            "https://user@app.example",
            "https://app.example?",
            "https://app.example#a",
            "https://app.example\r\nSet-Cookie: a=b",
            "https://app.example https://evil.example",
            "https://app.example,https://evil.example",
            "https://b\u{fc}cher.example",
            "https://*.example",
            "https://192.0.2.01",
            "https://192.0.513",
            "https://0x7f.1",
            "https://[2001:DB8::1]",
            "https://[2001:db8:0::1]",
            "https://[::ffff:192.0.2.1]",
            "https://[::1",
            "https://::1",
            "https://[::1]]",
            "file://",
            "ws://app.example",
            "https://https://app.example",
        ] {
            assert!(!is_canonical(text), "{text:?}");
        }
        assert!(!is_canonical(&format!("https://{}.example", "a.".repeat(150))));
    }

    #[test]
    fn loopback_needs_no_tls_and_look_alikes_do() {
        for origin in [
            "https://a.example", "http://localhost", "http://127.9.9.9:80", "http://[::1]:8080",
            "http://a.localhost",
        ] {
            assert!(is_trustworthy(origin), "{origin}");
        }
        for origin in [
            "http://a.example",
            "http://localhost.example",
            "http://127.0.0.1.example",
            "http://10.0.0.1",
            "http://[::2]",
            "http://notlocalhost",
        ] {
            assert!(!is_trustworthy(origin), "{origin}");
        }
    }
}
