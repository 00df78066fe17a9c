use std::net::IpAddr;
use std::ops::RangeInclusive;

use url::{Host, Url};

use super::{OutboundUrl, PinnedTarget, Redirects, Resolver, TargetError};
use crate::validate::{Cidr, CidrSet, Invalid, InvalidKind, is_public_ip, web};

/// What this program connects to on behalf of others: which schemes, ports and hosts, and how often it is sent on.
///
/// ```
/// use palisade::validate::{Cidr, UrlPolicy};
///
/// let policy = UrlPolicy::default(); // https, port 443, public hosts, five redirects
/// assert!(policy.parse("https://example.com/hook").is_ok() && policy.parse("http://example.com:8080/").is_err());
///
/// let wider = UrlPolicy::default().allow_http().allow_ports(8000..=8999);
/// assert!(wider.parse("http://example.com:8080/").is_ok() && wider.parse("http://10.1.2.3/").is_err());
///
/// let with_ours = UrlPolicy::default().allow_network(Cidr::parse("10.1.2.0/24")?).allow_host("billing.internal")?;
/// assert!(with_ours.parse("https://10.1.2.3/").is_ok() && with_ours.parse("https://billing.internal/").is_ok());
/// assert!(with_ours.parse("https://10.1.3.3/").is_err() && with_ours.parse("https://ledger.internal/").is_err());
/// # Ok::<(), palisade::validate::Invalid>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct UrlPolicy {
    http: bool,
    ports: Vec<RangeInclusive<u16>>,
    networks: CidrSet,
    hosts: Vec<Box<str>>,
    max_redirects: Option<usize>,
}

impl UrlPolicy {
    /// `https` on port 443 to public hosts, and at most five redirects.
    pub const fn new() -> Self {
        Self {
            http: false,
            ports: Vec::new(),
            networks: CidrSet::new(),
            hosts: Vec::new(),
            max_redirects: None,
        }
    }

    /// `http` on port 80 too: whoever is on the way reads and changes it, and the metadata of virtual machines speaks it.
    pub fn allow_http(self) -> Self {
        Self { http: true, ..self }
    }

    /// These ports too, besides the scheme's own: `8443..=8443`.
    pub fn allow_ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.ports.push(ports);
        self
    }

    /// Addresses of this network too, though they are not public: services of one's own, a server under test.
    ///
    /// Names that lead there are let through with it: whoever has a name can give it any address.
    pub fn allow_network(mut self, network: Cidr) -> Self {
        self.networks.extend([network]);
        self
    }

    /// This very name too, though it has no dot or ends in a word that is kept for private networks.
    ///
    /// What it leads to is judged as ever: see [`allow_network`](Self::allow_network).
    ///
    /// # Errors
    /// It is not a name.
    pub fn allow_host(mut self, name: &str) -> Result<Self, Invalid> {
        match Host::parse(name) {
            Ok(Host::Domain(name)) if web::is_dns_name(&name) => {
                self.hosts.push(web::without_root(&name).into());
                Ok(self)
            }
            _ => Err(invalid(InvalidKind::Form, "the name of a host")),
        }
    }

    /// How often one is sent on: 5 unless it is said.
    pub fn max_redirects(self, most: usize) -> Self {
        Self { max_redirects: Some(most), ..self }
    }

    /// The canonical form of `text`.
    ///
    /// # Errors
    /// The policy does not let it through; the error says what is expected, and does not repeat the text.
    pub fn parse(&self, text: &str) -> Result<OutboundUrl, Invalid> {
        self.canonical(text).map(|text| OutboundUrl(text.into()))
    }

    /// Looks the host up and keeps its addresses, all of which are public or allowed.
    ///
    /// Waits as long as the resolver does; feature `tokio` has `resolve_async`.
    ///
    /// ```no_run
    /// use palisade::validate::{SystemResolver, UrlPolicy};
    /// use std::time::Duration;
    ///
    /// let policy = UrlPolicy::default();
    /// let (mut url, mut redirects) = (policy.parse("https://example.com/hook")?, policy.redirects());
    /// loop {
    ///     let target = policy.resolve(&url, &SystemResolver)?;
    ///     let stream = target.connect(Duration::from_secs(5))?;
    ///     // TLS with the name target.url().host(), a request with the header Host: target.url().authority() …
    ///     # let location: Option<&str> = None;
    ///     let Some(location) = location else { break };
    ///     url = redirects.follow(&url, location)?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The policy does not let the URL through; the name cannot be looked up, or has no address; or one of its addresses is
    /// neither public nor allowed, and then it does not matter that others are.
    pub fn resolve(
        &self,
        url: &OutboundUrl,
        resolver: &(impl Resolver + ?Sized),
    ) -> Result<PinnedTarget, TargetError> {
        let answers = match url.host().parse() {
            Ok(addr) => vec![addr],
            Err(_) => resolver.resolve(url.host()).map_err(TargetError::Unavailable)?,
        };
        self.pin(url, answers)
    }

    /// As [`resolve`](Self::resolve), on tokio's pool of threads that may wait.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    #[cfg(feature = "tokio")]
    pub async fn resolve_async(
        &self,
        url: &OutboundUrl,
        resolver: impl Resolver + 'static,
    ) -> Result<PinnedTarget, TargetError> {
        let (policy, url) = (self.clone(), url.clone());
        let resolved = tokio::task::spawn_blocking(move || policy.resolve(&url, &resolver)).await;
        resolved.map_err(|error| TargetError::Unavailable(std::io::Error::other(error)))?
    }

    /// As [`resolve`](Self::resolve), with what a resolver has answered already. Where the host is an address, that is it,
    /// whatever the answers.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn pin(
        &self,
        url: &OutboundUrl,
        answers: impl IntoIterator<Item = IpAddr>,
    ) -> Result<PinnedTarget, TargetError> {
        self.parse(url.as_str())?; // another policy may have let it through
        let addrs: Vec<IpAddr> = match url.host().parse() {
            Ok(addr) => vec![addr],
            Err(_) => answers.into_iter().collect(),
        };
        self.check_answers(&addrs)?;
        Ok(PinnedTarget::new(url.clone(), addrs))
    }

    /// Counts redirects of one request.
    pub fn redirects(&self) -> Redirects<'_> {
        Redirects::new(self, self.redirect_limit())
    }

    pub(in crate::validate) fn redirect_limit(&self) -> usize {
        self.max_redirects.unwrap_or(5)
    }

    /// All of them, and there is one.
    pub(in crate::validate) fn check_answers(&self, addrs: &[IpAddr]) -> Result<(), TargetError> {
        match addrs {
            [] => Err(TargetError::Unresolved),
            _ if addrs.iter().all(|addr| self.permits(*addr)) => Ok(()),
            _ => Err(TargetError::NotPublic),
        }
    }

    pub(in crate::validate) fn check_name(&self, name: &str) -> Result<(), Invalid> {
        if !web::is_dns_name(name) {
            return Err(invalid(InvalidKind::Form, "a host of letters, digits, hyphens and dots"));
        }
        let name = web::without_root(name);
        if self.hosts.iter().any(|host| **host == *name) {
            return Ok(());
        }
        match name.rsplit_once('.') {
            Some((_, last)) if !PRIVATE.contains(&last) => Ok(()),
            _ => Err(invalid(InvalidKind::Reserved, "a host on the Internet")),
        }
    }

    pub(super) fn canonical(&self, text: &str) -> Result<String, Invalid> {
        web::length("URL", text, OutboundUrl::MAX_BYTES)?;
        self.check_spelling(text)?;
        let url = Url::parse(text).map_err(|_| invalid(InvalidKind::Form, "a URL with a host"))?;
        match url.host() {
            Some(Host::Domain(name)) => self.check_name(name)?,
            Some(Host::Ipv4(addr)) => self.check_literal(addr.into())?,
            Some(Host::Ipv6(addr)) => self.check_literal(addr.into())?,
            None => return Err(invalid(InvalidKind::Form, "a URL with a host")),
        }
        // The parser drops the scheme's own port.
        if url.port().is_some_and(|port| !self.ports.iter().any(|ports| ports.contains(&port))) {
            return Err(invalid(InvalidKind::NotAllowed, "a port that is allowed"));
        }
        web::length("URL", url.as_str(), OutboundUrl::MAX_BYTES)?; // percent-encoding made it longer
        Ok(url.into())
    }

    /// Refuses what the standard would have a parser repair, and what it would drop without a trace.
    fn check_spelling(&self, text: &str) -> Result<(), Invalid> {
        if let Some(at) = text.bytes().position(|byte| byte <= b' ' || matches!(byte, b'\\' | 0x7f)) {
            return Err(invalid(InvalidKind::Character, "no spaces, controls and backslashes").at_byte(at));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or_default();
        let is_allowed =
            scheme.eq_ignore_ascii_case("https") || (self.http && scheme.eq_ignore_ascii_case("http"));
        if !is_allowed {
            let expected = if self.http { "https:// or http:// first" } else { "https:// first" };
            return Err(invalid(InvalidKind::NotAllowed, expected).at_byte(0));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let start = scheme.len() + "://".len();
        if authority.is_empty() {
            return Err(invalid(InvalidKind::Form, "a host behind two slashes").at_byte(start));
        }
        match authority.find('@') {
            Some(at) => Err(invalid(InvalidKind::NotAllowed, "no user name or password").at_byte(start + at)),
            None => Ok(()),
        }
    }

    fn check_literal(&self, addr: IpAddr) -> Result<(), Invalid> {
        if self.permits(addr) {
            Ok(())
        } else {
            Err(invalid(InvalidKind::Reserved, "a host on the Internet"))
        }
    }

    fn permits(&self, addr: IpAddr) -> bool {
        is_public_ip(addr) || self.networks.contains(addr)
    }
}

const fn invalid(kind: InvalidKind, expected: &'static str) -> Invalid {
    Invalid::new("URL", kind, expected)
}

/// Last labels that the Internet's root does not have, or that lead to no host of it.
///
/// IANA special-use domain names registry (RFC 6761 and later): `alt`, `arpa`, `invalid`, `local`, `localhost`, `onion`, `test`;
/// `internal` by ICANN's resolution of 2024-07-29. The rest is what private networks use all the same: RFC 6762, Appendix G,
/// ICANN's list of names that collide (`corp`, `home`, `mail`), and what orchestrators and routers come with. `example` is
/// left out: no resolver has an address for it, and documentation is full of it.
const PRIVATE: &[&str] = &[
    "alt", "arpa", "cluster", "consul", "corp", "docker", "home", "internal", "intranet", "invalid", "lan",
    "local", "localdomain", "localhost", "localhost6", "mail", "onion", "private", "svc", "test",
    "workgroup",
];
