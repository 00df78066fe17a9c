//! What snippets around Node's `crypto.scrypt` store, at its default costs: the salt's hexadecimal text is the salt.

use crate::encoding;
use crate::password::Defect;
use crate::password::scheme::Scheme;
use crate::password::stored::{Reading, Record};

/// `salt:hash`.
pub(super) fn read_colon(text: &str) -> Option<Result<Record, Defect>> {
    let (salt, hash) = text.split_once(':')?;
    parse(salt, hash)
}

/// `hash.salt`, or `salt.hash`.
pub(super) fn read_dot(text: &str) -> Option<Result<Record, Defect>> {
    let (one, other) = text.split_once('.')?;
    if one.len() > other.len() { parse(other, one) } else { parse(one, other) }
}

fn parse(salt: &str, hash: &str) -> Option<Result<Record, Defect>> {
    let (salt, output) = salt_and_hash(salt, hash)?;
    Some(Record::foreign(Reading::new(Scheme::scrypt(14, 8, 1), salt), output))
}

/// Sixteen to sixty-four digits of salt, as they are, and 32 or 64 bytes.
pub(super) fn salt_and_hash<'a>(salt: &'a str, hash: &str) -> Option<(&'a str, Vec<u8>)> {
    let is_salt = (16..=64).contains(&salt.len()) && salt.bytes().all(|byte| byte.is_ascii_hexdigit());
    let output = encoding::from_any_hex_vec(hash).filter(|output| matches!(output.len(), 32 | 64))?;
    is_salt.then_some((salt, output))
}
