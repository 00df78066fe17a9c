use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use sha1::{Digest, Sha1};

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
        let asked = async {
            match self.send(&script("EVALSHA", &self.script_digest)).await {
                Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                    self.send(&script("EVAL", SCRIPT)).await
                }
                answer => answer,
            }
        };
        in_time(asked, timeout).await
    }

    /// A command's answer.
    pub(super) async fn ask(&self, command: &Cmd, timeout: Duration) -> Result<Value, StoreError> {
        in_time(self.send(command), timeout).await
    }

    async fn send(&self, command: &Cmd) -> Result<Value, RedisError> {
        match self.send_once(command).await {
            // It was lost while nobody used it, as by a restart. Where the server did what was asked and only the answer was lost,
            // the second time finds it done, which denies.
            Err(error) if error.is_connection_dropped() => self.send_once(command).await,
            answer => answer,
        }
    }

    async fn send_once(&self, command: &Cmd) -> Result<Value, RedisError> {
        let live = self.connect().await?;
        let mut unanswered = Unanswered(Some(&live));
        let answer = command.query_async(&mut live.connection.clone()).await;
        // A server that answers with another error, such as that it has become a replica, may not be the one to ask any more.
        let is_well = answer.as_ref().map_or_else(leaves_connection_well, |_| true);
        if is_well {
            unanswered.0 = None;
        }
        answer
    }

    async fn connect(&self) -> Result<Arc<Live>, RedisError> {
        let mut live = self.live.lock().await;
        if let Some(live) = live.as_ref().filter(|live| !live.is_lost.load(Ordering::Relaxed)) {
            return Ok(Arc::clone(live));
        }
        // The call's timeout bounds both.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Arc::clone(live.insert(Arc::new(Live { connection, is_lost: AtomicBool::new(false) }))))
    }
}

/// A call without an answer yet. Its connection is given up with it: who waits on that still gets an answer or a timeout.
struct Unanswered<'a>(Option<&'a Live>);

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(live) = self.0 {
            live.is_lost.store(true, Ordering::Relaxed);
        }
    }
}

async fn in_time(
    asked: impl Future<Output = Result<Value, RedisError>>,
    timeout: Duration,
) -> Result<Value, StoreError> {
    match tokio::time::timeout(timeout, asked).await {
        Ok(answer) => answer.map_err(|error| unavailable(&error)),
        Err(_) => Err(StoreError::new("the server did not answer in time")),
    }
}

/// Not the client's own error: its details come from the server, and may hold what was sent.
fn unavailable(error: &RedisError) -> StoreError {
    StoreError::new(match error.code() {
        Some(code) => format!("the server answered with the error {code}"),
        None => error.category().to_owned(),
    })
}

fn leaves_connection_well(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
        || matches!(error.code(), Some("TAKEN" | "OOM"))
}

const SCRIPT: &str = include_str!("script.lua");
