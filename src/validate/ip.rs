use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one host on the public Internet, and no other host is written in it.
///
/// What a server that follows other people's addresses may connect to. It is `false` unless there is a reason for `true`:
///
/// ```
/// use palisade::validate::is_public_ip;
///
/// let is_public = |text: &str| text.parse().map(is_public_ip);
/// assert_eq!(is_public("8.8.8.8")?, true);
/// assert_eq!(is_public("2a00:1450:4001:81b::200e")?, true);
/// assert_eq!(is_public("169.254.169.254")?, false); // the metadata of a virtual machine
/// assert_eq!(is_public("100.64.0.1")?, false); // behind a carrier's NAT
/// assert_eq!(is_public("::ffff:8.8.8.8")?, false); // an IPv4 address has one spelling
/// assert_eq!(is_public("64:ff9b::a9fe:a9fe")?, false); // 169.254.169.254 by way of NAT64
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
///
/// IPv4: all but the blocks with a purpose of their own and multicast. IPv6: what is allocated for use on the Internet,
/// `2000::/3`, but for the blocks with a purpose of their own, and for what carries an IPv4 address: 6to4, Teredo and
/// ISATAP's interface identifiers; mapped, compatible and translated addresses are not in `2000::/3`.
///
/// Three blocks are public by the registry and not here: `192.0.0.0/24` and `2001::/23` as a whole, of which protocols own a
/// few addresses that answer everywhere, and `168.63.129.16`, by which a virtual machine on Azure reaches its host.
///
/// # Source
/// RFC 6890 §2, updated by RFC 8190, and IANA's IPv4 and IPv6 special-purpose address registries of 2024-10-22; RFC 9780;
/// RFC 4291 §2.4 for what is in use; RFC 5214 §6.1 for ISATAP.
#[must_use]
#[inline]
pub const fn is_public_ip(addr: IpAddr) -> bool {
    match addr {
        IpAddr::V4(addr) => is_public_v4(addr),
        IpAddr::V6(addr) => is_public_v6(addr),
    }
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64, 6to4 or ISATAP.
#[cfg(feature = "url")]
pub(super) const fn embedded_v4(addr: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(addr) = addr else { return None };
    let (high, low) = match addr.segments() {
        [0, 0, 0, 0, 0, 0, 0, _] => return None, // ::1 and its neighbours are themselves
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0x64, 0xff9b, _, _, _, _, high, low]
        | [_, _, _, _, 0 | 0x0200, 0x5efe, high, low]
        | [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits((high as u32) << 16 | low as u32))
}

#[inline]
const fn is_public_v4(addr: Ipv4Addr) -> bool {
    !matches!(
        addr.octets(),
        [0 | 10 | 127 | 224..=255, ..] // this network, private, loopback; multicast, reserved and broadcast
            | [100, 64..=127, ..] // shared by a carrier's customers, RFC 6598
            | [169, 254, ..] // link-local
            | [172, 16..=31, ..] // private
            | [192, 168, ..] // private
            | [192, 0, 0 | 2, _] // protocol assignments; documentation
            | [192, 88, 99, _] // 6to4 relays, withdrawn by RFC 7526
            | [198, 18 | 19, ..] // benchmarks
            | [198, 51, 100, _] // documentation
            | [203, 0, 113, _] // documentation
            | [168, 63, 129, 16] // Azure's host of a virtual machine
    )
}

#[inline]
const fn is_public_v6(addr: Ipv6Addr) -> bool {
    match addr.segments() {
        [0x2001, 0..=0x01ff | 0x0db8, ..] // protocol assignments with Teredo, benchmarks and ORCHID; documentation
        | [0x2002, ..] // 6to4
        | [0x3fff, 0..=0x0fff, ..] // documentation, RFC 9637
        | [_, _, _, _, 0 | 0x0200, 0x5efe, _, _] => false, // ISATAP
        [first, ..] => first >> 13 == 0b001,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const _: () = assert!(is_public_ip(IpAddr::V4(Ipv4Addr::new(8, 8, 8, 8))));

    #[test]
    fn blocks_begin_and_end_where_the_registries_say() {
        for (first, last) in BLOCKS {
            let [first, last]: [IpAddr; 2] = [first, last].map(|text| text.parse().unwrap());
            assert!(!is_public_ip(first) && !is_public_ip(last), "{first} to {last}");
            let before = step(first, u128::wrapping_sub);
            let after = step(last, u128::wrapping_add);
            assert!(is_public_ip(before), "{before} is before {first}");
            assert!(is_public_ip(after), "{after} is after {last}");
        }
    }

    /// The address that follows, or goes before.
    fn step(addr: IpAddr, by: fn(u128, u128) -> u128) -> IpAddr {
        match addr {
            IpAddr::V4(v4) => {
                let stepped = by(u128::from(u32::from(v4)), 1);
                Ipv4Addr::from(u32::try_from(stepped & u128::from(u32::MAX)).unwrap()).into()
            }
            IpAddr::V6(v6) => Ipv6Addr::from(by(u128::from(v6), 1)).into(),
        }
    }

    const BLOCKS: &[(&str, &str)] = &[
        ("224.0.0.0", "0.255.255.255"), // around the end
        ("10.0.0.0", "10.255.255.255"),
        ("100.64.0.0", "100.127.255.255"),
        ("127.0.0.0", "127.255.255.255"),
        ("168.63.129.16", "168.63.129.16"),
        ("169.254.0.0", "169.254.255.255"),
        ("172.16.0.0", "172.31.255.255"),
        ("192.0.0.0", "192.0.0.255"),
        ("192.0.2.0", "192.0.2.255"),
        ("192.88.99.0", "192.88.99.255"),
        ("192.168.0.0", "192.168.255.255"),
        ("198.18.0.0", "198.19.255.255"),
        ("198.51.100.0", "198.51.100.255"),
        ("203.0.113.0", "203.0.113.255"),
        ("4000::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), // around the end
        ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("2a00::5efe:0:0", "2a00::5efe:ffff:ffff"),
        ("2a00::200:5efe:0:0", "2a00::200:5efe:ffff:ffff"),
    ];
}
