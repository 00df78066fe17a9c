//! One record as one line: written, and taken apart far enough to verify it.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use super::Kind;
use super::chain::Ratcheted;
use super::event::{Detail, Event};
use crate::encoding;
use crate::keys::KeyId;

/// What a line says of its place in the chain.
pub(super) struct Outline<'a> {
    pub(super) seq: u64,
    /// Only of the line that starts a file.
    pub(super) start: Option<Start>,
    pub(super) key: KeyId,
    /// All that the MAC covers.
    pub(super) signed: &'a [u8],
    pub(super) mac: [u8; 32],
}

/// What the first line of a file says: which chain it belongs to, and what came before.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) chain: [u8; 16],
    /// The MAC of the record before; zeros where there is none.
    pub(super) before: [u8; 32],
    pub(super) ratchet: Option<Ratcheted>,
}

/// Writes a record up to where its MAC goes.
pub(super) fn open(
    line: &mut String,
    seq: u64,
    start: Option<&Start>,
    time: SystemTime,
    app: &str,
    event: &Event,
) {
    let _infallible = write!(line, "{{\"v\":1,\"seq\":{seq}");
    if let Some(Start { chain, before, ratchet }) = start {
        let (chain, before) = (encoding::hex(chain), encoding::hex(before));
        let _infallible = write!(line, ",\"chain\":\"{chain}\",\"before\":\"{before}\"");
        if let Some(Ratcheted { id, epoch }) = ratchet {
            let _infallible = write!(line, ",\"ratchet\":\"{}\",\"epoch\":{epoch}", encoding::hex(id));
        }
    }
    let mut is_cut = event.is_cut;
    let _infallible = write!(line, ",\"datetime\":\"{}\"", Rfc3339(time));
    if !app.is_empty() {
        is_cut |= text(line, "appid", app);
    }
    line.push_str(",\"event\":\"");
    line.push_str(event.name.prefix());
    is_cut |= escape(line, event.name.as_str());
    line.push('"');
    let other_name = event.kind().filter(|kind| kind.owasp() != Some(kind.as_str()));
    if let Some(owasp) = other_name.and_then(Kind::owasp) {
        let _infallible = write!(line, ",\"owasp\":\"{owasp}\"");
    }
    let _infallible =
        write!(line, ",\"level\":\"{}\",\"outcome\":\"{}\"", event.level.as_str(), event.outcome.as_str());
    if let Some(address) = event.source_ip {
        let _infallible = write!(line, ",\"source_ip\":\"{address}\"");
    }
    for (field, value) in &event.texts {
        is_cut |= text(line, field.name(), value);
    }
    if let Some(trace) = event.trace {
        let _infallible =
            write!(line, ",\"trace_id\":\"{}\",\"span_id\":\"{}\"", trace.trace_id(), trace.span_id());
    }
    if let Some(one_in) = event.one_in {
        let _infallible = write!(line, ",\"one_in\":{one_in}");
    }
    if !event.details.is_empty() {
        line.push_str(",\"details\":");
        is_cut |= details(line, &event.details);
    }
    if is_cut {
        line.push_str(",\"cut\":true");
    }
}

/// Writes the rest of what the MAC covers, and then `mac` gives it.
pub(super) fn close(line: &mut String, key: KeyId, mac: impl FnOnce(&[u8]) -> [u8; 32]) -> [u8; 32] {
    let _infallible = write!(line, ",\"key\":\"{key}\",\"mac\":\"");
    let mac = mac(line.as_bytes());
    line.push_str(&encoding::hex(&mac));
    line.push_str("\"}\n");
    mac
}

/// Takes a line apart, without its line break. Only what [`open`] and [`close`] write has an outline.
pub(super) fn outline(line: &[u8]) -> Option<Outline<'_>> {
    let End { rest, signed, key, mac } = End::of(line)?;
    let rest = rest.strip_prefix(BEGIN)?;
    let (seq, rest) = number(rest)?;
    let start = if let Some(rest) = rest.strip_prefix(b",\"chain\":\"") {
        Some(start(rest)?)
    } else {
        rest.strip_prefix(b",\"datetime\":\"")?;
        None
    };
    Some(Outline { seq, start, key, signed, mac })
}

/// Whether bytes that do not end with a line break can be what a crash left of one record: its beginning, or zeros that
/// the file system gave in its place.
pub(super) fn is_torn(bytes: &[u8]) -> bool {
    let begins = bytes.starts_with(BEGIN) || BEGIN.starts_with(bytes);
    let ends_within = || {
        bytes.windows(2).zip(2..).any(|(window, end)| {
            window == b"\"}" && bytes.get(..end).is_some_and(|bytes| End::of(bytes).is_some())
        })
    };
    bytes.iter().all(|byte| *byte == 0) || (begins && bytes.len() < MAX_LINE && !ends_within())
}

/// How a record ends.
struct End<'a> {
    /// All before its key.
    rest: &'a [u8],
    signed: &'a [u8],
    key: KeyId,
    mac: [u8; 32],
}

impl<'a> End<'a> {
    fn of(line: &'a [u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\"}")?;
        let (signed, mac) = line.split_at_checked(line.len().checked_sub(64)?)?;
        let rest = signed.strip_suffix(b"\",\"mac\":\"")?;
        let (rest, key) = rest.split_at_checked(rest.len().checked_sub(8)?)?;
        let rest = rest.strip_suffix(b",\"key\":\"")?;
        Some(Self { rest, signed, key: KeyId::from_bytes(hex(key)?), mac: hex(mac)? })
    }
}

fn start(rest: &[u8]) -> Option<Start> {
    let (chain, rest) = rest.split_at_checked(32)?;
    let (before, rest) = rest.strip_prefix(b"\",\"before\":\"")?.split_at_checked(64)?;
    let rest = rest.strip_prefix(b"\"")?;
    let (ratchet, rest) = match rest.strip_prefix(b",\"ratchet\":\"") {
        Some(rest) => {
            let (id, rest) = rest.split_at_checked(32)?;
            let (epoch, rest) = number(rest.strip_prefix(b"\",\"epoch\":")?)?;
            (Some(Ratcheted { id: hex(id)?, epoch }), rest)
        }
        None => (None, rest),
    };
    rest.strip_prefix(b",\"datetime\":\"")?;
    Some(Start { chain: hex(chain)?, before: hex(before)?, ratchet })
}

fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    encoding::from_hex(str::from_utf8(digits).ok()?, &mut bytes)?;
    Some(bytes)
}

/// A decimal number in its one spelling, and what follows it.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().take(21).position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = text.split_at_checked(end)?;
    let value: u64 = str::from_utf8(digits).ok()?.parse().ok()?;
    (digits == b"0" || !digits.starts_with(b"0")).then_some((value, rest))
}

/// Writes `,"name":"value"`; whether the value was cut.
fn text(line: &mut String, name: &str, value: &str) -> bool {
    line.push_str(",\"");
    line.push_str(name);
    line.push_str("\":\"");
    let is_cut = escape(line, value);
    line.push('"');
    is_cut
}

/// Writes a JSON object; whether a name or value was cut.
pub(super) fn details(line: &mut String, details: &[(&'static str, Detail)]) -> bool {
    let mut is_cut = false;
    let mut separator = '{';
    for (name, value) in details {
        line.push(separator);
        separator = ',';
        line.push('"');
        is_cut |= escape(line, name);
        line.push_str("\":");
        let _infallible = match value {
            Detail::Text(text) => {
                line.push('"');
                is_cut |= escape(line, text);
                line.push('"');
                Ok(())
            }
            Detail::Unsigned(number) => write!(line, "{number}"),
            Detail::Signed(number) => write!(line, "{number}"),
            Detail::Bool(yes) => write!(line, "{yes}"),
        };
    }
    line.push('}');
    is_cut
}

/// Writes the inside of a JSON string: at most [`MAX_TEXT`] bytes, and `…` where it was cut.
///
/// More is escaped than JSON asks for: whatever ends a line for some reader, steers a terminal, turns the direction
/// of the text or cannot be seen.
pub(super) fn escape(line: &mut String, text: &str) -> bool {
    let limit = line.len().saturating_add(MAX_TEXT);
    let mut plain = 0; // where the run began that is copied as it is
    for (at, character) in text.char_indices() {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            _ => "",
        };
        let is_plain = short.is_empty() && !is_hidden(character);
        let width = match (is_plain, short.len()) {
            (true, _) => character.len_utf8(),
            (false, 0) => 6 * character.len_utf16(),
            (false, short) => short,
        };
        if line.len() + (at - plain) + width > limit {
            line.push_str(text.get(plain..at).unwrap_or_default());
            line.push('…');
            return true;
        }
        if !is_plain {
            line.push_str(text.get(plain..at).unwrap_or_default());
            plain = at + character.len_utf8();
            line.push_str(short);
            if short.is_empty() {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _infallible = write!(line, "\\u{unit:04x}");
                }
            }
        }
    }
    line.push_str(text.get(plain..).unwrap_or_default());
    false
}

/// Control characters, line and paragraph separators, and Unicode's format characters: bidirectional controls,
/// zero-width ones, tags.
const fn is_hidden(character: char) -> bool {
    matches!(character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{890}' | '\u{891}' | '\u{8e2}' | '\u{110bd}'
        | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}'
        | '\u{70f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}' | '\u{e000}'..='\u{f8ff}'
        | '\u{f0000}'..='\u{10ffff}')
}

/// A time in UTC, to the microsecond; before 1970 and after 9999 the nearest there is.
pub(super) struct Rfc3339(pub(super) SystemTime);

impl std::fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let last = SystemTime::UNIX_EPOCH + Duration::new(253_402_300_799, 999_999_999);
        humantime::format_rfc3339_micros(self.0.clamp(SystemTime::UNIX_EPOCH, last)).fmt(f)
    }
}

/// How every record begins; its number follows.
const BEGIN: &[u8] = b"{\"v\":1,\"seq\":";
/// Bytes of a text as it is written.
const MAX_TEXT: usize = 1024;
/// More than any record has: ten texts, the application's name, thirty-two details of two texts each, and the fixed
/// parts.
pub(super) const MAX_LINE: usize = 96 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut line = String::new();
        escape(&mut line, text);
        line
    }

    #[test]
    fn what_breaks_or_steers_a_reader_is_escaped_and_read_back_by_json() {
        assert_eq!(escaped("plain é 漢 😀 <b>"), "plain é 漢 😀 <b>");
        assert_eq!(escaped("a\r\nb\t\"\\\0\x1b[31m\x7f"), r#"a\r\nb\t\"\\\u0000\u001b[31m\u007f"#);
        assert_eq!(escaped("\u{85}\u{2028}\u{2029}\u{202e}\u{2066}"), r"\u0085\u2028\u2029\u202e\u2066");
        assert_eq!(escaped("\u{feff}\u{200b}\u{e0041}"), r"\ufeff\u200b\udb40\udc41");
        for text in ["a\u{0}\u{7f}\u{80}\u{9f}\u{a0}", "\u{10ffff}\u{e000}\u{fffd}", "…\\u0000\\"] {
            let read: String = serde_json::from_str(&format!("\"{}\"", escaped(text))).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_and_escapes() {
        for (unit, width) in [("x", 1), ("é", 2), ("\0", 6), ("\u{e0041}", 12), ("\"", 2), ("😀", 4)] {
            for first in 0..width {
                let fits = (MAX_TEXT - first) / width;
                let text = |units| format!("{}{}", "x".repeat(first), unit.repeat(units));
                assert!(!escape(&mut String::new(), &text(fits)));
                let mut line = "before ".to_owned();
                assert!(escape(&mut line, &text(fits + 1)), "{unit:?}");
                assert!(line.len() <= "before ".len() + MAX_TEXT + '…'.len_utf8());
                let read: String = serde_json::from_str(&format!("\"{line}\"")).unwrap();
                assert_eq!(read.strip_prefix("before ").unwrap(), format!("{}…", text(fits)));
            }
        }
    }

    #[test]
    fn times_outside_the_calendar_are_the_nearest_inside() {
        let shown = |time| Rfc3339(time).to_string();
        assert_eq!(shown(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), "1970-01-01T00:00:00.000000Z");
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
        assert_eq!(shown(far), "9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn only_our_own_spelling_has_an_outline() {
        let digits = "0".repeat(64);
        let line = |seq: &str| {
            format!("{{\"v\":1,\"seq\":{seq},\"datetime\":\"x\",\"key\":\"1a2b3c4d\",\"mac\":\"{digits}\"}}")
        };
        assert_eq!(outline(line("17").as_bytes()).unwrap().seq, 17);
        assert_eq!(outline(line("18446744073709551615").as_bytes()).unwrap().seq, u64::MAX);
        for seq in ["", "01", "-1", "+1", "1.0", " 1", "18446744073709551616", &"9".repeat(100)] {
            assert!(outline(line(seq).as_bytes()).is_none(), "{seq}");
        }
        let whole = line("17");
        for end in 0..whole.len() {
            assert!(outline(&whole.as_bytes()[..end]).is_none(), "{end}");
        }
        assert!(outline(whole.to_uppercase().as_bytes()).is_none());
        assert!(outline(format!("{whole}\r").as_bytes()).is_none());
    }
}
