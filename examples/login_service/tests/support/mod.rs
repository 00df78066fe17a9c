//! The service as a process of its own, and browsers that know just enough of HTTP.

mod browser;
mod server;

pub(crate) use browser::{Answer, Browser};
pub(crate) use server::Server;
