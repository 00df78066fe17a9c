use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::password::{Rules, VerifyErrorKind};
use palisade::secret::{ExposeSecret, SecretString};
use palisade::session::AuthLevel;
use serde::Deserialize;

use super::{page, page_with, session_cookie};
use crate::app::App;
use crate::extract::{Facts, LoggedIn, Page, Submitted};
use crate::failure::Failure;
use crate::users::{self, User};

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage {
    page: Page,
    error_old: &'static str,
    error_new: String,
}

#[derive(Deserialize)]
pub(crate) struct PasswordForm {
    old: SecretString,
    new: SecretString,
}

pub(crate) async fn show(page_parts: Page) -> Result<Response, Failure> {
    page(&PasswordPage { page: page_parts, error_old: "", error_new: String::new() })
}

pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    page: Page,
    LoggedIn { session, user }: LoggedIn,
    Submitted(form): Submitted<PasswordForm>,
) -> Result<Response, Failure> {
    let rules = Rules::default().context([user.name.as_str(), user.email.as_str(), "login service"]);
    let chosen = match rules.check(form.new.expose_secret()) {
        Ok(chosen) => chosen,
        Err(refusal) => {
            app.audit
                .record(facts.of(Event::invalid_input_rejected()).subject(&user.name).action("new password"));
            let again = PasswordPage { page, error_old: "", error_new: refusal.to_string() };
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
        }
    };
    if !verify_password(&app, &facts, &user, form.old).await? {
        let again = PasswordPage { page, error_old: "The password is wrong.", error_new: String::new() };
        return page_with(StatusCode::FORBIDDEN, &again);
    }
    let stored = app.hasher.hash_async(chosen.expose()).await?;
    if !users::change_password(&app.database, &user.name, &user.password, &stored).await? {
        return Err(Failure::StaleForm); // somebody else was faster
    }
    let ended = app.sessions.log_out_others(&session).await?;
    let event = Event::new(Kind::PasswordChange).subject(&user.name).detail("sessions_ended", ended);
    app.audit.record(facts.of(event));
    let issued = app.sessions.authenticated_again(session, AuthLevel::Password).await?;
    Ok((session_cookie(&app, &issued)?, Redirect::to("/account?done=password")).into_response())
}

/// Whether it is the password of a user who is logged in. Guesses count as those on the page to log in do.
pub(super) async fn verify_password(
    app: &App,
    facts: &Facts,
    user: &User,
    presented: SecretString,
) -> Result<bool, Failure> {
    let attempt = app.limits.log_in(&user.name, facts.ip).await.inspect_err(|_| {
        app.audit.record(facts.of(Event::rate_limit_exceeded()).subject(&user.name).reason("passwords"));
    })?;
    match app.hasher.verify_async(presented, Some(user.password.as_str())).await {
        Ok(_) => {
            attempt.succeeded().await;
            Ok(true)
        }
        Err(error) if error.kind() == VerifyErrorKind::Rejected => {
            let event =
                Event::authentication_failure().subject(&user.name).reason("wrong password, in a session");
            app.audit.record(facts.of(event));
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
