use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::{Invalid, InvalidKind, characters};

valid_text! {
    /// The name of one file, which is that name on Linux, macOS and Windows: never a path, a device, a stream or an option.
    ///
    /// The canonical form is NFC. Names that differ in case alone are two names here and one on many disks: where that
    /// matters, create files that must not exist yet.
    ///
    /// ```
    /// use palisade::validate::FileName;
    ///
    /// assert_eq!(FileName::parse("Überblick 2024.pdf")?.as_str(), "Überblick 2024.pdf");
    /// for refused in ["../x", "C:x", "a\\b", "nul.txt", "x.txt:stream", "x.", "-rf", "~root", "x\0.png", "cod\u{202E}txt.exe"] {
    ///     assert!(FileName::parse(refused).is_err());
    /// }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// A name that compatibility forms turn into a refused one is refused: full-width dots, `COM¹`. So are signs that look
    /// like a separator, and `¥` and `₩`, which old code pages of Windows read as one. Percent signs are
    /// characters like others: decode before, once.
    ///
    /// On disks of Windows that keep short names, `PHOTO~1.JPG` may be another file of the same folder: where files of
    /// several people share one, name them yourself. It says nothing about what is in the file: `x.html` is a good name, and a bad upload to serve.
    ///
    /// # Source
    /// Microsoft, "Naming Files, Paths, and Namespaces"; POSIX.1-2024 §3.254 "Portable Filename" for the hyphen.
    FileName, at most 255 bytes
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    let canonical = component(text)?;
    // The full stop, and what compatibility forms turn into one.
    if canonical.ends_with(['.', '\u{2024}', '\u{FE52}', '\u{FF0E}']) {
        return Err(invalid(InvalidKind::Form, EDGES));
    }
    Ok(canonical)
}

/// A name that may stand between the separators of a path: one that may end with dots, but not consist of one or two.
pub(super) fn component(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one character"));
    }
    if text.len() > FileName::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH));
    }
    if let Some(at) = text.find(|character| is_special(character) || LOOK_ALIKES.contains(&character)) {
        return Err(invalid(InvalidKind::Character, PLAIN).at_byte(at));
    }
    let canonical = characters::typed(SUBJECT, text)?;
    if canonical.len() > FileName::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH)); // some characters are longer in NFC
    }
    if canonical.is_ascii() {
        plain(&canonical)?;
    } else {
        let compatible: String = canonical.nfkc().collect();
        if compatible.contains(|character| is_special(character) || LOOK_ALIKES.contains(&character)) {
            return Err(invalid(InvalidKind::Deceptive, PLAIN));
        }
        plain(&compatible)?;
    }
    Ok(canonical)
}

/// What a name may not begin or end with, and the names that are taken.
fn plain(name: &str) -> Result<(), Invalid> {
    if matches!(name, "." | "..") {
        return Err(invalid(InvalidKind::Reserved, "the name of a file, not of a folder above").at_byte(0));
    }
    if name.starts_with(|first| is_dash(first) || first == '~' || first.is_whitespace()) {
        return Err(invalid(InvalidKind::Form, EDGES).at_byte(0));
    }
    if name.ends_with(char::is_whitespace) {
        return Err(invalid(InvalidKind::Form, EDGES));
    }
    if name.eq_ignore_ascii_case("..namedfork") {
        return Err(invalid(InvalidKind::Reserved, "no fork of a file")); // of the file whose path goes on with it, on macOS
    }
    if is_device(name) {
        return Err(invalid(InvalidKind::Reserved, "no name of a device"));
    }
    Ok(())
}

/// Windows opens a device for these names, in any case, with spaces and any extension after them.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end();
    if DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        return true;
    }
    let numbered = |port: &str| {
        stem.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(port))
            && matches!(stem.as_bytes(), [_, _, _, b'0'..=b'9'])
    };
    numbered("COM") || numbered("LPT")
}

/// The hyphen, and what old code pages of Windows turn into it.
fn is_dash(first: char) -> bool {
    matches!(first, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
}

fn is_special(character: char) -> bool {
    matches!(character, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new(SUBJECT, kind, expected)
}

const SUBJECT: &str = "file name";
const LENGTH: &str = "at most 255 bytes";
const PLAIN: &str = "no separator, and no character that Windows keeps for itself";
const EDGES: &str = "no dash, tilde or space in front, no space or dot at the end";
const DEVICES: &[&str] = &["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
/// Slashes and backslashes that no compatibility form turns into one.
const LOOK_ALIKES: &[char] = &[
    '¥', '₩', '\u{2044}', '\u{2215}', '\u{2216}', '\u{2571}', '\u{2572}', '\u{29F5}', '\u{29F8}', '\u{29F9}',
];
