//! What clients and servers have in common.

use std::io::{Read, Write};
use std::ops::DerefMut;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateRevocationListDer;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ConfigBuilder, ConfigSide, ConnectionCommon, RootCertStore, SideData, SupportedProtocolVersion,
    WantsVerifier, WantsVersions,
};

use super::{Refusal, TlsErrorKind, pem};

/// Collected by the builders of both; read when they build.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) authorities: Vec<Vec<u8>>,
    pub(super) crls: Vec<Vec<u8>>,
    pub(super) alpn: Vec<Vec<u8>>,
    pub(super) is_tls13_only: bool,
}

impl Settings {
    pub(super) fn versions<S: ConfigSide>(
        &self,
        builder: ConfigBuilder<S, WantsVersions>,
    ) -> ConfigBuilder<S, WantsVerifier> {
        let versions: &[&SupportedProtocolVersion] =
            if self.is_tls13_only { &[&TLS13] } else { &[&TLS13, &TLS12] };
        builder.with_protocol_versions(versions).expect("ring has suites for both versions")
    }

    pub(super) fn add_authorities(&self, roots: &mut RootCertStore) -> Result<(), TlsErrorKind> {
        for text in &self.authorities {
            for certificate in pem::certificates(text).ok_or(TlsErrorKind::Authorities)? {
                roots.add(certificate).map_err(|_| TlsErrorKind::Authorities)?;
            }
        }
        if roots.is_empty() { Err(TlsErrorKind::NoRoots) } else { Ok(()) }
    }

    pub(super) fn crls(&self) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsErrorKind> {
        let lists = self.crls.iter().map(|text| pem::crls(text).ok_or(TlsErrorKind::Crls));
        Ok(lists.collect::<Result<Vec<_>, _>>()?.concat())
    }

    pub(super) fn alpn(&self) -> Result<Vec<Vec<u8>>, TlsErrorKind> {
        let is_name = |name: &Vec<u8>| (1..=255).contains(&name.len());
        if self.alpn.iter().all(is_name) { Ok(self.alpn.clone()) } else { Err(TlsErrorKind::Alpn) }
    }
}

/// ring: its suites are all of ephemeral keys and authenticated encryption.
pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// The whole handshake, on a stream that waits.
pub(super) fn shake_hands<S: SideData>(
    connection: &mut impl DerefMut<Target = ConnectionCommon<S>>,
    stream: &mut (impl Read + Write),
) -> Result<(), Refusal> {
    while connection.is_handshaking() {
        if connection.complete_io(stream).map_err(|error| Refusal::from(&error))? == (0, 0) {
            return Err(Refusal::Closed);
        }
    }
    Ok(())
}
