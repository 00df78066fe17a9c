//! Addresses that others give and this program connects to.

mod policy;
mod redirects;
mod resolver;
mod target;

use std::borrow::Cow;

pub use policy::UrlPolicy;
pub use redirects::Redirects;
pub use resolver::{Resolver, SystemResolver};
pub use target::{PinnedTarget, TargetError};

#[cfg(feature = "reqwest")]
pub(super) use resolver::look_up;

use super::Invalid;

valid_text! {
    /// The address of a web service that somebody else gave, and that does not lead into this network by what it says.
    ///
    /// For webhooks, imports, previews: wherever a server fetches what its callers name. `https`, the port 443, no user name;
    /// the host is a public address or a name that can have one. [`UrlPolicy`] allows more.
    ///
    /// ```
    /// use palisade::validate::OutboundUrl;
    ///
    /// let hook = OutboundUrl::parse("https://Example.com/hooks?id=7")?;
    /// assert_eq!((hook.as_str(), hook.host(), hook.port()), ("https://example.com/hooks?id=7", "example.com", 443));
    /// for refused in [
    ///     "http://example.com/", // by the default policy
    ///     "https://127.0.0.1/", "https://0x7f.1/", "https://2130706433/", "https://①②⑦.0.0.1/", "https://[::ffff:7f00:1]/",
    ///     "https://localhost/", "https://metadata.google.internal/", "https://router/",
    ///     "https://example.com:22/", "https://example.com@127.0.0.1/", r"https://example.com\@127.0.0.1/", "file:///etc/passwd",
    /// ] {
    ///     assert!(OutboundUrl::parse(refused).is_err());
    /// }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// The text is read as browsers read it, and what comes out is judged and is the canonical form; texts in which the
    /// standard lets a parser drop or turn round characters (tabs, line breaks, backslashes, missing slashes) are refused.
    ///
    /// # Security
    /// A name says nothing about where it leads: resolve it with [`UrlPolicy::resolve`] and connect to the addresses that were
    /// checked, on each redirect again ([`UrlPolicy::redirects`]).
    ///
    /// # Source
    /// URL Standard, "basic URL parser" and "host parsing".
    OutboundUrl, at most 8192 bytes
}

impl OutboundUrl {
    /// The host: a name, or an address without brackets.
    pub fn host(&self) -> &str {
        let host = self.host_and_port().0;
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port, the scheme's own where none is written.
    pub fn port(&self) -> u16 {
        let own = if self.is_https() { 443 } else { 80 };
        self.host_and_port().1.and_then(|port| port.parse().ok()).unwrap_or(own)
    }

    /// Whether it is to be sent over TLS.
    pub fn is_https(&self) -> bool {
        self.as_str().starts_with("https:")
    }

    /// Host and port as a `Host` header has them: the port where it is not the scheme's own, brackets around IPv6.
    pub fn authority(&self) -> &str {
        // INVARIANT: a canonical URL of the web has two slashes, an authority and a path, and we let no user name in.
        self.as_str().split('/').nth(2).unwrap_or_default()
    }

    fn host_and_port(&self) -> (&str, Option<&str>) {
        let authority = self.authority();
        match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        }
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    static DEFAULT: UrlPolicy = UrlPolicy::new();
    DEFAULT.canonical(text).map(Cow::Owned)
}
