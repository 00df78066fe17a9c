use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::secret::{ExposeSecret, SecretString};
use palisade::session::AuthLevel;
use serde::Deserialize;

use super::password::verify_password;
use super::second_factor::verify_code;
use super::{page, page_with, session_cookie, target};
use crate::app::App;
use crate::extract::{Facts, LoggedIn, Page, Submitted};
use crate::failure::Failure;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    page: Page,
    by_code: bool,
    next: String,
    error: &'static str,
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct ConfirmForm {
    proof: SecretString,
    next: String,
}

pub(crate) async fn show(
    LoggedIn { user, .. }: LoggedIn,
    page_parts: Page,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Failure> {
    let (by_code, next) = (user.has_second_factor(), target(wanted.next.as_deref()));
    page(&ConfirmPage { page: page_parts, by_code, next, error: "" })
}

/// The same session goes on under a new token, as one whose user has just proved who it is.
pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    page: Page,
    LoggedIn { session, user }: LoggedIn,
    Submitted(form): Submitted<ConfirmForm>,
) -> Result<Response, Failure> {
    let issued = if user.has_second_factor() {
        match verify_code(&app, &facts, &user, form.proof.expose_secret()).await? {
            Some(verified) => Some(app.sessions.step_up(session, verified).await?),
            None => None,
        }
    } else if verify_password(&app, &facts, &user, form.proof).await? {
        Some(app.sessions.authenticated_again(session, AuthLevel::Password).await?)
    } else {
        None
    };
    let next = target(Some(&form.next));
    let Some(issued) = issued else {
        let by_code = user.has_second_factor();
        let error = if by_code { "The code is not valid." } else { "The password is wrong." };
        return page_with(StatusCode::FORBIDDEN, &ConfirmPage { page, by_code, next, error });
    };
    app.audit.record(facts.of(Event::new(Kind::SessionRenewed)).subject(&user.name));
    Ok((session_cookie(&app, &issued)?, Redirect::to(&next)).into_response())
}
