#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for people to read")]
//! An account, a guarded password check, a session, permissions, a sealed column and an audit log against a real
//! database.
//!
//! ```text
//! cargo run --example quickstart -- [--db PATH] [--user NAME]
//! ```
//!
//! The password comes from the terminal, without echo, or from the first line of standard input; never from an
//! argument, which every process on the machine can read. Where there is neither, a demonstration password is
//! used and said. A second run logs into the same file. Beside the database lie the key ring, under the passphrase
//! of `QUICKSTART_PASSPHRASE` or a demonstration's, and the audit log.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use palisade::audit::{self, AuditLog, Event, Kind};
use palisade::keys::{KeyFile, KeyRing, Wrapping};
use palisade::password::{Hasher, Rules, VerifyErrorKind};
use palisade::rate_limit::LoginGuard;
use palisade::rbac::{Authorizable, Authorized, Granted, PermSet, Role};
use palisade::redact::Redactor;
use palisade::seal::Sealer;
use palisade::secret::{ExposeSecret, SecretBytes, SecretString};
use palisade::session::store::Memory;
use palisade::session::{AuthLevel, Issued, Login, Session, Sessions};
use palisade::token::Token;
use palisade::validate::{Email, Username};
use rusqlite::{Connection, OptionalExtension, params};

const USAGE: &str = "\
Usage: cargo run --example quickstart -- [--db PATH] [--user NAME]

  --db PATH     SQLite file to open or create   [quickstart.sqlite]
  --user NAME   account to register or log into [alice]
  --help        this text

The password is asked for on the terminal, or read from the first line of standard input.";

const DEMONSTRATION_PASSWORD: &str = "correct horse battery staple";
const DEMONSTRATION_PASSPHRASE: &str = "a passphrase for demonstrations only";

palisade::secrets! { struct Secrets { passphrase: "QUICKSTART_PASSPHRASE" } }

palisade::permissions! {
    enum AccountPerm in may { ReadContact = "contact:read", EraseAccount = "account:erase" }
}

const MEMBER: Role<AccountPerm> = Role::new("member", AccountPerm::set(&[AccountPerm::ReadContact]));
const ROLES: &[Role<AccountPerm>] = &[MEMBER];

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
    let ring = open_ring(&beside(&options.db, "keys"))?;
    let log_path = beside(&options.db, "audit.jsonl");
    let redactor = Redactor::default(); // a password typed as a name would go no further
    let log = AuditLog::builder(&ring)
        .app("quickstart")
        .redact(move |field, text| redactor.redact_field(field, text))
        .open(&log_path)?;
    let app =
        App { database, hasher, guard: LoginGuard::new()?, sessions: Sessions::new(Memory::default()), log };

    let known = stored_password(&app.database, &options.user)?.is_some();
    let password = read_password(options, known)?;
    if known {
        println!("{} has an account here: logging in.", options.user);
    } else {
        register(&app, &options.user, &password)?;
        // Only this ring opens it, and only as this user's address.
        let address = Email::parse(&format!("{}@example.com", options.user))?;
        let sealed =
            Sealer::new(&ring).seal(address.as_str().as_bytes(), ["contacts.address", &options.user])?;
        app.database
            .execute("INSERT INTO contacts (user, address) VALUES (?1, ?2)", params![options.user, sealed])?;
        app.database.execute(
            "INSERT INTO roles (user, role) VALUES (?1, ?2)",
            params![options.user, MEMBER.name()],
        )?;
        app.log.record(Event::new(Kind::UserCreated).subject(options.user.as_str()))?;
    }

    println!("\nA wrong password, made up at random:");
    let wrong = SecretString::from(Token::generate()?.expose());
    if log_in(&app, &options.user, &wrong)?.is_some() {
        return Err("a wrong password was let in".into());
    }

    println!("\nThe password given:");
    let Some(issued) = log_in(&app, &options.user, &password)? else {
        println!("\n{} stays logged out.", options.user);
        return Ok(false);
    };

    println!(
        "\nA session token for {}'s browser: {}… ({} characters)",
        options.user,
        &issued.expose()[..6],
        issued.expose().len()
    );
    let session = app.sessions.check(issued.expose())?;
    println!("  presented again, it is found by its digest: this is {}", session.user());
    let renewed = app.sessions.authenticated_again(session, AuthLevel::Password)?;
    match app.sessions.check(issued.expose()) {
        Err(_) => {
            println!("  after another proof of who it is there is a new token, and the old one is nobody's");
        }
        Ok(_) => return Err("an old token is still good".into()),
    }
    show_tables(&app.database, options)?;
    act(&app, &ring, &options.user)?;
    guess_on(&app, &options.user)?;
    app.sessions.log_out(renewed.into_session())?;

    let verified = audit::verify(std::fs::File::open(&log_path)?, &ring)?;
    println!("\nThe audit log {} is whole: {} records.", log_path.display(), verified.records);
    println!("\nNo password and no token is stored. Run it again to log into the same file.");
    Ok(true)
}

/// What a server keeps for as long as it runs.
struct App {
    database: Connection,
    hasher: Hasher,
    guard: LoginGuard,
    /// In memory: features `rusqlite`, `postgres` and `redis` keep them longer.
    sessions: Sessions<Memory>,
    log: AuditLog,
}

/// Where this program's user calls from; a server takes its peer's address, or `rate_limit::client_ip` behind a proxy.
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Who is logged in, with what the roles table says.
struct User {
    name: String,
    roles: Vec<Role<AccountPerm>>,
}

impl Authorizable<AccountPerm> for User {
    fn effective(&self) -> PermSet<AccountPerm> {
        Role::all(&self.roles)
    }
}

/// Does what the user may do, and is refused what it may not.
fn act(app: &App, ring: &KeyRing, user: &str) -> Result<(), Box<dyn Error>> {
    let stored: Option<String> = app
        .database
        .query_row("SELECT role FROM roles WHERE user = ?1", [user], |row| row.get(0))
        .optional()?;
    let roles = stored.and_then(|name| Role::find(ROLES, &name)).into_iter().collect(); // an unknown one is none
    let user = User { name: user.to_owned(), roles };
    println!("\nWhat {} may do:", user.name);
    let own = user.authorize::<may::ReadContact, _>(Contact { of: user.name.clone() }, |user, contact| {
        user.name == contact.of // and nobody else's
    })?;
    println!("  {} is on record", open_contact(own, app, ring)?);
    match user.grant::<may::EraseAccount>() {
        Ok(granted) => erase(granted, app, &user.name)?,
        Err(denied) => {
            println!("  {denied}"); // for operators; a caller is told denied.public_message()
            let event = Event::authorization_denied().subject(user.name.as_str());
            app.log.record(event.resource(denied.permission()))?;
        }
    }
    Ok(())
}

/// Whose address.
struct Contact {
    of: String,
}

/// Opens the sealed address. Without a proof for this very one, this cannot be called.
fn open_contact(
    contact: Authorized<'_, may::ReadContact, Contact>,
    app: &App,
    ring: &KeyRing,
) -> Result<String, Box<dyn Error>> {
    let user = contact.into_resource().of;
    let sealed: Vec<u8> =
        app.database.query_row("SELECT address FROM contacts WHERE user = ?1", [&user], |row| row.get(0))?;
    let address = Sealer::new(ring).open(&sealed, ["contacts.address", &user])?;
    Ok(String::from_utf8(address.expose_secret().to_vec())?)
}

fn erase(_: Granted<'_, may::EraseAccount>, app: &App, user: &str) -> Result<(), Box<dyn Error>> {
    app.database.execute("DELETE FROM users WHERE name = ?1", [user])?;
    Ok(())
}

/// Tries the account until the guard has enough of it.
fn guess_on(App { guard, log, .. }: &App, user: &str) -> Result<(), Box<dyn Error>> {
    let mut guesses = 0;
    let denied = loop {
        match guard.attempt(user, HERE) {
            Ok(_attempt) => guesses += 1, // dropped without succeeded(): a wrong guess
            Err(denied) => break denied,
        }
    };
    println!("\nAfter {guesses} more guesses at {user}'s password: {denied}.");
    log.record(Event::rate_limit_exceeded().subject(user))?;
    Ok(())
}

/// The key ring in its file, made by the first run.
fn open_ring(path: &Path) -> Result<KeyRing, Box<dyn Error>> {
    let is_set = |name| std::env::var_os(name).is_some();
    let passphrase = if is_set("QUICKSTART_PASSPHRASE") || is_set("QUICKSTART_PASSPHRASE_FILE") {
        Secrets::from_env()?.passphrase
    } else {
        println!("Key ring: {}, under the demonstration's passphrase.", path.display());
        SecretString::from(DEMONSTRATION_PASSPHRASE)
    };
    let file = KeyFile::new(path, Wrapping::passphrase(passphrase));
    let ring = if path.exists() { file.open() } else { file.create() };
    Ok(ring.map_err(|error| format!("{}: {error}", path.display()))?)
}

/// `quickstart.sqlite.keys` beside `quickstart.sqlite`.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

fn open(options: &Options) -> Result<Connection, Box<dyn Error>> {
    let database = Connection::open(&options.db)
        .map_err(|error| format!("cannot open {}: {error}", options.db.display()))?;
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS users (
             name TEXT PRIMARY KEY,
             password TEXT NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS contacts (
             user TEXT PRIMARY KEY REFERENCES users (name),
             address BLOB NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS roles (
             user TEXT PRIMARY KEY REFERENCES users (name),
             role TEXT NOT NULL
         ) STRICT;",
    )?;
    println!("Database: {}", options.db.display());
    Ok(database)
}

fn register(
    App { database, hasher, .. }: &App,
    user: &str,
    password: &SecretString,
) -> Result<(), Box<dyn Error>> {
    // Long enough, and not what is guessed first.
    let chosen = Rules::default().context([user]).check(password.expose_secret())?;
    let started = Instant::now();
    let stored = hasher.hash(chosen.expose())?;
    println!("Registered {user}; hashing the password took {} ms.", started.elapsed().as_millis());
    database.execute("INSERT INTO users (name, password) VALUES (?1, ?2)", params![user, stored.as_str()])?;
    Ok(())
}

/// A session that has just begun, or `None` when the password was refused.
fn log_in(
    App { database, hasher, guard, sessions, log }: &App,
    user: &str,
    password: &SecretString,
) -> Result<Option<Issued<Session>>, Box<dyn Error>> {
    // Before the password is looked at: guesses made at the same time count as well.
    let attempt = match guard.attempt(user, HERE) {
        Ok(attempt) => attempt,
        Err(denied) => {
            println!("  {denied}");
            log.record(Event::rate_limit_exceeded().subject(user))?;
            return Ok(None);
        }
    };
    let stored = stored_password(database, user)?;
    // An unknown user costs the same work as a wrong password, and gets the same answer.
    let verified = match hasher.verify_user(password.expose_secret(), stored.as_deref()) {
        Ok(verified) => verified,
        Err(error) if error.kind() == VerifyErrorKind::Rejected => {
            println!("  refused: {error}");
            log.record(Event::authentication_failure().subject(user).reason("wrong password or no account"))?;
            return Ok(None);
        }
        Err(error) => return Err(error.into()), // a damaged row or an overloaded server: not the user's fault
    };
    attempt.succeeded(); // it counts as no guess
    println!("  accepted");
    log.record(Event::new(Kind::LoginSuccess).subject(user))?;
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
    Ok(Some(sessions.log_in(user, Login::by(AuthLevel::Password).device("this terminal"))?))
}

fn stored_password(database: &Connection, user: &str) -> Result<Option<String>, rusqlite::Error> {
    database.query_row("SELECT password FROM users WHERE name = ?1", [user], |row| row.get(0)).optional()
}

fn show_tables(database: &Connection, options: &Options) -> Result<(), Box<dyn Error>> {
    println!("\nWhat is in {}, and all that a thief of it would have:", options.db.display());
    println!("  users");
    let mut users = database.prepare("SELECT name, password FROM users ORDER BY name")?;
    let mut rows = users.query([])?;
    while let Some(row) = rows.next()? {
        let (name, password): (String, String) = (row.get(0)?, row.get(1)?);
        println!("    {name:<12} {password}");
    }
    println!("  contacts");
    let mut contacts = database.prepare("SELECT user, address FROM contacts ORDER BY user")?;
    let mut rows = contacts.query([])?;
    while let Some(row) = rows.next()? {
        let (user, address): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        println!("    {user:<12} {} sealed bytes", address.len());
    }
    Ok(())
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
                    let user = user.into_string().map_err(|_| "the user name is not valid UTF-8")?;
                    options.user = Username::parse(&user)?.into(); // Alice and alice are one
                }
                Some("--help" | "-h") => {
                    println!("{USAGE}");
                    return Ok(None);
                }
                _ => return Err(format!("unknown argument {}\n\n{USAGE}", argument.display()).into()),
            }
        }
        Ok(Some(options))
    }
}
