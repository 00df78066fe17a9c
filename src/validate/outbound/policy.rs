use std::net::IpAddr;
use std::ops::RangeInclusive;

use url::{Host, Url};

use super::{OutboundUrl, PinnedTarget, Redirects, Resolver, TargetError};
use crate::validate::{Cidr, CidrSet, Invalid, InvalidKind, ip, is_public_ip, web};

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
    /// In a URL they are let through as they are. Names lead there only if they are allowed by
    /// [`allow_host`](Self::allow_host) as well: whoever has a name of the Internet can give it any address. An IPv6 address
    /// that stands for an IPv4 one, as NAT64's do, is let through if that one is, too.
    pub fn allow_network(mut self, network: Cidr) -> Self {
        self.networks.extend([network]);
        self
    }

    /// This very name too, though it has no dot or ends in a word that is kept for private networks; and it may lead to
    /// addresses that [`allow_network`](Self::allow_network) allows, and to no others that are not public.
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
        self.parse(url.as_str())?; // another policy may have let it through
        let answers = match url.host().parse::<IpAddr>() {
            Ok(_) => Vec::new(),
            Err(_) => resolver.resolve(url.host()).map_err(TargetError::Unavailable)?,
        };
        self.pin(url, answers)
    }

    /// As [`resolve`](Self::resolve), on tokio's pool of threads that may wait, of which look-ups of one process take 64 at
    /// most: names that are never answered do not keep passwords or files from their turn.
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
        super::resolver::look_up(move || policy.resolve(&url, &resolver)).await
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
        if let Ok(addr) = url.host().parse() {
            return Ok(PinnedTarget::new(url.clone(), vec![addr])); // which was judged with the URL
        }
        let answers: Vec<IpAddr> = answers.into_iter().collect();
        self.check_answers(url.host(), &answers)?;
        Ok(PinnedTarget::new(url.clone(), answers))
    }

    /// Counts redirects of one request.
    pub fn redirects(&self) -> Redirects<'_> {
        Redirects::new(self, self.redirect_limit())
    }

    pub(in crate::validate) fn redirect_limit(&self) -> usize {
        self.max_redirects.unwrap_or(5)
    }

    /// All of them, and there is one.
    pub(in crate::validate) fn check_answers(&self, name: &str, addrs: &[IpAddr]) -> Result<(), TargetError> {
        let is_ours = self.has_host(name);
        let is_permitted = |addr: &IpAddr| if is_ours { self.permits(*addr) } else { is_public_ip(*addr) };
        match addrs {
            [] => Err(TargetError::Unresolved),
            _ if addrs.iter().all(is_permitted) => Ok(()),
            _ => Err(TargetError::NotPublic),
        }
    }

    fn has_host(&self, name: &str) -> bool {
        let name = web::without_root(name);
        self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    pub(in crate::validate) fn check_name(&self, name: &str) -> Result<(), Invalid> {
        if !web::is_dns_name(name) {
            return Err(invalid(InvalidKind::Form, "a host of letters, digits, hyphens and dots"));
        }
        match web::without_root(name).rsplit_once('.') {
            _ if self.has_host(name) => Ok(()),
            Some((_, last)) if !PRIVATE.contains(&last) => Ok(()),
            _ => Err(invalid(InvalidKind::Reserved, "a host on the Internet")),
        }
    }

    pub(super) fn canonical(&self, text: &str) -> Result<String, Invalid> {
        web::length("URL", text, OutboundUrl::MAX_BYTES)?;
        self.check_spelling(text)?;
        let no_host = |_| invalid(InvalidKind::Form, "a URL with a host");
        let mut url = Url::parse(text).map_err(no_host)?;
        match url.host() {
            Some(Host::Domain(name)) => self.check_name(name)?,
            Some(Host::Ipv4(addr)) => self.check_literal(addr.into())?,
            Some(Host::Ipv6(addr)) => self.check_literal(addr.into())?,
            None => return Err(invalid(InvalidKind::Form, "a URL with a host")),
        }
        if let Some(name) = url.host_str().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
            url.set_host(Some(&name)).map_err(no_host)?; // the dot of the root changes nothing
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
        let embedded = || ip::embedded_v4(addr).is_none_or(|v4| self.permits(v4.into()));
        is_public_ip(addr) || self.networks.contains(addr) && embedded()
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
