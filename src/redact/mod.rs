//! Keep secrets and personal data out of logs.

mod detect;
mod error;
#[cfg(any(feature = "log", feature = "tracing"))]
mod fields;
mod finding;
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
