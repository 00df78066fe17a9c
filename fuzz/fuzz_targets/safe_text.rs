//! A line that is accepted holds what it promises, lines do line by line, and both are accepted again, unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::validate::{HeaderValue, SafeLines, SafeText};

#[allow(dead_code, reason = "each target looks at its own types")]
#[path = "../../tests/support/text_rules.rs"]
mod text_rules;

fuzz_target!(|text: &str| {
    if let Ok(line) = SafeText::parse(text) {
        assert!(text_rules::holds_for_a_line(line.as_str()));
        assert_eq!(SafeText::parse(line.as_str()), Ok(line));
    }
    if let Ok(lines) = SafeLines::parse(text) {
        let cells = lines.as_str().split(['\n', '\t']).filter(|cell| !cell.trim().is_empty());
        assert!(cells.into_iter().all(text_rules::holds_for_a_line));
        assert_eq!(SafeLines::parse(lines.as_str()), Ok(lines));
    }
    if let Ok(value) = HeaderValue::parse(text) {
        assert!(value.as_str() == text && text.trim() == text);
        assert!(
            text.chars()
                .all(|character| character == '\t' || !character.is_control() && character.is_ascii())
        );
    }
});
