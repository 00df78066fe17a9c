//! Hash passwords, verify them, and learn when a stored hash should be renewed.
//!
//! A [`Hasher`] is a policy: the scheme new passwords are hashed with, the ceilings that stored costs must stay
//! under, and a budget of memory that all hashing shares. [`Hasher::default`] is scrypt at OWASP's costs.
//!
//! It reads what other programs stored, and replaces it at the next login; it peppers; and [`Rules`] judge a password that
//! a user chooses. It does not count failed attempts.
//!
//! ```
//! use palisade::password::{Hasher, Rules};
//!
//! let hasher = Hasher::default();
//! let chosen = Rules::default().check("correct horse battery staple")?;
//! let stored = hasher.hash(chosen.expose())?; // $scrypt$ln=17,r=8,p=1$…$…
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
//! | `$argon2id$v=19$m=19456,t=2,p=1$salt$hash` | PHC string, Argon2id, Argon2i or Argon2d; version 1.0 where `v` is 16 or missing |
//! | `$7$…` | scrypt, as libxcrypt and libsodium store it |
//! | `$pbkdf2-sha256$…`, `$pbkdf2-sha512$…`, `$pbkdf2$…` | passlib and libpass |
//! | `salt$hash` in hexadecimal, 16 to 64 and 128 digits | the common Python snippet around `hashlib.scrypt`, N=2^14, r=8, p=1 |
//! | `scrypt$…`, `argon2$…`, `pbkdf2_sha256$…`, `pbkdf2_sha1$…`, `!…` | Django |
//! | `scrypt:N:r:p$…`, `pbkdf2:sha256:…$…` | Werkzeug, and so Flask |
//! | `{scrypt}…`, `{argon2}…`, `{pbkdf2}…`, and with `@SpringSecurity_v5_8`; `$e0801$…$…` | Spring Security |
//! | `N$r$p$salt$hash` | Go's simple-scrypt |
//! | `$2a$`, `$2b$`, `$2y$`, `bcrypt$…`, `bcrypt_sha256$…`, `{bcrypt}…` | bcrypt, with feature `bcrypt`: no password above 72 bytes or with a NUL matches |
//! | `salt:hash`, `hash.salt`, Firebase's | only when [`HasherBuilder::import`] names the [`Format`], or all by [`HasherBuilder::import_all`] |
//! | `{pepper:ID}` and a PHC string | peppered, see [`HasherBuilder::pepper`] |
//!
//! All foreign rows ask for a rehash; so do ours below today's policy or of another algorithm, never those above: services
//! that share a table need one policy. Numbers must be plain decimals, base64 in its one spelling, a PHC string's salt at
//! most 64 bytes, and hashes 10 to 64. Anything else is refused by name ([`Defect`]) and distinguishable from a wrong
//! password. Refused on purpose: hashes under 80 bits, which some
//! passwords would match by chance; Argon2 with associated data or a key of another program's, since the text does not say
//! which; a number of iterations, rounds or N that is not in the text, but for the shapes above that have it fixed. A scrypt
//! or PBKDF2 string that lost whole bytes at its end is a shorter hash of the same password: it verifies down to 10 bytes,
//! and asks for a rehash. While a table is migrated its column is a `String`, not a [`StoredHash`]: that reads neither the
//! shapes of [`HasherBuilder::import`] nor a mark for no password.
//!
//! # Unicode
//! What is hashed is the password in form NFC, so that it does not matter how a keyboard composes an accent. A row that
//! was hashed as typed verifies too, and asks for a rehash. A password whose NFC form is another text costs two hashes in
//! every path.
//!
//! # Security
//! Costs in a stored string are checked against [`Ceilings`] before anything is allocated, so that a row an
//! attacker wrote cannot exhaust memory. Time for a wrong password is independent of the stored hash's content.
//! After a wrong password for a row that is cheaper than the policy, the thread works on until a hash of the policy would
//! have been done, by what these take lately: about, so that many measurements may still tell such rows from others. A
//! dearer row takes its own time. One call waits for the budget once, whatever it hashes.
//!
//! One hash blocks its thread for about 0.2 s at the default, plus its wait for the budget. With feature `tokio`,
//! [`Hasher`] has `hash_async` and `verify_async`; other async programs call it where blocking is allowed.
//!
//! A scrypt of several lanes uses the cores and the memory that the budget has left, on threads that end with it. Where every
//! core hashes and memory is left, the next login of the same costs is mixed beside one that runs: each then takes up
//! to 1.6 times as long, and both together less than one after the other. A row of another algorithm cannot ride along: under
//! such load it waits longer than an unknown user does.
//!
//! The working memory of Argon2 and scrypt is erased after each call and kept for the next, as far as the budget goes;
//! bcrypt's is returned to the allocator as it is. The derived output is erased in all. Memory beyond the budget is not
//! touched, however many threads hash.
//!
//! # Source
//! scrypt: RFC 7914. Argon2: RFC 9106. PBKDF2: RFC 8018 §5.2. PHC string format: the P-H-C project's specification.
//! Costs: OWASP Password Storage Cheat Sheet. What users may choose: NIST SP 800-63B-4 §3.1.1.2.

mod arena;
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
mod seat;
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
