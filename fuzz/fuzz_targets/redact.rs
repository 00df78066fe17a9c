//! Redacting changes nothing twice, keeps JSON, shows no registered secret, and is the same for every cut of a stream.
#![no_main]

use std::io::Write;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::redact::Redactor;

const REGISTERED: &[u8] = b"h0pk1ns~21s";

static REDACTORS: LazyLock<[Redactor; 2]> = LazyLock::new(|| {
    let strict = Redactor::builder().personal_data(true).build().unwrap();
    strict.register(REGISTERED).unwrap();
    [Redactor::default(), strict]
});

fuzz_target!(|bytes: &[u8]| {
    for redactor in &*REDACTORS {
        let once = redactor.redact_bytes(bytes);
        assert_eq!(redactor.redact_bytes(&once), once);
        if let Ok(text) = std::str::from_utf8(bytes) {
            assert_eq!(redactor.redact(text).as_bytes(), &*once);
        }
        let document: Result<serde_json::Value, _> = serde_json::from_slice(bytes);
        if document.is_ok_and(|document| !document.is_number()) {
            assert!(serde_json::from_slice::<serde_json::Value>(&once).is_ok());
        }
    }
    let [plain, strict] = &*REDACTORS;
    let middle = bytes.len() / 2;
    let (first, second) = bytes.split_at(middle);
    let shown = strict.redact_bytes(&[first, REGISTERED, second].concat()).into_owned();
    assert!(!shown.windows(REGISTERED.len()).any(|window| window == REGISTERED));
    let stream = |parts: &[&[u8]]| {
        let mut writer = plain.writer(Vec::new());
        parts.iter().for_each(|part| writer.write_all(part).unwrap());
        writer.finish().unwrap()
    };
    assert_eq!(stream(&[bytes]), stream(&[first, second]));
});
