use std::fmt;

/// What `LIKE` looks for, with each `%` and `_` of a caller's text standing for itself.
///
/// ```
/// use palisade::sql::{Dialect, Like, Query};
///
/// let query = Query::new("SELECT * FROM files WHERE name LIKE ").bind_like(Like::ending_with("100%.txt"));
/// let (text, values) = query.render(Dialect::Postgres);
/// assert_eq!(text, "SELECT * FROM files WHERE name LIKE $1 ESCAPE '!'");
/// assert_eq!(values, ["%100!%.txt".into()]);
/// ```
///
/// # Security
/// A `%` that is bound as it came is no injection, and finds all rows; a few of them make a search slow.
#[derive(Clone)]
pub struct Like(pub(super) String);

impl Like {
    /// All that starts with `text`.
    pub fn starting_with(text: &str) -> Self {
        Self(escape(text) + "%")
    }

    /// All that ends with `text`.
    pub fn ending_with(text: &str) -> Self {
        Self(format!("%{}", escape(text)))
    }

    /// All that `text` stands in.
    pub fn containing(text: &str) -> Self {
        Self(format!("%{}%", escape(text)))
    }
}

impl fmt::Debug for Like {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Like")
    }
}

/// Not with backslashes: what `'\'` means depends on the database and its settings.
pub(super) const ESCAPE: &str = " ESCAPE '!'";

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 2);
    for character in text.chars() {
        // SQLite ends a pattern at its first NUL, unless that is escaped: `%\0%` would find everything.
        if matches!(character, '%' | '_' | '!' | '\0') {
            escaped.push('!');
        }
        escaped.push(character);
    }
    escaped
}
