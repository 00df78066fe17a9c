//! A response through all that stands before and after a handler.

use std::convert::Infallible;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use axum_csrf::{CsrfConfig, CsrfToken};
use axum_helmet::Helmet;
use axum_login::axum::extract::FromRequestParts;
use axum_login::axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cookie::{Cookie, CookieJar, Key, SameSite};
use csrf::{CsrfProtection, HmacCsrfProtection};
use http::request::Parts;
use http::{HeaderName, Request, Response, StatusCode};
use http_body_util::Full;
use palisade::keys::KeyRing;
use palisade::rate_limit::Quota;
use palisade::secret::ExposeSecret;
use palisade::web::{
    CorsPolicy, CsrfTokens, PeerAddr, RenderContext, SecurityHeaders, SessionCookie, Settings, hardened,
};
use palisade_peers::{Race, Report};
use tokio::runtime::{Builder, Runtime};
use tower::{Layer, Service, ServiceBuilder, service_fn};
use tower_http::ServiceBuilderExt;
use tower_http::cors::CorsLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::MakeRequestUuid;

pub fn races(report: &mut Report) {
    stack(report);
    headers(report);
    signed_cookies(report);
    sealed_cookies(report);
    csrf_tokens(report);
}

fn stack(report: &mut Report) {
    let cors = CorsPolicy::builder().origin("https://app.example").unwrap().build().unwrap();
    let settings = Settings::secure()
        .origin("https://site.example")
        .unwrap()
        .cors(cors)
        .rate_limit("site", Quota::per_second(1_000_000).burst(1_000_000_000))
        .unwrap()
        .audit(drop);
    let mut ours = hardened(service_fn(answer), &settings);
    let mut theirs = ServiceBuilder::new()
        .layer(tower_helmet::HelmetLayer::with_defaults())
        .set_x_request_id(MakeRequestUuid)
        .propagate_x_request_id()
        .layer(tower_http::timeout::TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_secs(30),
        ))
        .layer(CorsLayer::new().allow_origin(["https://app.example".parse().unwrap()]))
        .layer(CsrfLayer::new())
        .layer(tower_http::limit::RequestBodyLimitLayer::new(1 << 20))
        .service(service_fn(answer));
    let mut alone = service_fn(answer::<Full<&'static [u8]>>);
    let (first, second, third) = (runtime(), runtime(), runtime());
    Race::new("a handler behind the whole stack", "≤ 2 µs more than alone")
        .contender(
            "palisade: 12 headers and a nonce, id and trace, sizes, path, quota, CORS, CSRF, time",
            move || first.block_on(async { ours.call(request()).await }).unwrap(),
            |response| response.status() == StatusCode::OK && response.headers().len() >= 14,
        )
        .contender(
            "tower-http 0.7.1 and tower-helmet: 0.3.0, 14 fixed headers, id, size, CORS, CSRF, time",
            move || second.block_on(async { theirs.call(request()).await }).unwrap(),
            |response| response.status() == StatusCode::OK && response.headers().len() >= 14,
        )
        .yardstick(
            "the handler alone",
            move || third.block_on(async { alone.call(request()).await }).unwrap(),
            |response| response.status() == StatusCode::OK,
        )
        .run(report);
}

fn headers(report: &mut Report) {
    let policy = SecurityHeaders::api();
    let mut ours = service_fn(move |request| {
        let headers = policy.render(&RenderContext::tls());
        async move {
            let mut response = answer::<Full<&'static [u8]>>(request).await?;
            for (name, value) in headers {
                let name = HeaderName::try_from(name).expect("names are of letters");
                response.headers_mut().insert(name, value.try_into().expect("values are of letters"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut tower_helmet = tower_helmet::HelmetLayer::with_defaults().layer(service_fn(answer));
    let mut axum_helmet = Helmet::default().into_layer().unwrap().layer(service_fn(answer));
    let [first, second, third] = [(); 3].map(|()| runtime());
    Race::new("a handler with security headers", "")
        .contender(
            "palisade: render, into the map by hand",
            move || first.block_on(async { ours.call(request()).await }).unwrap().headers().len(),
            |&count| count >= 10,
        )
        .contender(
            "tower-helmet 0.3.0",
            move || second.block_on(async { tower_helmet.call(request()).await }).unwrap().headers().len(),
            |&count| count >= 10,
        )
        .contender(
            "axum-helmet 1.0.2",
            move || third.block_on(async { axum_helmet.call(request()).await }).unwrap().headers().len(),
            |&count| count >= 10,
        )
        .run(report);
}

/// Names what a session's cookie holds: 43 letters, among other cookies.
fn signed_cookies(report: &mut Report) {
    let ours = SessionCookie::new("session").unwrap().signed(KeyRing::generate().unwrap());
    let (same, key) = (ours.clone(), Key::generate());
    let same_key = key.clone();
    let sent = header(&ours.set(VALUE).unwrap());
    let theirs = header(&set(|jar| jar.signed_mut(&key).add(cookie())));
    Race::new("set a signed cookie", "")
        .contender("palisade", move || ours.set(black_box(VALUE)).unwrap(), |set| set.contains(VALUE))
        .contender(
            "cookie 0.18.2",
            move || set(|jar| jar.signed_mut(&key).add(cookie())),
            |set| set.contains(VALUE),
        )
        .run(report);
    Race::new("read a signed cookie, of three", "")
        .contender("palisade", move || same.read(black_box(sent.as_bytes())) == Some(VALUE), |&right| right)
        .contender(
            "cookie 0.18.2",
            move || {
                let jar = jar(black_box(&theirs));
                jar.signed(&same_key).get(NAME).is_some_and(|cookie| cookie.value() == VALUE)
            },
            |&right| right,
        )
        .run(report);
}

fn sealed_cookies(report: &mut Report) {
    let ours = SessionCookie::new("session").unwrap().sealed(KeyRing::generate().unwrap());
    let (same, key) = (ours.clone(), Key::generate());
    let same_key = key.clone();
    let sent = header(&ours.set(VALUE).unwrap());
    let theirs = header(&set(|jar| jar.private_mut(&key).add(cookie())));
    Race::new("set an encrypted cookie", "")
        .contender("palisade", move || ours.set(black_box(VALUE)).unwrap(), |set| !set.contains(VALUE))
        .contender(
            "cookie 0.18.2",
            move || set(|jar| jar.private_mut(&key).add(cookie())),
            |set| !set.contains(VALUE),
        )
        .run(report);
    Race::new("read an encrypted cookie, of three", "")
        .contender(
            "palisade",
            move || same.read(black_box(sent.as_bytes())).is_some_and(|value| value.expose_secret() == VALUE),
            |&right| right,
        )
        .contender(
            "cookie 0.18.2",
            move || {
                let jar = jar(black_box(&theirs));
                jar.private(&same_key).get(NAME).is_some_and(|cookie| cookie.value() == VALUE)
            },
            |&right| right,
        )
        .run(report);
}

fn cookie() -> Cookie<'static> {
    Cookie::build((NAME, black_box(VALUE)))
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
        .build()
}

/// What a response would set.
fn set(add: impl FnOnce(&mut CookieJar)) -> String {
    let mut jar = CookieJar::new();
    add(&mut jar);
    jar.delta().next().expect("it was added").to_string()
}

/// What comes back of a cookie that was set.
fn header(set: &str) -> String {
    let pair = set.split(';').next().expect("a first part");
    format!("theme=dark; {pair}; language=en")
}

fn jar(header: &str) -> CookieJar {
    let mut jar = CookieJar::new();
    Cookie::split_parse(header.to_owned()).filter_map(Result::ok).for_each(|cookie| jar.add_original(cookie));
    jar
}

fn csrf_tokens(report: &mut Report) {
    let ours = CsrfTokens::new(KeyRing::generate().unwrap());
    let same = ours.clone();
    let token = ours.issue(VALUE.as_bytes()).unwrap();
    let pairs = HmacCsrfProtection::from_key([7; 32]);
    let (their_token, their_cookie) = pairs.generate_token_pair(None, 3600).unwrap();
    let (their_token, their_cookie) = (their_token.b64_string(), their_cookie.b64_string());
    let same_pairs = pairs.clone();
    let axum = CsrfConfig::default();
    let first = Request::new(()).into_parts().0;
    let runtime = Rc::new(runtime());
    let extract = move |config: &CsrfConfig, mut parts: Parts| {
        runtime.block_on(CsrfToken::from_request_parts(&mut parts, config)).expect("always there")
    };
    let same_extract = extract.clone();
    let extracted = extract(&axum, first.clone());
    let form = extracted.authenticity_token().unwrap();
    let response = extracted.into_response();
    let sent = header(response.headers()["set-cookie"].to_str().unwrap());
    let with_cookie = Request::builder().header("cookie", sent).body(()).unwrap().into_parts().0;
    let same_axum = axum.clone();
    Race::new("make a CSRF token", "")
        .contender(
            "palisade",
            move || ours.issue(black_box(VALUE.as_bytes())).unwrap(),
            |token| token.len() == 70,
        )
        .contender(
            "csrf 0.5.0: HMAC, and a cookie",
            move || {
                let (token, cookie) = pairs.generate_token_pair(None, 3600).unwrap();
                (token.b64_string(), cookie.b64_string())
            },
            |(token, _)| token.len() > 43,
        )
        .contender(
            "axum_csrf 0.12.0: and a cookie",
            move || {
                let token = extract(&axum, black_box(&first).clone());
                (token.authenticity_token().unwrap(), token.into_response())
            },
            |(token, _)| token.len() == 44,
        )
        .run(report);
    Race::new("check a CSRF token", "")
        .contender(
            "palisade",
            move || same.check(black_box(VALUE.as_bytes()), black_box(&token)).is_ok(),
            |&right| right,
        )
        .contender(
            "csrf 0.5.0: HMAC, and a cookie",
            move || {
                let [token, cookie] =
                    [&their_token, &their_cookie].map(|text| STANDARD.decode(black_box(text)).unwrap());
                let token = same_pairs.parse_token(&token).unwrap();
                let cookie = same_pairs.parse_cookie(&cookie).unwrap();
                same_pairs.verify_token_pair(&token, &cookie).is_ok()
            },
            |&right| right,
        )
        .contender(
            "axum_csrf 0.12.0: and a cookie",
            move || {
                same_extract(&same_axum, black_box(&with_cookie).clone()).verify(black_box(&form)).is_ok()
            },
            |&right| right,
        )
        .run(report);
}

const NAME: &str = "__Host-session";
const VALUE: &str = "q2V9q2V9q2V9q2V9q2V9q2V9q2V9q2V9q2V9q2V9abc";

async fn answer<B>(_: Request<B>) -> Result<Response<Full<&'static [u8]>>, Infallible> {
    Ok(Response::new(Full::new(&b"page"[..])))
}

fn request() -> Request<Full<&'static [u8]>> {
    Request::post("/accounts/17/notes?page=2")
        .header("host", "site.example")
        .header("origin", "https://site.example")
        .header("sec-fetch-site", "same-origin")
        .header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
        .extension(PeerAddr(([192, 0, 2, 1], 4711).into()))
        .body(Full::new(&b""[..]))
        .unwrap()
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}
