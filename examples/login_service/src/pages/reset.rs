use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::password::Rules;
use palisade::secret::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::{page, page_with};
use crate::app::App;
use crate::extract::{Facts, Page, Submitted};
use crate::failure::Failure;
use crate::tickets::{self, Purpose};
use crate::users::{self, User};

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage {
    page: Page,
    link: Link,
    error: String,
}

/// What stands in the letter.
#[derive(Deserialize)]
pub(crate) struct Link {
    name: String,
    ticket: String,
}

#[derive(Deserialize)]
pub(crate) struct ResetForm {
    name: String,
    ticket: String,
    password: SecretString,
}

pub(crate) async fn show(
    State(app): State<App>,
    facts: Facts,
    page_parts: Page,
    Query(link): Query<Link>,
) -> Result<Response, Failure> {
    user_of(&app, &facts, &link).await?;
    page(&ResetPage { page: page_parts, link, error: String::new() })
}

pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    page: Page,
    Submitted(ResetForm { name, ticket, password }): Submitted<ResetForm>,
) -> Result<Response, Failure> {
    let link = Link { name, ticket };
    let user = user_of(&app, &facts, &link).await?;
    let rules = Rules::default().context([user.name.as_str(), user.email.as_str(), "login service"]);
    let chosen = match rules.check(password.expose_secret()) {
        Ok(chosen) => chosen,
        Err(refusal) => {
            app.audit.record(facts.of(Event::invalid_input_rejected()).action("reset of a password"));
            let again = ResetPage { page, link, error: refusal.to_string() };
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &again);
        }
    };
    let stored = app.hasher.hash_async(chosen.expose()).await?;
    // Of two that use one link at once, one finds the password changed.
    if !users::change_password(&app.database, &user.name, &user.password, &stored).await? {
        return Err(Failure::NotFound);
    }
    app.sessions.log_out_everywhere(&user.name).await?;
    app.limits.forgive(&user.name).await;
    let event = Event::new(Kind::PasswordChange).subject(&user.name).reason("by a link in a letter");
    app.audit.record(facts.of(event));
    Ok(Redirect::to("/login?reset=done").into_response())
}

/// Whose password a link changes; nobody's if it is too old, was used, or was never sent.
async fn user_of(app: &App, facts: &Facts, link: &Link) -> Result<User, Failure> {
    let user = tickets::holder(app, facts, Purpose::ResetPassword, &link.name, &link.ticket).await?;
    user.ok_or(Failure::NotFound)
}
