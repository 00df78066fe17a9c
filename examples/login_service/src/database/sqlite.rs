use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use palisade::sql::{Query, Value};
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use tokio::task;

use super::{DatabaseError, Row};

/// A file on this machine. SQLite blocks, so its calls leave the thread's other tasks to another thread.
pub(crate) struct Sqlite(Mutex<Connection>);

impl Sqlite {
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(2))?;
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;")?;
        connection.execute_batch(TABLES)?;
        Ok(Self(Mutex::new(connection)))
    }

    pub(super) fn execute(&self, query: Query) -> Result<u64, DatabaseError> {
        let changed = task::block_in_place(|| query.execute(&self.lock()))?;
        Ok(u64::try_from(changed)?)
    }

    pub(super) fn rows(&self, query: Query) -> Result<Vec<Row>, DatabaseError> {
        Ok(task::block_in_place(|| query.rows(&self.lock(), read))?)
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // INVARIANT: every call is one statement, which a panic leaves done or not done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    let columns = row.as_ref().column_count();
    let values = (0..columns).map(|column| row.get_ref(column).and_then(value));
    Ok(Row::new(values.collect::<Result<_, _>>()?))
}

fn value(value: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(_) => Value::Text(value.as_str()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
    })
}

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS users (
        name TEXT NOT NULL PRIMARY KEY,
        email TEXT NOT NULL,
        password TEXT NOT NULL,
        role TEXT NOT NULL,
        otp BLOB,
        otp_pending BLOB
    ) STRICT;
    CREATE TABLE IF NOT EXISTS notes (
        id TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL REFERENCES users (name),
        body BLOB NOT NULL,
        created INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS notes_of_owner ON notes (owner, created);";
