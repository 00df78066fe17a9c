//! Werkzeug's, which Flask uses: a method with its parameters, the salt's text and the hash in hexadecimal.
//!
//! Source: `werkzeug.security`.

use super::{fields, log2};
use crate::encoding;
use crate::password::Defect;
use crate::password::phc::number;
use crate::password::scheme::{PBKDF2_SHA1, PBKDF2_SHA256, PBKDF2_SHA512, Scheme};
use crate::password::stored::{Reading, Record};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    let (method, _) = text.split_once('$')?;
    let (name, params) = method.split_once(':')?;
    matches!(name, "scrypt" | "pbkdf2").then(|| parse(text, name, params))
}

fn parse(text: &str, name: &str, params: &str) -> Result<Record, Defect> {
    let [_, salt, hash] = fields(text)?;
    let output = encoding::from_any_hex_vec(hash).ok_or(Defect::Hexadecimal)?;
    let scheme = if name == "scrypt" { scrypt(params)? } else { pbkdf2(params, output.len())? };
    Record::foreign(Reading::new(scheme, salt), output)
}

/// `N:r:p`.
fn scrypt(params: &str) -> Result<Scheme, Defect> {
    let mut numbers = params.split(':').map(number);
    let mut next = || numbers.next().ok_or(Defect::ParameterMissing)?;
    let (n, r, p) = (next()?, next()?, next()?);
    if numbers.next().is_some() {
        return Err(Defect::ParameterUnknown);
    }
    Ok(Scheme::scrypt(log2(n)?, r, p))
}

/// `sha256:iterations`.
fn pbkdf2(params: &str, output: usize) -> Result<Scheme, Defect> {
    let (digest, iterations) = params.split_once(':').ok_or(Defect::ParameterMissing)?;
    let algorithm = match digest {
        "sha1" => &PBKDF2_SHA1,
        "sha256" => &PBKDF2_SHA256,
        "sha512" => &PBKDF2_SHA512,
        _ => return Err(Defect::SchemeUnknown),
    };
    Ok(algorithm.scheme(number(iterations)?, output))
}
