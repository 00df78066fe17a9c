use std::borrow::Cow;

use super::ldh::{self, Rule};
use super::{Hostname, Invalid};

valid_text! {
    /// A name in the DNS: as a [`Hostname`], and with underscores.
    ///
    /// ```
    /// use palisade::validate::{DnsName, Hostname};
    ///
    /// assert_eq!(DnsName::parse("_DMARC.Example.com")?.as_str(), "_dmarc.example.com");
    /// assert!(DnsName::parse("*.example.com").is_err()); // a pattern is no name
    /// assert!(DnsName::from(palisade::hostname!("example.com")).as_str() == "example.com");
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Source
    /// RFC 2181 §11 and RFC 8552 §1.1; else as a host name.
    DnsName, at most 253 bytes
}

impl From<Hostname> for DnsName {
    fn from(host: Hostname) -> Self {
        Self(Cow::Owned(host.into()))
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    ldh::canonical(text, Rule::Dns).map_err(|error| error.within("DNS name", 0))
}
