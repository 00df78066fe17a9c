//! The layer around a service: what reaches it, and what every response carries.

#![cfg(feature = "tower")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed step is a failed test"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http::{HeaderMap, Request, Response, StatusCode};
use palisade::audit::{self, AuditLog, Kind, TraceContext};
use palisade::keys::KeyRing;
use palisade::rate_limit::Quota;
use palisade::web::{
    CacheRule, ClientIp, CorsPolicy, Csp, CsrfGuard, Directive, Nonce, PeerAddr, Refused, RequestId,
    SecurityHeaders, Settings, Source, hardened,
};
use tower::{ServiceExt, service_fn};

/// What every response has, whoever made it.
const ALWAYS: [(&str, &str); 9] = [
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("x-xss-protection", "0"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cache-control", "no-store"),
];

async fn sent(app: Router, settings: &Settings, request: Request<Body>) -> Response<Body> {
    hardened(app, settings).oneshot(request).await.unwrap()
}

fn request(path: &str) -> Request<Body> {
    Request::get(path).extension(peer()).body(Body::empty()).unwrap()
}

fn peer() -> PeerAddr {
    PeerAddr(SocketAddr::from(([192, 0, 2, 1], 4711)))
}

fn app() -> Router {
    Router::new()
        .route("/", get(async || "page").post(async |body: String| body))
        .route("/panics", get(async || -> String { panic!("a test's") }))
        .route("/waits", get(std::future::pending::<String>))
        .route("/fails", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/nonce", get(async |Extension(nonce): Extension<Nonce>| nonce.to_string()))
        .route("/id", get(async |Extension(id): Extension<RequestId>| id.to_string()))
        .route("/who", get(async |Extension(ClientIp(address)): Extension<ClientIp>| address.to_string()))
        .route("/trace", get(async |Extension(trace): Extension<TraceContext>| trace.to_string()))
}

async fn text(response: Response<Body>) -> String {
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn assert_complete(headers: &HeaderMap, of: &str) {
    for (name, value) in ALWAYS {
        assert_eq!(headers.get_all(name).iter().collect::<Vec<_>>(), [value], "{name} of {of}");
    }
    assert_eq!(headers.get_all("content-security-policy").iter().count(), 1, "{of}");
    assert_eq!(headers["x-request-id"].len(), 32, "{of}");
}

#[tokio::test]
async fn every_response_is_complete_whoever_made_it() {
    let settings = Settings::secure().rate_limit("all", Quota::per_second(1000).burst(1000)).unwrap();
    let impatient = settings.clone().timeout(Duration::from_millis(1));
    for (path, status) in [
        ("/", StatusCode::OK),
        ("/nowhere", StatusCode::NOT_FOUND),
        ("/fails", StatusCode::INTERNAL_SERVER_ERROR),
        ("/panics", StatusCode::INTERNAL_SERVER_ERROR),
        ("/waits", StatusCode::SERVICE_UNAVAILABLE), // after a millisecond
        ("/who", StatusCode::OK),
        ("/a/%2e%2e/b", StatusCode::BAD_REQUEST),
    ] {
        let settings = if path == "/waits" { &impatient } else { &settings };
        let response = sent(app(), settings, request(path)).await;
        assert_eq!(response.status(), status, "{path}");
        assert_complete(response.headers(), path);
        assert!(response.headers().contains_key("ratelimit-policy"));
    }
    let unknown = Request::put("/")
        .header("sec-fetch-site", "same-origin")
        .extension(peer())
        .body(Body::empty())
        .unwrap();
    let response = sent(app(), &settings, unknown).await;
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_complete(response.headers(), "405");
    let foreign = Request::post("/")
        .header("sec-fetch-site", "cross-site")
        .extension(peer())
        .body(Body::empty())
        .unwrap();
    let response = sent(app(), &settings, foreign).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_complete(response.headers(), "403");
}

#[tokio::test]
async fn a_service_that_panics_when_called_is_answered_for() {
    let service = service_fn(|_: Request<_>| -> std::future::Ready<Result<Response<String>, Infallible>> {
        panic!("a test's")
    });
    let response = hardened(service, &Settings::secure()).oneshot(Request::new(String::new())).await.unwrap();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.extensions().get(), Some(&Refused::Panicked));
    assert_complete(response.headers(), "panic");
}

#[tokio::test]
async fn a_nonce_is_the_same_in_page_and_policy_and_no_other_response_has_it() {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let response = sent(app(), &Settings::secure(), request("/nonce")).await;
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        let nonce = text(response).await;
        assert!(policy.contains(&format!("script-src 'nonce-{nonce}' 'strict-dynamic'")), "{policy}");
        assert!(!policy.contains('\0'));
        seen.push(nonce);
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2]);

    let api = Settings::secure().headers(SecurityHeaders::api());
    let response = sent(app(), &api, request("/nonce")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR); // no nonce, so the extractor refuses
    assert_eq!(
        response.headers()["content-security-policy"],
        "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
}

#[tokio::test]
async fn what_a_handler_asks_beyond_stays_and_what_it_asks_less_does_not() {
    let with = async |name: &'static str, value: &'static str| {
        let app = Router::new().route("/", get(async move || ([(name, value)], "page")));
        let response = sent(
            app,
            &Settings::secure()
                .headers(SecurityHeaders::page().referrer(palisade::web::ReferrerPolicy::SameOrigin)),
            request("/"),
        )
        .await;
        let all = response.headers().get_all(name).iter().map(|value| value.to_str().unwrap().to_owned());
        all.collect::<Vec<_>>().join(" | ")
    };
    for (name, theirs, expected) in [
        ("x-frame-options", "SAMEORIGIN", "DENY"),
        ("x-frame-options", "deny", "DENY"),
        ("cross-origin-opener-policy", "Same-Origin", "same-origin"),
        ("referrer-policy", "no-referrer", "no-referrer"),
        ("referrer-policy", "unsafe-url", "same-origin"),
        ("x-content-type-options", "sniff", "nosniff"),
        ("strict-transport-security", "max-age=1", "max-age=31536000; includeSubDomains"),
        (
            "strict-transport-security",
            "max-age=99999999; includeSubDomains",
            "max-age=99999999; includeSubDomains",
        ),
        ("cache-control", "public, max-age=60", "public, max-age=60"),
        ("x-request-id", "theirs", ""),
    ] {
        let sent = with(name, theirs).await;
        if name == "x-request-id" {
            assert_eq!(sent.len(), 32);
        } else {
            assert_eq!(sent, expected, "{name}: {theirs}");
        }
    }
    let policies = with("content-security-policy", "sandbox").await;
    assert!(policies.starts_with("default-src 'none'; ") && policies.ends_with(" | sandbox"), "{policies}");
    let permissions = with("permissions-policy", "camera=*, Usb=(), bluetooth=()").await;
    assert!(permissions.contains("camera=()") && permissions.ends_with(", bluetooth=()"), "{permissions}");
    assert!(!permissions.contains('*'));
}

#[tokio::test]
async fn one_response_may_have_other_headers_by_saying_so_in_their_types() {
    let partner = Source::host("https://partner.example").unwrap();
    let policy = Csp::page().to_builder().allow(Directive::FrameAncestors, [partner]).build().unwrap();
    let headers = SecurityHeaders::page().csp(policy).cache(CacheRule::Unset);
    let widget = get(async move |Extension(nonce): Extension<Nonce>| (Extension(headers), nonce.to_string()));
    let app = Router::new().route("/widget", widget);
    let response = sent(app, &Settings::secure(), request("/widget")).await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("frame-ancestors https://partner.example"), "{policy}");
    assert!(
        !response.headers().contains_key("x-frame-options")
            && !response.headers().contains_key("cache-control")
    );
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert!(response.extensions().get::<SecurityHeaders>().is_none());
    assert!(policy.contains(&format!("'nonce-{}'", text(response).await)));
}

#[tokio::test]
async fn cookies_have_all_attributes() {
    let cookies = async || {
        let mut headers = HeaderMap::new();
        headers.append("set-cookie", "id=1; Path=/".parse().unwrap());
        headers.append("set-cookie", "theme=dark; SameSite=Lax".parse().unwrap());
        headers.append("set-cookie", "ok=1; Secure; HttpOnly; SameSite=Strict".parse().unwrap());
        headers
    };
    let app = Router::new().route("/", get(cookies));
    let response = sent(app, &Settings::secure().script_cookie("theme"), request("/")).await;
    let set: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(
        set,
        [
            "id=1; Path=/; Secure; HttpOnly; SameSite=Strict",
            "theme=dark; SameSite=Lax; Secure",
            "ok=1; Secure; HttpOnly; SameSite=Strict"
        ]
    );
}

#[tokio::test]
async fn requests_are_of_a_size() {
    let settings = Settings::secure().max_body(100).max_headers(1000).max_uri(50);
    let post = |body: Body| Request::post("/").header("sec-fetch-site", "same-origin").body(body).unwrap();
    for (request, status) in [
        (request(&format!("/{}", "a".repeat(50))), StatusCode::URI_TOO_LONG),
        (request(&format!("/?{}", "a".repeat(49))), StatusCode::URI_TOO_LONG),
        (request(&format!("/?{}", "a".repeat(48))), StatusCode::OK),
        (
            Request::get("/").header("x", "a".repeat(1000)).body(Body::empty()).unwrap(),
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ),
        (Request::get("/").header("x", "a".repeat(999)).body(Body::empty()).unwrap(), StatusCode::OK),
        (post(Body::from("x".repeat(100))), StatusCode::OK),
        (post(Body::from("x".repeat(101))), StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let shown = format!("{request:?}");
        assert_eq!(sent(app(), &settings, request).await.status(), status, "{shown}");
    }
    for (length, status) in [
        ("100", StatusCode::OK),
        ("101", StatusCode::PAYLOAD_TOO_LARGE),
        ("99999999999999999999999", StatusCode::BAD_REQUEST),
        ("-1", StatusCode::BAD_REQUEST),
    ] {
        let mut request = post(Body::from("a"));
        request.headers_mut().insert("content-length", length.parse().unwrap());
        assert_eq!(sent(app(), &settings, request).await.status(), status, "{length}");
    }
    let mut two_hosts = request("/");
    two_hosts.headers_mut().append("host", "app.example".parse().unwrap());
    two_hosts.headers_mut().append("host", "evil.example".parse().unwrap());
    assert_eq!(sent(app(), &settings, two_hosts).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn callers_are_told_apart_behind_as_many_proxies_as_there_are() {
    let from = |path: &str, forwarded: &[&str]| {
        let mut request = request(path);
        request.extensions_mut().insert(PeerAddr(SocketAddr::from(([10, 0, 0, 1], 4711))));
        for line in forwarded {
            request.headers_mut().append("x-forwarded-for", line.parse().unwrap());
        }
        request
    };
    let direct = Settings::secure();
    assert_eq!(text(sent(app(), &direct, from("/who", &["192.0.2.7"])).await).await, "10.0.0.1");
    let proxied =
        Settings::secure().trusted_proxies(1).rate_limit("site", Quota::per_hour(2).burst(2)).unwrap();
    let caller = ["127.0.0.1", "192.0.2.7"];
    assert_eq!(text(sent(app(), &proxied, from("/who", &caller)).await).await, "192.0.2.7");

    let service = hardened(app(), &proxied);
    let second = service.clone().oneshot(from("/", &caller)).await.unwrap();
    assert_eq!(second.headers()["ratelimit"], "\"site\";r=0;t=3600", "{:?}", second.headers());
    let third = service.clone().oneshot(from("/", &caller)).await.unwrap();
    assert_eq!(third.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(third.headers()["retry-after"], "1800");
    assert_complete(third.headers(), "429");
    let other = service.oneshot(from("/", &["192.0.2.8"])).await.unwrap();
    assert_eq!(other.status(), StatusCode::OK);
}

#[cfg(feature = "axum")]
#[tokio::test]
async fn the_address_that_axum_knows_is_read() {
    let mut request = request("/who");
    let peer = SocketAddr::from(([192, 0, 2, 9], 1));
    request.extensions_mut().remove::<PeerAddr>();
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    assert_eq!(text(sent(app(), &Settings::secure(), request).await).await, "192.0.2.9");
}

#[tokio::test]
async fn pages_of_other_origins_read_what_the_policy_says() {
    let policy = CorsPolicy::builder()
        .origin("https://app.example")
        .unwrap()
        .method("PUT")
        .credentials()
        .build()
        .unwrap();
    let guard = CsrfGuard::fetch_metadata().trust("https://app.example").unwrap();
    let settings = Settings::secure().cors(policy).csrf(guard);
    let handler = async || ([("access-control-allow-origin", "*"), ("vary", "accept")], "data");
    let app = || Router::new().route("/", get(handler).put(handler));
    let asked = |origin: &str, method: &str| {
        let request =
            Request::options("/").header("origin", origin).header("access-control-request-method", method);
        request.body(Body::empty()).unwrap()
    };
    let allowed = sent(app(), &settings, asked("https://app.example", "PUT")).await;
    assert_eq!(allowed.status(), StatusCode::NO_CONTENT);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example");
    assert_complete(allowed.headers(), "preflight");
    for (origin, method) in
        [("https://evil.example", "PUT"), ("null", "PUT"), ("https://app.example", "DELETE")]
    {
        let refused = sent(app(), &settings, asked(origin, method)).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert!(!refused.headers().contains_key("access-control-allow-origin"));
        assert!(refused.headers().contains_key("vary"));
    }
    let put = |origin: &str| {
        let request = Request::put("/").header("origin", origin).header("sec-fetch-site", "cross-site");
        request.body(Body::empty()).unwrap()
    };
    let allowed = sent(app(), &settings, put("https://app.example")).await;
    assert_eq!(allowed.status(), StatusCode::OK);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example");
    assert_eq!(allowed.headers().get_all("vary").iter().collect::<Vec<_>>(), ["accept", "Origin"]);
    let read = Request::get("/").header("origin", "https://evil.example").body(Body::empty()).unwrap();
    let read = sent(app(), &settings, read).await;
    assert_eq!(read.status(), StatusCode::OK);
    assert!(!read.headers().contains_key("access-control-allow-origin")); // the handler's * neither
    assert_eq!(sent(app(), &settings, put("https://evil.example")).await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn two_headers_of_which_there_may_be_one_are_nobodys() {
    let settings = Settings::secure().origin("https://app.example").unwrap();
    for name in ["origin", "sec-fetch-site"] {
        let value = if name == "origin" { "https://app.example" } else { "same-origin" };
        let once = Request::post("/").header(name, value).body(Body::empty()).unwrap();
        assert_eq!(sent(app(), &settings, once).await.status(), StatusCode::OK);
        let twice = Request::post("/").header(name, value).header(name, value).body(Body::empty()).unwrap();
        assert_eq!(sent(app(), &settings, twice).await.status(), StatusCode::FORBIDDEN, "{name}");
    }
}

#[tokio::test]
async fn requests_have_an_id_of_our_own_and_a_place_in_the_callers_trace() {
    let mut asked = request("/trace");
    asked
        .headers_mut()
        .insert("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap());
    asked.headers_mut().insert("x-request-id", "11111111111111111111111111111111".parse().unwrap());
    let response = sent(app(), &Settings::secure(), asked).await;
    assert_ne!(response.headers()["x-request-id"], "11111111111111111111111111111111");
    let here = text(response).await;
    assert!(here.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && !here.contains("00f067aa0ba902b7"));

    let response = sent(app(), &Settings::secure(), request("/id")).await;
    let sent = response.headers()["x-request-id"].clone();
    assert_eq!(sent, text(response).await);
}

#[tokio::test]
async fn refusals_are_in_the_audit_log_without_the_query() {
    let ring = KeyRing::generate().unwrap();
    let log = Arc::new(Mutex::new(Some(AuditLog::new(Vec::new(), &ring))));
    let listener = Arc::clone(&log);
    let settings = Settings::secure()
        .audit(move |event| listener.lock().unwrap().as_ref().unwrap().record(event).unwrap());
    let mut foreign = Request::post("/?token=hunter2")
        .header("sec-fetch-site", "cross-site")
        .header("user-agent", "a test")
        .body(Body::empty())
        .unwrap();
    foreign.extensions_mut().insert(PeerAddr(SocketAddr::from(([192, 0, 2, 9], 1))));
    let refused = sent(app(), &settings, foreign).await;
    assert_eq!(sent(app(), &settings, request("/")).await.status(), StatusCode::OK); // tells nothing
    let written = String::from_utf8(log.lock().unwrap().take().unwrap().into_inner().unwrap()).unwrap();
    assert_eq!(written.lines().count(), 2, "the log's opening, and one event: {written}");
    let id = refused.headers()["x-request-id"].to_str().unwrap();
    for part in [
        "malicious_cors",
        "192.0.2.9",
        "POST",
        "a test",
        id,
        "the request was made by a page of another origin",
    ] {
        assert!(written.contains(part), "{part}: {written}");
    }
    assert!(!written.contains("hunter2"));
    assert!(audit::verify(written.as_bytes(), &ring).is_ok());
}

#[tokio::test]
async fn each_refusal_has_its_kind_in_the_audit_log() {
    let kinds = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&kinds);
    let settings = Settings::secure()
        .max_uri(9)
        .rate_limit("site", Quota::per_hour(2).burst(2))
        .unwrap()
        .audit(move |event| listener.lock().unwrap().push(event.kind().unwrap()));
    let service = hardened(app(), &settings);
    let mut foreign = request("/");
    *foreign.method_mut() = http::Method::POST;
    for request in [request("/too/long/by/far"), foreign, request("/")] {
        service.clone().oneshot(request).await.unwrap();
    }
    let expected = [Kind::InvalidInputRejected, Kind::MaliciousCors, Kind::RateLimitExceeded];
    assert_eq!(*kinds.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_service_may_take_its_time_but_not_all_of_it() {
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(2)).await;
        "done".into_response()
    };
    let app = || {
        Router::new().route("/", post(slow).get(slow)).route("/never", get(std::future::pending::<String>))
    };
    assert_eq!(sent(app(), &Settings::secure(), request("/")).await.status(), StatusCode::OK);
    let beyond = Settings::secure().timeout(Duration::from_millis(1));
    let response = sent(app(), &beyond, request("/never")).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.extensions().get(), Some(&Refused::TimedOut));
}

#[tokio::test]
async fn a_quota_without_an_address_is_a_fault_that_is_seen() {
    let settings = Settings::secure().rate_limit("site", Quota::per_second(9)).unwrap();
    let unknown = Request::get("/").body(Body::empty()).unwrap();
    let response = sent(app(), &settings, unknown).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.extensions().get(), Some(&Refused::UnknownPeer));
}

#[tokio::test]
async fn malformed_requests_count_and_other_origins_learn_of_the_quota() {
    let cors = CorsPolicy::builder().origin("https://app.example").unwrap().build().unwrap();
    let settings = Settings::secure().cors(cors).rate_limit("site", Quota::per_hour(1).burst(1)).unwrap();
    let service = hardened(app(), &settings);
    let malformed = service.clone().oneshot(request("/%zz")).await.unwrap();
    assert_eq!(malformed.status(), StatusCode::BAD_REQUEST);
    let mut asked = request("/");
    asked.headers_mut().insert("origin", "https://app.example".parse().unwrap());
    let response = service.oneshot(asked).await.unwrap();
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://app.example");
    assert_eq!(response.headers()["vary"], "Origin");
}

#[tokio::test]
async fn a_handlers_own_quota_stands_beside() {
    let handler =
        async || ([("ratelimit", "\"login\";r=0;t=60"), ("ratelimit-policy", "\"login\";q=1;w=60")], "page");
    let settings = Settings::secure().rate_limit("site", Quota::per_second(9)).unwrap();
    let response = sent(Router::new().route("/", get(handler)), &settings, request("/")).await;
    for name in ["ratelimit", "ratelimit-policy"] {
        assert_eq!(response.headers().get_all(name).iter().count(), 2, "{name}");
    }
}

#[tokio::test]
async fn web_sockets_of_other_sites_are_refused() {
    let settings = Settings::secure().origin("https://app.example").unwrap();
    for (origin, status) in
        [("https://app.example", StatusCode::OK), ("https://evil.example", StatusCode::FORBIDDEN)]
    {
        let mut opening = request("/");
        for (name, value) in [("connection", "upgrade"), ("upgrade", "h2c, WebSocket"), ("origin", origin)] {
            opening.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(sent(app(), &settings, opening).await.status(), status, "{origin}");
    }
}

#[tokio::test]
async fn refusals_are_kept_by_no_cache_and_outlive_their_listener() {
    let headers = SecurityHeaders::page().cache(CacheRule::Unset);
    let settings = Settings::secure().headers(headers).audit(|_| panic!("a test's"));
    let refused = sent(app(), &settings, request("/%00")).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.headers()["cache-control"], "no-store");
    assert!(!sent(app(), &settings, request("/")).await.headers().contains_key("cache-control"));
}

#[tokio::test]
async fn the_host_is_that_of_the_target() {
    for (target, host, status) in [
        ("http://app.example/", "app.example", StatusCode::OK),
        ("http://APP.example/", "app.example", StatusCode::OK),
        ("http://evil.example/", "app.example", StatusCode::BAD_REQUEST),
    ] {
        let mut asked = request(target);
        asked.headers_mut().insert("host", host.parse().unwrap());
        assert_eq!(sent(app(), &Settings::secure(), asked).await.status(), status, "{target}");
    }
}

#[tokio::test]
async fn a_layer_within_another_says_the_same() {
    let settings = Settings::secure();
    let inner = hardened(app(), &settings);
    let response = hardened(inner, &settings).oneshot(request("/nonce")).await.unwrap();
    let policies: Vec<_> = response.headers().get_all("content-security-policy").iter().cloned().collect();
    assert!(policies.len() == 2 && policies[0] == policies[1]);
    let policy = policies[0].to_str().unwrap().to_owned();
    assert!(policy.contains(&text(response).await));
}

#[test]
fn debug_output_is_of_settings() {
    let shown = format!("{:?}", Settings::secure().audit(drop));
    assert!(shown.starts_with("Settings {") && shown.contains("max_body: 1048576"));
}
