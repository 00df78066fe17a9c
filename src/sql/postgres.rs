//! Values as parameters of `postgres` and `tokio-postgres`.
//!
//! ```no_run
//! use palisade::sql::{Dialect, Query, postgres::parameters};
//!
//! # async fn example(client: tokio_postgres::Client, name: &str) -> Result<(), tokio_postgres::Error> {
//! let query = Query::new("SELECT id FROM users WHERE name = ").bind(name);
//! let (text, values) = query.render(Dialect::Postgres);
//! let found = client.query(&text, &parameters(&values)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! PostgreSQL decides from the statement which type a parameter has. Integers go to all of its integer types, and those that
//! do not fit are errors. To bind a text for another type, let the server read it:
//! `.bind(id).push("::text::uuid")`; a float for a `real` likewise: `.bind(x).push("::float8")`.
//! The server repeats a text that it cannot read in its error, which is for the log, and not for callers.

use std::error::Error;

use bytes::BytesMut;
use postgres_types::{IsNull, ToSql, Type, to_sql_checked};

use super::Value;

/// The values as the slice that clients take.
pub fn parameters(values: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql_checked(ty, out),
            Self::Integer(value) if *ty == Type::INT2 => i16::try_from(*value)?.to_sql_checked(ty, out),
            Self::Integer(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql_checked(ty, out),
            Self::Integer(value) => value.to_sql_checked(ty, out),
            Self::Real(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Bytes(value) => value.to_sql_checked(ty, out),
        }
    }

    /// It depends on the value: `to_sql` checks.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
