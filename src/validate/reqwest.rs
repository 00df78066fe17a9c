//! A client of `reqwest` that connects to nothing that a [`UrlPolicy`] would not let through.
//!
//! ```no_run
//! use palisade::validate::{UrlPolicy, reqwest::OutboundClient};
//! # async fn f(text: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let policy = UrlPolicy::default();
//! let client = OutboundClient::build(reqwest::Client::builder(), policy.clone())?; // once: it keeps connections
//! let answer = client.get(&policy.parse(text)?)?.send().await?;
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ::reqwest::dns::{Addrs, Name, Resolve, Resolving};
use ::reqwest::redirect::{Attempt, Policy};
use ::reqwest::{Client, ClientBuilder, Method, RequestBuilder};

use super::outbound::look_up;
use super::{Invalid, InvalidKind, OutboundUrl, Resolver, SystemResolver, TargetError, UrlPolicy};

/// A [`Client`] whose first address, redirects and looked-up addresses are all judged by one policy.
///
/// # Security
/// Names are judged when they are looked up to connect, so there is no time in which they can change. Each redirect is judged
/// as the first address is. Proxies are not used, not even those of the environment: a proxy looks names up itself. Addresses
/// that the builder pins by `resolve` and sockets it names are the application's word, and not judged.
///
/// What it gives are requests of `reqwest`: their `build_split` hands out the bare client, whose other requests are not judged as
/// URLs, and their errors show the URL unless `without_url` takes it away.
#[derive(Clone)]
pub struct OutboundClient {
    client: Client,
    policy: Arc<UrlPolicy>,
}

/// Without the client, whose headers may hold credentials.
impl fmt::Debug for OutboundClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundClient").field("policy", &self.policy).finish_non_exhaustive()
    }
}

impl OutboundClient {
    /// A client with the system's resolver. The builder brings TLS, timeouts and headers; its resolver, redirects and proxies
    /// are replaced.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn build(builder: ClientBuilder, policy: UrlPolicy) -> ::reqwest::Result<Self> {
        Self::build_with(builder, policy, SystemResolver)
    }

    /// As [`build`](Self::build), with another resolver, which is called on tokio's pool of threads that may wait.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn build_with(
        builder: ClientBuilder,
        policy: UrlPolicy,
        resolver: impl Resolver + 'static,
    ) -> ::reqwest::Result<Self> {
        let policy = Arc::new(policy);
        let judge = Arc::clone(&policy);
        let client = builder
            .dns_resolver(JudgedResolver { policy: Arc::clone(&policy), resolver: Arc::new(resolver) })
            .redirect(Policy::custom(move |attempt| match check(&judge, &attempt) {
                Ok(()) => attempt.follow(),
                Err(invalid) => attempt.error(invalid),
            }))
            .no_proxy()
            .build()?;
        Ok(Self { client, policy })
    }

    /// A `GET` of `url`.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub fn get(&self, url: &OutboundUrl) -> Result<RequestBuilder, Invalid> {
        self.request(Method::GET, url)
    }

    /// A request to `url`.
    ///
    /// # Errors
    /// The URL was let through by another policy than the client's, which does not.
    pub fn request(&self, method: Method, url: &OutboundUrl) -> Result<RequestBuilder, Invalid> {
        let url = self.policy.parse(url.as_str())?;
        Ok(self.client.request(method, url.as_str()))
    }
}

fn check(policy: &UrlPolicy, attempt: &Attempt<'_>) -> Result<(), Invalid> {
    if attempt.previous().len() > policy.redirect_limit() {
        return Err(Invalid::new("redirect", InvalidKind::Range, "fewer redirects"));
    }
    let next = policy.parse(attempt.url().as_str())?;
    let came_by_tls = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if came_by_tls && !next.is_https() {
        return Err(Invalid::new("redirect", InvalidKind::NotAllowed, "https:// after https://"));
    }
    Ok(())
}

#[derive(Clone)]
struct JudgedResolver {
    policy: Arc<UrlPolicy>,
    resolver: Arc<dyn Resolver>,
}

impl JudgedResolver {
    fn answers(&self, name: &str) -> Result<Vec<IpAddr>, TargetError> {
        self.policy.check_name(name)?;
        let answers = self.resolver.resolve(name).map_err(TargetError::Unavailable)?;
        self.policy.check_answers(name, &answers)?;
        Ok(answers)
    }
}

impl Resolve for JudgedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let answers = look_up(move || this.answers(name.as_str())).await?;
            let addrs: Addrs = Box::new(answers.into_iter().map(|addr| SocketAddr::new(addr, 0)));
            Ok(addrs)
        })
    }
}
