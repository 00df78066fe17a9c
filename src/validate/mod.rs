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
//! | the name of a host: in ASCII, in Unicode | [`Hostname`], [`IdnHostname`] |
//! | any name in the DNS | [`DnsName`] |
//! | an e-mail address: as people type it, as mail servers exchange it | [`Email`], [`RfcEmail`] |
//! | a port; a network; many networks | [`Port`]; [`Cidr`]; [`CidrSet`] |
//! | an identifier as RFC 3986 writes it | [`Uri`] |
//! | an address to connect to | [`is_public_ip`] |
//! | a URL to connect to, with feature `url` | `OutboundUrl`, judged by a `UrlPolicy` and resolved to a `PinnedTarget` |
//! | where to send a browser, with feature `url` | `LocalTarget` |
//! | where a page comes from, with feature `url` | `Origin` |
//! | a line that a person types; several lines | [`SafeText`]; [`SafeLines`] |
//! | the name of an account; with feature `idn`, in any one script | [`Username`] |
//! | the name of a file; a path below a folder | [`FileName`]; [`RelPath`], and with feature `files` `BaseDir` that opens it |
//! | what a program is to work on | [`CommandArg`], which [`process`](crate::process) runs it with |
//! | the value of a header field | [`HeaderValue`] |
//! | a UUID | [`Uuid`] |
//! | text of your own rules | [`CharSpec`] |
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
#[cfg(feature = "files")]
mod base_dir;
mod char_spec;
mod characters;
mod cidr;
mod command_arg;
mod deceptive;
mod dns_name;
mod email;
mod file_name;
mod header_value;
mod hostname;
mod idn_hostname;
mod idna;
mod invalid;
mod ip;
mod ldh;
#[cfg(feature = "url")]
mod local_target;
mod mailbox;
mod one_of;
#[cfg(feature = "url")]
mod origin;
#[cfg(feature = "url")]
mod outbound;
mod pattern;
mod port;
mod rel_path;
mod report;
#[cfg(feature = "reqwest")]
pub mod reqwest;
mod rfc_email;
mod safe_lines;
mod safe_text;
mod slug;
mod sql_ident;
mod uri;
mod username;
mod uuid;
#[cfg(feature = "url")]
mod web;

pub use allowlist::Allowlist;
#[cfg(feature = "files")]
pub use base_dir::{BaseDir, BaseDirError, BaseDirErrorKind};
pub use char_spec::CharSpec;
pub use cidr::{Cidr, CidrSet};
pub use command_arg::CommandArg;
pub use dns_name::DnsName;
pub use email::Email;
pub use file_name::FileName;
pub use header_value::HeaderValue;
pub use hostname::Hostname;
pub use idn_hostname::IdnHostname;
pub use invalid::{Invalid, InvalidKind};
pub use ip::is_public_ip;
#[cfg(feature = "url")]
pub use local_target::LocalTarget;
#[doc(hidden)]
pub use one_of::none_of;
#[cfg(feature = "url")]
pub use origin::Origin;
#[cfg(feature = "url")]
pub use outbound::{OutboundUrl, PinnedTarget, Redirects, Resolver, SystemResolver, TargetError, UrlPolicy};
pub use pattern::{Pattern, PatternError, PatternErrorKind};
pub use port::Port;
pub use rel_path::RelPath;
pub use report::Report;
pub use rfc_email::RfcEmail;
pub use safe_lines::SafeLines;
pub use safe_text::SafeText;
pub use slug::Slug;
pub use sql_ident::SqlIdent;
pub use uri::Uri;
pub use username::Username;
pub use uuid::Uuid;
