//! Where users and notes are: one set of statements, of which each database is given its own spelling.

mod postgres;
mod row;
mod sqlite;

use std::error::Error;
use std::path::Path;

use palisade::sql::Query;

pub(crate) use postgres::{Connector, Postgres};
pub(crate) use row::Row;
pub(crate) use sqlite::Sqlite;

pub(crate) enum Database {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// For the log: what it says may show a statement.
pub(crate) type DatabaseError = Box<dyn Error + Send + Sync>;

impl Database {
    pub(crate) fn sqlite(path: &Path) -> Result<Self, DatabaseError> {
        Ok(Self::Sqlite(Sqlite::open(path)?))
    }

    pub(crate) async fn postgres(connector: Connector) -> Result<Self, DatabaseError> {
        Ok(Self::Postgres(Postgres::open(connector).await?))
    }

    /// Runs a statement; how many rows it changed.
    pub(crate) async fn execute(&self, query: Query) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(database) => database.execute(query),
            Self::Postgres(database) => database.execute(query).await,
        }
    }

    pub(crate) async fn rows(&self, query: Query) -> Result<Vec<Row>, DatabaseError> {
        match self {
            Self::Sqlite(database) => database.rows(query),
            Self::Postgres(database) => database.rows(query).await,
        }
    }
}
