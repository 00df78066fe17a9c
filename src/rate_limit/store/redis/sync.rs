use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use redis::cluster::{ClusterConfig, ClusterConnection};
use redis::{Cmd, RedisError, Value};

use super::builder::{RedisBuildError, RedisBuilder, Servers};
use super::failure;
use super::name::Names;
use super::script::{Begun, Call, Script};
use crate::rate_limit::decision::Decision;
use crate::rate_limit::store::{Limit, Op, Store, StoreError, StoreErrorKind};

/// A store on a server of Redis or Valkey, for threads that may block.
///
/// ```no_run
/// use palisade::rate_limit::store::redis::Redis;
/// use palisade::rate_limit::{OnError, Quota, RateKey, SharedLimiter};
/// use std::time::Duration;
///
/// let store = Redis::builder("redis://127.0.0.1/").timeout(Duration::from_millis(20)).prefix("shop").build()?;
/// let limiter = SharedLimiter::builder(store, OnError::Deny).limit("burst", Quota::per_second(5)).build()?;
/// assert!(limiter.check(&RateKey::new("api").part("ann")).is_allowed());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A thread that calls takes a connection, or makes one, and keeps it while it waits; at most 64 are kept for the next.
/// A clone is a handle to the same connections.
///
/// The timeout bounds each of connecting, writing and reading together. Three things it does not bound: the system's look-up
/// of a server's name (give an address); a server that sends its answer byte by byte; and on a cluster, calls that
/// are redirected, which may take it once for each server. [`AsyncRedis`](super::AsyncRedis) bounds them all.
#[derive(Clone)]
pub struct Redis {
    shared: Arc<Shared>,
}

struct Shared {
    /// For what must not be sent twice, if there is a difference: the last.
    lanes: Vec<Lane>,
    timeout: Duration,
    names: Names,
    script: Script,
}

/// Servers, and the connections to them that nobody uses.
struct Lane {
    servers: Servers,
    idle: Mutex<Vec<Connection>>,
}

enum Connection {
    One(redis::Connection),
    Cluster(Box<ClusterConnection>),
}

impl Redis {
    /// A store on one server, with the defaults of [`builder`](Self::builder).
    ///
    /// # Errors
    /// The URL cannot be read. A server that is away is none: it is connected to when it is first asked, and again whenever a
    /// connection was lost.
    pub fn connect(url: &str) -> Result<Self, RedisBuildError> {
        Self::builder(url).build()
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
    /// Builds a blocking store. No server is asked.
    ///
    /// # Errors
    /// A URL cannot be read, or a setting is out of range.
    pub fn build(self) -> Result<Redis, RedisBuildError> {
        let settings = self.settings()?;
        let lane = |servers| Lane { servers, idle: Mutex::default() };
        let lanes = std::iter::once(settings.servers).chain(settings.once).map(lane).collect();
        let (timeout, names, script) = (settings.timeout, settings.names, settings.script);
        Ok(Redis { shared: Arc::new(Shared { lanes, timeout, names, script }) })
    }
}

impl Store for Redis {
    fn decide(&self, op: Op, limits: &[Limit<'_>]) -> Result<Decision, StoreError> {
        let call = match Call::begin(op, limits, &self.shared.names)? {
            Begun::Answered(decision) => return Ok(decision),
            Begun::Ask(call) => call,
        };
        let reply = self.shared.ask(&call)?;
        call.read(&reply).ok_or_else(failure::unreadable)
    }
}

impl Shared {
    fn ask(&self, call: &Call<'_>) -> Result<Value, StoreError> {
        let deadline = Deadline { started: Instant::now(), timeout: self.timeout };
        let lane = call.lane(&self.lanes);
        if let Some(connection) = lane.take() {
            match self.ask_over(connection, lane, call, deadline) {
                // It was closed while nobody used it, and so were the others, as by a restart.
                Err(error) if error.is_connection_dropped() => {
                    lane.idle().clear();
                    if !call.is_repeatable() {
                        return Err(failure::of(&error));
                    }
                }
                answer => return answer.map_err(|error| failure::of(&error)),
            }
        }
        let connection = lane.connect(deadline.left()?).map_err(|error| failure::of(&error))?;
        self.ask_over(connection, lane, call, deadline).map_err(|error| failure::of(&error))
    }

    /// Asks, and keeps the connection if nothing went wrong: after a timeout, the late answer would be the next caller's.
    fn ask_over(
        &self,
        mut connection: Connection,
        lane: &Lane,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<Value, RedisError> {
        let mut answer = connection.send(&self.script.by_digest(call), deadline);
        if answer.as_ref().is_err_and(failure::is_unknown_script) {
            answer = connection.send(&self.script.in_full(call), deadline);
        }
        if answer.as_ref().err().is_none_or(failure::leaves_connection_well) {
            lane.put_back(connection);
        }
        answer
    }
}

impl Lane {
    fn take(&self) -> Option<Connection> {
        self.idle().pop()
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() < MOST_IDLE {
            idle.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        // INVARIANT: no code panics between changes of the list.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self, timeout: Duration) -> Result<Connection, RedisError> {
        Ok(match &self.servers {
            Servers::One(client) => Connection::One(client.get_connection_with_timeout(timeout)?),
            Servers::Cluster(client) => {
                let config =
                    ClusterConfig::new().set_connection_timeout(timeout).set_response_timeout(timeout);
                Connection::Cluster(Box::new(client.get_connection_with_config(config)?))
            }
        })
    }
}

impl Connection {
    fn send(&mut self, command: &Cmd, deadline: Deadline) -> Result<Value, RedisError> {
        let left = deadline.left().map_err(|_| std::io::Error::from(std::io::ErrorKind::TimedOut))?;
        match self {
            Self::One(connection) => {
                connection.set_read_timeout(Some(left))?;
                connection.set_write_timeout(Some(left))?;
                command.query(connection)
            }
            Self::Cluster(connection) => {
                connection.set_read_timeout(Some(left))?;
                connection.set_write_timeout(Some(left))?;
                command.query(connection)
            }
        }
    }
}

/// When a call must end.
#[derive(Clone, Copy)]
struct Deadline {
    started: Instant,
    timeout: Duration,
}

impl Deadline {
    /// More than nothing.
    fn left(self) -> Result<Duration, StoreError> {
        let left = self.timeout.saturating_sub(self.started.elapsed());
        if left.is_zero() { Err(StoreErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { timeout, names, .. } = &*self.shared;
        f.debug_struct("Redis").field("timeout", timeout).field("names", names).finish_non_exhaustive()
    }
}

/// As many threads as ask at the same time, in most services.
const MOST_IDLE: usize = 64;
