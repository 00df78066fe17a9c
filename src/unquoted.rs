//! Text out of a document, without repeating in an error what stands in its place.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error, Visitor};

/// What `make` makes of a text; `instead` is the error for all that is no text, since a password may well be 8675309.
pub(crate) fn text<'de, D: Deserializer<'de>, T, W: fmt::Display>(
    deserializer: D,
    instead: &'static str,
    make: impl FnOnce(Cow<'_, str>) -> Result<T, W>,
) -> Result<T, D::Error> {
    let text = Text { instead, make };
    // Asked for a string, a text format's parser quotes another value in its own error; asked for anything, it leaves the
    // refusal to the visitor.
    if deserializer.is_human_readable() {
        deserializer.deserialize_any(text)
    } else {
        deserializer.deserialize_string(text)
    }
}

struct Text<F> {
    instead: &'static str,
    make: F,
}

/// The trait's defaults for these quote the value.
macro_rules! refused {
    ($($visit:ident: $value:ty),+ $(,)?) => {
        $(fn $visit<E: Error>(self, _: $value) -> Result<T, E> {
            Err(E::custom(self.instead))
        })+
    };
}

impl<T, W: fmt::Display, F: FnOnce(Cow<'_, str>) -> Result<T, W>> Visitor<'_> for Text<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    refused! {
        visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64, visit_bytes: &[u8],
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.make)(Cow::Borrowed(text)).map_err(E::custom)
    }

    fn visit_string<E: Error>(self, text: String) -> Result<T, E> {
        (self.make)(Cow::Owned(text)).map_err(E::custom)
    }
}
