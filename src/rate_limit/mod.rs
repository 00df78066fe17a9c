//! Limit how often one caller may do one thing.

mod all;
mod atomic;
mod decision;
mod error;
mod fields;
mod forwarded;
mod gcra;
mod ip;
mod key;
mod limiter;
mod login;
mod quota;
mod set;
pub mod store;
mod table;

pub use all::check_all;
pub use decision::{Allowed, Balance, Decision, Denied, Reason};
pub use error::{RateLimitError, RateLimitErrorKind};
pub use fields::{Fields, LimitField, PolicyField};
pub use forwarded::client_ip;
pub use ip::{IpKey, ip_key, network_key};
pub use key::{KeyPart, RateKey};
pub use limiter::{Charge, RateLimiter, RateLimiterBuilder, Stats};
pub use login::{Attempt, LoginDenied, LoginGuard, LoginGuardBuilder, LoginLimit};
pub use quota::Quota;
