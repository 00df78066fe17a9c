use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::UnixTime;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, RootCertStore};

use super::settings::provider;
use super::{Refusal, TlsError, TlsErrorKind, pem, verifier};
use crate::clock::{Clock, SystemClock};
use crate::secret::{CIPHER, ExposeSecret, SecretBytes, on_clean_stack};

/// A certificate with those above it, and its private key: what a server shows, or a client to a server that asks.
///
/// ```no_run
/// use palisade::transport::tls::{HardenedServer, Identity};
///
/// let identity = Identity::from_files("/etc/acme/server.pem", "/etc/acme/server.key")?;
/// let server = HardenedServer::new(identity)?;
/// # Ok::<(), palisade::transport::tls::TlsError>(())
/// ```
///
/// The chain is in PEM, the own certificate first, then its issuer and so on; the root may be left out. The key is in PEM, as
/// PKCS #8, PKCS #1 or SEC 1, and not encrypted: keep it in a file that its owner alone can read, or among the application's
/// [secrets](crate::config).
///
/// # Security
/// What the key's text is decoded to is erased. The key that ring makes of it is not, when it is dropped; and of a key as SEC 1 a
/// copy is made that is not. Prefer PKCS #8, and replace a key by starting anew.
#[derive(Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
}

/// What a certificate is to be used for.
#[derive(Clone, Copy)]
pub(super) enum Usage {
    Client,
    Server,
}

impl Identity {
    /// Reads a chain and a key in PEM.
    ///
    /// # Errors
    /// [`TlsErrorKind::Chain`], [`TlsErrorKind::Key`] or [`TlsErrorKind::KeyMismatch`]; [`TlsErrorKind::OwnCertificate`] for a
    /// key of less than 2048 bits.
    pub fn from_pem(chain: &[u8], key: &SecretBytes) -> Result<Self, TlsError> {
        let chain = pem::certificates(chain).ok_or(TlsErrorKind::Chain)?;
        if chain.first().is_some_and(verifier::is_weak) {
            return Err(TlsErrorKind::OwnCertificate(Refusal::WeakKey).into());
        }
        let key = pem::private_key(key).ok_or(TlsErrorKind::Key)?;
        let signer = on_clean_stack::<CIPHER, _>(|| any_supported_type(&key.expose_der()));
        let key = CertifiedKey::new(chain, signer.map_err(|_| TlsErrorKind::Key)?);
        match key.keys_match() {
            Ok(()) => Ok(Self { key: Arc::new(key) }),
            Err(Error::InconsistentKeys(_)) => Err(TlsErrorKind::KeyMismatch.into()),
            Err(_) => Err(TlsErrorKind::Chain.into()),
        }
    }

    /// Reads a chain and a key from files of PEM.
    ///
    /// Where the two are replaced one after the other, a call in between fails with [`TlsErrorKind::KeyMismatch`]: try again later.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem), and [`TlsErrorKind::Unreadable`].
    pub fn from_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            let file = File::open(path).and_then(|file| SecretBytes::read_from(file, MAX_FILE));
            file.map_err(|error| TlsErrorKind::Unreadable(error.kind()))
        };
        Self::from_pem(read(chain.as_ref())?.expose_secret(), &read(key.as_ref())?)
    }

    /// The certificate and its key, if the other side would accept the certificate now, whichever authority it trusts.
    pub(super) fn for_use(&self, usage: Usage) -> Result<Arc<CertifiedKey>, TlsErrorKind> {
        let refused = |error: &Error| TlsErrorKind::OwnCertificate(error.into());
        match self.verify(usage) {
            // Of one certificate alone, nobody here knows the issuer.
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) if self.key.cert.len() == 1 => {}
            result => result.map_err(|error| refused(&error))?,
        }
        Ok(Arc::clone(&self.key))
    }

    /// Verifies the certificate with the others of its chain as roots, or itself where it is alone.
    fn verify(&self, usage: Usage) -> Result<(), Error> {
        let (own, above) = self.key.cert.split_first().ok_or(Error::NoCertificatesPresented)?;
        let mut roots = RootCertStore::empty();
        for certificate in if above.is_empty() { &self.key.cert } else { above } {
            roots.add(certificate.clone())?;
        }
        let now = SystemClock.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(now);
        match usage {
            Usage::Server => {
                let algorithms = provider().signature_verification_algorithms.all;
                let own = ParsedCertificate::try_from(own)?;
                verify_server_cert_signed_by_trust_anchor(&own, &roots, above, now, algorithms)
            }
            Usage::Client => {
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
                let verifier = verifier.build().map_err(|error| Error::General(error.to_string()))?;
                verifier.verify_client_cert(own, above, now).map(drop)
            }
        }
    }
}

/// Without the key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

/// The longest file that is read: chains take less than a tenth.
const MAX_FILE: usize = 64 * 1024;
