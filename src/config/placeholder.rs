use zeroize::Zeroizing;

use super::Reason;
use crate::secret::{HASH, on_clean_stack};

/// Refuses a value that is no secret because everyone knows it.
///
/// Case and separators do not matter: `Change-Me` is `changeme`.
pub(super) fn refuse(name: &str, value: &str) -> Result<(), Reason> {
    on_clean_stack::<HASH, _>(|| judge(name, value))
}

fn judge(name: &str, value: &str) -> Result<(), Reason> {
    let trimmed = value.trim();
    let plain = squeezed(trimmed);
    if plain == squeezed(name) {
        return Err(Reason::OwnName);
    }
    if KNOWN.contains(&plain.as_str()) || MARKERS.iter().any(|marker| plain.contains(marker)) {
        return Err(Reason::Placeholder);
    }
    let enclosed = |(open, close): &(&str, &str)| trimmed.starts_with(open) && trimmed.ends_with(close);
    let variable =
        trimmed.strip_prefix('$').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(in_a_name));
    if variable || TEMPLATES.iter().any(enclosed) || REFERENCES.iter().any(|start| trimmed.starts_with(start))
    {
        return Err(Reason::Unfilled);
    }
    let mut characters = value.chars();
    let first = characters.next();
    if characters.all(|character| Some(character) == first) {
        return Err(Reason::Repetition);
    }
    Ok(())
}

/// A character of a variable's name as shells write them, lower case left out: `$aB3` may be a secret.
fn in_a_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

/// Letters and digits alone, in lower case.
fn squeezed(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len())); // never grows: it would leave a copy
    plain.extend(text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()));
    plain
}

/// What template engines and shells enclose a name in.
const TEMPLATES: &[(&str, &str)] = &[
    ("${", "}"),
    ("{{", "}}"),
    ("<", ">"),
    ("$(", ")"),
    ("%", "%"),
    ("__", "__"),
    ("@@", "@@"),
    ("#{", "}"),
];

/// How references to a secret in a vault begin.
const REFERENCES: &[&str] = &["op://", "vault:", "ENC[", "arn:aws:secretsmanager:", "ref+"];

/// Whole values, squeezed: defaults that products ship with, the commonest passwords, what tutorials write.
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "123", "1234", "12345", "123456", "1234567", "12345678", "123456789", "1234567890", "abc123", "abcdef", "admin",
    "admin1", "admin123", "adminadmin", "administrator", "apikey", "credential", "credentials", "default", "demo",
    "dev", "development", "dummy", "elastic", "empty", "example", "false", "fixme", "foo", "foobar", "guest",
    "hunter2", "key", "letmein", "local", "minio", "minioadmin", "mypassword", "mysecret", "mysecretkey",
    "mysecretpassword", "mysql", "none", "notset", "null", "pass", "passphrase", "passw0rd", "password", "password1",
    "password123", "postgres", "privatekey", "pssw0rd", "pssword", "qwerty", "qwerty123", "rabbitmq", "redacted",
    "redis", "replace", "root", "sample", "secret", "secret123", "secretkey", "sk1234567890abcdef", "supersecret",
    "supersecretkey", "supersecretpassword", "swordfish", "tbd", "temp", "test", "test123", "testing", "testkey",
    "testpassword", "testsecret", "todo", "token", "toor", "topsecret", "true", "undefined", "unknown", "unset",
    "value", "verysecret", "welcome", "welcome1", "xxx",
];

/// What no real secret contains, squeezed: whoever wrote it asked for it to be replaced.
#[rustfmt::skip]
const MARKERS: &[&str] = &[
    "changeit", "changeme", "changethis", "insertkey", "insertyour", "notasecret", "placeholder", "putyour",
    "replaceme", "replacethis", "replacewith", "tobereplaced", "todoset", "your256bitsecret", "yourapikey",
    "yourkeyhere", "yourpassword", "yoursecret", "yourtoken",
];
