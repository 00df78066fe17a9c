//! What addresses of the web have in common.

use super::{Invalid, InvalidKind};

/// That `text` is neither nothing nor longer than `most`.
pub(super) fn length(subject: &'static str, text: &str, most: usize) -> Result<(), Invalid> {
    match text.len() {
        0 => Err(Invalid::new(subject, InvalidKind::Empty, "at least one character")),
        len if len > most => Err(Invalid::new(subject, InvalidKind::TooLong, "at most 8192 bytes")),
        _ => Ok(()),
    }
}

/// Whether `name` can be looked up: labels of letters, digits, hyphens and underscores.
///
/// The URL standard lets more into a host, such as `` ` `` and `{`, that resolvers and other parsers read in their own ways.
pub(super) fn is_dns_name(name: &str) -> bool {
    let name = without_root(name);
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// `name` without the dot of the root at its end, which changes nothing.
pub(super) fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}
