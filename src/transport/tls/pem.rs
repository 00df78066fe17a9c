//! What is between the lines of PEM, whole or not at all.

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use webpki::{CertRevocationList, OwnedCertRevocationList};

use super::TlsErrorKind;

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
pub(super) fn private_key(pem: &[u8]) -> Option<PrivateKeyDer<'static>> {
    let mut keys = PrivateKeyDer::pem_slice_iter(pem);
    let key = keys.next()?.ok()?;
    keys.next().is_none().then_some(key)
}

fn sections<T: From<Vec<u8>>>(pem: &[u8], wanted: SectionKind) -> Option<Vec<T>> {
    let read = <(SectionKind, Vec<u8>)>::pem_slice_iter(pem);
    let read = read.map(|section| section.ok().filter(|(kind, _)| *kind == wanted));
    let read: Vec<T> = read.map(|section| Some(T::from(section?.1))).collect::<Option<_>>()?;
    // The reader passes over labels that it does not know, and lines that are indented: none may be lost in silence.
    let begun = memchr::memmem::find_iter(pem, b"-----BEGIN").count();
    (begun == read.len() && begun > 0).then_some(read)
}
