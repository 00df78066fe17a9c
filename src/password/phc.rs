//! The PHC string format: one spelling is written, and what other programs write is read.
//!
//! Source: the P-H-C project's string format specification; `$id[$v=version]$name=value,…$salt$hash`.

use super::Defect;
use super::scheme::{Algorithm, Costs, SCHEMES, Scheme};
use super::stored::{Reading, Record};
use crate::encoding;

/// Writes a record's canonical text.
pub(super) fn write(scheme: Scheme, salt: &[u8], output: &[u8]) -> String {
    let Scheme { algorithm, costs } = scheme;
    let params = algorithm.params().iter().zip(costs).map(|(name, cost)| format!("{name}={cost}"));
    let params = params.collect::<Vec<String>>().join(",");
    let version = algorithm.version().map_or(String::new(), |version| format!("$v={version}"));
    let (salt, output) = (encoding::base64_unpadded(salt), encoding::base64_unpadded(output));
    format!("${}{version}${params}${salt}${output}", algorithm.id())
}

/// Reads a text that starts with `$`. The costs are those it states, whatever they are.
pub(super) fn read(text: &str) -> Result<Record, Defect> {
    let mut fields = text.strip_prefix('$').ok_or(Defect::Shape)?.split('$').peekable();
    let id = fields.next().unwrap_or_default();
    let mut known = SCHEMES.iter().filter(|scheme| scheme.id() == id).peekable();
    let versioned = known.peek().ok_or(Defect::SchemeUnknown)?.version().is_some();
    let version = match fields.next_if(|field| versioned && field.starts_with("v=")) {
        Some(field) => Some(number(field.strip_prefix("v=").unwrap_or_default())?),
        // As the reference implementation reads what it wrote before it had versions.
        None => versioned.then_some(UNVERSIONED),
    };
    let algorithm = *known.find(|scheme| scheme.version() == version).ok_or(Defect::VersionUnknown)?;
    let StatedCosts { costs, in_order } = costs(algorithm, fields.next().ok_or(Defect::ParameterMissing)?)?;
    let salt = fields.next().ok_or(Defect::SaltMissing)?;
    let output = fields.next().ok_or(Defect::OutputMissing)?;
    if fields.next().is_some() {
        return Err(Defect::TrailingField);
    }
    let (salt, output) = (bytes(salt)?, bytes(output)?);
    // Argon2 is not defined for shorter salts. RFC 9106 §3.1 says 16, its reference implementation 8.
    let shortest = if versioned { 8 } else { 0 };
    if salt.len() < shortest {
        return Err(Defect::SaltTooShort);
    }
    if salt.len() > MAX_SALT {
        return Err(Defect::SaltTooLong);
    }
    let foreign = !in_order || version == Some(UNVERSIONED);
    Record::new(vec![Reading::new(Scheme { algorithm, costs }, salt)], output, foreign)
}

/// Reads an Argon2 string that another program wrapped.
pub(super) fn read_argon2(text: &str) -> Result<Record, Defect> {
    if !text.starts_with("$argon2") {
        return Err(Defect::SchemeUnknown);
    }
    Ok(Record { foreign: true, ..read(text)? })
}

/// Costs as a text states them.
pub(super) struct StatedCosts {
    pub(super) costs: Costs,
    /// In the canonical order.
    pub(super) in_order: bool,
}

/// Reads `name=value,name=value,name=value`: each of the algorithm's names once, in any order.
pub(super) fn costs(algorithm: &dyn Algorithm, field: &str) -> Result<StatedCosts, Defect> {
    let names = algorithm.params();
    let mut costs = [None; 3];
    let mut in_order = true;
    for (position, pair) in field.split(',').enumerate() {
        let (name, value) = pair.split_once('=').ok_or(Defect::ParameterMissing)?;
        let known = names.iter().position(|known| *known == name).ok_or(Defect::ParameterUnknown)?;
        in_order &= known == position;
        let cost = costs.get_mut(known).ok_or(Defect::ParameterUnknown)?;
        if cost.replace(number(value)?).is_some() {
            return Err(Defect::ParameterRepeated);
        }
    }
    match costs {
        [Some(first), Some(second), Some(third)] => {
            Ok(StatedCosts { costs: [first, second, third], in_order })
        }
        _ => Err(Defect::ParameterMissing),
    }
}

/// Reads a plain decimal number. One beyond `u32` is well formed and becomes the largest `u32`, which is above
/// every ceiling.
pub(super) fn number(text: &str) -> Result<u32, Defect> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || (text.len() > 1 && text.starts_with('0')) {
        return Err(Defect::Number);
    }
    Ok(text.parse().unwrap_or(u32::MAX))
}

fn bytes(field: &str) -> Result<Vec<u8>, Defect> {
    if field.ends_with('=') {
        return Err(Defect::Padding);
    }
    encoding::from_base64_unpadded(field).ok_or(Defect::Base64)
}

/// Version 1.0, 0x10.
const UNVERSIONED: u32 = 16;
const MAX_SALT: usize = 64;
