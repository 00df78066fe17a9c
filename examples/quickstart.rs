#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people to read")]
//! An account, a password check and a session token against a real database.
//!
//! ```text
//! cargo run --example quickstart -- [--db PATH] [--user NAME]
//! ```
//!
//! The password comes from the terminal, without echo, or from the first line of standard input; never from an
//! argument, which every process on the machine can read. Where there is neither, a demonstration password is
//! used and said. A second run logs into the same file.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use palisade::password::{Hasher, VerifyErrorKind};
use palisade::secret::{ExposeSecret, SecretBytes, SecretString};
use palisade::token::{Token, TokenDigest};
use rusqlite::{Connection, OptionalExtension, params};

const USAGE: &str = "\
Usage: cargo run --example quickstart -- [--db PATH] [--user NAME]

  --db PATH     SQLite file to open or create   [quickstart.sqlite]
  --user NAME   account to register or log into [alice]
  --help        this text

The password is asked for on the terminal, or read from the first line of standard input.";

const DEMONSTRATION_PASSWORD: &str = "correct horse battery staple";

fn main() -> ExitCode {
    let result =
        Options::from_arguments().and_then(|options| options.map_or(Ok(true), |options| run(&options)));
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::from(2)
        }
    }
}

/// Registers or logs in; `false` when the password was refused.
fn run(options: &Options) -> Result<bool, Box<dyn Error>> {
    let database = open(options)?;
    let hasher = Hasher::default();

    let known = stored_password(&database, &options.user)?.is_some();
    let password = read_password(options, known)?;
    if known {
        println!("{} has an account here: logging in.", options.user);
    } else {
        register(&database, &hasher, &options.user, &password)?;
    }

    println!("\nA wrong password, made up at random:");
    let wrong = SecretString::from(Token::generate()?.expose());
    if log_in(&database, &hasher, &options.user, &wrong)?.is_some() {
        return Err("a wrong password was let in".into());
    }

    println!("\nThe password given:");
    let Some(token) = log_in(&database, &hasher, &options.user, &password)? else {
        println!("\n{} stays logged out.", options.user);
        return Ok(false);
    };

    println!(
        "\nA session token for {}'s browser: {}… ({} characters)",
        options.user,
        &token.expose()[..6],
        token.expose().len()
    );
    match user_of_session(&database, token.expose())? {
        Some(user) => println!("  presented again, it is found by its digest: this is {user}"),
        None => return Err("the session just stored was not found".into()),
    }
    match user_of_session(&database, Token::generate()?.expose())? {
        None => println!("  a made-up token is nobody's"),
        Some(_) => return Err("a made-up token found a session".into()),
    }
    show_tables(&database, options)
}

fn open(options: &Options) -> Result<Connection, Box<dyn Error>> {
    let database = Connection::open(&options.db)
        .map_err(|error| format!("cannot open {}: {error}", options.db.display()))?;
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS users (
             name TEXT PRIMARY KEY,
             password TEXT NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS sessions (
             digest TEXT PRIMARY KEY,
             user TEXT NOT NULL REFERENCES users (name),
             created TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
         ) STRICT;",
    )?;
    println!("Database: {}", options.db.display());
    Ok(database)
}

fn register(
    database: &Connection,
    hasher: &Hasher,
    user: &str,
    password: &SecretString,
) -> Result<(), Box<dyn Error>> {
    let started = Instant::now();
    let stored = hasher.hash(password.expose_secret())?;
    println!("Registered {user}; hashing the password took {} ms.", started.elapsed().as_millis());
    database.execute("INSERT INTO users (name, password) VALUES (?1, ?2)", params![user, stored.as_str()])?;
    Ok(())
}

/// A fresh session's token, or `None` when the password was refused.
fn log_in(
    database: &Connection,
    hasher: &Hasher,
    user: &str,
    password: &SecretString,
) -> Result<Option<Token>, Box<dyn Error>> {
    let stored = stored_password(database, user)?;
    // An unknown user costs the same work as a wrong password, and gets the same answer.
    let verified = match hasher.verify_user(password.expose_secret(), stored.as_deref()) {
        Ok(verified) => verified,
        Err(error) if error.kind() == VerifyErrorKind::Rejected => {
            println!("  refused: {error}");
            return Ok(None);
        }
        Err(error) => return Err(error.into()), // a damaged row or an overloaded server: not the user's fault
    };
    println!("  accepted");
    if verified.needs_rehash()
        && let Some(old) = stored
    {
        let new = hasher.hash(password.expose_secret())?;
        // Only if nobody changed the password in between.
        database.execute(
            "UPDATE users SET password = ?1 WHERE name = ?2 AND password = ?3",
            params![new.as_str(), user, old],
        )?;
        println!("  the stored hash was below today's policy and was renewed");
    }
    let token = Token::generate()?;
    database.execute(
        "INSERT INTO sessions (digest, user) VALUES (?1, ?2)",
        params![token.digest().to_hex(), user],
    )?;
    Ok(Some(token))
}

fn stored_password(database: &Connection, user: &str) -> Result<Option<String>, rusqlite::Error> {
    database.query_row("SELECT password FROM users WHERE name = ?1", [user], |row| row.get(0)).optional()
}

fn user_of_session(database: &Connection, presented: &str) -> Result<Option<String>, rusqlite::Error> {
    let digest = TokenDigest::of(presented).to_hex();
    database.query_row("SELECT user FROM sessions WHERE digest = ?1", [digest], |row| row.get(0)).optional()
}

fn show_tables(database: &Connection, options: &Options) -> Result<bool, Box<dyn Error>> {
    println!("\nWhat is in {}, and all that a thief of it would have:", options.db.display());
    println!("  users");
    let mut users = database.prepare("SELECT name, password FROM users ORDER BY name")?;
    let mut rows = users.query([])?;
    while let Some(row) = rows.next()? {
        let (name, password): (String, String) = (row.get(0)?, row.get(1)?);
        println!("    {name:<12} {password}");
    }
    println!("  sessions (the newest five)");
    let mut sessions =
        database.prepare("SELECT user, digest, created FROM sessions ORDER BY rowid DESC LIMIT 5")?;
    let mut rows = sessions.query([])?;
    while let Some(row) = rows.next()? {
        let (user, digest, created): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        println!("    {user:<12} {digest}  {created}");
    }
    println!("\nNo password and no token is stored. Run it again to log into the same file.");
    Ok(true)
}

/// From the terminal without echo, else the first line of standard input, else the demonstration's.
fn read_password(options: &Options, known: bool) -> Result<SecretString, Box<dyn Error>> {
    if io::stdin().is_terminal() {
        let verb = if known { "Password" } else { "Choose a password" };
        let password =
            SecretString::from(rpassword::prompt_password(format!("{verb} for {}: ", options.user))?);
        return if password.is_empty() { Err("the password is empty".into()) } else { Ok(password) };
    }
    let input = SecretString::from_utf8(SecretBytes::read_from(io::stdin().lock(), 64 * 1024)?)?;
    let line = input.expose_secret().lines().next().unwrap_or_default();
    if line.is_empty() {
        println!("No password on standard input: using the demonstration's, {DEMONSTRATION_PASSWORD:?}.");
        return Ok(SecretString::from(DEMONSTRATION_PASSWORD));
    }
    Ok(SecretString::from(line))
}

struct Options {
    db: PathBuf,
    user: String,
}

impl Options {
    /// `None` when help was asked for and given.
    fn from_arguments() -> Result<Option<Self>, Box<dyn Error>> {
        let mut options = Self { db: "quickstart.sqlite".into(), user: "alice".to_owned() };
        let mut arguments = std::env::args_os().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.to_str() {
                Some("--db") => options.db = arguments.next().ok_or("--db needs a path")?.into(),
                Some("--user") => {
                    let user = arguments.next().ok_or("--user needs a name")?;
                    options.user = user.into_string().map_err(|_| "the user name is not valid UTF-8")?;
                }
                Some("--help" | "-h") => {
                    println!("{USAGE}");
                    return Ok(None);
                }
                _ => return Err(format!("unknown argument {}\n\n{USAGE}", argument.display()).into()),
            }
        }
        if options.user.is_empty() || options.user.chars().any(char::is_control) {
            return Err("the user name is empty or has control characters".into());
        }
        Ok(Some(options))
    }
}
