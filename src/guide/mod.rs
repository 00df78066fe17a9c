//! Documentation only: what the crate stands against, what it does unless told otherwise, how to come to it, and what to do when
//! something has happened.
//!
//! | page | read it |
//! |---|---|
//! | [`catalogue`] | with a list of patterns in hand: each one's call, and the test that shows it |
//! | [`defaults`] | before production: every number and choice, where it is from, how to change it |
//! | [`erasure`] | when asked what stays in memory: what is erased, and what is not |
//! | [`threat_model`] | when designing: who attacks what, which call stands against it, what is left to the application |
//! | [`promises`] | when judging: what is promised and what is not, boundary by boundary |
//! | [`migration`] | coming from governor, password-auth, casbin, helmet, lists of regexes, Django |
//! | [`review`] | before a merge: the names to search for, room by room |
//! | [`runbooks`] | when something has happened, and on a quiet day before, to practise |
//!
//! Code on these pages is compiled and run by `cargo test --doc`. Tests and files that they name are looked for by
//! `tests/guide.rs`, so that a page cannot outlive what it tells of.

// With the style, long names of tests break in their tables. Pages of many examples go without: examples of a page that has more
// than its file are told by lines of this one.
#[doc = include_str!("catalogue.md")]
/// <style>.docblock td > code { overflow-wrap: anywhere; }</style>
pub mod catalogue {}

#[doc = include_str!("defaults.md")]
pub mod defaults {}

#[doc = include_str!("erasure.md")]
pub mod erasure {}

#[doc = include_str!("migration.md")]
pub mod migration {}

/// What is promised and what is not: the repository's `SECURITY.md`.
///
#[doc = include_str!("../../SECURITY.md")]
/// <style>.docblock td > code { overflow-wrap: anywhere; }</style>
pub mod promises {}

#[doc = include_str!("review.md")]
/// <style>.docblock td > code { overflow-wrap: anywhere; }</style>
pub mod review {}

#[doc = include_str!("runbooks.md")]
pub mod runbooks {}

#[doc = include_str!("threat_model.md")]
/// <style>.docblock td > code { overflow-wrap: anywhere; }</style>
pub mod threat_model {}
