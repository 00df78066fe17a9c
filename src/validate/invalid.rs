use std::fmt;

/// Why a text was refused: what was expected and where it went wrong, without the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Invalid {
    subject: &'static str,
    kind: InvalidKind,
    expected: &'static str,
    at: Option<usize>,
}

/// What is wrong with a text, as a program can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InvalidKind {
    /// There is nothing.
    Empty,
    /// It is longer than its type allows.
    TooLong,
    /// It is shorter than was asked for.
    TooShort,
    /// A character may not stand there.
    Character,
    /// The characters are fine, and their order is not: a part is missing, too many, or in the wrong place.
    Form,
    /// A number is out of its range.
    Range,
    /// The name means something special, and is not to be chosen.
    Reserved,
    /// It could be taken for something else by a reader.
    Deceptive,
    /// It is valid, and not one of those that were listed as allowed.
    NotAllowed,
}

impl Invalid {
    /// `subject` is what was to be parsed, such as `"slug"`; `expected` what is, in words.
    pub(crate) const fn new(subject: &'static str, kind: InvalidKind, expected: &'static str) -> Self {
        Self { subject, kind, expected, at: None }
    }

    /// The byte at which it went wrong.
    pub(crate) const fn at_byte(self, at: usize) -> Self {
        Self { at: Some(at), ..self }
    }

    /// The same of a part of `subject`, which begins `before` bytes into it.
    pub(crate) fn within(self, subject: &'static str, before: usize) -> Self {
        Self { subject, at: self.at.map(|at| before + at), ..self }
    }

    /// What was to be parsed, such as `slug`.
    pub const fn subject(&self) -> &'static str {
        self.subject
    }

    /// What is wrong.
    pub const fn kind(&self) -> InvalidKind {
        self.kind
    }

    /// The kind as a word that does not change between versions, for clients and translations.
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// What is expected, in words.
    pub const fn expected(&self) -> &'static str {
        self.expected
    }

    /// The byte of the input at which it went wrong, where there is one.
    pub const fn at(&self) -> Option<usize> {
        self.at
    }
}

impl InvalidKind {
    /// A word that does not change between versions.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong => "too-long",
            Self::TooShort => "too-short",
            Self::Character => "character",
            Self::Form => "form",
            Self::Range => "range",
            Self::Reserved => "reserved",
            Self::Deceptive => "deceptive",
            Self::NotAllowed => "not-allowed",
        }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.expected)?;
        self.at.map_or(Ok(()), |at| write!(f, ", at byte {at}"))
    }
}

impl std::error::Error for Invalid {}
