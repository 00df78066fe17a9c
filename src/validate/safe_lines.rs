use std::borrow::Cow;

use super::{Invalid, InvalidKind, characters};

valid_text! {
    /// Lines of text as a person types them: as [`SafeText`](super::SafeText), with line breaks and tabs.
    ///
    /// The canonical form is NFC, and a line feed alone ends a line. It is a type of its own, so that a sink that takes
    /// one line never gets two.
    ///
    /// ```
    /// use palisade::validate::SafeLines;
    ///
    /// assert_eq!(SafeLines::parse("Dear all,\r\n\r\nit works.")?.as_str(), "Dear all,\n\nit works.");
    /// assert!(SafeLines::parse("\u{1B}[2J").is_err()); // would clear the terminal that shows it
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    SafeLines, at most 65536 bytes
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.len() > SafeLines::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH));
    }
    if text.trim().is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one character that is seen"));
    }
    let mut canonical = String::with_capacity(text.len());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let written = line.strip_suffix("\r\n").or_else(|| line.strip_suffix('\n')).unwrap_or(line);
        append(&mut canonical, written, start)?;
        canonical.push_str(if line.ends_with('\n') { "\n" } else { "" });
        start += line.len();
    }
    if canonical.len() > SafeLines::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH)); // some characters are longer in NFC
    }
    Ok(Cow::Owned(canonical))
}

/// Appends the cells of a line that starts at byte `at`, with the tabs between them.
fn append(canonical: &mut String, line: &str, mut at: usize) -> Result<(), Invalid> {
    for (index, cell) in line.split('\t').enumerate() {
        let typed = characters::typed(SUBJECT, cell)
            .map_err(|error| error.at().map_or(error, |inside| error.at_byte(at + inside)))?;
        canonical.push_str(if index == 0 { "" } else { "\t" });
        canonical.push_str(&typed);
        at += cell.len() + 1;
    }
    Ok(())
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new(SUBJECT, kind, expected)
}

const SUBJECT: &str = "text";
const LENGTH: &str = "at most 65536 bytes";
