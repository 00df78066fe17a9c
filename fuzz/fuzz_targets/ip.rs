//! A set of networks has what one of its networks has, and no public address is in a network that is not.
#![no_main]

use std::net::{IpAddr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use palisade::validate::{Cidr, CidrSet, Port, is_public_ip};

fuzz_target!(|input: (&str, [u8; 16], u16)| {
    let (text, octets, number) = input;
    let v6 = Ipv6Addr::from(octets);
    let v4 = IpAddr::from([octets[0], octets[1], octets[2], octets[3]]);
    for addr in [IpAddr::V6(v6), v4] {
        let is_private = match addr {
            IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast(),
            IpAddr::V6(v6) => {
                v6.is_loopback() || v6.is_unicast_link_local() || v6.is_unique_local() || v6.is_multicast()
            }
        };
        assert!(!(is_private || addr.is_unspecified()) || !is_public_ip(addr));
        let set: CidrSet = text.split(',').filter_map(|text| Cidr::parse(text).ok()).collect();
        let asked = set.iter().map(|cidr| cidr.network()).chain([addr]);
        for addr in asked {
            let is_in_one =
                text.split(',').filter_map(|text| Cidr::parse(text).ok()).any(|cidr| cidr.contains(addr));
            assert_eq!(set.contains(addr), is_in_one);
        }
        for cidr in set.iter() {
            assert_eq!(Cidr::parse(&cidr.to_string()), Ok(cidr));
        }
    }
    assert_eq!(Port::parse(&number.to_string()).ok().map(Port::get), Some(number).filter(|port| *port > 0));
    if let Ok(port) = Port::parse(text) {
        assert_eq!(port.to_string(), text);
    }
});
