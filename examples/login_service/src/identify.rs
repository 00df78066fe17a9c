use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::Event;
use palisade::rbac::Refused;
use palisade::session::{SessionError, SessionErrorKind};

use crate::app::App;
use crate::extract::{Facts, FormsOf, cookies};
use crate::failure::Failure;
use crate::pages::login::path_to_log_in;
use crate::users;

/// Finds out whose request it is, and answers for the routes that refuse it.
pub(crate) async fn identify(
    State(app): State<App>,
    facts: Facts,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    find_user(&app, &facts, &mut request).await?;
    let is_api = request.uri().path().starts_with("/api/");
    let target = (request.method() == Method::GET).then(|| request.uri().path().to_owned());
    let response = next.run(request).await;
    match response.extensions().get::<Refused>() {
        None => Ok(response),
        Some(Refused::NoSubject) if is_api => Err(Failure::Unauthorized),
        Some(Refused::NoSubject) => Ok(Redirect::to(&path_to_log_in(target.as_deref())).into_response()),
        Some(refused) => {
            app.audit.record(facts.of(Event::authorization_denied()).reason(refused.to_string()));
            Err(Failure::Forbidden)
        }
    }
}

/// Puts the user and the session, or the visit, into the request's extensions.
async fn find_user(app: &App, facts: &Facts, request: &mut Request) -> Result<(), Failure> {
    let cookies = cookies(request.headers());
    if let Some(token) = app.session_cookie.read(&cookies)
        && let Some(session) = accepted(app, facts, app.sessions.check(token).await)?
        && let Some(user) = users::find(&app.database, session.user()).await?
    {
        let extensions = request.extensions_mut();
        extensions.insert(FormsOf(session.id()));
        extensions.insert(Arc::new(session));
        extensions.insert(Arc::new(user));
    } else if let Some(token) = app.visitor_cookie.read(&cookies)
        && let Some(visitor) = accepted(app, facts, app.sessions.check_visitor(token).await)?
    {
        request.extensions_mut().insert(FormsOf(visitor.id()));
        request.extensions_mut().insert(Arc::new(visitor));
    }
    Ok(())
}

/// `None` for what is nobody's, which is on record then.
fn accepted<S>(app: &App, facts: &Facts, checked: Result<S, SessionError>) -> Result<Option<S>, Failure> {
    match checked {
        Ok(session) => Ok(Some(session)),
        Err(error) if matches!(error.kind(), SessionErrorKind::Unavailable | SessionErrorKind::Random) => {
            Err(error.into())
        }
        Err(error) => {
            let reason = format!("session: {:?}", error.kind());
            app.audit.record(facts.of(Event::authentication_failure()).reason(reason));
            Ok(None)
        }
    }
}
