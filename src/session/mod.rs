//! What comes after a verified password: sessions that can be ended, and second factors.
//!
//! A client keeps a random token, and the server a row with the token's digest. So a session ends when the server says so: after a
//! time without use, after a time in all, for one device, for all, for all but this.
//!
//! ```
//! use palisade::session::{AuthLevel, Login, Sessions, store::Memory};
//!
//! let sessions = Sessions::new(Memory::default()); // 30 minutes without use, 12 hours in all
//!
//! // The password was verified:
//! let issued = sessions.log_in("ann", Login::by(AuthLevel::Password).device("Firefox on Linux"))?;
//! let cookie = issued.expose().to_owned(); // Secure, HttpOnly, SameSite
//!
//! // Every request:
//! let session = sessions.check(&cookie)?;
//! assert_eq!(session.user(), "ann");
//!
//! // The page of devices, and the button on it:
//! for other in sessions.list(session.user())?.iter().filter(|other| other.id != session.id()) {
//!     sessions.end(session.user(), &other.id)?;
//! }
//!
//! // The password was typed once more: a new token.
//! let issued = sessions.authenticated_again(session, AuthLevel::Password)?;
//! assert!(sessions.check(&cookie).is_err()); // the old one
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | | |
//! |---|---|
//! | [`Sessions`], [`AsyncSessions`] | begin, check, rotate, end and list sessions |
//! | [`store`] | where they are kept: memory; SQLite, PostgreSQL and Redis by features |
//! | [`otp`] | one-time codes of authenticator apps, recovery codes |
//! | [`Proven`] | proof of a second factor or of a recent login |
//!
//! # Second factors
//! Whoever has one is asked for it before there is a session: a session that was begun after the password alone opens all
//! handlers that ask for a session. Between the two steps the browser keeps a token that the application has signed for a few
//! minutes ([`token::Signer`](crate::token::Signer)), and after the second the login is [`Login::with`] the code's proof.
//! [`Sessions::step_up`] is for users who are logged in and come to a step that matters. When a second factor is taken away, end the
//! other sessions ([`Sessions::log_out_others`]): they keep their level.
//!
//! # Visitors
//! [`Sessions::visit`] gives a token to somebody who has not logged in, for a basket or a language. A [`Visitor`] is another type
//! than a [`Session`], and no call turns one into the other: a login always makes a new token, so that nobody who planted a token on
//! somebody's device is logged in with them.
//!
//! # Tokens that carry their own content
//! A signed token, such as a JWT, cannot be ended before its time. For logins to one's own application take sessions; for links in
//! mails there is [`token::Signer`](crate::token::Signer). This crate makes no JWT. To verify those of others take the crate
//! `jsonwebtoken`, and say what is expected: one algorithm, as a constant of the program and never from the token's header; the issuer,
//! the audience; expiry and not-before. `examples/jwt` has these settings in full, and thirteen tokens that they refuse.
//!
//! # Security
//! The store has no token, so that its copy lets nobody in. Where it cannot answer, nobody is let in either. What rotates is one
//! row that changes its key: whatever fails in the middle, one of the two tokens is good, or none. Times are those of the calendar: a
//! clock that is set back lets sessions live longer by as much, but those that would begin more than a minute ahead are over.
//!
//! # Source
//! OWASP Session Management Cheat Sheet; OWASP ASVS 5.0 chapter V7; NIST SP 800-63B-4 §5.

mod active;
mod asynchronous;
mod error;
mod level;
pub mod otp;
mod record;
mod rules;
mod sessions;
pub mod store;

pub use active::{Issued, Login, Session, SessionInfo, Visitor};
pub use asynchronous::AsyncSessions;
pub use error::{SessionError, SessionErrorKind, SessionsBuildError};
pub use level::{AuthLevel, Proven, Recent, RecentSecondFactor, Requirement, SecondFactor, StepUp};
pub use record::{LoginRecord, Record, SessionId, SessionIdError, SessionKey};
pub use sessions::{Sessions, SessionsBuilder};
