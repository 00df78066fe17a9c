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
//! | a line that a person types; several lines | [`SafeText`]; [`SafeLines`] |
//! | the name of an account; with feature `idn`, in any one script | [`Username`]; `IdnUsername` |
//! | the name of a file; a path below a folder | [`FileName`]; [`RelPath`], and with feature `files` `BaseDir` that opens it |
//! | what a program is to work on | [`CommandArg`], which [`process`](crate::process) runs it with |
//! | the value of a header field | [`HeaderValue`] |
//! | a UUID | [`Uuid`] |
//! | text of your own rules | [`CharSpec`] |
//!
//! All of a form's errors at once: [`Report`]. With feature `serde`, deserialising goes through `parse`.
//!
//! # Security
//! The length is looked at first: text that is too long is refused before it is read. What is refused is never repeated in an
//! error.

#[macro_use]
mod text;

#[cfg(feature = "files")]
mod base_dir;
mod char_spec;
mod characters;
mod command_arg;
mod file_name;
mod header_value;
#[cfg(feature = "idn")]
mod idn_username;
mod invalid;
mod rel_path;
mod report;
mod safe_lines;
mod safe_text;
mod slug;
mod username;
mod uuid;

#[cfg(feature = "files")]
pub use base_dir::{BaseDir, BaseDirError, BaseDirErrorKind};
pub use char_spec::CharSpec;
pub use command_arg::CommandArg;
pub use file_name::FileName;
pub use header_value::HeaderValue;
#[cfg(feature = "idn")]
pub use idn_username::IdnUsername;
pub use invalid::{Invalid, InvalidKind};
pub use rel_path::RelPath;
pub use report::Report;
pub use safe_lines::SafeLines;
pub use safe_text::SafeText;
pub use slug::Slug;
pub use username::Username;
pub use uuid::Uuid;
