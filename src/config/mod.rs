//! Read an application's secrets from environment, files and credential folders, all at once and checked.
//!
//! [`secrets!`](crate::secrets) declares a struct whose fields are secrets and the names they are found by:
//!
//! ```
//! palisade::secrets! {
//!     /// What this service needs to start.
//!     pub struct AppSecrets {
//!         db_password: "DB_PASSWORD",
//!         api_key: "API_KEY" { min_len: 20 },
//!         signing_key: "SIGNING_KEY" as palisade::config::KeyBytes<32>,
//!         smtp_password: "SMTP_PASSWORD" as Option<palisade::secret::SecretString>,
//!     }
//! }
//!
//! match AppSecrets::from_env() {
//!     Ok(secrets) => { /* start */ }
//!     Err(error) => eprintln!("{error}"), // every missing name at once, and never a value
//! }
//! ```
//!
//! # Where a name is looked for
//! 1. `NAME_FILE`: the path of a file that holds the value, as Docker and Compose mount secrets;
//! 2. `$CREDENTIALS_DIRECTORY/NAME`: a file that systemd's `LoadCredential=` provides;
//! 3. `NAME`: the value itself, in the environment.
//!
//! `NAME_FILE` and `NAME` both set is an error: it is not clear which is meant. An empty or blank value counts as
//! missing.
//! One newline at a file's end (`\n` or `\r\n`) is not part of a text value, whatever editor put it there.
//! Other sources, such as a vault, implement [`Source`].
//!
//! # When they change
//! `AppSecrets::live(Environment::of_process())` gives a [`Live`] that reads them again on demand or in the background;
//! running code asks it for the current ones.
//!
//! It does not read `.env` files.
//!
//! # Security
//! Well-known placeholders (`changeme`, `password`, the variable's own name …) are refused, so that a forgotten
//! default never reaches production. Errors hold names and reasons, never values. Environment variables are
//! inherited by child processes and stay in the process's memory for its lifetime; files do not.

mod error;
mod field;
mod live;
mod placeholder;
mod source;
mod watch;

pub use error::{ConfigError, Problem, Reason};
pub use field::{FieldRules, KeyBytes, SecretField, are_distinct, is_name, load};
pub use live::{Live, Recording};
pub use source::{Environment, Source, Value};
pub use watch::Watcher;

/// Declares a struct of secrets and where to find them.
///
/// Each field is `name: "VARIABLE"`, then optionally `as Type` (a [`SecretField`](crate::config::SecretField);
/// [`SecretString`](crate::secret::SecretString) when left out) and `{ min_len: bytes }`. The struct gets
/// `from_env()` and `from_source(&source)`, which report every problem in one
/// [`ConfigError`](crate::config::ConfigError), and `live(source)`, which reads them again when they change. Fields are as visible as the struct, and its `Debug` names types only.
///
/// ```
/// use palisade::config::Environment;
/// use palisade::secret::ExposeSecret;
///
/// palisade::secrets! { struct Secrets { db_password: "DB_PASSWORD" } }
///
/// let environment = Environment::from_vars([("DB_PASSWORD", "c0rrect-h0rse")]);
/// let secrets = Secrets::from_source(&environment)?;
/// assert_eq!(secrets.db_password.expose_secret(), "c0rrect-h0rse");
/// # Ok::<(), palisade::config::ConfigError>(())
/// ```
///
/// A name that is not a portable variable name does not compile:
///
/// ```compile_fail,E0080
/// palisade::secrets! { struct Secrets { db_password: "../etc/passwd" } }
/// ```
///
/// Nor do two fields that one variable would fill, such as `"KEY"` and `"KEY_FILE"`:
///
/// ```compile_fail,E0080
/// palisade::secrets! { struct Secrets { one: "KEY", two: "KEY_FILE" } }
/// ```
#[macro_export]
macro_rules! secrets {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[$field_attribute:meta])*
                $field:ident : $variable:literal $(as $type:ty)? $({ min_len: $min_len:expr })?
            ),+ $(,)?
        }
    ) => {
        const _: () = {
            $(::core::assert!(
                $crate::config::is_name($variable),
                "a variable name is a letter or '_', then letters, digits or '_'"
            );)+
            ::core::assert!(
                $crate::config::are_distinct(&[$($variable),+]),
                "two fields would be filled from the same variable or file"
            );
        };

        $(#[$attribute])*
        #[derive(::core::fmt::Debug)]
        $visibility struct $name {
            $(
                $(#[$field_attribute])*
                #[doc = ::core::concat!("From `", $variable, "`.")]
                $visibility $field: $crate::secrets!(@type $($type)?),
            )+
        }

        impl $name {
            /// Reads every field from files and environment.
            ///
            /// # Errors
            /// One error that names every field that is missing or unusable.
            $visibility fn from_env() -> ::core::result::Result<Self, $crate::config::ConfigError> {
                Self::from_source(&$crate::config::Environment::of_process())
            }

            /// Reads every field from `source`, and again on `reload()` or in the background.
            ///
            /// # Errors
            /// One error that names every field that is missing or unusable.
            $visibility fn live(
                source: impl $crate::config::Source + ::core::marker::Send + ::core::marker::Sync + 'static,
            ) -> ::core::result::Result<$crate::config::Live<Self>, $crate::config::ConfigError> {
                $crate::config::Live::new(source, |source| Self::from_source(source))
            }

            /// Reads every field from `source`.
            ///
            /// # Errors
            /// One error that names every field that is missing or unusable.
            $visibility fn from_source(
                source: &(impl $crate::config::Source + ?::core::marker::Sized),
            ) -> ::core::result::Result<Self, $crate::config::ConfigError> {
                $(
                    let $field = $crate::config::load::<$crate::secrets!(@type $($type)?)>(
                        source,
                        $variable,
                        $crate::config::FieldRules::new()$(.min_len($min_len))?,
                    );
                )+
                let mut problems = ::std::vec::Vec::new();
                $(
                    let $field = $field.map_err(|problem| problems.push(problem));
                )+
                match ($($field,)+) {
                    ($(::core::result::Result::Ok($field),)+) => ::core::result::Result::Ok(Self { $($field),+ }),
                    _ => ::core::result::Result::Err($crate::config::ConfigError::new(problems)),
                }
            }
        }
    };
    (@type) => { $crate::secret::SecretString };
    (@type $type:ty) => { $type };
}
