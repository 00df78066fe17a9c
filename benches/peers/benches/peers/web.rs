//! A response through all that stands before and after a handler.

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::Full;
use palisade::rate_limit::Quota;
use palisade::web::{CorsPolicy, PeerAddr, Settings, hardened};
use palisade_peers::{Race, Report};
use tokio::runtime::{Builder, Runtime};
use tower::{Service, ServiceBuilder, service_fn};
use tower_http::ServiceBuilderExt;
use tower_http::cors::CorsLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::request_id::MakeRequestUuid;

pub fn races(report: &mut Report) {
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
            "tower-helmet 0.3.0, tower-http 0.7.1: 14 fixed headers, id, size, CORS, CSRF, time",
            move || second.block_on(async { theirs.call(request()).await }).unwrap(),
            |response| response.status() == StatusCode::OK && response.headers().len() >= 14,
        )
        .contender(
            "the handler alone",
            move || third.block_on(async { alone.call(request()).await }).unwrap(),
            |response| response.status() == StatusCode::OK,
        )
        .run(report);
}

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
