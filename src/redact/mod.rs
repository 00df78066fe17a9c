//! Keep secrets and personal data out of logs.
//!
//! A [`Redactor`] looks at a line, or an event of several lines, and returns it without what is secret: values under
//! sensitive names in whatever way they are written, credentials in headers and URLs, private keys, JSON Web Tokens, tokens
//! of some 230 providers, and every [registered](Redactor::register) secret in its encodings. A clean line is returned as it
//! is, without an allocation, at more than a gigabyte a second.
//!
//! ```
//! use palisade::redact::Redactor;
//!
//! let redactor = Redactor::default();
//! let line = r#"POST https://ann:hunter2@api.example.com/v1?token=c2VjcmV0 {"apiKey":"abc","retries":3} max_tokens=4096"#;
//! assert_eq!(
//!     redactor.redact(line),
//!     r#"POST https://ann:[REDACTED]@api.example.com/v1?token=[REDACTED] {"apiKey":"[REDACTED]","retries":3} max_tokens=4096"#
//! );
//! for finding in redactor.explain(line) {
//!     println!("{finding}"); // 18..25 userinfo, 56..64 key (token), 76..79 key (apiKey)
//! }
//! ```
//!
//! | to redact | there is |
//! |---|---|
//! | a line or an event | [`Redactor::redact`], [`Redactor::redact_bytes`] |
//! | a field of a structured log | [`Redactor::redact_field`]; with it, `audit::Builder::redact` |
//! | what is written to a file, a pipe, standard error | [`Redactor::writer`] |
//! | `tracing` | `redact::tracing`, feature `tracing` |
//! | `log` | `redact::log`, feature `log` |
//! | `serde_json::Value` | `Redactor::redact_json`, feature `json` |
//! | `http::HeaderMap` | `Redactor::redact_headers`, feature `http` |
//! | files, from a shell | `cargo run --release --example redact` |
//!
//! Names are told by whole words: `db_password`, `X-Api-Key` and `clientSecret` name secrets, `monkey`, `primary_key`,
//! `token_count` and `author` do not. Some names, such as `session` or `signature`, name a secret only if the value looks
//! random.
//!
//! What it does not do: it knows no secret by its value unless that was registered or has a published form, so a password
//! by itself in a sentence is seen only behind a word that names it. It reads lines: in a stream, of values that go on over
//! several lines it knows private keys only. It finds no names of people and no postal addresses.
//!
//! # Security
//! It fails closed: what is too long is replaced by `[REDACTED: unscanned N bytes]`, and so is a line on which hiding does
//! not come to an end. Its work is linear in the text, whatever that holds. Redaction is the second line of defence; the
//! first is a type that does not print, such as [`SecretString`](crate::secret::SecretString).

mod detect;
mod error;
#[cfg(any(feature = "log", feature = "tracing"))]
mod fields;
mod finding;
mod held;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "json")]
mod json;
mod key;
mod kind;
mod known;
#[cfg(feature = "log")]
pub mod log;
mod mask;
mod redactor;
mod rule;
mod scan;
mod text;
#[cfg(feature = "tracing")]
pub mod tracing;
mod value;
mod writer;

pub use error::{RedactError, RedactErrorKind};
pub use finding::{Counts, Finding};
pub use kind::Kind;
pub use mask::Mask;
pub use redactor::{Builder, Redactor, Registrable};
pub use rule::Rule;
pub use writer::Writer;
