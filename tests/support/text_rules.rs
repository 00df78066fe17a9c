//! What accepted text promises, looked at slowly and in another way than the parsers do it.

use regex::Regex;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

pub(crate) fn holds_for_a_line(line: &str) -> bool {
    let characters: Vec<char> = line.chars().collect();
    !line.trim().is_empty()
        && line.nfc().eq(line.chars())
        && !characters.iter().any(|character| never(*character))
        && characters.iter().enumerate().all(|(at, character)| {
            let before = at.checked_sub(1).and_then(|at| characters.get(at)).copied();
            let after = characters.get(at + 1).copied();
            match character {
                '\u{200C}' | '\u{200D}' => {
                    before.is_some_and(beyond_ascii) && after.is_some_and(beyond_ascii)
                }
                '\u{FE00}'..='\u{FE0F}' => {
                    // Letters that are emoji.
                    let is_picture = |letter| "ℹⓂ🅰🅱🅾🅿".contains(letter);
                    before.is_some_and(|before| !before.is_alphabetic() || is_picture(before))
                }
                character if is_combining_mark(*character) => before.is_some_and(|before| before != ' '),
                _ => true,
            }
        })
        && !characters.windows(9).any(|run| run.iter().all(|character| is_combining_mark(*character)))
}

pub(crate) fn holds_for_a_file_name(name: &str) -> bool {
    let read: String = name.nfkc().collect::<String>().to_uppercase();
    let stem = read.split('.').next().unwrap_or("").trim_end_matches(' ').to_owned();
    let devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].map(str::to_owned);
    let ports = (0..=9).flat_map(|number| [format!("COM{number}"), format!("LPT{number}")]);
    holds_for_a_line(name)
        && (1..=255).contains(&name.len())
        && ![".", ".."].contains(&read.as_str())
        && !read.contains(['/', '\\', ':', '*', '?', '"', '<', '>', '|'])
        && !name.contains(['\u{2044}', '\u{2215}', '\u{2216}', '¥', '₩'])
        && !read.contains(['¥', '₩'])
        && !name.starts_with(['\u{2010}', '\u{2013}', '\u{2014}', '\u{2212}'])
        && !read.eq_ignore_ascii_case("..namedfork")
        && !["-", "~", " "].iter().any(|front| read.starts_with(front))
        && !read.ends_with(' ')
        && !devices.into_iter().chain(ports).any(|device| device == stem)
}

pub(crate) fn holds_for_an_ascii_name(name: &str) -> bool {
    let whole = Regex::new("^[a-z0-9]+([._-][a-z0-9]+)*$").expect("an expression");
    let stand_in = Regex::new("[a-z][01]+[a-z]").expect("an expression");
    (2..=64).contains(&name.len())
        && whole.is_match(name)
        && !stand_in.is_match(name)
        && name.chars().any(|character| !"0123456789._-".contains(character))
}

/// Characters that no line has, in any place.
fn never(character: char) -> bool {
    let lists = "\u{AD}\u{34F}\u{61C}\u{115F}\u{1160}\u{17B4}\u{17B5}\u{180E}\u{200B}\u{200E}\u{200F}\u{2028}\u{2029}\
                 \u{2800}\u{3164}\u{FEFF}\u{FFA0}\u{FFFC}\u{FFFD}";
    character.is_control()
        || lists.contains(character)
        || (character.is_whitespace() && ![' ', '\u{A0}', '\u{202F}', '\u{3000}'].contains(&character))
        || ('\u{202A}'..='\u{202E}').contains(&character)
        || ('\u{2060}'..='\u{206F}').contains(&character)
        || ('\u{E000}'..='\u{F8FF}').contains(&character)
        || ('\u{FDD0}'..='\u{FDEF}').contains(&character)
        || ('\u{E0000}'..='\u{E0FFF}').contains(&character)
        || character >= '\u{F0000}'
        || u32::from(character) % 0x1_0000 >= 0xFFFE
}

fn beyond_ascii(character: char) -> bool {
    !character.is_ascii()
}
