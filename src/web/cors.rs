use std::collections::BTreeSet;

use super::{CorsBuilder, Header};

/// Which pages of other origins may read what a server answers.
///
/// ```
/// use palisade::web::CorsPolicy;
///
/// let policy = CorsPolicy::builder().origin("https://app.example")?.build()?;
/// assert!(policy.decide(Some(b"https://app.example")).is_allowed());
/// for other in ["https://app.example.evil.example", "https://APP.example", "http://app.example", "null"] {
///     assert!(!policy.decide(Some(other.as_bytes())).is_allowed());
/// }
/// # Ok::<(), palisade::web::CorsError>(())
/// ```
///
/// # Security
/// Origins are compared byte for byte, and the listed one is sent back, never the caller's. CORS keeps other pages from *reading*:
/// the request has still arrived, which [`CsrfGuard`](super::CsrfGuard) is for.
///
/// # Source
/// Fetch Standard, "CORS protocol"; RFC 6454 §7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsPolicy {
    pub(super) origins: Origins,
    pub(super) methods: BTreeSet<String>,
    pub(super) headers: BTreeSet<String>,
    /// What an allowed answer has beside its origin.
    pub(super) of_answers: Vec<Header>,
    /// What an allowed preflight has beside its origin.
    pub(super) of_preflights: Vec<Header>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origins {
    Any,
    Listed(BTreeSet<String>),
}

/// What a browser asks before it sends a request that a form could not send.
#[derive(Clone, Copy, Debug)]
pub struct Preflight<'a> {
    /// `Origin`
    pub origin: Option<&'a [u8]>,
    /// `Access-Control-Request-Method`
    pub method: &'a [u8],
    /// `Access-Control-Request-Headers`
    pub headers: Option<&'a [u8]>,
    /// Whether there is an `Access-Control-Request-Private-Network`: a public page asks for a machine inside. It is refused.
    pub private_network: bool,
}

/// Whether a page may read the answer, and the headers to send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "the headers of a refusal are to be sent too"]
pub struct CorsDecision {
    allowed: bool,
    headers: Vec<Header>,
}

impl CorsPolicy {
    /// Begins with a policy that has no origins.
    pub fn builder() -> CorsBuilder {
        CorsBuilder::default()
    }

    /// The origins that are listed; `None` for any.
    pub fn origins(&self) -> Option<impl Iterator<Item = &str>> {
        match &self.origins {
            Origins::Any => None,
            Origins::Listed(listed) => Some(listed.iter().map(String::as_str)),
        }
    }

    /// Decides for the `Origin` of a request; `None` when it has none. Two such headers are none of the list's: give them
    /// joined by a comma.
    pub fn decide(&self, origin: Option<&[u8]>) -> CorsDecision {
        self.decision(self.allowed(origin), "Origin", &self.of_answers)
    }

    /// Decides for a request of method `OPTIONS` with `Access-Control-Request-Method`: answer it with 204 and the headers, or 403
    /// and the headers.
    pub fn decide_preflight(&self, asked: &Preflight<'_>) -> CorsDecision {
        let is_method = self.methods.iter().any(|listed| listed.as_bytes() == asked.method);
        let are_headers = asked.headers.is_none_or(|names| self.knows_headers(names));
        let allowed = is_method && are_headers && !asked.private_network;
        let origin = self.allowed(asked.origin).filter(|_| allowed);
        self.decision(origin, VARY_OF_PREFLIGHTS, &self.of_preflights)
    }

    /// The policy's own spelling of an origin that is allowed.
    fn allowed(&self, origin: Option<&[u8]>) -> Option<&str> {
        match &self.origins {
            Origins::Any => Some("*"),
            Origins::Listed(listed) => listed.get(str::from_utf8(origin?).ok()?).map(String::as_str),
        }
    }

    fn decision(&self, allowed: Option<&str>, vary: &str, more: &[Header]) -> CorsDecision {
        let mut headers = Vec::with_capacity(2 + more.len());
        // Also of refusals and of requests without an origin: caches must not give one origin's answer to another.
        if let Origins::Listed(_) = self.origins {
            headers.push(("Vary", vary.to_owned()));
        }
        if let Some(origin) = allowed {
            headers.push(("Access-Control-Allow-Origin", origin.to_owned()));
            headers.extend_from_slice(more);
        }
        CorsDecision { allowed: allowed.is_some(), headers }
    }

    fn knows_headers(&self, names: &[u8]) -> bool {
        let is_listed =
            |name: &[u8]| self.headers.iter().any(|listed| name.eq_ignore_ascii_case(listed.as_bytes()));
        names.len() <= MAX_REQUEST_HEADERS
            && names.split(|byte| *byte == b',').all(|name| is_listed(name.trim_ascii()))
    }
}

impl CorsDecision {
    /// Whether pages of that origin may read the answer. Without an origin there is nothing to allow, and the request may go on.
    pub const fn is_allowed(&self) -> bool {
        self.allowed
    }

    /// What to add to the response, whatever was decided. A `Vary` that is there stays beside this one.
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// [`headers`](Self::headers), given away.
    pub fn into_headers(self) -> Vec<Header> {
        self.headers
    }
}

const VARY_OF_PREFLIGHTS: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
/// Browsers ask for a handful of names.
const MAX_REQUEST_HEADERS: usize = 4096;
