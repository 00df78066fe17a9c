//! Which names hold secrets: told by whole words, so that `api_key` does and `monkey`, `token_count` and `author` do not.

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

/// What a name says of its value, and how that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Under {
    pub(super) verdict: Verdict,
    pub(super) form: Form,
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
    words.count.checked_sub(1).is_some_and(|last| is_about(words.word(last)))
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
                    word if is_about(word) => return Verdict::Plain,
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
            b"password" | b"passwords" | b"passwd" | b"pass" | b"passphrase" | b"passcode" | b"passwort"
            | b"pwd" | b"pswd" | b"secret" | b"token" | b"credential" | b"credentials" | b"cred"
            | b"creds" | b"jwt" | b"bearer" | b"otp" | b"totp" | b"cvv" | b"cvc" | b"authorization" => {
                let said_otherwise = match word {
                    b"token" => matches!(
                        before,
                        b"max"
                            | b"min"
                            | b"num"
                            | b"next"
                            | b"page"
                            | b"pagination"
                            | b"continuation"
                            | b"sync"
                            | b"cancellation"
                            | b"cancel"
                            | b"unexpected"
                            | b"invalid"
                            | b"eos"
                            | b"bos"
                            | b"pad"
                            | b"special"
                            | b"stop"
                            | b"per"
                    ),
                    b"pass" => matches!(
                        before,
                        b"first"
                            | b"second"
                            | b"render"
                            | b"by"
                            | b"multi"
                            | b"single"
                            | b"low"
                            | b"high"
                            | b"band"
                    ),
                    b"secret" | b"secrets" => matches!(before, b"is" | b"has"),
                    _ => matches!(
                        before,
                        b"has"
                            | b"is"
                            | b"no"
                            | b"need"
                            | b"needs"
                            | b"require"
                            | b"requires"
                            | b"forgot"
                            | b"change"
                            | b"reset"
                    ),
                };
                if said_otherwise { Verdict::Plain } else { Verdict::Strong }
            }
            b"tokens"
                if matches!(
                    before,
                    b"access"
                        | b"refresh"
                        | b"auth"
                        | b"api"
                        | b"bearer"
                        | b"session"
                        | b"backup"
                        | b"recovery"
                ) =>
            {
                Verdict::Weak
            }
            b"secrets" | b"auth" | b"session" | b"sess" | b"sessid" | b"sid" | b"sig" | b"signature"
            | b"csrf" | b"xsrf" | b"pin" | b"private" => Verdict::Weak,
            b"key" | b"keys" => key_verdict(before, index),
            _ => fused_verdict(word),
        }
    }
}

/// A key is a secret by the word before it: an API key is, a primary key is not, and of others the value tells.
fn key_verdict(before: &[u8], index: usize) -> Verdict {
    match before {
        b"api" | b"secret" | b"private" | b"priv" | b"access" | b"account" | b"auth" | b"encryption"
        | b"encrypt" | b"enc" | b"decryption" | b"decrypt" | b"signing" | b"sign" | b"signature"
        | b"master" | b"shared" | b"storage" | b"license" | b"licence" | b"session" | b"ssh" | b"gpg"
        | b"pgp" | b"rsa" | b"dsa" | b"ecdsa" | b"ed25519" | b"ssl" | b"tls" | b"hmac" | b"aes"
        | b"deploy" | b"app" | b"application" | b"consumer" | b"root" | b"admin" | b"subscription"
        | b"integration" | b"sas" | b"jwt" | b"wrapping" | b"unseal" | b"recovery" | b"activation"
        | b"service" | b"client" | b"token" | b"write" | b"ingest" | b"ingestion" | b"webhook"
        | b"password" | b"credential" | b"crypt" | b"crypto" | b"cipher" | b"derived" | b"preshared"
        | b"psk" => Verdict::Strong,
        b"primary" | b"foreign" | b"partition" | b"sort" | b"cache" | b"hash" | b"row" | b"column"
        | b"public" | b"pub" | b"routing" | b"idempotency" | b"dedup" | b"deduplication" | b"group"
        | b"grouping" | b"index" | b"unique" | b"natural" | b"surrogate" | b"composite" | b"object"
        | b"s3" | b"map" | b"json" | b"sequence" | b"message" | b"translation" | b"i18n" | b"lookup"
        | b"registry" | b"config" | b"setting" | b"property" | b"shard" | b"range" | b"bucket"
        | b"storage_key" | b"hot" | b"short" | b"arrow" | b"enter" | b"escape" | b"press" | b"on"
        | b"tab" | b"function" | b"meta" | b"modifier" | b"value" | b"field" | b"dict" | b"dictionary"
        | b"host" | b"has" | b"is" | b"no" | b"missing" | b"unknown" | b"duplicate" | b"invalid" | b"any"
        | b"join" | b"react" | b"search" => Verdict::Plain,
        [] if index == 0 => Verdict::Weak,
        _ => Verdict::Weak,
    }
}

/// Words written without a separator: `dbpassword`, `clientsecret`, `authtoken`, `apikey`.
fn fused_verdict(word: &[u8]) -> Verdict {
    const STRONG: [&[u8]; 20] = [
        b"password",
        b"passwords",
        b"passwd",
        b"passphrase",
        b"passcode",
        b"secret",
        b"token",
        b"credential",
        b"credentials",
        b"apikey",
        b"secretkey",
        b"privatekey",
        b"accesskey",
        b"authkey",
        b"signingkey",
        b"encryptionkey",
        b"masterkey",
        b"accountkey",
        b"licensekey",
        b"authorization",
    ];
    const PASS: [&[u8]; 14] = [
        b"dbpass",
        b"userpass",
        b"mypass",
        b"rootpass",
        b"adminpass",
        b"sshpass",
        b"smtppass",
        b"mailpass",
        b"ftppass",
        b"keypass",
        b"storepass",
        b"requirepass",
        b"masterauth",
        b"authpass",
    ];
    const WEAK: [&[u8]; 8] = [
        b"sessionid",
        b"sessid",
        b"phpsessid",
        b"jsessionid",
        b"sessionkey",
        b"appkey",
        b"sshkey",
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

/// Words behind a secret's name that make it a name of something about the secret.
fn is_about(word: &[u8]) -> bool {
    matches!(
        word,
        b"age"
            | b"algo"
            | b"alg"
            | b"algorithm"
            | b"arn"
            | b"at"
            | b"attempt"
            | b"attempts"
            | b"attribute"
            | b"audience"
            | b"auth"
            | b"authentication"
            | b"bits"
            | b"bytes"
            | b"cache"
            | b"changed"
            | b"check"
            | b"class"
            | b"complexity"
            | b"cost"
            | b"count"
            | b"counter"
            | b"created"
            | b"date"
            | b"dir"
            | b"directory"
            | b"disabled"
            | b"duration"
            | b"enabled"
            | b"endpoint"
            | b"engine"
            | b"error"
            | b"errors"
            | b"event"
            | b"exists"
            | b"expiration"
            | b"expired"
            | b"expires"
            | b"expiry"
            | b"exp"
            | b"factory"
            | b"field"
            | b"file"
            | b"filename"
            | b"fingerprint"
            | b"format"
            | b"generator"
            | b"grant"
            | b"handler"
            | b"hint"
            | b"id"
            | b"ids"
            | b"in"
            | b"index"
            | b"issuer"
            | b"issued"
            | b"kind"
            | b"label"
            | b"last"
            | b"left"
            | b"len"
            | b"length"
            | b"lifetime"
            | b"limit"
            | b"limits"
            | b"list"
            | b"location"
            | b"log"
            | b"manager"
            | b"max"
            | b"method"
            | b"min"
            | b"mode"
            | b"module"
            | b"name"
            | b"names"
            | b"namespace"
            | b"num"
            | b"number"
            | b"order"
            | b"owner"
            | b"page"
            | b"path"
            | b"policy"
            | b"position"
            | b"prefix"
            | b"prompt"
            | b"provider"
            | b"quota"
            | b"rate"
            | b"ref"
            | b"reference"
            | b"region"
            | b"request"
            | b"required"
            | b"requirements"
            | b"reset"
            | b"role"
            | b"rotated"
            | b"rotation"
            | b"rules"
            | b"scheme"
            | b"scope"
            | b"scopes"
            | b"service"
            | b"size"
            | b"source"
            | b"speed"
            | b"state"
            | b"status"
            | b"store"
            | b"strategy"
            | b"strength"
            | b"suffix"
            | b"time"
            | b"timeout"
            | b"total"
            | b"ttl"
            | b"type"
            | b"types"
            | b"updated"
            | b"uri"
            | b"url"
            | b"usage"
            | b"used"
            | b"user"
            | b"username"
            | b"uses"
            | b"validation"
            | b"version"
            | b"visible"
            | b"width"
            | b"word"
            | b"words"
    )
}

/// Words behind a secret's name that leave it a secret.
fn is_neutral(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit)
        || matches!(
            word,
            b"again"
                | b"b64"
                | b"base"
                | b"base64"
                | b"clear"
                | b"cleartext"
                | b"confirm"
                | b"confirmation"
                | b"current"
                | b"data"
                | b"default"
                | b"dev"
                | b"development"
                | b"digest"
                | b"enc"
                | b"encoded"
                | b"encrypted"
                | b"env"
                | b"hash"
                | b"hashed"
                | b"header"
                | b"hex"
                | b"input"
                | b"key"
                | b"keys"
                | b"live"
                | b"new"
                | b"old"
                | b"param"
                | b"pem"
                | b"plain"
                | b"plaintext"
                | b"prev"
                | b"previous"
                | b"prod"
                | b"production"
                | b"raw"
                | b"repeat"
                | b"salt"
                | b"sandbox"
                | b"secondary"
                | b"staging"
                | b"str"
                | b"string"
                | b"test"
                | b"text"
                | b"val"
                | b"value"
                | b"var"
                | b"variable"
                | b"x"
                | b"y"
                | b"a"
                | b"b"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_whole_words() {
        for name in [
            "password",
            "PASSWORD",
            "db_password",
            "dbPassword",
            "DB-PASSWORD",
            "spring.datasource.password",
            "userpassword",
            "pgpassword",
            "api_key",
            "apiKey",
            "APIKey",
            "X-Api-Key",
            "apikey",
            "secret",
            "client_secret",
            "clientSecret",
            "SECRET_KEY_BASE",
            "access_token",
            "accessToken",
            "token1",
            "refresh_token_2",
            "aws_secret_access_key",
            "private-key",
            "passphrase",
            "password_hash",
            "new_password",
            "PASSWORD_PROD",
            "jwt",
            "otp",
            "AccountKey",
            "SharedAccessKey",
            "adafruitToken",
            "APITokenToken",
            "todo_secret_value",
            "secret_id",
            "authorization",
            "Proxy-Authorization",
            "Set-Cookie",
            "cookie",
            "imagePullSecret.password",
            "authtoken",
            "PHPTOKEN",
        ] {
            assert_eq!(judge(name.as_bytes()).verdict, Verdict::Strong, "{name}");
        }
        for name in [
            "key",
            "session",
            "session_id",
            "PHPSESSID",
            "signature",
            "auth",
            "adafruit_key",
            "csrf",
            "user_auth",
            "token_github",
            "private",
        ] {
            assert_eq!(judge(name.as_bytes()).verdict, Verdict::Weak, "{name}");
        }
        for name in [
            "monkey",
            "donkey",
            "keyboard",
            "keymap",
            "primary_key",
            "partition_key",
            "public_key",
            "pubkey_algo",
            "sort-key",
            "cacheKey",
            "token_count",
            "max_tokens",
            "prompt_tokens",
            "tokenizer",
            "author",
            "authenticated",
            "auth_method",
            "password_changed_at",
            "password_min_length",
            "secretary",
            "access_count",
            "session_count",
            "session_timeout",
            "credential_provider",
            "compass",
            "bypass",
            "spin",
            "pinned",
            "token_type",
            "tokenExpiresIn",
            "secret_name",
            "key_id",
            "nextPageToken",
            "passed",
            "keyword",
            "hash_key",
            "assign",
            "design",
        ] {
            assert_eq!(judge(name.as_bytes()).verdict, Verdict::Plain, "{name}");
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
