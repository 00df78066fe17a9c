use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use sha1::{Digest, Sha1};
use tokio::time::{Instant, timeout_at};

use super::super::StoreError;
use crate::encoding;

/// One server, and the connection to it that all tasks share.
pub(super) struct Server {
    client: Client,
    /// Held by the task that connects: the others need the same connection, and have timeouts of their own.
    live: tokio::sync::Mutex<Option<Arc<Live>>>,
    script_digest: String,
}

struct Live {
    connection: MultiplexedConnection,
    is_lost: AtomicBool,
}

impl Server {
    pub(super) fn new(client: Client) -> Self {
        let script_digest = encoding::hex(&Sha1::digest(SCRIPT.as_bytes()));
        Self { client, live: tokio::sync::Mutex::default(), script_digest }
    }

    /// The script's answer, by its name where the server knows it already.
    pub(super) async fn call(&self, args: &[&[u8]], timeout: Duration) -> Result<Value, StoreError> {
        let script = |name: &str, script: &str| {
            let mut command = redis::cmd(name);
            command.arg(script).arg(0).arg(args);
            command
        };
        let deadline = Instant::now() + timeout;
        let answer = match self.send(&script("EVALSHA", &self.script_digest), deadline).await {
            Err(error) if is_unknown_script(&error) => self.send(&script("EVAL", SCRIPT), deadline).await,
            answer => answer,
        };
        answer.map_err(|error| unavailable(&error))
    }

    /// A command's answer.
    pub(super) async fn ask(&self, command: &Cmd, timeout: Duration) -> Result<Value, StoreError> {
        self.send(command, Instant::now() + timeout).await.map_err(|error| unavailable(&error))
    }

    async fn send(&self, command: &Cmd, deadline: Instant) -> Result<Value, RedisError> {
        match self.send_once(command, deadline).await {
            // It was lost while nobody used it, as by a restart. Where the server did what was asked and only the answer was
            // lost, the second time finds it done, which denies.
            Err(error) if error.is_connection_dropped() => self.send_once(command, deadline).await,
            answer => answer,
        }
    }

    async fn send_once(&self, command: &Cmd, deadline: Instant) -> Result<Value, RedisError> {
        let live = timeout_at(deadline, self.connect()).await.unwrap_or_else(|_| Err(late()))?;
        let mut connection = live.connection.clone();
        let answer = timeout_at(deadline, command.query_async(&mut connection)).await;
        let answer = answer.unwrap_or_else(|_| Err(late()));
        // A server that answers with another error, such as that it has become a replica, may not be the one to ask any more. Who
        // waits on a connection that is given up still gets an answer or a timeout.
        if answer.as_ref().is_err_and(|error| !leaves_connection_well(error)) {
            live.is_lost.store(true, Ordering::Relaxed);
        }
        answer
    }

    async fn connect(&self) -> Result<Arc<Live>, RedisError> {
        let mut live = self.live.lock().await;
        if let Some(live) = live.as_ref().filter(|live| !live.is_lost.load(Ordering::Relaxed)) {
            return Ok(Arc::clone(live));
        }
        // The call's deadline bounds both.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Arc::clone(live.insert(Arc::new(Live { connection, is_lost: AtomicBool::new(false) }))))
    }
}

fn late() -> RedisError {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

/// Not the client's own error: its details come from the server, and may hold what was sent.
fn unavailable(error: &RedisError) -> StoreError {
    StoreError::new(match error.code() {
        _ if error.is_timeout() => "the server did not answer in time".to_owned(),
        Some(code) => format!("the server answered with the error {code}"),
        None => error.category().to_owned(),
    })
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

/// Whether the server refused one call, and said why.
fn leaves_connection_well(error: &RedisError) -> bool {
    is_unknown_script(error) || matches!(error.code(), Some("TAKEN" | "OOM"))
}

const SCRIPT: &str = include_str!("script.lua");
