//! A name that is accepted is one by the slow checker too, is accepted again unchanged, and comes back from its other form.
#![no_main]

#[path = "../../tests/support/names.rs"]
#[allow(dead_code, reason = "addresses are another target")]
mod names;

use libfuzzer_sys::fuzz_target;
use palisade::validate::{DnsName, Hostname, IdnHostname};

fuzz_target!(|text: &str| {
    let plain = !text.to_ascii_lowercase().contains("xn--");
    let host = Hostname::parse(text);
    if host.is_ok() || plain {
        assert_eq!(host.is_ok(), names::is_hostname(text));
    }
    let dns = DnsName::parse(text);
    if dns.is_ok() || plain {
        assert_eq!(dns.is_ok(), names::is_dns_name(text));
    }
    if let Ok(host) = host {
        assert_eq!(host.as_str(), text.to_ascii_lowercase());
        assert_eq!(Hostname::parse(host.as_str()).as_ref(), Ok(&host));
        assert_eq!(dns.map(String::from), Ok(host.to_string()));
        assert_eq!(IdnHostname::from(host.clone()).to_ascii(), host);
    }
    if let Ok(name) = IdnHostname::parse(text) {
        assert_eq!(IdnHostname::parse(name.as_str()).as_ref(), Ok(&name));
        assert!(names::is_hostname(name.to_ascii().as_str()));
        let beyond = name.as_str().chars().filter(|char| !char.is_ascii());
        assert!(
            beyond.into_iter().all(|char| names::is_plausible(char) || "\u{200c}\u{200d}".contains(char))
        );
    }
});
