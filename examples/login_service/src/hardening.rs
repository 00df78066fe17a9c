use std::error::Error;

use axum::Router;
use palisade::rate_limit::Quota;
use palisade::web::{Hardened, Settings, hardened};

use crate::app::App;

/// The whole service, as a server calls it.
pub(crate) type Service = Hardened<Router>;

/// Puts the router behind headers, nonces, limits and the guard against other sites; what is refused is on record.
pub(crate) fn harden(router: Router, app: &App) -> Result<Service, Box<dyn Error + Send + Sync>> {
    let log = app.clone();
    let settings = Settings::secure()
        .origin(&app.origin)?
        .trusted_proxies(app.trusted_proxies)
        .rate_limit(
            "requests",
            Quota::per_second(app.requests_per_second).burst(4 * app.requests_per_second),
        )?
        .max_body(64 << 10)
        .audit(move |event| log.audit.record(event));
    Ok(hardened(router, &settings))
}
