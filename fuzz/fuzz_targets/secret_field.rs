//! Whatever a variable holds, a field takes it or names a reason, and neither shows it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use palisade::config::{KeyBytes, Reason, Source, Value};
use palisade::secret::{ExposeSecret, SecretBytes, SecretString};

palisade::secrets! {
    struct Fields {
        text: "TEXT" { min_len: 4 },
        bytes: "BYTES" as SecretBytes,
        key: "KEY" as KeyBytes<32>,
        optional: "OPTIONAL" as Option<SecretString>,
    }
}

struct Same<'a>(&'a [u8]);

impl Source for Same<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
        let value = if name == "OPTIONAL" { Value::file } else { Value::exact };
        Ok(Some(value(SecretBytes::from(self.0))))
    }
}

/// No message of ours has it, so a message that does shows the value.
const MARK: &[u8] = b"\x01~mark~";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(fields) = Fields::from_source(&Same(bytes)) {
        assert_eq!(fields.text.expose_secret().as_bytes(), bytes);
        assert_eq!(fields.bytes.expose_secret(), bytes);
        assert!(fields.key.expose_secret().len() == 32 && (43..=64).contains(&bytes.len()));
        assert!(fields.optional.is_some());
    }
    if let Err(error) = Fields::from_source(&Same(&[MARK, bytes].concat())) {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("~mark~"));
    }
});
