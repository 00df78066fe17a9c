use std::error::Error;
use std::fmt;
use std::io;

/// Which secrets are missing or unusable, all of them, with how to mend each.
///
/// It holds names and reasons, never values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

/// What is wrong with one secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    name: &'static str,
    reason: Reason,
}

/// Why a secret is missing or unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// Found nowhere, or empty.
    #[error("is not set")]
    Missing,
    /// Given as a value and as a file; it is not clear which is meant.
    #[error("is set both as a value and as a file, remove one")]
    SetTwice,
    /// A file that should hold it cannot be read.
    #[error("cannot be read from its file: {0}")]
    Unreadable(io::ErrorKind),
    /// The source did not answer; nothing is known about the value.
    #[error("cannot be asked for: its source is unavailable")]
    Unavailable,
    /// It has more than 64 KiB.
    #[error("is longer than 65536 bytes")]
    TooLong,
    /// It has fewer bytes than the field demands.
    #[error("is shorter than {0} bytes")]
    TooShort(usize),
    /// A text field whose value is not UTF-8.
    #[error("is not valid UTF-8")]
    NotUtf8,
    /// A text that everyone knows, such as `changeme`.
    #[error("is a well-known placeholder, not a secret")]
    Placeholder,
    /// The variable's own name.
    #[error("is its own name, not a secret")]
    OwnName,
    /// A template's marker or a reference that was never resolved, such as `${DB_PASSWORD}` or `op://…`.
    #[error("is a template or reference that was never filled in")]
    Unfilled,
    /// One character or byte again and again.
    #[error("is one character or byte repeated")]
    Repetition,
    /// What a [`SecretField`](super::SecretField) of the application's own refuses; the text never holds the value.
    #[error("{0}")]
    Invalid(&'static str),
    /// Neither hexadecimal nor base64 of as many bytes as the field demands.
    #[error("is neither hexadecimal nor base64 of exactly {0} bytes")]
    NotKeyBytes(usize),
}

impl ConfigError {
    /// Gathers the problems of all fields; for [`secrets!`](crate::secrets).
    #[doc(hidden)]
    pub fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Every field's problem, in the order of declaration.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The names that were found nowhere, in the order of declaration.
    pub fn missing(&self) -> impl Iterator<Item = &'static str> {
        self.problems.iter().filter(|problem| problem.reason == Reason::Missing).map(|problem| problem.name)
    }
}

impl Problem {
    pub(super) const fn new(name: &'static str, reason: Reason) -> Self {
        Self { name, reason }
    }

    /// The variable's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What is wrong.
    pub const fn reason(&self) -> Reason {
        self.reason
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("secrets are missing or unusable: ")?;
        for (position, problem) in self.problems.iter().enumerate() {
            let separator = if position == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, reason } = self;
        match reason {
            Reason::Missing => write!(f, "{name} is not set (set it, or {name}_FILE to the path of a file)"),
            _ => write!(f, "{name} {reason}"),
        }
    }
}

impl Error for ConfigError {}
impl Error for Problem {}
