use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use palisade::audit::{Event, Kind};
use palisade::rbac::{Permit, Role};
use serde::Deserialize;

use super::{page, recently};
use crate::app::App;
use crate::extract::{Facts, LoggedIn, Page, Submitted};
use crate::failure::Failure;
use crate::permissions::{ROLES, may};
use crate::users::{self, User};

#[derive(Template)]
#[template(path = "admin.html")]
struct AdminPage {
    page: Page,
    users: Vec<User>,
}

#[derive(Deserialize)]
pub(crate) struct RoleForm {
    name: String,
    role: String,
}

pub(crate) async fn show(
    State(app): State<App>,
    permit: Permit<Arc<User>, may::ManageUsers>,
    LoggedIn { session, user }: LoggedIn,
    page_parts: Page,
) -> Result<Response, Failure> {
    let _proof = recently(&session, &user, "/admin")?;
    let users = users::list(permit.granted(), &app.database).await?;
    page(&AdminPage { page: page_parts, users })
}

/// Gives a user another role. It counts from the user's next request on, since each reads the role anew.
pub(crate) async fn set_role(
    State(app): State<App>,
    facts: Facts,
    permit: Permit<Arc<User>, may::ManageUsers>,
    LoggedIn { session, user }: LoggedIn,
    Submitted(form): Submitted<RoleForm>,
) -> Result<Response, Failure> {
    let proof = recently(&session, &user, "/admin")?;
    let event = |kind| facts.of(Event::new(kind)).subject(&user.name).resource(&form.name).action(&form.role);
    let Some(role) = Role::find(ROLES, &form.role) else {
        app.audit.record(event(Kind::InputDiscreteFail));
        return Err(Failure::NotFound);
    };
    // So there is always one left.
    if form.name == user.name {
        app.audit.record(event(Kind::AuthorizationDenied).reason("one's own role"));
        return Err(Failure::Forbidden);
    }
    let other = users::find(&app.database, &form.name).await?.ok_or(Failure::NotFound)?;
    app.audit.record_first(event(Kind::AuthorizationChange))?;
    users::set_role(permit.granted(), &proof, &app.database, &other, role).await?;
    Ok(Redirect::to("/admin").into_response())
}
