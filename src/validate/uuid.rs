use std::borrow::Cow;

use super::{Invalid, InvalidKind};

valid_text! {
    /// A UUID of any version; the canonical form has small letters.
    ///
    /// ```
    /// use palisade::validate::Uuid;
    ///
    /// let id = Uuid::parse("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6")?;
    /// assert_eq!(id.as_str(), "f81d4fae-7dec-11d0-a765-00a0c91e6bf6");
    /// assert_eq!((id.to_u128() >> 96, id.version()), (0xF81D_4FAE, Some(1)));
    /// assert!(Uuid::parse("{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}").is_err());
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// It names things and proves nothing: whoever knows one may have guessed or seen it. For what must not be guessed there
    /// is [`Token`](crate::token::Token).
    ///
    /// # Source
    /// RFC 9562 §4.
    Uuid, at most 36 bytes
}

impl Uuid {
    /// The 128 bits as a number.
    pub fn to_u128(&self) -> u128 {
        self.as_str().bytes().filter_map(digit).fold(0, |value, digit| value << 4 | u128::from(digit))
    }

    /// The 16 bytes, the first one first.
    pub fn to_bytes(&self) -> [u8; 16] {
        self.to_u128().to_be_bytes()
    }

    /// The version, for UUIDs of the variant that RFC 9562 defines; not for the nil and the maximal one.
    pub fn version(&self) -> Option<u8> {
        let bits = self.to_u128();
        (bits >> 62 & 3 == 2).then_some((bits >> 76 & 15) as u8)
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, FORM));
    }
    if text.len() > Uuid::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, FORM));
    }
    let mut has_capitals = false;
    for (at, byte) in text.bytes().enumerate() {
        let is_right = if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() };
        if !is_right {
            return Err(invalid(InvalidKind::Character, FORM).at_byte(at));
        }
        has_capitals |= byte.is_ascii_uppercase();
    }
    if text.len() < Uuid::MAX_BYTES {
        return Err(invalid(InvalidKind::TooShort, FORM));
    }
    Ok(if has_capitals { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) })
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("UUID", kind, expected)
}

const FORM: &str = "32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 with hyphens between them";
