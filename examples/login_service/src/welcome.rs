use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::middleware::Next;
use axum::response::Response;
use palisade::audit::Event;

use crate::app::App;
use crate::extract::{Facts, FormsOf};
use crate::failure::Failure;

/// Gives whoever comes to a page for guests a visit, which its forms belong to.
pub(crate) async fn welcome(
    State(app): State<App>,
    facts: Facts,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if request.extensions().get::<FormsOf>().is_some() {
        return Ok(next.run(request).await);
    }
    app.limits.visit(facts.ip).inspect_err(|_| {
        app.audit.record(facts.of(Event::rate_limit_exceeded()).reason("visits"));
    })?;
    let issued = app.sessions.visit().await?;
    let cookie = app.visitor_cookie.set(issued.expose())?.try_into()?;
    let visitor = issued.into_session();
    request.extensions_mut().insert(FormsOf(visitor.id()));
    request.extensions_mut().insert(Arc::new(visitor));
    let mut response = next.run(request).await;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}
