use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use zeroize::Zeroizing;

use super::{OnceStore, SignError, SignErrorKind, TokenDigest};
use crate::clock::{Clock, SystemClock};
use crate::compare;
use crate::encoding;
use crate::keys::{KeyId, KeyRing, MacKey};
use crate::random;
use crate::secret::{ExposeSecret, SecretBytes};

/// Makes tokens that carry their own content, and expire; checks them without a database.
///
/// A token is good for one *purpose*: one that resets a password opens no invitation. Its content is signed, not
/// encrypted: whoever holds it can read it.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::token::{SignErrorKind, Signer};
/// use std::time::Duration;
///
/// let signer = Signer::new(&KeyRing::generate()?);
/// let link = signer.sign("reset-password", b"user 17", Duration::from_secs(15 * 60))?;
///
/// assert_eq!(signer.verify("reset-password", &link)?, b"user 17");
/// assert_eq!(signer.verify("invite", &link).unwrap_err().kind(), SignErrorKind::Rejected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Such a token works as often as it is presented until it expires. [`verify_once`](Self::verify_once) lets it
/// work once, if every place that takes it calls that; [`sign_bound`](Self::sign_bound) makes one that dies when the state it was made from changes.
///
/// # Format
/// Base64url without padding of:
///
/// | bytes | content |
/// |---|---|
/// | 0 | `1`; `2` when bound to a state |
/// | 1 … 4 | key id, big-endian |
/// | 5 … 12 | milliseconds since 1970 when it expires, big-endian |
/// | 13 … 28 | 16 random bytes |
/// | 29 … 60 | only when bound: HMAC of `"state"`, bytes 1 … 28 and the state |
/// | … n−33 | payload |
/// | n−32 … n−1 | HMAC of `"token"` and all bytes before |
///
/// HMAC is HMAC-SHA-256 under the 32 bytes of `HKDF-Expand(PRK, "palisade token v1" ‖ purpose, 32)`, with `PRK` as for
/// [`seal`](crate::seal).
///
/// # Security
/// There is no algorithm in the token, so none can be chosen by whoever presents it. Every forgery gets one
/// answer, in a time independent of the tag; `Expired` is only ever said of a token whose tag was right. Retired
/// keys are refused.
///
/// # Source
/// HMAC: RFC 2104. HKDF: RFC 5869.
#[derive(Clone)]
pub struct Signer {
    ring: KeyRing,
    clock: Arc<dyn Clock>,
    leeway: Duration,
}

impl Signer {
    /// Signs under the ring's primary key, and verifies under every key that is not retired.
    pub fn new(ring: impl Into<KeyRing>) -> Self {
        Self { ring: ring.into(), clock: Arc::new(SystemClock), leeway: Duration::ZERO }
    }

    /// The clock by which tokens expire.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How long after its time a token is still taken, for clocks that differ between machines; none by default.
    ///
    /// It must be the same wherever tokens of one purpose are used once: a store forgets by it.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// Makes a token that carries `payload`, for one purpose, for `ttl` from now.
    ///
    /// # Errors
    /// [`SignError`]: `TooLong` for more than 4 KiB, `Random`; `Unavailable` for a clock before 1970.
    pub fn sign(&self, purpose: &str, payload: &[u8], ttl: Duration) -> Result<String, SignError> {
        self.issue(purpose, payload, ttl, None)
    }

    /// Checks a token, and gives its payload.
    ///
    /// # Errors
    /// [`SignError`]: `Rejected`; `Expired` for one that was good; `Unavailable` for a clock before 1970.
    pub fn verify(&self, purpose: &str, token: &str) -> Result<Vec<u8>, SignError> {
        let checked = self.check(purpose, token, PLAIN)?;
        Ok(checked.payload().to_vec())
    }

    /// Checks a token and uses it up: the second time it is `Used`.
    ///
    /// The store is asked only for a token that is otherwise good, so nobody can fill it with forgeries.
    ///
    /// # Errors
    /// [`SignError`]: `Rejected`, `Expired`, `Used`; `Unavailable` when the store or the clock cannot tell, which
    /// denies.
    pub fn verify_once(
        &self,
        purpose: &str,
        token: &str,
        store: &(impl OnceStore + ?Sized),
    ) -> Result<Vec<u8>, SignError> {
        let checked = self.check(purpose, token, PLAIN)?;
        // The store may forget it only when `verify` refuses it by itself.
        let expires = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(checked.expires));
        let until = expires.and_then(|expires| expires.checked_add(self.leeway));
        let until = until.ok_or(SignErrorKind::Unavailable)?;
        match store.insert_if_absent(&TokenDigest::of(token), until) {
            // Had it expired while the store was asked, the store might have forgotten an earlier use.
            Ok(true) => self.check_time(checked.expires).map(|()| checked.payload().to_vec()),
            Ok(false) => Err(SignErrorKind::Used.into()),
            Err(_) => Err(SignErrorKind::Unavailable.into()),
        }
    }

    /// Makes a token that dies when `state` changes, such as the stored password in a link that resets it.
    ///
    /// A state of several values must keep them apart, as [`seal::Context`](crate::seal::Context) does. Until the state has
    /// changed the token works more than once: change it in the transaction that the token allows.
    ///
    /// ```
    /// use palisade::keys::KeyRing;
    /// use palisade::token::Signer;
    /// use std::time::Duration;
    ///
    /// let signer = Signer::new(&KeyRing::generate()?);
    /// let link = signer.sign_bound("reset-password", b"17", Duration::from_secs(900), b"$scrypt$old")?;
    ///
    /// let stored_password = |_user: &[u8]| Some(b"$scrypt$old".to_vec());
    /// assert_eq!(signer.verify_bound("reset-password", &link, stored_password)?, b"17");
    /// let after_the_reset = |_user: &[u8]| Some(b"$scrypt$new".to_vec());
    /// assert!(signer.verify_bound("reset-password", &link, after_the_reset).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`SignError`]: `TooLong` for more than 4 KiB, `Random`; `Unavailable` for a clock before 1970.
    pub fn sign_bound(
        &self,
        purpose: &str,
        payload: &[u8],
        ttl: Duration,
        state: &[u8],
    ) -> Result<String, SignError> {
        self.issue(purpose, payload, ttl, Some(state))
    }

    /// Checks a token against the state of today, which `state` looks up by the payload; `None` refuses.
    ///
    /// The payload is authentic when `state` sees it.
    ///
    /// # Errors
    /// [`SignError`]: `Rejected`, also when the state has changed; `Expired` for one that was good; `Unavailable` for a
    /// clock before 1970.
    pub fn verify_bound<S: AsRef<[u8]>>(
        &self,
        purpose: &str,
        token: &str,
        state: impl FnOnce(&[u8]) -> Option<S>,
    ) -> Result<Vec<u8>, SignError> {
        let checked = self.check(purpose, token, BOUND)?;
        let rejected = SignErrorKind::Rejected;
        let (state_tag, payload) = checked.payload().split_at_checked(TAG).ok_or(rejected)?;
        let state = state(payload).ok_or(rejected)?;
        if !compare::equal(
            state_tag,
            &*checked.key.tag(&[STATE_LABEL, identity(checked.fixed()), state.as_ref()]),
        ) {
            return Err(rejected.into());
        }
        Ok(payload.to_vec())
    }

    fn issue(
        &self,
        purpose: &str,
        payload: &[u8],
        ttl: Duration,
        state: Option<&[u8]>,
    ) -> Result<String, SignError> {
        if payload.len() > MAX_PAYLOAD {
            return Err(SignErrorKind::TooLong.into());
        }
        let snapshot = self.ring.snapshot();
        let primary = snapshot.primary();
        let key = primary.mac_key(DERIVATION, purpose.as_bytes());

        let mut bytes = Zeroizing::new(Vec::with_capacity(FIXED + TAG + payload.len() + TAG)); // never grows
        bytes.push(if state.is_some() { BOUND } else { PLAIN });
        bytes.extend_from_slice(&primary.id.to_bytes());
        bytes.extend_from_slice(&self.now()?.saturating_add(milliseconds(ttl)).to_be_bytes());
        let mut unique = [0; UNIQUE];
        random::fill(&mut unique)?;
        bytes.extend_from_slice(&unique);
        if let Some(state) = state {
            let tag = key.tag(&[STATE_LABEL, identity(&bytes), state]);
            bytes.extend_from_slice(&*tag);
        }
        bytes.extend_from_slice(payload);
        let tag = key.tag(&[LABEL, &bytes]);
        bytes.extend_from_slice(&*tag);
        Ok(encoding::base64url(&bytes))
    }

    fn check(&self, purpose: &str, token: &str, form: u8) -> Result<Checked, SignError> {
        let rejected = SignErrorKind::Rejected;
        if token.len() > MAX_TEXT {
            return Err(rejected.into());
        }
        let decode = |into: &mut [u8]| encoding::from_base64url(token, into).ok_or(rejected);
        let bytes = SecretBytes::try_filled(encoding::base64url_len(token), decode)?;
        let all = bytes.expose_secret();
        let (signed, tag) = all.split_at_checked(all.len().saturating_sub(TAG)).ok_or(rejected)?;
        let fixed: &[u8; FIXED] = signed.first_chunk().ok_or(rejected)?;
        let [first, id @ .., _, _, _, _, _, _, _, _] = fixed.first_chunk::<13>().ok_or(rejected)?;
        if *first != form {
            return Err(rejected.into());
        }

        let snapshot = self.ring.snapshot();
        let key = snapshot.accepted(KeyId::from_bytes(*id)).ok_or(rejected)?;
        let key = key.mac_key(DERIVATION, purpose.as_bytes());
        if !compare::equal(tag, &*key.tag(&[LABEL, signed])) {
            return Err(rejected.into());
        }

        let expires = fixed.get(5..13).and_then(|bytes| bytes.first_chunk()).ok_or(rejected)?;
        let expires = u64::from_be_bytes(*expires);
        self.check_time(expires)?;
        Ok(Checked { expires, key, bytes })
    }

    fn check_time(&self, expires: u64) -> Result<(), SignError> {
        if self.now()? >= expires.saturating_add(milliseconds(self.leeway)) {
            return Err(SignErrorKind::Expired.into());
        }
        Ok(())
    }

    /// Milliseconds since 1970. A clock before that is broken, and lets nobody in.
    fn now(&self) -> Result<u64, SignErrorKind> {
        let since = self.clock.wall().duration_since(SystemTime::UNIX_EPOCH);
        since.map(milliseconds).map_err(|_| SignErrorKind::Unavailable)
    }
}

/// A token whose tag was right and whose time is not over.
struct Checked {
    /// Milliseconds since 1970.
    expires: u64,
    key: Arc<MacKey>,
    bytes: SecretBytes,
}

impl Checked {
    fn fixed(&self) -> &[u8] {
        self.bytes.expose_secret().get(..FIXED).unwrap_or_default()
    }

    /// All between the fixed part and the tag.
    fn payload(&self) -> &[u8] {
        self.bytes.expose_secret().get(FIXED..self.bytes.len().saturating_sub(TAG)).unwrap_or_default()
    }
}

/// What makes a token this one: all of its fixed part but the form.
fn identity(fixed: &[u8]) -> &[u8] {
    fixed.get(1..FIXED).unwrap_or_default()
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("ring", &self.ring)
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}

const PLAIN: u8 = 1;
const BOUND: u8 = 2;
const DERIVATION: &[u8] = b"palisade token v1";
const LABEL: &[u8] = b"token";
const STATE_LABEL: &[u8] = b"state";
const UNIQUE: usize = 16;
/// Form, key id, expiry, random bytes.
const FIXED: usize = 1 + 4 + 8 + UNIQUE;
const TAG: usize = 32;
/// Tokens travel in URLs and headers, which servers cut at 8 KiB.
const MAX_PAYLOAD: usize = 4096;
const MAX_TEXT: usize = ((FIXED + TAG + MAX_PAYLOAD + TAG) * 4).div_ceil(3);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::secret::SecretBytes;
    use crate::vectors;

    #[test]
    fn nothing_longer_than_the_longest_token_is_read() {
        let ring = KeyRing::generate().unwrap();
        let signer = Signer::new(&ring);
        let longest = signer.sign_bound("x", &[7; MAX_PAYLOAD], Duration::from_secs(60), b"s").unwrap();
        assert_eq!(longest.len(), MAX_TEXT);
        assert_eq!(signer.verify_bound("x", &longest, |_| Some(b"s")).unwrap(), [7; MAX_PAYLOAD]);

        // One with a right tag, such as nobody signs.
        let mut bytes = vec![0; encoding::base64url_len(&longest)];
        encoding::from_base64url(&longest, &mut bytes).unwrap();
        bytes.truncate(bytes.len() - TAG);
        bytes.push(7);
        let tag = ring.snapshot().primary().mac_key(DERIVATION, b"x").tag(&[LABEL, &bytes]);
        bytes.extend_from_slice(&*tag);
        let longer = signer.verify_bound("x", &encoding::base64url(&bytes), |_| Some(b"s"));
        assert_eq!(longer.unwrap_err().kind(), SignErrorKind::Rejected);
    }

    #[test]
    fn tokens_of_the_description_verify() {
        let key = SecretBytes::from((0..32).collect::<Vec<u8>>());
        let ring = KeyRing::from_key("1a2b3c4d".parse().unwrap(), key).unwrap();
        let clock = ManualClock::new(); // 2026-01-01T00:00:00Z
        let signer = Signer::new(&ring).clock(clock.clone());
        let cases = vectors::cases(include_str!("../../tests/vectors/signed/token.txt"));
        for case in &cases {
            let (purpose, token) = (&case["purpose"], &case["token"]);
            let mut expected = vec![0; case["payload"].len() / 2];
            encoding::from_hex(&case["payload"], &mut expected).unwrap();
            if case["state"] == "none" {
                assert_eq!(signer.verify(purpose, token).unwrap(), expected, "{}", case["id"]);
            } else {
                let mut state = vec![0; case["state"].trim_matches('-').len() / 2];
                encoding::from_hex(case["state"].trim_matches('-'), &mut state).unwrap();
                let verified = signer.verify_bound(purpose, token, |_| Some(&state)).unwrap();
                assert_eq!(verified, expected, "{}", case["id"]);
                assert_eq!(signer.verify(purpose, token).unwrap_err().kind(), SignErrorKind::Rejected);
            }
        }
        clock.advance(Duration::from_secs(15 * 60) - Duration::from_millis(1));
        assert!(signer.verify("reset-password", &cases[0]["token"]).is_ok());
        clock.advance(Duration::from_millis(1));
        let error = signer.verify("reset-password", &cases[0]["token"]).unwrap_err();
        assert_eq!(error.kind(), SignErrorKind::Expired);
    }
}
