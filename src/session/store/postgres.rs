use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::row::{self, Row};
use super::{Answer, AsyncStore, StoreError};
use crate::session::otp::{AsyncCodeStore, CodeAnswer, CodeStoreError};
use crate::session::{Record, SessionId, SessionKey};
use crate::token::TokenDigest;

/// Sessions and what was used of one-time codes, in `PostgreSQL`, for several machines.
///
/// ```no_run
/// use palisade::session::{AsyncSessions, AuthLevel, Login, store::Postgres};
/// use std::sync::Arc;
/// use tokio_postgres::NoTls;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let (client, connection) = tokio_postgres::connect("host=/run/postgresql user=app", NoTls).await?;
/// tokio::spawn(connection);
/// let store = Postgres::new(Arc::new(client)); // for more than a trial: Connections
/// store.create_tables().await?;
///
/// let sessions = AsyncSessions::new(store);
/// let issued = sessions.log_in("ann", Login::by(AuthLevel::Password)).await?;
/// assert_eq!(sessions.check(issued.expose()).await?.user(), "ann");
/// # Ok(())
/// # }
/// ```
///
/// The tables are `palisade_sessions` and `palisade_otp`, in the first schema of the search path. Each call is one statement and one
/// round trip, prepared on no connection, so that a pooler may stand between. Names with a NUL character and steps above 2^63 − 1 are
/// errors.
///
/// # Security
/// Connect to the primary: a replica that lags lets in those who were logged out. With `synchronous_commit` off, or an
/// asynchronous failover, what was ended or used just before a crash is good again.
///
/// # Panics
/// Its calls are awaited on tokio's runtime, with its driver of time enabled.
#[derive(Clone)]
pub struct Postgres<C> {
    connections: C,
    timeout: Duration,
}

/// Where [`Postgres`] takes a client for each call: a pool, or a client that is made anew when its connection is lost. An
/// `Arc<Client>` stays the one that it is.
///
/// ```
/// use palisade::session::store::{Connections, StoreError};
/// use std::sync::Arc;
/// use tokio::sync::Mutex;
/// use tokio_postgres::{Client, Config, NoTls};
///
/// struct Reconnecting {
///     config: Config,
///     live: Mutex<Option<Arc<Client>>>,
/// }
///
/// impl Connections for Reconnecting {
///     type Held = Arc<Client>; // of a pool: what it hands out, such as deadpool_postgres::Object
///
///     async fn take(&self) -> Result<Arc<Client>, StoreError> {
///         let mut live = self.live.lock().await;
///         if let Some(client) = live.as_ref().filter(|client| !client.is_closed()) {
///             return Ok(Arc::clone(client));
///         }
///         let (client, connection) = self.config.connect(NoTls).await.map_err(StoreError::new)?;
///         tokio::spawn(connection);
///         Ok(Arc::clone(live.insert(Arc::new(client))))
///     }
///
///     fn client(held: &Arc<Client>) -> &Client {
///         held
///     }
/// }
/// ```
pub trait Connections: Send + Sync {
    /// What holds a client for the time of a call.
    type Held: Send + Sync;

    /// A client that is connected. The store's timeout bounds the wait.
    fn take(&self) -> impl Future<Output = Result<Self::Held, StoreError>> + Send;

    /// The client that is held.
    fn client(held: &Self::Held) -> &Client;
}

impl<C: Connections> Postgres<C> {
    /// Sessions in the database that `connections` lead to.
    pub fn new(connections: C) -> Self {
        Self { connections, timeout: TIMEOUT }
    }

    /// How long a call may take, with the wait for a connection: 2 seconds unless set. The server may still finish what was
    /// given up; set its `statement_timeout` as well.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Makes the tables that are not there. Several processes may do so at once.
    ///
    /// # Errors
    /// There is no connection, or the role may not create tables.
    pub async fn create_tables(&self) -> Result<(), StoreError> {
        self.in_time(async {
            let held = self.connections.take().await?;
            C::client(&held).batch_execute(TABLES).await.map_err(StoreError::new)
        })
        .await
    }

    /// Runs one statement; how many rows it wrote.
    async fn execute(&self, statement: &str, values: Values<'_>) -> Result<u64, StoreError> {
        self.in_time(async {
            let held = self.connections.take().await?;
            C::client(&held).execute_typed(statement, values).await.map_err(StoreError::new)
        })
        .await
    }

    async fn query(
        &self,
        statement: &str,
        values: Values<'_>,
    ) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        self.in_time(async {
            let held = self.connections.take().await?;
            C::client(&held).query_typed(statement, values).await.map_err(StoreError::new)
        })
        .await
    }

    async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        tokio::time::timeout(self.timeout, asked).await.map_err(StoreError::new)?
    }

    /// The records of rows that have `value`.
    async fn read(&self, statement: &str, value: &str) -> Result<Vec<Record>, StoreError> {
        let rows = self.query(statement, &[(&value, Type::TEXT)]).await?;
        rows.iter().map(|row| columns(row).map_err(StoreError::new)?.record()).collect()
    }

    /// All columns of a record, and the key of the row that it takes over.
    async fn write(
        &self,
        statement: &str,
        record: &Record,
        old: Option<&SessionKey>,
    ) -> Result<u64, StoreError> {
        let row = Row::of(record)?;
        let old = old.map(SessionKey::as_str);
        let mut values: Vec<(&(dyn ToSql + Sync), Type)> = vec![
            (&row.key, Type::TEXT),
            (&row.id, Type::TEXT),
            (&row.digest, Type::BYTEA),
            (&row.user, Type::TEXT),
            (&row.authenticated, Type::INT8),
            (&row.second_factor, Type::INT8),
            (&row.device, Type::TEXT),
            (&row.binding, Type::BYTEA),
            (&row.created, Type::INT8),
            (&row.last_used, Type::INT8),
            (&row.expires, Type::INT8),
        ];
        if old.is_some() {
            values.push((&old, Type::TEXT));
        }
        self.execute(statement, &values).await
    }
}

impl<C: Connections> AsyncStore for Postgres<C> {
    fn insert<'a>(&'a self, record: &'a Record) -> Answer<'a, ()> {
        Box::pin(async { self.write(INSERT, record, None).await.map(drop) })
    }

    fn find<'a>(&'a self, key: &'a SessionKey) -> Answer<'a, Option<Record>> {
        Box::pin(async { Ok(self.read(FIND, key.as_str()).await?.pop()) })
    }

    fn replace<'a>(&'a self, old: &'a SessionKey, record: &'a Record) -> Answer<'a, bool> {
        Box::pin(async { Ok(self.write(REPLACE, record, Some(old)).await? == 1) })
    }

    fn touch<'a>(&'a self, uses: &'a [(SessionKey, SystemTime)]) -> Answer<'a, ()> {
        Box::pin(async {
            let keys: Vec<&str> = uses.iter().map(|(key, _)| key.as_str()).collect();
            let times = uses.iter().map(|(_, at)| row::millis(*at)).collect::<Result<Vec<_>, _>>()?;
            self.execute(TOUCH, &[(&keys, Type::TEXT_ARRAY), (&times, Type::INT8_ARRAY)]).await.map(drop)
        })
    }

    fn end<'a>(&'a self, user: &'a str, id: &'a SessionId) -> Answer<'a, bool> {
        Box::pin(async move {
            Ok(self.execute(END, &[(&user, Type::TEXT), (&id.as_str(), Type::TEXT)]).await? == 1)
        })
    }

    fn end_all<'a>(&'a self, user: &'a str, but: Option<&'a SessionId>) -> Answer<'a, u64> {
        Box::pin(async move {
            let but = but.map(SessionId::as_str);
            self.execute(END_ALL, &[(&user, Type::TEXT), (&but, Type::TEXT)]).await
        })
    }

    fn list<'a>(&'a self, user: &'a str) -> Answer<'a, Vec<Record>> {
        Box::pin(self.read(LIST, user))
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Answer<'_, u64> {
        Box::pin(async move {
            let (now, unused_since) = (row::millis(now)?, row::millis(unused_since)?);
            let mut swept = 0;
            loop {
                let values: Values<'_> =
                    &[(&now, Type::INT8), (&unused_since, Type::INT8), (&AT_ONCE, Type::INT8)];
                let removed = self.execute(SWEEP, values).await?;
                swept += removed;
                if removed < AT_ONCE.unsigned_abs() {
                    return Ok(swept);
                }
            }
        })
    }
}

impl<C: Connections> AsyncCodeStore for Postgres<C> {
    fn step<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, Option<u64>> {
        Box::pin(async move {
            let rows = self.query(STEP, &[(&user, Type::TEXT)]).await?;
            let Some(row) = rows.first() else { return Ok(None) };
            let step: Option<i64> = row.try_get(0).map_err(StoreError::new)?;
            step.map(u64::try_from).transpose().map_err(|_| CodeStoreError::default())
        })
    }

    fn advance<'a>(&'a self, user: &'a str, step: u64) -> CodeAnswer<'a, bool> {
        Box::pin(async move {
            let step = i64::try_from(step).map_err(|_| CodeStoreError::default())?;
            Ok(self.execute(ADVANCE, &[(&user, Type::TEXT), (&step, Type::INT8)]).await? == 1)
        })
    }

    fn replace_codes<'a>(&'a self, user: &'a str, digests: &'a [TokenDigest]) -> CodeAnswer<'a, ()> {
        Box::pin(async move {
            let digests: Vec<&[u8]> = digests.iter().map(|digest| &digest.as_bytes()[..]).collect();
            self.execute(REPLACE_CODES, &[(&user, Type::TEXT), (&digests, Type::BYTEA_ARRAY)]).await?;
            Ok(())
        })
    }

    fn spend_code<'a>(&'a self, user: &'a str, digest: &'a TokenDigest) -> CodeAnswer<'a, bool> {
        Box::pin(async move {
            let digest = &digest.as_bytes()[..];
            Ok(self.execute(SPEND_CODE, &[(&user, Type::TEXT), (&digest, Type::BYTEA)]).await? == 1)
        })
    }

    fn codes_left<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, usize> {
        Box::pin(async move {
            let rows = self.query(CODES_LEFT, &[(&user, Type::TEXT)]).await?;
            let Some(row) = rows.first() else { return Ok(0) };
            let left: i32 = row.try_get(0).map_err(StoreError::new)?;
            usize::try_from(left).map_err(|_| CodeStoreError::default())
        })
    }

    fn remove<'a>(&'a self, user: &'a str) -> CodeAnswer<'a, ()> {
        Box::pin(async move {
            self.execute(FORGET, &[(&user, Type::TEXT)]).await?;
            Ok(())
        })
    }
}

impl Connections for Arc<Client> {
    type Held = Self;

    async fn take(&self) -> Result<Self, StoreError> {
        Ok(Self::clone(self))
    }

    fn client(held: &Self) -> &Client {
        held
    }
}

impl<C> fmt::Debug for Postgres<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

type Values<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

fn columns(row: &tokio_postgres::Row) -> Result<Row<String, Vec<u8>>, Error> {
    Ok(Row {
        key: row.try_get(0)?,
        id: row.try_get(1)?,
        digest: row.try_get(2)?,
        user: row.try_get(3)?,
        authenticated: row.try_get(4)?,
        second_factor: row.try_get(5)?,
        device: row.try_get(6)?,
        binding: row.try_get(7)?,
        created: row.try_get(8)?,
        last_used: row.try_get(9)?,
        expires: row.try_get(10)?,
    })
}

const TIMEOUT: Duration = Duration::from_secs(2);

/// Rows that are swept by one statement.
const AT_ONCE: i64 = 10_000;

// The statements of one message are one transaction. The lock lasts as long: of two processes that make a table at the same time,
// one would fail. Its number is "palisade" in ASCII.
//
// A user's codes are one value of one row, so that a set takes the place of another in one step; "C" compares byte by byte.
const TABLES: &str = r#"
    SELECT pg_advisory_xact_lock(8097872805151990885);
    CREATE TABLE IF NOT EXISTS palisade_sessions (
        token_key TEXT COLLATE "C" PRIMARY KEY,
        id TEXT COLLATE "C" NOT NULL,
        digest BYTEA NOT NULL,
        user_name TEXT COLLATE "C",
        authenticated BIGINT,
        second_factor BIGINT,
        device TEXT NOT NULL,
        binding BYTEA,
        created BIGINT NOT NULL,
        last_used BIGINT NOT NULL,
        expires BIGINT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS palisade_sessions_user ON palisade_sessions (user_name) WHERE user_name IS NOT NULL;
    CREATE TABLE IF NOT EXISTS palisade_otp (
        user_name TEXT COLLATE "C" PRIMARY KEY,
        step BIGINT,
        codes BYTEA[] NOT NULL DEFAULT '{}'
    );"#;

const INSERT: &str = "
    INSERT INTO palisade_sessions
        (token_key, id, digest, user_name, authenticated, second_factor, device, binding, created, last_used, expires)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const FIND: &str = "
    SELECT token_key, id, digest, user_name, authenticated, second_factor, device, binding, created, last_used, expires
    FROM palisade_sessions WHERE token_key = $1";
const LIST: &str = "
    SELECT token_key, id, digest, user_name, authenticated, second_factor, device, binding, created, last_used, expires
    FROM palisade_sessions WHERE user_name = $1";
// An update of the row that is there, and not a new row: a concurrent END_ALL waits for it, reads the row again and removes it
// under its new key. Of a row that was inserted after it had begun it would know nothing.
const REPLACE: &str = "
    UPDATE palisade_sessions
    SET token_key = $1, id = $2, digest = $3, user_name = $4, authenticated = $5, second_factor = $6, device = $7,
        binding = $8, created = $9, last_used = $10, expires = $11
    WHERE token_key = $12";
// Rows that somebody writes at this moment are left out: waiting for several of them, in whatever order, is how two calls come to
// wait for each other. Who writes one is using it, or ends it.
const TOUCH: &str = "
    UPDATE palisade_sessions AS session SET last_used = uses.at
    FROM (SELECT token_key, max(at) AS at FROM unnest($1, $2) AS told (token_key, at) GROUP BY token_key) AS uses,
        (SELECT token_key FROM palisade_sessions WHERE token_key = ANY ($1) FOR NO KEY UPDATE SKIP LOCKED) AS free
    WHERE session.token_key = uses.token_key AND session.token_key = free.token_key AND session.last_used < uses.at";
const END: &str = "DELETE FROM palisade_sessions WHERE user_name = $1 AND id = $2";
// By the user alone: a list of ids, read first, would not have the ids that rows get meanwhile.
const END_ALL: &str = "DELETE FROM palisade_sessions WHERE user_name = $1 AND id IS DISTINCT FROM $2";
const SWEEP: &str = "
    DELETE FROM palisade_sessions WHERE token_key = ANY (ARRAY (
        SELECT token_key FROM palisade_sessions WHERE expires <= $1 OR last_used <= $2 LIMIT $3 FOR UPDATE SKIP LOCKED
    ))";

const STEP: &str = "SELECT step FROM palisade_otp WHERE user_name = $1";
const ADVANCE: &str = "
    INSERT INTO palisade_otp AS stored (user_name, step) VALUES ($1, $2)
    ON CONFLICT (user_name) DO UPDATE SET step = excluded.step
    WHERE stored.step IS NULL OR excluded.step > stored.step";
const REPLACE_CODES: &str = "
    INSERT INTO palisade_otp (user_name, codes) VALUES ($1, $2)
    ON CONFLICT (user_name) DO UPDATE SET codes = excluded.codes";
const SPEND_CODE: &str =
    "UPDATE palisade_otp SET codes = array_remove(codes, $2) WHERE user_name = $1 AND $2 = ANY (codes)";
const CODES_LEFT: &str = "SELECT cardinality(codes) FROM palisade_otp WHERE user_name = $1";
const FORGET: &str = "DELETE FROM palisade_otp WHERE user_name = $1";
