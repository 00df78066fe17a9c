//! What is accepted is canonical, has the host that an HTTP client sees in it, and leads nowhere but where it says.
#![no_main]

use http::Uri as Other;
use libfuzzer_sys::fuzz_target;
use palisade::validate::{LocalTarget, Origin, OutboundUrl, Uri, UrlPolicy, is_public_ip};
use url::Url;

fuzz_target!(|input: (&str, &str)| {
    let (text, location) = input;
    let policy = UrlPolicy::default().allow_http().allow_ports(0..=u16::MAX);
    if let Ok(url) = policy.parse(text) {
        accepted(&policy, &url);
        if let Ok(next) = policy.redirects().follow(&url, location) {
            accepted(&policy, &next);
        }
    }
    if let Ok(target) = LocalTarget::parse(text) {
        assert_eq!(LocalTarget::parse(target.as_str()), Ok(target.clone()));
        assert!(target.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        for site in ["https://good.example/a/b", "http://[::1]:8080/"] {
            let base = Url::parse(site).unwrap();
            let read = base.join(target.as_str()).unwrap();
            assert_eq!(read.origin(), base.origin());
            assert_eq!(&read[url::Position::BeforePath..], target.as_str());
        }
    }
    if let Ok(origin) = Origin::parse(text) {
        assert_eq!(origin.as_str(), text);
        assert_eq!(Url::parse(text).unwrap().origin().ascii_serialization(), text);
        assert!(
            LocalTarget::parse_on(&origin, &format!("{text}/a")).is_ok_and(|target| target.as_str() == "/a")
        );
    }
    if let Ok(uri) = Uri::parse(text) {
        assert_eq!(uri.as_str(), text);
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)));
        assert!(text.starts_with(uri.scheme()) && !uri.scheme().is_empty());
    }
});

fn accepted(policy: &UrlPolicy, url: &OutboundUrl) {
    assert_eq!(policy.parse(url.as_str()).as_ref(), Ok(url));
    let other: Other = url.as_str().parse().unwrap();
    assert_eq!(other.authority().unwrap().as_str(), url.authority());
    assert_eq!(other.host().unwrap().trim_matches(['[', ']']), url.host());
    match url.host().parse() {
        Ok(addr) => assert!(is_public_ip(addr)),
        Err(_) => assert!(url.host().trim_end_matches('.').contains('.')),
    }
}
