use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade::audit::{Event, Kind};
use palisade::validate::Username;
use serde::Deserialize;

use super::page;
use crate::app::App;
use crate::extract::{Facts, Page, Submitted};
use crate::failure::Failure;
use crate::tickets::{self, Purpose};
use crate::{letters, users};

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage {
    page: Page,
    is_sent: bool,
}

#[derive(Deserialize)]
pub(crate) struct ForgotForm {
    name: String,
}

pub(crate) async fn show(page_parts: Page) -> Result<Response, Failure> {
    page(&ForgotPage { page: page_parts, is_sent: false })
}

/// Answers the same, and as soon, whether or not there is such an account.
pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    page_parts: Page,
    Submitted(form): Submitted<ForgotForm>,
) -> Result<Response, Failure> {
    app.limits.letter(facts.ip).inspect_err(|_| {
        app.audit.record(facts.of(Event::rate_limit_exceeded()).reason("resets of passwords"));
    })?;
    tokio::spawn(async move {
        if let Err(Failure::Unavailable(error)) = send_link(&app, &facts, &form.name).await {
            tracing::error!(error, "a link was not sent");
        }
    });
    page(&ForgotPage { page: page_parts, is_sent: true })
}

async fn send_link(app: &App, facts: &Facts, typed: &str) -> Result<(), Failure> {
    let Ok(name) = Username::parse(typed) else { return Ok(()) };
    let Some(user) = users::find(&app.database, name.as_str()).await? else { return Ok(()) };
    let ticket = tickets::issue(&app.signer, Purpose::ResetPassword, &user)?;
    app.audit
        .record(facts.of(Event::new(Kind::TokenCreated)).subject(&user.name).reason("reset of a password"));
    letters::send(&user.email, &format!("{}/reset?name={name}&ticket={ticket}", app.origin));
    Ok(())
}
