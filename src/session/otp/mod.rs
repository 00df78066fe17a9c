//! One-time codes as a second factor: authenticator apps (TOTP), tokens with a counter (HOTP), and recovery codes.
//!
//! An [`OtpSecret`] is shared with the user's authenticator and sealed at rest, an [`OtpVerifier`] checks what is presented,
//! and a [`CodeStore`] remembers what was used. The answer is [`Verified`], a proof that names the user.
//!
//! It does not check passwords, keep sessions or send codes by mail, and it does not learn by how much a clock is wrong. It
//! does not stop phishing: whoever passes on what a user types within the minute is let in. Against that there are passkeys.
//!
//! # Enrolment
//! 1. Make a secret, seal it into a column of its own, *pending*, and show it as a QR code (feature `qr`) and in base32.
//! 2. Let the user type a first code, and confirm it against the pending column. Then make it the active one. The first code
//!    is used up by that, so whoever has watched it cannot log in with it.
//! 3. Make recovery codes and show them once.
//!
//! Who has a second factor shows it before another takes its place, or before there are other recovery codes: both take the
//! proof.
//!
//! ```
//! use palisade::keys::KeyRing;
//! use palisade::rate_limit::LoginGuard;
//! use palisade::seal::Sealer;
//! use palisade::session::otp::{MemoryCodeStore, Otp, OtpSecret, OtpVerifier};
//! # use std::net::IpAddr;
//!
//! let sealer = Sealer::new(&KeyRing::generate()?); // or of a KeyFile
//! let verifier = OtpVerifier::new(sealer.clone(), MemoryCodeStore::new(10_000), LoginGuard::new()?);
//! # let addr: IpAddr = "203.0.113.9".parse()?;
//!
//! // 1. User 17 asks for a second factor.
//! let secret = OtpSecret::generate()?;
//! let pending: Vec<u8> = secret.seal(&sealer, "17")?;
//! let uri = Otp::default().provisioning_uri(&secret, "Acme", "ann@example.com")?; // uri.to_qr_svg()
//! let by_hand = secret.expose_base32();
//!
//! // 2. The authenticator is set up.
//! # let typed = Otp::default().at(&secret, std::time::SystemTime::now())?;
//! # let typed = typed.expose();
//! let verified = verifier.confirm_enrolment("17", addr, &pending, typed)?; // then: pending → active
//!
//! // 3. For the day the telephone is lost.
//! let codes = verifier.replace_recovery_codes(&verified)?;
//! let shown: Vec<&str> = codes.expose().collect();
//!
//! // At later logins, after the password: one of these.
//! assert!(verifier.verify("17", addr, &pending, typed).unwrap_err().is_rejected()); // the first code again
//! let verified = verifier.spend_recovery_code("17", addr, shown[0])?;
//! assert_eq!(verified.codes_left(), Some(9));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A user who changes telephones shows a code of the old one or a recovery code, and confirms the new secret by
//! [`OtpVerifier::confirm_replacement`]; the old secret stays until then. A code that was
//! just used to log in may stand in the way of the new secret's first for up to a minute: the next one is accepted. When the
//! second factor is given up, delete the sealed secret, then [`CodeStore::remove`] what is remembered, and end the user's other
//! sessions.
//!
//! # Security
//! - **A code is used once**: a code that was accepted, and every one before it, is refused from then on, by a
//!   compare-and-swap in the store. Processes that share users share a store.
//! - **Guesses are limited** before a code is looked at, by account, address, network and in all, by a
//!   [`LoginGuard`](crate::rate_limit::LoginGuard).
//! - **Secrets are sealed** for their user: who can write the table cannot give one user another's.
//! - **What fails denies**: without store, clock or key nobody is let in.
//!
//! # Source
//! HOTP: RFC 4226. TOTP: RFC 6238.

mod algorithm;
mod code;
mod error;
mod provisioning;
#[cfg(feature = "qr")]
mod qr;
mod recovery;
mod secret;
mod store;
mod verified;
mod verifier;

pub use algorithm::Algorithm;
pub use code::{Otp, OtpCode};
pub use error::{OtpError, OtpErrorKind, OtpParameterError, OtpParameterErrorKind};
pub use provisioning::ProvisioningUri;
pub use recovery::RecoveryCodes;
pub use secret::{OtpSecret, OtpSecretError, OtpSecretErrorKind};
pub use store::{AsyncCodeStore, CodeAnswer, CodeStore, CodeStoreError, MemoryCodeStore};
pub use verified::{Method, Verified};
pub use verifier::OtpVerifier;
