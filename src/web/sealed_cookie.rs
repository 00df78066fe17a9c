use super::cookie::MAX_COOKIE;
use super::{CookieError, Header, SessionCookie};
use crate::encoding;
use crate::keys::KeyRing;
use crate::seal::{Context, Sealer};
use crate::secret::SecretString;

/// A [`SessionCookie`] whose value is encrypted: its holder can neither read nor change it.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::secret::ExposeSecret;
/// use palisade::web::SessionCookie;
///
/// let cookie = SessionCookie::new("login")?.lax().sealed(&KeyRing::generate()?);
/// let set = cookie.set(r#"{"state":"q2V9","return_to":"/orders"}"#)?; // any text
/// let sent_back = set.split(';').next().unwrap_or_default();
/// assert!(!sent_back.contains("orders"));
/// let opened = cookie.read(sent_back.as_bytes()).expect("as it was set");
/// assert_eq!(opened.expose_secret(), r#"{"state":"q2V9","return_to":"/orders"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// What is worth encrypting is no text for logs, so it is read as a [`SecretString`]. About 2,900 bytes of it fit.
///
/// # Format
/// What [`Sealer::seal_text`] gives for the context `["palisade cookie", name]`.
///
/// # Security
/// It does not hide its length, and it does not expire: an older value that its holder kept opens again, so it must say itself how
/// long it is good, if that matters. A retired key's cookies are refused.
#[derive(Clone, Debug)]
pub struct SealedCookie {
    cookie: SessionCookie,
    ring: KeyRing,
    sealer: Sealer,
}

impl SealedCookie {
    pub(super) fn new(cookie: SessionCookie, ring: KeyRing) -> Self {
        Self { cookie, sealer: Sealer::new(&ring), ring }
    }

    /// As [`SessionCookie::set`], for any text, encrypted under the primary key.
    ///
    /// # Errors
    /// [`CookieError`]: `TooLong`, or `Random`.
    pub fn set(&self, value: &str) -> Result<String, CookieError> {
        if value.len() > MAX_COOKIE {
            return Err(CookieError::TooLong);
        }
        let sealed = self.sealer.seal_text(value, self.context()).map_err(|_| CookieError::Random)?;
        self.cookie.set(&sealed)
    }

    /// As [`SessionCookie::clear`].
    pub fn clear(&self) -> String {
        self.cookie.clear()
    }

    /// As [`SessionCookie::log_out`].
    pub fn log_out(&self) -> [Header; 2] {
        self.cookie.log_out()
    }

    /// As [`SessionCookie::read`], if it was sealed for a cookie of this name under one of the ring's keys.
    pub fn read(&self, header: &[u8]) -> Option<SecretString> {
        let text = self.cookie.read(header)?;
        let mut sealed = vec![0; encoding::base64url_len(text)];
        encoding::from_base64url(text, &mut sealed)?;
        let opened = self.sealer.open_with_key(&sealed, self.context()).ok()?;
        // A sealer opens what retired keys sealed, for the sake of what is stored.
        self.ring.snapshot().accepted(opened.key())?;
        SecretString::from_utf8(opened.into_plain()).ok()
    }

    fn context(&self) -> Context {
        ["palisade cookie", self.cookie.name()].into()
    }
}
