//! Limit how often one caller may do one thing.
//!
//! A [`Quota`] says how much is allowed, a [`RateLimiter`] remembers one time for each caller, and the [`Decision`] is to
//! allow, or to deny with the exact wait.
//!
//! ```
//! use palisade::rate_limit::{Decision, Quota, RateLimiter};
//!
//! let limiter = RateLimiter::new(Quota::per_second(5).burst(10))?; // 10 at once, then 5 each second, for each caller
//! match limiter.check("10.0.0.7") {
//!     Decision::Allow(allowed) => assert_eq!(allowed.remaining(), 9),
//!     Decision::Deny(denied) => println!("429, Retry-After: {}", denied.retry_after_seconds()),
//!     Decision::Impossible => println!("400, it costs more than anyone is allowed"),
//! }
//! # Ok::<(), palisade::rate_limit::RateLimitError>(())
//! ```
//!
//! | to limit | there is |
//! |---|---|
//! | requests of a caller | [`RateLimiter::check`], [`check_cost`](RateLimiter::check_cost); [`is_allowed`](RateLimiter::is_allowed) for a yes or no |
//! | by several limits at once | [`check_all`] |
//! | work whose cost is known afterwards | [`RateLimiter::debit`]; [`refund`](RateLimiter::refund) for what was not done |
//! | one's own calls to another service | [`RateLimiter::until_ready`] |
//! | guesses at passwords | [`LoginGuard`] |
//! | by address, behind proxies | [`client_ip`], [`ip_key`], [`network_key`] |
//! | with HTTP's fields in the response | [`Fields`] |
//! | in several processes together | [`store`] |
//!
//! It does not queue, delay or sleep by itself, and it shares nothing between processes unless a [`store`] does.
//!
//! # Security
//! Callers choose their keys, so whoever fills the table is part of the design:
//!
//! - **Memory is fixed** when a limiter is built. No check allocates.
//! - **No caller ever exceeds its limit**, however many others come. Most limiters of fixed size forget the caller that was
//!   seen longest ago, which resets whoever sends enough other keys; this one does not (below).
//! - **A denial changes nothing**: no caller's time, no table, nobody's wait.
//! - Where a caller is in the table depends on `SipHash-1-3` under a random key of the table's own. Two callers share a limit
//!   with a chance of about 2^-30, and are then limited more, not less.
//! - At one moment, all callers that were never seen before are together admitted at most `max_keys` (rounded up to fives) × capacity cells. When
//!   the table is full of callers in debt, a new one waits for what those owed that had to make room, with
//!   [`Reason::Saturated`]. A second limit, by [`network_key`], in front of one by [`ip_key`] keeps one site from filling
//!   the table.
//!
//! # Why no caller exceeds its limit
//! The table consists of sets of one cache line; a key belongs to one set. A set remembers four callers' theoretical
//! arrival times (`tat`, see [`Quota`]) and a mark, the largest `tat` that was ever overwritten in it.
//!
//! *Claim.* Let `e` be the `tat` that a caller has in a table without bounds. Whenever the caller is decided upon, the `tat`
//! that is used is at least `e`; so what is admitted conforms.
//!
//! 1. A caller in the set has a `tat` of at least `e`: it entered with at least that, by 2, and both are advanced by the same
//!    charges. A refund takes the same from both, and neither below the moment it is made at.
//! 2. A caller that is not in the set starts from the later of now and the mark. It was never here, and `e` is now; or it
//!    was overwritten. What it had then was at least `e`, went into the mark, and the mark does not go back; and `e` has not
//!    changed since, but for refunds, which only lower it.
//! 3. A newcomer is decided upon before anything is overwritten, and takes the place of the smallest `tat` only if it is
//!    admitted.
//! 4. Sets have no slot in common, so that there is no other place where a caller's debt could have been left.
//!
//! *Threads.* A caller in the set is charged by one compare-and-exchange, without a lock. Slots change hands, and times go
//! back, under a lock of the set, which is held for a few stores. Whoever gives a slot away first clears its tag, then
//! exchanges the time, then raises the mark, then sets the new tag. A charge that comes before the exchange is part of
//! what is exchanged, so it reaches the mark; one that comes after it looks at the tag again, finds another, and is made
//! anew where the caller is now. What it charged stays with the slot's new owner, who is limited more for it. The orders are
//! tried out by loom, on the same source (`loom/`).
//!
//! *Clocks.* The system's clock does not go back. Of times that callers give, the latest counts.
//!
//! # Source
//! Generic cell rate algorithm, virtual scheduling form: ITU-T I.371, Annex A.

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
mod shared;
pub mod store;
mod table;

pub use all::check_all;
pub use decision::{Allowed, AnsweredBy, Balance, Decision, Denied, Reason};
pub use error::{RateLimitError, RateLimitErrorKind};
pub use fields::{Fields, LimitField, PolicyField};
pub use forwarded::client_ip;
pub use ip::{IpKey, ip_key, network_key};
pub use key::{KeyPart, RateKey};
pub use limiter::{Charge, RateLimiter, RateLimiterBuilder, Stats};
pub use login::{Attempt, LoginDenied, LoginGuard, LoginGuardBuilder, LoginLimit};
pub use quota::Quota;
pub use shared::{AsyncSharedLimiter, OnError, SharedLimiter, SharedLimiterBuilder, SharedStats};
