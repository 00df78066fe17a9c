//! A text that parses is 66 characters, selects by its first 22, and matches its own digest alone.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::token::{SplitToken, TokenDigest};

fuzz_target!(|text: &str| {
    if let Ok(presented) = SplitToken::parse(text) {
        assert_eq!(text.len(), 66);
        assert_eq!(presented.selector(), &text[..22]);
        assert!(presented.matches(&TokenDigest::of(text)));
        assert!(!presented.matches(&TokenDigest::of(presented.selector())));
    }
});
