//! Sessions in a file of SQLite.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use palisade::session::otp::{AsyncCodeStore, CodeStore, CodeStoreError};
use palisade::session::store::{Blocking, Sqlite, Store};
use palisade::session::{AuthLevel, Login, SessionErrorKind, Sessions};
use palisade::token::TokenDigest;
use rusqlite::Connection;

use crate::dice::Dice;
use crate::sessions::{self, Handle};
use crate::{codes, storm};

/// Removed when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("palisade-sqlite-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("sessions.sqlite")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_the_contract() {
    let folder = Folder::new("contract");
    let handle = || -> Handle { Arc::new(Blocking::new(Sqlite::open(folder.file()).unwrap())) };
    sessions::suite(&handle(), &handle(), "two connections").await;
    let shared = Sqlite::new(Connection::open_in_memory().unwrap()).unwrap();
    let (one, other): (Handle, Handle) =
        (Arc::new(Blocking::new(shared.clone())), Arc::new(Blocking::new(shared)));
    sessions::suite(&one, &other, "in memory").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_lets_in_nobody_whose_time_is_over() {
    let folder = Folder::new("storm");
    let stores = [(); 2].map(|()| Sqlite::open(folder.file()).unwrap());
    let handles = stores.clone().map(|store| -> Handle { Arc::new(Blocking::new(store)) });
    let codes = stores.map(|store| -> Arc<dyn AsyncCodeStore> { Arc::new(Blocking::new(store)) });
    storm::lets_in_nobody_whose_time_is_over(handles, codes).await;
}

#[test]
fn sqlite_keeps_the_contract_of_codes() {
    let folder = Folder::new("codes");
    codes::suite(&Sqlite::open(folder.file()).unwrap(), "sqlite");
    // The next connection knows what the one before was told.
    let store = Sqlite::open(folder.file()).unwrap();
    assert_eq!(store.step("sqlite steps").unwrap(), Some(58_908_905));
    codes::suite(
        &InTurn([store, Sqlite::open(folder.file()).unwrap()], AtomicUsize::new(0)),
        "two connections",
    );
}

/// Each call is of the connection whose turn it is.
#[derive(Debug)]
struct InTurn([Sqlite; 2], AtomicUsize);

impl InTurn {
    fn own(&self) -> &Sqlite {
        &self.0[self.1.fetch_add(1, Ordering::Relaxed) % 2]
    }
}

impl CodeStore for InTurn {
    fn step(&self, user: &str) -> Result<Option<u64>, CodeStoreError> {
        self.own().step(user)
    }

    fn advance(&self, user: &str, step: u64) -> Result<bool, CodeStoreError> {
        self.own().advance(user, step)
    }

    fn replace_codes(&self, user: &str, digests: &[TokenDigest]) -> Result<(), CodeStoreError> {
        self.own().replace_codes(user, digests)
    }

    fn spend_code(&self, user: &str, digest: &TokenDigest) -> Result<bool, CodeStoreError> {
        self.own().spend_code(user, digest)
    }

    fn codes_left(&self, user: &str) -> Result<usize, CodeStoreError> {
        self.own().codes_left(user)
    }

    fn remove(&self, user: &str) -> Result<(), CodeStoreError> {
        CodeStore::remove(self.own(), user)
    }
}

#[test]
fn many_connections_make_one_file() {
    for round in 0..10 {
        let folder = Folder::new(&format!("made-{round}"));
        std::thread::scope(|scope| {
            for number in 0..8 {
                let file = folder.file();
                scope.spawn(move || {
                    let store = Sqlite::open(file).unwrap();
                    store.insert(&sessions::record(&format!("user {number}"))).unwrap();
                });
            }
        });
        let store = Sqlite::open(folder.file()).unwrap();
        assert!((0..8).all(|number| store.list(&format!("user {number}")).unwrap().len() == 1));
    }
}

#[test]
fn what_was_damaged_lets_nobody_in() {
    let folder = Folder::new("damaged");
    let sessions = Sessions::new(Sqlite::open(folder.file()).unwrap());
    let raw = Connection::open(folder.file()).unwrap();
    for change in [
        "second_factor = -1",
        "second_factor = 'x'",
        "id = 'short'",
        "id = x'ff'",
        "authenticated = NULL",
        "authenticated = -1",
        "user_name = NULL",
        "user_name = x'ff'",
        "digest = x'00'",
        "digest = 'text'",
        "binding = x''",
        "created = -1",
        "last_used = 9223372036854775807",
        "expires = 1.5",
        "device = x'ff'",
    ] {
        let issued = sessions.log_in("ann", Login::by(AuthLevel::SecondFactor)).unwrap();
        assert!(sessions.check(issued.expose()).is_ok());
        let id = issued.session().id();
        raw.execute(&format!("UPDATE palisade_sessions SET {change} WHERE id = ?1"), [id.as_str()]).unwrap();
        let error = sessions.check(issued.expose()).unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Unavailable, "{change}");
        raw.execute("DELETE FROM palisade_sessions", []).unwrap();
    }
}

/// However many wait: each for itself, and not one after the other.
#[test]
fn a_file_that_another_holds_ends_all_calls_in_time() {
    let folder = Folder::new("held");
    let store = Sqlite::open(folder.file()).unwrap();
    let record = sessions::record("ann");
    store.insert(&record).unwrap();
    let raw = Connection::open(folder.file()).unwrap();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..30 {
            scope.spawn(|| assert!(store.end("ann", &record.id).is_err()));
        }
    });
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(store.find(&record.key).unwrap().as_ref(), Some(&record));
    raw.execute_batch("ROLLBACK").unwrap();
    assert!(store.end("ann", &record.id).unwrap());
}

#[test]
fn a_file_that_is_no_database_is_an_error() {
    let folder = Folder::new("none");
    fs::write(folder.file(), "not a database, but a text that is long enough to be looked at").unwrap();
    assert!(Sqlite::open(folder.file()).is_err());
    assert!(Sqlite::open(&folder.0).is_err());
}

#[test]
fn programs_that_are_killed_leave_one_good_token_at_most() {
    let folder = Folder::new("killed");
    let store = Sqlite::open(folder.file()).unwrap();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for round in 0..25 {
        let users = [format!("ann {round}"), format!("bob {round}")];
        let rotations = 1 + dice.roll(20);
        // Two processes on one file at once.
        let mut children = users.each_ref().map(|user| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "sqlite::rotates_until_it_is_killed"])
                .env(FOLDER, &folder.0)
                .env(USER, user)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        });
        let started = Instant::now();
        while users.iter().any(|user| (tokens(&folder.0, user).len() as u64) < rotations) {
            assert!(started.elapsed() < Duration::from_secs(60), "nothing rotates");
            std::thread::sleep(Duration::from_micros(dice.roll(2_000)));
        }
        for child in &mut children {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let sessions = Sessions::new(store.clone());
        for user in &users {
            let tokens = tokens(&folder.0, user);
            let good: Vec<usize> =
                (0..tokens.len()).filter(|&at| sessions.check(&tokens[at]).is_ok()).collect();
            // One that was handed out is the last; otherwise it is one that nobody got.
            assert!(good.is_empty() || good == [tokens.len() - 1], "{good:?} of {}", tokens.len());
            assert_eq!(store.list(user).unwrap().len(), 1);
        }
    }
    let raw = Connection::open(folder.file()).unwrap();
    let sound: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

/// The program that is killed: nothing where nobody asked for it.
#[test]
fn rotates_until_it_is_killed() {
    let (Some(folder), Ok(user)) = (std::env::var_os(FOLDER), std::env::var(USER)) else { return };
    let folder = PathBuf::from(folder);
    let sessions = Sessions::new(Sqlite::open(folder.join("sessions.sqlite")).unwrap());
    let mut log = fs::File::create(folder.join(&user)).unwrap();
    let mut issued = sessions.log_in(&user, Login::by(AuthLevel::Password)).unwrap();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(120) {
        let token = issued.expose().to_owned();
        log.write_all(format!("{token}\n").as_bytes()).unwrap();
        // Where the other process did not pause for long, nothing was done.
        issued = loop {
            match sessions.rotate(sessions.check(&token).unwrap()) {
                Ok(next) => break next,
                Err(error) => assert_eq!(error.kind(), SessionErrorKind::Unavailable),
            }
        };
    }
}

/// Those that were written whole.
fn tokens(folder: &Path, user: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(user)).unwrap_or_default();
    text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
}

const FOLDER: &str = "PALISADE_TEST_FOLDER";
const USER: &str = "PALISADE_TEST_USER";
