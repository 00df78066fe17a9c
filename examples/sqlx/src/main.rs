//! Statements of `palisade::sql` run through sqlx: `cargo run --manifest-path examples/sqlx/Cargo.toml [-- NAME [SORT]]`.

use std::error::Error;

use palisade::sql::{Dialect, Query, Value};
use palisade::validate::Allowlist;
use sqlx::sqlite::{SqliteArguments, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Row, Sqlite};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "x'; DROP TABLE users; --".to_owned());
    let sort = arguments.next().unwrap_or_else(|| "newest".to_owned());

    let pool = SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await?;
    run(&pool, Query::new("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)")).await?;
    run(&pool, Query::new("INSERT INTO users (name) VALUES (").bind(&name).push("), ('ann')")).await?;

    let sorts = Allowlist::of([("newest", "id DESC"), ("name", "name ASC")]);
    let all = Query::new("SELECT id, name FROM users WHERE id > ")
        .bind(0)
        .push(" ORDER BY ")
        .push(sorts.parse(&sort)?);
    for row in run(&pool, all).await? {
        println!("{} {}", row.get::<i64, _>("id"), row.get::<String, _>("name"));
    }
    Ok(())
}

/// sqlx takes text that was put together when the program ran only from those who vouch for it, as the type of `Query` does.
async fn run(pool: &SqlitePool, query: Query) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let (text, values) = query.render(Dialect::Sqlite);
    let statement = sqlx::query::<Sqlite>(AssertSqlSafe(text));
    values.into_iter().fold(statement, bind).fetch_all(pool).await
}

type Statement<'a> = sqlx::query::Query<'a, Sqlite, SqliteArguments>;

fn bind(statement: Statement<'_>, value: Value) -> Statement<'_> {
    match value {
        Value::Null => statement.bind(None::<i64>),
        Value::Bool(value) => statement.bind(value),
        Value::Integer(value) => statement.bind(value),
        Value::Real(value) => statement.bind(value),
        Value::Text(value) => statement.bind(value),
        Value::Bytes(value) => statement.bind(value),
    }
}
