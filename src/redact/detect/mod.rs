//! What is looked for: one file a kind.

#[allow(dead_code, reason = "the engine that calls it is being written beside it")]
mod personal;
