//! Connections that are made to whom they were meant for, or not at all.

pub mod ssh;
#[cfg(feature = "tls")]
pub mod tls;
