//! The gate and its seats, and lanes that are mixed between them, in a room where what hashes work in is counted and mixing is
//! a sum.

mod arena;
pub(crate) mod checks;
#[path = "../../../src/password/gate.rs"]
#[allow(dead_code, reason = "hashers use the rest")]
mod gate;
mod scheme;
#[path = "../../../src/password/seat.rs"]
mod seat;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HashErrorKind {
    Busy,
}
