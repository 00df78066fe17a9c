//! Addresses and URLs that others give, beside the parser of the URL Standard and what the standard library tells about addresses.

use std::hint::black_box;
use std::net::IpAddr;

use palisade::validate::{Cidr, CidrSet, LocalTarget, Origin, OutboundUrl, Uri, is_public_ip};
use palisade_peers::{Race, Report};
use url::Url;

const HOOK: &str = "https://hooks.example.com/services/T0123/B4567?token=abcdef";
const PATH: &str = "/account/settings?tab=keys";
const SITE: &str = "https://app.example.com:8443";

pub fn races(report: &mut Report) {
    public(report);
    set(report);
    urls(report);
}

fn public(report: &mut Report) {
    let parse = |text: &str| text.parse::<IpAddr>().unwrap();
    for (name, text) in [("IPv4", "93.184.215.14"), ("IPv6", "2a00:1450:4001:81b::200e")] {
        let (addr, same) = (parse(text), parse(text));
        Race::new(format!("is this {name} address public"), "≤ 5 ns")
            .contender("palisade: is_public_ip", move || is_public_ip(black_box(addr)), |&public| public)
            .contender(
                "std: stable predicates, which know fewer blocks",
                move || match black_box(same) {
                    IpAddr::V4(v4) => {
                        !(v4.is_private()
                            || v4.is_loopback()
                            || v4.is_link_local()
                            || v4.is_unspecified()
                            || v4.is_multicast()
                            || v4.is_broadcast()
                            || v4.is_documentation())
                    }
                    IpAddr::V6(v6) => {
                        !(v6.is_loopback()
                            || v6.is_unspecified()
                            || v6.is_multicast()
                            || v6.is_unique_local()
                            || v6.is_unicast_link_local())
                    }
                },
                |&public| public,
            )
            .run(report);
    }
}

fn set(report: &mut Report) {
    let texts: Vec<String> = (0..1_000).map(|n| format!("10.{}.{}.0/24", n / 250, n % 250)).collect();
    let networks: Vec<Cidr> = texts.iter().map(|text| Cidr::parse(text).unwrap()).collect();
    let peers: Vec<ipnet::IpNet> = texts.iter().map(|text| text.parse().unwrap()).collect();
    let set: CidrSet = networks.into_iter().collect();
    let addr: IpAddr = "10.3.249.7".parse().unwrap();
    Race::new("is an address in one of 1,000 networks", "")
        .contender("palisade: CidrSet", move || set.contains(black_box(addr)), |&is_in| is_in)
        .contender(
            "ipnet 2.12.2: one after the other",
            move || peers.iter().any(|network| network.contains(&black_box(addr))),
            |&is_in| is_in,
        )
        .run(report);
}

fn urls(report: &mut Report) {
    Race::new("URL of 59 bytes to connect to", "≤ 2 × url")
        .contender("palisade: OutboundUrl", || OutboundUrl::parse(black_box(HOOK)).is_ok(), |&ok| ok)
        .contender("url 2.5.8: parse alone", || Url::parse(black_box(HOOK)).is_ok(), |&ok| ok)
        .yardstick("palisade: Uri (syntax alone)", || Uri::parse(black_box(HOOK)).is_ok(), |&ok| ok)
        .run(report);
    let base = Url::parse("https://app.example.com/").unwrap();
    Race::new("redirect target", "≤ 2 × url")
        .contender("palisade: LocalTarget", || LocalTarget::parse(black_box(PATH)).is_ok(), |&ok| ok)
        .contender(
            "url 2.5.8: join and compare origins",
            move || base.join(black_box(PATH)).is_ok_and(|url| url.origin() == base.origin()),
            |&ok| ok,
        )
        .run(report);
    Race::new("origin", "≤ 2 × url")
        .contender("palisade: Origin", || Origin::parse(black_box(SITE)).is_ok(), |&ok| ok)
        .contender(
            "url 2.5.8: parse and serialise the origin",
            || Url::parse(black_box(SITE)).is_ok_and(|url| url.origin().ascii_serialization() == SITE),
            |&ok| ok,
        )
        .run(report);
}
