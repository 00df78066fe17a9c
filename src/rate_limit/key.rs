use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::ip::{IpKey, ip_key};

/// Whom a limit is for, of several parts that cannot be confused: what remote stores take, and limiters in memory as well.
///
/// Each part carries its kind and length, so that `("a", "bc")` and `("ab", "c")` are different keys. An address counts as
/// its [`ip_key`]: an IPv6 address as its /64.
///
/// ```
/// use palisade::rate_limit::RateKey;
/// use std::net::IpAddr;
///
/// let addr: IpAddr = "2001:db8::1".parse()?;
/// let key = RateKey::new("login").part("ann@example.com").part(addr);
/// let neighbour: IpAddr = "2001:db8::2".parse()?;
/// assert_eq!(key, RateKey::new("login").part("ann@example.com").part(neighbour));
/// assert_ne!(RateKey::new("login").part("a").part("bc"), RateKey::new("login").part("ab").part("c"));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
///
/// # Security
/// `Debug` shows nothing of it: a part may be the address of a person.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RateKey {
    bytes: Vec<u8>,
}

/// What a [`RateKey`] is made of: text, bytes, numbers, addresses.
pub trait KeyPart: Sealed {}

impl<T: Sealed + ?Sized> KeyPart for T {}

impl RateKey {
    /// A key for one purpose, such as `"login"`.
    pub fn new(name: &str) -> Self {
        Self { bytes: Vec::with_capacity(64) }.part(name)
    }

    /// Adds a part.
    #[must_use]
    pub fn part(mut self, part: impl KeyPart) -> Self {
        part.write(&mut self.bytes);
        self
    }

    /// The key as bytes: equal for equal keys alone.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for RateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateKey").finish_non_exhaustive()
    }
}

mod sealed {
    pub trait Sealed {
        fn write(&self, key: &mut Vec<u8>);
    }
}

use sealed::Sealed;

/// Kinds of parts, so that the number 1 is not the text of the same bytes.
const BYTES: u8 = 0;
const NUMBER: u8 = 1;
const ADDRESS: u8 = 2;

fn write(key: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    key.push(kind);
    key.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    key.extend_from_slice(bytes);
}

impl<T: Sealed + ?Sized> Sealed for &T {
    fn write(&self, key: &mut Vec<u8>) {
        (**self).write(key);
    }
}

impl Sealed for [u8] {
    fn write(&self, key: &mut Vec<u8>) {
        write(key, BYTES, self);
    }
}

impl<const N: usize> Sealed for [u8; N] {
    fn write(&self, key: &mut Vec<u8>) {
        write(key, BYTES, self);
    }
}

impl Sealed for Vec<u8> {
    fn write(&self, key: &mut Vec<u8>) {
        write(key, BYTES, self);
    }
}

impl Sealed for str {
    fn write(&self, key: &mut Vec<u8>) {
        write(key, BYTES, self.as_bytes());
    }
}

impl Sealed for String {
    fn write(&self, key: &mut Vec<u8>) {
        write(key, BYTES, self.as_bytes());
    }
}

/// A number is the same in every type that holds it.
macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Sealed for $number {
            fn write(&self, key: &mut Vec<u8>) {
                write(key, NUMBER, &i128::from(*self).to_be_bytes());
            }
        })*
    };
}

numbers!(u8, u16, u32, u64, i8, i16, i32, i64, i128);

impl Sealed for usize {
    fn write(&self, key: &mut Vec<u8>) {
        (*self as u64).write(key);
    }
}

impl Sealed for isize {
    fn write(&self, key: &mut Vec<u8>) {
        (*self as i64).write(key);
    }
}

impl Sealed for u128 {
    fn write(&self, key: &mut Vec<u8>) {
        match i128::try_from(*self) {
            Ok(number) => number.write(key),
            Err(_) => write(key, NUMBER, &[&[0], self.to_be_bytes().as_slice()].concat()),
        }
    }
}

impl Sealed for IpKey {
    fn write(&self, key: &mut Vec<u8>) {
        let mut bytes = [0; 17];
        let octets = match self.network() {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        bytes.iter_mut().zip(octets.iter().chain([&self.prefix()])).for_each(|(to, from)| *to = *from);
        write(key, ADDRESS, &bytes);
    }
}

macro_rules! addresses {
    ($($address:ty),*) => {
        $(impl Sealed for $address {
            fn write(&self, key: &mut Vec<u8>) {
                ip_key(*self).write(key);
            }
        })*
    };
}

addresses!(IpAddr, Ipv4Addr, Ipv6Addr);

/// The port is left out: callers choose it.
impl Sealed for SocketAddr {
    fn write(&self, key: &mut Vec<u8>) {
        self.ip().write(key);
    }
}
