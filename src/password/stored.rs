use std::fmt;
use std::str::FromStr;
#[cfg(feature = "firebase")]
use std::sync::Arc;

use super::import::{self, Format};
use super::pepper;
use super::scheme::Scheme;
use super::{Ceilings, Defect, VerifyError, phc};
use crate::keys::KeyId;

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
    /// What it may mean, likeliest first; more than one only where the shape leaves it open. Not empty.
    pub(super) readings: Vec<Reading>,
    pub(super) output: Vec<u8>,
    /// Whether its shape is another program's, to be replaced at the next login.
    pub(super) foreign: bool,
    /// The key that the password was peppered with.
    pub(super) pepper: Option<KeyId>,
}

/// One meaning of a stored text.
pub(super) struct Reading {
    pub(super) scheme: Scheme,
    pub(super) salt: Vec<u8>,
    pub(super) text: TextForm,
    pub(super) finish: Finish,
}

/// What is hashed of a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextForm {
    /// In Unicode's form NFC, or as it was typed.
    Usual,
    /// In form NFKC.
    Nfkc,
    /// SHA-256 of it in hexadecimal, as Django does before bcrypt.
    #[cfg(feature = "bcrypt")]
    HexSha256,
}

/// What is done to the derived bytes before they are compared.
pub(super) enum Finish {
    Nothing,
    /// They are the key that the project's signer key is encrypted under.
    #[cfg(feature = "firebase")]
    Firebase(Arc<import::FirebaseProject>),
}

impl Reading {
    pub(super) fn new(scheme: Scheme, salt: impl Into<Vec<u8>>) -> Self {
        Self { scheme, salt: salt.into(), text: TextForm::Usual, finish: Finish::Nothing }
    }
}

impl Record {
    /// A record whose output is of a length that cannot be guessed.
    pub(super) fn new(readings: Vec<Reading>, output: Vec<u8>, foreign: bool) -> Result<Self, Defect> {
        match output.len() {
            ..10 => Err(Defect::OutputTooShort),
            65.. => Err(Defect::OutputTooLong),
            _ => Ok(Self { readings, output, foreign, pepper: None }),
        }
    }

    /// One of another program.
    pub(super) fn foreign(reading: Reading, output: Vec<u8>) -> Result<Self, Defect> {
        Self::new(vec![reading], output, true)
    }

    /// Reads any self-describing shape, and those of `formats`. Nothing here grows with a number inside the text.
    pub(super) fn read(text: &str, formats: &[Format]) -> Result<Self, Defect> {
        if text.len() > MAX_BYTES {
            return Err(Defect::TooLong);
        }
        if let Some((pepper, rest)) = pepper::split(text)? {
            let record = phc::read(rest)?;
            return Ok(Self { pepper: Some(pepper), ..record });
        }
        if let Some(read) = import::FORMATS.iter().find_map(|read| read(text)) {
            return read;
        }
        if text.starts_with('$') {
            return phc::read(text);
        }
        let mut readings = Vec::new();
        let mut output = None;
        for record in formats.iter().filter_map(|format| format.read(text)) {
            let record = record?;
            // All shapes that fit agree on what is the hash.
            if output.get_or_insert_with(|| record.output.clone()) == &record.output {
                readings.extend(record.readings);
            }
        }
        Self::new(readings, output.ok_or(Defect::Shape)?, true)
    }
}

impl Record {
    /// The likeliest.
    pub(super) fn scheme(&self) -> Scheme {
        self.readings.first().map_or_else(Scheme::default, |reading| reading.scheme)
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
        Self::parse_under(text, &Ceilings::default(), &[])
    }

    pub(super) fn parse_under(
        text: &str,
        ceilings: &Ceilings,
        formats: &[Format],
    ) -> Result<Self, VerifyError> {
        let record = Record::read(text, formats)?;
        record.readings.iter().try_for_each(|reading| reading.scheme.admit(ceilings))?;
        Ok(Self { text: text.to_owned(), scheme: record.scheme() })
    }

    pub(super) fn new(scheme: Scheme, salt: &[u8], output: &[u8], pepper: Option<KeyId>) -> Self {
        let mut text = pepper.map_or_else(String::new, pepper::prefix);
        text.push_str(&phc::write(scheme, salt, output));
        Self { text, scheme }
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
        let record = Record::read(&text, &[]).map_err(serde::de::Error::custom)?;
        Ok(Self { scheme: record.scheme(), text })
    }
}

/// The longest text that is looked at; the longest hash we read has under 300.
const MAX_BYTES: usize = 512;
