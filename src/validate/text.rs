//! What all types that are valid text have in common.

/// Declares a type that holds valid text in its canonical form.
///
/// The file that calls it writes `fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid>`, which is the whole of the
/// check: the length first, then the form; borrowed where the text is canonical already.
macro_rules! valid_text {
    ($(#[$attribute:meta])* $name:ident, at most $most:literal bytes) => {
        $(#[$attribute])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(::std::borrow::Cow<'static, str>);

        impl $name {
            /// The most bytes that are looked at; longer text is refused unread.
            pub const MAX_BYTES: usize = $most;

            /// The canonical form of `text`.
            ///
            /// # Errors
            /// It is not valid; the error says what is expected and where, and does not repeat it.
            pub fn parse(text: &str) -> Result<Self, $crate::validate::Invalid> {
                canonical(text).map(|text| Self(::std::borrow::Cow::Owned(text.into_owned())))
            }

            /// The text in its canonical form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::validate::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::validate::Invalid;

            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::validate::Invalid;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(valid: $name) -> Self {
                valid.0.into_owned()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.as_str()).finish()
            }
        }

        #[cfg(feature = "serde")]
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::unquoted::text(deserializer, "expected a string", |text| Self::parse(&text))
            }
        }
    };
}
