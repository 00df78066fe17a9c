//! A ring as one line of text, encrypted.
//!
//! ```text
//! $palisade-keys$v=1$argon2id$m=65536,t=3,p=1$<salt>$<box>      under a passphrase
//! $palisade-keys$v=1$key$<salt>$<box>                           under a wrapping key
//! ```
//!
//! `salt` is 16 random bytes, fresh for each text; `box` is a commitment of 32 bytes, then AES-256-GCM's ciphertext
//! and tag; both are base64url without padding. The 64 bytes of Argon2id(passphrase, salt), or of HKDF-SHA-256 of
//! the wrapping key with that salt and the information `palisade-keys v1 wrap`, are the box's key, then the
//! commitment, which keeps one text from opening under two passphrases. The key encrypts one text only, under a nonce of
//! zeros, with everything up to and including the last `$` authenticated.
//!
//! The plaintext, big-endian: the ring's own id (16 random bytes), version (8), number of names (4), then the names of
//! the states it was in, the newest last (8 each); number of keys (4), then for each key id (4), state (1: 1 primary,
//! 2 accepted, 3 retired), seconds since 1970 when it was added and when it came into its state (8 each), key (32).

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use hkdf::Hkdf;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::key::{Key, Material};
use super::ring::{KEY_BYTES, MAX_HISTORY, MAX_KEYS, Snapshot};
use super::{KeyError, KeyErrorKind, KeyId, KeyState};
use crate::compare;
use crate::config::KeyBytes;
use crate::encoding;
use crate::random;
use crate::secret::{CIPHER, ExposeSecret, SecretBytes, SecretString, on_clean_stack};

/// What a ring's text is encrypted under.
///
/// A wrapping key is the better choice where a machine provides it; a passphrase costs 64 MiB and some 0.2 s
/// each time.
///
/// ```
/// use palisade::config::KeyBytes;
/// use palisade::keys::Wrapping;
///
/// palisade::secrets! { struct Secrets { wrapping: "KEYRING_KEY" as KeyBytes<32> } }
///
/// # let environment = palisade::config::Environment::from_vars([("KEYRING_KEY", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")]);
/// let wrapping = Wrapping::key(&Secrets::from_source(&environment)?.wrapping);
/// # Ok::<(), palisade::config::ConfigError>(())
/// ```
///
/// # Source
/// Passphrases: Argon2id with 64 MiB and 3 passes, RFC 9106 §4's second choice, with one lane.
pub struct Wrapping(Kind);

enum Kind {
    Passphrase(SecretString),
    Key(SecretBytes),
}

impl Wrapping {
    /// Under a passphrase that people can carry.
    pub const fn passphrase(passphrase: SecretString) -> Self {
        Self(Kind::Passphrase(passphrase))
    }

    /// Under a key of 32 bytes.
    pub fn key(key: &KeyBytes<KEY_BYTES>) -> Self {
        Self(Kind::Key(SecretBytes::from(key.expose_secret().as_slice())))
    }
}

impl fmt::Debug for Wrapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wrapping")
    }
}

/// Writes a ring's text.
pub(super) fn seal(snapshot: &Snapshot, wrapping: &Wrapping) -> Result<String, KeyError> {
    on_clean_stack::<CIPHER, _>(|| write(snapshot, wrapping))
}

/// Reads a ring's text.
pub(super) fn open(text: &str, wrapping: &Wrapping) -> Result<Snapshot, KeyError> {
    on_clean_stack::<CIPHER, _>(|| read(text, wrapping))
}

fn write(snapshot: &Snapshot, wrapping: &Wrapping) -> Result<String, KeyError> {
    let mut salt = [0; SALT_BYTES];
    random::fill(&mut salt)?;
    let costs = match wrapping.0 {
        Kind::Passphrase(_) => format!("argon2id$m={MEMORY_KIB},t={PASSES},p=1"),
        Kind::Key(_) => "key".to_owned(),
    };
    let mut text = format!("{HEAD}{costs}${}$", encoding::base64url(&salt));
    let (key, commitment) = box_key(wrapping, &salt, MEMORY_KIB, PASSES)?;

    let len = plain_len(snapshot.history.len(), snapshot.keys.len());
    let mut plain = Zeroizing::new(Vec::with_capacity(len + TAG_BYTES));
    let room = plain.capacity();
    plain.extend_from_slice(&snapshot.ring);
    plain.extend_from_slice(&snapshot.version.to_be_bytes());
    let count = u32::try_from(snapshot.history.len()).expect("a ring keeps at most 1,024 names");
    plain.extend_from_slice(&count.to_be_bytes());
    for name in &snapshot.history {
        plain.extend_from_slice(&name.to_be_bytes());
    }
    let count = u32::try_from(snapshot.keys.len()).expect("a ring has at most 1,024 keys");
    plain.extend_from_slice(&count.to_be_bytes());
    for key in &snapshot.keys {
        plain.extend_from_slice(&key.id.to_bytes());
        plain.push(key.state.to_byte());
        plain.extend_from_slice(&key.added.to_be_bytes());
        plain.extend_from_slice(&key.changed.to_be_bytes());
        plain.extend_from_slice(key.material.bytes.expose_secret());
    }
    debug_assert_eq!(plain.len(), len);
    key.seal_in_place_append_tag(zero_nonce(), Aad::from(text.as_bytes()), &mut *plain)
        .expect("a ring is far below AES-GCM's 64 GiB");
    debug_assert_eq!(plain.capacity(), room); // what grows leaves copies
    text.push_str(&encoding::base64url(&[commitment.as_slice(), &plain].concat()));
    Ok(text)
}

fn read(text: &str, wrapping: &Wrapping) -> Result<Snapshot, KeyError> {
    let malformed = KeyErrorKind::Malformed;
    let text = text.trim_end();
    if text.len() > MAX_TEXT {
        return Err(malformed.into());
    }
    let fields: Vec<&str> = text.strip_prefix(HEAD).ok_or(malformed)?.split('$').collect();
    let (costs, salt_text, boxed) = match (fields.as_slice(), &wrapping.0) {
        (&["argon2id", costs, salt, boxed], Kind::Passphrase(_)) => (passphrase_costs(costs)?, salt, boxed),
        (&["key", salt, boxed], Kind::Key(_)) => ((0, 0), salt, boxed),
        // Wrapped the other way: a wrong secret, as far as the caller can tell.
        (&["argon2id", _, _, _], Kind::Key(_)) | (&["key", _, _], Kind::Passphrase(_)) => {
            return Err(KeyErrorKind::Rejected.into());
        }
        _ => return Err(malformed.into()),
    };
    let mut salt = [0; SALT_BYTES];
    encoding::from_base64url(salt_text, &mut salt).ok_or(malformed)?;
    let mut plain = Zeroizing::new(vec![0; encoding::base64url_len(boxed)]);
    encoding::from_base64url(boxed, &mut plain).ok_or(malformed)?;

    let (key, expected) = box_key(wrapping, &salt, costs.0, costs.1)?;
    let (commitment, plain) = plain.split_at_mut_checked(COMMITMENT).ok_or(malformed)?;
    if !compare::equal(commitment, &expected) {
        return Err(KeyErrorKind::Rejected.into());
    }
    let head = text.strip_suffix(boxed).unwrap_or_default();
    let plain = key
        .open_in_place(zero_nonce(), Aad::from(head.as_bytes()), plain)
        .map_err(|_| KeyErrorKind::Rejected)?;
    Ok(snapshot(plain).ok_or(malformed)?)
}

/// Reads the plaintext.
fn snapshot(mut plain: &[u8]) -> Option<Snapshot> {
    let ring = take(&mut plain)?;
    let version = u64::from_be_bytes(take(&mut plain)?);
    let names = u32::from_be_bytes(take(&mut plain)?) as usize;
    if names > MAX_HISTORY {
        return None;
    }
    let mut history = Vec::with_capacity(names);
    for _ in 0..names {
        history.push(u64::from_be_bytes(take(&mut plain)?));
    }
    let count = u32::from_be_bytes(take(&mut plain)?) as usize;
    if count > MAX_KEYS || plain.len() != count * KEY_LEN {
        return None;
    }
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        let id = KeyId::from_bytes(take(&mut plain)?);
        let [state] = take(&mut plain)?;
        let added = u64::from_be_bytes(take(&mut plain)?);
        let changed = u64::from_be_bytes(take(&mut plain)?);
        let (bytes, rest) = plain.split_at_checked(KEY_BYTES)?;
        plain = rest;
        let (state, material) = (KeyState::from_byte(state)?, Material::new(bytes.into()));
        keys.push(Key { id, state, added, changed, material });
    }
    Some(Snapshot { ring, version, history, keys }).filter(Snapshot::is_sound)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// The key of one text's box, and the commitment to it.
fn box_key(
    wrapping: &Wrapping,
    salt: &[u8; SALT_BYTES],
    memory: u32,
    passes: u32,
) -> Result<(LessSafeKey, [u8; COMMITMENT]), KeyError> {
    let mut expanded = Zeroizing::new([0; KEY_BYTES + COMMITMENT]);
    match &wrapping.0 {
        Kind::Passphrase(passphrase) => {
            let params =
                Params::new(memory, passes, 1, Some(expanded.len())).map_err(|_| KeyErrorKind::Malformed)?;
            let mut blocks = Vec::new();
            blocks.try_reserve_exact(params.block_count()).map_err(|_| KeyErrorKind::Memory)?;
            blocks.resize(params.block_count(), Block::new());
            let mut blocks = Zeroizing::new(blocks);
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
                .hash_password_into_with_memory(
                    passphrase.expose_secret().as_bytes(),
                    salt,
                    &mut *expanded,
                    blocks.as_mut_slice(),
                )
                .map_err(|_| KeyErrorKind::Malformed)?;
        }
        Kind::Key(wrapping) => {
            let extracted = Hkdf::<Sha256>::new(Some(salt), wrapping.expose_secret());
            extracted.expand(WRAP_INFO, &mut *expanded).expect("HKDF-SHA-256 gives 64 bytes");
        }
    }
    let (key, public) = expanded.split_at(KEY_BYTES);
    let mut commitment = [0; COMMITMENT];
    commitment.copy_from_slice(public);
    Ok((LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes")), commitment))
}

/// Reads `m=65536,t=3,p=1`: the costs that texts of later versions may raise, within bounds.
fn passphrase_costs(text: &str) -> Result<(u32, u32), KeyErrorKind> {
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
        text.parse::<u32>().ok().filter(|_| plain)
    };
    let costs = || {
        let (memory, rest) = text.strip_prefix("m=")?.split_once(",t=")?;
        let passes = rest.strip_suffix(",p=1")?;
        Some((number(memory)?, number(passes)?))
    };
    let (memory, passes) = costs().ok_or(KeyErrorKind::Malformed)?;
    if memory > MAX_MEMORY_KIB || u64::from(memory) * u64::from(passes) > MAX_WORK_KIB {
        return Err(KeyErrorKind::CostAboveCeiling);
    }
    Ok((memory, passes))
}

fn zero_nonce() -> Nonce {
    // Each text has a key of its own, from a fresh salt: the nonce never meets the same key twice.
    Nonce::assume_unique_for_key([0; 12])
}

const fn plain_len(names: usize, keys: usize) -> usize {
    16 + 8 + 4 + names * 8 + 4 + keys * KEY_LEN
}

impl KeyState {
    const fn to_byte(self) -> u8 {
        match self {
            Self::Primary => 1,
            Self::Accepted => 2,
            Self::Retired => 3,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Primary),
            2 => Some(Self::Accepted),
            3 => Some(Self::Retired),
            _ => None,
        }
    }
}

const HEAD: &str = "$palisade-keys$v=1$";
const WRAP_INFO: &[u8] = b"palisade-keys v1 wrap";
const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
const COMMITMENT: usize = 32;
/// Id, state, added, changed, key.
const KEY_LEN: usize = 4 + 1 + 8 + 8 + KEY_BYTES;
const MEMORY_KIB: u32 = 64 * 1024;
const PASSES: u32 = 3;
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_WORK_KIB: u64 = 1024 * 1024;
/// 1,024 keys and as many names are 82 KiB of text.
pub(super) const MAX_TEXT: usize = 96 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_taken_up_to_their_ceilings() {
        assert_eq!(passphrase_costs("m=262144,t=4,p=1").unwrap(), (262_144, 4));
        assert_eq!(passphrase_costs("m=8,t=131072,p=1").unwrap(), (8, 131_072));
        for beyond in ["m=262145,t=1,p=1", "m=262144,t=5,p=1", "m=8,t=131073,p=1"] {
            assert_eq!(passphrase_costs(beyond).unwrap_err(), KeyErrorKind::CostAboveCeiling, "{beyond}");
        }
        for other in ["m=065536,t=3,p=1", "m=65536,t=03,p=1", "m=+8,t=1,p=1", "m=8,t=1,p=2", "m=8,t=,p=1"] {
            assert_eq!(passphrase_costs(other).unwrap_err(), KeyErrorKind::Malformed, "{other}");
        }
    }

    #[test]
    fn a_plaintext_has_as_many_keys_as_it_says_and_nothing_after_them() {
        let key = [&[0, 0, 0, 1, 1][..], &[0; 16], &[7; KEY_BYTES]].concat();
        let plain = |count: u32, keys: &[u8]| {
            let head =
                [&[1; 16][..], &1_u64.to_be_bytes(), &1_u32.to_be_bytes(), &5_u64.to_be_bytes()].concat();
            [&head[..], &count.to_be_bytes(), keys].concat()
        };
        assert!(snapshot(&plain(1, &key)).is_some());
        let other = [&[0, 0, 0, 2, 2][..], &key[5..]].concat();
        assert!(snapshot(&plain(2, &[&key[..], &other].concat())).is_some());
        for (count, keys) in [
            (1, [&key[..], &[0]].concat()),
            (1, [&key[..], &other].concat()),
            (2, key.clone()),
            (0, key.clone()),
            (1, key[1..].to_vec()),
            (u32::MAX, key.clone()),
        ] {
            assert!(snapshot(&plain(count, &keys)).is_none(), "{count} keys in {} bytes", keys.len());
        }
    }
}
