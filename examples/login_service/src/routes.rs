use std::error::Error;
use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use palisade::rbac::GuardedRouter;

use crate::app::App;
use crate::failure::Failure;
use crate::hardening::{Service, harden};
use crate::identify::identify;
use crate::pages::{
    account, admin, api, assets, audit, confirm, forgot, home, login, logout, notes, password, register,
    reset, second_factor,
};
use crate::permissions::may;
use crate::users::User;
use crate::welcome::welcome;

pub(crate) fn service(app: &App) -> Result<Service, Box<dyn Error + Send + Sync>> {
    let guests = guests().into_router().layer(from_fn_with_state(app.clone(), welcome));
    let router = members()
        .into_router()
        .merge(guests)
        .fallback(async || Failure::NotFound)
        .layer(from_fn_with_state(app.clone(), identify))
        .merge(everybody().into_router())
        .with_state(app.clone());
    harden(router, app)
}

/// Asked for whatever the database does, and no reason to look for a session.
fn everybody() -> GuardedRouter<App> {
    GuardedRouter::new().public("/healthz", get(api::health)).public("/style.css", get(assets::style))
}

/// Pages with forms for those who have not logged in.
fn guests() -> GuardedRouter<App> {
    GuardedRouter::new()
        .public("/", get(home::show))
        .public("/register", get(register::show).post(register::submit))
        .public("/login", get(login::show).post(login::submit))
        .public("/login/code", post(login::submit_code))
        .public("/forgot", get(forgot::show).post(forgot::submit))
        .public("/reset", get(reset::show).post(reset::submit))
}

fn members() -> GuardedRouter<App> {
    GuardedRouter::new()
        .route::<Arc<User>, may::UseAccount>("/api/me", get(api::me))
        .route::<Arc<User>, may::UseAccount>("/logout", post(logout::submit))
        .route::<Arc<User>, may::UseAccount>("/confirm", get(confirm::show).post(confirm::submit))
        .route::<Arc<User>, may::UseAccount>("/account", get(account::show))
        .route::<Arc<User>, may::UseAccount>("/account/sessions/end", post(account::end))
        .route::<Arc<User>, may::UseAccount>("/account/sessions/end-others", post(account::end_others))
        .route::<Arc<User>, may::UseAccount>("/account/password", get(password::show).post(password::submit))
        .route::<Arc<User>, may::UseAccount>("/account/second-factor", get(second_factor::show))
        .route::<Arc<User>, may::UseAccount>("/account/second-factor/begin", post(second_factor::begin))
        .route::<Arc<User>, may::UseAccount>("/account/second-factor/finish", post(second_factor::finish))
        .route::<Arc<User>, may::UseAccount>("/account/second-factor/codes", post(second_factor::renew_codes))
        .route::<Arc<User>, may::UseAccount>("/account/second-factor/remove", post(second_factor::remove))
        .route::<Arc<User>, may::UseNotes>("/notes", get(notes::show).post(notes::create))
        .route::<Arc<User>, may::UseNotes>("/notes/{id}/delete", post(notes::delete))
        .route::<Arc<User>, may::ManageUsers>("/admin", get(admin::show))
        .route::<Arc<User>, may::ManageUsers>("/admin/role", post(admin::set_role))
        .route::<Arc<User>, may::ReadAudit>("/admin/audit", get(audit::show))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A route that appears here, or that needs less than before, is one that somebody has looked at.
    #[test]
    fn pages_of_administrators_are_these_and_need_their_permissions() {
        let routes: Vec<String> = members().routes().iter().map(ToString::to_string).collect();
        let of_members = |route: &&String| !route.ends_with("account:use") && !route.ends_with("notes:use");
        let others: Vec<&String> = routes.iter().filter(of_members).collect();
        assert_eq!(others, ["/admin  users:manage", "/admin/role  users:manage", "/admin/audit  audit:read"]);
    }
}
