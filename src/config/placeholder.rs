use zeroize::Zeroizing;

use super::Reason;

/// Refuses a value that is no secret because everyone knows it.
///
/// Case and separators do not matter: `Change-Me` is `changeme`.
pub(super) fn refuse(name: &str, value: &str) -> Result<(), Reason> {
    let trimmed = value.trim();
    let plain = squeezed(trimmed);
    if plain == squeezed(name) {
        return Err(Reason::OwnName);
    }
    if KNOWN.contains(&plain.as_str()) || MARKERS.iter().any(|marker| plain.contains(marker)) {
        return Err(Reason::Placeholder);
    }
    let enclosed = |open, close| trimmed.starts_with(open) && trimmed.ends_with(close);
    if enclosed("${", "}")
        || enclosed("{{", "}}")
        || enclosed("<", ">")
        || enclosed("$(", ")")
        || enclosed("%", "%")
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

/// Letters and digits alone, in lower case.
fn squeezed(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len())); // never grows: it would leave a copy
    plain.extend(text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()));
    plain
}

/// Whole values, squeezed.
///
/// Defaults that products ship with, the commonest passwords, and what tutorials write.
const KNOWN: &[&str] = &[
    "123456",
    "1234567",
    "12345678",
    "123456789",
    "1234567890",
    "abc123",
    "abcdef",
    "admin",
    "admin1",
    "admin123",
    "administrator",
    "apikey",
    "credential",
    "credentials",
    "default",
    "demo",
    "dummy",
    "empty",
    "example",
    "fixme",
    "foo",
    "foobar",
    "guest",
    "hunter2",
    "key",
    "letmein",
    "mypassword",
    "mysecret",
    "mysecretkey",
    "mysecretpassword",
    "none",
    "notset",
    "null",
    "pass",
    "passphrase",
    "passw0rd",
    "password",
    "password1",
    "password123",
    "privatekey",
    "pssw0rd",
    "pssword",
    "qwerty",
    "qwerty123",
    "replace",
    "root",
    "sample",
    "secret",
    "secret123",
    "secretkey",
    "sk1234567890abcdef",
    "supersecret",
    "supersecretkey",
    "supersecretpassword",
    "swordfish",
    "tbd",
    "temp",
    "test",
    "test123",
    "testing",
    "testkey",
    "testpassword",
    "testsecret",
    "todo",
    "token",
    "topsecret",
    "toor",
    "undefined",
    "unset",
    "unknown",
    "value",
    "verysecret",
    "welcome",
    "welcome1",
    "xxx",
];

/// What no real secret contains, squeezed: whoever wrote it asked for it to be replaced.
const MARKERS: &[&str] = &[
    "changeit",
    "changeme",
    "changethis",
    "insertyour",
    "notasecret",
    "placeholder",
    "putyour",
    "replaceme",
    "replacethis",
    "replacewith",
    "tobereplaced",
    "yourapikey",
    "yourkeyhere",
    "yourpassword",
    "yoursecret",
    "yourtoken",
];
