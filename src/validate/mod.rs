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
//! | the name of a table or column | [`SqlIdent`] |
//! | one of a list | [`Allowlist`]; [`one_of!`](crate::one_of) for a list that the program knows |
//! | text of a form that no type here has | [`Pattern`] |
//!
//! All of a form's errors at once: [`Report`]. With feature `serde`, deserialising goes through `parse`.
//!
//! # Security
//! The length is looked at first: text that is too long is refused before it is read. What is refused is never repeated in an
//! error.

#[macro_use]
mod text;

mod allowlist;
mod invalid;
mod one_of;
mod pattern;
mod report;
mod slug;
mod sql_ident;

pub use allowlist::Allowlist;
pub use invalid::{Invalid, InvalidKind};
#[doc(hidden)]
pub use one_of::none_of;
pub use pattern::{Pattern, PatternError, PatternErrorKind};
pub use report::Report;
pub use slug::Slug;
pub use sql_ident::SqlIdent;
