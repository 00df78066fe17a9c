use std::hint::black_box;
use std::rc::Rc;

use palisade::keys::KeyRing;
use palisade::seal::Sealer;
use palisade_peers::{Race, Report};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

pub fn races(report: &mut Report) {
    for (len, work, goal) in [
        (64, "64 B", "≤ 1 µs more"),
        (1024, "1 KiB", ""),
        (16_384, "16 KiB", "≤ 1.25 × (0.8 × the speed)"),
        (1 << 20, "1 MiB", ""),
    ] {
        let sealer = Sealer::new(KeyRing::generate().unwrap());
        let opener = sealer.clone();
        let sealed = sealer.seal(&vec![7; len], "row 17").unwrap();
        let (plain, same) = (vec![7_u8; len], vec![7_u8; len]);
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).unwrap());
        let boxed = ring_seal(&key, &same);
        let opening = key.clone();
        let (orions, also) = (plain.clone(), plain.clone());
        let secret = orion::aead::SecretKey::generate().unwrap();
        let orion_opening = orion::aead::SecretKey::try_from(secret.unprotected_as_ref()).unwrap();
        let orion_sealed = orion::aead::seal(&secret, &plain).unwrap();
        let tink = tink();
        let tink_opening = Rc::clone(&tink);
        let tink_sealed = tink.encrypt(&plain, b"row 17").unwrap();
        Race::new(format!("seal {work}"), goal)
            .contender(
                "palisade: key per message, committed",
                move || sealer.seal(black_box(&plain), "row 17").unwrap(),
                move |sealed| sealed.len() == len + 77,
            )
            .contender(
                "ring 0.17.14: AES-256-GCM, random nonce",
                move || ring_seal(&key, black_box(&same)),
                move |sealed| sealed.len() == len + 28,
            )
            .contender(
                "orion 0.18.1: XChaCha20-Poly1305, no context",
                move || orion::aead::seal(&secret, black_box(&orions)).unwrap(),
                move |sealed| sealed.len() == len + 40,
            )
            .contender(
                "tink-aead 0.3.0: AES-256-GCM, random nonce",
                move || tink.encrypt(black_box(&also), b"row 17").unwrap(),
                move |sealed| sealed.len() == len + 33,
            )
            .run(report);
        Race::new(format!("open {work}"), goal)
            .contender(
                "palisade: key per message, committed",
                move || opener.open(black_box(&sealed), "row 17").unwrap(),
                move |plain| plain.len() == len,
            )
            .contender(
                "ring 0.17.14: AES-256-GCM",
                move || {
                    let (nonce, body) = black_box(&boxed).split_at(12);
                    let mut body = body.to_vec();
                    let nonce = Nonce::try_assume_unique_for_key(nonce).unwrap();
                    let len = opening.open_in_place(nonce, Aad::from(b"row 17"), &mut body).unwrap().len();
                    body.truncate(len);
                    body
                },
                move |plain| plain.len() == len,
            )
            .contender(
                "orion 0.18.1: XChaCha20-Poly1305, no context",
                move || orion::aead::open(&orion_opening, black_box(&orion_sealed)).unwrap(),
                move |plain| plain.len() == len,
            )
            .contender(
                "tink-aead 0.3.0: AES-256-GCM",
                move || tink_opening.decrypt(black_box(&tink_sealed), b"row 17").unwrap(),
                move |plain| plain.len() == len,
            )
            .run(report);
    }
}

fn tink() -> Rc<dyn tink_core::Aead> {
    tink_aead::init();
    let keyset = tink_core::keyset::Handle::new(&tink_aead::aes256_gcm_key_template()).unwrap();
    tink_aead::new(&keyset).unwrap().into()
}

fn ring_seal(key: &LessSafeKey, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; 12];
    SystemRandom::new().fill(&mut nonce).unwrap();
    let mut sealed = Vec::with_capacity(plain.len() + 28);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let (_, body) = sealed.split_at_mut(12);
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(b"row 17"), body)
        .unwrap();
    sealed.extend_from_slice(tag.as_ref());
    sealed
}
