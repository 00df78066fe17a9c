//! A pattern accepts what the crate `regex` does between two anchors, where text around an expression is safe.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::validate::Pattern;
use regex::{Regex, bytes};

fuzz_target!(|input: (&str, &str)| {
    let (expression, text) = input;
    let ascii = Pattern::new(expression);
    let unicode = Pattern::unicode(expression);
    for pattern in [&ascii, &unicode].into_iter().flatten() {
        let accepted = pattern.parse(text);
        assert!(accepted.is_err() || accepted == Ok(text));
    }
    // A group that the expression closes is an error alone, and in front of a comment that swallows the end stands a #.
    if expression.contains('#') {
        return;
    }
    let anchored = format!("\\A(?:{expression})\\z");
    if let (Ok(pattern), Ok(anchored)) = (unicode, Regex::new(&anchored)) {
        assert_eq!(pattern.parse(text).is_ok(), anchored.is_match(text));
    }
    let anchored = bytes::RegexBuilder::new(&anchored).unicode(false).build();
    if let (Ok(pattern), Ok(anchored), true) = (ascii, anchored, text.is_ascii()) {
        assert_eq!(pattern.parse(text).is_ok(), anchored.is_match(text.as_bytes()));
    }
});
