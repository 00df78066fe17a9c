//! Where else events go: adapters for [`Builder::also`](super::Builder::also).
//!
//! | feature | sink |
//! |---|---|
//! | `tracing` | [`Tracing`]: an event of `tracing` for each |
//! | `metrics` | [`Metrics`]: counters for the `metrics` facade |
//! | `ocsf` | [`Ocsf`]: lines of JSON in the Open Cybersecurity Schema Framework |
//!
//! None of them is part of the chain.

#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "ocsf")]
mod ocsf;
#[cfg(feature = "tracing")]
mod tracing;

#[cfg(feature = "metrics")]
pub use self::metrics::Metrics;
#[cfg(feature = "ocsf")]
pub use self::ocsf::Ocsf;
#[cfg(feature = "tracing")]
pub use self::tracing::Tracing;
