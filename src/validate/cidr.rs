use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::{Invalid, InvalidKind};

/// A network: an address and how many of its bits all members share.
///
/// ```
/// use palisade::validate::Cidr;
///
/// let office = Cidr::parse("10.20.0.0/16")?;
/// assert!(office.contains("10.20.30.40".parse()?) && !office.contains("10.21.0.1".parse()?));
/// assert_eq!(Cidr::parse("192.0.2.7")?.to_string(), "192.0.2.7/32"); // one address
/// assert!(Cidr::parse("10.20.30.40/16").is_err()); // a typo in the address, or in the prefix?
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// An IPv4 address that is mapped into IPv6 (`::ffff:10.20.30.40`, as a socket for both shows its callers) is in the IPv4
/// networks that the address is in, and in no IPv6 network.
///
/// # Source
/// RFC 4632 §3.1; RFC 4291 §§2.2, 2.3.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    // Order matters: networks sort by where they begin, and one before those within it.
    network: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Reads `ADDRESS/PREFIX`, or an address alone for a network of one.
    ///
    /// # Errors
    /// It is something else: a bit is set behind the prefix; a number begins with zero, which some read as octal; or the
    /// network is of mapped addresses, which are written as IPv4.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |kind, expected| Invalid::new("network", kind, expected);
        if text.is_empty() {
            return Err(invalid(InvalidKind::Empty, FORM));
        }
        if text.len() > MAX_BYTES {
            return Err(invalid(InvalidKind::TooLong, "at most 49 bytes"));
        }
        let (addr, prefix) = match text.split_once('/') {
            Some((addr, prefix)) => (addr, Some(prefix)),
            None => (text, None),
        };
        let network: IpAddr = addr.parse().map_err(|_| invalid(InvalidKind::Form, FORM).at_byte(0))?;
        if network != network.to_canonical() {
            return Err(invalid(InvalidKind::Form, "mapped addresses written as IPv4").at_byte(0));
        }
        let prefix = match prefix {
            None => width(network),
            Some(digits) => {
                let at = addr.len() + 1;
                number(digits).filter(|prefix| *prefix <= width(network)).ok_or(
                    invalid(InvalidKind::Range, "a prefix of 0 to 32, or to 128 of IPv6").at_byte(at),
                )?
            }
        };
        if masked(network, prefix) != network {
            return Err(invalid(InvalidKind::Form, "no bit set behind the prefix").at_byte(0));
        }
        Ok(Self { network, prefix })
    }

    /// The first address.
    pub const fn network(&self) -> IpAddr {
        self.network
    }

    /// How many bits the addresses share.
    pub const fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether the network has `addr`.
    pub fn contains(&self, addr: IpAddr) -> bool {
        self.has(addr.to_canonical())
    }

    fn has(&self, canonical: IpAddr) -> bool {
        canonical.is_ipv4() == self.network.is_ipv4() && masked(canonical, self.prefix) == self.network
    }

    fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && self.has(other.network)
    }
}

impl FromStr for Cidr {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Cidr {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

impl fmt::Debug for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cidr({self})")
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Cidr {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Cidr {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::unquoted::text(deserializer, "expected a string", |text| Self::parse(&text))
    }
}

/// Networks, asked as one.
///
/// ```
/// use palisade::validate::{Cidr, CidrSet};
///
/// let internal: CidrSet = ["10.0.0.0/8", "10.1.0.0/16", "fd00::/8"].into_iter().map(Cidr::parse).collect::<Result<_, _>>()?;
/// assert!(internal.contains("10.1.2.3".parse()?) && internal.contains("::ffff:10.1.2.3".parse()?));
/// assert!(!internal.contains("192.0.2.1".parse()?));
/// assert_eq!(internal.to_string(), "10.0.0.0/8, fd00::/8"); // what lies within another says nothing
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CidrSet {
    // INVARIANT: sorted, and none covers another; contains binary-searches.
    networks: Vec<Cidr>,
}

impl CidrSet {
    /// No network.
    #[must_use]
    pub const fn new() -> Self {
        Self { networks: Vec::new() }
    }

    /// Whether one of the networks has `addr`; in a time that grows with the logarithm of their number.
    pub fn contains(&self, addr: IpAddr) -> bool {
        let addr = addr.to_canonical();
        let behind = self.networks.partition_point(|cidr| cidr.network <= addr);
        // Networks are nested or apart: of those that begin before, the last is the only one that can reach this far.
        self.networks.get(..behind).and_then(<[Cidr]>::last).is_some_and(|cidr| cidr.has(addr))
    }

    /// Whether there is no network.
    pub const fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }

    /// The networks in order, without those that lie within another.
    pub fn iter(&self) -> impl Iterator<Item = Cidr> + '_ {
        self.networks.iter().copied()
    }
}

impl Extend<Cidr> for CidrSet {
    fn extend<I: IntoIterator<Item = Cidr>>(&mut self, networks: I) {
        self.networks.extend(networks);
        self.networks.sort_unstable();
        // What covers another stands before it, and nothing that it does not cover stands between.
        self.networks.dedup_by(|next, kept| kept.covers(next));
    }
}

impl FromIterator<Cidr> for CidrSet {
    fn from_iter<I: IntoIterator<Item = Cidr>>(networks: I) -> Self {
        let mut set = Self::new();
        set.extend(networks);
        set
    }
}

impl fmt::Display for CidrSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, network) in self.networks.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            network.fmt(f)?;
        }
        Ok(())
    }
}

fn width(addr: IpAddr) -> u8 {
    if addr.is_ipv4() { 32 } else { 128 }
}

fn masked(addr: IpAddr, prefix: u8) -> IpAddr {
    match addr {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Ipv4Addr::from(u32::from(v4) & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Ipv6Addr::from(u128::from(v6) & mask).into()
        }
    }
}

/// Digits alone, and no zero before others.
fn number(text: &str) -> Option<u8> {
    let is_plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    is_plain.then(|| text.parse().ok())?
}

/// The longest address of IPv6 with a dotted end, and `/128`.
const MAX_BYTES: usize = 49;

const FORM: &str = "an address, a slash and a prefix, such as 10.0.0.0/8";
