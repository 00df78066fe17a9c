use std::borrow::Cow;

use super::characters::is_unseen;
use super::{Invalid, InvalidKind};

valid_text! {
    /// An operand of a program: text that the program cannot take for an option.
    ///
    /// ```
    /// use palisade::validate::CommandArg;
    ///
    /// assert_eq!(CommandArg::parse("notes; $(reboot)")?.as_str(), "notes; $(reboot)"); // no shell reads it
    /// for refused in ["-rf", "--upload-pack=x", " -rf", "@options", "+x", "~root", "\u{2013}rf", "a\0b"] {
    ///     assert!(CommandArg::parse(refused).is_err());
    /// }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// Programs read options after `-` and `+`, files of options after `@`, homes after `~`, and some trim spaces first; dashes
    /// that are not ASCII become `-` in old code pages of Windows. Text that must begin with one of them goes
    /// behind the name of an option, see [`StrictCommand::option`](crate::process::StrictCommand::option). Controls are refused but line feed and tab,
    /// since an operand may be a text; on Windows, so are characters that code pages turn into a quote or a backslash. A slash in front is fine, though programs of Windows read it as an option.
    ///
    /// # Source
    /// POSIX.1-2024 §12.2, Utility Syntax Guidelines 4 and 9; CWE-88.
    CommandArg, at most 32768 bytes
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.len() > CommandArg::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 32768 bytes"));
    }
    if let Some(first) = text.chars().next()
        && (is_sign(first) || first.is_whitespace() || is_unseen(first))
    {
        return Err(invalid(InvalidKind::Form, FRONT).at_byte(0));
    }
    if let Some(at) = text.find(|character: char| character.is_control() && !matches!(character, '\n' | '\t'))
    {
        return Err(
            invalid(InvalidKind::Character, "no control characters but line feed and tab").at_byte(at)
        );
    }
    if cfg!(windows)
        && let Some(at) = text.find(becomes_a_quote)
    {
        return Err(
            invalid(InvalidKind::Character, "no character that code pages turn into a quote").at_byte(at)
        );
    }
    Ok(Cow::Borrowed(text))
}

/// What programs of Windows that read their arguments in a code page find as `"`, or as the backslash before it.
const fn becomes_a_quote(character: char) -> bool {
    matches!(
        character,
        '\u{2BA}' | '\u{30E}' | '\u{FF02}' | '\u{FF3C}' | '\u{2216}' | '¥' | '₩' | '\u{FFE5}' | '\u{FFE6}'
    )
}

/// Signs that programs act on, and those that compatibility forms and old code pages turn into one.
fn is_sign(first: char) -> bool {
    matches!(
        first,
        '-' | '+' | '@' | '~' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FE6B}'
    ) || matches!(first, '\u{FF0B}' | '\u{FF0D}' | '\u{FF20}' | '\u{FF5E}')
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("operand", kind, expected)
}

const FRONT: &str = "no dash, plus, at sign, tilde, space or unseen character in front";
