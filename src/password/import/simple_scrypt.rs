//! `N$r$p$salt$hash`, salt and hash in hexadecimal, as Go's simple-scrypt and programs like it write it.

use super::{fields, log2};
use crate::encoding;
use crate::password::Defect;
use crate::password::phc::number;
use crate::password::scheme::Scheme;
use crate::password::stored::{Reading, Record};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    let [n, r, p, salt, hash] = fields(text).ok()?;
    let is_number = |field: &str| !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
    [n, r, p].into_iter().all(is_number).then(|| parse([n, r, p], salt, hash))
}

fn parse([n, r, p]: [&str; 3], salt: &str, hash: &str) -> Result<Record, Defect> {
    let scheme = Scheme::scrypt(log2(number(n)?)?, number(r)?, number(p)?);
    let salt = encoding::from_any_hex_vec(salt).ok_or(Defect::Hexadecimal)?;
    Record::foreign(Reading::new(scheme, salt), encoding::from_any_hex_vec(hash).ok_or(Defect::Hexadecimal)?)
}
