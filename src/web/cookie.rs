use std::time::Duration;

use super::{CookieError, Header, SealedCookie, SignedCookie};
use crate::keys::KeyRing;

/// The cookie that a session's token travels in.
///
/// ```
/// use palisade::web::SessionCookie;
///
/// let cookie = SessionCookie::new("session")?;
/// let value = cookie.set("q2V9")?; // a token::Token, or what session::Sessions issued
/// assert_eq!(value, "__Host-session=q2V9; Path=/; Secure; HttpOnly; SameSite=Strict");
/// assert_eq!(cookie.read(b"theme=dark; __Host-session=q2V9"), Some("q2V9"));
/// # Ok::<(), palisade::web::CookieError>(())
/// ```
///
/// # Security
/// Browsers take a name that begins with `__Host-` only from the host itself, over TLS: no neighbour under the same domain and
/// nobody on the wire can plant one. `SameSite=Strict` keeps it from every request that another site starts, links in mail and returns
/// from a log-in elsewhere included; [`lax`](Self::lax) lets those through.
///
/// # Source
/// RFC 6265 §4.1.1; RFC 6265bis §§4.1.3.2, 5.4; OWASP ASVS 5.0, V3.3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionCookie {
    name: String,
    lax: bool,
    max_age: Option<Duration>,
}

impl SessionCookie {
    /// A cookie `__Host-name`, kept until the browser is closed.
    ///
    /// # Errors
    /// [`CookieError`] of kind `Name`, for what is not 1 to 64 letters, digits, `-` and `_`.
    pub fn new(name: &str) -> Result<Self, CookieError> {
        let is_character = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=64).contains(&name.len()) || !name.bytes().all(is_character) {
            return Err(CookieError::Name);
        }
        Ok(Self { name: format!("__Host-{name}"), lax: false, max_age: None })
    }

    /// Sent also when a link on another site is followed, and on the way back from a log-in elsewhere.
    #[must_use]
    pub fn lax(mut self) -> Self {
        self.lax = true;
        self
    }

    /// Kept for some time, in whole seconds, whether or not the browser is closed.
    #[must_use]
    pub fn max_age(mut self, time: Duration) -> Self {
        self.max_age = Some(time);
        self
    }

    /// Signs the value under a key ring.
    pub fn signed(self, ring: impl Into<KeyRing>) -> SignedCookie {
        SignedCookie::new(self, ring.into())
    }

    /// Encrypts the value under a key ring.
    pub fn sealed(self, ring: impl Into<KeyRing>) -> SealedCookie {
        SealedCookie::new(self, ring.into())
    }

    /// The value of the `Set-Cookie` header that hands out `value`.
    ///
    /// # Errors
    /// [`CookieError`]: `Value` for what no cookie can hold, such as spaces, quotes and `;`; `TooLong` when it and the name have
    /// more than 4096 bytes.
    pub fn set(&self, value: &str) -> Result<String, CookieError> {
        if !is_value(value.as_bytes()) {
            return Err(CookieError::Value);
        }
        if self.name.len() + value.len() > MAX_COOKIE {
            return Err(CookieError::TooLong);
        }
        let age = self.max_age.map(|time| format!("; Max-Age={}", time.as_secs())).unwrap_or_default();
        Ok(self.text(value, &age))
    }

    /// The value of the `Set-Cookie` header that takes the cookie away.
    pub fn clear(&self) -> String {
        self.text("", "; Max-Age=0")
    }

    /// The headers of a log-out: the cookie is taken away, and with it what the browser keeps of the site.
    pub fn log_out(&self) -> [Header; 2] {
        let site_data = ("Clear-Site-Data", "\"cache\", \"cookies\", \"storage\"".to_owned());
        [("Set-Cookie", self.clear()), site_data]
    }

    /// The cookie's value in a `Cookie` header; several such headers are joined with `"; "` first.
    ///
    /// `None` when it is not there, when it is there twice, as when somebody planted another, and for headers above 16 KiB.
    pub fn read<'a>(&self, header: &'a [u8]) -> Option<&'a str> {
        if header.len() > MAX_HEADER {
            return None;
        }
        let mut found = header.split(|byte| *byte == b';').filter_map(|pair| {
            let pair = pair.trim_ascii();
            pair.strip_prefix(self.name.as_bytes())?.strip_prefix(b"=")
        });
        let value = found.next()?;
        if found.next().is_some() || !is_value(value) {
            return None;
        }
        str::from_utf8(value).ok()
    }

    /// Whether requests that other sites start go without it.
    pub const fn is_strict(&self) -> bool {
        !self.lax
    }

    /// For how long browsers keep it; `None` until they are closed.
    pub const fn kept_for(&self) -> Option<Duration> {
        self.max_age
    }

    /// The name, with its prefix.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn text(&self, value: &str, age: &str) -> String {
        let same_site = if self.lax { "Lax" } else { "Strict" };
        // In one piece: a text that grows leaves copies of the value behind.
        [&self.name, "=", value, "; Path=/; Secure; HttpOnly; SameSite=", same_site, age].concat()
    }
}

/// RFC 6265 §4.1.1, cookie-octet; and not nothing, which is a cookie that was taken away.
pub(super) fn is_value(value: &[u8]) -> bool {
    // Looks at every byte, and jumps at none: a value is the secret of a session.
    let wrong = |byte: u8| {
        u8::from(byte.wrapping_sub(b'!') > b'~' - b'!') | u8::from(matches!(byte, b'"' | b',' | b';' | b'\\'))
    };
    !value.is_empty() && value.iter().fold(0, |all, byte| all | wrong(*byte)) == 0
}

/// RFC 6265bis §5.6: browsers drop a cookie whose name and value are longer.
pub(super) const MAX_COOKIE: usize = 4096;
const MAX_HEADER: usize = 16 * 1024;
