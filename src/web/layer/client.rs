use std::net::{IpAddr, SocketAddr};

use http::{HeaderName, Request};

use crate::rate_limit::client_ip;

/// Who is at the other end of the connection: a server of your own puts it into a request's extensions. Of axum's server,
/// `ConnectInfo<SocketAddr>` is read as well, with the feature `axum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// The caller's address, behind the proxies that [`Settings::trusted_proxies`](super::Settings::trusted_proxies) counts: in the
/// extensions of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientIp(pub IpAddr);

impl ClientIp {
    pub(super) fn of<B>(request: &Request<B>, trusted_proxies: usize) -> Option<Self> {
        let forwarded = request.headers().get_all(X_FORWARDED_FOR);
        Some(Self(client_ip(peer(request)?.ip(), forwarded, trusted_proxies)))
    }
}

fn peer<B>(request: &Request<B>) -> Option<SocketAddr> {
    let told = request.extensions().get().map(|PeerAddr(peer)| *peer);
    #[cfg(feature = "axum")]
    let told = told.or_else(|| {
        let axum::extract::ConnectInfo(peer) =
            request.extensions().get::<axum::extract::ConnectInfo<SocketAddr>>()?;
        Some(*peer)
    });
    told
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
