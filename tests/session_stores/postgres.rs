//! Sessions in PostgreSQL.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use palisade::session::otp::AsyncCodeStore;
use palisade::session::store::{AsyncStore, Connections, Postgres, StoreError};
use palisade::session::{AsyncSessions, AuthLevel, Login, SessionErrorKind};
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, NoTls};

use crate::awaited::{self, Awaited};
use crate::dice::Dice;
use crate::postgres_server::Server;
use crate::sessions::{self, Handle};
use crate::{codes, crash, storm};

/// Connections that take turns, and are made anew when they are lost.
struct Pool {
    config: Config,
    live: [Mutex<Option<Arc<Client>>>; 4],
    turn: AtomicUsize,
}

impl Pool {
    fn new(server: &Server) -> Self {
        let mut config = Config::new();
        config.host_path(server.folder()).user("palisade").dbname("postgres");
        Self { config, live: Default::default(), turn: AtomicUsize::new(0) }
    }

    async fn store(server: &Server) -> Postgres<Self> {
        let store = Postgres::new(Self::new(server)).timeout(LONG);
        store.create_tables().await.unwrap();
        store
    }
}

impl Connections for Pool {
    type Held = Arc<Client>;

    async fn take(&self) -> Result<Arc<Client>, StoreError> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.live.len();
        let mut live = self.live[turn].lock().await;
        if let Some(client) = live.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let (client, connection) = self.config.connect(NoTls).await.map_err(StoreError::new)?;
        tokio::spawn(connection);
        Ok(Arc::clone(live.insert(Arc::new(client))))
    }

    fn client(held: &Arc<Client>) -> &Client {
        held
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn postgresql_keeps_the_contract() {
    let server = Server::start();
    let (one, other): (Handle, Handle) =
        (Arc::new(Pool::store(&server).await), Arc::new(Pool::store(&server).await));
    sessions::suite(&one, &other, "postgresql").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn postgresql_lets_in_nobody_whose_time_is_over() {
    let server = Server::start();
    let stores = [Arc::new(Pool::store(&server).await), Arc::new(Pool::store(&server).await)];
    let handles = stores.clone().map(|store| -> Handle { store });
    storm::lets_in_nobody_whose_time_is_over(
        handles,
        stores.map(|store| -> Arc<dyn AsyncCodeStore> { store }),
    )
    .await;
}

#[test]
#[ignore = "needs PostgreSQL"]
fn postgresql_keeps_the_contract_of_codes() {
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let store = runtime.block_on(Pool::store(&server));
    codes::suite(&Awaited(store, runtime.handle().clone()), "postgresql");
    runtime.block_on(async {
        awaited::codes_are_used_once(Pool::store(&server).await).await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn tables_are_made_by_several_at_once() {
    let server = Server::start();
    let made = [(); 8].map(|()| {
        let pool = Pool::new(&server);
        tokio::spawn(async move { Postgres::new(pool).timeout(LONG).create_tables().await })
    });
    for made in made {
        made.await.unwrap().unwrap();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn what_was_damaged_lets_nobody_in() {
    let server = Server::start();
    let sessions = AsyncSessions::new(Pool::store(&server).await);
    let raw = Pool::new(&server).take().await.unwrap();
    for change in [
        "second_factor = -1",
        "id = 'short'",
        "authenticated = NULL",
        "authenticated = -1",
        "user_name = NULL",
        "digest = '\\x00'",
        "binding = ''",
        "created = -1",
        "last_used = 9223372036854775807",
    ] {
        let issued = sessions.log_in("ann", Login::by(AuthLevel::SecondFactor)).await.unwrap();
        assert!(sessions.check(issued.expose()).await.is_ok());
        raw.batch_execute(&format!("UPDATE palisade_sessions SET {change}")).await.unwrap();
        let error = sessions.check(issued.expose()).await.unwrap_err();
        assert_eq!(error.kind(), SessionErrorKind::Unavailable, "{change}");
        raw.batch_execute("DELETE FROM palisade_sessions").await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL"]
async fn a_row_that_another_holds_ends_a_call_in_time() {
    let server = Server::start();
    let store = Pool::store(&server).await;
    let record = sessions::record("ann");
    store.insert(&record).await.unwrap();
    let raw = Pool::new(&server).take().await.unwrap();
    raw.batch_execute("BEGIN; SELECT * FROM palisade_sessions FOR UPDATE").await.unwrap();
    let impatient = Postgres::new(Pool::new(&server)).timeout(Duration::from_millis(50));
    assert!(impatient.end("ann", &record.id).await.is_err());
    // A use is not worth waiting for, and there is nothing to be swept that somebody holds.
    store.touch(&[(record.key, record.last_used + Duration::from_secs(1))]).await.unwrap();
    assert_eq!(store.sweep(record.expires, record.last_used).await.unwrap(), 0);
    // Whoever holds it is not in its own way.
    assert!(Postgres::new(Arc::clone(&raw)).end("ann", &record.id).await.unwrap());
    assert!(store.find(&record.key).await.unwrap().is_some());
    raw.batch_execute("COMMIT").await.unwrap();
    assert_eq!(store.find(&record.key).await.unwrap(), None);
}

#[tokio::test]
async fn a_connection_that_never_comes_ends_a_call_in_time() {
    struct Never;
    impl Connections for Never {
        type Held = Arc<Client>;

        async fn take(&self) -> Result<Arc<Client>, StoreError> {
            pending().await
        }

        fn client(held: &Arc<Client>) -> &Client {
            held
        }
    }
    let sessions = AsyncSessions::new(Postgres::new(Never).timeout(Duration::from_millis(5)));
    let error = sessions.log_in("ann", Login::by(AuthLevel::Password)).await.unwrap_err();
    assert_eq!(error.kind(), SessionErrorKind::Unavailable);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL"]
async fn a_server_that_is_killed_leaves_one_good_token_at_most() {
    let mut server = Server::durable();
    let sessions = Arc::new(AsyncSessions::new(Pool::store(&server).await));
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    for round in 0..6 {
        let after = 3 + usize::try_from(dice.roll(150)).unwrap();
        crash::leaves_one_good_token_at_most(Arc::clone(&sessions), round, after, || server.crash()).await;
    }
}

const LONG: Duration = Duration::from_secs(30);
