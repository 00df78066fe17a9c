//! Where the value of a name begins: operators, tags, commas, flags, words.

use memchr::memchr;

use super::{Name, is_name};
use crate::redact::key::Verdict;
use crate::redact::text::{
    Quote, at, blanks, colours, cut, is_space, run, run_before, starts_with, starts_with_any_case,
};

/// Where the value of a name begins, and how sure it is that it is one.
pub(super) struct Place {
    pub(super) value: usize,
    /// How much the way it is written adds: a comma needs a value that looks random, an equals sign does not.
    pub(super) strength: Verdict,
    /// The quote behind the name.
    pub(super) quote: Option<Quote>,
    pub(super) manner: Manner,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// `=` and the like.
    Equals,
    /// `: `
    Colon,
    /// `%3D`: in a URL in a URL.
    Percent,
    /// Between tags.
    Element,
    /// Behind a flag.
    Word,
    /// Behind a comma, or `is`: the value has to look like one.
    Told,
}

impl Place {
    pub(super) fn behind(text: &[u8], name: &Name) -> Option<Self> {
        let mut i = name.end;
        let mut quote = None;
        let mut brackets = false;
        for _ in 0..6 {
            i = colours(text, i);
            if let (None, Some(found)) = (quote, Quote::at(text, i)) {
                quote = Some(found);
                i += found.len();
            } else if matches!(at(text, i), b']' | b')' | b'}' | b'*') {
                brackets |= at(text, i) != b'*';
                i += 1;
            } else if at(text, i) == b'%'
                && [&b"%5B"[..], b"%5D", b"%22"].iter().any(|sign| starts_with(text, i, sign))
            {
                i += 3;
            } else {
                break;
            }
        }
        let place = |value, strength, manner| Some(Self { value, strength, quote, manner });
        if let Some(inside) = element(text, name, i) {
            return place(inside, Verdict::Strong, Manner::Element);
        }
        let j = colours(text, blanks(text, i));
        if let Some((length, manner)) = operator(text, j) {
            // `arn:aws:secretsmanager:eu-west-1:1:secret:name`: one of many colons is no assignment.
            let listed = manner == Manner::Colon
                && quote.is_none()
                && name.start > 0
                && at(text, name.start - 1) == b':'
                && !is_space(at(text, j + 1));
            let strength = if listed { Verdict::Weak } else { Verdict::Strong };
            return place(colours(text, blanks(text, j + length)), strength, manner);
        }
        // `<property name="password">…</property>`
        if quote.is_some() && at(text, j) == b'>' {
            let inside = j + 1 + run(text, j + 1, is_space);
            return place(inside, Verdict::Strong, Manner::Element).filter(|_| at(text, inside) != b'<');
        }
        if let Some(value) = pair(text, i) {
            return place(value, Verdict::Strong, Manner::Equals);
        }
        if quote.is_some() && !brackets && at(text, j) == b',' {
            let value = j + 1 + run(text, j + 1, is_space);
            return Quote::at(text, value).and_then(|_| place(value, Verdict::Strong, Manner::Told));
        }
        if j == i && at(text, i) == b'(' && Quote::at(text, i + 1).is_some() {
            return place(i + 1, Verdict::Strong, Manner::Told);
        }
        if j == i || quote.is_some() && Quote::at(text, j).is_none() {
            return None;
        }
        if name.is_flag(text) {
            return place(j, Verdict::Strong, Manner::Word).filter(|_| at(text, j) != b'-');
        }
        if Quote::at(text, j).is_some() {
            // `ALTER USER … PASSWORD '…'`
            let sql = cut(text, name.start, name.end) == b"PASSWORD" && at(text, j) == b'\'';
            return place(j, Verdict::Strong, if sql { Manner::Equals } else { Manner::Told });
        }
        let said = SAID.iter().find(|word| starts_with_any_case(text, j, word))?;
        place(blanks(text, j + said.len()), Verdict::Strong, Manner::Told)
    }
}

/// An equals sign or a colon in a URL in a URL.
const ENCODED: [&[u8]; 6] = [b"%3D", b"%3d", b"%3A", b"%3a", b"%253D", b"%253A"];

/// What prose puts between a name and its value.
const SAID: [&[u8]; 5] = [b"is: ", b"is ", b"was: ", b"was ", b"are "];

/// An operator that gives a name its value, and its length.
fn operator(text: &[u8], from: usize) -> Option<(usize, Manner)> {
    const OPERATORS: [&[u8]; 18] = [
        b":::=", b"::=", b"||=", b"||:", b"===", b":=", b"?=", b"=>", b"==", b"=~", b"+=", b".=", b"-=",
        b"->", b"<-", b"?:", b"!=", b"=",
    ];
    if !matches!(at(text, from), b':' | b'|' | b'=' | b'?' | b'+' | b'.' | b'-' | b'<' | b'!' | b'%' | b'\\')
    {
        return None;
    }
    let sign = |byte: u8| matches!(byte, b'=' | b'>' | b'~');
    if at(text, from) == b'=' && !sign(at(text, from + 1)) {
        return Some((1, Manner::Equals)); // nearly always
    }
    if let Some(found) = OPERATORS.iter().find(|operator| starts_with(text, from, operator)) {
        return Some((found.len(), Manner::Equals));
    }
    if at(text, from) == b':' {
        let path = at(text, from + 1) == b':' || starts_with(text, from, b"://");
        return (!path).then_some((1, Manner::Colon));
    }
    let encoded = ENCODED.iter().find(|sign| starts_with(text, from, sign));
    if let Some(sign) = encoded {
        return Some((sign.len(), Manner::Percent));
    }
    (starts_with(text, from, b"\\u003d") || starts_with(text, from, b"\\u003D"))
        .then_some((6, Manner::Equals))
}

/// The inside of `<name …>…</name>`, or of `<key>name</key> <string>…</string>`.
fn element(text: &[u8], name: &Name, from: usize) -> Option<usize> {
    let before = name.start.checked_sub(1).map_or(0, |before| at(text, before));
    let opening = match before {
        b'<' => true,
        b':' => tag_prefix(text, name.start - 1),
        _ => false,
    };
    if opening {
        let end = from + memchr(b'>', cut(text, from, from + 256))?;
        let empty = at(text, end.checked_sub(1)?) == b'/' || cut(text, from, end).contains(&b'<');
        let inside = end + 1 + run(text, end + 1, is_space);
        return (!empty && at(text, inside) != b'<').then_some(inside);
    }
    // The name is an element's content, and the value that of the next.
    if before != b'>' || !starts_with(text, from, b"</") {
        return None;
    }
    let closed = from + memchr(b'>', cut(text, from, from + 128))? + 1;
    let next = closed + run(text, closed, is_space);
    let tag_end = next + memchr(b'>', cut(text, next, next + 128))?;
    (at(text, next) == b'<' && at(text, next + 1).is_ascii_alphabetic()).then_some(tag_end + 1)
}

/// Whether `<prefix` stands before the colon at `colon`.
fn tag_prefix(text: &[u8], colon: usize) -> bool {
    let start = colon - run_before(text, colon, 32, is_name);
    start > 0 && at(text, start - 1) == b'<'
}

/// Behind `"name"`, the value of `"value": …` or `value="…"`.
fn pair(text: &[u8], from: usize) -> Option<usize> {
    let mut i = from + run(text, from, |byte| is_space(byte) || byte == b',' || byte == b';');
    if i == from {
        return None;
    }
    let quote = Quote::at(text, i);
    i += quote.map_or(0, Quote::len);
    let word = i + run(text, i, |byte| byte.is_ascii_alphabetic());
    let known = [&b"value"[..], b"val", b"secret", b"defaultValue", b"string"]
        .iter()
        .any(|known| cut(text, i, word).eq_ignore_ascii_case(known));
    if !known {
        return None;
    }
    i = blanks(text, word + quote.map_or(0, Quote::len));
    let (length, _) = operator(text, i)?;
    let value = blanks(text, i + length);
    // Quoted, or a number, or YAML.
    let bare = at(text, value).is_ascii_digit() || quote.is_none() && at(text, i) == b':' && value > i + 1;
    (Quote::at(text, value).is_some() || bare).then_some(value)
}
