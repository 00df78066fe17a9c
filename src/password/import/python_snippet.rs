//! The shape that snippets around Python's `hashlib.scrypt` store: `{salt_hex}${derived_hex}`.
//!
//! Costs are not in the string: n=2^14, r=8, p=1, 64 bytes. The salt given to scrypt is, in the most copied
//! snippet, the *text* of `salt_hex` (`salt=salt.encode()`), and in a common variant its decoded bytes
//! (`salt=bytes.fromhex(salt)`). The string does not say which, so both are tried, the text first.

use crate::encoding;
use crate::password::Scheme;
use crate::password::stored::Record;

pub(super) fn read(text: &str) -> Option<Record> {
    let (salt, derived) = text.split_once('$')?;
    if !(16..=64).contains(&salt.len()) || salt.len() % 2 != 0 {
        return None;
    }
    let mut decoded = vec![0; salt.len() / 2];
    let mut output = vec![0; 64];
    encoding::from_hex(salt, &mut decoded)?;
    encoding::from_hex(derived, &mut output)?;
    let salts = vec![salt.as_bytes().to_vec(), decoded];
    Some(Record { scheme: Scheme::scrypt(14, 8, 1), salts, output, foreign: true })
}
