use std::sync::Arc;
use std::time::Duration;

use palisade::secret::{ExposeSecret, SecretString};
use palisade::session::store::{Connections, StoreError};
use palisade::sql::{Dialect, Query, Value, postgres::parameters};
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, NoTls};

use super::{DatabaseError, Row};

/// A server of `PostgreSQL`, for several machines.
pub(crate) struct Postgres(Connector);

/// One connection that is made again when it is lost, for users and sessions alike. A busy service takes a pool.
#[derive(Clone)]
pub(crate) struct Connector(Arc<Connection>);

struct Connection {
    config: Config,
    live: Mutex<Option<Arc<Client>>>,
}

impl Connector {
    /// Reads the URL; nothing is connected to yet.
    pub(crate) fn new(url: &SecretString) -> Result<Self, DatabaseError> {
        // What it says of a URL that it cannot read might show the password.
        let config = url.expose_secret().parse().map_err(|_| "POSTGRES_URL is no URL of PostgreSQL")?;
        Ok(Self(Arc::new(Connection { config, live: Mutex::default() })))
    }
}

impl Connections for Connector {
    type Held = Arc<Client>;

    async fn take(&self) -> Result<Arc<Client>, StoreError> {
        let mut live = self.0.live.lock().await;
        if let Some(client) = live.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let (client, connection) = self.0.config.connect(NoTls).await.map_err(StoreError::new)?;
        tokio::spawn(connection);
        Ok(Arc::clone(live.insert(Arc::new(client))))
    }

    fn client(held: &Arc<Client>) -> &Client {
        held
    }
}

impl Postgres {
    pub(super) async fn open(connector: Connector) -> Result<Self, DatabaseError> {
        connector.take().await?.batch_execute(TABLES).await?;
        Ok(Self(connector))
    }

    pub(super) async fn execute(&self, query: Query) -> Result<u64, DatabaseError> {
        let (text, values) = query.render(Dialect::Postgres);
        let work = async {
            let client = self.0.take().await?;
            Ok::<_, DatabaseError>(client.execute(&text, &parameters(&values)).await?)
        };
        timeout(LONGEST, work).await?
    }

    pub(super) async fn rows(&self, query: Query) -> Result<Vec<Row>, DatabaseError> {
        let (text, values) = query.render(Dialect::Postgres);
        let work = async {
            let client = self.0.take().await?;
            Ok::<_, DatabaseError>(client.query(&text, &parameters(&values)).await?)
        };
        timeout(LONGEST, work).await??.iter().map(read).collect()
    }
}

fn read(row: &tokio_postgres::Row) -> Result<Row, DatabaseError> {
    let values = row.columns().iter().enumerate().map(|(index, column)| {
        Ok::<_, tokio_postgres::Error>(match *column.type_() {
            Type::INT8 => row.try_get::<_, Option<i64>>(index)?.into(),
            Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(index)?.into(),
            _ => Value::from(row.try_get::<_, Option<String>>(index)?),
        })
    });
    Ok(Row::new(values.collect::<Result<_, _>>()?))
}

const LONGEST: Duration = Duration::from_secs(5);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS users (
        name TEXT NOT NULL PRIMARY KEY,
        email TEXT NOT NULL,
        password TEXT NOT NULL,
        role TEXT NOT NULL,
        otp BYTEA,
        otp_pending BYTEA
    );
    CREATE TABLE IF NOT EXISTS notes (
        id TEXT NOT NULL PRIMARY KEY,
        owner TEXT NOT NULL REFERENCES users (name),
        body BYTEA NOT NULL,
        created BIGINT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS notes_of_owner ON notes (owner, created);";
