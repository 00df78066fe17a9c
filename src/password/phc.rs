//! The PHC string format, read strictly: one spelling per record.
//!
//! Source: the P-H-C project's string format specification; `$id[$v=version]$name=value,…$salt$hash`.

use super::Defect;
use super::scheme::{Algorithm, Costs, SCHEMES, Scheme};
use super::stored::Record;
use crate::encoding;

/// Writes a record's canonical text.
pub(super) fn write(scheme: Scheme, salt: &[u8], output: &[u8]) -> String {
    let Scheme { algorithm, costs: [a, b, c] } = scheme;
    let [first, second, third] = algorithm.params();
    let version = algorithm.version().map_or(String::new(), |version| format!("$v={version}"));
    let (salt, output) = (encoding::base64_unpadded(salt), encoding::base64_unpadded(output));
    format!("${}{version}${first}={a},{second}={b},{third}={c}${salt}${output}", algorithm.id())
}

/// Reads a text that starts with `$`. The costs are those it states, whatever they are.
pub(super) fn read(text: &str) -> Result<Record, Defect> {
    let mut fields = text.split('$').skip(1);
    let id = fields.next().unwrap_or_default();
    let algorithm = *SCHEMES.iter().find(|scheme| scheme.id() == id).ok_or(Defect::SchemeUnknown)?;
    if let Some(version) = algorithm.version() {
        let stated =
            fields.next().and_then(|field| field.strip_prefix("v=")).ok_or(Defect::VersionMissing)?;
        if number(stated)? != version {
            return Err(Defect::VersionUnknown);
        }
    }
    let costs = costs(algorithm, fields.next().ok_or(Defect::ParameterMissing)?)?;
    let salt = fields.next().ok_or(Defect::SaltMissing)?;
    let output = fields.next().ok_or(Defect::OutputMissing)?;
    if fields.next().is_some() {
        return Err(Defect::TrailingField);
    }
    let (salt, output) = (bytes(salt)?, bytes(output)?);
    match (salt.len(), output.len()) {
        (..8, _) => Err(Defect::SaltTooShort),
        (65.., _) => Err(Defect::SaltTooLong),
        (_, ..10) => Err(Defect::OutputTooShort),
        (_, 65..) => Err(Defect::OutputTooLong),
        _ => Ok(Record { scheme: Scheme { algorithm, costs }, salts: vec![salt], output, foreign: false }),
    }
}

/// Reads `name=value,name=value,name=value`: each of the algorithm's names once, in its order.
fn costs(algorithm: &dyn Algorithm, field: &str) -> Result<Costs, Defect> {
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
        [Some(first), Some(second), Some(third)] if in_order => Ok([first, second, third]),
        [Some(_), Some(_), Some(_)] => Err(Defect::ParameterOrder),
        _ => Err(Defect::ParameterMissing),
    }
}

/// Reads a plain decimal number. One beyond `u32` is well formed and becomes the largest `u32`, which is above
/// every ceiling.
fn number(text: &str) -> Result<u32, Defect> {
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
