//! Bytes that nobody sealed do not open, as message, text or stream; a sealed value opens only unchanged.
#![no_main]

use std::io::Read;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::keys::KeyRing;
use palisade::seal::Sealer;
use palisade::secret::{ExposeSecret, SecretBytes};

static SEALER: LazyLock<Sealer> = LazyLock::new(|| {
    let id = "1a2b3c4d".parse().expect("a key id");
    Sealer::new(KeyRing::from_key(id, SecretBytes::from(vec![7; 32])).expect("32 bytes"))
});

fuzz_target!(|input: (&[u8], u16, u8)| {
    let (bytes, position, flip) = input;
    assert!(SEALER.open(bytes, "x").is_err());
    if let Ok(text) = std::str::from_utf8(bytes) {
        assert!(SEALER.open_text(text, "x").is_err());
    }
    let mut plain = Vec::new();
    let read = SEALER.open_reader(bytes, "x").and_then(|mut reader| reader.read_to_end(&mut plain));
    assert!(read.is_err() && plain.is_empty());

    let mut sealed = SEALER.seal(bytes, "x").expect("the random source works");
    assert_eq!(SEALER.open(&sealed, "x").expect("just sealed").expose_secret(), bytes);
    let position = usize::from(position) % sealed.len();
    sealed[position] ^= flip;
    assert_eq!(SEALER.open(&sealed, "x").is_ok(), flip == 0);
});
