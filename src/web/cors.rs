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
    pub(super) credentials: bool,
    pub(super) methods: BTreeSet<String>,
    /// In small letters, as browsers ask for them.
    pub(super) headers: BTreeSet<String>,
    pub(super) exposed: BTreeSet<String>,
    pub(super) max_age: u64,
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

    /// Decides for the `Origin` of a request; `None` when it has none. Two such headers are none of the list's: give them
    /// joined by a comma.
    pub fn decide(&self, origin: Option<&[u8]>) -> CorsDecision {
        let mut headers = self.vary(VARY_OF_ANSWERS);
        let Some(origin) = self.allowed(origin) else { return CorsDecision { allowed: false, headers } };
        self.allow(origin, &mut headers);
        if !self.exposed.is_empty() {
            headers.push(("Access-Control-Expose-Headers", joined(&self.exposed)));
        }
        CorsDecision { allowed: true, headers }
    }

    /// Decides for a request of method `OPTIONS` with `Access-Control-Request-Method`: answer it with 204 and the headers, or 403
    /// and the headers.
    pub fn decide_preflight(&self, asked: &Preflight<'_>) -> CorsDecision {
        let mut headers = self.vary(VARY_OF_PREFLIGHTS);
        let is_method = str::from_utf8(asked.method).is_ok_and(|method| self.methods.contains(method));
        let are_headers = asked.headers.is_none_or(|names| self.knows_headers(names));
        let allowed = is_method && are_headers && !asked.private_network;
        let Some(origin) = self.allowed(asked.origin).filter(|_| allowed) else {
            return CorsDecision { allowed: false, headers };
        };
        self.allow(origin, &mut headers);
        headers.push(("Access-Control-Allow-Methods", joined(&self.methods)));
        if !self.headers.is_empty() {
            headers.push(("Access-Control-Allow-Headers", joined(&self.headers)));
        }
        headers.push(("Access-Control-Max-Age", self.max_age.to_string()));
        CorsDecision { allowed: true, headers }
    }

    /// The policy's own spelling of an origin that is allowed.
    fn allowed(&self, origin: Option<&[u8]>) -> Option<&str> {
        match &self.origins {
            Origins::Any => Some("*"),
            Origins::Listed(listed) => listed.get(str::from_utf8(origin?).ok()?).map(String::as_str),
        }
    }

    fn allow(&self, origin: &str, headers: &mut Vec<Header>) {
        headers.push(("Access-Control-Allow-Origin", origin.to_owned()));
        if self.credentials {
            headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
        }
    }

    /// Also of refusals and of requests without an origin: caches must not give one origin's answer to another.
    fn vary(&self, names: &str) -> Vec<Header> {
        match self.origins {
            Origins::Any => Vec::new(),
            Origins::Listed(_) => vec![("Vary", names.to_owned())],
        }
    }

    fn knows_headers(&self, names: &[u8]) -> bool {
        names.len() <= MAX_REQUEST_HEADERS
            && str::from_utf8(names).is_ok_and(|names| {
                names.split(',').all(|name| self.headers.contains(&name.trim_ascii().to_ascii_lowercase()))
            })
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

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

const VARY_OF_ANSWERS: &str = "Origin";
const VARY_OF_PREFLIGHTS: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
/// Browsers ask for a handful of names.
const MAX_REQUEST_HEADERS: usize = 4096;
