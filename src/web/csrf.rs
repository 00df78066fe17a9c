use super::{CorsError, CorsProblem, CsrfRefusal, origin};

/// Refuses requests that a page of another site makes in a user's name.
///
/// ```
/// use palisade::web::{CsrfGuard, CsrfRequest};
///
/// let guard = CsrfGuard::new("https://app.example")?;
/// let mut request = CsrfRequest { method: "POST", fetch_site: Some(b"same-origin"), origin: Some(b"https://app.example") };
/// assert!(guard.check(&request).is_ok());
/// request.fetch_site = Some(b"cross-site");
/// request.origin = Some(b"https://evil.example");
/// assert!(guard.check(&request).is_err()); // 403
/// # Ok::<(), palisade::web::CorsError>(())
/// ```
///
/// `GET`, `HEAD` and `OPTIONS` always pass, so they must change nothing. For the others, in this order:
///
/// | the request says | |
/// |---|---|
/// | `Sec-Fetch-Site: same-origin` or `none` | passes: the browser vouches for it |
/// | another `Sec-Fetch-Site` | passes from a trusted origin |
/// | an `Origin`, and no `Sec-Fetch-Site` | passes from the site itself, if that is [told](Self::new), or a trusted origin |
/// | neither | is refused: [`allow_unmarked`](Self::allow_unmarked) |
///
/// It is stricter than `CrossOriginProtection` of Go's `net/http`, whose order this is: a request with neither header is refused;
/// the site's own origin is told, with its scheme, and not taken from `Host`, which callers and proxies write; trusted origins
/// are spelt as browsers write them; an empty header and one that came twice are not the same as none; no path is exempt.
///
/// # Security
/// `null` is nobody's origin. Give it the method that is acted upon, if a field of a form may name another. A WebSocket begins
/// with a `GET`: check that as if it were a `POST`. [`CsrfTokens`](super::CsrfTokens) are the second line, for what must not rest
/// on the browser alone.
///
/// # Source
/// Fetch Metadata Request Headers, §2; OWASP ASVS 5.0, V3.5; OWASP Cross-Site Request Forgery Prevention Cheat Sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsrfGuard {
    own: Option<String>,
    trusted: Vec<String>,
    unmarked: bool,
}

/// What of a request tells who made it. Of two headers of one name, neither is known: join them by a comma.
#[derive(Clone, Copy, Debug)]
pub struct CsrfRequest<'a> {
    /// The method.
    pub method: &'a str,
    /// `Sec-Fetch-Site`
    pub fetch_site: Option<&'a [u8]>,
    /// `Origin`
    pub origin: Option<&'a [u8]>,
}

impl CsrfGuard {
    /// Guards the site that browsers reach at `own`: `https://app.example`. The rule, wherever the origin is known.
    ///
    /// # Errors
    /// [`CorsError`], for an origin that is not spelt as browsers write it or is `http://` of another machine.
    pub fn new(own: &str) -> Result<Self, CorsError> {
        check(own)?;
        Ok(Self { own: Some(own.to_owned()), ..Self::fetch_metadata() })
    }

    /// Guards a site whose origin is not known, such as one that its customers reach at domains of their own.
    ///
    /// Only `Sec-Fetch-Site` tells then that a page is the site's own. Browsers send it since 2020, Safari since 2023, and only
    /// over TLS and to the same machine: others are refused.
    pub const fn fetch_metadata() -> Self {
        Self { own: None, trusted: Vec::new(), unmarked: false }
    }

    /// Lets pages of another origin act in a user's name too.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn trust(mut self, origin: &str) -> Result<Self, CorsError> {
        check(origin)?;
        self.trusted.push(origin.to_owned());
        Ok(self)
    }

    /// Lets pass what has neither header: programs, and browsers of before 2020.
    ///
    /// # Security
    /// Only where no cookie lets a caller in, or where [`CsrfTokens`](super::CsrfTokens) are checked as well.
    #[must_use]
    pub fn allow_unmarked(mut self) -> Self {
        self.unmarked = true;
        self
    }

    /// Other origins whose pages may act in a user's name.
    pub fn trusted(&self) -> impl Iterator<Item = &str> {
        self.trusted.iter().map(String::as_str)
    }

    /// Whether a request passes that says nothing of where it came from.
    pub const fn allows_unmarked(&self) -> bool {
        self.unmarked
    }

    /// Checks a request.
    ///
    /// # Errors
    /// [`CsrfRefusal`]: answer 403.
    pub fn check(&self, request: &CsrfRequest<'_>) -> Result<(), CsrfRefusal> {
        let trusted = |origin: &[u8]| self.trusted.iter().any(|trusted| trusted.as_bytes() == origin);
        let own = |origin: &[u8]| self.own.as_ref().is_some_and(|own| own.as_bytes() == origin);
        let passes = match (request.fetch_site, request.origin) {
            _ if SAFE_METHODS.contains(&request.method) => true,
            (Some(b"same-origin" | b"none"), _) => true,
            (Some(_), origin) => origin.is_some_and(trusted),
            (None, Some(origin)) => own(origin) || trusted(origin),
            (None, None) if self.unmarked => true,
            (None, None) => return Err(CsrfRefusal::Unmarked),
        };
        if passes { Ok(()) } else { Err(CsrfRefusal::CrossOrigin) }
    }
}

fn check(text: &str) -> Result<(), CorsError> {
    origin::problem(text).map_or(Ok(()), |problem: CorsProblem| Err(CorsError::new(vec![problem])))
}

/// RFC 9110 §9.2.1, without TRACE, which browsers do not send.
const SAFE_METHODS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
