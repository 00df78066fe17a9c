use std::borrow::Cow;

use url::{Host, Url};

use super::{Invalid, InvalidKind, web};

valid_text! {
    /// Where a page comes from, byte for byte as browsers write it into `Origin` headers: scheme, host, and the port unless it
    /// is the scheme's own.
    ///
    /// ```
    /// use palisade::validate::Origin;
    ///
    /// let allowed = Origin::parse("https://app.example.com")?;
    /// assert_eq!(Origin::parse("http://localhost:3000")?.as_str(), "http://localhost:3000");
    /// for refused in ["https://app.example.com/", "https://app.example.com:443", "https://APP.example.com", "null", "*"] {
    ///     assert!(Origin::parse(refused).is_err()); // no browser sends it for a page
    /// }
    /// let header = "https://app.example.com.evil.example";
    /// assert!(header != allowed.as_str()); // compare the bytes; parsing what arrives first accepts more than was meant
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// Nothing is repaired: a text is the canonical form or it is refused. Names in other scripts are in their ASCII form,
    /// `https://xn--bcher-kva.example`. `null`, which sandboxed pages and redirects send, is nobody's origin.
    ///
    /// # Source
    /// RFC 6454 §§6.2, 7; URL Standard, "origin"; HTML Standard, "serialization of an origin".
    Origin, at most 8192 bytes
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    web::length("origin", text, Origin::MAX_BYTES)?;
    if !text.starts_with("https://") && !text.starts_with("http://") {
        return Err(invalid(InvalidKind::NotAllowed, "https:// or http:// first").at_byte(0));
    }
    let form = invalid(InvalidKind::Form, "scheme, host and port as browsers write them");
    let url = Url::parse(text).map_err(|_| form)?;
    let is_written_so = url.as_str().strip_suffix('/') == Some(text) && !text.contains('@');
    let is_host = match url.host() {
        Some(Host::Domain(name)) => web::is_dns_name(name),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    };
    if is_written_so && is_host { Ok(Cow::Borrowed(text)) } else { Err(form) }
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("origin", kind, expected)
}
