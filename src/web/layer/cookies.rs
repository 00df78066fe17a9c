//! Cookies that handlers set without saying who may have them.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};

/// Gives every cookie the attributes that it lacks: `Secure`, `SameSite=Strict`, and `HttpOnly` unless scripts are meant to read it.
pub(super) fn harden(headers: &mut HeaderMap, for_scripts: &[String]) {
    if !headers.contains_key(SET_COOKIE) {
        return;
    }
    for value in headers.iter_mut().filter_map(|(name, value)| (name == SET_COOKIE).then_some(value)) {
        if let Some(complete) = completed(value.as_bytes(), for_scripts) {
            *value = complete;
        }
    }
}

/// `None` for one that lacks nothing.
fn completed(cookie: &[u8], for_scripts: &[String]) -> Option<HeaderValue> {
    let mut parts = cookie.split(|byte| *byte == b';');
    let name = parts.next()?.split(|byte| *byte == b'=').next()?.trim_ascii();
    let (mut secure, mut http_only, mut same_site) = (false, false, false);
    for attribute in parts {
        let mut sides = attribute.splitn(2, |byte| *byte == b'=').map(<[u8]>::trim_ascii);
        let (attribute, value) = (sides.next()?, sides.next().unwrap_or_default());
        secure |= attribute.eq_ignore_ascii_case(b"secure");
        http_only |= attribute.eq_ignore_ascii_case(b"httponly");
        // Browsers take the last that they know, and another value for none.
        same_site |= attribute.eq_ignore_ascii_case(b"samesite")
            && [&b"strict"[..], b"lax", b"none"].iter().any(|known| value.eq_ignore_ascii_case(known));
    }
    http_only |= for_scripts.iter().any(|known| known.as_bytes() == name);
    if secure && http_only && same_site {
        return None;
    }
    let mut complete = cookie.to_vec();
    for (is_there, attribute) in
        [(secure, &b"; Secure"[..]), (http_only, b"; HttpOnly"), (same_site, b"; SameSite=Strict")]
    {
        complete.extend_from_slice(if is_there { b"" } else { attribute });
    }
    HeaderValue::from_bytes(&complete).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_get_what_they_lack() {
        let complete = |cookie: &str| completed(cookie.as_bytes(), &["theme".to_owned()]);
        for (cookie, expected) in [
            ("a=b", "a=b; Secure; HttpOnly; SameSite=Strict"),
            ("a=b; Path=/; httponly", "a=b; Path=/; httponly; Secure; SameSite=Strict"),
            ("a=b;SECURE ;SameSite=Lax", "a=b;SECURE ;SameSite=Lax; HttpOnly"),
            ("secure=httponly", "secure=httponly; Secure; HttpOnly; SameSite=Strict"),
            ("theme=dark", "theme=dark; Secure; SameSite=Strict"),
            (
                "a=b; Secure; HttpOnly; SameSite=strcit",
                "a=b; Secure; HttpOnly; SameSite=strcit; SameSite=Strict",
            ),
            ("theme2=dark", "theme2=dark; Secure; HttpOnly; SameSite=Strict"),
        ] {
            assert_eq!(complete(cookie).unwrap(), expected);
        }
        assert_eq!(complete("a=b; Secure; HttpOnly; SameSite=None"), None);
        assert_eq!(complete("theme=dark; Secure; SameSite=Strict"), None);
    }
}
