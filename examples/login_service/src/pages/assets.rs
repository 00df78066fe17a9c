use axum::Extension;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use palisade::web::{CacheRule, SecurityHeaders};

/// The one style sheet, which browsers may keep: it is the same for everybody.
pub(crate) async fn style() -> impl IntoResponse {
    let headers = SecurityHeaders::api().cache(CacheRule::PrivateRevalidate);
    (Extension(headers), [(CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../assets/style.css"))
}
