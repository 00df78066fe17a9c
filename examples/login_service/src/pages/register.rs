use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::password::Rules;
use palisade::secret::{ExposeSecret, SecretString};
use palisade::session::{AuthLevel, Login};
use palisade::validate::{Email, Username};
use serde::Deserialize;

use super::login::begin;
use super::{page, page_with};
use crate::app::App;
use crate::extract::{Facts, Guest, Page, Submitted};
use crate::failure::Failure;
use crate::users;

#[derive(Template)]
#[template(path = "register.html")]
struct RegisterPage<'a> {
    page: Page,
    name: &'a str,
    email: &'a str,
    errors: Errors,
}

/// Beside which field there is what to be put right.
#[derive(Default)]
struct Errors {
    name: String,
    email: String,
    password: String,
}

#[derive(Deserialize)]
pub(crate) struct RegisterForm {
    name: String,
    email: String,
    password: SecretString,
}

pub(crate) async fn show(page_parts: Page) -> Result<Response, Failure> {
    if !page_parts.user.is_empty() {
        return Ok(Redirect::to("/notes").into_response());
    }
    page(&RegisterPage { page: page_parts, name: "", email: "", errors: Errors::default() })
}

pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    page: Page,
    Guest(visitor): Guest,
    Submitted(form): Submitted<RegisterForm>,
) -> Result<Response, Failure> {
    let again = |page: Page, errors: Errors| {
        app.audit.record(facts.of(Event::invalid_input_rejected()).action("register"));
        let again = RegisterPage { page, name: &form.name, email: &form.email, errors };
        page_with(StatusCode::UNPROCESSABLE_ENTITY, &again)
    };
    let rules = Rules::default().context([form.name.as_str(), form.email.as_str(), "login service"]);
    let read =
        (Username::parse(&form.name), Email::parse(&form.email), rules.check(form.password.expose_secret()));
    let (Ok(name), Ok(email), Ok(password)) = read else {
        let (name, email, password) = read;
        let errors = Errors {
            name: name.err().map(|error| error.to_string()).unwrap_or_default(),
            email: email.err().map(|error| error.to_string()).unwrap_or_default(),
            password: password.err().map(|error| error.to_string()).unwrap_or_default(),
        };
        return again(page, errors);
    };
    app.limits.letter(facts.ip).inspect_err(|_| {
        app.audit.record(facts.of(Event::rate_limit_exceeded()).reason("registrations"));
    })?;
    let stored = app.hasher.hash_async(password.expose()).await?;
    if !users::insert(&app.database, &name, &email, &stored).await? {
        return again(page, Errors { name: "This name is taken.".to_owned(), ..Errors::default() });
    }
    app.audit.record(facts.of(Event::new(Kind::UserCreated)).subject(name.as_str()));
    let user = users::find(&app.database, name.as_str()).await?.ok_or(Failure::LogIn)?;
    begin(&app, &facts, &user, Login::by(AuthLevel::Password), visitor, "/notes").await
}
