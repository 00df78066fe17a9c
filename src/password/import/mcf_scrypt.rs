//! `$7$` strings of libxcrypt, libsodium and others: `$7$`, N, r, p, the salt's text, `$` and the hash.
//!
//! Source: `crypt(5)`, section scrypt; N is one character, r and p are five, six bits each, the lowest first.

use base64ct::{Base64ShaCrypt, Encoding};

use crate::password::Defect;
use crate::password::scheme::Scheme;
use crate::password::stored::{Reading, Record};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    text.strip_prefix("$7$").map(parse)
}

fn parse(rest: &str) -> Result<Record, Defect> {
    let (params, rest) = rest.split_at_checked(11).ok_or(Defect::ParameterMissing)?;
    let mut sextets = params.bytes().map(sextet);
    let log_n = sextets.next().flatten().ok_or(Defect::Number)?;
    let mut number = || {
        let digits = sextets.by_ref().take(5).zip([0, 6, 12, 18, 24]);
        digits.map(|(digit, shift)| Some(digit? << shift)).try_fold(0, |sum, part| Some(sum | part?))
    };
    let (r, p) = (number().ok_or(Defect::Number)?, number().ok_or(Defect::Number)?);
    let (salt, hash) = rest.rsplit_once('$').ok_or(Defect::OutputMissing)?;
    if salt.contains('$') {
        return Err(Defect::TrailingField);
    }
    let output =
        Base64ShaCrypt::decode_vec(hash).ok().filter(|bytes| Base64ShaCrypt::encode_string(bytes) == hash);
    let output = output.ok_or(Defect::Base64)?;
    // One byte of a hash lets one password of 256 in; what writes these strings writes 32.
    if output.len() != 32 {
        return Err(Defect::OutputTooShort);
    }
    let log_n = u8::try_from(log_n).map_err(|_| Defect::Number)?;
    Record::foreign(Reading::new(Scheme::scrypt(log_n, r, p), salt), output)
}

/// A digit of `./0-9A-Za-z`.
fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'.' | b'/' => byte - b'.',
        b'0'..=b'9' => byte - b'0' + 2,
        b'A'..=b'Z' => byte - b'A' + 12,
        b'a'..=b'z' => byte - b'a' + 38,
        _ => return None,
    };
    Some(value.into())
}
