use super::csp::Endpoint;
use super::{
    CacheRule, Csp, Embedder, Header, Hsts, Nonce, Opener, PermissionsPolicy, ReferrerPolicy, Resource,
    XssProtection,
};

/// The headers that every response carries.
///
/// ```
/// use palisade::web::{CacheRule, Csp, Directive, RenderContext, SecurityHeaders, Source};
///
/// let headers = SecurityHeaders::page()
///     .csp(Csp::page().to_builder().allow(Directive::Image, [Source::SELF, Source::DATA]).build()?)
///     .cache(CacheRule::Unset); // handlers say it
/// let headers = headers.render(&RenderContext::plain());
/// assert!(headers.contains(&("X-Frame-Options", "DENY".to_owned())));
/// # Ok::<(), palisade::web::CspError>(())
/// ```
///
/// `X-Frame-Options` follows the policy's `frame-ancestors`, so that the two never disagree; where it has no words for it,
/// it is left out.
///
/// # Security
/// Every name comes once. Set them, in place of those of the same name that are there: two policies are both enforced, and of two
/// values of other headers browsers choose.
///
/// # Source
/// OWASP Secure Headers Project; OWASP ASVS 5.0, V3.4.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityHeaders {
    csp: Csp,
    report_only: Option<Csp>,
    hsts: Option<Hsts>,
    xss: XssProtection,
    referrer: ReferrerPolicy,
    opener: Opener,
    resource: Resource,
    embedder: Embedder,
    permissions: PermissionsPolicy,
    cache: CacheRule,
}

/// What headers depend on from response to response.
#[derive(Clone, Copy, Debug)]
pub struct RenderContext<'a> {
    tls: bool,
    nonce: Option<&'a Nonce>,
}

impl SecurityHeaders {
    /// For pages, under [`Csp::page`]: a response needs a [`Nonce`] if it has scripts.
    pub fn page() -> Self {
        Self::with(Csp::page())
    }

    /// For responses that are not pages, under [`Csp::api`].
    pub fn api() -> Self {
        Self::with(Csp::api())
    }

    fn with(csp: Csp) -> Self {
        Self {
            csp,
            report_only: None,
            hsts: Some(Hsts::default()),
            xss: XssProtection::default(),
            referrer: ReferrerPolicy::default(),
            opener: Opener::default(),
            resource: Resource::default(),
            embedder: Embedder::default(),
            permissions: PermissionsPolicy::none(),
            cache: CacheRule::default(),
        }
    }

    /// Another content security policy.
    #[must_use]
    pub fn csp(mut self, policy: Csp) -> Self {
        self.csp = policy;
        self
    }

    /// A policy that browsers report on and do not enforce, beside the one that they do. Give its place for reports another name
    /// than the other's.
    #[must_use]
    pub fn csp_report_only(mut self, policy: Csp) -> Self {
        self.report_only = Some(policy);
        self
    }

    /// How long browsers take the host by TLS only; `None` for a proxy that says it.
    #[must_use]
    pub fn hsts(mut self, hsts: impl Into<Option<Hsts>>) -> Self {
        self.hsts = hsts.into();
        self
    }

    /// `X-XSS-Protection`.
    #[must_use]
    pub fn xss_protection(mut self, xss: XssProtection) -> Self {
        self.xss = xss;
        self
    }

    /// `Referrer-Policy`.
    #[must_use]
    pub fn referrer(mut self, policy: ReferrerPolicy) -> Self {
        self.referrer = policy;
        self
    }

    /// `Cross-Origin-Opener-Policy`.
    #[must_use]
    pub fn opener(mut self, policy: Opener) -> Self {
        self.opener = policy;
        self
    }

    /// `Cross-Origin-Resource-Policy`.
    #[must_use]
    pub fn resource(mut self, policy: Resource) -> Self {
        self.resource = policy;
        self
    }

    /// `Cross-Origin-Embedder-Policy`.
    #[must_use]
    pub fn embedder(mut self, policy: Embedder) -> Self {
        self.embedder = policy;
        self
    }

    /// `Permissions-Policy`.
    #[must_use]
    pub fn permissions(mut self, policy: PermissionsPolicy) -> Self {
        self.permissions = policy;
        self
    }

    /// `Cache-Control`.
    #[must_use]
    pub fn cache(mut self, rule: CacheRule) -> Self {
        self.cache = rule;
        self
    }

    /// Whether responses need a [`Nonce`].
    pub fn needs_nonce(&self) -> bool {
        self.csp.needs_nonce() || self.report_only.as_ref().is_some_and(Csp::needs_nonce)
    }

    /// The headers of one response.
    pub fn render(&self, context: &RenderContext<'_>) -> Vec<Header> {
        let fixed = |name, value: &str| (name, value.to_owned());
        let mut headers = vec![self.csp.header(context.nonce)];
        headers.extend(self.report_only.as_ref().map(|policy| policy.report_only_header(context.nonce)));
        headers.extend(self.reporting_endpoints());
        // RFC 6797 §7.2: not over plain HTTP, where whoever sits between could have written it.
        let hsts = self.hsts.filter(|_| context.tls);
        headers.extend(hsts.map(|hsts| ("Strict-Transport-Security", hsts.to_string())));
        headers.push(fixed("X-Content-Type-Options", "nosniff"));
        headers.extend(self.csp.frame_options().map(|value| fixed("X-Frame-Options", value)));
        headers.extend(self.xss.value().map(|value| fixed("X-XSS-Protection", value)));
        headers.push(fixed("Referrer-Policy", self.referrer.value()));
        headers.push(fixed("Cross-Origin-Opener-Policy", self.opener.value()));
        headers.push(fixed("Cross-Origin-Resource-Policy", self.resource.value()));
        headers.push(fixed("Cross-Origin-Embedder-Policy", self.embedder.value()));
        headers.push(("Permissions-Policy", self.permissions.value()));
        headers.extend(self.cache.value().map(|value| fixed("Cache-Control", value)));
        headers
    }

    /// One header for both policies; of two endpoints of one name, the enforced policy's.
    fn reporting_endpoints(&self) -> Option<Header> {
        let tried = self.report_only.as_ref().and_then(|policy| policy.endpoint.as_ref());
        let enforced = self.csp.endpoint.as_ref();
        let other = tried.filter(|tried| enforced.is_none_or(|enforced| enforced.name != tried.name));
        let entry = |Endpoint { name, address }: &Endpoint| format!("{name}=\"{address}\"");
        let entries: Vec<String> = enforced.into_iter().chain(other).map(entry).collect();
        (!entries.is_empty()).then(|| ("Reporting-Endpoints", entries.join(", ")))
    }
}

impl<'a> RenderContext<'a> {
    /// A response over TLS, also when a proxy of your own ends it.
    pub const fn tls() -> Self {
        Self { tls: true, nonce: None }
    }

    /// A response that is not protected, as while developing.
    pub const fn plain() -> Self {
        Self { tls: false, nonce: None }
    }

    /// The nonce of this response.
    #[must_use]
    pub const fn nonce(mut self, nonce: &'a Nonce) -> Self {
        self.nonce = Some(nonce);
        self
    }
}
