//! What is looked for: one file a kind.

#[allow(dead_code, reason = "the engine that calls it is not written yet")]
mod provider;
