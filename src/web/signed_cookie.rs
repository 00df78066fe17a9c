use zeroize::Zeroizing;

use super::cookie::is_value;
use super::{CookieError, Header, SessionCookie};
use crate::compare;
use crate::encoding;
use crate::keys::{Key, KeyId, KeyRing};

/// A [`SessionCookie`] whose value is signed: a forged one is refused before a store is asked.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::web::SessionCookie;
///
/// let cookie = SessionCookie::new("session")?.signed(&KeyRing::generate()?);
/// let set = cookie.set("q2V9")?;
/// let sent_back = set.split(';').next().unwrap_or_default();
/// assert_eq!(cookie.read(sent_back.as_bytes()), Some("q2V9"));
/// assert_eq!(cookie.read(sent_back.replace("q2V9", "q2V8").as_bytes()), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It is signed, not encrypted, and it does not expire: what it names must be looked up.
///
/// # Format
/// `KEY.TAG.VALUE`: eight hexadecimal digits of the key's id, and in base64url the HMAC-SHA-256 of the value under the 32 bytes of
/// `HKDF-Expand(PRK, "palisade cookie v1" ‖ name, 32)`, with `PRK` as for [`seal`](crate::seal).
///
/// # Security
/// A retired key's cookies are refused.
#[derive(Clone, Debug)]
pub struct SignedCookie {
    cookie: SessionCookie,
    ring: KeyRing,
}

impl SignedCookie {
    pub(super) fn new(cookie: SessionCookie, ring: KeyRing) -> Self {
        Self { cookie, ring }
    }

    /// As [`SessionCookie::set`], signed under the primary key.
    ///
    /// # Errors
    /// Those of [`SessionCookie::set`].
    pub fn set(&self, value: &str) -> Result<String, CookieError> {
        if !is_value(value.as_bytes()) {
            return Err(CookieError::Value);
        }
        let snapshot = self.ring.snapshot();
        let key = snapshot.primary();
        let tag = encoding::base64url(&*self.tag(key, value));
        self.cookie.set(&Zeroizing::new([&key.id.to_string(), ".", &tag, ".", value].concat()))
    }

    /// As [`SessionCookie::clear`].
    pub fn clear(&self) -> String {
        self.cookie.clear()
    }

    /// As [`SessionCookie::log_out`].
    pub fn log_out(&self) -> [Header; 2] {
        self.cookie.log_out()
    }

    /// As [`SessionCookie::read`], if the signature is one of the ring's.
    pub fn read<'a>(&self, header: &'a [u8]) -> Option<&'a str> {
        let (id, rest) = self.cookie.read(header)?.split_once('.')?;
        let (tag, value) = rest.split_once('.')?;
        let mut presented = [0; TAG];
        encoding::from_base64url(tag, &mut presented)?;
        let snapshot = self.ring.snapshot();
        let key = snapshot.accepted(id.parse::<KeyId>().ok()?)?;
        compare::equal(&presented, &*self.tag(key, value)).then_some(value)
    }

    fn tag(&self, key: &Key, value: &str) -> Zeroizing<[u8; TAG]> {
        key.mac_key(DERIVATION, self.cookie.name().as_bytes()).tag(&[value.as_bytes()])
    }
}

const DERIVATION: &[u8] = b"palisade cookie v1";
const TAG: usize = 32;
