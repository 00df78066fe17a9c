use std::fmt;
use std::str::FromStr;

use super::scheme::Scheme;
use super::{Ceilings, Defect, VerifyError, import, phc};

/// A hashed password as text, fit to be stored.
///
/// `Debug` shows the scheme, not the salt or hash: a table of hashes is worth stealing.
///
/// ```
/// use palisade::password::{Hasher, StoredHash, VerifyErrorKind};
///
/// let column: String = Hasher::default().hash("correct horse")?.into_string();
/// let checked = StoredHash::parse(&column)?; // microseconds: nothing is hashed
///
/// let hostile = "$scrypt$ln=48,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E";
/// assert_eq!(StoredHash::parse(hostile).unwrap_err().kind(), VerifyErrorKind::CostAboveCeiling);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash {
    text: String,
    scheme: Scheme,
}

/// What a stored text says.
pub(super) struct Record {
    pub(super) scheme: Scheme,
    /// The readings of its salt, likeliest first; more than one only where the shape leaves it open.
    pub(super) salts: Vec<Vec<u8>>,
    pub(super) output: Vec<u8>,
    /// Whether its shape is another program's, to be replaced at the next login.
    pub(super) foreign: bool,
}

impl Record {
    /// Reads any known shape. Nothing here grows with a number inside the text.
    pub(super) fn read(text: &str) -> Result<Self, Defect> {
        if text.len() > MAX_BYTES {
            return Err(Defect::TooLong);
        }
        if text.starts_with('$') {
            return phc::read(text);
        }
        import::FORMATS.iter().find_map(|read| read(text)).ok_or(Defect::Shape)
    }
}

impl StoredHash {
    /// Checks a stored text without hashing anything, under the default [`Ceilings`].
    ///
    /// It takes microseconds, whatever the text, and allocates a few hundred bytes. A policy with other ceilings
    /// checks with [`Hasher::parse`](super::Hasher::parse).
    ///
    /// # Errors
    /// [`VerifyError`] of kind `Malformed`, `UnknownScheme` or `CostAboveCeiling`; its
    /// [`defect`](VerifyError::defect) names what is wrong.
    pub fn parse(text: &str) -> Result<Self, VerifyError> {
        Self::parse_under(text, &Ceilings::default())
    }

    pub(super) fn parse_under(text: &str, ceilings: &Ceilings) -> Result<Self, VerifyError> {
        let scheme = Record::read(text)?.scheme;
        scheme.admit(ceilings)?;
        Ok(Self { text: text.to_owned(), scheme })
    }

    pub(super) fn new(scheme: Scheme, salt: &[u8], output: &[u8]) -> Self {
        Self { text: phc::write(scheme, salt, output), scheme }
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text to store.
    pub fn into_string(self) -> String {
        self.text
    }

    /// Algorithm and costs.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }
}

impl AsRef<str> for StoredHash {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

impl FromStr for StoredHash {
    type Err = VerifyError;

    fn from_str(text: &str) -> Result<Self, VerifyError> {
        Self::parse(text)
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredHash({})", self.scheme)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for StoredHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for StoredHash {
    /// Checks the shape and not the costs, which depend on a policy: `verify` checks them before any work.
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let record = Record::read(&text).map_err(serde::de::Error::custom)?;
        Ok(Self { text, scheme: record.scheme })
    }
}

/// The longest text that is looked at; the longest hash we read has under 300.
const MAX_BYTES: usize = 512;
