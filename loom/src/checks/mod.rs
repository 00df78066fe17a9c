//! What holds in every order.

pub(crate) mod limiter;
pub(crate) mod log;
pub(crate) mod policy;
pub(crate) mod queue;
pub(crate) mod ring;
pub(crate) mod secrets;
