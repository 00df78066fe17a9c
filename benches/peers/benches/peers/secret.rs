//! Holding a secret: taken over, read once and erased.

use std::hint::black_box;

use palisade::secret::{ExposeSecret, SecretBytes, SecretString};
use palisade_peers::{Race, Report};
use zeroize::Zeroizing;

pub fn races(report: &mut Report) {
    Race::new("hold a text of 28 bytes", "")
        .contender("palisade", || SecretString::from(text()).expose_secret().len(), |&len| len == 28)
        .contender(
            "secrecy 0.10.3",
            || secrecy::SecretString::from(text()).expose_secret().len(),
            |&len| len == 28,
        )
        .contender("zeroize 1.9.2", || Zeroizing::new(text()).len(), |&len| len == 28)
        .yardstick("a String alone", || text().len(), |&len| len == 28)
        .run(report);
    Race::new("hold a key of 32 bytes", "")
        .contender("palisade", || SecretBytes::from(key()).expose_secret().len(), |&len| len == 32)
        .contender(
            "secrecy 0.10.3",
            || secrecy::SecretSlice::from(key()).expose_secret().len(),
            |&len| len == 32,
        )
        .contender(
            "orion 0.18.1",
            || orion::aead::SecretKey::try_from(key().as_slice()).unwrap().unprotected_as_ref().len(),
            |&len| len == 32,
        )
        .yardstick("a Vec alone", || key().len(), |&len| len == 32)
        .run(report);
    let (secret, presented) = (SecretString::from(text()), text());
    let (theirs, same) = (secrecy::SecretString::from(text()), text());
    Race::new("is a presented text the secret", "")
        .contender("palisade", move || secret.matches(black_box(&presented)), |&right| right)
        .contender(
            "secrecy 0.10.3: and subtle 2.6.1",
            move || {
                let secret = theirs.expose_secret().as_bytes();
                bool::from(subtle::ConstantTimeEq::ct_eq(secret, black_box(same.as_bytes())))
            },
            |&right| right,
        )
        .run(report);
}

fn text() -> String {
    black_box("correct horse battery staple").to_owned()
}

fn key() -> Vec<u8> {
    black_box(&[7; 32]).to_vec()
}
