use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;

use super::super::{CorsError, CorsPolicy, CsrfGuard, SecurityHeaders};
use crate::audit::Event;
use crate::rate_limit::{Fields, Quota, RateLimitError, RateLimiter};

/// What [`hardened`](super::hardened) asks of requests and adds to responses.
///
/// ```
/// use palisade::rate_limit::Quota;
/// use palisade::web::Settings;
///
/// let settings = Settings::secure()
///     .origin("https://app.example")?
///     .rate_limit("site", Quota::per_second(20).burst(100))?
///     .trusted_proxies(1)
///     .audit(|event| { /* log.record(event) */ });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
#[must_use = "settings are given to hardened()"]
pub struct Settings {
    pub(crate) headers: SecurityHeaders,
    pub(crate) tls: bool,
    pub(crate) cors: Option<CorsPolicy>,
    pub(crate) csrf: Option<CsrfGuard>,
    pub(crate) limit: Option<Limit>,
    pub(super) trusted_proxies: usize,
    pub(super) max_uri: usize,
    pub(super) max_headers: usize,
    pub(super) max_body: usize,
    pub(super) timeout: Duration,
    pub(super) for_scripts: Vec<String>,
    pub(crate) audit: Option<Arc<dyn Fn(Event) + Send + Sync>>,
}

/// A limiter, and how responses tell of it. Clones of settings share it.
#[derive(Clone, Debug)]
pub(crate) struct Limit {
    pub(super) limiter: Arc<RateLimiter>,
    pub(super) fields: Fields,
    /// `RateLimit-Policy`
    pub(super) policy: HeaderValue,
}

impl Settings {
    /// For a site that people log in to, served over TLS: [`SecurityHeaders::page`], requests of other sites refused by
    /// [`CsrfGuard::fetch_metadata`], no policy for other origins, cookies with all attributes, 1 MiB of body, 16 KiB of headers, 8 KiB of
    /// address, 30 seconds.
    ///
    /// Cookies that handlers set get what they lack of `Secure`, `HttpOnly` and `SameSite=Strict`; what the layer answers by itself
    /// tells no more than a status.
    pub fn secure() -> Self {
        Self {
            headers: SecurityHeaders::page(),
            tls: true,
            cors: None,
            csrf: Some(CsrfGuard::fetch_metadata()),
            limit: None,
            trusted_proxies: 0,
            max_uri: 8 << 10,
            max_headers: 16 << 10,
            max_body: 1 << 20,
            timeout: Duration::from_secs(30),
            for_scripts: Vec::new(),
            audit: None,
        }
    }

    /// The site's own origin, as browsers write it: `https://app.example`. Forms of browsers of before 2023, which do not send
    /// `Sec-Fetch-Site`, are then let through, and web sockets of all browsers, which send `Origin` alone; and
    /// an `http://` of the same machine sends no HSTS. It makes another
    /// [`csrf`](Self::csrf) guard.
    ///
    /// # Errors
    /// [`CorsError`], as for [`CsrfGuard::new`].
    pub fn origin(mut self, origin: &str) -> Result<Self, CorsError> {
        self.csrf = Some(CsrfGuard::new(origin)?);
        self.tls = origin.starts_with("https:");
        Ok(self)
    }

    /// What each response carries. For one response, a handler puts other [`SecurityHeaders`] into its extensions.
    pub fn headers(mut self, headers: SecurityHeaders) -> Self {
        self.headers = headers;
        self
    }

    /// Which pages of other origins may read responses. Those that also send more than `GET` and `HEAD` are to be
    /// [trusted](CsrfGuard::trust) by the [`csrf`](Self::csrf) guard.
    pub fn cors(mut self, policy: CorsPolicy) -> Self {
        self.cors = Some(policy);
        self
    }

    /// Another guard against requests of other sites; `None` where no cookie lets a caller in.
    pub fn csrf(mut self, guard: impl Into<Option<CsrfGuard>>) -> Self {
        self.csrf = guard.into();
        self
    }

    /// A quota for each caller's address, told of in `RateLimit` fields under `name`. Clones of the settings share it.
    ///
    /// The address is that of [`PeerAddr`](super::PeerAddr), behind as many [`trusted_proxies`](Self::trusted_proxies) as there are; a
    /// server that does not tell it answers 500. Addresses of IPv6 count by their /64.
    ///
    /// # Errors
    /// [`RateLimitError`]: the name is not 1 to 64 printable ASCII characters, or the quota is out of range.
    pub fn rate_limit(mut self, name: &str, quota: Quota) -> Result<Self, RateLimitError> {
        self.limit = Some(Limit::new(name, quota)?);
        Ok(self)
    }

    /// How many proxies stand before the server and each add an address to `X-Forwarded-For`. By default none does, and the
    /// header says nothing. Whoever reaches the server past them chooses an address: let it listen to them alone.
    pub fn trusted_proxies(mut self, proxies: usize) -> Self {
        self.trusted_proxies = proxies;
        self
    }

    /// The most bytes of a request's path and query.
    pub fn max_uri(mut self, bytes: usize) -> Self {
        self.max_uri = bytes;
        self
    }

    /// The most bytes of a request's headers, names and values. The server that reads them has a limit of its own.
    pub fn max_headers(mut self, bytes: usize) -> Self {
        self.max_headers = bytes;
        self
    }

    /// The most bytes of a request's body. axum's extractors have a limit of 2 MB besides: `DefaultBodyLimit`.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// How long the service may take until it responds; what it then streams may take longer. Its future is dropped where it
    /// waits, so that what was begun may be half done.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Scripts of the page read the cookie of this name: it is not made `HttpOnly`.
    pub fn script_cookie(mut self, name: &str) -> Self {
        self.for_scripts.push(name.to_owned());
        self
    }

    /// Tells `listener` of requests that were refused, of ten a minute and address at most, with id, address, method and
    /// path: an audit log's `record`. It is called on the thread that serves the request, which it must not hold up: an audit [`Queue`](crate::audit::Queue) does not.
    pub fn audit(mut self, listener: impl Fn(Event) + Send + Sync + 'static) -> Self {
        self.audit = Some(Arc::new(listener));
        self
    }
}

impl Limit {
    fn new(name: &str, quota: Quota) -> Result<Self, RateLimitError> {
        let (limiter, fields) = (Arc::new(RateLimiter::new(quota)?), Fields::new(name, quota)?);
        let policy = HeaderValue::try_from(fields.policy().to_string());
        Ok(Self { limiter, fields, policy: policy.expect("names of limits are printable ASCII") })
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("headers", &self.headers)
            .field("tls", &self.tls)
            .field("cors", &self.cors)
            .field("csrf", &self.csrf)
            .field("limit", &self.limit)
            .field("trusted_proxies", &self.trusted_proxies)
            .field("max_body", &self.max_body)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
