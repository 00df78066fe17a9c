use super::{Invalid, InvalidKind};

/// Declares a closed list of choices: an enum that text is parsed into.
///
/// ```
/// palisade::one_of! {
///     /// What a list of users is sorted by.
///     pub enum SortBy { Name = "name", Joined = "created_at" }
/// }
///
/// fn list(sort_by: SortBy) -> &'static str {
///     sort_by.as_str() // the text of the declaration, whoever sent it
/// }
///
/// assert_eq!(list(SortBy::parse("created_at")?), "created_at");
/// let refused = SortBy::parse("created_at; --").unwrap_err();
/// assert_eq!(refused.to_string(), "SortBy: one of: name created_at");
/// assert_eq!(SortBy::ALL, [SortBy::Name, SortBy::Joined]);
/// # Ok::<(), palisade::validate::Invalid>(())
/// ```
///
/// The compiler sees to it that a `match` forgets none. For lists that are data, there is
/// [`Allowlist`](crate::validate::Allowlist). No two choices have the same text:
///
/// ```compile_fail
/// palisade::one_of! { pub enum Twice { A = "same", B = "same" } }
/// ```
///
/// `Deserialize` is derived on demand: `#[derive(serde::Deserialize)] #[serde(try_from = "String")]` above the enum.
#[macro_export]
macro_rules! one_of {
    ($(#[$attribute:meta])* $visibility:vis enum $name:ident {
        $($(#[$of_variant:meta])* $variant:ident = $text:literal),+ $(,)?
    }) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name { $($(#[$of_variant])* #[doc = concat!("`", $text, "`")] $variant),+ }

        #[allow(dead_code, reason = "a program need not use all of it")]
        impl $name {
            /// All choices, as declared.
            $visibility const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The choice that `text` names, byte by byte.
            ///
            /// # Errors
            /// It is none of them.
            #[deny(unreachable_patterns, reason = "of two choices with one text, the second would never be made")]
            $visibility fn parse(text: &str) -> ::core::result::Result<Self, $crate::validate::Invalid> {
                match text {
                    $($text => ::core::result::Result::Ok(Self::$variant),)+
                    _ => ::core::result::Result::Err($crate::validate::none_of(
                        stringify!($name),
                        concat!("one of:" $(, " ", $text)+),
                    )),
                }
            }

            /// Its text.
            $visibility const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::validate::Invalid;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl ::core::convert::TryFrom<&str> for $name {
            type Error = $crate::validate::Invalid;

            fn try_from(text: &str) -> ::core::result::Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl ::core::convert::TryFrom<::std::string::String> for $name {
            type Error = $crate::validate::Invalid;

            fn try_from(text: ::std::string::String) -> ::core::result::Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl ::core::convert::AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

/// Called by what [`one_of!`](crate::one_of) declares.
#[doc(hidden)]
pub const fn none_of(subject: &'static str, expected: &'static str) -> Invalid {
    Invalid::new(subject, InvalidKind::NotAllowed, expected)
}
