use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::session::{SessionId, SessionInfo};
use serde::Deserialize;

use super::logout::Nothing;
use super::page;
use crate::app::App;
use crate::extract::{Facts, LoggedIn, Page, Submitted};
use crate::failure::Failure;

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    done: &'static str,
    has_second_factor: bool,
    sessions: Vec<SessionInfo>,
    current: SessionId,
}

#[derive(Deserialize)]
pub(crate) struct Done {
    done: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct EndForm {
    id: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    LoggedIn { session, user }: LoggedIn,
    page_parts: Page,
    Query(Done { done }): Query<Done>,
) -> Result<Response, Failure> {
    let sessions = app.sessions.list(&user.name).await?;
    let done = match done.as_deref() {
        Some("password") => "Your password was changed, and your other sessions have ended.",
        Some("sessions") => "Done: what you ended is logged out.",
        _ => "",
    };
    let has_second_factor = user.has_second_factor();
    page(&AccountPage { page: page_parts, done, has_second_factor, sessions, current: session.id() })
}

/// Ends one of the user's own sessions.
pub(crate) async fn end(
    State(app): State<App>,
    facts: Facts,
    LoggedIn { user, .. }: LoggedIn,
    Submitted(form): Submitted<EndForm>,
) -> Result<Response, Failure> {
    let id = form.id.parse::<SessionId>().ok();
    let ended = match &id {
        Some(id) => app.sessions.end(&user.name, id).await?,
        None => false,
    };
    let Some(id) = id.filter(|_| ended) else {
        app.audit.record(facts.of(Event::authorization_denied()).subject(&user.name).resource("session"));
        return Err(Failure::NotFound);
    };
    let event = Event::new(Kind::SessionExpired).subject(&user.name).session(id.as_str());
    app.audit.record(facts.of(event).reason("ended by its user"));
    Ok(Redirect::to("/account?done=sessions").into_response())
}

pub(crate) async fn end_others(
    State(app): State<App>,
    facts: Facts,
    LoggedIn { session, user }: LoggedIn,
    _: Submitted<Nothing>,
) -> Result<Response, Failure> {
    let ended = app.sessions.log_out_others(&session).await?;
    let event = Event::new(Kind::SessionExpired).subject(&user.name).detail("sessions_ended", ended);
    app.audit.record(facts.of(event).reason("ended by its user"));
    Ok(Redirect::to("/account?done=sessions").into_response())
}
