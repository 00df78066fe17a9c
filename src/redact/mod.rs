//! Keep secrets and personal data out of logs.

mod detect;
mod error;
mod finding;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "json")]
mod json;
mod key;
mod kind;
mod known;
mod mask;
mod redactor;
mod rule;
mod scan;
mod text;
mod value;
mod writer;

pub use error::{RedactError, RedactErrorKind};
pub use finding::{Counts, Finding};
pub use kind::Kind;
pub use mask::Mask;
pub use redactor::{Builder, Redactor, Registrable};
pub use rule::Rule;
pub use writer::Writer;
