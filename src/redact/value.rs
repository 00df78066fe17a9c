//! What a value looks like: nothing, a placeholder, a word, or something random.

use super::key::holds;
use super::text::{at, cut, is_space};

/// Nothing that is longer than this is shown for what it looks like. A value that is hidden is not read again; one that is
/// shown is, for every name in it, so that without a bound a line of nothing but names would take quadratic time.
pub(super) const LONGEST_SHOWN: usize = 1024;

/// Nothing to hide: empty, a word that says so, a variable that was not filled in, or what is masked already.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    let Some(&first) = value.first() else { return true };
    if value.len() > LONGEST_SHOWN {
        return false;
    }
    let last = at(value, value.len() - 1);
    let inner = |skip: usize| value.get(skip..value.len() - 1).unwrap_or_default();
    if value.iter().all(|&byte| byte == first)
        && (!first.is_ascii_alphanumeric() || first.eq_ignore_ascii_case(&b'x') && value.len() >= 3)
    {
        return true; // `*****`, `...`, `xxxxxxxx`
    }
    match first {
        b'$' => match (at(value, 1), last) {
            (b'{' | b'(', b'}' | b')') => is_name(inner(2)),
            (b'{', b'{') => true, // `${{ secrets.NAME }}`, up to its first space
            _ if value.len() > 1 && value.iter().skip(1).all(u8::is_ascii_digit) => true, // a parameter of SQL
            _ => {
                value.len() >= 4
                    && value.iter().skip(1).all(|&byte| byte.is_ascii_uppercase() || byte == b'_')
            }
        },
        b'{' if last == b'}' => {
            is_name(inner(1).trim_ascii())
                || at(value, 1) == b'{'
                    && is_name(value.get(2..value.len().saturating_sub(2)).unwrap_or_default().trim_ascii())
        }
        b'<' if last == b'>' => is_name(untemplated(inner(1))),
        b'%' => {
            matches!(value, b"%s" | b"%d" | b"%v" | b"%@" | b"%q" | b"%p")
                || last == b'%' && is_name(inner(1))
                || starts_template(value)
        }
        b'[' if last == b']' => is_mask(inner(1)) || inner(1).trim_ascii().is_empty(),
        // Parameters of SQL.
        b'?' => value.len() == 1,
        b':' => {
            value.len() > 1
                && is_name(inner(1))
                && value.iter().skip(1).all(|&byte| byte.is_ascii_lowercase() || byte == b'_')
        }
        _ => is_partly_masked(value) || is_status(value) || is_reference(value),
    }
}

/// `sk_l****9f2a`: stars, and little else.
fn is_partly_masked(value: &[u8]) -> bool {
    let stars = memchr::memchr_iter(b'*', value).count();
    stars >= 4 && (stars * 2 >= value.len() || stars == 4 && value.len() <= 12)
}

/// Where a secret is kept, not what it is.
fn is_reference(value: &[u8]) -> bool {
    const SCHEMES: [&[u8]; 3] = [b"op://", b"vault:", b"arn:aws:"];
    const OBJECTS: [&[u8]; 12] = [
        b"process.env.", b"secrets.", b"var.", b"module.", b"local.", b"data.", b"req.", b"request.",
        b"self.", b"this.", b"config.", b"env.",
    ];
    let named = value.iter().all(|&byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_'));
    let path = value.starts_with(b"/") && memchr::memchr_iter(b'/', value).count() >= 2;
    let segments =
        || value.split(|&byte| byte == b'/').all(|segment| segment.len() <= 40 && !looks_random(segment));
    SCHEMES.iter().any(|scheme| value.starts_with(scheme))
        || named && OBJECTS.iter().any(|object| value.starts_with(object))
        || path && !value.iter().any(|byte| matches!(byte, b'+' | b'=' | b'@' | b'!' | b'$')) && segments()
}

/// `%= name %`, as templates write it between `<` and `>`, without its signs.
fn untemplated(inner: &[u8]) -> &[u8] {
    let inner = inner.strip_prefix(b"%").map_or(inner, |inner| inner.strip_prefix(b"=").unwrap_or(inner));
    inner.strip_suffix(b"%").unwrap_or(inner).trim_ascii()
}

/// `%(name)s`
fn starts_template(value: &[u8]) -> bool {
    value.starts_with(b"%(") && value.ends_with(b")s")
}

/// A variable's name, or a few words: nothing random, and no digits but behind a letter.
fn is_name(inner: &[u8]) -> bool {
    let named =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b' ' | b':' | b'@');
    let digits = inner.iter().filter(|byte| byte.is_ascii_digit()).count();
    let spoken = inner.iter().any(|byte| matches!(byte, b'_' | b' ' | b'@'))
        || !inner.iter().any(u8::is_ascii_lowercase);
    inner.len() <= 64
        && inner.iter().all(named)
        && (digits == 0 || spoken)
        && !inner.split(|&byte| is_space(byte)).any(looks_random)
}

/// `REDACTED`, `email:1a2b3c4d`, `REDACTED: unscanned 17 bytes`, without their brackets: our own masks and those of other programs.
fn is_mask(inner: &[u8]) -> bool {
    const WORDS: [&[u8]; 9] = [
        b"redacted", b"filtered", b"masked", b"hidden", b"removed", b"secret", b"protected", b"scrubbed",
        b"omitted",
    ];
    let (word, rest) = inner.split_at(inner.iter().position(|&byte| byte == b':').unwrap_or(inner.len()));
    let ours = rest.starts_with(b": unscanned ") && rest.ends_with(b" bytes") && rest.len() <= 40;
    WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)) && (rest.is_empty() || ours)
}

/// Words that stand where a value would, and tell about it.
pub(super) fn is_status(value: &[u8]) -> bool {
    let mut lower = [0; LONGEST_STATUS];
    let Some(lower) = lower.get_mut(..value.len()) else { return false };
    lower.copy_from_slice(value);
    lower.make_ascii_lowercase();
    holds(STATUS, lower)
}

const LONGEST_STATUS: usize = 12;

const STATUS: &[&str] = &[
    "&str", "(empty)", "(none)", "(null)", "*", "-", "--", "<empty>", "<hidden>", "<nil>", "<none>",
    "<null>", "<redacted>", "<secret>", "[redacted]", "absent", "await", "bool", "chauthtok", "compat",
    "configured", "disabled", "empty", "enabled", "expired", "failed", "false", "files", "filtered",
    "hidden", "include", "int", "invalid", "loaded", "masked", "missing", "n/a", "na", "nil", "no", "none",
    "null", "off", "ok", "omit", "optional", "present", "redacted", "removed", "required", "same-origin",
    "self", "str", "string", "success", "tbd", "true", "undefined", "unknown", "unset", "yes",
];

/// Whether a value could have been drawn at random: long, of several kinds of characters that change often, and no path,
/// address, date, name or sentence.
pub(super) fn looks_random(value: &[u8]) -> bool {
    if value.len() < 8 {
        return false;
    }
    let Some(texture) = Texture::of(value) else { return false };
    let Texture {
        lower,
        upper,
        digits,
        signs,
        changes,
        digit_groups,
        capital_groups,
        longest_word,
        distinct,
    } = texture;
    let (length, letters) = (value.len(), lower + upper);
    let varied = if letters == 0 {
        false
    } else if length < 16 {
        // Short, so it has to be mixed: `h0pk1ns~21s` is, `build-2026-11` is not.
        let kinds = [lower, upper, digits, signs].iter().filter(|&&count| count > 0).count();
        digits >= 2 && distinct >= 6 && (kinds >= 3 && changes >= 4 || changes >= 5) && signs * 3 <= length
    } else if value.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-') {
        distinct >= 8 && digits >= 3
    } else {
        let mixed_with_digits = digits >= 3 && digit_groups >= 2 && changes * 6 >= length;
        // Names in camelCase begin each word with one capital; chance puts several together, several times.
        let mixed_in_case = lower >= 3 && capital_groups >= 2 && changes * 3 >= length;
        let words = mixed_with_digits || mixed_in_case || longest_word >= 24 && digits >= 2;
        distinct >= 10 && signs * 5 <= length && words
    };
    varied && !is_address(value)
}

/// What a value is made of.
#[derive(Default)]
struct Texture {
    lower: usize,
    upper: usize,
    digits: usize,
    signs: usize,
    /// How often small letters, capitals and digits follow each other directly.
    changes: usize,
    digit_groups: usize,
    /// Of two capitals or more.
    capital_groups: usize,
    /// The longest run of letters.
    longest_word: usize,
    distinct: u32,
}

impl Texture {
    /// `None` for what is not printable ASCII, or has spaces.
    fn of(value: &[u8]) -> Option<Self> {
        let (mut all, mut word, mut capitals, mut before, mut seen) =
            (Self::default(), 0, 0, Class::Sign, 0u128);
        for &byte in value {
            let class = match byte {
                b'a'..=b'z' => Class::Lower,
                b'A'..=b'Z' => Class::Upper,
                b'0'..=b'9' => Class::Digit,
                0..=b' ' | 0x7f.. => return None,
                _ => Class::Sign,
            };
            match class {
                Class::Lower => all.lower += 1,
                Class::Upper => all.upper += 1,
                Class::Digit => all.digits += 1,
                Class::Sign => all.signs += 1,
            }
            word = if matches!(class, Class::Lower | Class::Upper) { word + 1 } else { 0 };
            all.longest_word = all.longest_word.max(word);
            // Next to signs there is no change: `job_1445144423722_0020` is a name and numbers.
            all.changes += usize::from(class != before && class != Class::Sign && before != Class::Sign);
            all.digit_groups += usize::from(class == Class::Digit && before != Class::Digit);
            capitals = if class == Class::Upper { capitals + 1 } else { 0 };
            all.capital_groups += usize::from(capitals == 2);
            seen |= 1 << byte;
            before = class;
        }
        all.distinct = seen.count_ones();
        Some(all)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Sign,
}

/// A path, a URL, a version or a date.
fn is_address(value: &[u8]) -> bool {
    let first = at(value, 0);
    let pointer = value
        .strip_prefix(b"0x")
        .is_some_and(|digits| digits.len() <= 16 && digits.iter().all(u8::is_ascii_hexdigit));
    pointer
        || matches!(first, b'/' | b'~' | b'.' | b'\\')
        || value.windows(3).any(|three| three == b"://" || three == b":\\\\")
        || value.iter().filter(|&&byte| matches!(byte, b'/' | b'\\')).count() >= 3
            && !value.iter().any(|&byte| byte == b'+' || byte == b'=')
        || value.iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'-' | b':' | b'.' | b'T' | b'Z' | b'+' | b'/' | b',')
        })
        || value.contains(&b'(')
        || value
            .iter()
            .all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'.' | b'_' | b'-' | b':' | b'/'))
            && value.iter().any(|byte| matches!(byte, b'.' | b'_' | b'-' | b':' | b'/'))
            && !mixed_case(value)
}

/// Capitals in the middle of words, more often than names have them.
fn mixed_case(value: &[u8]) -> bool {
    let changes = value
        .windows(2)
        .filter(|two| matches!(two, [a, b] if a.is_ascii_lowercase() && b.is_ascii_uppercase()))
        .count();
    changes * 5 >= value.len()
}

/// Whether a word that is said to be a secret (`the password is …`) could be one, rather than a word about it.
pub(super) fn looks_told(value: &[u8]) -> bool {
    let digits = value.iter().any(u8::is_ascii_digit);
    let letters = value.iter().any(u8::is_ascii_alphabetic);
    let signs = value
        .iter()
        .any(|byte| byte.is_ascii_punctuation() && !matches!(byte, b'-' | b'\'' | b'.' | b',' | b'_'));
    let known = [&b"base64"[..], b"sha256", b"sha512", b"base64url", b"utf-8"]
        .iter()
        .any(|known| value.eq_ignore_ascii_case(known));
    let place = matches!(at(value, 0), b'/' | b'.' | b'~')
        || value.windows(3).any(|three| three == b"://")
        || value.contains(&b'(');
    !known
        && !place
        && (value.len() >= 6 && digits && (letters || signs)
            || value.len() >= 12 && digits && !signs
            || value.len() >= 16 && !value.contains(&b'-')
            || value.len() >= 16 && digits
            || looks_random(value))
}

/// Whether an unquoted value reads as prose: it begins with a word that sentences about secrets go on with.
pub(super) fn is_prose(text: &[u8], start: usize, end: usize) -> bool {
    let word = cut(text, start, end);
    let word = word.strip_suffix(b".").or_else(|| word.strip_suffix(b",")).unwrap_or(word);
    holds(SAID, word) || is_status(word)
}

/// Words that a sentence goes on with behind a colon: `invalid token: unexpected end of input`.
const SAID: &[&str] = &[
    "a", "access", "already", "an", "and", "are", "at", "authentication", "bad", "but", "can", "cannot",
    "connection", "contains", "could", "decryption", "denied", "did", "does", "end", "error", "exceeded",
    "expected", "failed", "failure", "for", "found", "from", "got", "has", "have", "if", "in", "incorrect",
    "insufficient", "invalid", "is", "it", "malformed", "mismatch", "missing", "must", "needs", "no", "not",
    "or", "parse", "parsing", "permission", "please", "received", "rejected", "should", "signature",
    "system", "that", "the", "there", "this", "timeout", "to", "too", "unable", "unauthorized", "unexpected",
    "unknown", "unrecognized", "unsupported", "use", "user", "using", "verification", "was", "we", "when",
    "which", "with", "without", "wrong", "you", "your",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_nothing_to_hide() {
        for value in [
            "",
            "null",
            "None",
            "***",
            "xxxxxxxx",
            "...",
            "${DB_PASSWORD}",
            "$(SONAR_LOGIN)",
            "$API_KEY",
            "{{ password }}",
            "{}",
            "{0}",
            "<YOUR_ACCOUNT_KEY>",
            "<%= @variable %>",
            "%s",
            "%(password)s",
            "%PASSWORD%",
            "[REDACTED]",
            "[FILTERED]",
            "sk_l****9f2a",
            "[REDACTED: unscanned 17 bytes]",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in [
            "hunter2",
            "aa",
            "$2y$10$abcdefghijklmnopqrstuv",
            "{AQAAABAAAAAQ x9Kd82hdk2Lq7Vt31}",
            "<p4ssw0rd!9xQ2>",
            "changeme",
            "[REDACTED]9f8d7s6f5d4s3a2",
            "$ummer2026",
        ] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn the_list_is_in_order() {
        assert!(
            SAID.is_sorted() && STATUS.is_sorted() && STATUS.iter().all(|word| word.len() <= LONGEST_STATUS)
        );
    }

    #[test]
    fn random_is_told_from_written() {
        for value in [
            "vlrevctol18slayabwv_fwbjibj0az1t",
            "ZTWAaGLDe0NL3rwWE97Foq8BlDqYr9",
            "0afae57f3ccfd9d7f5767067bc48b30f",
            "am9obmRvZTpkMDY5NGIxYi1jMTcx+TMyYS0w",
            "h0pk1ns~21s",
            "ed87e208-3a74-7d36-efd3-30779355e0d3",
            "dXNlcjpwYXNzd29yZDEyMw==",
            "pFQXzrtYbVNmkLOJ",
        ] {
            assert!(looks_random(value.as_bytes()), "{value}");
        }
        for value in [
            "job_1445144423722_0020",
            "0x14ede63a5a70002",
            "30546174_172126852",
            "hello",
            "/usr/lib/python3/site-packages",
            "org.apache.hadoop.mapreduce.v2.app.MRAppMaster",
            "2026-11-22T10:15:04.123Z",
            "https://example.com/a1b2c3d4e5",
            "getUserByIdAndName",
            "us-east-1",
            "1234567890123456",
            "build-2026-11",
            "TestSourcePassword",
            "reader-group-consumer",
            "00000000-0000-0000-0000-000000000000",
            "blk_-1608999687919862906",
            "10.250.19.102:54106",
        ] {
            assert!(!looks_random(value.as_bytes()), "{value}");
        }
    }
}
