//! A secret that is not in the database: without it a stolen table cannot even be guessed at.
//!
//! What is hashed is then HMAC-SHA-256 of the password under a key of the ring, and the stored text starts with
//! `{pepper:ID}`, which readers that know nothing of it must refuse.

use zeroize::Zeroizing;

use super::Defect;
use crate::keys::{Key, KeyId, KeyRing};

/// What a policy says of peppers.
#[derive(Clone, Debug)]
pub(super) struct Pepper {
    pub(super) ring: KeyRing,
    /// Rows without one are read, and replaced at the next login.
    pub(super) accept_unpeppered: bool,
}

/// What of a password is hashed.
pub(super) fn tag(key: &Key, password: &[u8]) -> Zeroizing<[u8; 32]> {
    key.mac_key(LABEL, &[]).tag(&[b"password", password])
}

/// How the text of a peppered hash starts.
pub(super) fn prefix(id: KeyId) -> String {
    format!("{START}{id}}}")
}

/// The pepper's id and the rest; `None` for a text without one.
pub(super) fn split(text: &str) -> Result<Option<(KeyId, &str)>, Defect> {
    let Some(rest) = text.strip_prefix(START) else { return Ok(None) };
    let (id, rest) = rest.split_once('}').ok_or(Defect::PepperId)?;
    let id = id.parse().map_err(|_| Defect::PepperId)?;
    Ok(Some((id, rest)))
}

const START: &str = "{pepper:";
const LABEL: &[u8] = b"palisade pepper v1";
