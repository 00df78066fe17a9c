//! passlib's and libpass's PBKDF2: `$pbkdf2-sha256$rounds$salt$hash`, in base64 with `.` for `+` and without padding.
//!
//! Source: passlib's `pbkdf2_digest` handlers.

use super::fields;
use crate::encoding;
use crate::password::Defect;
use crate::password::phc::number;
use crate::password::scheme::{PBKDF2_SHA1, PBKDF2_SHA256, PBKDF2_SHA512, Pbkdf2};
use crate::password::stored::{Reading, Record};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    let (name, rest) = text.strip_prefix('$')?.split_once('$')?;
    let algorithm = match name {
        "pbkdf2" => &PBKDF2_SHA1,
        "pbkdf2-sha256" => &PBKDF2_SHA256,
        "pbkdf2-sha512" => &PBKDF2_SHA512,
        _ => return None,
    };
    Some(parse(algorithm, rest))
}

fn parse(algorithm: &'static Pbkdf2, rest: &str) -> Result<Record, Defect> {
    let [rounds, salt, hash] = fields(rest)?;
    let bytes = |text: &str| encoding::from_base64_unpadded(&text.replace('.', "+")).ok_or(Defect::Base64);
    let (salt, output) = (bytes(salt)?, bytes(hash)?);
    Record::foreign(Reading::new(algorithm.scheme(number(rounds)?, output.len()), salt), output)
}
