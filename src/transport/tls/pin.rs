use std::fmt;

use base64ct::{Base64, Encoding};
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;
use sha2::{Digest, Sha256};

use super::{TlsError, TlsErrorKind, pem};
use crate::encoding;

/// The SHA-256 of a certificate's public key, as other programs write it too: `sha256/` and base64.
///
/// ```
/// use palisade::transport::tls::Pin;
///
/// let pin = Pin::parse("sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")?;
/// assert_eq!(pin.to_string(), "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
/// # Ok::<(), palisade::transport::tls::TlsError>(())
/// ```
///
/// A renewed certificate has the same pin if it is for the same key.
///
/// # Source
/// Of the subjectPublicKeyInfo in DER: RFC 7469 §2.4.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pin([u8; 32]);

impl Pin {
    /// Reads a pin.
    ///
    /// # Errors
    /// [`TlsErrorKind::Pin`].
    pub fn parse(text: &str) -> Result<Self, TlsError> {
        let mut pin = [0; 32];
        let base64 = text.strip_prefix(PREFIX).ok_or(TlsErrorKind::Pin)?;
        encoding::from_any_base64(base64, &mut pin).ok_or(TlsErrorKind::Pin)?;
        Ok(Self(pin))
    }

    /// The pin of the first certificate in a text of PEM.
    ///
    /// # Errors
    /// [`TlsErrorKind::Chain`].
    pub fn of_certificate(pem: &[u8]) -> Result<Self, TlsError> {
        let chain = pem::certificates(pem).ok_or(TlsErrorKind::Chain)?;
        Ok(chain.first().and_then(Self::of).ok_or(TlsErrorKind::Chain)?)
    }

    pub(super) fn of(certificate: &CertificateDer<'_>) -> Option<Self> {
        let parsed = ParsedCertificate::try_from(certificate).ok()?;
        Some(Self(Sha256::digest(parsed.subject_public_key_info()).into()))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pin({self})")
    }
}

const PREFIX: &str = "sha256/";
