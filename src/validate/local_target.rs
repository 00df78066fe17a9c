use std::borrow::Cow;
use std::sync::LazyLock;

use url::Url;

use super::{Invalid, InvalidKind, Origin, web};

valid_text! {
    /// Where on this very site a browser is sent: what may follow `Location:` when the text came from the caller.
    ///
    /// ```
    /// use palisade::validate::LocalTarget;
    ///
    /// assert_eq!(LocalTarget::parse("/account?tab=keys")?.as_str(), "/account?tab=keys");
    /// assert_eq!(LocalTarget::parse("/a/../b")?.as_str(), "/b"); // as a browser would read it
    /// for refused in ["https://evil.example", "//evil.example", r"/\evil.example", "/\t/evil.example", "/.//evil.example"] {
    ///     assert!(LocalTarget::parse(refused).is_err());
    /// }
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// The text is resolved against `/` of a made-up site as browsers resolve it, and the path, query and fragment of what comes
    /// out are the canonical form: ASCII without spaces and controls, one slash and no second first. What leads to another
    /// site is refused, and so is what would if it were read once more.
    ///
    /// # Security
    /// Redirect to [`as_str`](Self::as_str), never to the text that was parsed. A page that redirects further has to look at
    /// what it is given itself.
    ///
    /// # Source
    /// URL Standard, "basic URL parser" and "URL serializing".
    LocalTarget, at most 8192 bytes
}

impl LocalTarget {
    /// As [`parse`](Self::parse), and the whole address may be given too where it is on `site`.
    ///
    /// ```
    /// use palisade::validate::{LocalTarget, Origin};
    ///
    /// let site = Origin::parse("https://app.example.com")?;
    /// assert_eq!(LocalTarget::parse_on(&site, "https://app.example.com/account")?.as_str(), "/account");
    /// assert!(LocalTarget::parse_on(&site, "https://app.example.com.evil.example/account").is_err());
    /// # Ok::<(), palisade::validate::Invalid>(())
    /// ```
    ///
    /// # Errors
    /// It leads elsewhere, or nowhere.
    pub fn parse_on(site: &Origin, text: &str) -> Result<Self, Invalid> {
        let base =
            Url::parse(site.as_str()).map_err(|_| invalid(InvalidKind::Form, "a path on this site"))?;
        resolved(text, &base).map(|target| Self(target.into()))
    }
}

fn canonical(text: &str) -> Result<Cow<'_, str>, Invalid> {
    resolved(text, &SITE).map(Cow::Owned)
}

fn resolved(text: &str, base: &Url) -> Result<String, Invalid> {
    web::length("target", text, LocalTarget::MAX_BYTES)?;
    let url = base.join(text).map_err(|_| invalid(InvalidKind::Form, "a path on this site"))?;
    let site = base.as_str().trim_end_matches('/');
    let target = url.as_str().strip_prefix(site).filter(|rest| rest.starts_with('/'));
    let target = target.ok_or(invalid(InvalidKind::NotAllowed, "a path on this site"))?;
    if target.starts_with("//") {
        // After `/.//host`: local as it stands, another site once it is resolved again.
        return Err(invalid(InvalidKind::Deceptive, "one slash first"));
    }
    web::length("target", target, LocalTarget::MAX_BYTES)?; // percent-encoding made it longer
    Ok(target.to_owned())
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("target", kind, expected)
}

/// A name that nobody can have (RFC 6761 §6.4).
static SITE: LazyLock<Url> =
    LazyLock::new(|| Url::parse("https://palisade.invalid/").expect("a constant that is a URL"));
