//! Where sessions are kept.
//!
//! | store | feature | for |
//! |---|---|---|
//! | [`Memory`] | | one process, whose users log in again when it restarts |
//! | `Sqlite` | `rusqlite` | one machine |
//! | `Postgres` | `postgres` | several machines; [`AsyncSessions`](super::AsyncSessions) |
//! | `Redis` | `redis` | several machines, where a crash may log users out; [`AsyncSessions`](super::AsyncSessions) |
//! | `Blocking` | `tokio` | the first two behind [`AsyncSessions`](super::AsyncSessions) |

#[cfg(feature = "tokio")]
mod blocking;
mod memory;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(any(feature = "postgres", feature = "redis", feature = "rusqlite"))]
mod row;
#[cfg(feature = "rusqlite")]
mod sqlite;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Record, SessionId, SessionKey};

pub use super::error::StoreError;
#[cfg(feature = "tokio")]
pub use blocking::Blocking;
pub use memory::Memory;
#[cfg(feature = "postgres")]
pub use postgres::{Connections, Postgres};
#[cfg(feature = "redis")]
pub use redis::Redis;
#[cfg(feature = "rusqlite")]
pub use sqlite::Sqlite;

/// Keeps sessions.
///
/// # Contract
/// - Every call is atomic, and what it did is seen by every later one: a session that was ended is not found again.
/// - [`replace`](Self::replace) changes the row that is there, and every column of it. A concurrent [`end_all`](Self::end_all)
///   or [`end`](Self::end) removes it under its old key or its new one.
/// - [`touch`](Self::touch) changes rows that are there and makes none; it is given 256 at most. [`sweep`](Self::sweep)
///   looks at a row's times when it removes it, and not before.
/// - Keys, names and users are told apart byte by byte: `Ann` and `ann` are two users.
/// - A store that cannot tell returns `Err`, and a call ends within a time that the store sets.
/// - Records come back as they went in. What a store has no room for is an error.
/// - Losing a session logs its user out; bringing one back that was ended is a security fault.
pub trait Store: fmt::Debug + Send + Sync {
    /// Keeps a new session.
    ///
    /// # Errors
    /// The store cannot tell, or has one of that key.
    fn insert(&self, record: &Record) -> Result<(), StoreError>;

    /// The session of that key.
    ///
    /// # Errors
    /// The store cannot tell.
    fn find(&self, key: &SessionKey) -> Result<Option<Record>, StoreError>;

    /// Puts `record` in the place of the session of key `old`; false, and nothing done, where there is none.
    ///
    /// # Errors
    /// The store cannot tell, or has another of the new key.
    fn replace(&self, old: &SessionKey, record: &Record) -> Result<bool, StoreError>;

    /// Moves times of last use ahead; those that lie behind, and sessions that are gone, are left out.
    ///
    /// # Errors
    /// The store cannot tell; some may have been moved.
    fn touch(&self, uses: &[(SessionKey, SystemTime)]) -> Result<(), StoreError>;

    /// Removes the session of that name, if it is that user's; whether there was one.
    ///
    /// # Errors
    /// The store cannot tell.
    fn end(&self, user: &str, id: &SessionId) -> Result<bool, StoreError>;

    /// Removes all sessions of a user, `but` one, and answers how many.
    ///
    /// # Errors
    /// The store cannot tell.
    fn end_all(&self, user: &str, but: Option<&SessionId>) -> Result<u64, StoreError>;

    /// All sessions of a user, in any order, those that have expired included.
    ///
    /// # Errors
    /// The store cannot tell.
    fn list(&self, user: &str) -> Result<Vec<Record>, StoreError>;

    /// Removes sessions that expire by `now` or were last used by `unused_since`, and answers how many.
    ///
    /// # Errors
    /// The store cannot tell; some may have been removed.
    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Result<u64, StoreError>;
}

/// A [`Store`] whose answers are awaited. The contract is the same, and so are the tests.
///
/// Dropping a future may leave its work done or not done, and never half.
pub trait AsyncStore: fmt::Debug + Send + Sync {
    /// As [`Store::insert`].
    fn insert<'a>(&'a self, record: &'a Record) -> Answer<'a, ()>;
    /// As [`Store::find`].
    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Record>>;
    /// As [`Store::replace`].
    fn replace<'a>(&'a self, old: &'a SessionKey, record: &'a Record) -> Answer<'a, bool>;
    /// As [`Store::touch`].
    fn touch<'a>(&'a self, uses: &'a [(SessionKey, SystemTime)]) -> Answer<'a, ()>;
    /// As [`Store::end`].
    fn end<'a>(&'a self, user: &'a str, id: &'a SessionId) -> Answer<'a, bool>;
    /// As [`Store::end_all`].
    fn end_all<'a>(&'a self, user: &'a str, but: Option<&'a SessionId>) -> Answer<'a, u64>;
    /// As [`Store::list`].
    fn list<'a>(&'a self, user: &'a str) -> Answer<'a, Vec<Record>>;
    /// As [`Store::sweep`].
    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Answer<'_, u64>;
}

/// What an [`AsyncStore`] will answer.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

impl<S: Store + ?Sized> Store for Arc<S> {
    fn insert(&self, record: &Record) -> Result<(), StoreError> {
        (**self).insert(record)
    }

    fn find(&self, key: &SessionKey) -> Result<Option<Record>, StoreError> {
        (**self).find(key)
    }

    fn replace(&self, old: &SessionKey, record: &Record) -> Result<bool, StoreError> {
        (**self).replace(old, record)
    }

    fn touch(&self, uses: &[(SessionKey, SystemTime)]) -> Result<(), StoreError> {
        (**self).touch(uses)
    }

    fn end(&self, user: &str, id: &SessionId) -> Result<bool, StoreError> {
        (**self).end(user, id)
    }

    fn end_all(&self, user: &str, but: Option<&SessionId>) -> Result<u64, StoreError> {
        (**self).end_all(user, but)
    }

    fn list(&self, user: &str) -> Result<Vec<Record>, StoreError> {
        (**self).list(user)
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Result<u64, StoreError> {
        (**self).sweep(now, unused_since)
    }
}

impl<S: AsyncStore + ?Sized> AsyncStore for Arc<S> {
    fn insert<'a>(&'a self, record: &'a Record) -> Answer<'a, ()> {
        (**self).insert(record)
    }

    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Record>> {
        (**self).find(key)
    }

    fn replace<'a>(&'a self, old: &'a SessionKey, record: &'a Record) -> Answer<'a, bool> {
        (**self).replace(old, record)
    }

    fn touch<'a>(&'a self, uses: &'a [(SessionKey, SystemTime)]) -> Answer<'a, ()> {
        (**self).touch(uses)
    }

    fn end<'a>(&'a self, user: &'a str, id: &'a SessionId) -> Answer<'a, bool> {
        (**self).end(user, id)
    }

    fn end_all<'a>(&'a self, user: &'a str, but: Option<&'a SessionId>) -> Answer<'a, u64> {
        (**self).end_all(user, but)
    }

    fn list<'a>(&'a self, user: &'a str) -> Answer<'a, Vec<Record>> {
        (**self).list(user)
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Answer<'_, u64> {
        (**self).sweep(now, unused_since)
    }
}
