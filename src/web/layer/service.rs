use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use http::header::{ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderName, Method, Request, Response, StatusCode};
use http_body_util::Limited;
use tower_layer::Layer;
use tower_service::Service;

use super::super::{CorsDecision, CsrfRequest, Nonce, Preflight};
use super::context::{Asked, Context};
use super::future::HardenedFuture;
use super::response::Prepared;
use super::{ClientIp, Refused, RequestId, Settings, request};
use crate::audit::TraceContext;
use crate::random;
use crate::rate_limit::{Decision, Quota, RateLimiter, ip_key};

/// Puts all of [`Settings`] around a service of tower: a router of axum, a service of hyper or tonic.
///
/// ```
/// use axum::{Extension, Router, response::Html, routing::get};
/// use palisade::web::{Nonce, Settings, hardened};
/// # use http::{Request, StatusCode}; use tower::ServiceExt;
///
/// async fn page(Extension(nonce): Extension<Nonce>) -> Html<String> {
///     Html(format!("<script nonce=\"{nonce}\">start()</script>"))
/// }
///
/// let app = Router::new().route("/", get(page).post(page));
/// let app = hardened(app, &Settings::secure().origin("https://app.example")?);
/// // axum::serve(listener, axum::ServiceExt::into_make_service_with_connect_info::<SocketAddr>(app)).await?;
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let foreign = Request::post("/").header("origin", "https://evil.example").body(axum::body::Body::empty())?;
/// let refused = app.oneshot(foreign).await?;
/// assert_eq!(refused.status(), StatusCode::FORBIDDEN);
/// assert_eq!(refused.headers()["x-frame-options"], "DENY"); // on every response
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In this order, each step before the service and its body is read:
///
/// | step | otherwise |
/// |---|---|
/// | the caller's address has its quota | 429; 500 if the server does not tell the address |
/// | the address and the headers are not too long, the announced body is not too large | 414, 431, 413 |
/// | the path has no control characters and no dot segments, also encoded once or twice; `Host` comes once | 400 |
/// | a preflight is answered by the [`CorsPolicy`](crate::web::CorsPolicy) | 403 |
/// | the [`CsrfGuard`](crate::web::CsrfGuard) lets it pass; what opens a web socket is judged as a `POST` | 403 |
/// | the service's future answers in time, and does not panic | 503, 500 |
///
/// The extensions of a request then hold a [`RequestId`], a [`TraceContext`], a [`ClientIp`] if the connection's address is known,
/// and a [`Nonce`] if the policy of the settings asks for one. A response that the layer made in place of the service has no body, and
/// a [`Refused`] in its extensions.
///
/// # Headers that a handler sets
/// They stay where they are at least as strict, and are replaced where they are weaker or unknown; of two content security
/// policies browsers enforce both. `Cache-Control` is the handler's: what holds a nonce must not be kept for others. So are the
/// `Access-Control` headers where the settings have no policy. A handler that needs less puts
/// [`SecurityHeaders`](crate::web::SecurityHeaders) into the response's extensions, which are rendered in place of those of the settings:
///
/// ```
/// use axum::{Extension, response::IntoResponse};
/// use palisade::web::{Csp, Directive, SecurityHeaders, Source};
///
/// async fn widget() -> impl IntoResponse {
///     // the partner's pages may frame it
///     let partner = Source::host("https://partner.example").expect("a host");
///     let policy = Csp::page().to_builder().allow(Directive::FrameAncestors, [partner]).build();
///     (Extension(SecurityHeaders::page().csp(policy.expect("a policy"))), "…")
/// }
/// ```
///
/// # Security
/// Put it outside of everything that answers, routers included, so that 404, 405 and panics carry the headers too. It runs on
/// tokio, with its timer. Time that a service takes to become ready does not count, and its errors pass: a limit on how many
/// requests run at once belongs inside, as a response. A layer inside that reads another method out of a field or a query undoes
/// the guard. The request's `Host` is the caller's: links are made from an origin that the program was told.
pub fn hardened<S>(service: S, settings: &Settings) -> Hardened<S> {
    HardenedLayer::new(settings).layer(service)
}

/// [`hardened`] as a layer of tower.
#[derive(Clone, Debug)]
pub struct HardenedLayer {
    shared: Arc<Shared>,
}

/// A service under [`Settings`]: see [`hardened`].
#[derive(Clone)]
pub struct Hardened<S> {
    inner: S,
    shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) settings: Settings,
    pub(super) prepared: Prepared,
    /// How often the listener is told of one address.
    told: RateLimiter,
}

impl HardenedLayer {
    /// Prepares the headers.
    pub fn new(settings: &Settings) -> Self {
        let prepared = Prepared::new(settings);
        Self { shared: Arc::new(Shared { settings: settings.clone(), prepared, told: told() }) }
    }
}

impl<S> Layer<S> for HardenedLayer {
    type Service = Hardened<S>;

    fn layer(&self, inner: S) -> Hardened<S> {
        Hardened { inner, shared: Arc::clone(&self.shared) }
    }
}

impl<S, B, A> Service<Request<B>> for Hardened<S>
where
    S: Service<Request<Limited<B>>, Response = Response<A>>,
    A: Default,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = HardenedFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        let mut context = Context {
            asked: shared.settings.audit.is_some().then(|| Asked::of(&request)),
            ..Context::default()
        };
        if let Err(answer) = shared.judge(&mut request, &mut context) {
            return HardenedFuture::known(answer, shared, context);
        }
        let max_body = shared.settings.max_body;
        let request = request.map(|body| Limited::new(body, max_body));
        // A router calls its handlers when its future is polled; other services work here already.
        match catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) {
            Ok(future) => HardenedFuture::running(future, shared, context),
            Err(_) => HardenedFuture::known(Err(Refused::Panicked), shared, context),
        }
    }
}

impl Shared {
    /// Passes a request on, or says what is answered in place of the service.
    fn judge<B>(
        &self,
        request: &mut Request<B>,
        context: &mut Context,
    ) -> Result<(), Result<StatusCode, Refused>> {
        let settings = &self.settings;
        self.mark(request, context).map_err(Err)?;
        let preflight = self.cors(request, context);
        if let Some(limit) = &settings.limit {
            let ClientIp(address) = context.client.ok_or(Err(Refused::UnknownPeer))?;
            let decision = limit.limiter.check(&ip_key(address));
            context.limit = Some(limit.fields.limit(&decision).to_string());
            context.retry_after = limit.fields.retry_after(&decision);
            if !matches!(decision, Decision::Allow(_)) {
                return Err(Err(Refused::TooManyRequests));
            }
        }
        request::check(request, settings).map_err(Err)?;
        if let Some(is_allowed) = preflight {
            return Err(if is_allowed { Ok(StatusCode::NO_CONTENT) } else { Err(Refused::Preflight) });
        }
        if let Some(guard) = &settings.csrf {
            let asked = CsrfRequest {
                // What opens a web socket has the effects of one that is not safe, and is not asked for by a preflight.
                method: if request::opens_web_socket(request) { "POST" } else { request.method().as_str() },
                fetch_site: request::single(request.headers(), SEC_FETCH_SITE),
                origin: request::single(request.headers(), ORIGIN),
            };
            guard.check(&asked).map_err(|refusal| Err(refusal.into()))?;
        }
        Ok(())
    }

    /// Tells the listener of a refusal, unless it has just heard enough of that address: a log that anyone fills at will is a
    /// disk that anyone fills.
    pub(super) fn tell(&self, context: &Context, refused: Refused) {
        let Some(listener) = &self.settings.audit else { return };
        let client = context.client.map(|ClientIp(address)| ip_key(address));
        if self.told.check(&client).is_allowed() {
            // The caller is answered, whatever becomes of the listener.
            let _heard = catch_unwind(AssertUnwindSafe(|| listener(context.event(refused))));
        }
    }

    /// Gives the request its id, its place in a trace, its caller's address, and a nonce.
    fn mark<B>(&self, request: &mut Request<B>, context: &mut Context) -> Result<(), Refused> {
        context.client = ClientIp::of(request, self.settings.trusted_proxies);
        // One call for both: the kernel takes 0.37 µs for up to 32 bytes, and 0.63 for 56 (2026-11-22, Linux 6.18).
        let mut drawn = [0; 32];
        random::fill(&mut drawn).map_err(|_| Refused::NoRandomness)?;
        let (id, nonce) = drawn.split_first_chunk::<16>().expect("16 of 32");
        let trace = TraceContext::receive_with(request.headers().get_all(TRACEPARENT), *id);
        // Within another layer of ours, those of the outer one hold.
        let id = request.extensions().get().copied().unwrap_or_else(|| RequestId::new(*id));
        context.id = Some(id);
        context.trace = trace;
        context.nonce = self.prepared.needs_nonce.then(|| {
            let fresh = || Nonce::new(nonce.first_chunk().expect("16 of 16"));
            request.extensions().get().cloned().unwrap_or_else(fresh)
        });
        let extensions = request.extensions_mut();
        extensions.insert(id);
        if let Some(trace) = trace {
            extensions.insert(trace);
        }
        if let Some(client) = context.client {
            extensions.insert(client);
        }
        if let Some(nonce) = &context.nonce {
            extensions.insert(nonce.clone());
        }
        Ok(())
    }

    /// Whether a preflight is allowed; `None` for other requests, which go on.
    fn cors<B>(&self, request: &Request<B>, context: &mut Context) -> Option<bool> {
        let policy = self.settings.cors.as_ref()?;
        let headers = request.headers();
        let origin = request::single(headers, ORIGIN);
        let asked = request::single(headers, ACCESS_CONTROL_REQUEST_METHOD);
        let (decision, is_preflight): (CorsDecision, bool) = match asked
            .filter(|_| request.method() == Method::OPTIONS)
        {
            Some(method) => {
                let private_network = headers.contains_key("access-control-request-private-network");
                let names = request::single(headers, ACCESS_CONTROL_REQUEST_HEADERS);
                (
                    policy.decide_preflight(&Preflight { origin, method, headers: names, private_network }),
                    true,
                )
            }
            None => (policy.decide(origin), false),
        };
        let is_allowed = decision.is_allowed();
        context.cors = Some(decision.into_headers());
        is_preflight.then_some(is_allowed)
    }
}

impl<S> fmt::Debug for Hardened<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hardened").field("settings", &self.shared.settings).finish_non_exhaustive()
    }
}

fn told() -> RateLimiter {
    RateLimiter::new(Quota::per_minute(10)).expect("a quota in range")
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
