//! What is between the lines of PEM, whole or not at all.

use rustls::pki_types::pem::{PemObject, SectionKind};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

/// All certificates of the text; `None` when there is none, or something else.
pub(super) fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    sections(pem, SectionKind::Certificate)
}

/// All revocation lists of the text; `None` when there is none, or something else.
pub(super) fn crls(pem: &[u8]) -> Option<Vec<CertificateRevocationListDer<'static>>> {
    sections(pem, SectionKind::Crl)
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
