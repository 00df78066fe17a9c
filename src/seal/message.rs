use super::{Context, SealError, SealErrorKind};
use crate::compare;
use crate::encoding;
use crate::keys::{Key, KeyId, KeyRing, KeyState};
use crate::random;
use crate::secret::{CIPHER, ExposeSecret, SecretBytes, SecretString, erase, on_clean_stack};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, Tag, UnboundKey};

/// Seals and opens values under a key ring.
///
/// ```
/// use palisade::keys::KeyRing;
/// use palisade::seal::Sealer;
///
/// let ring = KeyRing::generate()?;
/// let sealer = Sealer::new(&ring);
/// let column: String = sealer.seal_text("gr\u{fc}\u{df}e", ["notes.body", "17"])?;
///
/// let new = ring.add_generated()?;
/// ring.promote(new)?;
/// let renewed = sealer.reseal_text(&column, ["notes.body", "17"])?.expect("sealed under the old key");
/// assert_eq!(sealer.reseal_text(&renewed, ["notes.body", "17"])?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sealer {
    pub(super) ring: KeyRing,
}

/// An opened value, and under which key it was sealed.
#[derive(Debug)]
pub struct Opened {
    plain: SecretBytes,
    key: KeyId,
    needs_reseal: bool,
}

impl Sealer {
    /// Seals under the ring's primary key, and opens under any of its keys.
    pub fn new(ring: impl Into<KeyRing>) -> Self {
        Self { ring: ring.into() }
    }

    /// Encrypts `plain` for `context`; the result is 77 bytes longer.
    ///
    /// # Errors
    /// [`SealError`]: `Random`, or `TooLong` above 64 GiB.
    pub fn seal(&self, plain: &[u8], context: impl Into<Context>) -> Result<Vec<u8>, SealError> {
        let context = context.into();
        on_clean_stack::<CIPHER, _>(|| self.seal_for(plain, &context))
    }

    fn seal_for(&self, plain: &[u8], context: &Context) -> Result<Vec<u8>, SealError> {
        let ring = self.ring.snapshot();
        let mut header = Header { form: MESSAGE, key: ring.primary().id, nonce: [0; NONCE] };
        random::fill(&mut header.nonce)?;
        let (key, commitment) = header.derive(ring.primary(), context);

        let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
        let room = sealed.capacity();
        header.write(&mut sealed);
        sealed.extend_from_slice(&commitment);
        sealed.extend_from_slice(plain);
        let (_, body) = sealed.split_at_mut(HEAD);
        let tag = key.seal_in_place_separate_tag(zero_nonce(), Aad::empty(), body);
        let tag = tag.map_err(|_| SealErrorKind::TooLong)?;
        sealed.extend_from_slice(tag.as_ref());
        debug_assert_eq!(sealed.len(), plain.len() + OVERHEAD);
        debug_assert_eq!(sealed.capacity(), room); // what grows leaves copies
        Ok(sealed)
    }

    /// Decrypts what was sealed for the same context.
    ///
    /// # Errors
    /// [`SealError`] of kind `Rejected`.
    pub fn open(&self, sealed: &[u8], context: impl Into<Context>) -> Result<SecretBytes, SealError> {
        self.open_with_key(sealed, context).map(Opened::into_plain)
    }

    /// Decrypts what was sealed for the same context, and tells under which key.
    ///
    /// # Errors
    /// [`SealError`] of kind `Rejected`.
    pub fn open_with_key(&self, sealed: &[u8], context: impl Into<Context>) -> Result<Opened, SealError> {
        let context = context.into();
        on_clean_stack::<CIPHER, _>(|| self.open_for(sealed, &context))
    }

    fn open_for(&self, sealed: &[u8], context: &Context) -> Result<Opened, SealError> {
        let rejected = SealErrorKind::Rejected;
        let (header, rest) = Header::read(sealed, MESSAGE).ok_or(rejected)?;
        let (commitment, rest) = rest.split_at_checked(COMMITMENT).ok_or(rejected)?;
        let (body, tag) = rest.split_at_checked(rest.len().wrapping_sub(TAG)).ok_or(rejected)?;
        let tag = Tag::try_from(tag).map_err(|_| rejected)?;

        let ring = self.ring.snapshot();
        let key = ring.stored(header.key).ok_or(rejected)?;
        let (cipher, expected) = header.derive(key, context);
        if !compare::equal(commitment, &expected) {
            return Err(rejected.into());
        }
        let mut plain = SecretBytes::from(body);
        cipher
            .open_in_place_separate_tag(zero_nonce(), Aad::empty(), tag, plain.expose_mut(), 0..)
            .map_err(|_| rejected)?;
        Ok(Opened { plain, key: key.id, needs_reseal: key.state != KeyState::Primary })
    }

    /// Seals anew what is sealed under another key than the primary one; `None` when nothing is to be done.
    ///
    /// # Errors
    /// [`SealError`]: `Rejected`, `Random`.
    pub fn reseal(&self, sealed: &[u8], context: impl Into<Context>) -> Result<Option<Vec<u8>>, SealError> {
        let context = context.into();
        let opened = self.open_with_key(sealed, &context)?;
        opened.needs_reseal.then(|| self.seal(opened.plain.expose_secret(), &context)).transpose()
    }

    /// Encrypts text for `context`, as base64url for a text column.
    ///
    /// # Errors
    /// [`SealError`] of kind `Random`.
    pub fn seal_text(&self, plain: &str, context: impl Into<Context>) -> Result<String, SealError> {
        Ok(encoding::base64url(&self.seal(plain.as_bytes(), context)?))
    }

    /// Decrypts what [`seal_text`](Self::seal_text) gave.
    ///
    /// # Errors
    /// [`SealError`]: `Rejected`, or `NotText` for what was sealed as bytes.
    pub fn open_text(&self, sealed: &str, context: impl Into<Context>) -> Result<SecretString, SealError> {
        let plain = self.open(&decode(sealed)?, context)?;
        Ok(SecretString::from_utf8(plain).map_err(|_| SealErrorKind::NotText)?)
    }

    /// [`reseal`](Self::reseal) for a text column.
    ///
    /// # Errors
    /// [`SealError`]: `Rejected`, `Random`.
    pub fn reseal_text(
        &self,
        sealed: &str,
        context: impl Into<Context>,
    ) -> Result<Option<String>, SealError> {
        let resealed = self.reseal(&decode(sealed)?, context)?;
        Ok(resealed.map(|sealed| encoding::base64url(&sealed)))
    }
}

impl Opened {
    /// The value.
    pub const fn plain(&self) -> &SecretBytes {
        &self.plain
    }

    /// The value.
    pub fn into_plain(self) -> SecretBytes {
        self.plain
    }

    /// Under which key it was sealed.
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Whether that key is no longer the primary one.
    pub const fn needs_reseal(&self) -> bool {
        self.needs_reseal
    }
}

fn decode(sealed: &str) -> Result<Vec<u8>, SealErrorKind> {
    let mut bytes = vec![0; encoding::base64url_len(sealed)];
    encoding::from_base64url(sealed, &mut bytes).map(|()| bytes).ok_or(SealErrorKind::Rejected)
}

/// The first 29 bytes of anything sealed.
pub(super) struct Header {
    pub(super) form: u8,
    pub(super) key: KeyId,
    pub(super) nonce: [u8; NONCE],
}

impl Header {
    pub(super) fn read(sealed: &[u8], form: u8) -> Option<(Self, &[u8])> {
        let ([first], rest) = sealed.split_first_chunk()?;
        let (key, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        (*first == form).then_some((Self { form, key: KeyId::from_bytes(*key), nonce: *nonce }, rest))
    }

    pub(super) fn write(&self, sealed: &mut Vec<u8>) {
        sealed.push(self.form);
        sealed.extend_from_slice(&self.key.to_bytes());
        sealed.extend_from_slice(&self.nonce);
    }

    /// The message's cipher, and the commitment to key, header and context. To be called on a stack that is cleaned: ring does not
    /// erase a cipher's round keys.
    pub(super) fn derive(&self, key: &Key, context: &Context) -> (LessSafeKey, [u8; COMMITMENT]) {
        let mut expanded = [0; 32 + COMMITMENT];
        let purpose: [&[u8]; 5] =
            [DERIVATION, &[self.form], &self.key.to_bytes(), &self.nonce, context.as_bytes()];
        key.derive(&purpose, &mut expanded);
        let (cipher, public) = expanded.split_at(32);
        let mut commitment = [0; COMMITMENT];
        commitment.copy_from_slice(public);
        let cipher = UnboundKey::new(&AES_256_GCM, cipher).expect("AES-256 takes 32 bytes");
        erase(&mut expanded);
        (LessSafeKey::new(cipher), commitment)
    }
}

fn zero_nonce() -> Nonce {
    // Each message has a key of its own: the nonce never meets the same key twice.
    Nonce::assume_unique_for_key([0; 12])
}

const MESSAGE: u8 = 1;
/// Short, so that HKDF's first block has room for twenty bytes of context, lengths included.
const DERIVATION: &[u8] = b"seal";
pub(super) const NONCE: usize = 24;
pub(super) const COMMITMENT: usize = 32;
pub(super) const TAG: usize = 16;
/// Form, key id, nonce and commitment.
pub(super) const HEAD: usize = 1 + 4 + NONCE + COMMITMENT;
const OVERHEAD: usize = HEAD + TAG;
