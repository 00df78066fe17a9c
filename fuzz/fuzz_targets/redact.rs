//! Redacting changes nothing twice, keeps JSON, shows no registered secret, and is the same for every cut of a stream.
#![no_main]

use std::io::Write;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use palisade::redact::Redactor;

const REGISTERED: &[u8] = b"h0pk1ns~21s";
/// The same as it is, in hexadecimal, base64 and a URL.
const FORMS: [&[u8]; 4] = [REGISTERED, b"6830706b316e737e323173", b"aDBwazFuc34yMXM", b"h0pk1ns%7E21s"];

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
    // A place anywhere, the same each time.
    let number = bytes.iter().fold(bytes.len(), |sum, byte| sum.wrapping_mul(31) + usize::from(*byte));
    let (first, second) = bytes.split_at(number % (bytes.len() + 1));
    let [_, strict] = &*REDACTORS;
    let form = FORMS[number / 7 % FORMS.len()];
    let shown = strict.redact_bytes(&[first, form, second].concat()).into_owned();
    assert!(!shown.windows(form.len()).any(|window| window == form));
    for redactor in &*REDACTORS {
        let stream = |parts: &[&[u8]]| {
            let mut writer = redactor.writer(Vec::new());
            parts.iter().for_each(|part| writer.write_all(part).unwrap());
            writer.finish().unwrap()
        };
        assert_eq!(stream(&[bytes]), stream(&[first, second]));
    }
});
