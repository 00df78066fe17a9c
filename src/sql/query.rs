use std::borrow::Cow;
use std::fmt;

use super::{Dialect, Like, Value, like};
use crate::validate::SqlIdent;

/// A statement: text that the program wrote, names between quotes, and values beside it.
///
/// ```
/// use palisade::sql::{Dialect, Query};
///
/// let id = 17;
/// let by_id = Query::new("SELECT * FROM users WHERE id = ").bind(id);
/// assert_eq!(by_id.render(Dialect::MySql), ("SELECT * FROM users WHERE id = ?".into(), vec![id.into()]));
/// ```
///
/// Text that was made when the program ran is refused by the compiler:
///
/// ```compile_fail,E0716
/// let id = "1 OR 1=1";
/// let query = palisade::sql::Query::new(&format!("SELECT * FROM users WHERE id = {id}"));
/// query.render(palisade::sql::Dialect::Sqlite);
/// ```
/// ```compile_fail,E0521
/// fn sorted(by: &str) -> palisade::sql::Query {
///     palisade::sql::Query::new("SELECT * FROM users ORDER BY ").push(by)
/// }
/// ```
///
/// Placeholders are for `bind` to write: one that stands in the text itself, as `$1` or `?1`, is given a value that was bound for
/// another place. `Debug` shows the text, and of values how many.
#[derive(Clone)]
#[must_use = "a statement that nobody runs does nothing"]
pub struct Query {
    pieces: Vec<Piece>,
}

#[derive(Clone)]
enum Piece {
    Text(&'static str),
    Name(SqlIdent),
    Bound(Value),
}

impl Query {
    /// A statement that begins with `text`.
    pub fn new(text: &'static str) -> Self {
        Self { pieces: vec![Piece::Text(text)] }
    }

    /// Adds `text`, from the program or from an [`Allowlist`](crate::validate::Allowlist) of such texts.
    pub fn push(self, text: &'static str) -> Self {
        self.with(Piece::Text(text))
    }

    /// Adds a value, as a parameter.
    pub fn bind(self, value: impl Into<Value>) -> Self {
        self.with(Piece::Bound(value.into()))
    }

    /// Adds the name of a table or column, between quotes.
    pub fn ident(self, name: &SqlIdent) -> Self {
        self.with(Piece::Name(name.clone()))
    }

    /// Adds whether `left`, such as a column, is one of `values`; none of no values is.
    ///
    /// A `NULL` among the values makes SQL answer neither yes nor no for the others: under `NOT`, no row is found.
    ///
    /// ```
    /// use palisade::sql::{Dialect, Query};
    ///
    /// let among = |ids: &[i64]| {
    ///     Query::new("DELETE FROM users WHERE ").bind_in("id", ids.iter().copied()).render(Dialect::Sqlite).0
    /// };
    /// assert_eq!(among(&[3, 5]), "DELETE FROM users WHERE id IN (?1, ?2)");
    /// assert_eq!(among(&[]), "DELETE FROM users WHERE (1 = 0)"); // most databases read no `IN ()`
    /// ```
    pub fn bind_in(self, left: &'static str, values: impl IntoIterator<Item: Into<Value>>) -> Self {
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return self.push("(1 = 0)") };
        let started = self.push(left).push(" IN (").bind(first);
        values.fold(started, |query, value| query.push(", ").bind(value)).push(")")
    }

    /// Adds what stands behind `LIKE`.
    pub fn bind_like(self, like: Like) -> Self {
        self.bind(like.0).push(like::ESCAPE)
    }

    /// Adds another statement's text and values, such as a condition that a function made.
    pub fn append(mut self, other: Self) -> Self {
        self.pieces.extend(other.pieces);
        self
    }

    /// The text, with a placeholder for each value, and the values in the order of their numbers.
    #[must_use = "a statement that nobody runs does nothing"]
    pub fn render(self, dialect: Dialect) -> (String, Vec<Value>) {
        let text = self.text(dialect);
        let bound = self.pieces.into_iter().filter_map(|piece| match piece {
            Piece::Bound(value) => Some(value),
            Piece::Text(_) | Piece::Name(_) => None,
        });
        (text, bound.collect())
    }

    fn with(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }

    fn text(&self, dialect: Dialect) -> String {
        let mut text = String::new();
        let mut number = 0;
        let mut was_text = true;
        for piece in &self.pieces {
            let (written, is_text) = match piece {
                Piece::Text("") => continue,
                Piece::Text(text) => (Cow::Borrowed(*text), true),
                Piece::Name(name) => (Cow::Owned(dialect.quoted(name)), false),
                Piece::Bound(_) => {
                    number += 1;
                    (Cow::Owned(dialect.placeholder(number)), false)
                }
            };
            if !(was_text && is_text) && runs_on(&text, &written) {
                text.push(' ');
            }
            was_text = is_text;
            text += &written;
        }
        text
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values = self.pieces.iter().filter(|piece| matches!(piece, Piece::Bound(_))).count();
        let text = self.text(Dialect::Sqlite);
        f.debug_struct("Query").field("text", &text).field("values", &values).finish()
    }
}

/// Whether the two would be read as one word: `?1` and `0` as `?10`, `"a"` and `"b"` as one name with a quote in it.
fn runs_on(before: &str, after: &str) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '?' | '"' | '`');
    before.ends_with(is_of_word) && after.starts_with(is_of_word)
}
