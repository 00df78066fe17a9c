//! What holds of redaction for every text.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]

use std::borrow::Cow;
use std::io::Write;

use palisade::redact::{Kind, Mask, RedactErrorKind, Redactor, Rule};
use palisade::secret::SecretString;
use proptest::prelude::*;

/// Pieces of which hostile and ordinary lines are made.
fn piece() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(vec![
        "password",
        "token",
        "api_key",
        "key",
        "secret",
        "session",
        "Authorization",
        "Cookie",
        "Set-Cookie",
        "auth",
        "--db-password",
        "PWD",
        "db_password is",
        "=",
        ":",
        ": ",
        " = ",
        ":=",
        "=>",
        "%3D",
        "\\u003d",
        "\"",
        "'",
        "`",
        "\\\"",
        "\\\\\\\"",
        "\\",
        "\\\\",
        "\\n",
        "\n",
        "\r\n",
        " ",
        "\t",
        ",",
        ";",
        "&",
        "?",
        "/",
        "://",
        "@",
        "user",
        "host",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "<",
        ">",
        "</",
        "/>",
        "\u{1b}[3m",
        "\u{1b}[0m",
        "\\u0026",
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
        "eyJhbGciOiJIUzI1NiJ9",
        ".",
        "eyJzdWIiOiIxIn0",
        "hunter2",
        "h0pk1ns~21s",
        "12345678",
        "4111111111111111",
        "Bearer ",
        "Basic ",
        "dXNlcjpwYXNzd29yZA==",
        "Zf3D0LXCM3EIMbgJpUNnkRtOfOueHznB",
        "[REDACTED]",
        "[key]",
        "****",
        "null",
        "true",
        "none",
        "curl -u ",
        "value",
        "name",
        "Some(",
        "é",
        "\u{2028}",
        "0",
        "correct horse battery",
        "=\"\"",
        "ghp_0123456789abcdefghijABCDEFGHIJ012345",
        "https://user:pa55word@example.com/path?token=abc123",
        "DE89370400440532013000",
        "ann@example.com",
        "192.168.1.17",
    ]);
    prop_oneof![8 => fixed.prop_map(str::to_owned), 1 => "[ -~]{0,12}", 1 => any::<char>().prop_map(String::from)]
}

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        Just(4_111_111_111_111_111_u64.into()),
        Just(12_345_678_u64.into()),
        line().prop_map(Into::into),
    ];
    scalar.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((line(), inner.clone()), 0..5)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            prop::collection::vec((piece(), inner.clone()), 0..5)
                .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            inner.prop_map(|value| serde_json::Value::String(value.to_string())), // JSON in a string
        ]
    })
}

/// As strict as can be, and with a number and a text registered.
fn strict() -> Redactor {
    let redactor = Redactor::builder().personal_data(true).build().unwrap();
    redactor.register("12345678").unwrap();
    redactor.register("h0pk1ns~21s").unwrap();
    redactor
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn redacting_twice_is_redacting_once(line in line()) {
        for redactor in [Redactor::default(), strict()] {
            let once = redactor.redact(&line).into_owned();
            prop_assert_eq!(redactor.redact(&once), once.as_str());
        }
    }

    #[test]
    fn json_stays_json(value in json(), pretty in any::<bool>()) {
        let value = if value.is_number() { serde_json::Value::Array(vec![value]) } else { value };
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        for redactor in [Redactor::default(), strict()] {
            let redacted = redactor.redact(&text);
            let parsed = serde_json::from_str::<serde_json::Value>(&redacted);
            prop_assert!(parsed.is_ok(), "{text}\nbecame\n{redacted}");
        }
    }

    #[test]
    fn any_bytes_are_taken(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        strict().redact_bytes(&bytes);
    }

    #[test]
    fn registered_secrets_never_survive(before in line(), after in line()) {
        let redactor = strict();
        for secret in ["12345678", "h0pk1ns~21s"] {
            let redacted = redactor.redact(&format!("{before}{secret}{after}")).into_owned();
            prop_assert!(!redacted.contains(secret), "{redacted}");
        }
    }

    #[test]
    fn chunks_do_not_matter(lines in prop::collection::vec(line(), 0..6), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let text = lines.join("\n").into_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        let redactor = Redactor::default();
        let mut whole = redactor.writer(Vec::new());
        whole.write_all(&text).unwrap();
        let mut pieces = redactor.writer(Vec::new());
        for range in at.windows(2) {
            pieces.write_all(&text[range[0]..range[1]]).unwrap();
            pieces.flush().unwrap();
        }
        prop_assert_eq!(whole.finish().unwrap(), pieces.finish().unwrap());
    }

    #[test]
    fn what_is_explained_is_what_changes(line in line()) {
        let redactor = Redactor::default();
        let found = redactor.explain(&line);
        prop_assert_eq!(found.is_empty(), matches!(redactor.redact(&line), Cow::Borrowed(_)));
        prop_assert!(found.windows(2).all(|two| two[0].range().end <= two[1].range().start));
        prop_assert!(found.iter().all(|finding| line.get(finding.range()).is_some()));
    }
}
