//! Hash passwords, verify them, and learn when a stored hash should be renewed.
//!
//! A [`Hasher`] is a policy: the scheme new passwords are hashed with, the ceilings that stored costs must stay
//! under, and a budget of memory that all hashing shares. [`Hasher::default`] is scrypt at OWASP's costs.
//!
//! It does not judge whether a password is a good one, and it does not count failed attempts.
//!
//! ```
//! use palisade::password::Hasher;
//!
//! let hasher = Hasher::default();
//! let stored = hasher.hash("correct horse battery staple")?; // $scrypt$ln=17,r=8,p=1$…$…
//!
//! let verified = hasher.verify("correct horse battery staple", stored.as_str())?;
//! assert!(!verified.needs_rehash());
//!
//! let refused = hasher.verify("incorrect horse", stored.as_str());
//! assert!(refused.is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # At login
//! [`Hasher::verify_user`] takes what the database answered, found or not, and does equal work for both, so that
//! time does not tell who has an account. [`Hasher::verify_user_and_upgrade`] also answers with a new string when
//! the stored one is below today's policy; store it only if the row still holds the old one:
//! `UPDATE users SET password = :new WHERE id = :id AND password = :old`.
//!
//! # What is read
//! | text | what it is |
//! |---|---|
//! | `$scrypt$ln=17,r=8,p=1$salt$hash` | PHC string, scrypt |
//! | `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` | PHC string, Argon2id version 1.3 |
//! | `salt$hash` in hexadecimal, 16 to 64 and 128 digits | the common Python snippet around `hashlib.scrypt`, N=2^14, r=8, p=1 |
//!
//! PHC strings are read strictly: these parameters in this order, plain decimal numbers, base64 without padding
//! in its one spelling, salts of 8 to 64 bytes, hashes of 10 to 64. Anything else is refused by name
//! ([`Defect`]) and distinguishable from a wrong password. A scrypt string that lost whole bytes at its end
//! is a shorter scrypt hash of the same password: it verifies down to 10 bytes, and asks for a rehash.
//!
//! # Security
//! Costs in a stored string are checked against [`Ceilings`] before anything is allocated, so that a row an
//! attacker wrote cannot exhaust memory. Time for a wrong password is independent of the stored hash's content.
//! Rows of other costs than the policy's, not yet rehashed, can be told by their time from unknown users and from
//! each other until their owners have logged in once.
//!
//! One hash blocks its thread for about 0.3 s at the default, plus its wait for the budget; async programs call
//! it where blocking is allowed.
//!
//! Argon2's working memory is erased after each hash; the scrypt crate's (128 MiB at the default) is returned to
//! the allocator as it is. The derived output is erased in both.
//!
//! # Source
//! scrypt: RFC 7914. Argon2: RFC 9106. PHC string format: the P-H-C project's specification. Costs: OWASP
//! Password Storage Cheat Sheet.

#[cfg(feature = "tokio")]
mod asynchronous;
mod calibrate;
mod ceilings;
mod error;
mod gate;
mod hasher;
mod import;
mod pepper;
mod phc;
mod policy;
mod rules;
mod scheme;
mod stored;
mod text;

pub use ceilings::Ceilings;
pub use error::{BuildError, BuildErrorKind, Defect, HashError, HashErrorKind, VerifyError, VerifyErrorKind};
pub use gate::Budget;
pub use hasher::{Hasher, HasherBuilder, MAX_PASSWORD_BYTES, Verified};
#[cfg(feature = "firebase")]
pub use import::FirebaseProject;
pub use import::Format;
pub use policy::Policy;
pub use rules::{Acceptable, Refusal, Rules};
pub use scheme::{Scheme, SchemeError};
pub use stored::StoredHash;
