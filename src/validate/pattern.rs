use std::error::Error;
use std::fmt;

use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassBytes, ClassBytesRange, Hir, HirKind, Look};

use super::{Invalid, InvalidKind};

/// A regular expression that describes the whole of a text, never a part.
///
/// ```
/// use palisade::validate::Pattern;
///
/// let label = Pattern::new("(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")?.named("host name", "letters, digits and hyphens");
/// assert_eq!(label.parse("web-1")?, "web-1");
/// let refused = label.parse("web-1\n").unwrap_err(); // neither a line's end nor anything else is added at either side
/// assert_eq!(refused.to_string(), "host name: letters, digits and hyphens");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Where there is a type for it, as for host names, take the type: it says in signatures what was checked.
///
/// Classes are of ASCII: `\d` is `0` to `9`, `.` and `[^/]` are no other characters than those of ASCII, and `(?i)` folds
/// its letters alone. [`unicode`](Self::unicode) asks for all characters, as `(?u)` does within an expression. `^` and `$` need not be written.
///
/// # Security
/// The ends are part of the parsed expression and not text around it: `a|b` has them on both sides, and no `)` or `(?x)… #`
/// inside gets out of them. Time is linear in the text, whatever the expression, and text of more than 4 KiB is
/// refused unread. Look-around and back-references, which linear time excludes, are errors.
#[derive(Clone)]
pub struct Pattern {
    expression: Box<str>,
    regex: Regex,
    max_bytes: usize,
    subject: &'static str,
    expected: &'static str,
}

/// Why an expression is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    kind: PatternErrorKind,
    reason: String,
    at: Option<usize>,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PatternErrorKind {
    /// It is not a regular expression, or one that asks for what there is not.
    Syntax,
    /// It has more than 4 KiB, or compiles to more than 10 MiB.
    TooLarge,
}

impl Pattern {
    /// A pattern whose classes are of ASCII.
    ///
    /// # Errors
    /// `expression` is not a regular expression in the syntax of the crate `regex`, or is too large.
    pub fn new(expression: &str) -> Result<Self, PatternError> {
        // Negated classes and dots are of bytes at first: the parser is let, and they are cut down to ASCII.
        let hir = parse(ParserBuilder::new().unicode(false).utf8(false), expression).map(ascii)?;
        if !hir.properties().is_utf8() {
            return Err(PatternError::new(PatternErrorKind::Syntax, "it asks for bytes that are no text"));
        }
        Self::compile(expression, hir)
    }

    /// A pattern whose classes are of Unicode: `\w` is a letter or digit of any script.
    ///
    /// Lengths as in `.{1,20}` count characters.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    ///
    /// # Security
    /// Letters of several scripts look alike, and `\d` has some 700 digits, which parsers of numbers refuse.
    pub fn unicode(expression: &str) -> Result<Self, PatternError> {
        Self::compile(expression, parse(&ParserBuilder::new(), expression)?)
    }

    /// Other text is refused unread when it is longer than this, in bytes; 4,096 if nothing is said.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// What errors say: what was to be parsed, and what is expected of it, in words.
    #[must_use]
    pub fn named(mut self, subject: &'static str, expected: &'static str) -> Self {
        self.subject = subject;
        self.expected = expected;
        self
    }

    /// `text`, if the pattern describes all of it.
    ///
    /// # Errors
    /// It does not, or `text` is too long.
    pub fn parse<'text>(&self, text: &'text str) -> Result<&'text str, Invalid> {
        let invalid = |kind| Invalid::new(self.subject, kind, self.expected);
        if text.len() > self.max_bytes {
            return Err(invalid(InvalidKind::TooLong));
        }
        if self.regex.is_match(text) { Ok(text) } else { Err(invalid(InvalidKind::Form)) }
    }

    fn compile(expression: &str, hir: Hir) -> Result<Self, PatternError> {
        let whole = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
        let config = Regex::config().nfa_size_limit(Some(MAX_COMPILED)).which_captures(WhichCaptures::None);
        let regex = Regex::builder().configure(config).build_from_hir(&whole).map_err(|error| {
            if error.size_limit().is_some() {
                PatternError::new(PatternErrorKind::TooLarge, "it compiles to more than 10 MiB")
            } else {
                PatternError::new(PatternErrorKind::Syntax, "it asks for what there is not")
            }
        })?;
        Ok(Self {
            expression: expression.into(),
            regex,
            max_bytes: 4096,
            subject: "text",
            expected: "what the pattern describes",
        })
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pattern").field(&self.expression).finish()
    }
}

impl PatternError {
    fn new(kind: PatternErrorKind, reason: impl fmt::Display) -> Self {
        Self { kind, reason: reason.to_string(), at: None }
    }

    /// What kind of error this is.
    pub const fn kind(&self) -> PatternErrorKind {
        self.kind
    }

    /// The byte of the expression at which it went wrong, where there is one.
    pub const fn at(&self) -> Option<usize> {
        self.at
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pattern: {}", self.reason)?;
        self.at.map_or(Ok(()), |at| write!(f, ", at byte {at}"))
    }
}

impl Error for PatternError {}

fn parse(parser: &ParserBuilder, expression: &str) -> Result<Hir, PatternError> {
    if expression.len() > MAX_EXPRESSION {
        return Err(PatternError::new(PatternErrorKind::TooLarge, "it has more than 4 KiB"));
    }
    // Only the kinds are shown: the errors themselves repeat the expression.
    let wrong = |kind: &dyn fmt::Display, at| PatternError {
        at: Some(at),
        ..PatternError::new(PatternErrorKind::Syntax, kind)
    };
    parser.build().parse(expression).map_err(|error| match &error {
        regex_syntax::Error::Parse(error) => wrong(error.kind(), error.span().start.offset),
        regex_syntax::Error::Translate(error) => wrong(error.kind(), error.span().start.offset),
        _ => PatternError::new(PatternErrorKind::Syntax, "it is not a regular expression"),
    })
}

/// The expression with its classes of bytes cut down to ASCII, and without groups that nobody asks for.
///
/// The parser's limit of 250 levels bounds the recursion.
fn ascii(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Class(Class::Bytes(mut class)) => {
            class.intersect(&ClassBytes::new([ClassBytesRange::new(0, 0x7F)]));
            Hir::class(Class::Bytes(class))
        }
        HirKind::Repetition(mut repetition) => {
            repetition.sub = Box::new(ascii(*repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(group) => ascii(*group.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(ascii).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(ascii).collect()),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Look(look) => Hir::look(look),
        HirKind::Empty => Hir::empty(),
    }
}

const MAX_EXPRESSION: usize = 4096;
const MAX_COMPILED: usize = 10 << 20;
