//! The shape that snippets around Python's `hashlib.scrypt` store: `{salt_hex}${derived_hex}`.
//!
//! Costs are not in the string: n=2^14, r=8, p=1, 64 bytes. The salt given to scrypt is, in the most copied
//! snippet, the *text* of `salt_hex` (`salt=salt.encode()`), and in a common variant its decoded bytes
//! (`salt=bytes.fromhex(salt)`). The string does not say which, so both are tried, the text first.

use crate::encoding;
use crate::password::Defect;
use crate::password::scheme::Scheme;
use crate::password::stored::{Reading, Record};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    let (salt, derived) = text.split_once('$')?;
    if !(16..=64).contains(&salt.len()) || salt.len() % 2 != 0 {
        return None;
    }
    let mut decoded = vec![0; salt.len() / 2];
    let mut output = vec![0; 64];
    encoding::from_hex(salt, &mut decoded)?;
    encoding::from_hex(derived, &mut output)?;
    let scheme = Scheme::scrypt(14, 8, 1);
    Some(Record::new(vec![Reading::new(scheme, salt), Reading::new(scheme, decoded)], output, true))
}
