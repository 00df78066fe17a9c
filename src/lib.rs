//! Security primitives that an application embeds: small typed APIs on which the safe call is the short call.
//!
//! | room | what it is for |
//! |---|---|
//! | [`secret`] | hold a secret without printing, copying or leaving it behind |
//! | [`compare`] | compare bytes without telling where they differ |
//! | [`random`] | the only door to the operating system's random source |
//! | [`clock`] | the system's clock, or one that a test moves by hand |
//! | [`token`] | issue bearer tokens and check them: opaque, with checksum, split, signed |
//! | [`password`] | hash, verify, import and upgrade passwords |
//! | [`config`] | secrets from environment, files and credential folders |
//! | [`keys`] | a ring of keys, rotated without downtime |
//! | [`seal`] | encryption at rest, bound to where the value belongs |
//! | [`validate`] | turn untrusted text into a type that is valid |
//! | [`process`] | run a program without a shell |
//! | [`sql`] | statements whose values the database never reads as text |
//! | [`redact`] | secrets and personal data kept out of logs |
//! | [`session`] | sessions that the server can end, one-time codes, proofs of a recent login |
//! | [`rbac`] | who may do what, with checks that cannot be forgotten |
//! | [`web`] | what a server tells browsers: headers, cookies, and whose pages may ask |
//! | [`rate_limit`] | how often a caller may act, in memory that is fixed whoever comes |
//! | [`audit`] | security events in a log that shows when it was tampered with |
//! | [`doctor`](mod@doctor) | what of a program's configuration is weaker than it should be |
//! | [`transport`] | TLS whose verification cannot be switched off; a command on another machine, whose key is known beforehand |
//! | [`posture`] | is this process contained as it should be |
//! | [`guide`] | no code: threat model, defaults, migration, catalogue of patterns, review, runbooks |
//!
//! # One example a room
//! An account is made, a password checked and a session issued:
//!
//! ```
//! use palisade::password::Hasher;
//! use palisade::session::{AuthLevel, Login, Sessions, store::Memory};
//!
//! let hasher = Hasher::default();
//! let stored = hasher.hash("correct horse battery staple")?; // goes to the users table
//! let sessions = Sessions::new(Memory::default());
//!
//! let found = Some(stored.as_str()); // what the table answers; None for an unknown user
//! match hasher.verify_user("correct horse battery staple", found) {
//!     Ok(_verified) => {
//!         let issued = sessions.log_in("ann", Login::by(AuthLevel::Password))?;
//!         let cookie = issued.expose(); // to the client, and back with every request
//!         assert_eq!(sessions.check(cookie)?.user(), "ann");
//!     }
//!     Err(error) => { /* tell the user one thing, whatever the reason; tell the log error.kind() */ }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Secrets come from outside the program, all of them checked at start:
//!
//! ```
//! palisade::secrets! { struct Secrets { db_password: "DB_PASSWORD", api_key: "API_KEY" } }
//!
//! let error = Secrets::from_source(&palisade::config::Environment::from_vars([("API_KEY", "changeme")]));
//! assert_eq!(
//!     error.unwrap_err().to_string(),
//!     "secrets are missing or unusable: \
//!      DB_PASSWORD is not set (set it, or DB_PASSWORD_FILE to the path of a file); \
//!      API_KEY is a well-known placeholder, not a secret"
//! );
//! ```
//!
//! One ring of keys serves signatures and seals, and is rotated without downtime:
//!
//! ```
//! use palisade::{keys::KeyRing, seal::Sealer, token::Signer};
//! use std::time::Duration;
//!
//! let ring = KeyRing::generate()?; // or a KeyFile that all processes read
//! let link = Signer::new(&ring).sign("reset-password", b"user 17", Duration::from_secs(900))?;
//! let card = Sealer::new(&ring).seal(b"4111 1111 1111 1111", ["users.card", "17"])?;
//!
//! let new = ring.add_generated()?;
//! ring.promote(new)?;
//! assert!(Signer::new(&ring).verify("reset-password", &link).is_ok());
//! assert!(Sealer::new(&ring).reseal(&card, ["users.card", "17"])?.is_some());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What happened is on record, in a chain that shows every change to it:
//!
//! ```
//! use palisade::audit::{self, AuditLog, Event};
//! use palisade::keys::KeyRing;
//!
//! let ring = KeyRing::generate()?;
//! let log = AuditLog::new(Vec::new(), &ring); // AuditLog::open(path, &ring) for a file
//! log.record(Event::authentication_failure().subject("mallory"))?;
//! let written = String::from_utf8(log.into_inner()?)?;
//! assert!(audit::verify(written.as_bytes(), &ring).is_ok());
//! assert!(audit::verify(written.replace("mallory", "alice").as_bytes(), &ring).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Logs tell no secrets, whatever a line looks like:
//!
//! ```
//! use palisade::redact::Redactor;
//!
//! let line = r#"retrying https://ann:hunter2@example.com {"api_key":"abc","max_tokens":512}"#;
//! let shown = r#"retrying https://ann:[REDACTED]@example.com {"api_key":"[REDACTED]","max_tokens":512}"#;
//! assert_eq!(Redactor::default().redact(line), shown);
//! ```
//!
//! Who may do what is proved before it is done:
//!
//! ```
//! use palisade::rbac::{Authorizable, Granted, PermSet};
//!
//! palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
//!
//! struct User { permissions: PermSet<DocPerm> }
//! impl Authorizable<DocPerm> for User {
//!     fn effective(&self) -> PermSet<DocPerm> {
//!         self.permissions
//!     }
//! }
//!
//! fn rename(_: Granted<'_, perm::Write>, document: u64) { /* no way here without a check that passed */ }
//!
//! let ann = User { permissions: DocPerm::set(&[DocPerm::Read, DocPerm::Write]) };
//! rename(ann.grant::<perm::Write>()?, 17);
//! # Ok::<(), palisade::rbac::Denied>(())
//! ```
//!
//! Nobody acts more often than allowed, however many others come:
//!
//! ```
//! use palisade::rate_limit::{Decision, Quota, RateLimiter};
//!
//! let limiter = RateLimiter::new(Quota::per_second(5).burst(10))?; // 10 at once, then 5 each second
//! match limiter.check("203.0.113.9") {
//!     Decision::Allow(allowed) => assert_eq!(allowed.remaining(), 9),
//!     Decision::Deny(denied) => println!("429, Retry-After: {}", denied.retry_after_seconds()),
//!     Decision::Impossible => println!("400, it costs more than anyone is allowed"),
//! }
//! # Ok::<(), palisade::rate_limit::RateLimitError>(())
//! ```
//!
//! Browsers are told what pages may do, and what they tell is judged:
//!
//! ```
//! use palisade::web::{CsrfGuard, CsrfRequest, RenderContext, SecurityHeaders, SessionCookie};
//!
//! let headers = SecurityHeaders::api().render(&RenderContext::tls()); // names and values, for any framework
//! let cookie = SessionCookie::new("session")?.set("q2V9")?;
//! assert_eq!(cookie, "__Host-session=q2V9; Path=/; Secure; HttpOnly; SameSite=Strict");
//!
//! let guard = CsrfGuard::new("https://app.example")?;
//! let (origin, fetch_site) = (Some(&b"https://evil.example"[..]), Some(&b"cross-site"[..]));
//! assert!(guard.check(&CsrfRequest { method: "POST", fetch_site, origin }).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A program is run without a shell, on operands that it cannot take for options:
//!
//! ```no_run
//! use palisade::process::{Programs, StrictCommand};
//!
//! let programs = Programs::builder().program("git", "/usr/bin/git").build()?;
//! let branch = "--upload-pack=touch /tmp/x"; // untrusted
//! let refused = StrictCommand::from(&programs, "git")?.arg("fetch").operand(branch);
//! assert!(refused.is_err());
//! # Ok::<(), palisade::process::ProcessError>(())
//! ```
//!
//! # What it does not do
//! It writes no cipher, hash or TLS of its own: those are ring's and RustCrypto's, but for scrypt's mixing in memory. It does not run without the
//! standard library or in WebAssembly. It cannot protect a process whose memory an attacker reads.
//!
//! # Features
//! A feature adds API; it never changes a default, picks an algorithm or weakens a check.
//!
//! | feature | adds |
//! |---|---|
//! | `axum` | [`rbac`]'s `GuardedRouter`, and [`rbac::Permit`] as an extractor |
//! | `bcrypt` | bcrypt rows of other programs, in [`password`] |
//! | `blocklist` | words that [`password::Rules`] look for |
//! | `files` | `validate::BaseDir`: files below a folder, reached through no link |
//! | `firebase` | rows of a Firebase project, in [`password`] |
//! | `http` | [`redact::Redactor`]`::redact_headers`: headers of the `http` crate |
//! | `idn` | `validate::Username` in the letters of any one script |
//! | `json` | [`redact::Redactor`]`::redact_json`: values of `serde_json` |
//! | `log` | `redact::log`: around any logger of `log` |
//! | `metrics` | `audit::sink::Metrics`: security events counted through the `metrics` facade |
//! | `ocsf` | `audit::sink::Ocsf`: security events in the Open Cybersecurity Schema Framework |
//! | `postgres` | [`sql`]: values as parameters of `postgres` and `tokio-postgres`; `session::store::Postgres`: sessions and used codes |
//! | `qr` | [`session::otp::ProvisioningUri`]`::to_qr_svg`: what an authenticator app scans |
//! | `redis` | `rate_limit::store::redis`: limits that several processes share, on Redis, Valkey or a cluster; `session::store::Redis`: sessions and used codes, on one server |
//! | `rusqlite` | [`sql::Query`] runs on connections of `rusqlite`; `session::store::Sqlite`: sessions and used codes |
//! | `serde` | `Deserialize` for [`secret::SecretString`]; `Serialize` and `Deserialize` for what is stored: [`token::TokenDigest`], [`password::StoredHash`], [`password::Policy`], [`rate_limit::Quota`]; [`rbac`]'s `PolicyFile`; `Serialize` for [`posture::Report`] |
//! | `tls` | `transport::tls`: clients and servers whose verification cannot be switched off |
//! | `tls-bundled-roots` | `transport::tls::Roots::Bundled`: the roots of Mozilla, compiled in |
//! | `tokio` | [`password::Hasher`] on tokio's blocking pool; `session::store::Blocking`: stores that block, awaited |
//! | `tower` | `web::hardened`: all of [`web`] around a service of tower; [`rbac`]'s `RequirePermission`: a permission asked for before one |
//! | `tracing` | `audit::sink::Tracing`: security events passed on to `tracing`; `redact::tracing`: around what its subscribers write |

#![forbid(unsafe_code)]

pub mod audit;
pub mod clock;
pub mod compare;
pub mod config;
pub mod doctor;
mod encoding;
mod file;
pub mod guide;
pub mod keys;
pub mod password;
pub mod posture;
pub mod process;
pub mod random;
pub mod rate_limit;
pub mod rbac;
pub mod redact;
pub mod seal;
pub mod secret;
pub mod session;
pub mod sql;
mod sync;
pub mod token;
pub mod transport;
#[cfg(feature = "serde")]
mod unquoted;
pub mod validate;
pub mod web;

pub use doctor::doctor;

#[cfg(test)]
#[path = "../tests/support/vectors.rs"]
mod vectors;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
