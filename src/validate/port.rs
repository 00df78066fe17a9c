use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use super::{Invalid, InvalidKind};

/// A port that something listens on: 1 to 65535.
///
/// ```
/// use palisade::validate::Port;
///
/// assert_eq!(Port::parse("8443")?.get(), 8443);
/// for refused in ["", "0", "080", "+80", " 80", "65536", "http"] {
///     assert!(Port::parse(refused).is_err());
/// }
/// # Ok::<(), palisade::validate::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(NonZeroU16);

impl Port {
    /// Reads a decimal number without sign and without zeros before it.
    ///
    /// # Errors
    /// It is something else, zero, or above 65535.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |kind, expected| Invalid::new("port", kind, expected);
        if text.is_empty() {
            return Err(invalid(InvalidKind::Empty, "a number from 1 to 65535"));
        }
        if text.len() > 5 {
            return Err(invalid(InvalidKind::TooLong, "at most 5 digits"));
        }
        if let Some(at) = text.bytes().position(|byte| !byte.is_ascii_digit()) {
            return Err(invalid(InvalidKind::Character, "only digits").at_byte(at));
        }
        if text.starts_with('0') && text != "0" {
            return Err(invalid(InvalidKind::Form, "no zeros before the number").at_byte(0));
        }
        let range = invalid(InvalidKind::Range, "a number from 1 to 65535");
        text.parse().map_or(Err(range), |number| Ok(Self(number)))
    }

    /// The number.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

impl FromStr for Port {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<&str> for Port {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        Self::parse(text)
    }
}

impl TryFrom<u16> for Port {
    type Error = Invalid;

    fn try_from(number: u16) -> Result<Self, Self::Error> {
        let zero = Invalid::new("port", InvalidKind::Range, "a number from 1 to 65535");
        NonZeroU16::new(number).map(Self).ok_or(zero)
    }
}

impl From<Port> for u16 {
    fn from(port: Port) -> Self {
        port.get()
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// As a number, which is what a configuration file has.
#[cfg(feature = "serde")]
impl serde::Serialize for Port {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(self.get())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Port {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A parser's own error would quote what it found.
        let port = u16::deserialize(deserializer).ok().and_then(|number| Self::try_from(number).ok());
        port.ok_or_else(|| serde::de::Error::custom("port: a number from 1 to 65535"))
    }
}
