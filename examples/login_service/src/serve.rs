//! HTTP/1.1, over TLS wherever it leaves the machine.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use palisade::transport::tls::{HardenedServer, Identity, TlsError};
use palisade::web::PeerAddr;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::hardening::Service;
use crate::options::{Options, TlsFiles};

pub(crate) struct Listener {
    tcp: TcpListener,
    tls: Option<Tls>,
    origin: String,
}

struct Tls {
    server: HardenedServer,
    files: TlsFiles,
}

impl Listener {
    pub(crate) async fn bind(options: &Options) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if options.tls.is_none() && !options.listen.ip().is_loopback() {
            return Err(
                "passwords leave this machine over TLS only: give --tls-cert and --tls-key, or listen on \
                        127.0.0.1 behind a proxy on this machine"
                    .into(),
            );
        }
        let tls = options.tls.as_ref().map(Tls::new).transpose()?;
        let tcp = TcpListener::bind(options.listen).await?;
        let origin = match &options.origin {
            Some(origin) => origin.clone(),
            None => local_origin(tcp.local_addr()?, tls.is_some())?,
        };
        Ok(Self { tcp, tls, origin })
    }

    /// As browsers reach it.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Serves until the process is told to end, and then what has begun.
    pub(crate) async fn serve(self, service: Service) -> io::Result<()> {
        let stop = stop()?;
        tokio::pin!(stop);
        let acceptor = self.tls.as_ref().map(Tls::acceptor);
        let renewals = self.tls.map(|tls| tokio::spawn(tls.renew_hourly()));
        let open = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let graceful = GracefulShutdown::new();
        loop {
            let next = async {
                // INVARIANT: nobody closes the semaphore.
                let place = Arc::clone(&open).acquire_owned().await.expect("it is open");
                (place, self.tcp.accept().await)
            };
            let (place, accepted) = tokio::select! {
                next = next => next,
                () = &mut stop => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let (tls, service, watcher) = (acceptor.clone(), service.clone(), graceful.watcher());
                    tokio::spawn(async move {
                        connection(stream, peer, tls, service, watcher).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Of one connection, or there are no more file descriptors: some will be free soon.
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
        drop(self.tcp);
        renewals.inspect(tokio::task::JoinHandle::abort);
        if timeout(LONGEST_END, graceful.shutdown()).await.is_err() {
            tracing::warn!("some requests were cut off");
        }
        Ok(())
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    service: Service,
    watcher: Watcher,
) {
    match tls {
        None => requests(stream, peer, service, watcher).await,
        Some(tls) => match timeout(LONGEST_HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => requests(stream, peer, service, watcher).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "a handshake failed"),
            Err(_) => tracing::debug!(%peer, "a handshake took too long"),
        },
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    service: Service,
    watcher: Watcher,
) {
    let answer = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(PeerAddr(peer));
        service.clone().call(request.map(Body::new))
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(LONGEST_HEADERS);
    let connection = http.serve_connection(TokioIo::new(stream), answer);
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%peer, %error, "a connection broke off");
    }
}

impl Tls {
    fn new(files: &TlsFiles) -> Result<Self, TlsError> {
        Ok(Self { server: HardenedServer::new(identity(files)?)?, files: files.clone() })
    }

    fn acceptor(&self) -> TlsAcceptor {
        self.server.config().into()
    }

    /// Shows what the files hold by then: certificates are renewed while the service runs.
    async fn renew_hourly(self) {
        let mut hourly = tokio::time::interval(Duration::from_secs(3600));
        hourly.tick().await; // the first is at once
        loop {
            hourly.tick().await;
            let renewed = identity(&self.files).and_then(|identity| self.server.reload(identity));
            if let Err(error) = renewed {
                tracing::error!(%error, "the certificate was not read again: the one from before stays");
            }
        }
    }
}

fn identity(files: &TlsFiles) -> Result<Identity, TlsError> {
    Identity::from_files(&files.certificate, &files.key)
}

fn local_origin(address: SocketAddr, is_tls: bool) -> Result<String, Box<dyn Error + Send + Sync>> {
    if !address.ip().is_loopback() {
        return Err("say how browsers reach the service: --origin https://app.example".into());
    }
    Ok(match (is_tls, address.port()) {
        (false, _) => format!("http://{address}"),
        (true, 443) => "https://localhost".to_owned(),
        (true, port) => format!("https://localhost:{port}"),
    })
}

/// When the process is told to end: by Ctrl-C, or by SIGTERM.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn stop() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _told = tokio::signal::ctrl_c().await;
    })
}

const MOST_CONNECTIONS: usize = 1024;
const LONGEST_HANDSHAKE: Duration = Duration::from_secs(10);
const LONGEST_HEADERS: Duration = Duration::from_secs(10);
const LONGEST_END: Duration = Duration::from_secs(10);
