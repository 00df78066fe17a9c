//! Text, names, paths and operands: what is accepted holds for a slow reader, too, one character at a time and in pieces
//! that attackers put together.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

#[path = "support/text_rules.rs"]
mod text_rules;

use palisade::validate::{
    CharSpec, CommandArg, FileName, Invalid, InvalidKind, RelPath, SafeText, Username, Uuid,
};
use proptest::prelude::*;
use text_rules::{holds_for_a_file_name, holds_for_a_line, holds_for_an_ascii_name};

#[test]
fn every_character_is_judged_as_the_slow_reader_does() {
    // The planes between them are empty, and those after them private.
    for character in ('\0'..='\u{3FFFF}').chain('\u{DFFFE}'..='\u{F0001}') {
        for text in [format!("a{character}b"), character.to_string()] {
            if let Ok(line) = SafeText::parse(&text) {
                assert!(holds_for_a_line(line.as_str()), "line with {character:?}");
            }
            if let Ok(name) = FileName::parse(&text) {
                assert!(holds_for_a_file_name(name.as_str()), "file name with {character:?}");
            }
        }
        let is_ordinary = character.is_alphanumeric() || (character.is_ascii() && !character.is_control());
        if is_ordinary && !"\u{115F}\u{1160}\u{3164}\u{FFA0}".contains(character) {
            assert!(SafeText::parse(&format!("a{character}b")).is_ok(), "{character:?} is refused");
        }
    }
}

#[test]
fn what_any_character_makes_is_made_again_by_what_it_makes() {
    type Parser = fn(&str) -> Result<String, Invalid>;
    let again = |parse: Parser, text: &str| {
        let Ok(canonical) = parse(text) else { return };
        assert_eq!(parse(&canonical).as_deref(), Ok(&*canonical), "{text:?}");
    };
    for character in ('\0'..='\u{3FFFF}').chain('\u{DFFFE}'..='\u{F0001}') {
        for text in [
            format!("{character}a"),
            format!("a{character}"),
            format!("{character}{character}"),
            format!("{character}\u{FE0F}"),
            format!("☀\u{200D}{character}"),
        ] {
            let parsers: &[Parser] = &[
                |text| SafeText::parse(text).map(String::from),
                |text| FileName::parse(text).map(String::from),
                |text| Username::parse(text).map(String::from),
                |text| Username::parse_ascii(text).map(String::from),
            ];
            for parse in parsers {
                again(*parse, &text);
            }
            if let Ok(line) = SafeText::parse(&text) {
                assert!(holds_for_a_line(line.as_str()), "{text:?}");
            }
        }
    }
}

#[test]
fn what_a_canonical_form_parts_is_not_joined() {
    // The dialytika tonos is two marks in NFC, which sort behind the virama: the joiner would stand behind the wrong one.
    assert_eq!(SafeText::parse("❤\u{94D}\u{344}\u{200D}क").unwrap_err().kind(), InvalidKind::Character);
    assert_eq!(SafeText::parse("❤\u{344}\u{94D}\u{200D}क").unwrap_err().kind(), InvalidKind::Character);
    assert!(SafeText::parse("क\u{94D}\u{200D}क").is_ok());
}

proptest! {
    #[test]
    fn lines_hold_what_they_promise(text in "([a-zé]|\u{301}|\u{334}|\u{200D}|\u{FE0F}|❤|👩|क|\u{94D}|\u{202E}|\u{344}| ){0,12}") {
        if let Ok(line) = SafeText::parse(&text) {
            prop_assert!(holds_for_a_line(line.as_str()));
            prop_assert_eq!(SafeText::parse(line.as_str()), Ok(line));
        }
    }

    #[test]
    fn file_names_and_paths_hold_what_they_promise(
        text in "(con|aux|com|lpt|nul|[0-9¹²]|[.]|[/]|\\\\|:|-|~| |ａ|．|／|\u{2025}|é|x){0,8}",
    ) {
        if let Ok(name) = FileName::parse(&text) {
            let ends_with_a_dot = name.as_str().ends_with(['.', '\u{FF0E}', '\u{FE52}', '\u{2024}']);
            prop_assert!(holds_for_a_file_name(name.as_str()) && !ends_with_a_dot);
        }
        if let Ok(path) = RelPath::parse(&text) {
            prop_assert!(path.components().all(holds_for_a_file_name), "{}", path);
            let joined = std::path::Path::new("/base").join(path.to_path_buf());
            prop_assert_eq!(joined.components().count(), 2 + path.components().count());
        }
    }

    #[test]
    fn names_of_accounts_hold_what_they_promise(text in "([a-zA-Z01 ]|[._-]|7|é|I){0,10}") {
        match Username::parse_ascii(&text) {
            Ok(name) => {
                prop_assert!(holds_for_an_ascii_name(name.as_str()));
                prop_assert_eq!(Username::parse(&text), Ok(name)); // in all scripts, too
            }
            Err(error) if error.kind() != InvalidKind::Deceptive => prop_assert!(!holds_for_an_ascii_name(&text)),
            Err(_) => {}
        }
    }

    #[test]
    fn operands_never_begin_as_options_do(text in "([-+@~/ \t\n]|–|－|a|\u{FEFF}){0,4}") {
        if let Ok(operand) = CommandArg::parse(&text) {
            prop_assert_eq!(operand.as_str(), &text);
            prop_assert!(text.is_empty() || text.starts_with(['a', '/']));
        }
    }

    #[test]
    fn a_uuid_is_its_number(number in any::<u128>()) {
        let hex = format!("{number:032X}");
        let text = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        let id = Uuid::parse(&text).unwrap();
        prop_assert_eq!(id.to_u128(), number);
        prop_assert_eq!(id.to_bytes(), number.to_be_bytes());
        prop_assert_eq!(id.as_str(), text.to_lowercase());
        let version = (u32::from(id.to_bytes()[8] >> 6) == 2).then_some(id.to_bytes()[6] >> 4);
        prop_assert_eq!(id.version(), version);
    }
}

#[test]
fn specifications_are_about_the_whole_text() {
    const LABEL: CharSpec = CharSpec::ascii_alphanumeric()
        .or(b"-")
        .first(CharSpec::ascii_alphabetic())
        .last(CharSpec::of(b"az09"))
        .len(2..=6);
    fn kind(text: &str) -> Result<&str, (InvalidKind, Option<usize>)> {
        LABEL.parse(text).map_err(|error| (error.kind(), error.at()))
    }
    assert_eq!(kind("b-9"), Ok("b-9"));
    assert_eq!(kind("Zzzzz0"), Ok("Zzzzz0"));
    for (text, refused, at) in [
        ("", InvalidKind::Empty, None),
        ("a", InvalidKind::TooShort, None),
        ("aaaaaaa", InvalidKind::TooLong, None),
        ("9a", InvalidKind::Character, Some(0)),
        ("-a", InvalidKind::Character, Some(0)),
        ("a b a", InvalidKind::Character, Some(1)),
        ("ab", InvalidKind::Character, Some(1)),
        ("aa\n", InvalidKind::Character, Some(2)),
        ("aé", InvalidKind::Character, Some(1)),
    ] {
        assert_eq!(kind(text), Err((refused, at)), "{text:?}");
    }
    let long = "a".repeat(1 << 20);
    assert_eq!(kind(&long), Err((InvalidKind::TooLong, None)));

    let words = CharSpec::alphanumeric().or(b" ").len(0..=4).max_bytes(10);
    for fine in ["", "Zoë", "東京駅", "नमस", "a b9"] {
        assert_eq!(words.parse(fine), Ok(fine));
    }
    for refused in ["東京駅東", "aaaaa", "a.b", "a\u{200B}b", "\u{3164}", "a\u{A0}b", "❤"] {
        assert!(words.parse(refused).is_err(), "{refused:?}");
    }
}

#[cfg(feature = "http")]
#[test]
fn header_values_are_those_of_the_http_crate() {
    use palisade::validate::HeaderValue;
    for text in ["", "a\tb", "text/html; charset=utf-8", "~!#$%&'*+-.^_`|"] {
        assert_eq!(http::HeaderValue::from(HeaderValue::parse(text).unwrap()), text);
    }
}
