use axum::response::Redirect;

use crate::extract::Page;

pub(crate) async fn show(page: Page) -> Redirect {
    Redirect::to(if page.user.is_empty() { "/login" } else { "/notes" })
}
