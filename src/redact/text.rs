//! Reading bytes of a log: words, escapes, quotes at any depth, and where the string around a place ends.

use memchr::{memchr_iter, memchr2_iter, memrchr};

/// The byte at `at`, or NUL behind the end: no grammar here gives NUL a meaning.
#[inline]
pub(super) fn at(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// `text[from..to]`, as much of it as there is.
pub(super) fn cut(text: &[u8], from: usize, to: usize) -> &[u8] {
    text.get(from..to.min(text.len())).unwrap_or_default()
}

/// How many bytes from `from` on pass.
#[inline]
pub(super) fn run(text: &[u8], from: usize, pass: impl Fn(u8) -> bool) -> usize {
    cut(text, from, text.len()).iter().take_while(|&&byte| pass(byte)).count()
}

/// How many bytes right before `to` pass, at most `most`.
pub(super) fn run_before(text: &[u8], to: usize, most: usize, pass: impl Fn(u8) -> bool) -> usize {
    cut(text, 0, to).iter().rev().take(most).take_while(|&&byte| pass(byte)).count()
}

/// Behind spaces and tabs, also tabs that a string has as `\t`.
pub(super) fn blanks(text: &[u8], mut from: usize) -> usize {
    loop {
        from += run(text, from, |byte| matches!(byte, b' ' | b'\t'));
        let letter = from + run(text, from, |byte| byte == b'\\');
        if letter == from || at(text, letter) != b't' {
            return from;
        }
        from = letter + 1;
    }
}

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

pub(super) fn starts_with(text: &[u8], from: usize, word: &[u8]) -> bool {
    cut(text, from, text.len()).starts_with(word)
}

/// As [`starts_with`], in ASCII of any case. Only ASCII is folded: folding Unicode moves what is behind it.
pub(super) fn starts_with_any_case(text: &[u8], from: usize, word: &[u8]) -> bool {
    cut(text, from, from.saturating_add(word.len())).eq_ignore_ascii_case(word)
}

/// Behind the colours of a terminal at `from`: `ESC [ 3 m`, also written out as `\x1b[3m`, `\u001b[3m`, `\033[3m` or `\e[3m`.
pub(super) fn colours(text: &[u8], mut from: usize) -> usize {
    loop {
        if !matches!(at(text, from), b'\x1b' | b'\\') {
            return from; // nearly always, and five comparisons are saved
        }
        // In a string in a string, the backslash of a written escape is several.
        let last = from + run(text, from, |byte| byte == b'\\').saturating_sub(1);
        let escape = ESCAPES.iter().find(|escape| starts_with(text, last, escape));
        let Some(parameters) = escape.map(|escape| last + escape.len()) else { return from };
        let end = parameters + run(text, parameters, is_colour);
        if !at(text, end).is_ascii_alphabetic() || end - parameters > 24 {
            return from;
        }
        from = end + 1;
    }
}

/// Where the terminal's colours begin that end right before `end`: the letter there is theirs.
fn colours_before(text: &[u8], end: usize) -> Option<usize> {
    let letter = end.checked_sub(1).filter(|&letter| at(text, letter).is_ascii_alphabetic())?;
    let parameters = letter - run_before(text, letter, 24, is_colour);
    let escape = ESCAPES.iter().find(|escape| cut(text, 0, parameters).ends_with(escape))?;
    Some(parameters - escape.len())
}

fn is_colour(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b';'
}

const ESCAPES: [&[u8]; 5] = [b"\x1b[", b"\\x1b[", b"\\u001b[", b"\\033[", b"\\e["];

/// Behind an escape whose letters or digits look like the beginning of the word at `start`: `\n`, `\u0026`, `%26`, colours.
/// `start` itself if there is none.
pub(super) fn behind_escape(text: &[u8], start: usize) -> usize {
    let Some(before) = start.checked_sub(1) else { return start };
    match at(text, before) {
        b'%' | b'\\' => escape(text, before).map_or(start, |(_, end)| end),
        // Parameters, and the letter that ends them.
        b'[' | b';' => {
            let end = start + run(text, start, is_colour) + 1;
            if colours_before(text, end).is_some() { end } else { start }
        }
        _ => start,
    }
}

/// Whether a token may begin at `start`: nothing before it, or nothing that belongs to the same word.
pub(super) fn begins_word(text: &[u8], start: usize) -> bool {
    start == 0 || !step_back(text, start).0.is_ascii_alphanumeric()
}

/// The character that ends before `end`, escapes decoded, and where it starts.
#[inline]
pub(super) fn step_back(text: &[u8], end: usize) -> (u8, usize) {
    let before = |distance: usize| end.checked_sub(distance).map_or(0, |place| at(text, place));
    let last = before(1);
    if !is_word(last) {
        return (last, end.saturating_sub(1));
    }
    for length in [2, 3, 4, 6] {
        if matches!(before(length), b'%' | b'\\')
            && let Some((character, to)) = escape(text, end - length)
            && to == end
        {
            return (character, end - length);
        }
    }
    colours_before(text, end).map_or((last, end - 1), |start| (b' ', start))
}

/// The ASCII character that an escape at `from` stands for, or a space, and where it ends: `%40`, `\n`, `\x1b`, `\u003c`.
pub(super) fn escape(text: &[u8], from: usize) -> Option<(u8, usize)> {
    let hex = |start: usize, end: usize| {
        let mut digits = cut(text, start, end).iter().map(|&digit| char::from(digit).to_digit(16));
        let code = digits.try_fold(0, |sum, digit| Some(sum * 16 + digit?))?;
        let ascii = u8::try_from(code).ok().filter(u8::is_ascii);
        (end <= text.len()).then_some((ascii.unwrap_or(b' '), end))
    };
    match (at(text, from), at(text, from + 1)) {
        (b'%', _) => hex(from + 1, from + 3),
        (b'\\', b'n' | b'r') => Some((b'\n', from + 2)),
        (b'\\', b't' | b'b' | b'f' | b'v' | b'a' | b'e' | b'0') => Some((b'\t', from + 2)),
        (b'\\', b'x') => hex(from + 2, from + 4),
        (b'\\', b'u') => hex(from + 2, from + 6),
        _ => None,
    }
}

pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A quote, and how many backslashes stand before it: none in a string, one in a string in a string, three in the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quote {
    pub(super) backslashes: usize,
    pub(super) byte: u8,
}

/// Deeper than six strings in one another is not read as quoted.
const DEEPEST: usize = 63;

impl Quote {
    /// The quote that begins at `from`, if one does.
    pub(super) fn at(text: &[u8], from: usize) -> Option<Self> {
        let backslashes = run(text, from, |byte| byte == b'\\');
        let byte = at(text, from + backslashes);
        // 2^depth - 1 backslashes; anything else is a quote inside a string.
        (matches!(byte, b'"' | b'\'' | b'`') && backslashes <= DEEPEST && (backslashes + 1).is_power_of_two())
            .then_some(Self { backslashes, byte })
    }

    /// Its length in bytes, with its backslashes.
    pub(super) fn len(self) -> usize {
        self.backslashes + 1
    }

    /// Where the quote that closes the string which begins at `from` begins, before `limit`.
    pub(super) fn closes(self, text: &[u8], from: usize, limit: usize) -> Option<usize> {
        memchr_iter(self.byte, cut(text, from, limit)).map(|found| from + found).find_map(|quote| {
            let before = run_before(text, quote, quote - from, |byte| byte == b'\\');
            // Each string around doubles the backslashes; what is left over after whole pairs are ours.
            (before % (2 * self.len()) == self.backslashes).then_some(quote - self.backslashes)
        })
    }
}

/// Whether an unescaped `"` at `quote` would end a string in JSON, by what follows it.
pub(super) fn ends_json_string(text: &[u8], quote: usize) -> bool {
    let next = quote + 1 + run(text, quote + 1, is_space);
    next >= text.len() || matches!(at(text, next), b',' | b':' | b'}' | b']')
}

/// Where in double-quoted strings a text stands, told in passes that only go forward: linear in the text, whatever it holds.
#[derive(Debug, Default)]
pub(super) struct Strings {
    /// Quotes were counted up to here.
    counted: usize,
    /// The string that holds `counted` opens here.
    opened: Option<usize>,
    /// Where the string around the last place asked for ends.
    closes: Option<(usize, usize)>,
}

impl Strings {
    /// The end of the double-quoted string that holds `place`, if one does: nothing inside may be replaced across it.
    pub(super) fn end_around(&mut self, text: &[u8], place: usize) -> Option<usize> {
        self.count_to(text, place);
        let opened = self.opened?;
        if let Some((for_opened, end)) = self.closes
            && for_opened == opened
        {
            return Some(end);
        }
        let ends = |at: usize| byte_ends_string(text, opened + 1, at);
        let end = memchr2_iter(b'"', b'\n', cut(text, opened + 1, text.len()))
            .map(|found| opened + 1 + found)
            .find(|&at| ends(at));
        let end = end.unwrap_or(text.len());
        self.closes = Some((opened, end));
        Some(end)
    }

    fn count_to(&mut self, text: &[u8], place: usize) {
        if place < self.counted {
            return; // the places asked for ascend, but for a key that reaches back before the last
        }
        // A raw line break cannot stand in a JSON string, so a stray quote does its harm on one line only.
        if let Some(line) = memrchr(b'\n', cut(text, self.counted, place)) {
            self.counted += line + 1;
            self.opened = None;
        }
        for quote in memchr_iter(b'"', cut(text, self.counted, place)) {
            let quote = self.counted + quote;
            if run_before(text, quote, quote, |byte| byte == b'\\') % 2 == 0 {
                self.opened = if self.opened.is_some() { None } else { Some(quote) };
            }
        }
        self.counted = place;
    }
}

/// Whether the quote or line break at `place` ends a string that begins at `from`.
fn byte_ends_string(text: &[u8], from: usize, place: usize) -> bool {
    at(text, place) == b'\n' || run_before(text, place, place - from, |byte| byte == b'\\') % 2 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_ends_at_the_quote_of_its_depth() {
        let close = |text: &str| {
            let quote = Quote::at(text.as_bytes(), 0).unwrap_or(Quote { backslashes: 0, byte: 0 });
            quote.closes(text.as_bytes(), quote.len(), text.len())
        };
        assert_eq!(close(r#""a\"b" c"#), Some(5));
        assert_eq!(close(r#""a\\" c"#), Some(4));
        assert_eq!(close(r#"\"a\\\"b\" c"#), Some(8));
        assert_eq!(close(r#"\"a\\\\\" c"#), Some(7)); // its last character is a backslash
        assert_eq!(close(r#"\\\"a\\\\\\\"b\\\" c"#), Some(14));
        assert_eq!(close(r#""a"#), None);
    }

    #[test]
    fn strings_are_told_from_what_is_between_them() {
        let text = br#"a "b \" c" d "e"#;
        let mut strings = Strings::default();
        let ends: Vec<_> = (0..text.len()).map(|place| strings.end_around(text, place)).collect();
        assert_eq!(ends[..3], [None; 3]);
        assert!(ends[3..=9].iter().all(|&end| end == Some(9)), "{ends:?}");
        assert_eq!(ends[10..14], [None; 4]);
        assert_eq!(ends[14], Some(text.len()));
    }

    #[test]
    fn escapes_are_not_part_of_words() {
        for (text, start) in [
            (r"a\nghp", 3),
            ("%3Dghp", 3),
            ("\x1b[32mghp", 5),
            (r"\u0026ghp", 6),
            (r"\x1b[2mghp", 7),
            ("=ghp", 1),
        ] {
            assert!(begins_word(text.as_bytes(), start), "{text}");
        }
        for text in ["aghp", "1ghp", "[mghp", "%ghp", r"\zghp"] {
            assert!(text == "%ghp" || !begins_word(text.as_bytes(), text.len() - 3), "{text}");
        }
        assert_eq!(behind_escape(b"\x1b[3mpassword", 2), 4);
        assert_eq!(behind_escape(br"\npassword", 1), 2);
        assert_eq!(behind_escape(br"\u0026password", 1), 6);
        assert_eq!(behind_escape(b"%26password", 1), 3);
        assert_eq!(colours(b"\x1b[0m\x1b[2m=", 0), 8);
    }
}
