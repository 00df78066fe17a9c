//! The room's decisions before and after a service of tower: what each request must pass, and what each response carries.

mod client;
mod context;
mod cookies;
mod future;
mod refused;
mod request;
mod request_id;
mod response;
mod service;
mod settings;
mod strictness;

pub use client::{ClientIp, PeerAddr};
pub use future::HardenedFuture;
pub use refused::Refused;
pub use request_id::RequestId;
pub use service::{Hardened, HardenedLayer, hardened};
pub use settings::Settings;
