use zeroize::Zeroizing;

use super::{CsrfRefusal, CsrfTokenError};
use crate::compare;
use crate::encoding;
use crate::keys::{Key, KeyId, KeyRing};
use crate::random;

/// Tokens in forms and headers that show that a page of the site itself made the request, for one session.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::web::CsrfTokens;
///
/// let tokens = CsrfTokens::new(&KeyRing::generate()?);
/// let hidden = tokens.issue(b"id of the session")?; // into <input type="hidden"> or a header
/// assert!(tokens.check(b"id of the session", &hidden).is_ok());
/// assert!(tokens.check(b"id after the login", &hidden).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A token works as long as its session: give sessions a new id at login, as [`session`](crate::session) does. It is taken from
/// the form or a header, never from a cookie, which the browser would send along for anyone.
///
/// # Format
/// Base64url without padding of the key's id (4 bytes, big-endian), 16 random bytes, and the HMAC-SHA-256 of the length of the
/// session's id (8 bytes, big-endian), the id, and the random bytes, under the 32 bytes of
/// `HKDF-Expand(PRK, "palisade csrf v1", 32)`, with `PRK` as for [`seal`](crate::seal).
///
/// # Security
/// Each is different, so that compression tells nothing of it. Retired keys are refused. There are no tokens of a session whose id
/// is empty: it would be everyone's who has none.
///
/// # Source
/// OWASP Cross-Site Request Forgery Prevention Cheat Sheet, "Signed Double-Submit Cookie"; HMAC: RFC 2104.
#[derive(Clone, Debug)]
pub struct CsrfTokens {
    ring: KeyRing,
}

impl CsrfTokens {
    /// Signs under the ring's primary key, and checks under every key that is not retired.
    pub fn new(ring: impl Into<KeyRing>) -> Self {
        Self { ring: ring.into() }
    }

    /// Makes a token for a session.
    ///
    /// # Errors
    /// [`CsrfTokenError`]: `Session` for an empty id, or `Random`.
    pub fn issue(&self, session: &[u8]) -> Result<String, CsrfTokenError> {
        if session.is_empty() {
            return Err(CsrfTokenError::Session);
        }
        let mut unique = [0; UNIQUE];
        random::fill(&mut unique)?;
        let snapshot = self.ring.snapshot();
        let key = snapshot.primary();
        let tag = tag(key, session, &unique);
        Ok(encoding::base64url(&Zeroizing::new([&key.id.to_bytes()[..], &unique, &*tag].concat())))
    }

    /// Checks a token, in a time independent of how much of it is right.
    ///
    /// # Errors
    /// [`CsrfRefusal::Token`]: answer 403.
    pub fn check(&self, session: &[u8], token: &str) -> Result<(), CsrfRefusal> {
        if self.is_good(session, token).unwrap_or(false) { Ok(()) } else { Err(CsrfRefusal::Token) }
    }

    fn is_good(&self, session: &[u8], token: &str) -> Option<bool> {
        let mut bytes = Zeroizing::new([0; 4 + UNIQUE + TAG]);
        encoding::from_base64url(token, &mut *bytes)?;
        let (id, rest) = bytes.split_first_chunk()?;
        let (unique, presented) = rest.split_first_chunk()?;
        let snapshot = self.ring.snapshot();
        let key = snapshot.accepted(KeyId::from_bytes(*id))?;
        let expected = tag(key, session, unique);
        Some(!session.is_empty() && compare::equal(presented, &*expected))
    }
}

fn tag(key: &Key, session: &[u8], unique: &[u8; UNIQUE]) -> Zeroizing<[u8; TAG]> {
    key.mac_key(DERIVATION, &[]).tag(&[&(session.len() as u64).to_be_bytes(), session, unique])
}

const DERIVATION: &[u8] = b"palisade csrf v1";
const UNIQUE: usize = 16;
const TAG: usize = 32;
