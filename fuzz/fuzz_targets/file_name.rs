//! Names of files, paths and operands that are accepted hold what they promise, and are accepted again, unchanged.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::validate::{CommandArg, FileName, RelPath};

#[allow(dead_code, reason = "each target looks at its own types")]
#[path = "../../tests/support/text_rules.rs"]
mod text_rules;

fuzz_target!(|text: &str| {
    if let Ok(name) = FileName::parse(text) {
        assert!(text_rules::holds_for_a_file_name(name.as_str()) && !name.as_str().ends_with('.'));
        assert_eq!(RelPath::parse(name.as_str()).expect("a path of one").as_str(), name.as_str());
        assert_eq!(FileName::parse(name.as_str()), Ok(name));
    }
    if let Ok(path) = RelPath::parse(text) {
        assert!(path.as_str().len() <= 1024 && path.components().all(text_rules::holds_for_a_file_name));
        assert_eq!(RelPath::parse(path.as_str()), Ok(path));
    }
    if let Ok(operand) = CommandArg::parse(text) {
        assert!(
            operand.as_str() == text
                && !text.contains('\0')
                && !text.trim_start().starts_with(['-', '+', '@', '~'])
        );
    }
});
