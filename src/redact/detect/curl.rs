//! The password in `curl -u user:password` and `--user user:password`.

use std::ops::Range;

use super::{Detail, Detector, Scene};
use crate::redact::kind::Kind;
use crate::redact::text::{Quote, at, blanks, cut, is_space, run, starts_with};
use crate::redact::value::is_placeholder;

pub(super) const DETECTOR: Detector = Detector { kinds: &[Kind::Userinfo], anchors: &["curl "], look };

/// How far behind the program's name its option is looked for, and how long a word of it may be.
const REACH: usize = 1024;

fn look(scene: &mut Scene<'_>, anchor: Range<usize>) {
    let text = scene.text;
    let limit = scene.strings.end_around(text, anchor.start).unwrap_or(text.len());
    let command = cut(text, 0, limit.min(anchor.end + REACH));
    for option in memchr::memmem::find_iter(cut(command, anchor.start, command.len()), " -")
        .map(|found| anchor.start + found)
    {
        let name = OPTIONS.iter().find(|name| starts_with(command, option, name));
        let end = option + name.map_or(0, |name| name.len());
        if name.is_some() && (!at(text, end).is_ascii_alphabetic() || name == OPTIONS.last()) {
            credentials(scene, blanks(text, end + usize::from(at(text, end) == b'=')), limit);
        }
    }
}

const OPTIONS: [&[u8]; 3] = [b" --user", b" --proxy-user", b" -u"];

/// `user:password`, of which each or both may be quoted.
fn credentials(scene: &mut Scene<'_>, start: usize, limit: usize) {
    let text = cut(scene.text, 0, limit);
    let (user, behind) = word(text, start, true);
    if at(text, behind) != b':' {
        let inner = cut(text, user.start, user.end);
        if let Some(colon) = memchr::memchr(b':', inner) {
            let password = user.start + colon + 1..user.end;
            // With nothing behind the colon, the name is the secret: so keys of services are given.
            hide(scene, if password.is_empty() { user.start..user.start + colon } else { password });
        }
        return;
    }
    let (password, _) = word(text, behind + 1, false);
    hide(scene, if password.is_empty() { user } else { password });
}

fn hide(scene: &mut Scene<'_>, place: Range<usize>) {
    if !is_placeholder(cut(scene.text, place.start, place.end)) {
        scene.add(place, Kind::Userinfo, Detail::None);
    }
}

/// A word of a shell's, without its quotes, and where it ends; unquoted up to a colon if it is a name.
fn word(text: &[u8], from: usize, name: bool) -> (Range<usize>, usize) {
    if let Some(quote) = Quote::at(text, from) {
        let inside = from + quote.len();
        let reach = text.len().min(inside + REACH).max(inside);
        let end = quote.closes(text, inside, reach).unwrap_or(reach);
        return (inside..end, end + quote.len());
    }
    let end = from
        + run(cut(text, 0, from + REACH), from, |byte| {
            !(is_space(byte) || matches!(byte, b'"' | b'\\') || name && byte == b':')
        });
    (from..end, end)
}
