//! Authorities and certificates that a test makes for itself.

use palisade::secret::SecretBytes;
use palisade::transport::tls::{HardenedClient, HardenedClientBuilder, Identity, Roots};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

/// A certificate and its key, in PEM.
pub(crate) struct Pair {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Pair {
    pub(crate) fn identity(&self) -> Identity {
        Identity::from_pem(self.chain.as_bytes(), &SecretBytes::from(self.key.as_bytes())).unwrap()
    }
}

pub(crate) fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(crate) fn authority(name: &str) -> Authority {
    CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for `name`, changed as a test needs it.
pub(crate) fn issue(authority: &Authority, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Pair {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Pair { chain: params.signed_by(&key, authority).unwrap().pem(), key: key.serialize_pem() }
}

/// A client that trusts this authority alone.
pub(crate) fn client_of(authority: &Authority) -> HardenedClientBuilder {
    HardenedClient::builder().roots(Roots::None).authority(authority.pem().as_bytes())
}
