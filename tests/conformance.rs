//! What every store promises, held by one suite; and what a shared limiter makes of stores that fail.
//!
//! Tests that need a server of Redis or Valkey start one, and are ignored where none is installed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

#[path = "conformance/codes.rs"]
mod codes;
#[path = "conformance/fake.rs"]
mod fake;
#[path = "conformance/memory.rs"]
mod memory;
#[cfg(feature = "redis")]
#[path = "conformance/redis.rs"]
mod remote;
#[path = "support/scenarios.rs"]
mod scenarios;
#[cfg(feature = "redis")]
#[path = "support/redis_server.rs"]
mod server;
#[path = "conformance/shared.rs"]
mod shared;
#[path = "conformance/store.rs"]
mod store;
#[path = "support/vectors.rs"]
mod vectors;

use palisade::rate_limit;
