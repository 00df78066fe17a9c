use std::fmt;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, Error, ErrorCode, OptionalExtension, ToSql, TransactionBehavior, ffi, params};

use super::row::{self, Row};
use super::{Store, StoreError};
use crate::session::otp::{CodeStore, CodeStoreError};
use crate::session::{Record, SessionId, SessionKey};
use crate::token::TokenDigest;

/// Sessions and what was used of one-time codes, in a file of SQLite, for the processes of one machine. Clones share a connection.
///
/// ```
/// use palisade::session::{AuthLevel, Login, Sessions, store::Sqlite};
///
/// # let folder = std::env::temp_dir().join(format!("palisade-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("sessions.sqlite");
/// let sessions = Sessions::new(Sqlite::open(&path)?);
/// let issued = sessions.log_in("ann", Login::by(AuthLevel::Password))?;
/// assert_eq!(sessions.check(issued.expose())?.user(), "ann");
/// # drop((sessions, issued));
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The tables are `palisade_sessions`, `palisade_otp_steps` and `palisade_recovery_codes`. A call waits two seconds
/// at most for those of its own process, and as long for other processes. Steps above 2^63 − 1 are errors.
///
/// # Security
/// What was ended stays ended, and what was used stays used, when the machine loses its power: SQLite has written it to the disk
/// before a call returns. A copy of the file that is put back brings back what was ended since.
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    /// None while a call has it. One that panicked does not bring it back: from then on all calls are errors.
    connection: Mutex<Option<Connection>>,
    returned: Condvar,
}

impl Sqlite {
    /// Sessions in the file at `path`, which is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be opened, or is no database.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::new(Connection::open(path).map_err(StoreError::new)?)
    }

    /// Sessions on a connection, which is the store's from then on. Tables that are not there are made.
    ///
    /// # Errors
    /// The tables cannot be made.
    pub fn new(mut connection: Connection) -> Result<Self, StoreError> {
        prepare(&mut connection).map_err(StoreError::new)?;
        let shared = Shared { connection: Mutex::new(Some(connection)), returned: Condvar::new() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Does `work` when it is this call's turn.
    fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
        let Shared { connection, returned } = &*self.shared;
        let waiting = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut held, _) = returned
            .wait_timeout_while(waiting, TIMEOUT, |connection| connection.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        let busy = || Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_BUSY), None);
        let mut taken = held.take().ok_or_else(busy)?;
        drop(held); // others wait for the connection, but not for longer than they may
        let done = work(&mut taken);
        *connection.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
        returned.notify_one();
        done
    }

    /// Does `work` whole or not at all.
    fn transact(&self, work: impl FnOnce(&Connection) -> Result<(), Error>) -> Result<(), Error> {
        self.with(|connection| {
            // Immediate: one that reads first and is to write then may fail without having waited.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            work(&transaction)?;
            transaction.commit()
        })
    }

    /// Runs one statement; how many rows it wrote.
    fn execute(&self, statement: &str, values: &[&dyn ToSql]) -> Result<usize, Error> {
        self.with(|connection| connection.prepare_cached(statement)?.execute(values))
    }

    /// The number that a statement answers with, if it answers.
    fn number(&self, statement: &str, user: &str) -> Result<Option<u64>, CodeStoreError> {
        let number: Result<Option<i64>, Error> = self.with(|connection| {
            connection.prepare_cached(statement)?.query_row([user], |row| row.get(0)).optional()
        });
        number.map_err(unavailable)?.map(u64::try_from).transpose().map_err(|_| CodeStoreError::default())
    }

    fn read(&self, statement: &str, value: &str) -> Result<Vec<Record>, StoreError> {
        let rows: Result<Vec<_>, Error> = self
            .with(|connection| connection.prepare_cached(statement)?.query_map([value], columns)?.collect());
        rows.map_err(StoreError::new)?.into_iter().map(Row::record).collect()
    }

    /// All columns of a record, and the key of the row that it takes over.
    fn write(&self, statement: &str, record: &Record, old: Option<&SessionKey>) -> Result<usize, StoreError> {
        let row = Row::of(record)?;
        let values = params![
            row.key, row.id, row.digest, row.user, row.authenticated, row.second_factor, row.device,
            row.binding, row.created, row.last_used, row.expires
        ];
        match old {
            Some(old) => self.execute(statement, &[values, params![old.as_str()]].concat()),
            None => self.execute(statement, values),
        }
        .map_err(StoreError::new)
    }
}

impl Store for Sqlite {
    fn insert(&self, record: &Record) -> Result<(), StoreError> {
        self.write(INSERT, record, None)?;
        Ok(())
    }

    fn find(&self, key: &SessionKey) -> Result<Option<Record>, StoreError> {
        Ok(self.read(FIND, key.as_str())?.pop())
    }

    fn replace(&self, old: &SessionKey, record: &Record) -> Result<bool, StoreError> {
        Ok(self.write(REPLACE, record, Some(old))? == 1)
    }

    fn touch(&self, uses: &[(SessionKey, SystemTime)]) -> Result<(), StoreError> {
        let uses = uses
            .iter()
            .map(|(key, at)| Ok((key.as_str(), row::millis(*at)?)))
            .collect::<Result<Vec<_>, _>>()?;
        let touched = self.transact(|connection| {
            let mut prepared = connection.prepare_cached(TOUCH)?;
            uses.iter().try_for_each(|(key, at)| prepared.execute(params![key, at]).map(drop))
        });
        touched.map_err(StoreError::new)
    }

    fn end(&self, user: &str, id: &SessionId) -> Result<bool, StoreError> {
        Ok(self.execute(END, params![user, id.as_str()]).map_err(StoreError::new)? == 1)
    }

    fn end_all(&self, user: &str, but: Option<&SessionId>) -> Result<u64, StoreError> {
        let removed = self.execute(END_ALL, params![user, but.map(SessionId::as_str)]);
        Ok(removed.map_err(StoreError::new)? as u64)
    }

    fn list(&self, user: &str) -> Result<Vec<Record>, StoreError> {
        self.read(LIST, user)
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Result<u64, StoreError> {
        let removed = self.execute(SWEEP, params![row::millis(now)?, row::millis(unused_since)?]);
        Ok(removed.map_err(StoreError::new)? as u64)
    }
}

impl CodeStore for Sqlite {
    fn step(&self, user: &str) -> Result<Option<u64>, CodeStoreError> {
        self.number(STEP, user)
    }

    fn advance(&self, user: &str, step: u64) -> Result<bool, CodeStoreError> {
        let step = i64::try_from(step).map_err(|_| CodeStoreError::default())?;
        Ok(self.execute(ADVANCE, params![user, step]).map_err(unavailable)? == 1)
    }

    fn replace_codes(&self, user: &str, digests: &[TokenDigest]) -> Result<(), CodeStoreError> {
        let replaced = self.transact(|connection| {
            connection.prepare_cached(FORGET_CODES)?.execute([user])?;
            let mut prepared = connection.prepare_cached(KEEP_CODE)?;
            digests.iter().try_for_each(|code| prepared.execute(params![user, code.as_bytes()]).map(drop))
        });
        replaced.map_err(unavailable)
    }

    fn spend_code(&self, user: &str, digest: &TokenDigest) -> Result<bool, CodeStoreError> {
        Ok(self.execute(SPEND_CODE, params![user, digest.as_bytes()]).map_err(unavailable)? == 1)
    }

    fn codes_left(&self, user: &str) -> Result<usize, CodeStoreError> {
        Ok(self.number(CODES_LEFT, user)?.and_then(|left| usize::try_from(left).ok()).unwrap_or_default())
    }

    fn remove(&self, user: &str) -> Result<(), CodeStoreError> {
        let removed = self.transact(|connection| {
            connection.prepare_cached(FORGET_CODES)?.execute([user])?;
            connection.prepare_cached(FORGET_STEP)?.execute([user]).map(drop)
        });
        removed.map_err(unavailable)
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

fn prepare(connection: &mut Connection) -> Result<(), Error> {
    connection.busy_handler(Some(waits_on))?;
    // While another process makes the file, there is no waiting for it inside SQLite.
    let mut tried = 0;
    while let Err(error) = connection.execute_batch(SETTINGS) {
        if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) || !waits_on(tried) {
            return Err(error);
        }
        tried += 1;
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(TABLES)?;
    transaction.commit()
}

/// Waits while another process writes, until the time is up. `SQLite`'s own wait grows to a tenth of a second between two looks:
/// beside a process that writes all the time, it may end without having seen it pause.
fn waits_on(tried: i32) -> bool {
    std::thread::sleep(Duration::from_millis(1));
    u128::from(tried.unsigned_abs()) < TIMEOUT.as_millis()
}

fn columns(row: &rusqlite::Row<'_>) -> Result<Row<String, Vec<u8>>, Error> {
    Ok(Row {
        key: row.get(0)?,
        id: row.get(1)?,
        digest: row.get(2)?,
        user: row.get(3)?,
        authenticated: row.get(4)?,
        second_factor: row.get(5)?,
        device: row.get(6)?,
        binding: row.get(7)?,
        created: row.get(8)?,
        last_used: row.get(9)?,
        expires: row.get(10)?,
    })
}

fn unavailable(error: Error) -> CodeStoreError {
    CodeStoreError::new(Some(Arc::new(error)))
}

const TIMEOUT: Duration = Duration::from_secs(2);

// With a log that is written ahead, readers do not wait for the writer. FULL, since under NORMAL it is synced now and then: after a
// power cut, sessions that were ended and codes that were used since would be good again. On macOS a sync alone does not reach
// the disk.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON";

// Text compares byte by byte where no collation is named.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS palisade_sessions (
        token_key TEXT NOT NULL PRIMARY KEY,
        id TEXT NOT NULL,
        digest BLOB NOT NULL,
        user_name TEXT,
        authenticated INTEGER,
        second_factor INTEGER,
        device TEXT NOT NULL,
        binding BLOB,
        created INTEGER NOT NULL,
        last_used INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS palisade_sessions_user ON palisade_sessions (user_name) WHERE user_name IS NOT NULL;
    CREATE TABLE IF NOT EXISTS palisade_otp_steps (
        user_name TEXT NOT NULL PRIMARY KEY,
        step INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS palisade_recovery_codes (
        user_name TEXT NOT NULL,
        digest BLOB NOT NULL,
        PRIMARY KEY (user_name, digest)
    ) WITHOUT ROWID;";

const INSERT: &str = "
    INSERT INTO palisade_sessions
        (token_key, id, digest, user_name, authenticated, second_factor, device, binding, created, last_used, expires)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const FIND: &str = "
    SELECT token_key, id, digest, user_name, authenticated, second_factor, device, binding, created, last_used, expires
    FROM palisade_sessions WHERE token_key = ?1";
const LIST: &str = "
    SELECT token_key, id, digest, user_name, authenticated, second_factor, device, binding, created, last_used, expires
    FROM palisade_sessions WHERE user_name = ?1";
const REPLACE: &str = "
    UPDATE palisade_sessions
    SET token_key = ?1, id = ?2, digest = ?3, user_name = ?4, authenticated = ?5, second_factor = ?6, device = ?7,
        binding = ?8, created = ?9, last_used = ?10, expires = ?11
    WHERE token_key = ?12";
const TOUCH: &str = "UPDATE palisade_sessions SET last_used = ?2 WHERE token_key = ?1 AND last_used < ?2";
const END: &str = "DELETE FROM palisade_sessions WHERE user_name = ?1 AND id = ?2";
const END_ALL: &str = "DELETE FROM palisade_sessions WHERE user_name = ?1 AND id IS NOT ?2";
const SWEEP: &str = "DELETE FROM palisade_sessions WHERE expires <= ?1 OR last_used <= ?2";

const STEP: &str = "SELECT step FROM palisade_otp_steps WHERE user_name = ?1";
const ADVANCE: &str = "
    INSERT INTO palisade_otp_steps (user_name, step) VALUES (?1, ?2)
    ON CONFLICT (user_name) DO UPDATE SET step = excluded.step WHERE excluded.step > palisade_otp_steps.step";
const FORGET_STEP: &str = "DELETE FROM palisade_otp_steps WHERE user_name = ?1";
const KEEP_CODE: &str = "INSERT OR IGNORE INTO palisade_recovery_codes (user_name, digest) VALUES (?1, ?2)";
const SPEND_CODE: &str = "DELETE FROM palisade_recovery_codes WHERE user_name = ?1 AND digest = ?2";
const CODES_LEFT: &str = "SELECT count(*) FROM palisade_recovery_codes WHERE user_name = ?1";
const FORGET_CODES: &str = "DELETE FROM palisade_recovery_codes WHERE user_name = ?1";
