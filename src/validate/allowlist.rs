use std::collections::HashMap;

use super::{Invalid, InvalidKind};

/// The texts that are allowed, each with the value it stands for.
///
/// ```
/// use palisade::validate::Allowlist;
///
/// let order: &'static str = Allowlist::new(["asc", "desc"]).parse("desc")?;
/// assert!(Allowlist::new(["asc", "desc"]).parse("desc; DROP TABLE users").is_err());
///
/// let columns = Allowlist::of([("newest", "created_at DESC"), ("name", "name ASC")]);
/// assert_eq!(columns.parse("newest")?, "created_at DESC"); // what callers write need not be what it means
/// # Ok::<(), palisade::validate::Invalid>(())
/// ```
///
/// It is for lists that are data: of any length, from a file or a table as well as from the source. Where the program has to
/// know each entry, [`one_of!`](crate::one_of) makes a type of the list.
///
/// # Security
/// The answer is the list's own value and never the caller's text. Texts are compared byte by byte: nothing is trimmed or
/// folded, so what is to be allowed in two spellings is listed twice. An empty list allows nothing.
#[derive(Clone, Debug)]
pub struct Allowlist<T> {
    values: HashMap<Box<str>, T>,
    /// The bytes of the longest text: what has more is refused unread.
    longest: usize,
}

impl<T: AsRef<str>> Allowlist<T> {
    /// Values that stand for themselves.
    pub fn new(values: impl IntoIterator<Item = T>) -> Self {
        Self::of(values.into_iter().map(|value| (Box::<str>::from(value.as_ref()), value)))
    }
}

impl<T> Allowlist<T> {
    /// Texts, and what each stands for; of one text's values the first counts.
    pub fn of(entries: impl IntoIterator<Item = (impl Into<Box<str>>, T)>) -> Self {
        let mut list = Self { values: HashMap::new(), longest: 0 };
        for (text, value) in entries {
            let text: Box<str> = text.into();
            list.longest = list.longest.max(text.len());
            list.values.entry(text).or_insert(value);
        }
        list
    }
}

impl<T: Clone> Allowlist<T> {
    /// The value that `text` stands for.
    ///
    /// # Errors
    /// `text` is not on the list.
    pub fn parse(&self, text: &str) -> Result<T, Invalid> {
        let found = if text.len() <= self.longest { self.values.get(text) } else { None };
        found.cloned().ok_or(Invalid::new(
            "choice",
            InvalidKind::NotAllowed,
            "one of the choices that are allowed",
        ))
    }
}
