use std::borrow::Cow;

use super::{Invalid, InvalidKind, characters};

valid_text! {
    /// A line of text as a person types it: every character of it can be seen.
    ///
    /// The canonical form is NFC, so that an é is one é, however it was typed.
    ///
    /// ```
    /// use palisade::validate::SafeText;
    ///
    /// assert_eq!(SafeText::parse("Zoe\u{308} ❤️ 東京")?.as_str(), "Zoë ❤️ 東京");
    /// assert!(SafeText::parse("invoice\u{202E}fdp.exe").is_err()); // would show as "invoiceexe.pdf"
    /// assert!(SafeText::parse("paid\nINFO login of admin").is_err()); // would be a second line of a log
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// It is text, not markup: escape it for HTML, bind it for SQL. Refused are control and format characters, those that turn
    /// the direction of writing, invisible ones, private use, non-characters, and more marks on a letter than any language has.
    /// Joiners and variation selectors are accepted only where Arabic, the scripts of India and emoji need them. Letters
    /// that look like others are not refused: that is for names, see [`Username`](super::Username).
    ///
    /// # Source
    /// Unicode Standard Annex 44 §5.3, Unicode Technical Standard 39 §5.4, Unicode Standard Annex 15.
    SafeText, at most 4096 bytes
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.len() > SafeText::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH));
    }
    if text.trim().is_empty() && !text.contains(char::is_control) {
        return Err(invalid(InvalidKind::Empty, "at least one character that is seen"));
    }
    let canonical = characters::typed(SUBJECT, text)?;
    if canonical.len() > SafeText::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH)); // some characters are longer in NFC
    }
    Ok(canonical)
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new(SUBJECT, kind, expected)
}

const SUBJECT: &str = "text";
const LENGTH: &str = "at most 4096 bytes";
