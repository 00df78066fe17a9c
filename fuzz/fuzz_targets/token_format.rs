//! A text that checks has the documented shape, and no neighbour of it checks too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::token::{TokenDigest, TokenFormat};

fuzz_target!(|text: &str| {
    let format = TokenFormat::new("acme_live").expect("a usable prefix");
    if let Ok(well_formed) = format.check(text) {
        assert_eq!(text.len(), format.prefix().len() + 36);
        assert!(text.starts_with(format.prefix()));
        assert!(well_formed.digest().matches(text));
        for position in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[position] = if changed[position] == b'0' { b'1' } else { b'0' };
            assert!(format.check(std::str::from_utf8(&changed).expect("ASCII")).is_err());
        }
    }
    // Any text that is a prefix gives a format whose own tokens check.
    if let Ok(format) = TokenFormat::new(text) {
        let token = format.generate().expect("the random source works");
        assert!(format.check(token.expose()).is_ok());
    }
    if let Ok(digest) = TokenDigest::from_hex(text) {
        assert_eq!(digest.to_hex(), text);
    }
});
