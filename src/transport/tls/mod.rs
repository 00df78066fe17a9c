//! TLS whose verification cannot be switched off: clients and servers on rustls and ring.
//!
//! ```no_run
//! use palisade::transport::tls::HardenedClient;
//! use std::net::TcpStream;
//!
//! let client = HardenedClient::new()?; // TLS 1.2 and 1.3, the system's roots
//! match client.connect("api.example.com", TcpStream::connect("api.example.com:443")?) {
//!     Ok(_stream) => { /* read and write */ }
//!     Err(refusal) => eprintln!("{}: {refusal}", refusal.as_str()), // expired: the certificate has expired: have …
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`HardenedClient`] and [`HardenedServer`] connect streams that wait, and give their settings to tokio, hyper, axum and
//! reqwest. An [`Identity`] is a certificate with its key, a [`Pin`] a key that a server must have, and a [`Refusal`] says why
//! there is no connection, for an operator and for the audit log.
//!
//! It fetches nothing: neither revocation lists nor answers of OCSP. It listens and connects to nothing by itself.
//!
//! # Security
//! Versions before 1.2, suites without forward secrecy or authenticated encryption, compression, renegotiation and early data
//! are not to be had. TLS 1.2 needs the extended master secret. `SSLKEYLOGFILE` is not looked at.
//!
//! A session that is resumed is not verified again, and each time the server may prolong it: a client that lives long may speak to a
//! server whose certificate has expired meanwhile. Make a new client now and then; clients with revocation lists and servers
//! with client certificates resume none.
//!
//! The groups for key exchange are X25519, P-256 and P-384. There is none against quantum computers: ring has none.
//!
//! # Source
//! RFC 8446, RFC 5246 as narrowed by RFC 9325, RFC 5280; RFC 6125 for names, of which those in the subject do not count.

mod client;
mod error;
mod identity;
mod pem;
mod pin;
mod refusal;
mod server;
mod settings;
mod verifier;

pub use client::{HardenedClient, HardenedClientBuilder, Roots};
pub use error::{TlsError, TlsErrorKind};
pub use identity::Identity;
pub use pin::Pin;
pub use refusal::Refusal;
pub use server::{HardenedServer, HardenedServerBuilder};
