//! What every request must be before a service sees it.

use http::header::{CONTENT_LENGTH, HOST, UPGRADE};
use http::{HeaderMap, HeaderName, Request};

use super::{Refused, Settings};

/// Whether a request is of a size and a form that the service is meant to see.
pub(super) fn check<B>(request: &Request<B>, settings: &Settings) -> Result<(), Refused> {
    let headers = request.headers();
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    if target.len() > settings.max_uri {
        return Err(Refused::UriTooLong);
    }
    let head: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if head > settings.max_headers {
        return Err(Refused::HeadersTooLarge);
    }
    if !is_plain(request.uri().path()) || !has_one_host(request) {
        return Err(Refused::Malformed);
    }
    // Without a length, the body is cut while it is read.
    let announced = headers.get(CONTENT_LENGTH).map(|length| length.to_str().ok()?.parse::<usize>().ok());
    match announced {
        None => Ok(()),
        Some(Some(length)) if length <= settings.max_body => Ok(()),
        Some(Some(_)) => Err(Refused::BodyTooLarge),
        Some(None) => Err(Refused::Malformed),
    }
}

/// The value of a header that may come once. Of several, a value that is nobody's.
pub(super) fn single(headers: &HeaderMap, name: HeaderName) -> Option<&[u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    Some(if values.next().is_some() { b"," } else { first.as_bytes() })
}

/// Whether a request asks for the connection to become a web socket. RFC 6455 §4.1.
pub(super) fn opens_web_socket<B>(request: &Request<B>) -> bool {
    let protocols = request.headers().get_all(UPGRADE).iter().filter_map(|value| value.to_str().ok());
    protocols.flat_map(|value| value.split(',')).any(|name| name.trim().eq_ignore_ascii_case("websocket"))
}

/// RFC 9112 §3.2: `Host` comes once, and is the authority of a target that has one.
fn has_one_host<B>(request: &Request<B>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => request
            .uri()
            .authority()
            .is_none_or(|target| target.as_str().as_bytes().eq_ignore_ascii_case(host.as_bytes())),
        (_, second) => second.is_none(),
    }
}

/// Whether a path has no control characters and no segment that means another place, written out or percent-encoded: clients
/// resolve those before they send a path, so that whoever sends one hopes for two readings of it.
fn is_plain(path: &str) -> bool {
    let path = path.as_bytes();
    if !path.contains(&b'%') && !path.windows(2).any(|pair| pair == b"/.") && !path.contains(&b'\\') {
        return !path.iter().any(u8::is_ascii_control);
    }
    let Some(once) = decoded(path).filter(|path| str::from_utf8(path).is_ok()) else { return false };
    // For a service behind the service that decodes again. What does not decode twice was not encoded twice.
    let twice = decoded(&once);
    [Some(once), twice].iter().flatten().all(|path| stays_in_place(path))
}

fn stays_in_place(path: &[u8]) -> bool {
    // Parameters of a segment, RFC 3986 §3.3: some servers drop them first.
    let name = |segment: &[u8]| {
        segment.split(|byte| *byte == b';').next().is_some_and(|name| matches!(name, b"." | b".."))
    };
    !path.iter().any(u8::is_ascii_control) && !path.split(|byte| b"/\\".contains(byte)).any(name)
}

/// RFC 3986 §2.1; `None` for a percent sign without two digits behind it.
fn decoded(path: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = path.iter().copied();
    let mut decoded = Vec::with_capacity(path.len());
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            _ => byte,
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_reading() {
        for path in [
            "/",
            "",
            "*",
            "/a/b.txt",
            "/.well-known/security.txt",
            "/a/...",
            "/a%20b",
            "/%E6%9D%B1",
            "/a%2Fb",
            "/..a",
            "/a%5Cb",
            "/a\\b",
            "/100%25",
            "/a%25zz",
            "/a;b=c/d",
        ] {
            assert!(is_plain(path), "{path}");
        }
        for path in [
            "/..", "/../a", "/a/../b", "/a/..", "/./a", "/a/.", "/%2e%2e/a", "/%2E./a", "/.%2e",
            "/a%2f..%2fb", "/..\\a", "/a\\..\\b", "/..%5cb", "/a%00", "/a%0d%0aSet-Cookie:b", "/a%7f",
            "/a%1", "/a%", "/a%zz", "/a%+1", "/%252e%252e/a", "/..%252fa", "/..;/a", "/a/..;b=c/d",
            "/%c0%ae%c0%ae/a", "/a%2500",
        ] {
            assert!(!is_plain(path), "{path}");
        }
    }
}
