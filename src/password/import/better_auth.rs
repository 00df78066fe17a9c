//! better-auth's `salt:hash`: scrypt with N=2^14, r=16, p=1, of the password in form NFKC; the salt's text is the salt.

use super::node::salt_and_hash;
use crate::password::Defect;
use crate::password::scheme::Scheme;
use crate::password::stored::{Reading, Record, TextForm};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    let (salt, hash) = text.split_once(':')?;
    let (salt, output) = salt_and_hash(salt, hash).filter(|(_, output)| output.len() == 64)?;
    let reading = Reading { text: TextForm::Nfkc, ..Reading::new(Scheme::scrypt(14, 16, 1), salt) };
    Some(Record::foreign(reading, output))
}
