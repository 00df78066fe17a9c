//! Statements run on connections of `rusqlite`.

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result, Row, Statement, params_from_iter};

use super::{Dialect, Query, Value};

impl Query {
    /// Runs it, and answers how many rows it changed.
    ///
    /// ```
    /// use palisade::sql::Query;
    ///
    /// let database = rusqlite::Connection::open_in_memory()?;
    /// Query::new("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)").execute(&database)?;
    /// let name = "x'); DROP TABLE users; --";
    /// assert_eq!(Query::new("INSERT INTO users (name) VALUES (").bind(name).push(")").execute(&database)?, 1);
    ///
    /// let by_id = Query::new("SELECT name FROM users WHERE id = ").bind(1);
    /// let found: Vec<String> = by_id.rows(&database, |row| row.get(0))?;
    /// assert_eq!(found, [name]);
    /// # Ok::<(), rusqlite::Error>(())
    /// ```
    ///
    /// # Errors
    /// What `rusqlite` says of the statement. It may show the text; functions of SQLite, as those for JSON paths and text search,
    /// may repeat a value: it is for the log, and not for callers.
    pub fn execute(self, connection: &Connection) -> Result<usize> {
        let (mut statement, values) = self.prepare(connection)?;
        statement.execute(params_from_iter(values))
    }

    /// Runs it, and answers what `read` makes of each row.
    ///
    /// # Errors
    /// As for [`execute`](Self::execute), and those of `read`.
    pub fn rows<T>(self, connection: &Connection, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let (mut statement, values) = self.prepare(connection)?;
        statement.query_map(params_from_iter(values), read)?.collect()
    }

    fn prepare(self, connection: &Connection) -> Result<(Statement<'_>, Vec<Value>)> {
        let (text, values) = self.render(Dialect::Sqlite);
        Ok((connection.prepare(&text)?, values))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(value) => ValueRef::Integer((*value).into()),
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Real(value) => ValueRef::Real(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bytes(value) => ValueRef::Blob(value),
        }))
    }
}
