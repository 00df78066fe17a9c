//! Spring Security's: `{id}` and what that encoder writes; the scrypt encoder's also without it.
//!
//! Source: `DelegatingPasswordEncoder`, `SCryptPasswordEncoder`, `Pbkdf2PasswordEncoder` with their defaults.

use super::fields;
use crate::encoding;
use crate::password::Defect;
use crate::password::phc;
use crate::password::scheme::{PBKDF2_SHA1, PBKDF2_SHA256, Pbkdf2, Scheme};
use crate::password::stored::{Reading, Record};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    if let Some(rest) = text.strip_prefix('{') {
        let (id, rest) = rest.split_once('}')?;
        return Some(match id {
            "scrypt" | "scrypt@SpringSecurity_v5_8" => scrypt(rest),
            "argon2" | "argon2@SpringSecurity_v5_8" => phc::read_argon2(rest),
            "pbkdf2" => pbkdf2(&PBKDF2_SHA1, 185_000, 8, rest),
            "pbkdf2@SpringSecurity_v5_8" => pbkdf2(&PBKDF2_SHA256, 310_000, 16, rest),
            #[cfg(feature = "bcrypt")]
            "bcrypt" => super::bcrypt::parse(rest),
            _ => Err(Defect::SchemeUnknown),
        });
    }
    // `$`, hexadecimal costs without a name, `$`: no PHC string looks so.
    let (costs, _) = text.strip_prefix('$')?.split_once('$')?;
    let is_bare = (5..=8).contains(&costs.len()) && costs.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_bare.then(|| scrypt(text))
}

/// `$`, the exponent of N, r and p as one hexadecimal number of eight bits each, salt and hash in base64.
fn scrypt(text: &str) -> Result<Record, Defect> {
    let [start, costs, salt, hash] = fields(text)?;
    if !start.is_empty() || costs.len() > 8 {
        return Err(Defect::Shape);
    }
    let costs = u32::from_str_radix(costs, 16).map_err(|_| Defect::Number)?;
    let [_, log_n, r, p] = costs.to_be_bytes();
    let log_n = if costs > 0xff_ffff { u8::MAX } else { log_n };
    let salt = encoding::from_base64(salt).ok_or(Defect::Base64)?;
    let output = encoding::from_base64(hash).ok_or(Defect::Base64)?;
    Record::foreign(Reading::new(Scheme::scrypt(log_n, r.into(), p.into()), salt), output)
}

/// Salt and hash in hexadecimal, one after the other.
fn pbkdf2(
    algorithm: &'static Pbkdf2,
    iterations: u32,
    salt_len: usize,
    text: &str,
) -> Result<Record, Defect> {
    let bytes = encoding::from_any_hex_vec(text).ok_or(Defect::Hexadecimal)?;
    let (salt, output) = bytes.split_at_checked(salt_len).ok_or(Defect::SaltMissing)?;
    let scheme = algorithm.scheme(iterations, output.len());
    Record::foreign(Reading::new(scheme, salt), output.to_vec())
}
