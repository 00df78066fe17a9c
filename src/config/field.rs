use std::fmt;

use secrecy::{ExposeSecretMut, SecretBox};

use super::placeholder;
use super::{Problem, Reason, Source, Value};
use crate::encoding;
use crate::secret::{ExposeSecret, SecretBytes, SecretString};

/// A type that a field of [`secrets!`](crate::secrets) can have.
///
/// | type | value |
/// |---|---|
/// | [`SecretString`] | UTF-8 text |
/// | [`SecretBytes`] | the bytes as they are, a file's last newline included |
/// | [`KeyBytes<N>`](KeyBytes) | exactly `N` bytes, written in hexadecimal or base64 |
/// | `Option<T>` | `None` when it is missing; any other problem stays an error |
///
/// A type of your own reads the text and checks it:
///
/// ```
/// use palisade::config::{FieldRules, Reason, SecretField, Value};
///
/// struct Pin(u32);
///
/// impl SecretField for Pin {
///     fn from_value(_: &str, value: Option<Value>, rules: FieldRules) -> Result<Self, Reason> {
///         let value = value.ok_or(Reason::Missing)?;
///         let text = value.expose_text()?;
///         rules.check(text.len())?;
///         text.parse().map(Pin).map_err(|_| Reason::Invalid("is not a number"))
///     }
/// }
/// ```
pub trait SecretField: Sized {
    /// Makes the field's value of what its source holds; `None` when there is nothing.
    ///
    /// # Errors
    /// Why the value cannot be used.
    fn from_value(name: &str, value: Option<Value>, rules: FieldRules) -> Result<Self, Reason>;
}

/// What a field demands of its value beyond its type.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "ask check()"]
pub struct FieldRules {
    min_len: usize,
}

impl FieldRules {
    /// No demands.
    pub const fn new() -> Self {
        Self { min_len: 0 }
    }

    /// The value's least length in bytes, after decoding.
    pub const fn min_len(mut self, bytes: usize) -> Self {
        self.min_len = bytes;
        self
    }

    /// Holds a value's length in bytes against the rules.
    ///
    /// # Errors
    /// [`Reason::TooShort`].
    pub fn check(self, len: usize) -> Result<(), Reason> {
        if len < self.min_len { Err(Reason::TooShort(self.min_len)) } else { Ok(()) }
    }
}

/// Reads one field; for [`secrets!`](crate::secrets).
///
/// # Errors
/// What is wrong with the field.
#[doc(hidden)]
pub fn load<T: SecretField>(
    source: &(impl Source + ?Sized),
    name: &'static str,
    rules: FieldRules,
) -> Result<T, Problem> {
    let value = source.value(name).map(|value| value.filter(|value| !value.is_blank()));
    value.and_then(|value| T::from_value(name, value, rules)).map_err(|reason| Problem::new(name, reason))
}

/// Whether `name` is a portable variable name, and so also a file name; for [`secrets!`](crate::secrets).
#[doc(hidden)]
pub const fn is_name(name: &str) -> bool {
    let mut rest = name.as_bytes();
    if !matches!(rest.first(), Some(b'A'..=b'Z' | b'a'..=b'z' | b'_')) {
        return false;
    }
    while let [first, tail @ ..] = rest {
        if !(first.is_ascii_alphanumeric() || *first == b'_') {
            return false;
        }
        rest = tail;
    }
    true
}

/// Whether no two names can be filled from the same place, as `KEY` and `KEY_FILE` would be; for
/// [`secrets!`](crate::secrets).
#[doc(hidden)]
pub const fn are_distinct(names: &[&str]) -> bool {
    let mut rest = names;
    while let [first, tail @ ..] = rest {
        let mut others = tail;
        while let [other, more @ ..] = others {
            if collide(first.as_bytes(), other.as_bytes()) || collide(other.as_bytes(), first.as_bytes()) {
                return false;
            }
            others = more;
        }
        rest = tail;
    }
    true
}

/// Whether `other` is `name` or `name` with `_FILE`.
const fn collide(name: &[u8], other: &[u8]) -> bool {
    let (mut name, mut other) = (name, other);
    while let ([a, name_rest @ ..], [b, other_rest @ ..]) = (name, other) {
        if *a != *b {
            return false;
        }
        (name, other) = (name_rest, other_rest);
    }
    name.is_empty() && matches!(other, b"" | b"_FILE")
}

impl SecretField for SecretString {
    fn from_value(name: &str, value: Option<Value>, rules: FieldRules) -> Result<Self, Reason> {
        let value = value.ok_or(Reason::Missing)?;
        let text = value.expose_text()?;
        placeholder::refuse(name, text)?;
        rules.check(text.len())?;
        Ok(Self::from(text))
    }
}

impl SecretField for SecretBytes {
    fn from_value(name: &str, value: Option<Value>, rules: FieldRules) -> Result<Self, Reason> {
        let value = value.ok_or(Reason::Missing)?;
        if let Ok(text) = value.expose_text() {
            placeholder::refuse(name, text)?;
        }
        let bytes = value.into_bytes();
        rules.check(bytes.len())?;
        Ok(bytes)
    }
}

impl<T: SecretField> SecretField for Option<T> {
    fn from_value(name: &str, value: Option<Value>, rules: FieldRules) -> Result<Self, Reason> {
        value.map(|value| T::from_value(name, Some(value), rules)).transpose()
    }
}

/// Exactly `N` secret bytes, read from hexadecimal or base64.
///
/// The text is `2 × N` hexadecimal digits in either case, or base64 in the standard or the URL alphabet, with or
/// without padding; its length tells which, so nothing is guessed. `openssl rand -hex 32` and
/// `openssl rand -base64 32` both make a `KeyBytes<32>`. `N` is at least 16: shorter keys can be searched.
///
/// ```
/// use palisade::config::{Environment, KeyBytes};
/// use palisade::secret::ExposeSecret;
///
/// palisade::secrets! { struct Secrets { key: "KEY" as KeyBytes<16> } }
///
/// let environment = Environment::from_vars([("KEY", "000102030405060708090a0b0c0d0e0f")]);
/// let secrets = Secrets::from_source(&environment)?;
/// assert_eq!(secrets.key.expose_secret()[15], 15);
/// # Ok::<(), palisade::config::ConfigError>(())
/// ```
// Not Clone: two copies are two places to erase.
pub struct KeyBytes<const N: usize>(SecretBox<[u8; N]>);

impl<const N: usize> SecretField for KeyBytes<N> {
    fn from_value(name: &str, value: Option<Value>, rules: FieldRules) -> Result<Self, Reason> {
        const { assert!(N >= 16, "a key has at least 16 bytes") }
        let value = value.ok_or(Reason::Missing)?;
        let text = value.expose_text()?;
        placeholder::refuse(name, text)?;
        let mut key = SecretBox::new(Box::new([0; N]));
        let decode = if text.len() == 2 * N { encoding::from_any_hex } else { encoding::from_any_base64 };
        decode(text, key.expose_secret_mut()).ok_or(Reason::NotKeyBytes(N))?;
        let first = key.expose_secret().first();
        if key.expose_secret().iter().all(|byte| Some(byte) == first) {
            return Err(Reason::Repetition); // all zeros, say: in base64 the text of such a key need not look like it
        }
        rules.check(N)?;
        Ok(Self(key))
    }
}

impl<const N: usize> ExposeSecret<[u8; N]> for KeyBytes<N> {
    fn expose_secret(&self) -> &[u8; N] {
        self.0.expose_secret()
    }
}

impl<const N: usize> fmt::Debug for KeyBytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyBytes")
    }
}
