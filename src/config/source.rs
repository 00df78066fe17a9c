use std::collections::HashMap;
use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::hash::Hasher;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Reason, is_name};
use crate::secret::{ExposeSecret, SecretBytes};

/// Where secrets come from: the process's environment and files, a vault, a map in a test.
///
/// # Contract
/// - A name that is not known is `Ok(None)`; a source that cannot tell answers `Err`. Answering `None` for an
///   outage would let an optional secret be dropped silently, and is a security fault.
/// - Values are as stored; [`secrets!`](crate::secrets) checks them.
///
/// ```
/// use palisade::config::{Reason, Source, Value};
/// use palisade::secret::SecretBytes;
///
/// struct Vault;
///
/// impl Source for Vault {
///     fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
///         let answer: Vec<u8> = match name {
///             "DB_PASSWORD" => b"from the vault".to_vec(),
///             _ => return Ok(None),
///         };
///         Ok(Some(Value::exact(SecretBytes::from(answer))))
///     }
/// }
///
/// palisade::secrets! { struct Secrets { db_password: "DB_PASSWORD" } }
/// assert!(Secrets::from_source(&Vault).is_ok());
/// ```
pub trait Source {
    /// The value of `name`.
    ///
    /// # Errors
    /// A [`Reason`]; [`Reason::Unavailable`] when the source did not answer.
    fn value(&self, name: &str) -> Result<Option<Value>, Reason>;
}

impl<S: Source + ?Sized> Source for &S {
    fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
        (**self).value(name)
    }
}

impl<S: Source + ?Sized> Source for Box<S> {
    fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
        (**self).value(name)
    }
}

impl<S: Source + ?Sized> Source for Arc<S> {
    fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
        (**self).value(name)
    }
}

/// A value as its source holds it.
#[derive(Debug)]
pub struct Value {
    bytes: SecretBytes,
    file: bool,
}

impl Value {
    /// A value whose every byte counts.
    pub fn exact(bytes: SecretBytes) -> Self {
        Self { bytes, file: false }
    }

    /// The content of a file: for a text field, one newline at its end is not part of the value.
    pub fn file(bytes: SecretBytes) -> Self {
        Self { bytes, file: true }
    }

    /// The value as text, without a file's last newline.
    ///
    /// # Errors
    /// [`Reason::NotUtf8`].
    pub fn expose_text(&self) -> Result<&str, Reason> {
        let bytes = match (self.file, self.bytes.expose_secret()) {
            (true, [text @ .., b'\r', b'\n'] | [text @ .., b'\n']) => text,
            (_, bytes) => bytes,
        };
        std::str::from_utf8(bytes).map_err(|_| Reason::NotUtf8)
    }

    /// The value's bytes as they are, a file's last newline included.
    pub fn into_bytes(self) -> SecretBytes {
        self.bytes
    }

    pub(super) fn fingerprint(&self, hasher: &mut impl Hasher) {
        let bytes = self.bytes.expose_secret();
        hasher.write_u8(2);
        hasher.write_usize(bytes.len());
        hasher.write(bytes);
    }

    /// Nothing but ASCII white space: what an empty template or an `echo` leaves.
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.expose_secret().iter().all(u8::is_ascii_whitespace)
    }
}

/// Environment variables, the files they name, and systemd's credential folder.
///
/// [`Environment::of_process`] is what `from_env()` reads. [`Environment::from_vars`] has variables of its own,
/// for tests, and reads the same files. A path that names a pipe is read until its writer closes it.
pub struct Environment {
    /// `None`: the process's.
    variables: Option<HashMap<String, OsString>>,
}

impl Environment {
    /// The environment of this process.
    pub const fn of_process() -> Self {
        Self { variables: None }
    }

    /// An environment of exactly these variables.
    pub fn from_vars<N: Into<String>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: Some(variables.collect()) }
    }

    /// A variable that is set and not empty.
    fn variable(&self, name: &str) -> Option<OsString> {
        let value = match &self.variables {
            None => env::var_os(name),
            Some(variables) => variables.get(name).cloned(),
        };
        value.filter(|value| !value.is_empty())
    }
}

impl Source for Environment {
    fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
        if !is_name(name) {
            return Ok(None); // and never a path out of the credential folder
        }
        let direct = self.variable(name).map(|value| SecretBytes::from(value.into_encoded_bytes()));
        if let Some(path) = self.variable(&format!("{name}_FILE")) {
            if direct.is_some() {
                return Err(Reason::SetTwice);
            }
            // The operator named this file: that it does not exist or is empty is an error, not an absence that
            // an optional field may pass over.
            let value = Value::file(read(Path::new(&path))?);
            return if value.is_blank() { Err(Reason::Missing) } else { Ok(Some(value)) };
        }
        if let Some(folder) = self.variable("CREDENTIALS_DIRECTORY") {
            match read(&Path::new(&folder).join(name)).map(Value::file) {
                Ok(value) if value.is_blank() => {}
                Ok(value) => return Ok(Some(value)),
                Err(Reason::Unreadable(io::ErrorKind::NotFound)) => {}
                Err(reason) => return Err(reason),
            }
        }
        Ok(direct.map(Value::exact))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

fn read(path: &Path) -> Result<SecretBytes, Reason> {
    let read = File::open(path).and_then(|file| SecretBytes::read_from(file, MAX_BYTES));
    read.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => Reason::TooLong,
        kind => Reason::Unreadable(kind),
    })
}

/// The longest secret that is read from a file: no key or certificate bundle comes near it.
const MAX_BYTES: usize = 64 * 1024;
