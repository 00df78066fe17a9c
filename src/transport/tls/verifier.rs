//! The verification of `rustls`, and what it leaves out: pins, and that a weak key is called one.

use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme,
};

use super::settings::provider;
use super::{Pin, Refusal, TlsErrorKind, pem};

/// Judges servers for a client.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    webpki: Arc<WebPkiServerVerifier>,
    /// Empty: any key.
    pins: Vec<Pin>,
}

/// Judges clients for a server; its revocation lists can be replaced.
#[derive(Debug)]
pub(super) struct ClientVerifier {
    roots: Arc<RootCertStore>,
    hints: Vec<DistinguishedName>,
    webpki: RwLock<Arc<dyn ClientCertVerifier>>,
}

impl ServerVerifier {
    pub(super) fn new(
        roots: RootCertStore,
        crls: Vec<CertificateRevocationListDer<'static>>,
        pins: Vec<Pin>,
    ) -> Result<Self, TlsErrorKind> {
        pem::one_list_each(&crls)?;
        // The whole chain is looked up in the lists, and what is not found there is an error.
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
            .with_crls(crls)
            .enforce_revocation_expiration()
            .build()
            .map_err(|_| TlsErrorKind::Crls)?;
        Ok(Self { webpki, pins })
    }
}

impl ClientVerifier {
    pub(super) fn new(
        roots: Arc<RootCertStore>,
        crls: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<Self, TlsErrorKind> {
        let webpki = RwLock::new(Self::webpki(&roots, crls)?);
        Ok(Self { hints: roots.subjects(), roots, webpki })
    }

    pub(super) fn replace_crls(
        &self,
        crls: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<(), TlsErrorKind> {
        let next = Self::webpki(&self.roots, crls)?;
        *self.webpki.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    fn webpki(
        roots: &Arc<RootCertStore>,
        crls: Vec<CertificateRevocationListDer<'static>>,
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsErrorKind> {
        pem::one_list_each(&crls)?;
        WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), provider())
            .with_crls(crls)
            .enforce_revocation_expiration()
            .build()
            .map_err(|_| TlsErrorKind::Crls)
    }

    fn current(&self) -> Arc<dyn ClientCertVerifier> {
        // INVARIANT: nothing panics while the lock is held for writing.
        Arc::clone(&self.webpki.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        let verified = with_strong_keys(verified, end_entity, intermediates)?;
        // The server's own key alone: of the other certificates that it sends, nobody says that they are in the chain that was verified.
        if self.pins.is_empty() || Pin::of(end_entity).is_some_and(|pin| self.pins.contains(&pin)) {
            return Ok(verified);
        }
        Err(Refusal::PinMismatch.into_rustls())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.current().verify_client_cert(end_entity, intermediates, now);
        with_strong_keys(verified, end_entity, intermediates)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.current().verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.current().supported_verify_schemes()
    }
}

/// Whether the certificate's key is of RSA with less than 2048 bits.
///
/// ring verifies nothing with such a key, so this decides nothing but what the error is called, and looks at the length
/// alone: with the exponents in use, 3 and 65537, the whole takes 292 and 294 bytes for 2048 bits.
pub(super) fn is_weak(certificate: &CertificateDer<'_>) -> bool {
    let Ok(parsed) = ParsedCertificate::try_from(certificate) else { return false };
    let key: SubjectPublicKeyInfoDer<'_> = parsed.subject_public_key_info();
    key.len() < 292 && memchr::memmem::find(&key, RSA_ENCRYPTION).is_some()
}

/// A key that is too weak to verify anything with is told as such, and not as a wrong signature, and before it has to sign.
fn with_strong_keys<T>(
    verified: Result<T, Error>,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> Result<T, Error> {
    let is_weak = match verified {
        Ok(_) => is_weak(end_entity),
        Err(Error::InvalidCertificate(CertificateError::BadSignature)) => intermediates.iter().any(is_weak),
        Err(_) => false,
    };
    if is_weak { Err(Refusal::WeakKey.into_rustls()) } else { verified }
}

/// The object identifier 1.2.840.113549.1.1.1 in DER: RFC 8017, Appendix A.1.
const RSA_ENCRYPTION: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
