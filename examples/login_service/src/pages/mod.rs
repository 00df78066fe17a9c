//! One file for each page: what it shows, and what its forms do.

pub(crate) mod account;
pub(crate) mod admin;
pub(crate) mod api;
pub(crate) mod assets;
pub(crate) mod audit;
pub(crate) mod confirm;
pub(crate) mod forgot;
pub(crate) mod home;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod notes;
pub(crate) mod password;
pub(crate) mod register;
pub(crate) mod reset;
pub(crate) mod second_factor;

use askama::Template;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use palisade::session::{Issued, Proven, Session};
use palisade::validate::LocalTarget;

use crate::app::App;
use crate::failure::Failure;
use crate::permissions::JustNow;
use crate::users::User;

fn page(template: &impl Template) -> Result<Response, Failure> {
    page_with(StatusCode::OK, template)
}

fn page_with(status: StatusCode, template: &impl Template) -> Result<Response, Failure> {
    Ok((status, Html(template.render()?)).into_response())
}

/// Where a form may send its user: a page of this site, whatever the form says.
fn target(text: Option<&str>) -> String {
    let target = text.and_then(|text| LocalTarget::parse(text).ok());
    target.map_or_else(|| "/notes".to_owned(), |target| target.as_str().to_owned())
}

/// The cookie that carries a session's new token.
fn session_cookie(app: &App, issued: &Issued<Session>) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(SET_COOKIE, app.session_cookie.set(issued.expose())?.try_into()?);
    Ok(headers)
}

/// Proof that the user has shown a second factor in the last ten minutes; without it, the way to `page` goes past `/confirm`.
fn recently<'s>(
    session: &'s Session,
    user: &User,
    page: &'static str,
) -> Result<Proven<'s, JustNow>, Failure> {
    if !user.has_second_factor() {
        return Err(Failure::SecondFactor);
    }
    session.prove().map_err(|_| Failure::Confirm(page))
}
