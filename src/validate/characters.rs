//! Characters that nobody sees or types, and marks that pile up: what all types of free text refuse.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

use super::{Invalid, InvalidKind};

/// `text` in NFC, when every character of it can be seen and no character carries a pile of marks.
pub(super) fn typed<'a>(subject: &'static str, text: &'a str) -> Result<Cow<'a, str>, Invalid> {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return Ok(Cow::Borrowed(text));
    }
    if let Some(at) = unseen(text) {
        return Err(Invalid::new(subject, InvalidKind::Character, SEEN).at_byte(at));
    }
    let canonical = nfc(text);
    // NFC takes characters apart and sorts marks, and may part a joiner from what it joined.
    if unseen(&canonical).is_some() {
        return Err(Invalid::new(subject, InvalidKind::Character, SEEN));
    }
    if has_pile(&canonical) {
        return Err(Invalid::new(subject, InvalidKind::Deceptive, MARKS));
    }
    Ok(canonical)
}

/// `text` in NFC, borrowed where it is.
pub(super) fn nfc(text: &str) -> Cow<'_, str> {
    if unicode_normalization::is_nfc(text) {
        Cow::Borrowed(text)
    } else {
        text.nfc().collect::<String>().into()
    }
}

/// The byte of the first character that cannot be seen, unless what is around it makes it part of another.
pub(super) fn unseen(text: &str) -> Option<usize> {
    let mut before = None;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let after = characters.peek().map(|(_, after)| *after);
        if is_unseen(character) && !is_part(before, character, after) {
            return Some(at);
        }
        before = Some(character);
    }
    None
}

/// Whether marks stand without a character to carry them, or more of them than any script piles up.
pub(super) fn has_pile(text: &str) -> bool {
    let (mut marks, mut attached) = (0, 0);
    let mut has_base = false;
    for character in text.chars() {
        if character.is_ascii() || !is_combining_mark(character) {
            (marks, attached, has_base) = (0, 0, character != ' ');
            continue;
        }
        marks += 1;
        attached += usize::from(canonical_combining_class(character) != 0);
        if !has_base || marks > MOST_MARKS || attached > MOST_ATTACHED {
            return true;
        }
    }
    false
}

/// Whether nothing, or nothing but a blank, is drawn for `character`; or what is drawn is not for a font to say.
pub(super) fn is_unseen(character: char) -> bool {
    let code = u32::from(character);
    character.is_control()
        || code & 0xFFFE == 0xFFFE // the last two of each plane are no characters
        || UNSEEN.iter().take_while(|(first, _)| *first <= code).any(|(_, last)| code <= *last)
}

/// Whether an unseen character does its work there: a joiner in a script or an emoji, a selector after an emoji.
fn is_part(before: Option<char>, character: char, after: Option<char>) -> bool {
    let Some(before) = before else { return false };
    match character {
        '\u{FE0E}' | '\u{FE0F}' => is_emoji(before) || (is_keycap(before) && after == Some('\u{20E3}')),
        '\u{200D}' if before == '\u{FE0F}' || is_emoji(before) => after.is_some_and(is_emoji),
        '\u{200C}' | '\u{200D}' => joins(before) && after.is_some_and(joins),
        _ => false,
    }
}

fn is_keycap(character: char) -> bool {
    matches!(character, '0'..='9' | '#' | '*')
}

fn is_emoji(character: char) -> bool {
    let code = u32::from(character);
    EMOJI.iter().take_while(|(first, _)| *first <= code).any(|(_, last)| code <= *last)
}

/// Arabic and its neighbours, and the scripts of India: those whose letters change shape at a joiner.
fn joins(character: char) -> bool {
    matches!(character, '\u{0620}'..='\u{0DFF}')
}

const SEEN: &str = "only characters that are seen, no control, format or private ones";
const MARKS: &str = "at most four marks on a character, and none without one";

// UTS 39 §5.4: no more than four nonspacing marks in a row. Those that attach to a letter have a class; vowel signs of
// Burmese and its neighbours have none, and five of them on one letter are everyday words.
const MOST_ATTACHED: usize = 4;
const MOST_MARKS: usize = 8;

/// Beside controls and non-characters, in order. Source: Unicode 17, general category Cf and `Default_Ignorable_Code_Point`
/// (UAX 44 §5.3); blanks but space, no-break space, narrow no-break space and ideographic space; private use.
const UNSEEN: &[(u32, u32)] = &[
    (0x00AD, 0x00AD),     // soft hyphen
    (0x034F, 0x034F),     // grapheme joiner
    (0x0600, 0x0605),     // Arabic number signs
    (0x061C, 0x061C),     // Arabic letter mark
    (0x06DD, 0x06DD),     // end of ayah
    (0x070F, 0x070F),     // Syriac abbreviation mark
    (0x0890, 0x0891),     // Arabic currency marks above
    (0x08E2, 0x08E2),     // disputed end of ayah
    (0x115F, 0x1160),     // Hangul fillers
    (0x1680, 0x1680),     // Ogham space
    (0x17B4, 0x17B5),     // Khmer inherent vowels
    (0x180B, 0x180F),     // Mongolian variation selectors and vowel separator
    (0x2000, 0x200F),     // typographic spaces, zero width, joiners, direction marks
    (0x2028, 0x202E),     // line and paragraph separators, bidirectional embeddings and overrides
    (0x205F, 0x206F),     // mathematical space, word joiner, invisible operators, bidirectional isolates
    (0x2800, 0x2800),     // Braille blank
    (0x3164, 0x3164),     // Hangul filler
    (0xE000, 0xF8FF),     // private use
    (0xFDD0, 0xFDEF),     // non-characters
    (0xFE00, 0xFE0F),     // variation selectors
    (0xFEFF, 0xFEFF),     // byte order mark
    (0xFFA0, 0xFFA0),     // Hangul filler, half width
    (0xFFF0, 0xFFFD),     // interlinear annotations, replacements of objects and characters
    (0x110BD, 0x110BD),   // Kaithi number sign
    (0x110CD, 0x110CD),   // Kaithi number sign above
    (0x13430, 0x1343F),   // Egyptian format controls
    (0x1BCA0, 0x1BCA3),   // shorthand format controls
    (0x1D159, 0x1D159),   // null notehead
    (0x1D173, 0x1D17A),   // musical format controls
    (0xE0000, 0xE0FFF),   // tags, variation selectors
    (0xF0000, 0x10_FFFF), // private use
];

/// Blocks of what takes a variation selector or a joiner, in order. Source: Unicode 17, emoji-data.txt, `Extended_Pictographic` and
/// `Emoji_Modifier`, rounded outward to blocks of symbols; but not among letters, digits and ideographs in squares, circles and
/// brackets (from U+1F100), where a selector does nothing and is not seen.
const EMOJI: &[(u32, u32)] = &[
    (0x00A9, 0x00A9),
    (0x00AE, 0x00AE),
    (0x203C, 0x203C),
    (0x2049, 0x2049),
    (0x2122, 0x2122),
    (0x2139, 0x2139),
    (0x2190, 0x21FF),
    (0x2300, 0x2328), // the two brackets that follow are others in NFC
    (0x232B, 0x23FF),
    (0x24C2, 0x24C2),
    (0x25A0, 0x27BF),
    (0x2934, 0x2935),
    (0x2B00, 0x2BFF),
    (0x3030, 0x3030),
    (0x303D, 0x303D),
    (0x3297, 0x3299),
    (0x1F000, 0x1F0FF),
    (0x1F10D, 0x1F10F),
    (0x1F12F, 0x1F12F),
    (0x1F16C, 0x1F171),
    (0x1F17E, 0x1F17F),
    (0x1F18E, 0x1F18E),
    (0x1F191, 0x1F19A),
    (0x1F1AD, 0x1F1E5),
    (0x1F201, 0x1F20F),
    (0x1F21A, 0x1F21A),
    (0x1F22F, 0x1F22F),
    (0x1F232, 0x1F23A),
    (0x1F23C, 0x1F23F),
    (0x1F249, 0x1FAFF),
];
