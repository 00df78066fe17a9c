use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterConfig;
use redis::cluster_async::ClusterConnection;
use redis::{AsyncConnectionConfig, Cmd, RedisError, Value};
use tokio::time::{Instant, timeout_at};

use super::builder::{RedisBuildError, RedisBuilder, Servers};
use super::failure;
use super::name::Names;
use super::script::{Begun, Call, Script};
use crate::rate_limit::store::{Answer, AsyncStore, Limit, Op, StoreError};

/// A store on a server of Redis or Valkey, for tasks of tokio.
///
/// ```no_run
/// use palisade::rate_limit::store::redis::AsyncRedis;
/// use palisade::rate_limit::{AsyncSharedLimiter, OnError, Quota, RateKey};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let store = AsyncRedis::connect("redis://127.0.0.1/")?;
/// let limiter = AsyncSharedLimiter::builder(store, OnError::Deny).limit("burst", Quota::per_second(5)).build()?;
/// assert!(limiter.check(&RateKey::new("api").part("ann")).await.is_allowed());
/// # Ok(())
/// # }
/// ```
///
/// All tasks share one connection to each server, on which calls do not wait for each other. A clone is a handle to it.
///
/// # Panics
/// Its calls are awaited on tokio's runtime, with its drivers of time and I/O enabled.
#[derive(Clone)]
pub struct AsyncRedis {
    shared: Arc<Shared>,
}

struct Shared {
    /// For what must not be sent twice, if there is a difference: the last.
    lanes: Vec<Lane>,
    timeout: Duration,
    names: Names,
    script: Script,
}

/// Servers, and the connection to them.
struct Lane {
    servers: Servers,
    live: Mutex<Option<Live>>,
    /// Held by the task that connects, so that not all do at the same time; those who wait for it have timeouts of their own.
    connecting: tokio::sync::Mutex<()>,
}

/// A connection, told from the one that was there before it.
#[derive(Clone)]
struct Live {
    connection: Connection,
    identity: Arc<()>,
}

#[derive(Clone)]
enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl AsyncRedis {
    /// A store on one server, with the defaults of [`builder`](Self::builder).
    ///
    /// # Errors
    /// The URL cannot be read. A server that is away is none: it is connected to when it is first asked, and again whenever a
    /// connection was lost.
    pub fn connect(url: &str) -> Result<Self, RedisBuildError> {
        Self::builder(url).build_async()
    }

    /// A store on one server: `redis://[user:password@]host[:port][/database]`.
    pub fn builder(url: &str) -> RedisBuilder {
        RedisBuilder::one(url)
    }

    /// A store on a cluster, of which some servers are named.
    pub fn cluster<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> RedisBuilder {
        RedisBuilder::cluster(urls)
    }
}

impl RedisBuilder {
    /// Builds a store for tokio. No server is asked.
    ///
    /// # Errors
    /// A URL cannot be read, or a setting is out of range.
    pub fn build_async(self) -> Result<AsyncRedis, RedisBuildError> {
        let settings = self.settings()?;
        let lane =
            |servers| Lane { servers, live: Mutex::default(), connecting: tokio::sync::Mutex::default() };
        let lanes = std::iter::once(settings.servers).chain(settings.once).map(lane).collect();
        let (timeout, names, script) = (settings.timeout, settings.names, settings.script);
        Ok(AsyncRedis { shared: Arc::new(Shared { lanes, timeout, names, script }) })
    }
}

impl AsyncStore for AsyncRedis {
    fn decide<'a>(&'a self, op: Op, limits: &'a [Limit<'a>]) -> Answer<'a> {
        Box::pin(async move {
            let call = match Call::begin(op, limits, &self.shared.names)? {
                Begun::Answered(decision) => return Ok(decision),
                Begun::Ask(call) => call,
            };
            let reply = self.shared.ask(&call).await?;
            call.read(&reply).ok_or_else(failure::unreadable)
        })
    }
}

impl Shared {
    async fn ask(&self, call: &Call<'_>) -> Result<Value, StoreError> {
        let deadline = Instant::now() + self.timeout;
        let lane = call.lane(&self.lanes);
        if let Some(live) = lane.current() {
            match self.ask_over(live, lane, call, deadline).await {
                // It was lost while nobody used it, as by a restart.
                Some(Err(error)) if error.is_connection_dropped() && call.is_repeatable() => {}
                answer => return settled(answer),
            }
        }
        let live = timeout_at(deadline, lane.connect()).await.map_err(|_| failure::timed_out())?;
        let live = live.map_err(|error| failure::of(&error))?;
        settled(self.ask_over(live, lane, call, deadline).await)
    }

    /// Asks, and gives the connection up if anything went wrong; `None` if the time was up.
    async fn ask_over(
        &self,
        Live { mut connection, identity }: Live,
        lane: &Lane,
        call: &Call<'_>,
        deadline: Instant,
    ) -> Option<Result<Value, RedisError>> {
        let asked = async {
            match connection.send(&self.script.by_digest(call)).await {
                Err(error) if failure::is_unknown_script(&error) => {
                    connection.send(&self.script.in_full(call)).await
                }
                answer => answer,
            }
        };
        let answer = timeout_at(deadline, asked).await.ok();
        let is_well = match &answer {
            Some(Ok(_)) => true,
            Some(Err(error)) => failure::leaves_connection_well(error),
            None => false,
        };
        if !is_well {
            lane.give_up(&identity);
        }
        answer
    }
}

impl Lane {
    /// The connection, or a new one.
    async fn connect(&self) -> Result<Live, RedisError> {
        let _turn = self.connecting.lock().await;
        if let Some(live) = self.current() {
            return Ok(live); // of the task that had the turn before
        }
        // The caller's timeout bounds both.
        let connection = match &self.servers {
            Servers::One(client) => {
                let config =
                    AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
                Connection::One(client.get_multiplexed_async_connection_with_config(&config).await?)
            }
            Servers::Cluster(client) => {
                Connection::Cluster(client.get_async_connection_with_config(ClusterConfig::new()).await?)
            }
        };
        let live = Live { connection, identity: Arc::default() };
        *self.live() = Some(live.clone());
        Ok(live)
    }

    fn current(&self) -> Option<Live> {
        self.live().clone()
    }

    /// Takes the connection from those who come later; who waits on it still gets an answer or a timeout.
    fn give_up(&self, identity: &Arc<()>) {
        let mut live = self.live();
        if live.as_ref().is_some_and(|live| Arc::ptr_eq(&live.identity, identity)) {
            *live = None;
        }
    }

    /// Never held while anything is awaited.
    fn live(&self) -> MutexGuard<'_, Option<Live>> {
        // INVARIANT: the connection is written whole.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    async fn send(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        match self {
            Self::One(connection) => command.query_async(connection).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }
}

fn settled(answer: Option<Result<Value, RedisError>>) -> Result<Value, StoreError> {
    match answer {
        Some(answer) => answer.map_err(|error| failure::of(&error)),
        None => Err(failure::timed_out()),
    }
}

impl fmt::Debug for AsyncRedis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { timeout, names, .. } = &*self.shared;
        f.debug_struct("AsyncRedis").field("timeout", timeout).field("names", names).finish_non_exhaustive()
    }
}
