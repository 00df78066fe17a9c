//! Every type of `validate` answers as its file of vectors says, and what it accepts it accepts again, unchanged.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

use std::fs;
use std::path::Path;

use palisade::validate::{
    Cidr, CommandArg, DnsName, Email, FileName, HeaderValue, Hostname, IdnHostname, Invalid, Port, RelPath,
    Report, SafeLines, SafeText, Slug, SqlIdent, Uri, Username, Uuid,
};
use proptest::prelude::*;

/// What a type's parser answers, as text.
type Parse = fn(&str) -> Result<String, Invalid>;

/// By the name of the file of vectors.
const TYPES: &[(&str, Parse)] = &[
    ("cidr", |text| Cidr::parse(text).map(|cidr| cidr.to_string())),
    ("command_arg", |text| CommandArg::parse(text).map(String::from)),
    ("dns_name", |text| DnsName::parse(text).map(String::from)),
    ("email", |text| Email::parse(text).map(String::from)),
    ("file_name", |text| FileName::parse(text).map(String::from)),
    ("header_value", |text| HeaderValue::parse(text).map(String::from)),
    ("hostname", |text| Hostname::parse(text).map(String::from)),
    ("idn_hostname", |text| IdnHostname::parse(text).map(String::from)),
    #[cfg(feature = "url")]
    ("local_target", |text| palisade::validate::LocalTarget::parse(text).map(String::from)),
    #[cfg(feature = "url")]
    ("origin", |text| palisade::validate::Origin::parse(text).map(String::from)),
    #[cfg(feature = "url")]
    ("outbound_url", |text| palisade::validate::OutboundUrl::parse(text).map(String::from)),
    ("port", |text| Port::parse(text).map(|port| port.to_string())),
    ("rel_path", |text| RelPath::parse(text).map(String::from)),
    ("rfc_email", |text| Email::parse_rfc(text).map(String::from)),
    ("safe_lines", |text| SafeLines::parse(text).map(String::from)),
    ("safe_text", |text| SafeText::parse(text).map(String::from)),
    ("slug", |text| Slug::parse(text).map(String::from)),
    ("sql_ident", |text| SqlIdent::parse(text).map(String::from)),
    ("uri", |text| Uri::parse(text).map(String::from)),
    #[cfg(feature = "idn")]
    ("username", |text| Username::parse(text).map(String::from)),
    ("username_ascii", |text| Username::parse_ascii(text).map(String::from)),
    ("uuid", |text| Uuid::parse(text).map(String::from)),
];

/// Files of vectors whose types are features.
const NOT_BUILT: usize =
    if cfg!(feature = "idn") { 0 } else { 1 } + if cfg!(feature = "url") { 0 } else { 3 };

#[test]
fn every_type_answers_as_its_vectors_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/validate");
    for (name, parse) in TYPES {
        let text = fs::read_to_string(folder.join(name).with_extension("txt")).unwrap();
        let (mut accepted, mut refused) = (0, 0);
        for (number, line) in (1..).zip(text.lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{name}.txt:{number}: {line}");
            let fields: Vec<&str> = line.split('|').map(str::trim).collect();
            let input = unescape(fields[1]);
            match (fields[0], parse(&input)) {
                ("ok", outcome) => {
                    let canonical = fields.get(2).map_or(input, |canonical| unescape(canonical));
                    assert_eq!(outcome.as_deref(), Ok(&*canonical), "{place}");
                    assert_eq!(parse(&canonical).as_deref(), Ok(&*canonical), "{place}");
                    accepted += 1;
                }
                ("no", outcome) => {
                    let error = outcome.expect_err(&place);
                    assert_eq!(error.code(), fields[2], "{place}: {error}");
                    if let Some(at) = fields.get(3) {
                        assert_eq!(error.at(), Some(at.parse().unwrap()), "{place}: {error}");
                    }
                    refused += 1;
                }
                (word, _) => panic!("{place}: {word} is neither ok nor no"),
            }
        }
        assert!(accepted > 0 && refused > 0, "{name}: {accepted} accepted, {refused} refused");
    }
    let files = fs::read_dir(folder).unwrap().count();
    assert_eq!(
        files,
        TYPES.len() + NOT_BUILT,
        "a file of vectors that no type is held to, or a type without one"
    );
}

#[test]
fn a_mebibyte_is_refused_by_its_length() {
    for (name, parse) in TYPES {
        for unit in ["a", "a.", "1", "é", "/", " "] {
            let error = parse(&unit.repeat((1 << 20) / unit.len())).unwrap_err();
            assert_eq!(error.code(), "too-long", "{name}");
        }
    }
}

#[test]
fn reports_collect_the_errors_of_all_fields() {
    let mut report = Report::new();
    assert!(report.field("one", Slug::parse("fine")).is_some() && report.is_valid());
    assert!(report.field("two", Slug::parse("")).is_none());
    assert!(report.field("three", Slug::parse("a b")).is_none());
    assert_eq!(
        report.finish().unwrap_err().to_string(),
        "two: slug: at least one character; \
         three: slug: only a to z, 0 to 9 and single hyphens between them, at byte 1"
    );
}

proptest! {
    #[test]
    fn what_is_accepted_is_canonical(text in "[ -~é€\u{202e}\0\n]{0,40}|[a-z0-9.@:/-]{1,40}|\\PC{0,20}") {
        for (name, parse) in TYPES {
            if let Ok(canonical) = parse(&text) {
                prop_assert_eq!(parse(&canonical), Ok(canonical), "{}", name);
            }
        }
    }
}

/// `\n \r \t \0 \s \p \\ \u{HEX}`, and `\*{TEXT;N}` for TEXT N times.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let sign = rest[at + 1..].chars().next().unwrap();
        rest = &rest[at + 2..];
        let mut braced = || {
            let (inside, after) = rest.strip_prefix('{').unwrap().split_once('}').unwrap();
            rest = after;
            inside
        };
        match sign {
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            '0' => out.push('\0'),
            's' => out.push(' '),
            'p' => out.push('|'),
            '\\' => out.push('\\'),
            'u' => out.push(char::from_u32(u32::from_str_radix(braced(), 16).unwrap()).unwrap()),
            '*' => {
                let (unit, times) = braced().rsplit_once(';').unwrap();
                out.push_str(&unit.repeat(times.parse().unwrap()));
            }
            _ => panic!("\\{sign}"),
        }
    }
    out + rest
}
