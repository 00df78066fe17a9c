//! Limit how often one caller may do one thing.

mod all;
mod atomic;
mod decision;
mod error;
mod gcra;
mod ip;
mod key;
mod limiter;
mod quota;
mod set;
mod shared;
pub mod store;
mod table;

pub use all::check_all;
pub use decision::{Allowed, AnsweredBy, Balance, Decision, Denied, Reason};
pub use error::{RateLimitError, RateLimitErrorKind};
pub use ip::{IpKey, ip_key, network_key};
pub use key::{KeyPart, RateKey};
pub use limiter::{Charge, RateLimiter, RateLimiterBuilder, Stats};
pub use quota::Quota;
pub use shared::{AsyncSharedLimiter, OnError, SharedLimiter, SharedLimiterBuilder, SharedStats};
