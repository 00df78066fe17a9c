use std::error::Error;

use askama::Template;
use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use crate::limits::TooMany;

/// Why a request gets another answer than it asked for. What went wrong inside is for the log, and not for the caller.
pub(crate) enum Failure {
    NotFound,
    Forbidden,
    /// The form is not one that this visitor or session was given.
    StaleForm,
    TooMany(u64),
    /// Nobody is logged in.
    LogIn,
    /// The user is to show once more who it is, and then comes back to this page.
    Confirm(&'static str),
    /// The user is to set up a second factor first.
    SecondFactor,
    /// Nobody is logged in, and a program asks.
    Unauthorized,
    Unavailable(Box<dyn Error + Send + Sync>),
}

#[derive(Template)]
#[template(path = "failure.html")]
struct FailurePage<'a> {
    title: &'a str,
    text: &'a str,
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound => {
                page(StatusCode::NOT_FOUND, "Not found", "There is nothing here, or not for you.")
            }
            Self::Forbidden => page(StatusCode::FORBIDDEN, "Not permitted", "Your account may not do this."),
            Self::StaleForm => page(
                StatusCode::FORBIDDEN,
                "The form has expired",
                "Go back, load the page again, and send the form once more.",
            ),
            Self::TooMany(seconds) => {
                let text = "Wait a while, then try again.";
                let mut response = page(StatusCode::TOO_MANY_REQUESTS, "Too many attempts", text);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
            Self::LogIn => Redirect::to("/login").into_response(),
            Self::Confirm(back) => Redirect::to(&format!("/confirm?next={back}")).into_response(),
            Self::SecondFactor => Redirect::to("/account/second-factor").into_response(),
            Self::Unauthorized => {
                (StatusCode::UNAUTHORIZED, Json(serde_json::json!({ "error": "not logged in" })))
                    .into_response()
            }
            Self::Unavailable(error) => {
                tracing::error!(error, "a request failed");
                let text = "Something is wrong on our side. Try again later.";
                page(StatusCode::SERVICE_UNAVAILABLE, "Not available", text)
            }
        }
    }
}

impl From<TooMany> for Failure {
    fn from(TooMany(seconds): TooMany) -> Self {
        Self::TooMany(seconds)
    }
}

macro_rules! unavailable {
    ($($error:ty),+ $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Unavailable(error.into())
            }
        })+
    };
}

unavailable!(
    askama::Error,
    header::InvalidHeaderValue,
    Box<dyn Error + Send + Sync>,
    palisade::audit::AuditError,
    palisade::password::HashError,
    palisade::password::VerifyError,
    palisade::random::RandomError,
    palisade::web::CsrfTokenError,
    palisade::seal::SealError,
    palisade::session::SessionError,
    palisade::session::otp::CodeStoreError,
    palisade::session::otp::OtpParameterError,
    palisade::token::SignError,
    palisade::web::CookieError,
);

fn page(status: StatusCode, title: &str, text: &str) -> Response {
    match (FailurePage { title, text }).render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    }
}
