use std::fmt;
use std::time::Duration;

use redis::cluster::ClusterClient;
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo};

use super::name::Names;
use super::script::Script;

/// Settings of a store, of which `build` makes a [`Redis`](super::Redis) and `build_async` an
/// [`AsyncRedis`](super::AsyncRedis).
#[derive(Clone)]
#[must_use = "a builder stores nothing until build()"]
pub struct RedisBuilder {
    urls: Vec<String>,
    timeout: Duration,
    names: Names,
    script: Script,
}

/// What both kinds of stores are made of.
pub(super) struct Settings {
    pub(super) servers: Servers,
    /// The same servers, for what must not be sent twice, if the client sends things again by itself.
    pub(super) once: Option<Servers>,
    pub(super) timeout: Duration,
    pub(super) names: Names,
    pub(super) script: Script,
}

pub(super) enum Servers {
    One(Client),
    Cluster(Box<ClusterClient>),
}

/// Why a store was not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RedisBuildError {
    kind: RedisBuildErrorKind,
}

/// What a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisBuildErrorKind {
    /// A server's URL cannot be read, or asks for TLS that the client was built without, or there is none; or those of a
    /// cluster differ in user, password or database. It is not shown: it may hold a password.
    #[error(
        "a server is given as redis://[user:password@]host[:port][/database], or rediss:// where the client has TLS"
    )]
    Url,
    /// The prefix or the hash tag has other characters than it may have.
    #[error("a prefix and a hash tag have 1 to 64 letters, digits and -_.")]
    Name,
    /// The timeout is zero, or longer than a minute.
    #[error("a timeout is longer than nothing and a minute at most")]
    Timeout,
}

impl RedisBuilder {
    pub(super) fn one(url: &str) -> Self {
        Self::new(vec![url.to_owned()], false)
    }

    pub(super) fn cluster<U: AsRef<str>>(urls: impl IntoIterator<Item = U>) -> Self {
        Self::new(urls.into_iter().map(|url| url.as_ref().to_owned()).collect(), true)
    }

    fn new(urls: Vec<String>, is_cluster: bool) -> Self {
        let names = Names { prefix: "palisade".to_owned(), hash_tag: None, is_cluster };
        Self { urls, timeout: TIMEOUT, names, script: Script::default() }
    }

    /// How long a call may take, with the connection that it may need first: 30 ms unless set. Over TLS, or to another region,
    /// a connection alone takes longer: give it time, or it is never made.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// What the names of all keys begin with: `palisade` unless set. Stores of different prefixes share nothing.
    pub fn prefix(mut self, prefix: &str) -> Self {
        prefix.clone_into(&mut self.names.prefix);
        self
    }

    /// Puts all keys under one hash tag, on one server of a cluster, so that a decision may have limits of several callers.
    ///
    /// That server has all the load then. Where most decisions are about one caller, keep a second store without the tag.
    pub fn hash_tag(mut self, tag: &str) -> Self {
        self.names.hash_tag = Some(tag.to_owned());
        self
    }

    /// Another script, whose time a test drives.
    #[cfg(test)]
    pub(super) fn script(self, script: Script) -> Self {
        Self { script, ..self }
    }

    pub(super) fn settings(self) -> Result<Settings, RedisBuildError> {
        let Self { urls, timeout, names, script } = self;
        if timeout.is_zero() || timeout > LONGEST_TIMEOUT {
            return Err(RedisBuildErrorKind::Timeout.into());
        }
        if !names.are_valid() {
            return Err(RedisBuildErrorKind::Name.into());
        }
        let servers = Servers::new(&urls, names.is_cluster, timeout, REDIRECTIONS)?;
        let once = names.is_cluster.then(|| Servers::new(&urls, true, timeout, 0)).transpose()?;
        Ok(Settings { servers, once, timeout, names, script })
    }
}

impl Servers {
    fn new(
        urls: &[String],
        is_cluster: bool,
        timeout: Duration,
        retries: u32,
    ) -> Result<Self, RedisBuildError> {
        let infos = urls.iter().map(|url| url.as_str().into_connection_info());
        let mut infos = infos.collect::<Result<Vec<_>, _>>().map_err(|_| RedisBuildErrorKind::Url)?;
        // Or the second of two calls on one connection waits for the acknowledgement of the first: 40 ms, where the other side
        // delays those. Over loopback nobody sees it.
        let tcp = TcpSettings::default().set_nodelay(true);
        if is_cluster {
            let client = ClusterClient::builder(infos)
                .tcp_settings(tcp)
                .connection_timeout(timeout)
                .response_timeout(timeout)
                .retries(retries)
                .min_retry_wait(1)
                .max_retry_wait(RETRY_WAIT)
                .build();
            return client
                .map(|client| Self::Cluster(Box::new(client)))
                .map_err(|_| RedisBuildErrorKind::Url.into());
        }
        let info = infos.pop().ok_or(RedisBuildErrorKind::Url)?;
        Client::open(info.set_tcp_settings(tcp)).map(Self::One).map_err(|_| RedisBuildErrorKind::Url.into())
    }
}

impl RedisBuildError {
    /// What kind of error this is.
    pub fn kind(&self) -> RedisBuildErrorKind {
        self.kind
    }
}

impl From<RedisBuildErrorKind> for RedisBuildError {
    fn from(kind: RedisBuildErrorKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for RedisBuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for RedisBuildError {}

/// Without the URLs, which may hold passwords.
impl fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("timeout", &self.timeout)
            .field("names", &self.names)
            .finish_non_exhaustive()
    }
}

/// A server in the same building answers within 1 ms. More than this is worse for a request than the policy for failures.
const TIMEOUT: Duration = Duration::from_millis(30);

const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);

/// A key that moved to another server, and is on its way to a third.
const REDIRECTIONS: u32 = 2;

/// In milliseconds.
const RETRY_WAIT: u64 = 5;
