use std::io::{Read, Write};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

use super::identity::Usage;
use super::settings::{Settings, provider, shake_hands};
use super::verifier::ClientVerifier;
use super::{Identity, Refusal, TlsError, TlsErrorKind, pem};

/// A server of TLS 1.2 and 1.3, whose certificate is replaced while it runs.
///
/// ```no_run
/// use palisade::transport::tls::{HardenedServer, Identity};
/// use std::net::TcpListener;
/// use std::time::Duration;
///
/// let (chain, key) = ("/etc/acme/server.pem", "/etc/acme/server.key");
/// let server = HardenedServer::builder(Identity::from_files(chain, key)?)
///     .client_authority(&std::fs::read("/etc/acme/clients.pem")?) // mutual TLS; leave out for clients without certificates
///     .build()?;
///
/// // When the files were renewed; a failure changes nothing.
/// let renewing = server.clone();
/// std::thread::spawn(move || loop {
///     std::thread::sleep(Duration::from_secs(3600));
///     let renewed = Identity::from_files(chain, key).and_then(|identity| renewing.reload(identity));
///     renewed.unwrap_or_else(|error| eprintln!("the certificate stays: {error}"));
/// });
///
/// for tcp in TcpListener::bind("0.0.0.0:8443")?.incoming() {
///     let Ok(tcp) = tcp else { continue };
///     tcp.set_read_timeout(Some(Duration::from_secs(10)))?; // a client that is silent is not waited for
///     tcp.set_write_timeout(Some(Duration::from_secs(10)))?;
///     let server = server.clone();
///     std::thread::spawn(move || match server.accept(tcp) {
///         Ok(_stream) => { /* a client with a certificate of ours */ }
///         Err(refusal) => eprintln!("{}", refusal.as_str()),
///     });
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// There are no tickets with sessions in them, so there are no keys of tickets to steal: sessions are resumed out of this
/// process's memory, the last 256 of them. With client certificates none is resumed: each connection is judged.
#[derive(Clone, Debug)]
pub struct HardenedServer {
    config: Arc<ServerConfig>,
    identity: Arc<Current>,
    clients: Option<Arc<ClientVerifier>>,
}

/// Settings of a server, of which [`build`](Self::build) makes a [`HardenedServer`].
#[derive(Clone, Debug)]
#[must_use = "a builder serves nobody until build()"]
pub struct HardenedServerBuilder {
    identity: Identity,
    settings: Settings,
}

/// Lends each handshake certificate and key together.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl HardenedServer {
    /// A server that asks clients for no certificate.
    ///
    /// # Errors
    /// [`TlsErrorKind::OwnCertificate`] for one that clients would refuse: expired, for clients, an authority's own.
    pub fn new(identity: Identity) -> Result<Self, TlsError> {
        Self::builder(identity).build()
    }

    /// Settings to change: certificates of clients, versions, protocols.
    pub fn builder(identity: Identity) -> HardenedServerBuilder {
        HardenedServerBuilder { identity, settings: Settings::default() }
    }

    /// Shakes hands with a client over a stream that was accepted.
    ///
    /// Timeouts are the stream's: without any, a client that stalls is waited for. They are for each read: bound how many clients
    /// are shaken hands with at once, too.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn accept<S: Read + Write>(&self, stream: S) -> Result<StreamOwned<ServerConnection, S>, Refusal> {
        let mut connection = ServerConnection::new(self.config()).map_err(|error| Refusal::from(&error))?;
        let mut stream = stream;
        shake_hands(&mut connection, &mut stream)?;
        Ok(StreamOwned::new(connection, stream))
    }

    /// Shows another certificate from the next full handshake on, in every server that was given [`config`](Self::config), too.
    /// Sessions of before are resumed as they were: after a key was stolen, start anew.
    ///
    /// # Errors
    /// As [`new`](Self::new). The old one stays.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "an identity is handed over, as it is when the server is made"
    )]
    pub fn reload(&self, identity: Identity) -> Result<(), TlsError> {
        let next = identity.for_use(Usage::Server)?;
        *self.identity.0.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// Judges clients by other revocation lists from the next handshake on.
    ///
    /// # Errors
    /// As [`HardenedServerBuilder::build`]. The old ones stay.
    pub fn reload_crls(&self, pem: &[u8]) -> Result<(), TlsError> {
        let clients = self.clients.as_ref().ok_or(TlsErrorKind::CrlsWithoutAuthority)?;
        Ok(clients.replace_crls(pem::crls(pem).ok_or(TlsErrorKind::Crls)?)?)
    }

    /// The settings as other servers take them: `tokio_rustls::TlsAcceptor::from(server.config())`, within a
    /// `tokio::time::timeout`.
    ///
    /// # Security
    /// Certificates are renewed by [`reload`](Self::reload) alone. Servers that reload by themselves, as axum-server's
    /// `RustlsConfig` does, make settings of their own then, which ask clients for no certificate.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

impl HardenedServerBuilder {
    /// Lets nobody in without a certificate of this authority: certificates in PEM, one or more and nothing else.
    ///
    /// Who the client is stands in the certificate: `stream.conn.peer_certificates()`.
    ///
    /// # Security
    /// What is given here may issue for every client, whatever it says of itself and however long ago it expired: give an authority,
    /// and never a client's certificate.
    pub fn client_authority(mut self, pem: &[u8]) -> Self {
        self.settings.authorities.push(pem.to_vec());
        self
    }

    /// Refuses clients whose certificates these lists revoke: X.509 CRLs in PEM, one or more and nothing else.
    ///
    /// Then each certificate of a chain but the root must be covered by a list, and by one that has not expired: renew them with
    /// [`HardenedServer::reload_crls`].
    pub fn client_crls(mut self, pem: &[u8]) -> Self {
        self.settings.crls.push(pem.to_vec());
        self
    }

    /// Leaves TLS 1.2 out.
    pub fn tls13_only(mut self) -> Self {
        self.settings.is_tls13_only = true;
        self
    }

    /// Application protocols, the best first, such as `h2` and `http/1.1`. A client that names others alone is refused.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.settings.alpn = protocols.into_iter().map(|name| name.as_ref().to_vec()).collect();
        self
    }

    /// The server.
    ///
    /// # Errors
    /// What cannot be used. Nothing that was given is passed over.
    pub fn build(self) -> Result<HardenedServer, TlsError> {
        let Self { identity, settings } = self;
        let identity = Arc::new(Current(RwLock::new(identity.for_use(Usage::Server)?)));
        let config = settings.versions(ServerConfig::builder_with_provider(provider()));
        let clients = clients(&settings)?;
        let config = match &clients {
            Some(clients) => config.with_client_cert_verifier(Arc::clone(clients) as _),
            None => config.with_no_client_auth(),
        };
        let mut config = config.with_cert_resolver(Arc::clone(&identity) as _);
        config.alpn_protocols = settings.alpn()?;
        config.require_ems = true; // RFC 7627
        if clients.is_some() {
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(HardenedServer { config: Arc::new(config), identity, clients })
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // INVARIANT: nothing panics while the lock is held for writing.
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Who judges clients, if any are to be judged.
fn clients(settings: &Settings) -> Result<Option<Arc<ClientVerifier>>, TlsErrorKind> {
    let crls = settings.crls()?;
    if settings.authorities.is_empty() {
        return if crls.is_empty() { Ok(None) } else { Err(TlsErrorKind::CrlsWithoutAuthority) };
    }
    let mut roots = RootCertStore::empty();
    settings.add_authorities(&mut roots)?;
    Ok(Some(Arc::new(ClientVerifier::new(Arc::new(roots), crls)?)))
}
