//! What every store of sessions promises, held by one suite; and what is left when servers and programs are killed.
//!
//! Tests that need a server start one, and are ignored where none is installed.

#![cfg(feature = "tokio")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

#[path = "session_stores/awaited.rs"]
mod awaited;
#[path = "conformance/codes.rs"]
mod codes;
#[path = "session_stores/crash.rs"]
mod crash;
#[path = "support/dice.rs"]
mod dice;
#[path = "session_stores/memory.rs"]
mod memory;
#[cfg(all(feature = "postgres", unix))]
#[path = "session_stores/postgres.rs"]
mod postgres;
#[cfg(all(feature = "postgres", unix))]
#[path = "support/postgres_server.rs"]
mod postgres_server;
#[cfg(feature = "redis")]
#[path = "support/redis_server.rs"]
mod redis_server;
#[cfg(feature = "redis")]
#[path = "session_stores/redis.rs"]
mod remote;
#[path = "conformance/sessions.rs"]
mod sessions;
#[cfg(feature = "rusqlite")]
#[path = "session_stores/sqlite.rs"]
mod sqlite;
#[path = "session_stores/storm.rs"]
mod storm;
