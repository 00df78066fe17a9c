//! Names of accounts that are accepted hold what they promise; what is a name in ASCII is the same in all scripts.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::validate::{Username, Uuid};

#[allow(dead_code, reason = "each target looks at its own types")]
#[path = "../../tests/support/text_rules.rs"]
mod text_rules;

fuzz_target!(|text: &str| {
    if let Ok(name) = Username::parse_ascii(text) {
        assert!(text_rules::holds_for_an_ascii_name(name.as_str()));
        assert_eq!(Username::parse_ascii(name.as_str()), Ok(name.clone()));
        assert_eq!(Username::parse(text), Ok(name));
    }
    if let Ok(name) = Username::parse(text) {
        assert!(text_rules::holds_for_a_line(name.as_str()) && !name.as_str().contains(char::is_uppercase));
        assert!(name.as_str().is_ascii() || !name.skeleton().is_ascii());
        assert_eq!(Username::parse(name.as_str()), Ok(name));
    }
    if let Ok(id) = Uuid::parse(text) {
        assert_eq!(id.as_str(), text.to_ascii_lowercase());
    }
});
