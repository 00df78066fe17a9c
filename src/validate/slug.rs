use std::borrow::Cow;

use super::{Invalid, InvalidKind};

valid_text! {
    /// A word in the address of a page: `a` to `z`, `0` to `9`, and single hyphens between them.
    ///
    /// ```
    /// use palisade::validate::Slug;
    ///
    /// assert_eq!(Slug::parse("release-notes-2")?.as_str(), "release-notes-2");
    /// assert!(Slug::parse("Release Notes").is_err()); // nothing is repaired: two inputs never become one page
    /// const ABOUT: Slug = palisade::slug!("about-us"); // checked by the compiler
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    Slug, at most 128 bytes
}

/// A [`Slug`] that the compiler checks.
///
/// ```compile_fail,E0080
/// const ABOUT: palisade::validate::Slug = palisade::slug!("About us");
/// ```
#[macro_export]
macro_rules! slug {
    ($text:literal) => {
        const { $crate::validate::Slug::literal($text) }
    };
}

impl Slug {
    /// Called by [`slug!`](crate::slug) when it is compiled.
    ///
    /// # Panics
    /// At compile time.
    #[doc(hidden)]
    pub const fn literal(text: &'static str) -> Self {
        assert!(check(text).is_ok(), "not a slug");
        Self(Cow::Borrowed(text))
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    check(text).map(|()| Cow::Borrowed(text))
}

const fn check(text: &str) -> Result<(), Invalid> {
    if text.is_empty() {
        return Err(invalid(InvalidKind::Empty, "at least one character"));
    }
    if text.len() > Slug::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 128 bytes"));
    }
    let mut rest = text.as_bytes();
    let mut before = b'-'; // as if a hyphen stood before the first, so that none may
    while let [byte, others @ ..] = rest {
        let is_fine = matches!(byte, b'a'..=b'z' | b'0'..=b'9') || (*byte == b'-' && before != b'-');
        if !is_fine || (*byte == b'-' && others.is_empty()) {
            return Err(invalid(InvalidKind::Character, WORDS).at_byte(text.len() - rest.len()));
        }
        before = *byte;
        rest = others;
    }
    Ok(())
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("slug", kind, expected)
}

const WORDS: &str = "only a to z, 0 to 9 and single hyphens between them";
