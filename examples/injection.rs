#![expect(clippy::print_stdout, reason = "a program for people to read")]
//! What callers have been sending to databases for decades, to a program that concatenates and to one that binds.
//!
//! ```text
//! cargo run --example injection --features rusqlite
//! ```
//!
//! Each attempt meets a fresh SQLite in memory, twice. It fails if one of them does anything but find nothing in the
//! program that binds.

use std::process::ExitCode;

use palisade::sql::{Like, Query};
use palisade::validate::Allowlist;
use rusqlite::{Connection, Result};

/// What a caller sends, where it is a name to look for.
const NAMES: &[(&str, &str)] = &[
    ("a tautology", "' OR '1'='1"),
    ("a comment", "ann'--"),
    ("another table", "' UNION SELECT password FROM users --"),
    ("the schema", "' UNION SELECT sql FROM sqlite_schema --"),
    ("a second statement", "'; DROP TABLE users; --"),
    ("a wildcard", "%"),
];

/// What a caller sends, where it is the column to sort by.
const COLUMNS: &[(&str, &str)] = &[
    ("a column nobody meant", "password"),
    (
        "a question, answered by the order",
        "(CASE WHEN (SELECT password FROM users LIMIT 1) LIKE 's%' THEN id ELSE -id END)",
    ),
    ("a second statement", "id; DROP TABLE users; --"),
];

fn main() -> Result<ExitCode> {
    let mut is_safe = true;
    println!("A name to look for: three users, of whom none has such a name.");
    for (kind, name) in NAMES {
        let careless = |database: &Connection| {
            let text = format!("SELECT name FROM users WHERE name LIKE '{name}'");
            concatenated(database, &text)
        };
        let careful = |database: &Connection| {
            let like = Like::starting_with(name);
            Query::new("SELECT name FROM users WHERE name LIKE ")
                .bind_like(like)
                .rows(database, |row| row.get(0))
        };
        is_safe &= show(kind, name, careless, careful)?;
    }
    println!("\nA column to sort by: `id` and `name` are offered.");
    let columns = Allowlist::new(["id", "name"]);
    for (kind, column) in COLUMNS {
        let careless = |database: &Connection| {
            concatenated(database, &format!("SELECT name FROM users ORDER BY {column}"))
        };
        let careful = |database: &Connection| match columns.parse(column) {
            Ok(column) => {
                Query::new("SELECT name FROM users ORDER BY ").push(column).rows(database, |row| row.get(0))
            }
            Err(_) => Ok(Vec::new()), // the page says what may be chosen
        };
        is_safe &= show(kind, column, careless, careful)?;
    }
    println!(
        "\n{}",
        if is_safe { "The program that binds gave nothing away and lost nothing." } else { "UNSAFE" }
    );
    Ok(if is_safe { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints what both programs did; whether the second did nothing.
fn show(
    kind: &str,
    sent: &str,
    careless: impl Fn(&Connection) -> Result<Vec<String>>,
    careful: impl Fn(&Connection) -> Result<Vec<String>>,
) -> Result<bool> {
    println!("\n  {kind}: {sent}");
    let database = database()?;
    let found = careless(&database);
    println!("    concatenated: {}", outcome(&database, found));
    let database = crate::database()?;
    let outcome = outcome(&database, careful(&database));
    println!("    bound:        {outcome}");
    Ok(outcome == "nothing")
}

fn outcome(database: &Connection, found: Result<Vec<String>>) -> String {
    let users = Query::new("SELECT count(*) FROM users").rows(database, |row| row.get::<_, i64>(0));
    match (users, found) {
        (Err(_), _) => "THE TABLE IS GONE".to_owned(),
        (Ok(_), Err(error)) => format!("an error: {error}"),
        (Ok(_), Ok(found)) if found.is_empty() => "nothing".to_owned(),
        (Ok(_), Ok(found)) => format!("FOUND {}", found.join(", ")),
    }
}

/// As a program does it that glues its text together, and that runs all statements it finds therein.
fn concatenated(database: &Connection, text: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for statement in text.split_inclusive(';') {
        let mut statement = database.prepare(statement)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

fn database() -> Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, password TEXT);
         INSERT INTO users (name, password) VALUES ('ann', 'swordfish'), ('bob', 'hunter2'), ('eve', 'opensesame');",
    )?;
    Ok(database)
}
