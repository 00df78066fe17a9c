use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::password::VerifyErrorKind;
use palisade::secret::{ExposeSecret, SecretString};
use palisade::session::{AuthLevel, Login, Visitor};
use palisade::validate::Username;
use serde::Deserialize;

use super::second_factor::verify_code;
use super::{page, page_with, session_cookie, target};
use crate::app::App;
use crate::extract::{Facts, Guest, Page, Submitted};
use crate::failure::Failure;
use crate::tickets::{self, Purpose};
use crate::users::{self, User};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    page: Page,
    next: String,
    name: &'a str,
    error: &'a str,
    was_reset: bool,
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    page: Page,
    next: String,
    name: String,
    ticket: String,
    error: &'static str,
}

#[derive(Deserialize)]
pub(crate) struct Wanted {
    next: Option<String>,
    reset: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct LoginForm {
    name: String,
    password: SecretString,
    next: String,
}

#[derive(Deserialize)]
pub(crate) struct CodeForm {
    name: String,
    ticket: String,
    code: SecretString,
    next: String,
}

pub(crate) async fn show(page_parts: Page, Query(wanted): Query<Wanted>) -> Result<Response, Failure> {
    let next = target(wanted.next.as_deref());
    if !page_parts.user.is_empty() {
        return Ok(Redirect::to(&next).into_response());
    }
    let was_reset = wanted.reset.is_some();
    page(&LoginPage { page: page_parts, next, name: "", error: "", was_reset })
}

/// The first step: the name and the password.
pub(crate) async fn submit(
    State(app): State<App>,
    facts: Facts,
    page: Page,
    Guest(visitor): Guest,
    Submitted(form): Submitted<LoginForm>,
) -> Result<Response, Failure> {
    let name = Username::parse(&form.name).ok();
    // Before the password is looked at: guesses made at the same time count as well.
    let account = name.as_ref().map_or(form.name.as_str(), Username::as_str);
    let attempt = app.limits.log_in(account, facts.ip).await.inspect_err(|_| {
        app.audit.record(facts.of(Event::rate_limit_exceeded()).reason("log-in"));
    })?;
    let user = match &name {
        Some(name) => users::find(&app.database, name.as_str()).await?,
        None => None,
    };
    // Nobody's password takes as long to be refused as somebody's, and gets the same answer.
    let stored = user.as_ref().map(|user| user.password.clone());
    let verified = app.hasher.verify_and_upgrade_async(form.password, stored).await;
    let (upgraded, mut user) = match (verified, user) {
        (Ok(upgraded), Some(user)) => (upgraded, user),
        (Err(error), _) if error.kind() != VerifyErrorKind::Rejected => return Err(error.into()),
        _ => {
            let event = Event::authentication_failure().reason("wrong password or no account");
            // What is no name may be a password that was typed into the wrong field.
            let event = name.iter().fold(event, |event, name| event.subject(name.as_str()));
            app.audit.record(facts.of(event));
            let error = "The name or the password is wrong.";
            let next = target(Some(&form.next));
            let again = LoginPage { page, next, name: &form.name, error, was_reset: false };
            return page_with(StatusCode::FORBIDDEN, &again);
        }
    };
    attempt.succeeded().await;
    if let Some(new) = upgraded
        && users::change_password(&app.database, &user.name, &user.password, &new).await?
    {
        user.password = new.into_string();
    }
    if !user.has_second_factor() {
        return begin(&app, &facts, &user, Login::by(AuthLevel::Password), visitor, &form.next).await;
    }
    let visit = visitor.id();
    let purpose = Purpose::SecondStep { visitor: visit.as_str() };
    let ticket = tickets::issue(&app.signer, purpose, &user)?;
    super::page(&CodePage { page, next: target(Some(&form.next)), name: user.name, ticket, error: "" })
}

/// The second step: a code of the authenticator app, or a recovery code.
pub(crate) async fn submit_code(
    State(app): State<App>,
    facts: Facts,
    page: Page,
    Guest(visitor): Guest,
    Submitted(form): Submitted<CodeForm>,
) -> Result<Response, Failure> {
    let visit = visitor.id();
    let purpose = Purpose::SecondStep { visitor: visit.as_str() };
    let user = tickets::holder(&app, &facts, purpose, &form.name, &form.ticket).await?;
    let user = user.ok_or(Failure::LogIn)?;
    let Some(verified) = verify_code(&app, &facts, &user, form.code.expose_secret()).await? else {
        let (next, error) = (target(Some(&form.next)), "The code is not valid.");
        let again = CodePage { page, next, name: user.name, ticket: form.ticket, error };
        return page_with(StatusCode::FORBIDDEN, &again);
    };
    begin(&app, &facts, &user, Login::with(verified), visitor, &form.next).await
}

/// Begins the session of a user who has shown all that is asked for.
pub(super) async fn begin(
    app: &App,
    facts: &Facts,
    user: &User,
    login: Login,
    visitor: Visitor,
    next: &str,
) -> Result<Response, Failure> {
    let login = login.device(facts.device()).instead_of(visitor);
    let issued = app.sessions.log_in(&user.name, login).await?;
    // Whoever changed the password or set up a second factor meanwhile has ended all sessions but this.
    let now = users::find(&app.database, &user.name).await?;
    if now.is_none_or(|now| now.password != user.password || now.otp != user.otp) {
        app.sessions.log_out(issued.into_session()).await?;
        return Err(Failure::LogIn);
    }
    let event = Event::new(Kind::LoginSuccess).subject(&user.name).session(issued.session().id().as_str());
    app.audit.record(facts.of(event));
    let mut headers = session_cookie(app, &issued)?;
    headers.append(SET_COOKIE, app.visitor_cookie.clear().try_into()?);
    Ok((headers, Redirect::to(&target(Some(next)))).into_response())
}

/// The page to log in on, from which its user goes on to `path` if that needs no escaping.
pub(crate) fn path_to_log_in(path: Option<&str>) -> String {
    let is_plain =
        |path: &&str| path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte));
    path.filter(is_plain).map_or_else(|| "/login".to_owned(), |path| format!("/login?next={path}"))
}
