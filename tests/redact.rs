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
    fn chunks_do_not_matter(
        lines in prop::collection::vec((line(), prop::bool::weighted(0.1)), 0..6),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        without_keys in any::<bool>(),
    ) {
        // Some lines are longer than is looked at, and a key may go on around them.
        let lines: Vec<String> =
            lines.into_iter().map(|(line, long)| if long { line + &" x".repeat(600) } else { line }).collect();
        let text = lines.join("\n").into_bytes();
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        at.extend([0, text.len()]);
        at.sort_unstable();
        let redactor =
            Redactor::builder().longest_line(1024).detect(Kind::PrivateKey, !without_keys).build().unwrap();
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

fn redact(line: &str) -> String {
    Redactor::default().redact(line).into_owned()
}

#[test]
fn clean_lines_are_borrowed() {
    let redactor = Redactor::default();
    for line in
        ["", "2026-11-22T10:15:04Z INFO started in 17 ms", "Failed password for root", "token_count=512"]
    {
        assert!(matches!(redactor.redact(line), Cow::Borrowed(same) if same == line), "{line}");
        assert!(matches!(redactor.redact_bytes(line.as_bytes()), Cow::Borrowed(_)));
    }
    assert!(matches!(redactor.redact_bytes(b"\xff\xfe not UTF-8"), Cow::Borrowed(_)));
    assert_eq!(&*redactor.redact_bytes(b"\xff password=\xfe\xff x"), b"\xff password=[REDACTED] x");
}

#[test]
fn masks_are_chosen_by_kind() {
    let redactor = Redactor::builder()
        .personal_data(true)
        .mask(Mask::text("(gone)"))
        .mask_kind(Kind::Email, Mask::kind())
        .mask_kind(Kind::Provider, Mask::partial(4, 4))
        .build()
        .unwrap();
    assert_eq!(redactor.redact("password=hunter2 from=ann@example.com"), "password=(gone) from=[email]");
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    assert_eq!(redactor.redact(&format!("found {token} here")), "found ghp_****2345 here");
    assert_eq!(
        redactor.redact("password=(gone) [email] ghp_****2345"),
        "password=(gone) [email] ghp_****2345"
    );
}

#[test]
fn partial_masks_show_nothing_of_short_values() {
    let redactor = Redactor::builder().mask(Mask::partial(4, 4)).build().unwrap();
    assert_eq!(redactor.redact("password=twenty-three-bytes-long"), "password=[REDACTED]");
    assert_eq!(redactor.redact("password=twenty-four-bytes-long-1"), "password=twen****ng-1");
}

#[test]
fn pseudonyms_are_equal_for_equal_values_under_one_key() {
    let ring = palisade::keys::KeyRing::generate().unwrap();
    let redactor = Redactor::builder().personal_data(true).mask(Mask::pseudonym(&ring)).build().unwrap();
    let line = "from=ann@example.com";
    let before = redactor.redact(line).into_owned();
    assert!(before.starts_with("from=[email:") && before.len() == "from=[email:12345678]".len(), "{before}");
    assert_eq!(redactor.redact(line), before);
    assert_eq!(redactor.redact(&before), before);
    assert_ne!(redactor.redact("from=bob@example.com"), before);
    let new = ring.add_generated().unwrap();
    ring.promote_now(new).unwrap();
    assert_ne!(redactor.redact(line), before);
}

#[test]
fn a_pseudonym_of_digits_is_no_telephone_number() {
    let redactor = Redactor::builder().personal_data(true).build().unwrap();
    for line in
        ["[phone:52727028]", "password=[phone:52727028] user=x", "a=[card:41111111]; b=[ssn:07805112]"]
    {
        assert_eq!(redactor.redact(line), line);
    }
}

#[test]
fn masks_that_would_do_harm_are_refused() {
    for mask in [
        "",
        "\"",
        "a\\b",
        "a\nb",
        "<x>",
        &"x".repeat(65),
        "password=hunter2",
        "Bearer 2YotnFZFEjr1zCsicMWpAA",
    ] {
        let error = Redactor::builder().mask(Mask::text(mask)).build().unwrap_err();
        assert_eq!(error.kind(), RedactErrorKind::Mask, "{mask}");
    }
    assert_eq!(Redactor::builder().longest_line(1000).build().unwrap_err().kind(), RedactErrorKind::Limit);
}

#[test]
fn kinds_are_switched_off_and_values_allowed() {
    let redactor =
        Redactor::builder().detect(Kind::Key, false).detect(Kind::Provider, false).build().unwrap();
    let line = "password=hunter2 ghp_0123456789abcdefghijABCDEFGHIJ012345";
    assert_eq!(redactor.redact(line), line);
    let redactor = Redactor::builder().allow("hunter2").build().unwrap();
    assert_eq!(redactor.redact("password=hunter2 token=hunter3"), "password=hunter2 token=[REDACTED]");
    let redactor = Redactor::builder().detect(Kind::Email, true).build().unwrap();
    assert_eq!(redactor.redact("ann@example.com 192.168.1.17"), "[REDACTED] 192.168.1.17");
}

#[test]
fn registered_secrets_are_found_in_every_encoding() {
    let redactor = Redactor::default();
    let secret = "päss \"wörd\"/<&>\n+tail?";
    redactor.register(&SecretString::from(secret)).unwrap();
    let json = serde_json::to_string(secret).unwrap();
    let twice = serde_json::to_string(&json).unwrap();
    let ascii: String = secret
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) })
        .collect();
    let hex = base16ct::lower::encode_string(secret.as_bytes());
    let percent: String =
        secret
            .bytes()
            .map(|byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect();
    let forms = [
        secret.to_owned(),
        json[1..json.len() - 1].to_owned(),
        twice[3..twice.len() - 3].to_owned(),
        ascii.replace('"', "\\\"").replace('\n', "\\n"),
        hex.to_uppercase(),
        hex,
        percent.to_lowercase(),
        percent,
    ];
    for form in forms {
        let redacted = redactor.redact(&format!("x {form} y")).into_owned();
        assert_eq!(redacted, "x [REDACTED] y", "{form}");
    }
}

#[test]
fn registered_secrets_are_found_in_base64_in_every_alignment() {
    use base64ct::{Base64, Base64UrlUnpadded, Encoding};
    let redactor = Redactor::default();
    let secret = b"h0pk1ns>>>?21s\xff";
    redactor.register(&secret[..]).unwrap();
    for before in 0..6 {
        for after in 0..4 {
            let whole = [&b"abcdef"[..before], secret, &b"wxyz"[..after]].concat();
            for encoded in [Base64::encode_string(&whole), Base64UrlUnpadded::encode_string(&whole)] {
                let shown = redactor.redact(&encoded).into_owned();
                assert!(shown.contains("[REDACTED]") && shown.len() <= 10 + 20, "{encoded} became {shown}");
            }
        }
    }
}

#[test]
fn secrets_are_registered_and_forgotten_on_all_clones() {
    let redactor = Redactor::default();
    let clone = redactor.clone();
    redactor.register("correct horse").unwrap();
    redactor.register("correct horse").unwrap();
    redactor.register("correct horse battery").unwrap();
    assert_eq!(clone.redact("a correct horse battery b"), "a [REDACTED] b");
    assert!(clone.forget("correct horse battery") && !clone.forget("correct horse battery"));
    assert_eq!(redactor.redact("a correct horse battery b"), "a [REDACTED] battery b");
    assert!(redactor.forget("correct horse") && !redactor.forget("correct horse"));
    assert_eq!(clone.redact("a correct horse battery b"), "a correct horse battery b");
    for short in ["", "1234567", "       a        "] {
        assert_eq!(redactor.register(short).unwrap_err().kind(), RedactErrorKind::TooShort);
    }
    assert_eq!(redactor.register(&vec![b'a'; (1 << 14) + 1]).unwrap_err().kind(), RedactErrorKind::TooLong);
    redactor.register(&vec![b'a'; 1 << 14]).unwrap();
    assert_eq!(redactor.counts().of(Kind::Registered), 2);
}

#[test]
fn what_is_found_once_is_hidden_everywhere() {
    assert_eq!(
        redact("password=h0pk1ns~21s then h0pk1ns~21s and xh0pk1ns~21sx"),
        "password=[REDACTED] then [REDACTED] and x[REDACTED]x"
    );
    assert_eq!(redact("password=password user=password"), "password=[REDACTED] user=password");
}

#[test]
fn longer_lines_than_are_scanned_are_not_shown() {
    let redactor = Redactor::builder().longest_line(1024).build().unwrap();
    let long = "a".repeat(1025);
    assert_eq!(redactor.redact(&long), "[REDACTED: unscanned 1025 bytes]");
    assert_eq!(redactor.explain(&long)[0].kind(), Kind::Unscanned);
    assert!(
        serde_json::from_str::<serde_json::Value>(&redactor.redact(&format!("{{\"a\":\"{long}\"}}"))).is_ok()
    );
    let mut writer = redactor.writer(Vec::new());
    write!(writer, "{long}\nshort\n{long}{long}").unwrap();
    let written = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert_eq!(written, "[REDACTED: unscanned 1025 bytes]\nshort\n[REDACTED: unscanned 2050 bytes]");
}

#[test]
fn rules_are_checked_when_they_are_made() {
    let kind = |rule: Result<Rule, palisade::redact::RedactError>| rule.unwrap_err().kind();
    assert_eq!(kind(Rule::new("a", "x", "xy")), RedactErrorKind::Literal);
    assert_eq!(kind(Rule::new("a", "xy", "(")), RedactErrorKind::Pattern);
    assert_eq!(kind(Rule::new("a", "xy", r"\w{1000}{1000}")), RedactErrorKind::Pattern);
    assert_eq!(kind(Rule::new("a", "xy", "x*")), RedactErrorKind::MatchesNothing);
    let rule = Rule::everywhere("digits", r"\b\d{6}\b").unwrap();
    let redactor = Redactor::builder().rule(rule).unwrap().build().unwrap();
    assert_eq!(redactor.redact("code 481516 of 17"), "code [REDACTED] of 17");
    assert_eq!(redactor.explain("code 481516")[0].to_string(), "5..11 rule (digits)");
}

#[test]
fn a_rule_inside_of_another_is_not_hidden_by_it() {
    let rule = |literal: &str| Rule::new(literal, literal, &format!("{literal}\\d")).unwrap();
    let redactor = Redactor::builder()
        .rule(rule("aabb"))
        .unwrap()
        .rule(rule("bb"))
        .unwrap()
        .rule(rule("ab"))
        .unwrap()
        .build()
        .unwrap();
    assert_eq!(redactor.redact("xaabb1 bb2 AB3 ab4"), "x[REDACTED] [REDACTED] AB3 [REDACTED]");
}

#[test]
fn keys_are_hidden_over_all_their_lines() {
    let stream = |text: &str| {
        let mut writer = Redactor::default().writer(Vec::new());
        for byte in text.as_bytes() {
            writer.write_all(&[*byte]).unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    };
    let key = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\nVJTUt9Us8cKj\n";
    let text = format!("a\nx -----BEGIN PRIVATE KEY-----\n{key}-----END PRIVATE KEY----- y\nb\n");
    assert_eq!(stream(&text), "a\nx -----BEGIN PRIVATE KEY-----[REDACTED] y\nb\n");
    assert_eq!(redact(&text), stream(&text));
    // Cut off, and the next line is another.
    let text = format!("-----BEGIN PRIVATE KEY-----\n{key}2026-11-22 10:15:04 INFO next\n");
    assert_eq!(stream(&text), "-----BEGIN PRIVATE KEY-----[REDACTED]\n2026-11-22 10:15:04 INFO next\n");
    assert_eq!(
        stream(&format!("-----BEGIN PRIVATE KEY-----\r\n{key}")),
        "-----BEGIN PRIVATE KEY-----\r[REDACTED]\n"
    );
}

/// Takes so many bytes, then fails until it is told to go on.
struct Failing(std::sync::Arc<std::sync::Mutex<(Vec<u8>, usize)>>);

impl Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let (written, room) = &mut *self.0.lock().unwrap();
        if *room == 0 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let taken = bytes.len().min(*room);
        written.extend(&bytes[..taken]);
        *room -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn nothing_is_lost_when_the_writer_below_fails_for_a_while() {
    let below = std::sync::Arc::new(std::sync::Mutex::new((Vec::new(), 10)));
    let mut writer = Redactor::default().writer(Failing(below.clone()));
    writer.write_all(b"password=hunter2\nsecond\n").unwrap();
    assert_eq!(writer.write(b"third\n").unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    below.lock().unwrap().1 = 1000;
    writer.write_all(b"third\n").unwrap();
    drop(writer);
    assert_eq!(below.lock().unwrap().0, b"password=[REDACTED]\nsecond\nthird\n");
}

#[test]
fn the_tail_is_written_when_the_writer_is_dropped() {
    let mut out = Vec::new();
    let mut writer = Redactor::default().writer(&mut out);
    writer.write_all(b"password=hun").unwrap();
    writer.flush().unwrap();
    drop(writer);
    assert_eq!(out, b"password=[REDACTED]");
}

#[test]
fn many_threads_share_one_redactor() {
    let redactor = Redactor::default();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let redactor = &redactor;
            scope.spawn(move || {
                for round in 0..200 {
                    let secret = format!("secret {thread} of round {round}");
                    redactor.register(&secret).unwrap();
                    assert_eq!(redactor.redact(&format!("x {secret} y")), "x [REDACTED] y");
                    assert!(redactor.forget(&secret));
                }
            });
        }
    });
    assert_eq!(redactor.counts().total(), 1600);
}

/// That the time is linear is printed by `benches/peers`, from the same list; no test asserts a time. Here, that none of
/// them panics, in any setting, and that redacting twice is redacting once.
#[test]
fn hostile_lines_are_taken() {
    let off = [Kind::Key, Kind::Jwt, Kind::Userinfo, Kind::Authorization, Kind::Cookie, Kind::PrivateKey];
    let nothing =
        off.iter().fold(Redactor::builder(), |builder, &kind| builder.detect(kind, false)).build().unwrap();
    for line in include_str!("vectors/redact/hostile.txt").lines().filter(|line| !line.starts_with('#')) {
        let unit: String = serde_json::from_str(line).unwrap();
        let line = unit.repeat((1 << 16) / unit.len());
        for redactor in [&strict(), &nothing] {
            let once = redactor.redact(&line).into_owned();
            assert!(redactor.redact(&once) == once, "{unit}");
        }
    }
}
