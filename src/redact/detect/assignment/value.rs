//! What a value is, where it ends, and whether it is hidden.

use std::ops::Range;

use super::place::{Manner, Place};
use super::{Name, REACH, is_name};
use crate::redact::detect::header::{self, Ends};
use crate::redact::detect::{Detail, Scene};
use crate::redact::key::{self, Form, Verdict};
use crate::redact::kind::Kind;
use crate::redact::text::{
    Quote, at, blanks, cut, ends_json_string, is_space, run, run_before, starts_with, starts_with_any_case,
};
use crate::redact::value::{LONGEST_SHOWN, is_placeholder, is_prose, looks_random, looks_told};

/// By so many of its bytes a value is judged that has to look random.
const PROBE: usize = 256;

/// A value that is about to be read.
pub(super) struct Value {
    pub(super) verdict: Verdict,
    pub(super) form: Form,
    pub(super) limit: usize,
    pub(super) name: Name,
    pub(super) place: Place,
}

impl Value {
    pub(super) fn look(&self, scene: &mut Scene<'_>) {
        let text = scene.text;
        let mut start = self.place.value;
        // The value of YAML and of code may stand on the next line, if it is quoted.
        if matches!(at(text, start), b'\n' | b'\r') {
            let next = start + run(text, start, is_space);
            let folded = Quote::at(text, next).is_some_and(|quote| quote.backslashes == 0);
            if !folded || self.verdict < Verdict::Strong {
                return;
            }
            start = next;
        }
        if matches!(self.place.manner, Manner::Colon | Manner::Equals) && starts_with(text, start, b"**") {
            start = blanks(text, start + 2);
        }
        // `<b>Password:</b> …`: the tag of the name ends first.
        if starts_with(text, start, b"</") {
            let tag = start + run(cut(text, 0, start + REACH), start, |byte| byte != b'>' && byte != b'"');
            start = if at(text, tag) == b'>' { blanks(text, tag + 1) } else { start };
        }
        start = unwrapped(text, start);
        if start > self.limit {
            return; // beyond the string that the name stands in
        }
        match Quote::at(text, start) {
            Some(quote) if !self.closes_outside(text, start, quote) => self.quoted(scene, start, quote),
            Some(_) => {}
            None if self.place.manner == Manner::Element => self.element(scene, start),
            None if opens_container(text, start) => self.container(scene, start),
            None => self.bare(scene, start),
        }
    }

    /// Whether a quote where the value should begin ends the string that the name stands in: then there is no value.
    fn closes_outside(&self, text: &[u8], start: usize, quote: Quote) -> bool {
        if quote.byte != b'"'
            || self
                .place
                .quote
                .is_some_and(|around| around.byte == b'"' && around.backslashes == quote.backslashes)
        {
            return false;
        }
        if quote.backslashes == 0 {
            start == self.limit && ends_json_string(text, start)
        } else {
            ends_json_string(text, start + quote.len() - 1)
        }
    }

    fn quoted(&self, scene: &mut Scene<'_>, start: usize, quote: Quote) {
        let text = scene.text;
        let mut inside = start + quote.len();
        // Behind a quote that the count of quotes took for a closing one, the limit is no limit.
        let limit = self.reach(text, inside, if start >= self.limit { text.len() } else { self.limit });
        let tripled =
            quote.backslashes == 0 && at(text, inside) == quote.byte && at(text, inside + 1) == quote.byte;
        if tripled {
            inside += 2;
        }
        // Without a closing quote, rather too much is hidden than half a secret shown.
        let end = quote.closes(text, inside, limit).unwrap_or(limit);
        self.judge(scene, inside..end, None);
        // `password = "old" -> "new"`, as plans of changes show it.
        let behind = blanks(text, end + quote.len());
        if starts_with(text, behind, b"->") || starts_with(text, behind, b"=>") {
            let next = blanks(text, behind + 2);
            if let Some(quote) = Quote::at(text, next).filter(|_| next < self.limit) {
                let inside = next + quote.len();
                let end = quote.closes(text, inside, self.limit.min(inside + PROBE)).unwrap_or(inside);
                self.judge(scene, inside..end, None);
            }
        }
    }

    /// How far a value is read that begins at `from`: to the limit if it is hidden whatever it is, or begins at random.
    /// Otherwise no further than it is judged by, or a line of nothing but names would be read again for each.
    fn reach(&self, text: &[u8], from: usize, limit: usize) -> usize {
        let end = limit.min(from + PROBE);
        if self.verdict == Verdict::Strong || end == limit || looks_random(cut(text, from, end)) {
            limit
        } else {
            end
        }
    }

    fn element(&self, scene: &mut Scene<'_>, start: usize) {
        let text = scene.text;
        let content = start + run(text, start, is_space);
        let (data, closing): (_, &[u8]) =
            if starts_with(text, content, b"<![CDATA[") { (content + 9, b"]]>") } else { (content, b"<") };
        let found = memchr::memmem::find(cut(text, data, self.limit), closing);
        let end = found.map_or(self.limit, |end| data + end);
        let end = end - run_before(text, end, end.saturating_sub(data), is_space);
        self.judge(scene, data..end, None);
    }

    fn bare(&self, scene: &mut Scene<'_>, start: usize) {
        let text = scene.text;
        let number = matches!(at(text, start), b'-' | b'0'..=b'9');
        let keyed = self.place.quote.filter(|_| self.place.manner == Manner::Colon && number);
        let end = bare_end(text, start, self.reach(text, start, self.limit), &self.place);
        // `map[Authorization:[Bearer …]]`, as Go prints headers.
        let word = start + 1 + run(text, start + 1, |byte| byte.is_ascii_alphanumeric());
        let listed = at(text, start) == b'[' && matches!(at(text, word), b' ' | b'=');
        let start = start + usize::from(self.form != Form::Value && listed);
        match self.form {
            _ if self.place.quote.is_some() => {} // a document's: a number, or null
            Form::Authorization => {
                let ends = if self.place.manner == Manner::Equals { Ends::Within } else { Ends::Perhaps };
                return header::authorization(scene, start..header::line_end(text, start, self.limit), ends);
            }
            Form::Cookie | Form::SetCookie => {
                return header::cookies(
                    scene,
                    start..header::line_end(text, start, self.limit),
                    self.form == Form::SetCookie,
                );
            }
            Form::Value => {}
        }
        // `token: String = "…"`: a type stands between name and value.
        let behind = blanks(text, end);
        if self.place.manner == Manner::Colon
            && at(text, behind) == b'='
            && cut(text, start, end).iter().all(|&byte| is_name(byte) || matches!(byte, b'<' | b'>' | b'&'))
        {
            let value = unwrapped(text, blanks(text, behind + 1));
            if let Some(quote) = Quote::at(text, value)
                && !self.closes_outside(text, value, quote)
            {
                return self.quoted(scene, value, quote);
            }
        }
        if keyed.is_none() && (self.is_prose(text, start, end) || Self::is_code(text, start, end)) {
            return;
        }
        // `Token { kind: … }`: the value is an object, and its type stands before it.
        let behind = blanks(text, end);
        if at(text, start).is_ascii_uppercase() && at(text, behind) == b'{' && opens_container(text, behind) {
            return self.container(scene, behind);
        }
        let first = cut(text, start, end);
        if self.begins_line(text) && [&b"not"[..], b"must", b"is", b"cannot", b"should"].contains(&first) {
            return; // `Password: must be longer`
        }
        let whole_line = self.begins_line(text) && !is_placeholder(first) && !scene.shows(Kind::Key, first);
        let end = if whole_line { self.line(text, end) } else { end };
        self.judge(scene, start..end, keyed);
    }

    /// A list or an object: every scalar in it is a value of the name.
    fn container(&self, scene: &mut Scene<'_>, start: usize) {
        if start < scene.walked {
            return;
        }
        let text = scene.text;
        let limit = if start >= self.limit { text.len() } else { self.limit };
        let (mut i, mut depth, mut told) = (start, 0usize, false);
        while i < limit {
            match at(text, i) {
                b'[' | b'{' | b'(' => depth += 1,
                b']' | b'}' | b')' => depth = depth.saturating_sub(1),
                b',' => told = false,
                byte if is_space(byte) || byte == b':' || byte == b'=' => {}
                _ => {
                    let quote = Quote::at(text, i);
                    let inside = i + quote.map_or(0, Quote::len);
                    let end = match quote {
                        Some(quote) => quote.closes(text, inside, limit).unwrap_or(limit),
                        None => {
                            inside
                                + run(cut(text, 0, limit), inside, |byte| {
                                    !is_space(byte)
                                        && !matches!(byte, b',' | b']' | b'}' | b')' | b'=' | b'"' | b'{')
                                })
                        }
                    };
                    let end = if quote.is_none() && end > inside + 1 && at(text, end - 1) == b':' {
                        end - 1
                    } else {
                        end
                    }
                    .max(inside);
                    let behind = (end + quote.map_or(0, Quote::len)).max(i + 1);
                    let next = behind + run(cut(text, 0, limit), behind, is_space);
                    if matches!(at(text, next), b':' | b'=') && next < limit {
                        told = key::is_about_something(cut(text, inside, end)); // a key, whose value comes
                    } else if !told {
                        self.judge(
                            scene,
                            inside..end,
                            self.place.quote.filter(|_| {
                                quote.is_none() && matches!(at(text, inside), b'-' | b'0'..=b'9')
                            }),
                        );
                    }
                    i = behind;
                    continue;
                }
            }
            i += 1;
            if depth == 0 {
                break;
            }
        }
        scene.walked = i;
    }

    /// Hides `value` if it is one, in the form its name asks for.
    fn judge(&self, scene: &mut Scene<'_>, value: Range<usize>, wrap: Option<Quote>) {
        let text = scene.text;
        match self.form {
            _ if wrap.is_some() => {} // a number is no header
            Form::Authorization => return header::authorization(scene, value, Ends::There),
            Form::Cookie | Form::SetCookie => {
                return header::cookies(scene, value, self.form == Form::SetCookie);
            }
            Form::Value => {}
        }
        let content = cut(text, value.start, value.end);
        let trimmed = content.trim_ascii();
        let name = cut(text, self.name.start, self.name.end);
        let random =
            || looks_random(cut(trimmed, 0, PROBE)) || holds_random(trimmed) || header::is_basic(trimmed);
        let secret = self.verdict == Verdict::Strong
            && (self.place.manner != Manner::Told || looks_told(trimmed) || is_code(name, trimmed));
        let harmless = || {
            is_placeholder(trimmed)
                || is_working_directory(name, trimmed)
                || self.is_tally(name, trimmed)
                || is_mentioned_as_url(trimmed)
        };
        let hide = (secret || random()) && (trimmed.len() > LONGEST_SHOWN || !harmless());
        if hide {
            scene.add_wrapped(value, Kind::Key, Detail::Under(self.name.start..self.name.end), wrap);
        }
    }

    /// `pass=12 fail=3` counts tests, `--- PASS: TestLogin` is one, `pin=13` is a pin of a chip, `EOS token = 2` a number of
    /// a word, `otp: 26.2.1` a version of Erlang's.
    fn is_tally(&self, name: &[u8], value: &[u8]) -> bool {
        let digits = run(value, 0, |byte| byte.is_ascii_digit());
        let number = digits == value.len();
        let spoken = self.place.quote.is_none();
        let ends_with = |word: &[u8]| starts_with_any_case(name, name.len().saturating_sub(word.len()), word);
        match name.len() {
            4 if name == b"PASS" && self.place.manner == Manner::Colon => !looks_told(value),
            4 if ends_with(b"pass") => {
                number && digits <= 4 || (1..=4).contains(&digits) && value.ends_with(b"ms")
            }
            5 if ends_with(b"token") => spoken && number && digits <= 5,
            3 if ends_with(b"otp") => spoken && digits > 0 && at(value, digits) == b'.',
            _ => ends_with(b"pin") && !(number && digits >= 4),
        }
    }

    /// `invalid token: unexpected end of input`: a sentence goes on behind the colon.
    fn is_prose(&self, text: &[u8], start: usize, end: usize) -> bool {
        let spoken = match self.place.manner {
            Manner::Colon => at(text, start.saturating_sub(1)) == b' ',
            Manner::Told => return false, // it has to look like a value in any case
            _ => false,
        };
        let mid_sentence = self.name.start >= 2
            && at(text, self.name.start - 1) == b' '
            && at(text, self.name.start - 2).is_ascii_alphanumeric();
        spoken && mid_sentence && is_prose(text, start, end)
    }

    /// `key = Buffer.from(…)`: code that gets the value elsewhere.
    fn is_code(text: &[u8], start: usize, end: usize) -> bool {
        let spaced = at(text, start.saturating_sub(1)) == b' ';
        let name = start
            + run(cut(text, 0, end), start, |byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_'));
        spaced
            && name > start + 1
            && matches!(at(text, name), b'(' | b'[')
            && matches!(at(text, name + 1), b'"' | b'\'' | b')' | b'a'..=b'z' | b'A'..=b'Z' | b'_' | b'$')
    }

    fn begins_line(&self, text: &[u8]) -> bool {
        let before = self.name.start
            - run_before(text, self.name.start, REACH, |byte| matches!(byte, b' ' | b'\t' | b'-'));
        self.place.manner == Manner::Colon
            && at(text, self.place.value.saturating_sub(1)) == b' '
            && self.verdict == Verdict::Strong
            && (before == 0 || at(text, before - 1) == b'\n')
    }

    /// `password: correct horse battery staple` alone on its line, as YAML has it: all of it, unless the rest has a
    /// structure of its own.
    fn line(&self, text: &[u8], end: usize) -> usize {
        let line = header::line_end(text, end, self.limit);
        let rest = cut(text, end, line);
        let structured = rest.iter().any(|byte| {
            matches!(byte, b'=' | b':' | b'"' | b'{' | b'[' | b'\\' | b'|' | b'\'' | b'<' | b';')
        });
        let comment = rest.windows(2).position(|two| two == b" #").unwrap_or(rest.len());
        if structured { end } else { end + comment - run_before(text, end + comment, comment, is_space) }
    }
}

/// Behind what wraps a value: `Some(`, `Secret(`, `b"`, `r#"`.
fn unwrapped(text: &[u8], start: usize) -> usize {
    const WRAPPERS: [&[u8]; 8] = [
        b"Some(", b"Ok(", b"Secret(", b"SecretString(", b"String(", b"new String(", b"String::from(",
        b"Just(",
    ];
    if !matches!(
        at(text, start),
        b'S' | b'O'
            | b'J'
            | b'n'
            | b'['
            | b'b'
            | b'r'
            | b'u'
            | b'f'
            | b'N'
            | b'L'
            | b'@'
            | b'#'
            | b'&'
            | b'('
    ) {
        return start; // nearly always
    }
    let mut i = start;
    for _ in 0..4 {
        let Some(wrapper) = WRAPPERS.iter().find(|wrapper| starts_with(text, i, wrapper)) else { break };
        i += wrapper.len();
    }
    // Go's `[]string{"…"}`.
    if starts_with(text, i, b"[]") {
        let is_kind = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'{' | b'}' | b'(');
        let kind = i + 2 + run(cut(text, 0, i + 24), i + 2, is_kind);
        i = if Quote::at(text, kind).is_some() { kind } else { i };
    }
    let letters = run(text, i, |byte| {
        matches!(byte, b'b' | b'r' | b'u' | b'f' | b'N' | b'L' | b'@' | b'#' | b'&' | b'(')
    });
    if (1..=3).contains(&letters) && Quote::at(text, i + letters).is_some() { i + letters } else { i }
}

/// Whether a list or an object begins, rather than a value that happens to begin with a bracket.
fn opens_container(text: &[u8], start: usize) -> bool {
    if !matches!(at(text, start), b'[' | b'{') {
        return false;
    }
    let next = start + 1 + run(text, start + 1, is_space);
    let name = next + run(cut(text, 0, next + REACH), next, is_name);
    let named = name > next && matches!(at(text, blanks(text, name)), b':' | b'=') && at(text, start) == b'{';
    let listed = at(text, start) == b'['
        && matches!(at(text, next), b'[' | b'{' | b'0'..=b'9' | b'-' | b't' | b'f' | b'n');
    Quote::at(text, next).is_some() || named || listed
}

/// Where an unquoted value ends.
fn bare_end(text: &[u8], start: usize, limit: usize, place: &Place) -> usize {
    let in_json = place.quote.is_some() && place.manner == Manner::Colon;
    // A bracket that the value opens, it closes itself: `[REDACTED]`, `{0}`, `<unset>`, `${NAME}`.
    let opens = if at(text, start) == b'$' { at(text, start + 1) } else { at(text, start) };
    let mut closing = match opens {
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        b'(' => b')',
        _ => 0,
    };
    let mut i = start;
    while i < limit {
        let byte = at(text, i);
        if byte == closing && closing != 0 {
            closing = 0;
            i += 1;
            continue;
        }
        let ends = match byte {
            b'\x1b' => true,
            byte if is_space(byte) => true,
            b'\'' | b'`' => i == start || ends_string(text, i + 1),
            b'\\' => match escape(text, i) {
                Some(length) => {
                    i += length;
                    continue;
                }
                None => true,
            },
            b',' | b'}' | b']' if in_json => true,
            b',' | b';' | b'|' | b'&' => i > start && delimits(text, i + 1),
            b'"' | b')' | b']' | b'}' | b'>' => ends_string(text, i + 1),
            b'<' => i > start && matches!(at(text, i + 1), b'/' | b'a'..=b'z' | b'A'..=b'Z' | b'!'),
            b'%' if place.manner == Manner::Percent => {
                starts_with(text, i, b"%26") || starts_with(text, i, b"%2526")
            }
            _ => false,
        };
        if ends {
            break;
        }
        i += 1;
    }
    i.min(limit)
}

/// Whether what stands behind a closing sign is no part of the same value.
fn ends_string(text: &[u8], behind: usize) -> bool {
    behind >= text.len()
        || matches!(
            at(text, behind),
            b',' | b';'
                | b')'
                | b']'
                | b'}'
                | b'>'
                | b':'
                | b'"'
                | b'\''
                | b'`'
                | b'\\'
                | b'/'
                | b'|'
                | b'&'
                | 0x1b
        )
        || is_space(at(text, behind))
}

/// Whether a comma, semicolon, bar or ampersand ends a value: it does before a space, and before the next name.
fn delimits(text: &[u8], behind: usize) -> bool {
    if ends_string(text, behind) {
        return true;
    }
    let name = behind
        + run(cut(text, 0, behind + REACH), behind, |byte| {
            is_name(byte) || matches!(byte, b'[' | b']' | b' ' | b'%')
        });
    name > behind && matches!(at(text, name), b'=' | b':')
}

/// The length of an escape that belongs to a value; `None` for one that ends it.
fn escape(text: &[u8], from: usize) -> Option<usize> {
    let backslashes = run(text, from, |byte| byte == b'\\');
    let byte = at(text, from + backslashes);
    match byte {
        b'"' | b'\'' => (!ends_string(text, from + backslashes + 1)).then_some(backslashes + 1),
        b'n' | b'r' | b't' => None,
        b'u' => {
            let code = cut(text, from + backslashes + 1, from + backslashes + 5);
            let ends = [&b"0026"[..], b"003c", b"003C", b"003e", b"003E", b"0022", b"0027"].contains(&code);
            (!ends).then_some(backslashes + 1)
        }
        _ => Some(backslashes + usize::from(backslashes % 2 == 1 && from + backslashes < text.len())),
    }
}

/// A few words of which one looks random: `{AQAAABAAA 9fK2…}`, as Jenkins keeps it.
pub(super) fn holds_random(value: &[u8]) -> bool {
    value.len() <= 256
        && (2..=4).contains(&value.split(|&byte| byte == b' ').count())
        && value.split(|&byte| is_space(byte)).any(|word| word.len() >= 16 && looks_random(word))
}

/// `PWD=/home/app` is where a process works.
fn is_working_directory(name: &[u8], value: &[u8]) -> bool {
    name.ends_with(b"PWD") && (matches!(name, b"PWD" | b"OLDPWD")) && matches!(at(value, 0), b'/' | b'~')
        || name == b"PWD" && at(value, 1) == b':'
}

/// A code of a few digits, where one is spoken of.
fn is_code(name: &[u8], value: &[u8]) -> bool {
    let about = [&b"otp"[..], b"totp", b"passcode", b"pin"]
        .iter()
        .any(|code| starts_with_any_case(name, name.len().saturating_sub(code.len()), code));
    about && (4..=10).contains(&value.len()) && value.iter().all(u8::is_ascii_digit)
}

/// `token: https://…` names a place; what is secret in it, others find.
fn is_mentioned_as_url(value: &[u8]) -> bool {
    starts_with_any_case(value, 0, b"http://") || starts_with_any_case(value, 0, b"https://")
}
