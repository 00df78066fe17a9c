use std::borrow::Cow;

use super::{Invalid, InvalidKind};

valid_text! {
    /// The name of a table or column: a letter of ASCII or an underscore, then letters, digits and underscores.
    ///
    /// ```
    /// use palisade::validate::SqlIdent;
    ///
    /// assert_eq!(SqlIdent::parse("created_at")?.as_str(), "created_at");
    /// assert!(SqlIdent::parse("id; DROP TABLE users").is_err());
    /// const USERS: SqlIdent = palisade::sql_ident!("users"); // checked by the compiler
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// [`sql::Query::ident`](crate::sql::Query::ident) writes it between the quotes of the database, so that words of the
    /// language such as `order` are names like all others.
    ///
    /// # Security
    /// That a name has the right form does not mean that a caller may use it: `password` has it, too. Let callers choose
    /// from an [`Allowlist`](super::Allowlist) of names, and parse what comes from a schema or a configuration.
    ///
    /// The case stays as it is, since databases differ: between quotes PostgreSQL tells `Users` from `users`, and made the
    /// latter out of both when the table was created without quotes; SQLite tells no case apart, and MySQL that of tables
    /// on some systems.
    ///
    /// # Source
    /// 63 bytes: PostgreSQL 18 §4.1.1, which cuts off what is longer; MySQL 9 §11.2.1 allows 64 characters.
    SqlIdent, at most 63 bytes
}

/// A [`SqlIdent`] that the compiler checks.
///
/// ```compile_fail,E0080
/// const USERS: palisade::validate::SqlIdent = palisade::sql_ident!("users; --");
/// ```
#[macro_export]
macro_rules! sql_ident {
    ($text:literal) => {
        const { $crate::validate::SqlIdent::literal($text) }
    };
}

impl SqlIdent {
    /// Called by [`sql_ident!`](crate::sql_ident) when it is compiled.
    ///
    /// # Panics
    /// At compile time.
    #[doc(hidden)]
    pub const fn literal(text: &'static str) -> Self {
        assert!(check(text).is_ok(), "not the name of a table or column");
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
    if text.len() > SqlIdent::MAX_BYTES {
        return Err(invalid(InvalidKind::TooLong, "at most 63 bytes"));
    }
    let mut rest = text.as_bytes();
    let mut is_fine = !matches!(rest, [b'0'..=b'9', ..]);
    while let [byte, others @ ..] = rest {
        is_fine &= matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_');
        if !is_fine {
            return Err(invalid(InvalidKind::Character, WORDS).at_byte(text.len() - rest.len()));
        }
        rest = others;
    }
    Ok(())
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("SQL identifier", kind, expected)
}

const WORDS: &str = "a letter of ASCII or an underscore, then letters, digits and underscores";
