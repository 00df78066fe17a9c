use axum::extract::State;
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use serde::Deserialize;

use crate::app::App;
use crate::extract::{Facts, LoggedIn, Submitted};
use crate::failure::Failure;

#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// Ends the session, here and in the browser, which forgets the pages it has seen.
pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    LoggedIn { session, user }: LoggedIn,
    _: Submitted<Nothing>,
) -> Result<Response, Failure> {
    let event = Event::new(Kind::SessionExpired).subject(&user.name).session(session.id().as_str());
    app.sessions.log_out(session).await?;
    app.audit.record(facts.of(event).reason("log-out"));
    Ok((AppendHeaders(app.session_cookie.log_out()), Redirect::to("/login")).into_response())
}
