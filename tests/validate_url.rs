//! What the URL types of `validate` accept passes slow checkers that are written another way, and what is connected to is what
//! was judged.

#![cfg(feature = "url")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use palisade::validate::{
    Cidr, InvalidKind, LocalTarget, Origin, OutboundUrl, Port, Resolver, SystemResolver, TargetError,
    UrlPolicy, is_public_ip,
};
use proptest::prelude::*;
use url::Url;

proptest! {
    #[test]
    fn another_parser_reads_the_same_host_in_what_is_accepted(text in soup()) {
        for policy in [UrlPolicy::default(), web()] {
            let Ok(url) = policy.parse(&text) else { continue };
            prop_assert_eq!(policy.parse(url.as_str()), Ok(url.clone()));
            let other: http::Uri = url.as_str().parse().unwrap(); // what an HTTP client connects by
            let host = other.host().unwrap();
            prop_assert_eq!(host.trim_start_matches('[').trim_end_matches(']'), url.host(), "{}", text);
            prop_assert_eq!(other.authority().unwrap().as_str(), url.authority(), "{}", text);
            let own = if other.scheme_str() == Some("https") { 443 } else { 80 };
            prop_assert_eq!(other.port_u16().unwrap_or(own), url.port(), "{}", text);
            prop_assert_eq!(other.scheme_str() == Some("https"), url.is_https());
            prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\'), "{}", url);
            match url.host().parse() {
                Ok(addr) => prop_assert!(is_public_ip(addr), "{}", url),
                Err(_) => prop_assert!(is_name_of_the_internet(url.host()), "{}", url),
            }
        }
    }

    #[test]
    fn no_base_takes_a_local_target_to_another_site(text in soup(), deeper in "(/[a-z.]{0,3}){0,3}") {
        let Ok(target) = LocalTarget::parse(&text) else { return Ok(()) };
        prop_assert_eq!(LocalTarget::parse(target.as_str()), Ok(target.clone()));
        let bytes = target.as_str().as_bytes();
        prop_assert!(bytes[0] == b'/' && !matches!(bytes.get(1), Some(b'/' | b'\\')), "{}", target);
        prop_assert!(bytes.iter().all(u8::is_ascii_graphic), "{}", target);
        for site in ["https://good.example", "http://good.example:8080", "http://[::1]"] {
            let base = Url::parse(&format!("{site}{deeper}/")).unwrap();
            let read = base.join(target.as_str()).unwrap();
            prop_assert_eq!(read.origin(), base.origin(), "{}", target);
            prop_assert_eq!((read.username(), read.password()), ("", None));
            let again = base.join(&read[url::Position::BeforePath..]).unwrap();
            prop_assert_eq!(again, read);
        }
    }

    #[test]
    fn an_origin_is_what_a_browser_would_send(text in soup(), tail in prop::sample::select(vec!["", "/", ":443", ":8443"])) {
        for text in [text.clone(), format!("https://example.com{tail}"), format!("{text}{tail}")] {
            let Ok(origin) = Origin::parse(&text) else { continue };
            prop_assert_eq!(origin.as_str(), &text);
            let read = Url::parse(&text).unwrap();
            prop_assert_eq!(read.origin().ascii_serialization(), text);
            prop_assert!(matches!(read.scheme(), "http" | "https"));
            let local = LocalTarget::parse_on(&origin, &format!("{origin}/a?b")).map(String::from);
            prop_assert_eq!(local.as_deref(), Ok("/a?b"));
        }
    }

    #[test]
    fn a_redirect_is_judged_as_a_first_address_is(location in soup()) {
        let policy = web();
        let from = policy.parse("https://example.com/a/b?c#d").unwrap();
        if let Ok(next) = policy.redirects().follow(&from, &location) {
            prop_assert_eq!(policy.parse(next.as_str()), Ok(next));
        }
    }
}

#[test]
fn whole_addresses_are_local_on_their_own_site_alone() {
    let site = Origin::parse("https://good.example").unwrap();
    let on_site = |text| LocalTarget::parse_on(&site, text).map(String::from).ok();
    assert_eq!(on_site("https://good.example:443/a").as_deref(), Some("/a"));
    assert_eq!(on_site("HTTPS://GOOD.example").as_deref(), Some("/"));
    assert_eq!(on_site("//good.example/a").as_deref(), Some("/a"));
    assert_eq!(on_site("/a").as_deref(), Some("/a"));
    for elsewhere in [
        "http://good.example/a",
        "https://good.example:444/a",
        "https://a@good.example/",
        "https://good.example.evil/",
        "https://evil.example/",
        "https://good.example//evil.example",
        "https://good.example/.//evil.example",
    ] {
        assert_eq!(on_site(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn a_policy_allows_what_it_names_and_nothing_beside() {
    let network = Cidr::parse("10.1.2.0/24").unwrap();
    let policy =
        web().allow_network(network).allow_host("Billing.Internal.").unwrap().allow_host("router").unwrap();
    for allowed in [
        "http://10.1.2.3/",
        "https://10.1.2.255:22/",
        "http://[::ffff:10.1.2.3]/",
        "https://billing.internal/",
        "https://BILLING.internal./",
        "http://router:8080/",
    ] {
        assert!(policy.parse(allowed).is_ok(), "{allowed}");
    }
    for refused in [
        "http://10.1.3.3/",
        "http://127.0.0.1/",
        "https://a.billing.internal/",
        "https://ledger.internal/",
        "http://router.local/",
        "ftp://10.1.2.3/",
        "http://a@10.1.2.3/",
        "http://[64:ff9b::10.1.2.3]/",
    ] {
        assert!(policy.parse(refused).is_err(), "{refused}");
    }
    for name in ["", "a b", "10.1.2.3", "[::1]", "a/b", "a..b", "a:80", "*"] {
        assert!(UrlPolicy::new().allow_host(name).is_err(), "{name}");
    }
    let http = UrlPolicy::default().allow_http();
    assert!(http.parse("http://example.com/").is_ok() && http.parse("https://example.com/").is_ok());
    assert!(http.parse("https://example.com:80/").is_err() && http.parse("http://example.com:443/").is_err());
}

#[test]
fn names_lead_into_a_network_of_ours_only_if_they_are_ours() {
    let policy = web().allow_network(Cidr::parse("10.0.0.0/8").unwrap()).allow_host("Db.Example").unwrap();
    let pin =
        |name: &str| policy.pin(&policy.parse(&format!("https://{name}/")).unwrap(), [[10, 0, 0, 1].into()]);
    assert!(pin("db.example").is_ok() && pin("db.example.").is_ok() && pin("10.0.0.1").is_ok());
    for name in ["evil.example", "db.example.evil.example", "a.db.example"] {
        assert!(matches!(pin(name), Err(TargetError::NotPublic)), "{name}");
    }
    let url = policy.parse("https://db.example/").unwrap();
    assert!(matches!(policy.pin(&url, [Ipv4Addr::LOCALHOST.into()]), Err(TargetError::NotPublic)));
}

#[test]
fn an_address_within_an_address_is_judged_too() {
    let translated = web().allow_network(Cidr::parse("64:ff9b::/96").unwrap());
    assert!(translated.parse("http://[64:ff9b::8.8.8.8]/").is_ok());
    for inner in ["169.254.169.254", "127.0.0.1", "10.1.2.3"] {
        assert!(translated.parse(&format!("http://[64:ff9b::{inner}]/")).is_err(), "{inner}");
    }
    let all = ["::/0", "10.0.0.0/8"]
        .into_iter()
        .fold(web(), |policy, network| policy.allow_network(Cidr::parse(network).unwrap()));
    for ours in [
        "::1", "fd00::1", "64:ff9b::10.0.0.1", "2002:a00:1::", "fe80::5efe:a00:1", "::ffff:10.0.0.1",
        "::10.0.0.1",
    ] {
        assert!(all.parse(&format!("http://[{ours}]/")).is_ok(), "{ours}");
    }
    for foreign in
        ["64:ff9b::127.0.0.1", "2002:7f00:1::", "fe80::5efe:7f00:1", "::ffff:127.0.0.1", "::127.0.0.1"]
    {
        assert!(all.parse(&format!("http://[{foreign}]/")).is_err(), "{foreign}");
    }
}

#[test]
fn the_dot_of_the_root_is_left_out() {
    let policy = UrlPolicy::default().allow_ports(8443..=8443);
    assert_eq!(policy.parse("https://Example.com./a?b#c").unwrap().as_str(), "https://example.com/a?b#c");
    assert_eq!(policy.parse("https://example.com.:8443").unwrap().as_str(), "https://example.com:8443/");
    assert!(policy.parse("https://example.com../").is_err() && policy.parse("https://./").is_err());
}

#[test]
fn what_began_with_tls_goes_on_with_it() {
    let policy = web();
    let follow = |from: &str, to: &str| policy.redirects().follow(&policy.parse(from).unwrap(), to);
    assert!(follow("http://a.example/", "https://a.example/").is_ok());
    assert!(follow("http://a.example/", "http://b.example/").is_ok());
    let error = follow("https://a.example/", "http://a.example/").unwrap_err();
    assert_eq!(error.to_string(), "redirect: https:// after https://");
}

#[test]
fn one_private_answer_refuses_all() {
    let policy = UrlPolicy::default();
    let url = policy.parse("https://example.com/").unwrap();
    for answers in [
        &["127.0.0.1"][..],
        &["93.184.215.14", "10.0.0.1"],
        &["10.0.0.1", "93.184.215.14"],
        &["::ffff:8.8.8.8"],
    ] {
        let answers: Vec<IpAddr> = answers.iter().map(|text| text.parse().unwrap()).collect();
        assert!(matches!(policy.pin(&url, answers), Err(TargetError::NotPublic)));
    }
    assert!(matches!(policy.pin(&url, []), Err(TargetError::Unresolved)));
    let target = policy.pin(&url, ["93.184.215.14".parse().unwrap(), "2a00::1".parse().unwrap()]).unwrap();
    assert_eq!(target.addrs(), ["93.184.215.14:443".parse().unwrap(), "[2a00::1]:443".parse().unwrap()]);
}

#[test]
fn an_address_in_the_url_is_what_is_connected_to() {
    let policy = UrlPolicy::default().allow_ports(8443..=8443);
    let url = policy.parse("https://[2a00::1]:8443/").unwrap();
    assert_eq!((url.host(), url.port(), url.authority()), ("2a00::1", 8443, "[2a00::1]:8443"));
    let target = policy.pin(&url, ["93.184.215.14".parse().unwrap()]).unwrap();
    assert_eq!(target.addrs(), ["[2a00::1]:8443".parse().unwrap()]);
    assert_eq!(policy.resolve(&url, &Answers::default()).unwrap(), target); // nothing is looked up
}

#[test]
fn what_another_policy_let_through_is_judged_again() {
    let url = web().parse("http://example.com:8080/").unwrap();
    let outcome = UrlPolicy::default().pin(&url, [Ipv4Addr::new(93, 184, 215, 14).into()]);
    assert!(matches!(outcome, Err(TargetError::Refused(error)) if error.kind() == InvalidKind::NotAllowed));
}

#[test]
fn a_name_that_changes_its_address_gains_nothing() {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = server.local_addr().unwrap().port();
    let policy = web().allow_network(Cidr::parse("127.0.0.1").unwrap()).allow_host("rebind.example").unwrap();
    let url = policy.parse(&format!("http://rebind.example:{port}/")).unwrap();
    let resolver = Answers::of(&[&["127.0.0.1"], &["169.254.169.254"], &["127.0.0.1", "127.0.0.2"]]);

    let target = policy.resolve(&url, &resolver).unwrap();
    assert!(matches!(policy.resolve(&url, &resolver), Err(TargetError::NotPublic)));
    assert!(matches!(policy.resolve(&url, &resolver), Err(TargetError::NotPublic)));
    assert!(matches!(policy.resolve(&url, &resolver), Err(TargetError::Unavailable(_))));
    let stream = target.connect(Duration::from_secs(10)).unwrap(); // to what was judged first
    assert_eq!(stream.peer_addr().unwrap(), server.local_addr().unwrap());
}

#[test]
fn an_address_that_does_not_answer_leaves_time_for_the_next() {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = server.local_addr().unwrap().port();
    let policy = web().allow_network(Cidr::parse("127.0.0.0/8").unwrap()).allow_host("a.example").unwrap();
    let url = policy.parse(&format!("http://a.example:{port}/")).unwrap();
    let target = policy.pin(&url, ["127.0.0.2".parse().unwrap(), "127.0.0.1".parse().unwrap()]).unwrap();
    assert_eq!(
        target.connect(Duration::from_secs(10)).unwrap().peer_addr().unwrap(),
        server.local_addr().unwrap()
    );
    assert_eq!(target.connect(Duration::ZERO).unwrap_err().kind(), io::ErrorKind::TimedOut);
}

#[test]
fn redirects_of_a_server_are_judged_one_by_one() {
    const LOCATIONS: &[&str] = &[
        "http://127.0.0.1:1/",
        "http://169.254.169.254/latest/meta-data/",
        "//router/",
        "http://a@b.example/",
        "https://[::1]/",
        "file:///etc/passwd",
        "gopher://b.example/",
        "http:\\\\10.0.0.1\\",
        "\t//10.0.0.1",
    ];
    let port = redirect_to(LOCATIONS);
    // The server itself is allowed by its name alone: the redirect to its own network is refused.
    let policy = UrlPolicy::default().allow_http().allow_ports(port..=port).allow_host("localhost").unwrap();
    let reach = policy.clone().allow_network(Cidr::parse("127.0.0.1").unwrap());
    let url = policy.parse(&format!("http://localhost:{port}/")).unwrap();
    for location in LOCATIONS {
        let target = reach.pin(&url, [Ipv4Addr::LOCALHOST.into()]).unwrap();
        let mut stream = target.connect(Duration::from_secs(10)).unwrap();
        write!(stream, "GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", url.authority()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let told = answer.split_once("Location: ").unwrap().1.split_once("\r\n").unwrap().0;
        assert_eq!(told, *location);
        let error = policy.redirects().follow(&url, told).expect_err(told);
        assert!(!error.to_string().contains("10.0.0.1"));
    }
}

#[test]
fn redirects_end() {
    let policy = UrlPolicy::default().max_redirects(2);
    let mut url = policy.parse("https://example.com/").unwrap();
    let mut redirects = policy.redirects();
    for _ in 0..2 {
        url = redirects.follow(&url, "/again").unwrap();
    }
    assert_eq!(redirects.follow(&url, "/again").unwrap_err().kind(), InvalidKind::Range);
    assert_eq!(
        policy.redirects().follow(&url, &"a".repeat(1 << 20)).unwrap_err().kind(),
        InvalidKind::TooLong
    );
    assert!(UrlPolicy::default().max_redirects(0).redirects().follow(&url, "/").is_err());
}

#[test]
fn the_system_resolves_what_its_files_say() {
    let addrs = SystemResolver.resolve("localhost").unwrap();
    assert!(!addrs.is_empty() && addrs.iter().all(IpAddr::is_loopback));
    let policy = UrlPolicy::default().allow_host("localhost").unwrap();
    let url = policy.parse("https://localhost/").unwrap();
    assert!(matches!(policy.resolve(&url, &SystemResolver), Err(TargetError::NotPublic)));
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn tasks_do_not_wait_for_the_resolver() {
    let policy = UrlPolicy::default();
    let url = policy.parse("https://example.com/").unwrap();
    let resolver = std::sync::Arc::new(Answers::of(&[&["93.184.215.14"], &["127.0.0.1"]]));
    let target = policy.resolve_async(&url, std::sync::Arc::clone(&resolver)).await.unwrap();
    assert_eq!(target.addrs(), ["93.184.215.14:443".parse().unwrap()]);
    assert!(matches!(policy.resolve_async(&url, resolver).await, Err(TargetError::NotPublic)));
}

#[cfg(feature = "serde")]
#[test]
fn what_is_deserialised_is_parsed() {
    let url: OutboundUrl = serde_json::from_str("\"https://EXAMPLE.com\"").unwrap();
    assert_eq!(url.as_str(), "https://example.com/");
    assert!(serde_json::from_str::<OutboundUrl>("\"https://10.0.0.1/\"").is_err());
    for other in ["8675309", "-8675309", "86.75309", "[8675309]"] {
        let errors = [
            serde_json::from_str::<OutboundUrl>(other).unwrap_err().to_string(),
            serde_json::from_str::<Cidr>(other).unwrap_err().to_string(),
            serde_json::from_str::<Port>(other).unwrap_err().to_string(),
            serde_json::from_str::<Port>(&format!("\"{other}\"")).unwrap_err().to_string(),
        ];
        assert!(errors.iter().all(|error| !error.contains("75")), "{errors:?}");
    }
}

/// Answers in order, then an error: a name under somebody else's control.
#[derive(Default)]
struct Answers(Mutex<VecDeque<Vec<IpAddr>>>);

impl Answers {
    fn of(answers: &[&[&str]]) -> Self {
        let parse = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Self(Mutex::new(answers.iter().map(parse).collect()))
    }
}

impl Resolver for Answers {
    fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        self.0.lock().unwrap().pop_front().ok_or(io::ErrorKind::NotFound.into())
    }
}

/// Sends each caller on to one of `locations`, in order, and gives its port.
fn redirect_to(locations: &'static [&'static str]) -> u16 {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = server.local_addr().unwrap().port();
    thread::spawn(move || {
        for location in locations {
            let (mut stream, _) = server.accept().unwrap();
            let head = BufReader::new(&stream)
                .lines()
                .take_while(|line| line.as_ref().is_ok_and(|line| !line.is_empty()));
            assert!(head.count() > 0);
            write!(stream, "HTTP/1.1 302 Found\r\nLocation: {location}\r\nConnection: close\r\n\r\n")
                .unwrap();
        }
    });
    port
}

/// Both schemes, every port.
fn web() -> UrlPolicy {
    UrlPolicy::default().allow_http().allow_ports(0..=u16::MAX)
}

fn is_name_of_the_internet(name: &str) -> bool {
    let labels: Vec<&str> = name.trim_end_matches('.').split('.').collect();
    let private = [
        "localhost", "internal", "local", "test", "invalid", "onion", "arpa", "lan", "home", "corp",
        "localdomain",
    ];
    labels.len() > 1
        && labels.iter().all(|label| !label.is_empty() && label.len() < 64)
        && name.chars().all(|c| "abcdefghijklmnopqrstuvwxyz0123456789.-_".contains(c))
        && !private.contains(labels.last().unwrap())
        && labels.last().unwrap().parse::<u128>().is_err()
}

/// What URLs are made of, in any order.
fn soup() -> impl Strategy<Value = String> {
    let parts = [
        "https", "http", "HTTPS", "ftp", "javascript", "://", "://", "://", ":", "/", "//", "\\", "@", "?",
        "#", ".", "..", "%", "%2e", "%2f", "%00", "%09", "[", "]", "[::1]", "[2a00::1]", "[::ffff:1.2.3.4]",
        "127.0.0.1", "0x7f", "017700000001", "1.1", "8.8.8.8", "10", "localhost", "internal", "example.com",
        "evil.example", "www.", "xn--", "xn--a", "bücher", "。", "①", "ß", ":80", ":443", ":8080", ":0", ":",
        "a", "b", "-", "_", "`", "{", "&", "\t", "\n", "\r", "\0", " ", "\u{ad}", "\u{202e}", "\u{fffd}",
    ];
    let word = || prop::sample::select(parts.to_vec());
    let start = prop::sample::select(vec![
        "", "https://", "http://", "/", "https://example.com", "https://example.com/",
    ]);
    (start, prop::collection::vec(word(), 0..8)).prop_map(|(start, words)| start.to_owned() + &words.concat())
}
