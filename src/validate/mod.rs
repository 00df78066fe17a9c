//! Turn untrusted text into a type that is valid, so that nothing behind it asks again.
//!
//! Every type has `parse(&str)`, which refuses or answers the one canonical form, and there is no other way to make one.
//!
//! ```
//! use palisade::validate::Slug;
//!
//! fn page(slug: &Slug) { /* no way here with text that nobody looked at */ }
//!
//! page(&Slug::parse("release-notes-2")?);
//! let refused = Slug::parse("../../etc/passwd").unwrap_err();
//! assert_eq!(refused.to_string(), "slug: only a to z, 0 to 9 and single hyphens between them, at byte 0");
//! assert_eq!((refused.subject(), refused.code(), refused.at()), ("slug", "character", Some(0)));
//! # Ok::<(), palisade::validate::Invalid>(())
//! ```
//!
//! | to accept | there is |
//! |---|---|
//! | a word in addresses of pages | [`Slug`] |
//! | a port; a network; many networks | [`Port`]; [`Cidr`]; [`CidrSet`] |
//! | an identifier as RFC 3986 writes it | [`Uri`] |
//! | an address to connect to | [`is_public_ip`] |
//!
//! All of a form's errors at once: [`Report`]. With feature `serde`, deserialising goes through `parse`.
//!
//! # Security
//! The length is looked at first: text that is too long is refused before it is read. What is refused is never repeated in an
//! error.

#[macro_use]
mod text;

mod cidr;
mod invalid;
mod ip;
mod port;
mod report;
mod slug;
mod uri;

pub use cidr::{Cidr, CidrSet};
pub use invalid::{Invalid, InvalidKind};
pub use ip::is_public_ip;
pub use port::Port;
pub use report::Report;
pub use slug::Slug;
pub use uri::Uri;
