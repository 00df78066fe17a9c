use std::borrow::Cow;
use std::fmt;

/// A value that is bound to a statement, in one of the forms that all databases have.
///
/// [`Query::bind`](super::Query::bind) takes what turns into one: integers up to 64 bits, floats, `bool`, text, bytes, and
/// options of these. For dates, identifiers and the like bind their text, and let the database read it, such as by
/// `::timestamptz`. `Debug` shows its kind alone: values are data of users.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `NULL`.
    Null,
    /// A truth value; 0 or 1 where the database has none.
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number. SQLite stores what is no number, `NaN`, as `NULL`.
    Real(f64),
    /// A text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool",
            Self::Integer(_) => "Integer",
            Self::Real(_) => "Real",
            Self::Text(_) => "Text",
            Self::Bytes(_) => "Bytes",
        })
    }
}

macro_rules! from {
    ($($from:ty => |$value:ident| $into:expr;)+) => {
        $(impl From<$from> for Value {
            fn from($value: $from) -> Self {
                $into
            }
        })+
    };
}

from! {
    bool => |value| Self::Bool(value);
    i8 => |value| Self::Integer(value.into());
    i16 => |value| Self::Integer(value.into());
    i32 => |value| Self::Integer(value.into());
    i64 => |value| Self::Integer(value);
    u8 => |value| Self::Integer(value.into());
    u16 => |value| Self::Integer(value.into());
    u32 => |value| Self::Integer(value.into());
    f32 => |value| Self::Real(value.into());
    f64 => |value| Self::Real(value);
    String => |value| Self::Text(value);
    &String => |value| Self::Text(value.clone());
    &str => |value| Self::Text(value.to_owned());
    Cow<'_, str> => |value| Self::Text(value.into_owned());
    Vec<u8> => |value| Self::Bytes(value);
    &[u8] => |value| Self::Bytes(value.to_vec());
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}
