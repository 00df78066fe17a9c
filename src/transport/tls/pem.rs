//! What is between the lines of PEM, whole or not at all.

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use webpki::{CertRevocationList, OwnedCertRevocationList};

use zeroize::Zeroizing;

use super::TlsErrorKind;
use crate::encoding;
use crate::secret::{ExposeSecret, SecretBytes};

/// All certificates of the text; `None` when there is none, or something else.
pub(super) fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    sections(pem, SectionKind::Certificate)
}

/// All revocation lists of the text; `None` when there is none, or something else.
pub(super) fn crls(pem: &[u8]) -> Option<Vec<CertificateRevocationListDer<'static>>> {
    sections(pem, SectionKind::Crl)
}

/// Whether each list is the only one of its issuer, or of that issuer's distribution point: of two, webpki asks the first alone.
pub(super) fn one_list_each(crls: &[CertificateRevocationListDer<'_>]) -> Result<(), TlsErrorKind> {
    let mut known = Vec::new();
    for list in crls {
        let list = OwnedCertRevocationList::from_der(list).map_err(|_| TlsErrorKind::Crls)?;
        let list = CertRevocationList::from(list);
        let point = list.issuing_distribution_point().map(<[u8]>::to_vec);
        let is_another = |(issuer, other): &(Vec<u8>, Option<Vec<u8>>)| {
            issuer != list.issuer() || (point.is_some() && other.is_some() && *other != point)
        };
        if !known.iter().all(is_another) {
            return Err(TlsErrorKind::TwoCrls);
        }
        known.push((list.issuer().to_vec(), point));
    }
    Ok(())
}

/// The private key of the text; `None` when there is none, or more than one. What describes a curve may stand before it.
///
/// Read here, for the reader of certificates leaves what it has read in memory.
pub(super) fn private_key(pem: &SecretBytes) -> Option<PrivateKey> {
    let mut lines = str::from_utf8(pem.expose_secret()).ok()?.lines().map(str::trim_end);
    let mut key = None;
    while let Some(line) = lines.next() {
        let kind = match line {
            "-----BEGIN PRIVATE KEY-----" => KeyKind::Pkcs8,
            "-----BEGIN RSA PRIVATE KEY-----" => KeyKind::Pkcs1,
            "-----BEGIN EC PRIVATE KEY-----" => KeyKind::Sec1,
            _ => continue,
        };
        let end = line.replace("BEGIN", "END");
        let mut text = Zeroizing::new(String::with_capacity(pem.len())); // never grows
        loop {
            match lines.next()? {
                line if line == end => break,
                line => text.push_str(line.trim()),
            }
        }
        let der = SecretBytes::from(encoding::from_base64(&text)?);
        if key.replace(PrivateKey { kind, der }).is_some() {
            return None;
        }
    }
    key
}

/// A private key, and what its bytes are.
pub(super) struct PrivateKey {
    kind: KeyKind,
    der: SecretBytes,
}

enum KeyKind {
    Pkcs1,
    Pkcs8,
    Sec1,
}

impl PrivateKey {
    /// What rustls reads.
    pub(super) fn expose_der(&self) -> PrivateKeyDer<'_> {
        let der = self.der.expose_secret();
        match self.kind {
            KeyKind::Pkcs1 => PrivateKeyDer::Pkcs1(der.into()),
            KeyKind::Pkcs8 => PrivateKeyDer::Pkcs8(der.into()),
            KeyKind::Sec1 => PrivateKeyDer::Sec1(der.into()),
        }
    }
}

fn sections<T: From<Vec<u8>>>(pem: &[u8], wanted: SectionKind) -> Option<Vec<T>> {
    let read = <(SectionKind, Vec<u8>)>::pem_slice_iter(pem);
    let read = read.map(|section| section.ok().filter(|(kind, _)| *kind == wanted));
    let read: Vec<T> = read.map(|section| Some(T::from(section?.1))).collect::<Option<_>>()?;
    // The reader passes over labels that it does not know, and lines that are indented: none may be lost in silence.
    let begun = memchr::memmem::find_iter(pem, b"-----BEGIN").count();
    (begun == read.len() && begun > 0).then_some(read)
}
