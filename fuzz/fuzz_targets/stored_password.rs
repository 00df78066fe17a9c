//! A stored text that parses comes back letter for letter; one that does not is never called a wrong password, unless it
//! says that there is none.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::password::{Defect, Hasher, Scheme, VerifyErrorKind};

/// Reads every shape there is, own and foreign.
static HASHER: LazyLock<Hasher> =
    LazyLock::new(|| Hasher::builder().import_all().build().expect("the default policy"));

fuzz_target!(|text: &str| {
    if let Ok(scheme) = text.parse::<Scheme>() {
        assert_eq!(scheme.to_string().parse::<Scheme>(), Ok(scheme));
    }
    match HASHER.parse(text) {
        Ok(stored) => {
            assert_eq!(stored.as_str(), text);
            assert!(text.len() <= 512);
            // Nothing may follow a hash.
            assert!(HASHER.parse(&format!("{text}=")).is_err());
            assert!(HASHER.parse(&format!("{text}$")).is_err());
        }
        Err(error) => {
            let defect = error.defect().expect("a reason");
            assert_eq!(error.kind() == VerifyErrorKind::Rejected, defect == Defect::Unusable);
        }
    }
});
