//! What the network types of `validate` accept passes slow checkers that are written another way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use palisade::validate::{Cidr, CidrSet, Port, Uri, is_public_ip};
use proptest::prelude::*;
use regex::Regex;

proptest! {
    #[test]
    fn an_address_is_public_unless_a_block_has_it(addr in address()) {
        let is_special = SPECIAL.iter().any(|cidr| is_in(*cidr, addr)) || is_isatap(addr) || addr != addr.to_canonical();
        prop_assert_eq!(is_public_ip(addr), !is_special, "{}", addr);
    }

    #[test]
    fn a_set_has_what_one_of_its_networks_has(texts in prop::collection::vec(network(), 0..12), addr in address()) {
        let networks: Vec<Cidr> = texts.iter().map(|text| Cidr::parse(text).unwrap()).collect();
        let set: CidrSet = networks.iter().copied().collect();
        let asked: Vec<IpAddr> = networks.iter().map(Cidr::network).chain([addr]).collect();
        for addr in asked {
            prop_assert_eq!(set.contains(addr), networks.iter().any(|cidr| is_in(*cidr, addr)), "{} in {}", addr, set);
        }
        let mut grown = CidrSet::new();
        for network in networks {
            grown.extend([network]);
        }
        prop_assert_eq!(&grown, &set);
        prop_assert_eq!(set.iter().collect::<CidrSet>(), set);
    }

    #[test]
    fn a_port_is_a_number_of_16_bits_but_zero(text in "[0-9]{1,6}|\\PC{0,6}", number: u16) {
        let expected = text.parse().ok().filter(|port: &u16| *port > 0 && port.to_string() == text);
        prop_assert_eq!(Port::parse(&text).ok().map(Port::get), expected);
        prop_assert_eq!(Port::parse(&number.to_string()).is_ok(), number > 0);
        prop_assert_eq!(Port::try_from(number).ok().map(u16::from), Some(number).filter(|port| *port > 0));
    }

    #[test]
    fn a_uri_is_what_the_grammar_derives(text in "[a-z]{1,3}:(//)?[ -~é]{0,12}|[a-z]+:[a-z%0-9A-G:/?#\\[\\]@]{0,16}|h://[\\[\\]:@v0-9a-f.%]{0,12}(/[a-z#?]{0,3})?|\\PC{0,12}") {
        let is_uri = GRAMMAR.captures(&text).is_some_and(|found| {
            found.get(1).is_none_or(|address| address.as_str().parse::<Ipv6Addr>().is_ok())
        });
        prop_assert_eq!(Uri::parse(&text).is_ok(), is_uri, "{}", text);
    }
}

#[test]
fn what_is_mapped_is_in_the_networks_of_ipv4() {
    let set: CidrSet = ["10.0.0.0/8", "::/0"].map(|text| Cidr::parse(text).unwrap()).into_iter().collect();
    let has = |text: &str| set.contains(text.parse().unwrap());
    assert!(has("10.1.2.3") && has("::ffff:10.1.2.3") && has("2001:db8::1"));
    assert!(!has("11.1.2.3") && !has("::ffff:11.1.2.3"));
    assert!(!CidrSet::new().contains(Ipv4Addr::LOCALHOST.into()) && CidrSet::default().is_empty());
}

#[test]
fn networks_within_networks_are_not_shown() {
    let texts = ["10.1.0.0/16", "::1/128", "10.0.0.0/8", "9.0.0.0/8", "10.255.255.255/32", "11.0.0.0/8"];
    let set: CidrSet = texts.map(|text| Cidr::parse(text).unwrap()).into_iter().collect();
    assert_eq!(set.to_string(), "9.0.0.0/8, 10.0.0.0/8, 11.0.0.0/8, ::1/128");
}

/// Bit by bit, as a person would compare them.
fn is_in(cidr: Cidr, addr: IpAddr) -> bool {
    let bits = |addr: IpAddr| match addr {
        IpAddr::V4(v4) => v4.octets().map(|octet| format!("{octet:08b}")).concat(),
        IpAddr::V6(v6) => v6.octets().map(|octet| format!("{octet:08b}")).concat(),
    };
    let addr = match addr {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(addr, IpAddr::V4),
        IpAddr::V4(_) => addr,
    };
    let prefix = usize::from(cidr.prefix());
    addr.is_ipv4() == cidr.network().is_ipv4() && bits(addr)[..prefix] == bits(cidr.network())[..prefix]
}

fn is_isatap(addr: IpAddr) -> bool {
    let text = match addr {
        IpAddr::V4(_) => return false,
        IpAddr::V6(v6) => v6.segments().map(|segment| format!("{segment:04x}")).join(":"),
    };
    text.get(20..29).is_some_and(|middle| middle == "0000:5efe" || middle == "0200:5efe")
}

/// Near the edges of the blocks, and anywhere.
fn address() -> impl Strategy<Value = IpAddr> {
    let near =
        (prop::sample::select(&SPECIAL[..]), any::<u128>(), 0_u32..10).prop_map(|(cidr, noise, kind)| {
            let (width, first) = match cidr.network() {
                IpAddr::V4(v4) => (32, u128::from(u32::from(v4))),
                IpAddr::V6(v6) => (128, u128::from(v6)),
            };
            let rest = u128::MAX.checked_shr(128 - (width - u32::from(cidr.prefix()))).unwrap_or(0);
            let number = match kind {
                0 => first,
                1 => first | rest,
                2 => first.wrapping_sub(1),
                3 => (first | rest).wrapping_add(1),
                4 if width == 128 => (first & !(0xffff_ffff << 32)) | (0x5efe << 32),
                _ => first | (noise & rest),
            };
            match width {
                32 => Ipv4Addr::from(u32::try_from(number & u128::from(u32::MAX)).unwrap()).into(),
                _ => Ipv6Addr::from(number).into(),
            }
        });
    prop_oneof![
        3 => near,
        1 => any::<Ipv4Addr>().prop_map(IpAddr::V4),
        1 => any::<Ipv4Addr>().prop_map(|v4| v4.to_ipv6_mapped().into()),
        1 => any::<Ipv6Addr>().prop_map(IpAddr::V6),
        1 => any::<u128>().prop_map(|noise| Ipv6Addr::from(noise >> 3 | 1 << 125).into()),
    ]
}

/// Few leading bits, so that networks lie within each other.
fn network() -> impl Strategy<Value = String> {
    let v4 = (any::<u32>(), 0_u32..=32).prop_map(|(noise, prefix)| {
        let mask = u32::MAX.checked_shl(32 - prefix).unwrap_or(0);
        format!("{}/{prefix}", Ipv4Addr::from(noise & 0x0303_0303 & mask))
    });
    let v6 = (any::<u128>(), 0_u32..=128).prop_map(|(noise, prefix)| {
        let mask = u128::MAX.checked_shl(128 - prefix).unwrap_or(0);
        format!("{}/{prefix}", Ipv6Addr::from(noise & (0x0101 << 112 | 0x0101) & mask))
    });
    prop_oneof![v4, v6]
}

/// The registries' blocks that are not globally reachable, multicast, and what `is_public_ip` says it refuses besides.
static SPECIAL: LazyLock<Vec<Cidr>> = LazyLock::new(|| {
    let blocks = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 \
         192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 \
         255.255.255.255/32 ::/3 2001::/23 2001::/32 2001:2::/48 2001:10::/28 2001:20::/28 2001:db8::/32 2002::/16 3fff::/20 \
         4000::/2 8000::/1 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8";
    blocks.split_ascii_whitespace().map(|text| Cidr::parse(text).unwrap()).collect()
});

/// RFC 3986, Appendix A; the address between brackets is captured, and not looked at.
static GRAMMAR: LazyLock<Regex> = LazyLock::new(|| {
    let plain = r"[A-Za-z0-9\-._~!$&'()*+,;=]";
    let coded = "%[0-9A-Fa-f]{2}";
    let pchar = format!("(?:{plain}|{coded}|[:@])");
    let userinfo = format!("(?:{plain}|{coded}|:)*");
    let literal = format!(r"\[(?:([0-9A-Fa-f:.]+)|[vV][0-9A-Fa-f]+\.(?:{plain}|:)+)\]");
    let authority = format!("(?:{userinfo}@)?(?:{literal}|(?:{plain}|{coded})*)(?::[0-9]*)?");
    let hier =
        format!("(?://{authority}(?:/{pchar}*)*|/(?:{pchar}+(?:/{pchar}*)*)?|{pchar}+(?:/{pchar}*)*|)");
    let rest = format!("(?:{pchar}|[/?])*");
    Regex::new(&format!(r"\A[A-Za-z][A-Za-z0-9+\-.]*:{hier}(?:\?{rest})?(?:#{rest})?\z")).unwrap()
});
