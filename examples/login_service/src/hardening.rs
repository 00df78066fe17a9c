//! A stand-in for the hardened stack of `palisade::web`, with the same types in a request's extensions.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use palisade::audit::{Event, Level};
use palisade::rate_limit::client_ip;
use palisade::token::Token;
use palisade::web::{CorsError, CsrfGuard, CsrfRefusal, CsrfRequest, Nonce, RenderContext, SecurityHeaders};

use crate::app::App;

/// The address of the connection, from the server.
#[derive(Clone, Copy)]
pub(crate) struct PeerAddr(pub(crate) SocketAddr);

/// The caller's address, behind the trusted proxies.
#[derive(Clone, Copy)]
pub(crate) struct ClientIp(pub(crate) IpAddr);

/// Names one request in logs, and to its caller.
#[derive(Clone)]
pub(crate) struct RequestId(Arc<str>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(crate) fn hardened(router: Router, app: &App) -> Result<Router, CorsError> {
    let guard = CsrfGuard::new(&app.origin)?;
    let harden = move |State(app): State<App>, request: Request, next: Next| {
        let guard = guard.clone();
        async move { harden(&app, &guard, request, next).await }
    };
    let router = router.layer(DefaultBodyLimit::max(64 * 1024));
    Ok(router.layer(middleware::from_fn_with_state(app.clone(), harden)))
}

async fn harden(app: &App, guard: &CsrfGuard, mut request: Request, next: Next) -> Response {
    let (Ok(nonce), Ok(id)) = (Nonce::generate(), Token::generate_bytes::<16>()) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let id = RequestId(id.expose().into());
    let peer = request.extensions().get::<PeerAddr>().map(|peer| peer.0.ip());
    let Some(peer) = peer else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let forwarded = request.headers().get_all("x-forwarded-for");
    let ip = client_ip(peer, forwarded.iter().collect::<Vec<_>>(), app.trusted_proxies);
    request.extensions_mut().insert(nonce.clone());
    request.extensions_mut().insert(id.clone());
    request.extensions_mut().insert(ClientIp(ip));

    let mut response = match check(guard, &request) {
        Ok(()) => tokio::time::timeout(Duration::from_secs(30), next.run(request))
            .await
            .unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response()),
        Err(refusal) => {
            let event = Event::authorization_denied().level(Level::Warn).source_ip(ip);
            let event =
                event.request(request.method().as_str(), request.uri().path()).request_id(id.to_string());
            app.audit.record(event.reason(refusal.to_string()));
            StatusCode::FORBIDDEN.into_response()
        }
    };

    let own = response.extensions().get::<SecurityHeaders>().cloned();
    let context =
        if app.origin.starts_with("https:") { RenderContext::tls() } else { RenderContext::plain() };
    let headers = own.unwrap_or_else(SecurityHeaders::page).render(&context.nonce(&nonce));
    let headers = headers.into_iter().chain([("X-Request-Id", id.to_string())]);
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn check(guard: &CsrfGuard, request: &Request) -> Result<(), CsrfRefusal> {
    let header = |name: &str| request.headers().get(name).map(HeaderValue::as_bytes);
    let (fetch_site, origin) = (header("sec-fetch-site"), header("origin"));
    guard.check(&CsrfRequest { method: request.method().as_str(), fetch_site, origin })
}
