//! What names and addresses are, once more: by splitting, without a table of Unicode and without care for speed.

use std::net::{Ipv4Addr, Ipv6Addr};

use unicode_normalization::UnicodeNormalization;

/// For names with A-labels, a necessary condition only.
pub(crate) fn is_hostname(text: &str) -> bool {
    is_name(text, "-") && !is_number(text.rsplit('.').next().unwrap())
}

/// For names with A-labels, a necessary condition only.
pub(crate) fn is_dns_name(text: &str) -> bool {
    is_name(text, "-_") && !is_number(text.rsplit('.').next().unwrap())
}

/// For addresses beyond ASCII, a necessary condition on their canonical form.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let labels: Vec<String> = domain.split('.').map(str::to_ascii_lowercase).collect();
    let top = labels.last().unwrap();
    text.len() <= 254
        && is_dot_atom(local)
        && local.len() <= 64
        && local.nfc().eq(local.chars())
        && is_hostname(domain)
        && labels.len() > 1
        && (top.starts_with("xn--") || top.chars().last().unwrap().is_alphabetic())
        && !["alt", "arpa", "internal", "invalid", "local", "localhost", "onion", "test"].contains(&&**top)
}

/// For addresses beyond ASCII, a necessary condition on their canonical form.
pub(crate) fn is_rfc_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_domain = match domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inside) if inside.to_ascii_lowercase().starts_with("ipv6:") => {
            inside[5..].parse::<Ipv6Addr>().is_ok()
        }
        Some(inside) => inside.parse::<Ipv4Addr>().is_ok(),
        None => is_name(domain, "-"),
    };
    if text.len() > 254 || !is_domain {
        return false;
    }
    let Some(quoted) = local.strip_prefix('"') else { return is_dot_atom(local) && local.len() <= 64 };
    let Some(quoted) = quoted.strip_suffix('"') else { return false };
    // Pairs first, so that what is left must be neither quote nor backslash.
    let (mut content, mut plain) = (String::new(), quoted);
    while let Some((before, after)) = plain.split_once('\\') {
        let Some(escaped @ ' '..='~') = after.chars().next() else { return false };
        if before.contains('"') {
            return false;
        }
        content = content + before + &escaped.to_string();
        plain = &after[1..];
    }
    content += plain;
    let escapes = content.matches(['"', '\\']).count();
    let shortest = if is_dot_atom(&content) { content.len() } else { content.len() + escapes + 2 };
    !plain.contains('"') && shortest <= 64 && !content.chars().any(char::is_control)
}

/// Whether IDNA2008 may have a character outside ASCII: one that folding and compatibility leave as it is.
pub(crate) fn is_plausible(char: char) -> bool {
    let text = char.to_string();
    text.nfkc().eq([char])
        && (text.to_lowercase() == text || is_cherokee(char))
        && !char.is_control()
        && !char.is_whitespace()
        && !matches!(char, '\u{e000}'..='\u{f8ff}' | '\u{fdd0}'..='\u{fdef}' | '\u{f0000}'..)
}

/// Whose capitals are the older ones, so that folding leads to them.
fn is_cherokee(char: char) -> bool {
    matches!(char, '\u{13a0}'..='\u{13f5}')
}

fn is_name(text: &str, signs: &str) -> bool {
    text.len() <= 253 && text.split('.').all(|label| is_label(label, signs))
}

fn is_label(label: &str, signs: &str) -> bool {
    let is_kept = label.get(2..4) == Some("--");
    (1..=63).contains(&label.len())
        && label.chars().all(|char| char.is_ascii_alphanumeric() || signs.contains(char))
        && label.trim_matches('-') == label
        && (!is_kept || is_a_label(&label.to_ascii_lowercase()))
}

fn is_a_label(label: &str) -> bool {
    let Some(decoded) = label.strip_prefix("xn--").and_then(decoded) else { return false };
    let text: String = decoded.iter().collect();
    !text.is_ascii()
        && text.nfc().eq(text.chars())
        && text.trim_matches('-') == text
        && decoded.get(2..4) != Some(&['-', '-'])
        && decoded.iter().all(|char| {
            matches!(char, 'a'..='z' | '0'..='9' | '-') || !char.is_ascii() && is_plausible(*char)
        })
}

fn is_number(label: &str) -> bool {
    let hex = label.to_ascii_lowercase();
    let hex = hex.strip_prefix("0x").map(|digits| digits.chars().all(|char| char.is_ascii_hexdigit()));
    hex == Some(true) || label.chars().all(|char| char.is_ascii_digit())
}

fn is_dot_atom(local: &str) -> bool {
    let is_atext = |char: char| char.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(char);
    local.split('.').all(|atom| {
        !atom.is_empty()
            && atom.chars().all(|char| if char.is_ascii() { is_atext(char) } else { !char.is_control() })
    })
}

/// RFC 3492 §6.2, in numbers that cannot overflow here.
fn decoded(digits: &str) -> Option<Vec<char>> {
    let (ascii, deltas) = digits.rsplit_once('-').unwrap_or(("", digits));
    let mut out: Vec<char> = ascii.chars().collect();
    let (mut code, mut at, mut bias) = (128_u128, 0_u128, 72_u128);
    let mut deltas = deltas.chars().peekable();
    while deltas.peek().is_some() {
        let (before, mut weight, mut k) = (at, 1, 36);
        loop {
            let digit = u128::from((deltas.next()?.to_digit(36)? + 26) % 36);
            at += digit * weight;
            let threshold = if k <= bias { 1 } else { (k - bias).min(26) };
            if digit < threshold {
                break;
            }
            weight = weight.checked_mul(36 - threshold)?;
            k += 36;
        }
        let count = out.len() as u128 + 1;
        let mut delta = if before == 0 { (at - before) / 700 } else { (at - before) / 2 };
        delta += delta / count;
        let mut k = 0;
        while delta > 455 {
            delta /= 35;
            k += 36;
        }
        bias = k + 36 * delta / (delta + 38);
        code += at / count;
        at %= count;
        out.insert(usize::try_from(at).ok()?, char::from_u32(u32::try_from(code).ok()?)?);
        at += 1;
    }
    Some(out)
}
