use std::borrow::Cow;
use std::path::PathBuf;

use super::{Invalid, InvalidKind, file_name};

valid_text! {
    /// A path that stays below the folder it is joined to, on Linux, macOS and Windows: components between `/`.
    ///
    /// Every component is a [`FileName`](super::FileName), but may end with dots, which Windows leaves out. Components that are empty or a single
    /// dot mean nothing and are left out of the canonical form.
    ///
    /// ```
    /// use palisade::validate::RelPath;
    ///
    /// let path = RelPath::parse("./photos//2024/me.jpg")?;
    /// assert_eq!(path.as_str(), "photos/2024/me.jpg");
    /// assert_eq!(path.components().last(), Some("me.jpg"));
    /// for refused in ["../x", "a/../../x", "/etc/passwd", "\\\\host\\share", "C:/x", "a\\..\\x", "~/x", "a/nul"] {
    ///     assert!(RelPath::parse(refused).is_err());
    /// }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Security
    /// It looks at the text alone: links on the disk lead where they lead, see `BaseDir` of feature `files`. It
    /// never decodes: where percent signs are an encoding, decode once, then parse.
    RelPath, at most 1024 bytes
}

impl RelPath {
    /// The names from the top down; there is at least one.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.as_str().split('/')
    }

    /// The path with the separators of the system that runs this.
    pub fn to_path_buf(&self) -> PathBuf {
        self.components().collect()
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    if text.len() > RelPath::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH));
    }
    if text.starts_with('/') {
        return Err(invalid(InvalidKind::Form, "a path without a slash in front").at_byte(0));
    }
    let mut canonical = String::with_capacity(text.len());
    let mut start = 0;
    for part in text.split('/') {
        if !matches!(part, "" | ".") {
            let name = file_name::component(part).map_err(|error| {
                let at = start + error.at().unwrap_or(0);
                invalid(error.kind(), error.expected()).at_byte(at)
            })?;
            canonical.push_str(if canonical.is_empty() { "" } else { "/" });
            canonical.push_str(&name);
        }
        start += part.len() + 1;
    }
    if canonical.is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one name"));
    }
    if canonical.len() > RelPath::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, LENGTH)); // some characters are longer in NFC
    }
    Ok(Cow::Owned(canonical))
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("relative path", kind, expected)
}

const LENGTH: &str = "at most 1024 bytes";
