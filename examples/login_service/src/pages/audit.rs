use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use palisade::rbac::Permit;

use super::{page, recently};
use crate::app::App;
use crate::audit_log::Review;
use crate::extract::{LoggedIn, Page};
use crate::failure::Failure;
use crate::permissions::may;
use crate::users::User;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    page: Page,
    review: Review,
}

pub(crate) async fn show(
    State(app): State<App>,
    permit: Permit<Arc<User>, may::ReadAudit>,
    LoggedIn { session, user }: LoggedIn,
    page_parts: Page,
) -> Result<Response, Failure> {
    let _proof = recently(&session, &user, "/admin/audit")?;
    let review = app.audit.review(permit.granted())?;
    page(&AuditPage { page: page_parts, review })
}
