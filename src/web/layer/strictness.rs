//! Of two values of one header, which asks more of browsers.

use http::HeaderValue;

/// What becomes of a header that the service has set already.
pub(super) enum Rule {
    /// Browsers enforce both.
    Both,
    /// The last of two entries of one name holds: what the service denies is said again behind ours.
    Denials,
    /// Whoever makes a response knows whether it may be kept.
    Theirs,
    /// It stays if it is at least as strict.
    Stricter,
}

pub(super) fn rule(name: &str) -> Rule {
    match name {
        "content-security-policy" | "content-security-policy-report-only" => Rule::Both,
        "permissions-policy" => Rule::Denials,
        "cache-control" => Rule::Theirs,
        _ => Rule::Stricter,
    }
}

/// `theirs`, spelt as browsers read it, if it is known to be at least as strict as `ours`.
pub(super) fn kept(name: &str, theirs: &HeaderValue, ours: &HeaderValue) -> Option<HeaderValue> {
    if name == "strict-transport-security" {
        return covers(theirs.as_bytes(), ours.as_bytes()).then(|| theirs.clone());
    }
    let (_, ranks) = RANKS.iter().find(|(known, _)| *known == name)?;
    let rank = |value: &HeaderValue| {
        ranks.iter().position(|rank| value.as_bytes().eq_ignore_ascii_case(rank.as_bytes()))
    };
    let (theirs, ours) = (rank(theirs)?, rank(ours)?);
    (theirs <= ours).then(|| ranks.get(theirs).map(|rank| HeaderValue::from_static(rank)))?
}

/// The entries of a `Permissions-Policy` that allow nobody: a single one that is malformed would void the whole header.
pub(super) fn denials(policy: &[u8]) -> impl Iterator<Item = &str> {
    let is_name = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    let policy = str::from_utf8(policy).unwrap_or_default();
    let entries = policy.split(',').map(str::trim);
    entries.filter(move |entry| entry.strip_suffix("=()").is_some_and(is_name))
}

/// For as long, and for as many hosts. RFC 6797 §6.1: no directive twice, and a number of digits.
fn covers(theirs: &[u8], ours: &[u8]) -> bool {
    let read = |value: &[u8]| {
        let (mut seconds, mut subdomains) = (None, false);
        for directive in str::from_utf8(value).ok()?.split(';').map(str::trim) {
            match directive.split_once('=') {
                Some((name, age)) if name.eq_ignore_ascii_case("max-age") => {
                    let age = age.trim_matches('"');
                    if seconds.is_some() || !age.bytes().all(|byte| byte.is_ascii_digit()) {
                        return None;
                    }
                    seconds = age.parse::<u64>().ok();
                }
                _ => subdomains |= directive.eq_ignore_ascii_case("includesubdomains"),
            }
        }
        Some((seconds?, subdomains))
    };
    read(theirs).zip(read(ours)).is_some_and(|(theirs, ours)| theirs.0 >= ours.0 && theirs.1 >= ours.1)
}

/// The strictest first.
const RANKS: &[(&str, &[&str])] = &[
    ("x-frame-options", &["DENY", "SAMEORIGIN"]),
    ("referrer-policy", &["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"]),
    ("cross-origin-opener-policy", &["same-origin", "same-origin-allow-popups", "unsafe-none"]),
    ("cross-origin-resource-policy", &["same-origin", "same-site", "cross-origin"]),
    ("cross-origin-embedder-policy", &["require-corp", "credentialless", "unsafe-none"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_weaker_or_unknown_is_not_kept_and_what_is_kept_is_spelt_as_browsers_read_it() {
        let year = "max-age=31536000; includeSubDomains";
        let long = "max-age=63072000; includeSubDomains; preload";
        for (name, theirs, ours, expected) in [
            ("x-frame-options", "DENY", "SAMEORIGIN", Some("DENY")),
            ("x-frame-options", "SAMEORIGIN", "DENY", None),
            ("x-frame-options", "ALLOWALL", "SAMEORIGIN", None),
            ("x-frame-options", "deny", "DENY", Some("DENY")),
            ("cross-origin-opener-policy", "Same-Origin", "same-origin", Some("same-origin")),
            ("referrer-policy", "unsafe-url", "strict-origin-when-cross-origin", None),
            ("referrer-policy", "no-referrer", "same-origin", Some("no-referrer")),
            ("x-content-type-options", "none", "nosniff", None),
            ("x-xss-protection", "1; mode=block", "0", None),
            ("strict-transport-security", long, year, Some(long)),
            ("strict-transport-security", "max-age=63072000", year, None),
            ("strict-transport-security", "max-age=0; includeSubDomains", "max-age=300", None),
            ("strict-transport-security", "max-age=0; max-age=63072000; includeSubDomains", year, None),
            ("strict-transport-security", "max-age=+63072000; includeSubDomains", year, None),
            ("strict-transport-security", "includeSubDomains", "max-age=300", None),
            ("strict-transport-security", "MAX-AGE=\"300\"", "max-age=300", Some("MAX-AGE=\"300\"")),
        ] {
            let value = HeaderValue::from_static;
            let expected = expected.map(value);
            assert_eq!(kept(name, &value(theirs), &value(ours)), expected, "{name}: {theirs}, {ours}");
        }
    }

    #[test]
    fn only_denials_that_no_reader_refuses_are_repeated() {
        assert_eq!(denials(b"camera=(), geolocation=(self), usb=()\xFF").count(), 0); // not text
        let theirs =
            b"camera=(), Usb=(), geolocation 'none'; midi=(), a b=(), =(), geolocation=(self) , web-share=()";
        assert_eq!(denials(theirs).collect::<Vec<_>>(), ["camera=()", "web-share=()"]);
    }
}
