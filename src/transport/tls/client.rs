use std::io::{Read, Write};
use std::net::IpAddr;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::{DnsName as TlsName, ServerName};
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::identity::Usage;
use super::settings::{Settings, provider, shake_hands};
use super::verifier::ServerVerifier;
use super::{Identity, Pin, Refusal, TlsError, TlsErrorKind};
use crate::validate::DnsName;

/// A client whose connections are to the server they were meant for.
///
/// ```no_run
/// use palisade::transport::tls::HardenedClient;
/// use std::io::{Read, Write};
/// use std::net::TcpStream;
/// use std::time::Duration;
///
/// let client = HardenedClient::new()?; // once: it reads the roots of the system
///
/// let tcp = TcpStream::connect("api.example.com:443")?;
/// tcp.set_read_timeout(Some(Duration::from_secs(10)))?;
/// let mut stream = client.connect("api.example.com", tcp)?;
/// stream.write_all(b"GET / HTTP/1.1\r\nhost: api.example.com\r\nconnection: close\r\n\r\n")?;
/// let mut answer = Vec::new();
/// stream.take(1 << 20).read_to_end(&mut answer)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Nothing switches verification off, for tests neither: trust an authority of your own with [`HardenedClientBuilder::authority`].
///
/// ```compile_fail,E0599
/// palisade::transport::tls::HardenedClient::builder().danger_accept_invalid_certs(true);
/// ```
/// ```compile_fail,E0596
/// # let client = palisade::transport::tls::HardenedClient::new()?;
/// client.config().dangerous(); // needs a ClientConfig that can be changed
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// ```compile_fail,E0594
/// # let client = palisade::transport::tls::HardenedClient::new()?;
/// client.config().key_log = std::sync::Arc::new(rustls::KeyLogFile::new());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HardenedClient {
    config: Arc<ClientConfig>,
}

/// Settings of a client, of which [`build`](Self::build) makes a [`HardenedClient`].
#[derive(Clone, Debug)]
#[must_use = "a builder connects to nothing until build()"]
pub struct HardenedClientBuilder {
    roots: Roots,
    settings: Settings,
    identity: Option<Identity>,
    /// `None`: any key that verifies.
    pins: Option<Vec<Pin>>,
}

/// Which authorities a client trusts, beside those it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roots {
    /// Those of the system. `SSL_CERT_FILE` and `SSL_CERT_DIR` in the environment name others instead.
    System,
    /// Those that Mozilla trusts, as of the day this program was built.
    #[cfg(feature = "tls-bundled-roots")]
    Bundled,
    /// None but those it is given.
    None,
}

impl HardenedClient {
    /// A client that trusts the system's authorities.
    ///
    /// # Errors
    /// [`TlsErrorKind::NoRoots`] where the system has none.
    pub fn new() -> Result<Self, TlsError> {
        Self::builder().build()
    }

    /// Settings to change: roots, pins, revocation lists, a certificate of the client's own.
    pub fn builder() -> HardenedClientBuilder {
        HardenedClientBuilder {
            roots: Roots::System,
            settings: Settings::default(),
            identity: None,
            pins: None,
        }
    }

    /// Shakes hands with `host` over a stream that was connected to it.
    ///
    /// The host is a DNS name in ASCII or an IP address, and the certificate is for it. A dot at the name's end and brackets
    /// around an IPv6 address are left away; [`IdnHostname`](crate::validate::IdnHostname) makes ASCII of other names.
    ///
    /// Timeouts are the stream's: without any, a server that stalls is waited for. They are for each read, so a server that
    /// sends a byte now and then is waited for longer.
    ///
    /// A server that asks for a certificate tells only with its first answer that it did not like it, or got none.
    ///
    /// # Errors
    /// Why there is no connection.
    pub fn connect<S: Read + Write>(
        &self,
        host: &str,
        stream: S,
    ) -> Result<StreamOwned<ClientConnection, S>, Refusal> {
        let connection = ClientConnection::new(self.config(), server_name(host)?);
        let mut connection = connection.map_err(|error| Refusal::from(&error))?;
        let mut stream = stream;
        shake_hands(&mut connection, &mut stream)?;
        Ok(StreamOwned::new(connection, stream))
    }

    /// The settings as other clients take them: `tokio_rustls::TlsConnector::from(client.config())`,
    /// `hyper_rustls::HttpsConnectorBuilder::new().with_tls_config(Arc::unwrap_or_clone(client.config()))`,
    /// `reqwest::Client::builder().tls_backend_preconfigured(Arc::unwrap_or_clone(client.config()))`, which was called
    /// `use_preconfigured_tls` before version 0.13.
    ///
    /// # Security
    /// What is cloned out of it belongs to the application, which could change it: forbid `rustls::ClientConfig::dangerous` in
    /// its `clippy.toml`, under `disallowed-methods`.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }
}

impl HardenedClientBuilder {
    /// Which authorities to trust, beside those given by [`authority`](Self::authority): the system's unless set.
    pub fn roots(self, roots: Roots) -> Self {
        Self { roots, ..self }
    }

    /// Trusts these too: certificates in PEM, one or more and nothing else.
    ///
    /// With [`Roots::None`], a client of an internal service trusts nobody but its own authority; otherwise the roots stay.
    ///
    /// # Security
    /// What is given here may issue for every host, whatever it says of itself and however long ago it expired: give authorities,
    /// and never a server's certificate. To accept one server alone, [`pins`](Self::pins).
    pub fn authority(mut self, pem: &[u8]) -> Self {
        self.settings.authorities.push(pem.to_vec());
        self
    }

    /// Accepts only servers with one of these keys, and verifies their certificates as ever.
    ///
    /// Each is the pin of a server's own key, not of an authority's: to pin an authority, trust it alone. Pin two keys at
    /// least, the one in use and one that is kept elsewhere and not used: without a second, a lost key locks all clients out.
    pub fn pins(self, pins: impl IntoIterator<Item = Pin>) -> Self {
        Self { pins: Some(pins.into_iter().collect()), ..self }
    }

    /// Refuses certificates that these lists revoke: X.509 CRLs in PEM, one or more and nothing else.
    ///
    /// Then each certificate of a chain but the root must be covered by a list, and by one that has not expired. No session is
    /// resumed, so each connection is judged; lists are renewed by building a new client. Without lists, a revoked certificate
    /// is accepted: nothing is fetched.
    pub fn crls(mut self, pem: &[u8]) -> Self {
        self.settings.crls.push(pem.to_vec());
        self
    }

    /// Shown to servers that ask for a certificate.
    pub fn identity(self, identity: Identity) -> Self {
        Self { identity: Some(identity), ..self }
    }

    /// Leaves TLS 1.2 out.
    pub fn tls13_only(mut self) -> Self {
        self.settings.is_tls13_only = true;
        self
    }

    /// Application protocols, the best first, such as `h2` and `http/1.1`. reqwest sets none, so HTTP/2 is to be named here;
    /// hyper-rustls sets its own, and takes no client that has some.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.settings.alpn = protocols.into_iter().map(|name| name.as_ref().to_vec()).collect();
        self
    }

    /// The client.
    ///
    /// # Errors
    /// What cannot be used. Nothing that was given is passed over.
    pub fn build(self) -> Result<HardenedClient, TlsError> {
        let mut roots = self.roots.load();
        self.settings.add_authorities(&mut roots)?;
        let crls = self.settings.crls()?;
        if self.pins.as_ref().is_some_and(Vec::is_empty) {
            return Err(TlsErrorKind::Pin.into());
        }
        let is_resuming = crls.is_empty();
        let verifier = ServerVerifier::new(roots, crls, self.pins.unwrap_or_default())?;
        let config = ClientConfig::builder_with_provider(provider());
        let config = self
            .settings
            .versions(config)
            .dangerous() // which a verifier that does more than the usual needs, too
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match self.identity {
            Some(identity) => {
                let resolver = SingleCertAndKey::from(identity.for_use(Usage::Client)?);
                config.with_client_cert_resolver(Arc::new(resolver))
            }
            None => config.with_no_client_auth(),
        };
        config.alpn_protocols = self.settings.alpn()?;
        config.require_ems = true; // RFC 7627
        if !is_resuming {
            config.resumption = Resumption::disabled();
        }
        Ok(HardenedClient { config: Arc::new(config) })
    }
}

impl Roots {
    fn load(self) -> RootCertStore {
        let mut store = RootCertStore::empty();
        match self {
            Self::System => {
                // Whoever filled the system's store did so for programs that can read other certificates too.
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            #[cfg(feature = "tls-bundled-roots")]
            Self::Bundled => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Self::None => {}
        }
        store
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>, Refusal> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = bare {
        return address.parse().map(|address| IpAddr::V6(address).into()).map_err(|_| Refusal::Host);
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(address.into());
    }
    // RFC 6066 §3: the dot at the end is left away.
    let name = DnsName::parse(host.strip_suffix('.').unwrap_or(host)).map_err(|_| Refusal::Host)?;
    let name = TlsName::try_from(name.as_str().to_owned()).map_err(|_| Refusal::Host)?;
    Ok(ServerName::DnsName(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_or_addresses_and_nothing_else() {
        for (host, name) in [
            ("API.Example.com", "api.example.com"),
            ("api.example.com.", "api.example.com"),
            ("_srv.example.com", "_srv.example.com"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
        ] {
            assert_eq!(server_name(host).unwrap().to_str(), name);
        }
        for host in [
            "", ".", "a..", "example.com..", "bücher.example", "example.com:443", "https://example.com",
            "[127.0.0.1]", "[::1", "127.1", "0x7f.0.0.1", "127.0.0.1.", "fe80::1%eth0", "a b", "a\0b",
            "*.example.com", "-a.example",
        ] {
            assert_eq!(server_name(host), Err(Refusal::Host), "{host}");
        }
        assert_eq!(server_name(&"a.".repeat(200)), Err(Refusal::Host));
    }

    #[test]
    fn suites_are_of_ephemeral_keys_and_authenticated_encryption() {
        for suite in &provider().cipher_suites {
            let name = format!("{:?}", suite.suite());
            assert!(name.starts_with("TLS13_") || name.starts_with("TLS_ECDHE_"), "{name}");
            assert!(name.contains("_GCM_") || name.contains("_CHACHA20_POLY1305_"), "{name}");
        }
    }
}
