//! Permissions before services of tower and handlers of axum.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a failed step is a failed test")]
#![cfg(feature = "tower")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use palisade::rbac::{
    AnyOf, Authorizable, Denied, GuardedService, PermSet, Refused, RequirePermission, Requirement,
};
use tower::{Layer, Service, ServiceExt};

palisade::permissions! {
    /// What may be done with documents.
    pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write", Delete = "doc:delete" }
}

#[derive(Clone, Debug, Default)]
struct User {
    permissions: PermSet<DocPerm>,
    suspended: bool,
    decisions: Arc<AtomicUsize>,
}

impl User {
    fn with(permissions: &[DocPerm]) -> Self {
        Self { permissions: DocPerm::set(permissions), ..Self::default() }
    }
}

impl Authorizable<DocPerm> for User {
    fn effective(&self) -> PermSet<DocPerm> {
        self.permissions
    }

    fn is_active(&self) -> bool {
        !self.suspended
    }

    fn decided(&self, _: DocPerm, _: Result<(), Denied>) {
        self.decisions.fetch_add(1, SeqCst);
    }
}

/// Counts its calls. Whoever calls it without having asked this very clone whether it is ready fails the test.
#[derive(Debug, Default)]
struct Inner {
    calls: Arc<AtomicUsize>,
    is_ready: bool,
}

impl Clone for Inner {
    fn clone(&self) -> Self {
        Self { calls: Arc::clone(&self.calls), is_ready: false }
    }
}

impl Service<Request<()>> for Inner {
    type Response = Response<&'static str>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        assert!(std::mem::take(&mut self.is_ready), "called without being ready");
        self.calls.fetch_add(1, SeqCst);
        ready(Ok(Response::new("secret")))
    }
}

fn request(subject: Option<impl Clone + Send + Sync + 'static>) -> Request<()> {
    let mut request = Request::new(());
    subject.map(|subject| request.extensions_mut().insert(subject));
    request
}

/// The status, the body and what an outer layer reads of the answer, and how often the inner service was called.
async fn answer<R: Requirement<Permission = DocPerm>>(
    request: Request<()>,
) -> (StatusCode, &'static str, Option<String>, usize) {
    let inner = Inner::default();
    let calls = Arc::clone(&inner.calls);
    let response = RequirePermission::<User, R>::new().layer(inner).oneshot(request).await.unwrap();
    assert!(response.headers().is_empty());
    let refused = response.extensions().get::<Refused>().map(ToString::to_string);
    (response.status(), response.body(), refused, calls.load(SeqCst))
}

fn allowed() -> (StatusCode, &'static str, Option<String>, usize) {
    (StatusCode::OK, "secret", None, 1)
}

fn refused(why: &str) -> (StatusCode, &'static str, Option<String>, usize) {
    (StatusCode::FORBIDDEN, "", Some(why.to_owned()), 0)
}

#[tokio::test]
async fn a_service_is_called_for_those_who_hold_the_permission_alone() {
    let reader = User::with(&[DocPerm::Read]);
    let suspended = User { suspended: true, ..User::with(&[DocPerm::Read]) };
    assert_eq!(answer::<perm::Read>(request(Some(reader.clone()))).await, allowed());
    assert_eq!(
        answer::<perm::Write>(request(Some(reader.clone()))).await,
        refused("doc:write is not granted")
    );
    assert_eq!(
        answer::<perm::Read>(request(Some(suspended))).await,
        refused("the subject is not active, doc:read was asked for")
    );
    assert_eq!(
        answer::<(perm::Read, perm::Delete)>(request(Some(reader.clone()))).await,
        refused("doc:delete is not granted")
    );
    assert_eq!(answer::<AnyOf<(perm::Write, perm::Read)>>(request(Some(reader))).await, allowed());
}

#[tokio::test]
async fn a_request_without_a_subject_of_that_type_is_refused() {
    let nobody = refused("the request carries no subject");
    let reader = User::with(&[DocPerm::Read]);
    assert_eq!(answer::<perm::Read>(request(None::<User>)).await, nobody);
    assert_eq!(answer::<perm::Read>(request(Some(Some(reader.clone())))).await, nobody);
    assert_eq!(answer::<perm::Read>(request(Some(Arc::new(reader)))).await, nobody);
}

#[tokio::test]
async fn a_subject_is_told_of_one_decision_for_each_request() {
    let reader = User::with(&[DocPerm::Read]);
    answer::<perm::Read>(request(Some(reader.clone()))).await;
    assert_eq!(reader.decisions.load(SeqCst), 1);
    answer::<perm::Write>(request(Some(reader.clone()))).await;
    assert_eq!(reader.decisions.load(SeqCst), 2);
}

#[tokio::test]
async fn one_service_answers_many_requests_and_each_is_checked() {
    let inner = Inner::default();
    let calls = Arc::clone(&inner.calls);
    let layer = RequirePermission::default();
    assert_eq!(format!("{layer:?}"), "RequirePermission");
    let mut service: GuardedService<User, perm::Read, _> = layer.layer(inner);
    assert_eq!(format!("{service:?}"), "GuardedService { .. }");
    for (permissions, status) in [
        (&[DocPerm::Read][..], StatusCode::OK),
        (&[], StatusCode::FORBIDDEN),
        (&[DocPerm::Write], StatusCode::FORBIDDEN),
        (&[DocPerm::Read], StatusCode::OK),
    ] {
        let request = request(Some(User::with(permissions)));
        assert_eq!(service.ready().await.unwrap().call(request).await.unwrap().status(), status);
    }
    assert_eq!(calls.load(SeqCst), 2);
}

#[tokio::test]
async fn a_service_that_cannot_be_called_says_so_through_the_check() {
    #[derive(Debug)]
    struct Closed;
    impl Service<Request<()>> for Closed {
        type Response = Response<()>;
        type Error = &'static str;
        type Future = Ready<Result<Response<()>, &'static str>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Err("closed"))
        }

        fn call(&mut self, _: Request<()>) -> Self::Future {
            unreachable!("it is not ready")
        }
    }
    let mut service = RequirePermission::<User, perm::Read>::new().layer(Closed);
    assert_eq!(service.ready().await.unwrap_err(), "closed");
}

#[cfg(feature = "axum")]
mod axum_adapters {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpStream};
    use std::time::Duration;

    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::extract::{MatchedPath, Path, Request, State};
    use axum::http::Method;
    use axum::http::header::AUTHORIZATION;
    use axum::middleware::{self, Next};
    use axum::routing::{any, delete, get, post};
    use palisade::rbac::{BoundSubject, Granted, GuardedRouter, Permission, Permit, Policy};

    use super::*;

    async fn authenticate(mut request: Request, next: Next) -> axum::response::Response {
        let token = request.headers().get(AUTHORIZATION).map(|token| token.to_str().unwrap());
        if let Some(user) = token.map(user) {
            request.extensions_mut().insert(user);
        }
        next.run(request).await
    }

    /// A token is the permissions of its user.
    fn user(token: &str) -> User {
        let named = token.split(' ').filter_map(DocPerm::from_name);
        User { permissions: named.collect(), ..User::default() }
    }

    /// The answer to a user with these permissions, or to nobody.
    async fn ask(app: &Router, method: &str, path: &str, token: Option<&str>) -> (StatusCode, String) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status();
        assert_eq!(response.extensions().get::<Refused>().is_some(), status == StatusCode::FORBIDDEN);
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    fn app(guarded: GuardedRouter) -> Router {
        guarded.into_router().layer(middleware::from_fn(authenticate))
    }

    fn ok(body: &str) -> (StatusCode, String) {
        (StatusCode::OK, body.to_owned())
    }

    fn forbidden() -> (StatusCode, String) {
        (StatusCode::FORBIDDEN, String::new())
    }

    #[tokio::test]
    async fn each_method_of_a_path_has_its_own_permission() {
        let app = app(GuardedRouter::new()
            .route::<User, perm::Read>("/docs/{id}", get(async |Path(id): Path<u64>| format!("read {id}")))
            .route::<User, perm::Write>("/docs/{id}", post(async |Path(id): Path<u64>| format!("wrote {id}")))
            .public("/docs/{id}", delete(async || "asked for")));
        for (method, token, answer) in [
            ("GET", Some("doc:read"), ok("read 17")),
            ("HEAD", Some("doc:read"), ok("")),
            ("POST", Some("doc:read"), forbidden()),
            ("GET", Some("doc:write"), forbidden()),
            ("HEAD", Some("doc:write"), forbidden()),
            ("POST", Some("doc:write"), ok("wrote 17")),
            ("GET", None, forbidden()),
            ("HEAD", None, forbidden()),
            ("POST", None, forbidden()),
            ("DELETE", None, ok("asked for")),
        ] {
            assert_eq!(ask(&app, method, "/docs/17", token).await, answer, "{method} {token:?}");
        }
    }

    #[tokio::test]
    async fn fallbacks_of_a_path_are_guarded_as_its_methods_are() {
        let secret = async || "secret";
        let custom = app(GuardedRouter::new().route::<User, perm::Delete>("/", get(secret).fallback(secret)));
        let whatever = app(GuardedRouter::new().route::<User, perm::Delete>("/", any(secret)));
        let merged = app(GuardedRouter::new()
            .route::<User, perm::Delete>("/", any(secret))
            .public("/", post(async || "open")));
        let later = app(GuardedRouter::new()
            .public("/", post(async || "open"))
            .merge(GuardedRouter::new().route::<User, perm::Delete>("/", any(secret))));
        for app in [custom, whatever, merged, later] {
            for method in ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"] {
                let body = if method == "HEAD" { "" } else { "secret" };
                assert_eq!(ask(&app, method, "/", Some("doc:read")).await, forbidden(), "{method}");
                assert_eq!(ask(&app, method, "/", None).await, forbidden(), "{method}");
                assert_eq!(ask(&app, method, "/", Some("doc:delete")).await, ok(body), "{method}");
            }
        }
    }

    #[tokio::test]
    async fn a_method_that_a_guarded_path_has_not_is_checked_as_the_others_are() {
        let app = app(GuardedRouter::new().route::<User, perm::Read>("/docs", get(async || "secret")));
        assert_eq!(ask(&app, "PUT", "/docs", None).await, forbidden());
        assert_eq!(
            ask(&app, "PUT", "/docs", Some("doc:read")).await,
            (StatusCode::METHOD_NOT_ALLOWED, String::new())
        );
        assert_eq!(ask(&app, "GET", "/other", None).await, (StatusCode::NOT_FOUND, String::new()));
    }

    #[tokio::test]
    async fn routes_lists_every_path_as_it_is_served() {
        let path = async |path: MatchedPath| path.as_str().to_owned();
        let inner = GuardedRouter::new()
            .route::<User, perm::Read>("/", get(path))
            .route::<User, (perm::Read, AnyOf<(perm::Write, perm::Delete)>)>("/{id}", get(path))
            .public("/{id}/title", get(path));
        let slash = GuardedRouter::new()
            .route::<User, perm::Read>("/", get(path))
            .route::<User, perm::Write>("/{*rest}", get(path));
        let guarded = GuardedRouter::new()
            .nest("/v1", GuardedRouter::new().nest("/docs", inner))
            .nest("/files/", slash)
            .merge(GuardedRouter::default().public("/health", get(path)));

        let listed: Vec<String> = guarded.routes().iter().map(ToString::to_string).collect();
        let shown = format!("{guarded:?}");
        assert!(shown.starts_with("GuardedRouter { routes: [") && shown.contains("doc:delete"), "{shown}");
        assert_eq!(
            listed,
            [
                "/v1/docs  doc:read",
                "/v1/docs/{id}  doc:read and any of (doc:write, doc:delete)",
                "/v1/docs/{id}/title  public",
                "/files/  doc:read",
                "/files/{*rest}  doc:write",
                "/health  public",
            ]
        );
        assert_eq!(guarded.routes()[1].permissions(), ["doc:read", "doc:write", "doc:delete"]);

        let routes = guarded.routes().to_vec();
        let app = app(guarded);
        for route in routes {
            let target = route.path().replace("{id}", "17").replace("{*rest}", "a/b");
            let all = Some("doc:read doc:write doc:delete");
            assert_eq!(ask(&app, "GET", &target, all).await, ok(route.path()), "{route}");
            let without = if route.is_public() { ok(route.path()) } else { forbidden() };
            assert_eq!(ask(&app, "GET", &target, None).await, without, "{route}");
        }
    }

    #[tokio::test]
    async fn authentication_that_is_forgotten_or_comes_too_late_lets_nobody_in() {
        let late = get(async || "secret").layer(middleware::from_fn(authenticate));
        let guarded = GuardedRouter::new()
            .route::<User, perm::Read>("/forgotten", get(async || "secret"))
            .route::<User, perm::Read>("/late", late);
        let app = guarded.into_router();
        assert_eq!(ask(&app, "GET", "/forgotten", Some("doc:read")).await, forbidden());
        assert_eq!(ask(&app, "GET", "/late", Some("doc:read")).await, forbidden());
    }

    #[tokio::test]
    async fn a_permit_checks_on_any_route_and_lends_the_proof() {
        fn remove(_: Granted<'_, perm::Delete>, id: u64) -> String {
            format!("removed {id}")
        }
        async fn purge(permit: Permit<User, perm::Delete>, Path(id): Path<u64>) -> String {
            remove(permit.granted(), id)
        }
        async fn owned(permit: Permit<User, perm::Read>) -> Result<String, Refused> {
            let doc = permit.subject().authorize::<perm::Read, _>(17, |_, doc| *doc == 18)?;
            Ok(doc.into_resource().to_string())
        }
        let app = app(GuardedRouter::new().public("/docs/{id}", delete(purge)).public("/owned", get(owned)));
        assert_eq!(ask(&app, "DELETE", "/docs/17", Some("doc:delete")).await, ok("removed 17"));
        assert_eq!(ask(&app, "DELETE", "/docs/17", Some("doc:read")).await, forbidden());
        assert_eq!(ask(&app, "DELETE", "/docs/17", None).await, forbidden());
        assert_eq!(ask(&app, "DELETE", "/docs/x", Some("doc:read")).await, forbidden());
        assert_eq!(ask(&app, "GET", "/owned", Some("doc:read")).await, forbidden());
    }

    #[tokio::test]
    async fn subjects_of_a_policy_are_checked_by_its_names() {
        let policy = Policy::builder().allow("reader", "doc:read").deny("reader", "doc:write");
        let policy = policy.allow("editor", "doc:write").allow("admin", "doc:delete");
        let policy = policy.assign("ann", "reader").assign("ann", "editor").build().unwrap();
        let ann = policy.bind::<DocPerm>().unwrap().subject("ann").unwrap();
        let app = GuardedRouter::new()
            .route::<BoundSubject<DocPerm>, perm::Read>("/", get(async || "minutes"))
            .route::<BoundSubject<DocPerm>, perm::Write>("/", post(async || "secret"))
            .into_router()
            .layer(axum::Extension(ann));
        assert_eq!(ask(&app, "GET", "/", None).await, ok("minutes"));
        assert_eq!(ask(&app, "POST", "/", None).await, forbidden());
    }

    #[tokio::test]
    async fn a_state_is_added_behind_the_check() {
        let guarded = GuardedRouter::<&'static str>::new().route::<User, perm::Read>(
            "/",
            get(async |State(secret): State<&'static str>| secret)
                .fallback(async |State(secret): State<&'static str>| secret),
        );
        let app = guarded.into_router().with_state("secret").layer(middleware::from_fn(authenticate));
        assert_eq!(ask(&app, "GET", "/", Some("doc:read")).await, ok("secret"));
        assert_eq!(ask(&app, "GET", "/", None).await, forbidden());
        assert_eq!(ask(&app, "POST", "/", None).await, forbidden());
    }

    #[tokio::test]
    async fn an_outer_layer_can_send_those_without_a_subject_to_the_login_page() {
        async fn to_login(request: Request, next: Next) -> axum::response::Response {
            let response = next.run(request).await;
            match response.extensions().get() {
                Some(Refused::NoSubject) => {
                    axum::response::IntoResponse::into_response(axum::response::Redirect::to("/login"))
                }
                _ => response,
            }
        }
        let guarded = GuardedRouter::new().route::<User, perm::Read>("/", get(async || "secret"));
        let app = app(guarded).layer(middleware::from_fn(to_login));
        assert_eq!(ask(&app, "GET", "/", None).await, (StatusCode::SEE_OTHER, String::new()));
        assert_eq!(ask(&app, "GET", "/", Some("doc:write")).await, forbidden());
    }

    #[test]
    #[should_panic(expected = "Overlapping method route")]
    fn one_method_of_a_path_is_declared_once() {
        let _ = GuardedRouter::<()>::new()
            .route::<User, perm::Read>("/docs", get(async || ()))
            .public("/docs", get(async || ()));
    }

    /// A server on a port of its own, until the test ends.
    fn serve(app: Router) -> (tokio::runtime::Runtime, SocketAddr) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(async { axum::serve(listener, app).await });
        (runtime, address)
    }

    /// Writes a request as it stands; the status and all that was read.
    fn say(address: SocketAddr, line: &str, token: Option<&str>) -> (u16, String) {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let token = token.map(|token| format!("authorization: {token}\r\n")).unwrap_or_default();
        write!(stream, "{line} HTTP/1.1\r\nhost: docs.example\r\nconnection: close\r\n{token}\r\n").unwrap();
        let mut read = String::new();
        stream.read_to_string(&mut read).unwrap();
        let status = read.split(' ').nth(1).unwrap_or_else(|| unreachable!("no answer to {line}: {read}"));
        (status.parse().unwrap(), read)
    }

    #[test]
    fn over_a_socket_a_refusal_is_a_status_and_nothing_else() {
        let guarded = GuardedRouter::new().route::<User, perm::Read>("/docs", get(async || "secret"));
        let (_server, address) = serve(app(guarded));
        let (status, read) = say(address, "GET /docs", Some("doc:read"));
        assert!(status == 200 && read.ends_with("\r\n\r\nsecret"), "{read}");
        let (status, read) = say(address, "HEAD /docs", Some("doc:read"));
        assert!(status == 200 && read.ends_with("\r\n\r\n"), "{read}");
        for line in ["GET /docs", "HEAD /docs"] {
            for token in [None, Some("doc:write")] {
                let (status, read) = say(address, line, token);
                assert!(status == 403 && read.ends_with("\r\n\r\n") && !read.contains("doc"), "{read}");
            }
        }
    }

    #[test]
    fn no_spelling_of_a_request_reaches_a_guarded_handler() {
        let secret = async || "secret";
        let admin = GuardedRouter::new()
            .route::<User, perm::Delete>("/", any(secret))
            .route::<User, perm::Delete>("/users", get(secret).fallback(secret))
            .route::<User, perm::Delete>("/users/{id}", get(secret).post(secret))
            .route::<User, perm::Delete>("/files/{*rest}", any(secret));
        let guarded = GuardedRouter::new()
            .nest("/admin", admin)
            .route::<User, perm::Read>("/docs/{id}", any(secret))
            .public("/{*rest}", any(async |method: Method| if method == Method::HEAD { "" } else { "open" }))
            .public("/", get(async || "open"));
        let (_server, address) = serve(app(guarded));

        let reached = say(address, "GET /admin/users/17?from=1", Some("doc:delete"));
        assert!(reached.0 == 200 && reached.1.ends_with("secret"));
        let targets = [
            "/admin",
            "/admin/",
            "/admin?",
            "/admin?x=/health",
            "/admin//",
            "//admin",
            "/./admin",
            "/x/../admin",
            "/%61dmin",
            "/ADMIN",
            "/admin%2fusers",
            "/admin/users",
            "/admin/users/",
            "/admin/users//17",
            "/admin//users/17",
            "/admin/users/17",
            "/admin/users/%2e%2e",
            "/admin/users/17/",
            "/admin/users/17;x=y",
            "/admin/files/a",
            "/admin/files//etc/passwd",
            "/admin/files/../users",
            "/admin/files/%00",
            "/docs/../admin/users",
            "/docs/..%2fadmin",
            "/docs/17",
            "/docs/",
            "/",
            "*",
            "http://other.example/admin",
            "http://other.example/admin/users/17",
            "http://other.example",
            "docs.example:80",
        ];
        let methods = [
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PURGE", "get",
            "PROPFIND",
        ];
        let mut refused = 0;
        for target in targets {
            for method in methods {
                for token in [None, Some("doc:write")] {
                    let (status, read) = say(address, &format!("{method} {target}"), token);
                    assert!(!read.contains("secret"), "{method} {target}: {read}");
                    refused += usize::from(status == 403);
                }
            }
        }
        assert!(refused > 200, "only {refused} were refused: do the requests still arrive?");
    }
}
