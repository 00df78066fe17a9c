//! Reading bytes of a log: words, escapes, quotes at any depth, and where the string around a place ends.

use memchr::{memchr_iter, memchr2_iter, memrchr};

/// The byte at `at`, or NUL behind the end: no grammar here gives NUL a meaning.
pub(super) fn at(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

/// `text[from..to]`, as much of it as there is.
pub(super) fn cut(text: &[u8], from: usize, to: usize) -> &[u8] {
    text.get(from..to.min(text.len())).unwrap_or_default()
}

/// How many bytes from `from` on pass.
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

/// Whether the word that begins at `from` has just been preceded by a terminal's colours: then the letter before it is theirs.
fn behind_colours(text: &[u8], from: usize) -> bool {
    let Some(letter) = from.checked_sub(1).filter(|&letter| at(text, letter).is_ascii_alphabetic()) else {
        return false;
    };
    let parameters = letter - run_before(text, letter, 24, is_colour);
    ESCAPES.iter().any(|escape| cut(text, 0, parameters).ends_with(escape))
}

fn is_colour(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b';'
}

const ESCAPES: [&[u8]; 5] = [b"\x1b[", b"\\x1b[", b"\\u001b[", b"\\033[", b"\\e["];

/// Behind an escape whose letters or digits look like the beginning of the word at `start`: `\n`, `\u0026`, `%26`, colours.
/// `start` itself if there is none.
pub(super) fn behind_escape(text: &[u8], start: usize) -> usize {
    let hex = |count| (1..=count).all(|i| at(text, start + i).is_ascii_hexdigit());
    match start.checked_sub(1).map(|before| at(text, before)) {
        Some(b'\\') => match at(text, start) {
            b'u' if hex(4) => start + 5,
            b'x' if hex(2) => start + 3,
            b'n' | b't' | b'r' | b'b' | b'f' | b'v' | b'0' => start + 1,
            _ => start,
        },
        Some(b'%') if at(text, start).is_ascii_hexdigit() && at(text, start + 1).is_ascii_hexdigit() => {
            start + 2
        }
        Some(b'[') => {
            let end = start + run(text, start, is_colour) + 1;
            if at(text, end - 1).is_ascii_alphabetic() && behind_colours(text, end) { end } else { start }
        }
        _ => start,
    }
}

/// Whether a token may begin at `start`: nothing before it, or nothing that belongs to the same word.
pub(super) fn begins_word(text: &[u8], start: usize) -> bool {
    let Some(before) = start.checked_sub(1) else { return true };
    if !at(text, before).is_ascii_alphanumeric() {
        return true;
    }
    let percent = start >= 3
        && at(text, start - 3) == b'%'
        && at(text, start - 2).is_ascii_hexdigit()
        && at(text, before).is_ascii_hexdigit();
    let letter = start >= 2
        && at(text, start - 2) == b'\\'
        && matches!(at(text, before), b'n' | b't' | b'r' | b'b' | b'f' | b'v');
    let unicode = start >= 6
        && starts_with(text, start - 6, b"\\u")
        && (1..=4).all(|i| at(text, start - i).is_ascii_hexdigit());
    percent || letter || unicode || behind_colours(text, start)
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
