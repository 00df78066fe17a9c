//! Stored hashes of other programs, one file a format.
//!
//! A reader answers `None` for a text that is not of its shape.

#[cfg(feature = "bcrypt")]
mod bcrypt;
mod better_auth;
mod django;
#[cfg(feature = "firebase")]
mod firebase;
mod mcf_scrypt;
mod node;
mod passlib;
mod python_snippet;
mod simple_scrypt;
mod spring;
mod werkzeug;

use super::Defect;
use super::stored::Record;

#[cfg(feature = "firebase")]
pub use firebase::FirebaseProject;

/// Every foreign shape that is read without being asked for: each says what it is.
pub(super) static FORMATS: &[Reader] = &[
    #[cfg(feature = "bcrypt")]
    bcrypt::read,
    django::read,
    mcf_scrypt::read,
    passlib::read,
    python_snippet::read,
    simple_scrypt::read,
    spring::read,
    werkzeug::read,
];

type Reader = fn(&str) -> Option<Result<Record, Defect>>;

/// A foreign shape that does not say what it is, and is read only when a policy asks for it by
/// [`HasherBuilder::import`](super::HasherBuilder::import).
///
/// ```
/// use palisade::password::{Format, Hasher};
///
/// let hasher = Hasher::builder().import(Format::BetterAuth).build()?;
/// # Ok::<(), palisade::password::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Format {
    /// better-auth's `salt:hash`: scrypt with N=2^14, r=16, p=1 of the password in form NFKC.
    BetterAuth,
    /// `salt:hash` in hexadecimal, as snippets around Node's `crypto.scrypt` store it: its defaults N=2^14, r=8, p=1, the
    /// salt's text as salt, 32 or 64 bytes.
    NodeColon,
    /// `hash.salt` or `salt.hash` in hexadecimal, the longer being the hash; otherwise as [`NodeColon`](Self::NodeColon).
    NodeDot,
    /// Firebase's, under a project's signer key.
    #[cfg(feature = "firebase")]
    Firebase(FirebaseProject),
}

impl Format {
    /// All that need nothing more to be known.
    pub(super) const ALL: [Self; 3] = [Self::BetterAuth, Self::NodeColon, Self::NodeDot];

    pub(super) fn read(&self, text: &str) -> Option<Result<Record, Defect>> {
        match self {
            Self::BetterAuth => better_auth::read(text),
            Self::NodeColon => node::read_colon(text),
            Self::NodeDot => node::read_dot(text),
            #[cfg(feature = "firebase")]
            Self::Firebase(project) => firebase::read(project, text),
        }
    }
}

/// Exactly so many fields, with `$` between.
fn fields<const N: usize>(text: &str) -> Result<[&str; N], Defect> {
    let mut fields = text.split('$');
    let mut found = [""; N];
    for field in &mut found {
        *field = fields.next().ok_or(Defect::OutputMissing)?;
    }
    if fields.next().is_some() { Err(Defect::TrailingField) } else { Ok(found) }
}

/// The exponent of a power of two.
fn log2(n: u32) -> Result<u8, Defect> {
    if n == u32::MAX {
        return Ok(u8::MAX); // it did not fit: above every ceiling
    }
    if !n.is_power_of_two() {
        return Err(Defect::CostUndefined);
    }
    u8::try_from(n.trailing_zeros()).map_err(|_| Defect::Number)
}
