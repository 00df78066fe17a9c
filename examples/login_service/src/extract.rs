//! What handlers take from a request.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use palisade::audit::Event;
use palisade::session::{Session, SessionId, Visitor};
use palisade::web::{ClientIp, Nonce, RequestId};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::failure::Failure;
use crate::permissions::ADMIN;
use crate::users::User;

/// Whose forms a request may send: the name of its session or visit. Put there by `identify` and `welcome`.
#[derive(Clone, Copy)]
pub(crate) struct FormsOf(pub(crate) SessionId);

/// Where a request comes from, for limits and the audit log.
#[derive(Clone)]
pub(crate) struct Facts {
    pub(crate) ip: IpAddr,
    id: String,
    method: String,
    path: String,
    agent: String,
}

/// A user who is logged in, and the session, which can be rotated and ended.
pub(crate) struct LoggedIn {
    pub(crate) session: Session,
    pub(crate) user: Arc<User>,
}

/// The visit of somebody who has not logged in.
pub(crate) struct Guest(pub(crate) Visitor);

/// What every page shows.
pub(crate) struct Page {
    pub(crate) nonce: String,
    pub(crate) csrf: String,
    /// The user's name; empty where nobody is logged in.
    pub(crate) user: String,
    pub(crate) is_admin: bool,
}

/// A form that one of our own pages has sent, for this very session or visit.
pub(crate) struct Submitted<T>(pub(crate) T);

#[derive(Deserialize)]
struct Token {
    csrf: String,
}

impl Facts {
    /// `event`, with what is known of the request.
    pub(crate) fn of(&self, event: Event) -> Event {
        event
            .source_ip(self.ip)
            .request_id(&self.id)
            .request(&self.method, &self.path)
            .user_agent(&self.agent)
    }

    /// As the browser calls itself, for the list of sessions.
    pub(crate) fn device(&self) -> &str {
        &self.agent
    }
}

impl<S: Sync> FromRequestParts<S> for Facts {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let ClientIp(ip) = *extension::<ClientIp>(parts)?;
        let id = extension::<RequestId>(parts)?.to_string();
        let (method, path) = (parts.method.to_string(), parts.uri.path().to_owned());
        let agent = parts.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        Ok(Self { ip, id, method, path, agent: agent.to_owned() })
    }
}

impl<S: Sync> FromRequestParts<S> for LoggedIn {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let user = parts.extensions.get::<Arc<User>>().cloned().ok_or(Failure::LogIn)?;
        let session = parts.extensions.remove::<Arc<Session>>().and_then(Arc::into_inner);
        Ok(Self { session: session.ok_or(Failure::LogIn)?, user })
    }
}

impl<S: Sync> FromRequestParts<S> for Guest {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let visitor = parts.extensions.remove::<Arc<Visitor>>().and_then(Arc::into_inner);
        visitor.map(Self).ok_or(Failure::StaleForm)
    }
}

impl FromRequestParts<App> for Page {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let nonce = extension::<Nonce>(parts)?.to_string();
        let FormsOf(owner) = *extension::<FormsOf>(parts)?;
        let csrf = app.csrf.issue(owner.as_str().as_bytes())?;
        let user = parts.extensions.get::<Arc<User>>();
        let is_admin = user.is_some_and(|user| user.role == ADMIN.name());
        Ok(Self { nonce, csrf, user: user.map(|user| user.name.clone()).unwrap_or_default(), is_admin })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Submitted<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let facts = Facts::from_request_parts(&mut parts, app).await?;
        let refuse = |event: Event, reason: String| {
            app.audit.record(facts.of(event).reason(reason));
            Failure::StaleForm
        };
        let owner = parts.extensions.get::<FormsOf>().copied();
        let owner = owner.map(|FormsOf(owner)| owner.to_string()).unwrap_or_default();

        // Read twice: the token first, so that nothing of a form that is not ours is looked at.
        let request = Request::from_parts(parts.clone(), body);
        let bytes = Bytes::from_request(request, app).await;
        let bytes = bytes.map_err(|error| refuse(Event::invalid_input_rejected(), error.body_text()))?;
        let form = || Request::from_parts(parts.clone(), Body::from(bytes.clone()));
        let token = Form::<Token>::from_request(form(), app).await.map(|Form(token)| token.csrf);
        app.csrf
            .check(owner.as_bytes(), token.as_deref().unwrap_or_default())
            .map_err(|refusal| refuse(Event::authorization_denied(), refusal.to_string()))?;
        let Form(form) = Form::<T>::from_request(form(), app)
            .await
            .map_err(|_| refuse(Event::invalid_input_rejected(), "the form lacks fields".to_owned()))?;
        Ok(Self(form))
    }
}

/// All `Cookie` headers as one.
pub(crate) fn cookies(headers: &HeaderMap) -> Vec<u8> {
    let all: Vec<&[u8]> = headers.get_all(header::COOKIE).iter().map(HeaderValue::as_bytes).collect();
    all.join(&b"; "[..])
}

fn extension<T: Send + Sync + 'static>(parts: &Parts) -> Result<&T, Failure> {
    let missing = || Failure::Unavailable("a layer that should be around the handler is not".into());
    parts.extensions.get::<T>().ok_or_else(missing)
}
