use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network that an address is limited by.
///
/// ```
/// use palisade::rate_limit::{ip_key, network_key};
/// use std::net::IpAddr;
///
/// let key = |text: &str| text.parse::<IpAddr>().map(|addr| ip_key(addr).to_string());
/// assert_eq!(key("192.0.2.7")?, "192.0.2.7");
/// assert_eq!(key("::ffff:192.0.2.7")?, "192.0.2.7"); // the same caller on a socket for both
/// assert_eq!(key("64:ff9b::192.0.2.7")?, "192.0.2.7"); // the same caller behind NAT64
/// assert_eq!(key("2001:db8:1:2:3:4:5:6")?, "2001:db8:1:2::/64");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IpKey {
    network: IpAddr,
    prefix: u8,
}

/// The key of one caller: an IPv4 address, or an IPv6 /64, which is the least that a caller is given and which has 2^64
/// addresses to choose from.
///
/// An IPv4 address in an IPv6 one, mapped (`::ffff:0:0/96`) or by NAT64's well-known prefix (`64:ff9b::/96`), is the IPv4
/// address.
///
/// # Source
/// RFC 4291 §2.5.5.2; RFC 6052 §2.1; RFC 6177.
pub fn ip_key(addr: impl Into<IpAddr>) -> IpKey {
    IpKey::new(addr.into(), 32, 64)
}

/// The key of a site: an IPv4 /24 or an IPv6 /48. Limits on it are larger than those on a caller.
pub fn network_key(addr: impl Into<IpAddr>) -> IpKey {
    IpKey::new(addr.into(), 24, 48)
}

impl IpKey {
    fn new(addr: IpAddr, v4_prefix: u8, v6_prefix: u8) -> Self {
        match unwrapped(addr) {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(v4_prefix)).unwrap_or(0);
                Self { network: Ipv4Addr::from(u32::from(v4) & mask).into(), prefix: v4_prefix }
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(v6_prefix)).unwrap_or(0);
                Self { network: Ipv6Addr::from(u128::from(v6) & mask).into(), prefix: v6_prefix }
            }
        }
    }

    /// The first address of the network.
    pub fn network(&self) -> IpAddr {
        self.network
    }

    /// How many of the address's bits count.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }
}

/// The address that a caller has, however it came in.
pub(super) fn unwrapped(addr: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = addr else { return addr };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)).into()
        }
        _ => addr,
    }
}

/// An address, or a network with its prefix.
impl fmt::Display for IpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self { network: IpAddr::V4(v4), prefix: 32 } => v4.fmt(f),
            Self { network, prefix } => write!(f, "{network}/{prefix}"),
        }
    }
}

impl fmt::Debug for IpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IpKey({self})")
    }
}
