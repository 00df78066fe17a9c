use std::borrow::Cow;

use super::idna::{self, Label};
use super::ldh::{self, Rule};
use super::{Hostname, Invalid, InvalidKind};

valid_text! {
    /// The name of a host as people read it: in Unicode, by IDNA2008.
    ///
    /// ```
    /// use palisade::validate::{Hostname, IdnHostname};
    ///
    /// let name = IdnHostname::parse("bücher.example")?;
    /// assert_eq!(name.to_ascii(), Hostname::parse("xn--bcher-kva.example")?);
    /// assert_eq!(IdnHostname::from(name.to_ascii()), name);
    /// assert!(IdnHostname::parse("Bücher.example").is_err()); // IDNA2008 has small letters only
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// A-labels are read too and shown in Unicode; labels of ASCII are put in small letters; the full stops `。`, `．` and
    /// `｡` separate labels as `.` does. Nothing else is mapped: what is not in normalization form C is refused.
    ///
    /// # Security
    /// It is for people's eyes and fingers: store, compare and resolve [`to_ascii`](Self::to_ascii). Letters of other
    /// scripts may look like those of a name you know.
    ///
    /// # Source
    /// RFC 5890 to 5893, for Unicode 18; separators of RFC 5895 §2.
    IdnHostname, at most 1012 bytes
}

impl IdnHostname {
    /// The name as it is resolved: in ASCII.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn to_ascii(&self) -> Hostname {
        Hostname::parse(&ascii(self.as_str())).expect("its A-labels were checked when it was parsed")
    }
}

impl From<Hostname> for IdnHostname {
    fn from(host: Hostname) -> Self {
        Self::parse(host.as_str()).expect("the A-labels of a host name are checked")
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    read(text).map(|(name, _)| name)
}

/// The name in ASCII, as [`IdnHostname::to_ascii`] has it.
pub(super) fn to_ascii(text: &str) -> Result<Cow<'_, str>, Invalid> {
    read(text).map(|(_, ascii)| ascii)
}

/// The name in Unicode and in ASCII.
fn read(text: &str) -> Result<(Cow<'_, str>, Cow<'_, str>), Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one label"));
    }
    if text.len() > IdnHostname::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 253 bytes in ASCII, and 1012 in Unicode"));
    }
    if ldh::is_plain(text, Rule::Host) {
        return Ok((Cow::Borrowed(text), Cow::Borrowed(text)));
    }
    let mut name = String::with_capacity(text.len());
    let mut start = 0;
    for part in text.split_inclusive(SEPARATORS) {
        let label = part.trim_end_matches(SEPARATORS);
        push(label, &mut name).map_err(|error| error.within(SUBJECT, start))?;
        if label.len() < part.len() {
            name.push('.');
        }
        start += part.len();
    }
    let ascii = ascii(&name);
    // Lengths, the last label and the direction are matters of the whole name.
    ldh::canonical(&ascii, Rule::Host)
        .map_err(|error| Invalid::new(SUBJECT, error.kind(), error.expected()))?;
    Ok((Cow::Owned(name), Cow::Owned(ascii)))
}

/// Appends one label in Unicode.
fn push(label: &str, name: &mut String) -> Result<(), Invalid> {
    if label.is_empty() {
        return Err(invalid(InvalidKind::Form, "no empty label, and no dot at the end").at_byte(0));
    }
    if !label.is_ascii() {
        Label::read(label)?.check()?;
        name.push_str(label);
        return Ok(());
    }
    let label = ldh::canonical(label, Rule::Mail)?;
    if label.starts_with(idna::PREFIX) {
        name.extend(Label::read(&label)?.chars());
    } else {
        name.push_str(&label);
    }
    Ok(())
}

/// The name with its U-labels as A-labels.
fn ascii(name: &str) -> String {
    let mut ascii = String::with_capacity(2 * name.len());
    for (index, label) in name.split('.').enumerate() {
        if index > 0 {
            ascii.push('.');
        }
        if label.is_ascii() {
            ascii.push_str(label);
        } else {
            idna::to_a_label(label, &mut ascii);
        }
    }
    ascii
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new(SUBJECT, kind, expected)
}

const SUBJECT: &str = "international host name";

/// RFC 5895 §2 and RFC 3490 §3.1: what keyboards have for a full stop.
const SEPARATORS: [char; 4] = ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'];
