use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::secret::{ExposeSecret, SecretString};
use palisade::session::Recent;
use palisade::session::otp::{Otp, OtpError, OtpErrorKind, OtpSecret, RecoveryCodes, Verified};
use serde::Deserialize;

use super::logout::Nothing;
use super::{page, page_with, recently, session_cookie};
use crate::app::App;
use crate::extract::{Facts, LoggedIn, Page, Submitted};
use crate::failure::Failure;
use crate::users::{self, User};

#[derive(Template)]
#[template(path = "second_factor.html")]
struct SecondFactorPage {
    page: Page,
    is_on: bool,
    codes_left: usize,
    error: &'static str,
}

#[derive(Template)]
#[template(path = "enrol.html")]
struct EnrolPage {
    page: Page,
    picture: SecretString,
    by_hand: SecretString,
    error: &'static str,
}

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct CodesPage {
    page: Page,
    codes: RecoveryCodes,
}

#[derive(Deserialize)]
pub(crate) struct CodeForm {
    code: SecretString,
}

pub(crate) async fn show(
    State(app): State<App>,
    LoggedIn { user, .. }: LoggedIn,
    page_parts: Page,
) -> Result<Response, Failure> {
    let codes_left = app.codes.store().codes_left(&user.name).await?;
    page(&SecondFactorPage { page: page_parts, is_on: user.has_second_factor(), codes_left, error: "" })
}

/// Makes a secret, and shows it to be scanned. Codes are asked for once the first of them was typed.
pub(crate) async fn begin(
    State(app): State<App>,
    page: Page,
    LoggedIn { session, user }: LoggedIn,
    _: Submitted<Nothing>,
) -> Result<Response, Failure> {
    let _proof = session.prove::<Recent<600>>().map_err(|_| Failure::Confirm("/account/second-factor"))?;
    if user.has_second_factor() {
        return Err(Failure::SecondFactor);
    }
    app.codes.store().remove(&user.name).await?; // what an enrolment that broke off has left
    let secret = OtpSecret::generate()?;
    users::begin_otp(&app.database, &user.name, secret.seal(&app.sealer, &user.name)?).await?;
    enrol(page, &user, &secret, StatusCode::OK, "")
}

/// Checks the first code of the secret that is being set up.
pub(crate) async fn finish(
    State(app): State<App>,
    facts: Facts,
    page_parts: Page,
    LoggedIn { session, user }: LoggedIn,
    Submitted(form): Submitted<CodeForm>,
) -> Result<Response, Failure> {
    let _proof = session.prove::<Recent<600>>().map_err(|_| Failure::Confirm("/account/second-factor"))?;
    let pending = user.otp_pending.as_deref().ok_or(Failure::SecondFactor)?;
    let code = form.code.expose_secret();
    let checked = app.codes.confirm_enrolment_async(&user.name, facts.ip, pending, code).await;
    let Some(verified) = accepted(&app, &facts, &user, checked)? else {
        let secret = OtpSecret::open(&app.sealer, &user.name, pending)?;
        return enrol(page_parts, &user, &secret, StatusCode::FORBIDDEN, "The code is not valid.");
    };
    if !users::finish_otp(&app.database, &user.name, pending).await? {
        return Err(Failure::SecondFactor); // another one was begun meanwhile
    }
    let codes = app.codes.replace_recovery_codes_async(&verified).await.map_err(unavailable)?;
    app.sessions.log_out_others(&session).await?; // which had no second factor
    let issued = app.sessions.step_up(session, verified).await?;
    app.audit
        .record(facts.of(Event::new(Kind::UserUpdated)).subject(&user.name).reason("second factor set up"));
    with_codes(session_cookie(&app, &issued)?, page_parts, codes)
}

/// Makes other recovery codes for whoever shows a code.
pub(crate) async fn renew_codes(
    State(app): State<App>,
    facts: Facts,
    page_parts: Page,
    LoggedIn { user, .. }: LoggedIn,
    Submitted(form): Submitted<CodeForm>,
) -> Result<Response, Failure> {
    let Some(verified) = verify_code(&app, &facts, &user, form.code.expose_secret()).await? else {
        let codes_left = app.codes.store().codes_left(&user.name).await?;
        let error = "The code is not valid.";
        let again = SecondFactorPage { page: page_parts, is_on: true, codes_left, error };
        return page_with(StatusCode::FORBIDDEN, &again);
    };
    let codes = app.codes.replace_recovery_codes_async(&verified).await.map_err(unavailable)?;
    app.audit
        .record(facts.of(Event::new(Kind::UserUpdated)).subject(&user.name).reason("new recovery codes"));
    with_codes(HeaderMap::new(), page_parts, codes)
}

pub(crate) async fn remove(
    State(app): State<App>,
    facts: Facts,
    LoggedIn { session, user }: LoggedIn,
    _: Submitted<Nothing>,
) -> Result<Response, Failure> {
    let _proof = recently(&session, &user, "/account/second-factor")?;
    app.codes.store().remove(&user.name).await?; // first, so that what breaks off here can be done again
    users::remove_otp(&app.database, &user.name).await?;
    app.sessions.log_out_others(&session).await?; // they would keep their level
    let event = Event::new(Kind::UserUpdated).subject(&user.name).reason("second factor removed");
    app.audit.record(facts.of(event));
    Ok(Redirect::to("/account/second-factor").into_response())
}

/// Proof of a code of the authenticator app or a recovery code; `None` if it is not valid, which is on record then.
pub(super) async fn verify_code(
    app: &App,
    facts: &Facts,
    user: &User,
    typed: &str,
) -> Result<Option<Verified>, Failure> {
    let sealed = user.otp.as_deref().ok_or(Failure::SecondFactor)?;
    let digits = typed.chars().filter(|c| !c.is_whitespace());
    let checked = if digits.count() <= 8 {
        app.codes.verify_async(&user.name, facts.ip, sealed, typed).await
    } else {
        app.codes.spend_recovery_code_async(&user.name, facts.ip, typed).await
    };
    accepted(app, facts, user, checked)
}

fn accepted(
    app: &App,
    facts: &Facts,
    user: &User,
    checked: Result<Verified, OtpError>,
) -> Result<Option<Verified>, Failure> {
    match checked {
        Ok(verified) => Ok(Some(verified)),
        Err(error) if error.is_rejected() => {
            let reason = format!("second factor: {}", error.kind());
            app.audit.record(facts.of(Event::authentication_failure()).subject(&user.name).reason(reason));
            Ok(None)
        }
        Err(error) => match error.kind() {
            OtpErrorKind::Denied(denied) => {
                let event = Event::rate_limit_exceeded().subject(&user.name).reason("second factor");
                app.audit.record(facts.of(event));
                Err(Failure::TooMany(denied.retry_after_seconds()))
            }
            _ => Err(unavailable(error)),
        },
    }
}

fn enrol(
    page: Page,
    user: &User,
    secret: &OtpSecret,
    status: StatusCode,
    error: &'static str,
) -> Result<Response, Failure> {
    let uri = Otp::default().provisioning_uri(secret, "Login service", &user.name)?;
    let (picture, by_hand) = (uri.to_qr_svg(), secret.expose_base32());
    page_with(status, &EnrolPage { page, picture, by_hand, error })
}

fn with_codes(headers: HeaderMap, page_parts: Page, codes: RecoveryCodes) -> Result<Response, Failure> {
    Ok((headers, page(&CodesPage { page: page_parts, codes })?).into_response())
}

fn unavailable(error: OtpError) -> Failure {
    Failure::Unavailable(error.into())
}
