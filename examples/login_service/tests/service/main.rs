#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]
//! The service as a process of its own, asked over HTTP by browsers that know just enough of it.

mod browser;
mod refusals;
mod server;
mod story;
