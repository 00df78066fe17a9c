//! What every store of sessions promises, held by one suite; and what is left when stores and programs are killed.
//!
//! Tests that need a server start one, and are ignored where none is installed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

#[path = "session_stores/memory.rs"]
mod memory;
#[path = "conformance/sessions.rs"]
mod sessions;
