//! bcrypt's `$2a$`, `$2b$` and `$2y$`, which differ in the faults of the programs that wrote them, not in what they hold.

use base64ct::{Base64Bcrypt, Encoding};

use crate::password::Defect;
use crate::password::scheme::{BCRYPT, Scheme};
use crate::password::stored::{Reading, Record, TextForm};

pub(super) fn read(text: &str) -> Option<Result<Record, Defect>> {
    let is_bcrypt = ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix));
    is_bcrypt.then(|| parse(text))
}

/// A cost of two digits, 22 characters of salt and 31 of hash.
pub(super) fn parse(text: &str) -> Result<Record, Defect> {
    let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|prefix| text.strip_prefix(prefix));
    let (cost, rest) = rest.and_then(|rest| rest.split_once('$')).ok_or(Defect::Shape)?;
    if cost.len() != 2 || !cost.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Defect::Number);
    }
    let cost = cost.parse().map_err(|_| Defect::Number)?;
    let (salt, hash) = rest.split_at_checked(22).ok_or(Defect::SaltMissing)?;
    // Some programs wrote bits after the last byte; they mean nothing.
    let salt = decode(salt).filter(|salt| salt.len() == 16).ok_or(Defect::Base64)?;
    let output = decode(hash).filter(|output| output.len() == 23).ok_or(Defect::Base64)?;
    Record::foreign(Reading::new(Scheme { algorithm: &BCRYPT, costs: [cost, 0, 0] }, salt), output)
}

/// Django's, of the password's SHA-256.
pub(super) fn parse_sha256(text: &str) -> Result<Record, Defect> {
    let mut record = parse(text)?;
    record.readings.iter_mut().for_each(|reading| reading.text = TextForm::HexSha256);
    Ok(record)
}

/// Base64 in bcrypt's alphabet, whatever the bits after its last byte.
fn decode(text: &str) -> Option<Vec<u8>> {
    let (start, last) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let spare = match text.len() % 4 {
        2 => 0b11_0000,
        3 => 0b11_1100,
        _ => 0b11_1111,
    };
    let alphabet = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let value = alphabet.iter().position(|letter| [*letter] == last.as_bytes())?;
    let last = char::from(*alphabet.get(value & spare)?);
    Base64Bcrypt::decode_vec(&format!("{start}{last}")).ok()
}
