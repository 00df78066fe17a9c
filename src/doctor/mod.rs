//! What of a program's configuration is weaker than it should be, before an attacker tells.
//!
//! ```
//! use palisade::password::Hasher;
//! use palisade::posture::Severity;
//! use palisade::web::{CorsPolicy, SecurityHeaders, SessionCookie};
//! # use palisade::keys::KeyRing;
//! # let ring = KeyRing::generate()?;
//!
//! let report = palisade::doctor() // how the process is contained
//!     .headers(&SecurityHeaders::page())
//!     .cookie(&SessionCookie::new("session")?)
//!     .cors(&CorsPolicy::builder().origin("https://app.example")?.build()?)
//!     .keys("sessions", &ring)
//!     .passwords(&Hasher::default());
//! println!("{report}"); // a table, at start or from a command of your own
//! if let Err(refusal) = report.require(Severity::High) {
//!     eprintln!("{refusal}"); // and do not start
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It reads what the program was told, and how the kernel holds the process. It asks nothing of the network: what a proxy adds or
//! takes away it does not see.
//!
//! | check | severity | passes when |
//! |---|---|---|
//! | `posture.*` | | as in [`posture`](crate::posture) |
//! | `headers.scripts` | high | the policy names scripts by nonce, hash or own origin, and runs no text |
//! | `headers.base` | medium | `object-src` and `base-uri` are `'none'` |
//! | `headers.framing` | medium | nobody frames the page, or its own origin |
//! | `headers.hsts` | medium | TLS only, for a year, all hosts below included |
//! | `headers.referrer` | low | other sites learn no paths |
//! | `headers.opener` | low | windows of other origins are apart |
//! | `headers.cache` | low | the header says who may keep responses |
//! | `headers.xss_filter` | low | the filter of old browsers is off |
//! | `cookie.same_site` | low | it is `Strict` |
//! | `cookie.lifetime` | medium | it ends with the browser, or within 30 days |
//! | `cors.origins` | medium | origins are listed, and none is of a developer's machine |
//! | `csrf.guard` | high | there is one, and it refuses what says nothing of where it came from |
//! | `limits.rate` | medium | a caller's address has a quota |
//! | `audit.refusals` | low | somebody listens |
//! | `keys.age` | medium | the primary key is at most a year old |
//! | `keys.spare` | low | no retired key is kept for longer than a year |
//! | `passwords.cost` | high | the scheme meets OWASP's minimum |
//! | `passwords.pepper` | low | there is one |
//!
//! # Source
//! OWASP ASVS 5.0, V3, V6.2, V11.1, V13.3; NIST SP 800-57 Part 1 Rev. 5 §5.3.6.

mod headers;
mod report;
mod rooms;

pub use report::{Finding, Refusal, Report};

/// Begins with [`posture`](crate::posture): how the process is contained.
pub fn doctor() -> Report {
    crate::posture::probe().into()
}
