//! Signed texts that a browser brings back, good for one step of one user and for as long as the password stays.

use std::time::Duration;

use palisade::audit::Event;
use palisade::token::{SignError, Signer};

use crate::app::App;
use crate::extract::Facts;
use crate::failure::Failure;
use crate::users::{self, User};

/// What a ticket is for. One is never taken for another.
#[derive(Clone, Copy)]
pub(crate) enum Purpose<'a> {
    /// The password was right; a code is to follow, from the same visitor.
    SecondStep { visitor: &'a str },
    /// A letter to the user's address was opened.
    ResetPassword,
}

/// Makes a ticket for `user`.
pub(crate) fn issue(signer: &Signer, purpose: Purpose<'_>, user: &User) -> Result<String, SignError> {
    let payload = purpose.payload(user);
    signer.sign_bound(purpose.name(), payload.as_bytes(), purpose.time(), user.password.as_bytes())
}

/// Whose ticket it is, if it is `name`'s and the password is the one it was made under: so a reset happens once. What is
/// refused is on record.
pub(crate) async fn holder(
    app: &App,
    facts: &Facts,
    purpose: Purpose<'_>,
    name: &str,
    ticket: &str,
) -> Result<Option<User>, Failure> {
    let user = users::find(&app.database, name).await?;
    let state = |payload: &[u8]| {
        let user = user.as_ref().filter(|user| payload == purpose.payload(user).as_bytes())?;
        Some(user.password.as_bytes())
    };
    match app.signer.verify_bound(purpose.name(), ticket, state) {
        Ok(_) => Ok(user),
        Err(error) => {
            let event = Event::authentication_failure().reason(format!("{}: {error}", purpose.name()));
            app.audit.record(facts.of(event));
            Ok(None)
        }
    }
}

impl Purpose<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::SecondStep { .. } => "second step of a login",
            Self::ResetPassword => "reset of a password",
        }
    }

    fn time(self) -> Duration {
        match self {
            Self::SecondStep { .. } => Duration::from_secs(5 * 60),
            Self::ResetPassword => Duration::from_secs(15 * 60),
        }
    }

    /// No name has a space in it.
    fn payload(self, user: &User) -> String {
        match self {
            Self::SecondStep { visitor } => format!("{} {visitor}", user.name),
            Self::ResetPassword => user.name.clone(),
        }
    }
}
