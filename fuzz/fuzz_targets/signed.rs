//! A text that nobody signed is rejected; a signed one verifies only unchanged, and for its purpose.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use palisade::keys::KeyRing;
use palisade::secret::SecretBytes;
use palisade::token::{SignErrorKind, Signer};

static SIGNER: LazyLock<Signer> = LazyLock::new(|| {
    let id = "1a2b3c4d".parse().expect("a key id");
    Signer::new(KeyRing::from_key(id, SecretBytes::from(vec![7; 32])).expect("32 bytes"))
});

fuzz_target!(|input: (&str, &[u8], u16, u8)| {
    let (text, payload, position, replacement) = input;
    assert_eq!(SIGNER.verify("x", text).unwrap_err().kind(), SignErrorKind::Rejected);
    assert!(SIGNER.verify_bound("x", text, |_| Some(b"")).is_err());
    if payload.len() <= 4096 {
        let token = SIGNER.sign(text, payload, Duration::from_secs(60)).expect("the random source works");
        assert_eq!(SIGNER.verify(text, &token).expect("just signed"), payload);
        assert!(SIGNER.verify(&format!("{text}x"), &token).is_err());
        let mut changed = token.clone().into_bytes();
        let position = usize::from(position) % changed.len();
        changed[position] = replacement & 0x7f;
        let changed = String::from_utf8(changed).expect("ASCII");
        assert_eq!(SIGNER.verify(text, &changed).is_ok(), changed == token);
    }
});
