use std::borrow::Cow;

use super::Invalid;
use super::ldh::{self, Rule};

valid_text! {
    /// The name of a host: labels of letters, digits and hyphens, in small letters.
    ///
    /// ```
    /// use palisade::validate::Hostname;
    ///
    /// assert_eq!(Hostname::parse("WWW.Example.com")?.as_str(), "www.example.com");
    /// assert!(Hostname::parse("xn--bcher-kva.example").is_ok()); // bücher.example
    /// assert!(Hostname::parse("xn--hello-txk.example").is_err()); // Punycode for what no name may have
    /// assert!(Hostname::parse("127.0.0.1").is_err()); // an address is no name
    /// const API: Hostname = palisade::hostname!("api.example.com"); // checked by the compiler
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// One label is enough, as in `localhost`. There is no dot at the end: a name has one spelling, and this is the one
    /// without. Names in Unicode are read by [`IdnHostname`](super::IdnHostname), names with underscores by
    /// [`DnsName`](super::DnsName).
    ///
    /// # Security
    /// A valid name may lead anywhere, to this machine too. The last label is never a number, also not a hexadecimal
    /// one: no URL with this host has an address there.
    ///
    /// # Source
    /// RFC 1123 §2.1 and RFC 1035 §2.3.4; A-labels by IDNA2008, RFC 5890 to 5893, for Unicode 18.
    Hostname, at most 253 bytes
}

/// A [`Hostname`] that the compiler checks: without capitals and A-labels.
///
/// ```compile_fail,E0080
/// const API: palisade::validate::Hostname = palisade::hostname!("api_1.example.com");
/// ```
#[macro_export]
macro_rules! hostname {
    ($text:literal) => {
        const { $crate::validate::Hostname::literal($text) }
    };
}

impl Hostname {
    /// Called by [`hostname!`](crate::hostname) when it is compiled.
    ///
    /// # Panics
    /// At compile time.
    #[doc(hidden)]
    pub const fn literal(text: &'static str) -> Self {
        assert!(ldh::is_plain(text, Rule::Host), "not a host name in small letters without A-labels");
        Self(Cow::Borrowed(text))
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    ldh::canonical(text, Rule::Host)
}
