use std::fmt;

use super::Invalid;

/// All errors of one form, so that a page shows them at once.
///
/// ```
/// use palisade::validate::{Report, Slug};
///
/// let mut report = Report::new();
/// let page = report.field("page", Slug::parse("release-notes"));
/// let section = report.field("section", Slug::parse("What's new?"));
/// match (page, section) {
///     (Some(page), Some(section)) => println!("{page}/{section}"),
///     _ => for (field, error) in report.errors() {
///         println!("{field}: {}", error.expected());
///     },
/// }
/// # assert_eq!(report.errors().map(|(field, _)| field).collect::<Vec<_>>(), ["section"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    errors: Vec<(&'static str, Invalid)>,
}

impl Report {
    /// A form without errors so far.
    pub const fn new() -> Self {
        Self { errors: Vec::new() }
    }

    /// The value of a field, or its error noted under the field's name.
    pub fn field<T>(&mut self, field: &'static str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|error| self.errors.push((field, error))).ok()
    }

    /// The errors, in the order in which the fields were looked at.
    pub fn errors(&self) -> impl Iterator<Item = (&'static str, Invalid)> {
        self.errors.iter().copied()
    }

    /// Whether no field had an error.
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// Nothing, or the report as an error.
    ///
    /// # Errors
    /// A field had an error.
    pub fn finish(self) -> Result<(), Self> {
        if self.is_valid() { Ok(()) } else { Err(self) }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (field, error)) in self.errors.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{field}: {error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}
