use std::error::Error;
use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, OtherError, PeerIncompatible, PeerMisbehaved};

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident $code:literal $is_certificate:literal $message:literal;)*) => {
        /// Why a connection was not made, or a certificate not accepted.
        ///
        /// It is read from an error of `rustls`, also from one inside another error, as those of tokio, hyper and reqwest are.
        ///
        /// ```
        /// use palisade::audit::Event;
        /// use palisade::transport::tls::Refusal;
        ///
        /// fn event(host: &'static str, error: &(dyn std::error::Error + 'static)) -> Option<Event> {
        ///     let refusal = Refusal::find(error)?;
        ///     refusal.is_certificate().then(|| Event::certificate_error().resource(host).reason(refusal.as_str()))
        /// }
        ///
        /// let error = rustls::Error::InvalidCertificate(rustls::CertificateError::Revoked);
        /// assert_eq!(Refusal::from(&error), Refusal::Revoked);
        /// assert!(event("api.example.com", &std::io::Error::other(error)).is_some());
        /// ```
        ///
        /// # Security
        /// It holds nothing that the other side wrote; errors of `rustls` do: names in certificates.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Refusal { $($(#[$doc])* $name,)* }

        impl Refusal {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in a log. It stays as it is.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// Whether a certificate was not accepted, as an audit log wants to know.
            pub const fn is_certificate(self) -> bool {
                match self { $(Self::$name => $is_certificate,)* }
            }

            const fn message(self) -> &'static str {
                match self { $(Self::$name => $message,)* }
            }
        }
    };
}

refusals! {
    /// The certificate is past its time.
    Expired "expired" true "the certificate has expired: have it renewed, or set the clock of this machine";
    /// The certificate's time has not come.
    NotYetValid "not_yet_valid" true "the certificate is not valid yet: set the clock of this machine";
    /// No authority that is trusted issued the certificate, or the other side does not send those between.
    UnknownIssuer "unknown_issuer" true
        "no trusted authority issued the certificate: add its authority, or have the server send its whole chain";
    /// The certificate is for other names.
    WrongHost "wrong_host" true
        "the certificate is not for this host: have it issued with the host as a subject alternative name";
    /// The certificate is for something else, such as a client's for a server.
    WrongPurpose "wrong_purpose" true
        "the certificate is for another purpose: have it issued for servers or for clients, as it is used";
    /// The certificate is an authority's own.
    CaAsLeaf "ca_as_leaf" true
        "the certificate is that of an authority: have one issued without CA:TRUE and trust the authority";
    /// An authority above is not allowed to issue for this name.
    NameConstraint "name_constraint" true
        "an authority in the chain may not issue for this name: have the certificate issued by another";
    /// A certificate issued another, and may not, or not as deep; or the chain is too tangled to be followed.
    BrokenChain "broken_chain" true
        "the chain breaks a rule of one of its certificates: have the other side send the right ones";
    /// A key is of less than 2048 bits.
    WeakKey "weak_key" true "a key is of less than 2048 bits: have the certificate issued for a new key";
    /// A signature is of a kind that is weak or unknown.
    WeakSignature "weak_signature" true
        "a signature is of a kind that is weak, as with SHA-1, or unknown: have the certificate issued with SHA-256";
    /// A signature does not fit: somebody changed a certificate, or does not have its key.
    BadSignature "bad_signature" true "a signature is not that of the certificate's key or of its issuer's";
    /// The certificate was revoked.
    Revoked "revoked" true "the certificate was revoked: have a new one issued";
    /// No revocation list tells whether the certificate was revoked.
    UnknownRevocation "unknown_revocation" true
        "no revocation list covers the certificate: give the lists of all authorities in its chain";
    /// The revocation list is past its time.
    ExpiredCrl "expired_crl" true "the revocation list has expired: fetch the new one";
    /// The revocation list is not its authority's.
    BadCrl "bad_crl" true "the revocation list is not one of the certificate's authority: fetch it again";
    /// The certificate cannot be read, or has critical extensions that are not understood.
    Malformed "malformed_certificate" true "the certificate is damaged, or has critical extensions that are not understood";
    /// The key is none of those that were pinned.
    PinMismatch "pin_mismatch" true
        "the server's key is none of the pinned ones: is it the right server? if its key was changed, pin the new one";
    /// The other side showed no certificate.
    NoCertificate "no_certificate" true "the other side showed no certificate";
    /// The other side did not accept our certificate.
    OwnCertificate "own_certificate" true
        "the other side did not accept our certificate: look at its expiry, its names, its chain and who trusts its authority";
    /// The other side asks for a certificate, and we have none.
    CertificateRequired "certificate_required" true "the other side asks for a certificate: give the client an identity";

    /// The other side does not speak TLS 1.2 or 1.3, or not the one that is left.
    ProtocolVersion "protocol_version" false "there is no common version of TLS: the other side needs 1.2 or 1.3";
    /// There is no common cipher suite, group or kind of signature.
    NoCommonSuite "no_common_suite" false
        "there is no common cipher suite, group or signature: the other side needs ECDHE with AES-GCM or ChaCha20-Poly1305";
    /// The other side does not bind the keys of TLS 1.2 to its handshake.
    NoExtendedMasterSecret "no_extended_master_secret" false
        "the other side has TLS 1.2 without the extended master secret: it needs TLS 1.3, or a newer library";
    /// There is no common protocol above TLS.
    NoCommonProtocol "no_common_protocol" false "there is no common application protocol: the sides differ in ALPN";
    /// Somebody between made the sides agree on less than both can.
    Downgrade "downgrade" false "both sides can do more than was agreed on: somebody between them interferes";
    /// What came is not TLS, or breaks its rules.
    Protocol "protocol" false "the other side does not speak TLS by the rules: is it the right port?";
    /// The other side refused, for a reason of its own.
    Alert "alert" false "the other side ended the handshake with an alert";
    /// The connection ended in the middle.
    Closed "closed" false "the connection ended within the handshake";
    /// The stream's timeout was reached.
    TimedOut "timed_out" false "the other side did not answer in time";
    /// The connection failed below TLS.
    Connection "connection" false "the connection failed";
    /// Misuse: what should be a host is neither a DNS name nor an IP address.
    Host "host" false "a host is a DNS name in ASCII or an IP address, without a port";
    /// This side failed, not the other.
    Internal "internal" false "the handshake failed on this side";
}

impl Refusal {
    /// The reason that an error of another library was made of, if it was one of TLS.
    pub fn find(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(refusal) = error.downcast_ref::<Self>() {
                return Some(*refusal);
            }
            if let Some(error) = error.downcast_ref::<rustls::Error>() {
                return Some(error.into());
            }
            // What is inside an error of `io` is not among its sources; its sources come after it.
            let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            next = inside.map(|inside| inside as _).or_else(|| error.source());
        }
        None
    }

    /// As verifiers of `rustls` report it.
    pub(super) fn into_rustls(self) -> rustls::Error {
        CertificateError::Other(OtherError(Arc::new(self))).into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Refusal {}

impl From<&io::Error> for Refusal {
    fn from(error: &io::Error) -> Self {
        Self::find(error).unwrap_or_else(|| match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => {
                Self::Closed
            }
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::TimedOut,
            _ => Self::Connection,
        })
    }
}

impl From<&rustls::Error> for Refusal {
    fn from(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::of_certificate(error),
            rustls::Error::InvalidCertRevocationList(_) => Self::BadCrl,
            rustls::Error::NoCertificatesPresented => Self::NoCertificate,
            rustls::Error::AlertReceived(alert) => Self::of_alert(*alert),
            rustls::Error::PeerIncompatible(error) => Self::of_incompatible(error),
            rustls::Error::PeerMisbehaved(PeerMisbehaved::AttemptedDowngradeToTls12WhenTls13IsSupported) => {
                Self::Downgrade
            }
            rustls::Error::NoApplicationProtocol => Self::NoCommonProtocol,
            rustls::Error::InappropriateMessage { .. }
            | rustls::Error::InappropriateHandshakeMessage { .. }
            | rustls::Error::InvalidMessage(_)
            | rustls::Error::PeerMisbehaved(_)
            | rustls::Error::PeerSentOversizedRecord
            | rustls::Error::DecryptError => Self::Protocol,
            rustls::Error::Other(OtherError(error)) => Self::find(&**error).unwrap_or(Self::Internal),
            _ => Self::Internal,
        }
    }
}

impl Refusal {
    fn of_certificate(error: &CertificateError) -> Self {
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::UnknownRevocationStatus => Self::UnknownRevocation,
            CertificateError::ExpiredRevocationList
            | CertificateError::ExpiredRevocationListContext { .. } => Self::ExpiredCrl,
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::WeakSignature
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::WrongHost
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::WrongPurpose
            }
            CertificateError::Other(OtherError(error)) => {
                if let Some(refusal) = error.downcast_ref::<Self>() {
                    return *refusal;
                }
                error.downcast_ref().map_or(Self::Malformed, Self::of_webpki)
            }
            _ => Self::Malformed,
        }
    }

    /// What `rustls` has no name of its own for.
    fn of_webpki(error: &webpki::Error) -> Self {
        match error {
            webpki::Error::CaUsedAsEndEntity => Self::CaAsLeaf,
            webpki::Error::NameConstraintViolation => Self::NameConstraint,
            webpki::Error::SignatureAlgorithmMismatch => Self::BadSignature,
            webpki::Error::EndEntityUsedAsCa
            | webpki::Error::PathLenConstraintViolated
            | webpki::Error::MaximumNameConstraintComparisonsExceeded
            | webpki::Error::MaximumPathBuildCallsExceeded
            | webpki::Error::MaximumPathDepthExceeded
            | webpki::Error::MaximumSignatureChecksExceeded => Self::BrokenChain,
            _ => Self::Malformed,
        }
    }

    fn of_alert(alert: AlertDescription) -> Self {
        match alert {
            AlertDescription::ProtocolVersion => Self::ProtocolVersion,
            AlertDescription::HandshakeFailure | AlertDescription::InsufficientSecurity => Self::NoCommonSuite,
            AlertDescription::NoApplicationProtocol => Self::NoCommonProtocol,
            AlertDescription::CertificateRequired => Self::CertificateRequired,
            AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
            // OpenSSL's word for a signature of ours that it does not accept, as with a weak key.
            | AlertDescription::DecryptError => Self::OwnCertificate,
            _ => Self::Alert,
        }
    }

    fn of_incompatible(error: &PeerIncompatible) -> Self {
        match error {
            // Clients of TLS 1.1 do not send it, and newer ones must.
            PeerIncompatible::SignatureAlgorithmsExtensionRequired
            | PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::SupportedVersionsExtensionRequired
            | PeerIncompatible::Tls12NotOffered
            | PeerIncompatible::Tls12NotOfferedOrEnabled => Self::ProtocolVersion,
            PeerIncompatible::ExtendedMasterSecretExtensionRequired => Self::NoExtendedMasterSecret,
            PeerIncompatible::NoCertificateRequestSignatureSchemesInCommon
            | PeerIncompatible::NoCipherSuitesInCommon
            | PeerIncompatible::NoEcPointFormatsInCommon
            | PeerIncompatible::NoKxGroupsInCommon
            | PeerIncompatible::NoSignatureSchemesInCommon
            | PeerIncompatible::EcPointsExtensionRequired
            | PeerIncompatible::KeyShareExtensionRequired
            | PeerIncompatible::NamedGroupsExtensionRequired
            | PeerIncompatible::UncompressedEcPointsRequired => Self::NoCommonSuite,
            _ => Self::Protocol,
        }
    }
}
