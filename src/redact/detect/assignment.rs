//! A value under a sensitive name, however the two are written: `name=value`, `"name": "value"` at any depth of escaping,
//! `<name>value</name>`, `--name value`, `name("value")`, `{"name": "NAME", "value": "value"}`, `the name is value`.

mod place;
mod value;

use std::ops::Range;

use place::Place;
use value::{Value, holds_random};

use super::header::{self, Ends};
use super::{Detail, Detector, Scene};
use crate::redact::key::{self, Form, Under, Verdict};
use crate::redact::kind::Kind;
use crate::redact::text::{Quote, at, behind_escape, cut, ends_json_string, run, run_before, starts_with};
use crate::redact::value::{is_placeholder, looks_random, looks_told};

pub(super) const DETECTOR: Detector = Detector {
    kinds: &[Kind::Key, Kind::Authorization, Kind::Cookie],
    // The stems of sensitive names in the cases that names are written in; without its first letter, one stem serves two
    // cases. `csrf` and `jwt` are not among them: what is secret there is a token by its form or by the rest of its name.
    anchors: &[
        "pass", "Pass", "PASS", "pwd", "Pwd", "PWD", "ecret", "ECRET", "oken", "OKEN", "key", "Key", "KEY",
        "uth", "UTH", "cred", "CRED", "ookie", "ession", "SESS", "otp", "OTP", "gnature", "sig=", "cvv",
        "pin\"",
    ],
    look,
};

/// Names reach no further back and forth from their stem than this.
const REACH: usize = 64;

fn look(scene: &mut Scene<'_>, stem: Range<usize>) {
    let text = scene.text;
    let name = Name::around(text, &stem);
    if scene.is_in_mask(&(name.start..name.end)) {
        return; // `[key:1a2b3c4d]` is a pseudonym
    }
    let Some(place) = Place::behind(text, &name) else {
        // A session's number is no secret as a token is: it has to be the value of a name.
        let weak =
            [&b"ession"[..], b"SESS", b"uth", b"UTH"].iter().any(|weak| starts_with(text, stem.start, weak));
        if !weak {
            near(scene, &name);
        }
        return;
    };
    let Under { verdict, form } = key::judge(cut(text, name.start, name.end));
    if verdict == Verdict::Plain || !scene.wants(form.kind()) {
        return; // what would not be hidden is not read
    }
    let limit = limit(scene, &name, place.quote);
    if place.value > limit && ends_json_string(text, limit) {
        return; // what would be the value stands in another string
    }
    Value { verdict: verdict.min(place.strength), form, limit, name, place }.look(scene);
}

/// A text that is the value of a field whose name was judged.
pub(in crate::redact) fn field(scene: &mut Scene<'_>, under: Under) {
    let value = 0..scene.text.len();
    let text = scene.text.trim_ascii();
    match under.form {
        _ if under.verdict == Verdict::Plain => {}
        Form::Authorization => header::authorization(scene, value, Ends::There),
        Form::Cookie | Form::SetCookie => header::cookies(scene, value, under.form == Form::SetCookie),
        Form::Value if is_placeholder(text) => {}
        Form::Value if under.verdict == Verdict::Strong || looks_random(text) || holds_random(text) => {
            scene.add(value, Kind::Key, Detail::None);
        }
        Form::Value => {}
    }
}

/// What a value may not reach across: the end of the string that holds its name, or of the text.
fn limit(scene: &mut Scene<'_>, name: &Name, quote: Option<Quote>) -> usize {
    let outside = quote == Some(Quote { backslashes: 0, byte: b'"' })
        && name.start > 0
        && at(scene.text, name.start - 1) == b'"';
    if outside {
        return scene.text.len();
    }
    scene.strings.end_around(scene.text, name.start).unwrap_or(scene.text.len())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Where a name stands.
struct Name {
    start: usize,
    end: usize,
}

impl Name {
    fn around(text: &[u8], stem: &Range<usize>) -> Self {
        let mut start = stem.start - run_before(text, stem.start, REACH, is_name);
        start = behind_escape(text, start).min(stem.start);
        let mut end = stem.start + run(cut(text, 0, stem.end + REACH), stem.start, is_name);
        if end <= stem.start {
            end = stem.end; // an anchor that begins with a quote
        }
        while end > stem.end && matches!(at(text, end - 1), b'.' | b'-') {
            end -= 1;
        }
        // `API key`, `secret access key`: a key is told by the word before it.
        if end - start <= 4
            && at(text, start).eq_ignore_ascii_case(&b'k')
            && start >= 2
            && at(text, start - 1) == b' '
        {
            start -= 1 + run_before(text, start - 1, 16, |byte| byte.is_ascii_alphabetic());
        }
        Self { start, end }
    }

    fn is_flag(&self, text: &[u8]) -> bool {
        at(text, self.start) == b'-'
            && (self.start == 0 || matches!(at(text, self.start - 1), b' ' | b'"' | b'\'' | b'\t'))
    }
}

/// A random word not far behind a sensitive one: `retry: token 9fK2… expired`.
fn near(scene: &mut Scene<'_>, name: &Name) {
    let text = scene.text;
    if !matches!(at(text, name.end), b' ' | b'"' | b'\'' | b'`' | b')' | b']') {
        return;
    }
    let (reach, mut i) = (name.end + 48, name.end + 1);
    for _ in 0..6 {
        i += run(text, i, |byte| {
            matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'(' | b'[' | b'<' | b'-' | b'|' | b',')
        });
        let end = i + run(cut(text, 0, i + 512), i, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'.' | b'~')
        });
        if i >= reach || end == i {
            return;
        }
        let ends = end >= text.len() || !matches!(at(text, end), b'=' | b':' | b'@' | b'\\' | b'$' | b'#');
        let padding = run(cut(text, 0, end + 2), end, |byte| byte == b'=');
        let word = cut(text, i, end);
        let word = word.strip_suffix(b".").unwrap_or(word);
        // `login ann password hunter2`: the word right behind may be short.
        let spoken = i <= name.end + 2 && names_password(cut(text, name.start, name.end)) && looks_told(word);
        // `using RSA key 4A5B…` tells a fingerprint.
        let fingerprint =
            at(text, name.end - 1).eq_ignore_ascii_case(&b'y') && word.iter().all(u8::is_ascii_hexdigit);
        if (ends || padding > 0) && (spoken || word.len() >= 16 && looks_random(word) && !fingerprint) {
            if key::judge(cut(text, name.start, name.end)).verdict == Verdict::Strong {
                scene.add(i..i + word.len() + padding, Kind::Key, Detail::Under(name.start..name.end));
            }
            return;
        }
        i = end;
    }
}

fn names_password(name: &[u8]) -> bool {
    [&b"password"[..], b"passwd", b"passphrase"].iter().any(|word| name.eq_ignore_ascii_case(word))
}
