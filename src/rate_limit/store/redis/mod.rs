//! Limits on a server of Redis 6.2 or later or of Valkey, or on a cluster, for all processes that use it.
//!
//! A decision is one call of one script, whatever the number of limits: one round trip, on the server's clock. [`Redis`]
//! blocks; [`AsyncRedis`] is for tokio. Both pass the same tests as [`Memory`](super::Memory), and answer to the nanosecond
//! as it does; the server's clock moves in microseconds.
//!
//! They are tested on Redis 7.0. Valkey is a descendant of it that has all that the script uses; where its package can be
//! installed, the same tests run on it.
//!
//! Neither says what is to happen when the server is away: [`SharedLimiter`](crate::rate_limit::SharedLimiter) does.
//!
//! # Security
//! - Names of keys hold a digest of the caller's key, not the key. It is no secret: who reads the server can try guesses.
//! - Use a server of its own, or one that never evicts (`maxmemory-policy noeviction`): a server that evicts keys gives
//!   those callers their quotas back. A full one that does not evict is an error, for which there is a policy.
//! - What a server loses with a crash or a failover, it admits again: a caller's capacity at most.
//! - A server's clock that is set forward gives quotas back early; one that is set back makes callers wait longer, a thousand
//!   times as long as their quota takes to come back at most.
//! - The user needs no more than `EVALSHA`, `EVAL`, `GET`, `SET`, `DEL` and `TIME` on keys that begin with the prefix.
//! - `rediss://` needs a TLS feature of the `redis` crate, such as `tokio-rustls-comp`.

mod asynchronous;
mod builder;
mod failure;
mod name;
mod script;
mod sync;
#[cfg(test)]
mod tests;

pub use asynchronous::AsyncRedis;
pub use builder::{RedisBuildError, RedisBuildErrorKind, RedisBuilder};
pub use sync::Redis;
