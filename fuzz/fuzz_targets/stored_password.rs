//! A stored text that parses comes back letter for letter; one that does not is never called a wrong password.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::password::{StoredHash, VerifyErrorKind};

fuzz_target!(|text: &str| {
    match StoredHash::parse(text) {
        Ok(stored) => {
            assert_eq!(stored.as_str(), text);
            assert!(text.len() <= 512);
            // One spelling a record: a changed case or an appended byte is another record or none.
            assert!(StoredHash::parse(&format!("{text}=")).is_err());
            assert!(StoredHash::parse(&format!("{text}$")).is_err());
        }
        Err(error) => {
            assert_ne!(error.kind(), VerifyErrorKind::Rejected);
            assert!(error.defect().is_some());
        }
    }
});
