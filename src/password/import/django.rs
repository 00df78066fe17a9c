//! Django's: an algorithm's name, its parameters, the salt's text and the hash in base64, with `$` between; and `!` for a
//! user who has no password.
//!
//! Source: `django.contrib.auth.hashers`.

use super::{fields, log2};
use crate::encoding;
use crate::password::Defect;
use crate::password::phc::{self, number};
use crate::password::scheme::{PBKDF2_SHA1, PBKDF2_SHA256, Pbkdf2, Scheme};
use crate::password::stored::{Reading, Record};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    if text.starts_with('!') {
        return Some(Err(Defect::Unusable));
    }
    let (algorithm, rest) = text.split_once('$')?;
    match algorithm {
        "scrypt" => Some(scrypt(rest)),
        "pbkdf2_sha256" => Some(pbkdf2(&PBKDF2_SHA256, rest)),
        "pbkdf2_sha1" => Some(pbkdf2(&PBKDF2_SHA1, rest)),
        "argon2" => Some(phc::read_argon2(&format!("${rest}"))),
        #[cfg(feature = "bcrypt")]
        "bcrypt" => Some(super::bcrypt::parse(rest)),
        #[cfg(feature = "bcrypt")]
        "bcrypt_sha256" => Some(super::bcrypt::parse_sha256(rest)),
        _ => None,
    }
}

/// N, salt, r, p and hash.
fn scrypt(rest: &str) -> Result<Record, Defect> {
    let [n, salt, r, p, hash] = fields(rest)?;
    let log_n = log2(number(n)?)?;
    let reading = Reading::new(Scheme::scrypt(log_n, number(r)?, number(p)?), salt);
    Record::foreign(reading, encoding::from_base64(hash).ok_or(Defect::Base64)?)
}

/// Iterations, salt and hash.
fn pbkdf2(algorithm: &'static Pbkdf2, rest: &str) -> Result<Record, Defect> {
    let [iterations, salt, hash] = fields(rest)?;
    let output = encoding::from_base64(hash).ok_or(Defect::Base64)?;
    let scheme = algorithm.scheme(number(iterations)?, output.len());
    Record::foreign(Reading::new(scheme, salt), output)
}
