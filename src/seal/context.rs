/// What a sealed value belongs to: table, row, owner. Opening asks for the same.
///
/// Fields are kept apart by their lengths: `["ab", "c"]` is not `["a", "bc"]`, and no field is not an empty one.
///
/// ```
/// use palisade::seal::Context;
///
/// let by_hand = Context::new().field("users.card").field(17_u64.to_be_bytes());
/// let in_short: Context = ["users.card", "17"].into();
/// assert_ne!(by_hand, in_short);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "give it to seal() or open()"]
pub struct Context(Vec<u8>);

impl Context {
    /// No fields: the value belongs nowhere in particular.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a field.
    pub fn field(mut self, field: impl AsRef<[u8]>) -> Self {
        let field = field.as_ref();
        self.0.reserve(8 + field.len());
        self.0.extend_from_slice(&(field.len() as u64).to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl From<&str> for Context {
    /// One field.
    fn from(field: &str) -> Self {
        Self::new().field(field)
    }
}

impl From<&String> for Context {
    /// One field.
    fn from(field: &String) -> Self {
        Self::new().field(field)
    }
}

impl From<&Vec<u8>> for Context {
    /// One field.
    fn from(field: &Vec<u8>) -> Self {
        Self::new().field(field)
    }
}

impl From<&[u8]> for Context {
    /// One field.
    fn from(field: &[u8]) -> Self {
        Self::new().field(field)
    }
}

impl<const N: usize> From<&[u8; N]> for Context {
    /// One field.
    fn from(field: &[u8; N]) -> Self {
        Self::new().field(field)
    }
}

impl<const N: usize> From<[&str; N]> for Context {
    /// One field for each.
    fn from(fields: [&str; N]) -> Self {
        fields.iter().fold(Self::new(), Self::field)
    }
}

impl<const N: usize> From<[&[u8]; N]> for Context {
    /// One field for each.
    fn from(fields: [&[u8]; N]) -> Self {
        fields.iter().fold(Self::new(), Self::field)
    }
}

impl From<&Self> for Context {
    fn from(context: &Self) -> Self {
        context.clone()
    }
}
