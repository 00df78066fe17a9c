//! Statements of SQL whose text the program wrote, and whose values the database never reads as text.
//!
//! ```
//! use palisade::sql::{Dialect, Query};
//!
//! let name = "x'; DROP TABLE users; --"; // from a request
//! let (text, values) = Query::new("SELECT * FROM users WHERE name = ").bind(name).render(Dialect::Postgres);
//! assert_eq!(text, "SELECT * FROM users WHERE name = $1"); // what the database parses
//! assert_eq!(values, [name.into()]); // what it compares with
//! ```
//!
//! Where callers choose what no parameter can stand for, such as a column or an order, they choose from a list:
//!
//! ```
//! use palisade::sql::{Dialect, Like, Query};
//! use palisade::validate::Allowlist;
//!
//! let sort = Allowlist::of([("newest", "created_at DESC"), ("name", "name ASC")]);
//! let (text, _) = Query::new("SELECT * FROM users WHERE ")
//!     .bind_in("role", ["admin", "editor"])
//!     .push(" AND name LIKE ")
//!     .bind_like(Like::starting_with("al"))
//!     .push(" ORDER BY ")
//!     .push(sort.parse("newest")?) // the list's text, not the caller's
//!     .push(" LIMIT ")
//!     .bind(20)
//!     .render(Dialect::Sqlite);
//! assert_eq!(
//!     text,
//!     "SELECT * FROM users WHERE role IN (?1, ?2) AND name LIKE ?3 ESCAPE '!' ORDER BY created_at DESC LIMIT ?4"
//! );
//! # Ok::<(), palisade::validate::Invalid>(())
//! ```
//!
//! A list that is read when the program runs holds names: an [`Allowlist`](crate::validate::Allowlist) of
//! [`SqlIdent`](crate::validate::SqlIdent)s, for [`Query::ident`].
//!
//! It knows no grammar: a text that is no SQL is the database's to refuse. With feature `rusqlite` a query runs on a
//! connection of `rusqlite`; with feature `postgres` its values are parameters of `postgres` and `tokio-postgres`.
//!
//! # Security
//! Text is `&'static str`: part of the program, so that what came from outside does not compile as text. The ways around it are
//! `leak` and text that is kept in a `static`, such as settings in a `OnceLock`: names of those are
//! [`SqlIdent`](crate::validate::SqlIdent)s. What the database checks is left to it: rights, lengths and types, and how many rows
//! a statement without `WHERE` deletes.

mod dialect;
mod like;
#[cfg(feature = "postgres")]
pub mod postgres;
mod query;
#[cfg(feature = "rusqlite")]
mod rusqlite;
mod value;

pub use dialect::Dialect;
pub use like::Like;
pub use query::Query;
pub use value::Value;
