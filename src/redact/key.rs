//! Which names hold secrets: told by whole words, so that `api_key` does and `monkey`, `token_count` and `author` do not.

use super::kind::Kind;

/// What a name says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Nothing, or that it is harmless.
    Plain,
    /// It may be a secret: it is one if it looks random.
    Weak,
    /// It is a secret, whatever it looks like.
    Strong,
}

/// How the value under a name is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Value,
    /// A scheme and credentials, RFC 9110 §11.4.
    Authorization,
    /// Names and values, RFC 6265 §4.2.
    Cookie,
    /// One name and value, then attributes, RFC 6265 §4.1.
    SetCookie,
}

impl Form {
    /// What is hidden in such a value.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Value => Kind::Key,
            Self::Authorization => Kind::Authorization,
            Self::Cookie | Self::SetCookie => Kind::Cookie,
        }
    }
}

/// What a name says of its value, and how that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Under {
    pub(super) verdict: Verdict,
    pub(super) form: Form,
}

impl Under {
    /// Under no name that says anything.
    pub(super) const NOTHING: Self = Self { verdict: Verdict::Plain, form: Form::Value };
}

/// Names longer than this are read by their last bytes: the words that decide stand there.
pub(super) const LONGEST: usize = 96;

/// Judges a name.
pub(super) fn judge(name: &[u8]) -> Under {
    let words = Words::of(name);
    let form = words.form();
    let verdict = match form {
        Form::Value => words.verdict(),
        _ => Verdict::Strong,
    };
    Under { verdict, form }
}

/// Whether a name says that it is about something else's size, kind or time: `expires_in`, `type`.
pub(super) fn is_about_something(name: &[u8]) -> bool {
    let words = Words::of(name);
    words.count.checked_sub(1).is_some_and(|last| holds(ABOUT, words.word(last)))
        && words.verdict() == Verdict::Plain
}

/// A name in lower case, and where its words end.
struct Words {
    letters: [u8; LONGEST],
    ends: [u8; LONGEST],
    count: usize,
}

impl Words {
    /// Splits at `_`, `-`, `.`, spaces and other signs, where camelCase begins a word, and between letters and digits.
    fn of(name: &[u8]) -> Self {
        let name = name.get(name.len().saturating_sub(LONGEST)..).unwrap_or(name);
        let mut words = Self { letters: [0; LONGEST], ends: [0; LONGEST], count: 0 };
        let (mut length, mut begun) = (0, 0);
        for (i, &byte) in name.iter().enumerate() {
            let before = if i == 0 { 0 } else { name.get(i - 1).copied().unwrap_or(0) };
            let after = name.get(i + 1).copied().unwrap_or(0);
            let new_word = !byte.is_ascii_alphanumeric()
                || before.is_ascii_digit() != byte.is_ascii_digit()
                || byte.is_ascii_uppercase()
                    && (before.is_ascii_lowercase()
                        || before.is_ascii_uppercase() && after.is_ascii_lowercase() && after != b's');
            if new_word && length > begun {
                words.end(length);
                begun = length;
            }
            if byte.is_ascii_alphanumeric()
                && let Some(letter) = words.letters.get_mut(length)
            {
                *letter = byte.to_ascii_lowercase();
                length += 1;
            }
        }
        if length > begun {
            words.end(length);
        }
        words
    }

    fn end(&mut self, at: usize) {
        if let (Some(end), Ok(at)) = (self.ends.get_mut(self.count), u8::try_from(at)) {
            *end = at;
            self.count += 1;
        }
    }

    /// The word at `index`; the empty word where there is none.
    fn word(&self, index: usize) -> &[u8] {
        if index >= self.count {
            return &[];
        }
        let end = |index: usize| self.ends.get(index).map_or(0, |&end| usize::from(end));
        let from = index.checked_sub(1).map_or(0, end);
        self.letters.get(from..end(index)).unwrap_or_default()
    }

    fn form(&self) -> Form {
        let last = |back: usize| self.count.checked_sub(back).map_or(&[][..], |index| self.word(index));
        match (last(2), last(1)) {
            (_, b"authorization") => Form::Authorization,
            (b"set", b"cookie" | b"cookies") | (_, b"setcookie") => Form::SetCookie,
            (_, b"cookie" | b"cookies") => Form::Cookie,
            _ => Form::Value,
        }
    }

    /// The last word that names a secret decides, if what follows does not say that it is about the secret only.
    fn verdict(&self) -> Verdict {
        for index in (0..self.count).rev() {
            let own = self.own_verdict(index);
            if own == Verdict::Plain {
                continue;
            }
            let mut verdict = own;
            for behind in index + 1..self.count {
                match self.word(behind) {
                    b"id" if matches!(self.word(index), b"session" | b"sess" | b"secret") => {}
                    b"word" | b"words" | b"key" | b"wd" if self.word(index) == b"pass" => {}
                    word if holds(ABOUT, word) => return Verdict::Plain,
                    word if is_neutral(word) => {}
                    _ => verdict = verdict.min(Verdict::Weak),
                }
            }
            return verdict;
        }
        Verdict::Plain
    }

    /// What the word at `index` says by itself and by the word before it.
    fn own_verdict(&self, index: usize) -> Verdict {
        let word = self.word(index);
        let before = index.checked_sub(1).map_or(&[][..], |before| self.word(before));
        match word {
            b"key" | b"keys" => key_verdict(before),
            b"token" if holds(OTHER_TOKENS, before) => Verdict::Plain,
            b"tokens" if holds(SECRET_TOKENS, before) => Verdict::Weak,
            b"pass" if holds(OTHER_PASSES, before) => Verdict::Plain,
            _ if holds(STRONG, word) => {
                if holds(ASKED, before) {
                    Verdict::Plain
                } else {
                    Verdict::Strong
                }
            }
            _ if holds(WEAK, word) => Verdict::Weak,
            _ => fused_verdict(word),
        }
    }
}

/// A key is a secret by the word before it: an API key is, a primary key is not, and of others the value tells.
fn key_verdict(before: &[u8]) -> Verdict {
    if holds(SECRET_KEYS, before) {
        Verdict::Strong
    } else if holds(OTHER_KEYS, before) {
        Verdict::Plain
    } else {
        Verdict::Weak
    }
}

/// Words written without a separator: `dbpassword`, `clientsecret`, `authtoken`, `apikey`.
fn fused_verdict(word: &[u8]) -> Verdict {
    const STRONG: [&[u8]; 20] = [
        b"password", b"passwords", b"passwd", b"passphrase", b"passcode", b"secret", b"token", b"credential",
        b"credentials", b"apikey", b"secretkey", b"privatekey", b"accesskey", b"authkey", b"signingkey",
        b"encryptionkey", b"masterkey", b"accountkey", b"licensekey", b"authorization",
    ];
    const PASS: [&[u8]; 14] = [
        b"dbpass", b"userpass", b"mypass", b"rootpass", b"adminpass", b"sshpass", b"smtppass", b"mailpass",
        b"ftppass", b"keypass", b"storepass", b"requirepass", b"masterauth", b"authpass",
    ];
    const WEAK: [&[u8]; 8] = [
        b"sessionid", b"sessid", b"phpsessid", b"jsessionid", b"sessionkey", b"appkey", b"sshkey",
        b"clientkey",
    ];
    const PLAIN: [&[u8]; 3] = [b"nextpagetoken", b"pagetoken", b"nexttoken"];
    if word.len() < 4 || PLAIN.contains(&word) {
        Verdict::Plain
    } else if STRONG.iter().any(|ending| word.ends_with(ending))
        || PASS.contains(&word)
        || word.len() <= 10 && word.ends_with(b"pwd")
    {
        Verdict::Strong
    } else if WEAK.contains(&word) {
        Verdict::Weak
    } else {
        Verdict::Plain
    }
}

fn is_neutral(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit) || holds(NEUTRAL, word)
}

/// Whether a list has a word. Nearly all are told apart by length and first letter: so read from the beginning, the lists
/// take a third of the time of a binary search, which compares words seven times over (measured 2026-11).
pub(super) fn holds(words: &[&str], word: &[u8]) -> bool {
    words.iter().any(|known| {
        known.len() == word.len() && known.as_bytes().first() == word.first() && known.as_bytes() == word
    })
}

/// Words that name a secret.
const STRONG: &[&str] = &[
    "authorization", "bearer", "cred", "credential", "credentials", "creds", "cvc", "cvv", "jwt", "otp",
    "pass", "passcode", "passkey", "passphrase", "passw", "passwd", "password", "passwords", "passwort",
    "passwrd", "pin", "pswd", "pwd", "secret", "token", "totp",
];

/// Words that name what may be a secret.
const WEAK: &[&str] =
    &["auth", "csrf", "private", "secrets", "sess", "sessid", "session", "sid", "sig", "signature", "xsrf"];

/// Words before a secret's name that make it a question or a task.
const ASKED: &[&str] =
    &["change", "forgot", "has", "is", "need", "needs", "no", "require", "requires", "reset"];

/// Words before `token` that make it a place in a list, or a word of a language.
const OTHER_TOKENS: &[&str] = &[
    "bos", "cancel", "cancellation", "continuation", "eos", "invalid", "max", "min", "next", "num", "pad",
    "page", "pagination", "per", "special", "stop", "sync", "unexpected",
];

/// Words before `tokens` that make them secrets: others are words of a language.
const SECRET_TOKENS: &[&str] =
    &["access", "api", "auth", "backup", "bearer", "recovery", "refresh", "session"];

/// Words before `pass` that make it a passage.
const OTHER_PASSES: &[&str] = &["band", "by", "first", "high", "low", "multi", "render", "second", "single"];

/// Words before `key` that make it a secret.
const SECRET_KEYS: &[&str] = &[
    "access", "account", "activation", "admin", "aes", "api", "app", "application", "auth", "cipher",
    "client", "consumer", "credential", "crypt", "crypto", "decrypt", "decryption", "deploy", "derived",
    "dsa", "ecdsa", "ed25519", "enc", "encrypt", "encryption", "gpg", "hmac", "ingest", "ingestion",
    "integration", "jwt", "licence", "license", "master", "password", "pgp", "preshared", "priv", "private",
    "psk", "recovery", "root", "rsa", "sas", "secret", "service", "session", "shared", "sign", "signature",
    "signing", "ssh", "ssl", "storage", "subscription", "tls", "token", "unseal", "webhook", "wrapping",
    "write",
];

/// Words before `key` that make it something else.
const OTHER_KEYS: &[&str] = &[
    "any", "arrow", "bucket", "cache", "column", "composite", "config", "dedup", "deduplication", "dict",
    "dictionary", "duplicate", "enter", "escape", "field", "foreign", "function", "group", "grouping", "has",
    "hash", "host", "hot", "i18n", "idempotency", "index", "invalid", "is", "join", "json", "lookup", "map",
    "message", "meta", "missing", "modifier", "natural", "no", "object", "on", "partition", "press",
    "primary", "property", "pub", "public", "range", "react", "registry", "routing", "row", "s3", "search",
    "sequence", "setting", "shard", "short", "sort", "storage_key", "surrogate", "tab", "translation",
    "unique", "unknown", "value",
];

/// Words behind a secret's name that make it a name of something about the secret.
const ABOUT: &[&str] = &[
    "age", "alg", "algo", "algorithm", "arn", "at", "attempt", "attempts", "attribute", "audience", "auth",
    "authentication", "bits", "bytes", "cache", "changed", "check", "class", "complexity", "cost", "count",
    "counter", "created", "date", "dir", "directory", "disabled", "duration", "enabled", "endpoint",
    "engine", "error", "errors", "event", "exists", "exp", "expiration", "expired", "expires", "expiry",
    "factory", "field", "file", "filename", "fingerprint", "format", "generator", "grant", "handler", "hint",
    "id", "ids", "in", "index", "issued", "issuer", "kind", "label", "last", "left", "len", "length",
    "lifetime", "limit", "limits", "list", "location", "log", "manager", "max", "method", "min", "mode",
    "module", "name", "names", "namespace", "num", "number", "order", "owner", "page", "path", "policy",
    "position", "prefix", "prompt", "provider", "quota", "rate", "ref", "reference", "region", "request",
    "required", "requirements", "reset", "role", "rotated", "rotation", "rules", "scheme", "scope", "scopes",
    "service", "size", "source", "speed", "state", "status", "store", "strategy", "strength", "suffix",
    "time", "timeout", "total", "ttl", "type", "types", "updated", "uri", "url", "usage", "used", "user",
    "username", "uses", "validation", "version", "visible", "width", "word", "words",
];

/// Words behind a secret's name that leave it a secret.
const NEUTRAL: &[&str] = &[
    "a", "again", "b", "b64", "base", "base64", "clear", "cleartext", "code", "codes", "confirm",
    "confirmation", "current", "data", "default", "dev", "development", "digest", "enc", "encoded",
    "encrypted", "env", "hash", "hashed", "header", "hex", "input", "key", "keys", "live", "new", "old",
    "param", "pem", "phrase", "plain", "plaintext", "prev", "previous", "prod", "production", "raw",
    "repeat", "salt", "sandbox", "secondary", "staging", "str", "string", "test", "text", "val", "value",
    "var", "variable", "x", "y",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_whole_words() {
        let all = |verdict, names: &str| {
            for name in names.split_whitespace() {
                assert_eq!(judge(name.as_bytes()).verdict, verdict, "{name}");
            }
        };
        all(
            Verdict::Strong,
            "password PASSWORD db_password dbPassword DB-PASSWORD spring.datasource.password \
             userpassword pgpassword api_key apiKey APIKey X-Api-Key apikey secret client_secret \
             clientSecret SECRET_KEY_BASE access_token accessToken token1 refresh_token_2 \
             aws_secret_access_key private-key passphrase password_hash new_password PASSWORD_PROD jwt \
             otp AccountKey SharedAccessKey adafruitToken APITokenToken todo_secret_value secret_id \
             authorization Proxy-Authorization Set-Cookie cookie imagePullSecret.password authtoken \
             PHPTOKEN",
        );
        all(
            Verdict::Weak,
            "key session session_id PHPSESSID signature auth adafruit_key csrf user_auth token_github \
             private",
        );
        all(
            Verdict::Plain,
            "monkey donkey keyboard keymap primary_key partition_key public_key pubkey_algo sort-key \
             cacheKey token_count max_tokens prompt_tokens tokenizer author authenticated auth_method \
             password_changed_at password_min_length secretary access_count session_count \
             session_timeout credential_provider compass bypass pinned token_type tokenExpiresIn \
             secret_name key_id nextPageToken passed keyword hash_key assign design spin",
        );
    }

    #[test]
    fn lists_are_in_order() {
        for words in [
            STRONG, WEAK, ASKED, OTHER_TOKENS, SECRET_TOKENS, OTHER_PASSES, SECRET_KEYS, OTHER_KEYS, ABOUT,
            NEUTRAL,
        ] {
            assert!(words.is_sorted(), "{words:?}");
        }
    }

    #[test]
    fn any_name_is_judged() {
        judge(b"");
        judge(&[b'_'; 300]);
        judge(&[b'k'; 300]);
        judge("пароль_password".as_bytes());
        assert_eq!(judge(&[&[b'a'; 200][..], b"_password"].concat()).verdict, Verdict::Strong);
    }
}
