use crate::validate::SqlIdent;

/// Whose SQL a [`Query`](super::Query) is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// SQLite: `?1`, `` `name` ``.
    Sqlite,
    /// PostgreSQL: `$1`, `"name"`.
    Postgres,
    /// MySQL and MariaDB: `?`, `` `name` ``.
    MySql,
}

impl Dialect {
    /// The place of the parameter of this number, from 1 on.
    pub(super) fn placeholder(self, number: usize) -> String {
        match self {
            Self::Sqlite => format!("?{number}"),
            Self::Postgres => format!("${number}"),
            Self::MySql => "?".to_owned(),
        }
    }

    /// The name between quotes, of which its type holds none.
    pub(super) fn quoted(self, name: &SqlIdent) -> String {
        match self {
            // SQLite takes "name" for a text where there is no such column; `name` is then an error.
            Self::Sqlite | Self::MySql => format!("`{name}`"),
            Self::Postgres => format!("\"{name}\""),
        }
    }
}
