use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use palisade::session::AuthLevel;
use palisade::sql::Query;
use palisade::web::SecurityHeaders;
use serde::Serialize;

use crate::app::App;
use crate::extract::LoggedIn;

#[derive(Serialize)]
pub(crate) struct Me {
    name: String,
    role: String,
    second_factor: bool,
}

/// Who is logged in, for programs.
pub(crate) async fn me(LoggedIn { session, user }: LoggedIn) -> (Extension<SecurityHeaders>, Json<Me>) {
    let second_factor = session.level() == AuthLevel::SecondFactor;
    let me = Me { name: user.name.clone(), role: user.role.clone(), second_factor };
    (Extension(SecurityHeaders::api()), Json(me))
}

/// Whether the service can work: its database answers.
pub(crate) async fn health(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.database.rows(Query::new("SELECT 1 WHERE 1 = 0")).await {
        Ok(_) => (StatusCode::OK, "ok"),
        Err(error) => {
            tracing::error!(error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "not available")
        }
    }
}
