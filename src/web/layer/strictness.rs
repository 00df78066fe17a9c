//! Of two values of one header, which asks more of browsers.

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
        "content-security-policy" | "content-security-policy-report-only" | "reporting-endpoints" => {
            Rule::Both
        }
        "permissions-policy" => Rule::Denials,
        "cache-control" => Rule::Theirs,
        _ => Rule::Stricter,
    }
}

/// Whether `theirs` is known to be at least as strict as `ours`.
pub(super) fn is_at_least(name: &str, theirs: &[u8], ours: &[u8]) -> bool {
    if name == "strict-transport-security" {
        return covers(theirs, ours);
    }
    let rank = |value: &[u8]| {
        let (_, ranks) = RANKS.iter().find(|(known, _)| *known == name)?;
        ranks.iter().position(|rank| value.eq_ignore_ascii_case(rank.as_bytes()))
    };
    theirs == ours || rank(theirs).zip(rank(ours)).is_some_and(|(theirs, ours)| theirs <= ours)
}

/// The entries of a `Permissions-Policy` that allow nobody.
pub(super) fn denials(policy: &[u8]) -> impl Iterator<Item = &str> {
    let policy = str::from_utf8(policy).unwrap_or_default();
    policy.split(',').map(str::trim).filter(|entry| entry.ends_with("=()"))
}

/// For as long, and for as many hosts.
fn covers(theirs: &[u8], ours: &[u8]) -> bool {
    let read = |value: &[u8]| {
        let (mut seconds, mut subdomains) = (None, false);
        for directive in str::from_utf8(value).ok()?.split(';').map(str::trim) {
            match directive.split_once('=') {
                Some((name, age)) if name.eq_ignore_ascii_case("max-age") => {
                    seconds = age.trim_matches('"').parse::<u64>().ok();
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
    ("x-frame-options", &["deny", "sameorigin"]),
    ("referrer-policy", &["no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"]),
    ("cross-origin-opener-policy", &["same-origin", "same-origin-allow-popups", "unsafe-none"]),
    ("cross-origin-resource-policy", &["same-origin", "same-site", "cross-origin"]),
    ("cross-origin-embedder-policy", &["require-corp", "credentialless", "unsafe-none"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_weaker_or_unknown_is_not_at_least_as_strict() {
        for (name, theirs, ours, expected) in [
            ("x-frame-options", "DENY", "SAMEORIGIN", true),
            ("x-frame-options", "SAMEORIGIN", "DENY", false),
            ("x-frame-options", "ALLOWALL", "SAMEORIGIN", false),
            ("x-frame-options", "deny", "DENY", true),
            ("referrer-policy", "unsafe-url", "strict-origin-when-cross-origin", false),
            ("referrer-policy", "no-referrer", "same-origin", true),
            ("x-content-type-options", "none", "nosniff", false),
            ("x-xss-protection", "1; mode=block", "0", false),
            (
                "strict-transport-security",
                "max-age=63072000; includeSubDomains; preload",
                "max-age=31536000; includeSubDomains",
                true,
            ),
            ("strict-transport-security", "max-age=63072000", "max-age=31536000; includeSubDomains", false),
            ("strict-transport-security", "max-age=0; includeSubDomains", "max-age=300", false),
            ("strict-transport-security", "includeSubDomains", "max-age=300", false),
            ("strict-transport-security", "MAX-AGE=\"300\"", "max-age=300", true),
        ] {
            assert_eq!(
                is_at_least(name, theirs.as_bytes(), ours.as_bytes()),
                expected,
                "{name}: {theirs}, {ours}"
            );
        }
        let theirs = b"camera=(), geolocation=(self), usb=()\xFF";
        assert_eq!(denials(theirs).count(), 0); // not text: nothing of it is repeated
        let theirs: Vec<_> = denials(b"camera=(), geolocation=(self) , usb=()").collect();
        assert_eq!(theirs, ["camera=()", "usb=()"]);
    }
}
