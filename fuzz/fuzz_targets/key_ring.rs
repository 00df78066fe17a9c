//! A text that nobody wrote is no ring; one that opens comes back the same.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::config::{Environment, KeyBytes};
use palisade::keys::{KeyId, KeyRing, Wrapping};

palisade::secrets! { struct Secrets { wrapping: "WRAPPING" as KeyBytes<32> } }

static WRAPPING: LazyLock<Wrapping> = LazyLock::new(|| {
    let text = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let environment = Environment::from_vars([("WRAPPING", text)]);
    Wrapping::key(&Secrets::from_source(&environment).expect("a key").wrapping)
});

static TEXT: LazyLock<String> =
    LazyLock::new(|| KeyRing::generate().and_then(|ring| ring.to_text(&WRAPPING)).expect("a ring's text"));

fuzz_target!(|input: (&str, u16, &str)| {
    let (text, position, piece) = input;
    assert!(KeyRing::from_text(text, &WRAPPING).is_err());
    if let Ok(id) = text.parse::<KeyId>() {
        assert_eq!(id.to_string(), text);
    }
    let at = usize::from(position) % TEXT.len();
    let changed = format!("{}{piece}{}", &TEXT[..at], &TEXT[(at + piece.len()).min(TEXT.len())..]);
    assert_eq!(KeyRing::from_text(&changed, &WRAPPING).is_ok(), changed.trim_end() == *TEXT);
});
