use http::header::CACHE_CONTROL;
use http::{HeaderValue, Response, StatusCode};

use super::super::CsrfRefusal;
use crate::audit::{Event, Kind};

/// Why the layer answered in place of the service: in the extensions of the response, for layers outside that draw a page. The
/// caller gets a status, an empty body and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The path or a header is not what any client would send: 400.
    #[error("the path, Host or Content-Length is not what a client would send")]
    Malformed,
    /// The address is too long: 414.
    #[error("the address of the request is too long")]
    UriTooLong,
    /// There is too much in the headers: 431.
    #[error("the headers of the request are too large")]
    HeadersTooLarge,
    /// A body was announced that is too large: 413.
    #[error("the body of the request is too large")]
    BodyTooLarge,
    /// The caller was too fast: 429, with `Retry-After`.
    #[error("the caller has made too many requests")]
    TooManyRequests,
    /// There is a quota for each address, and the server does not tell the connection's: 500. See [`PeerAddr`](super::PeerAddr).
    #[error("the address of the connection is not known, so no quota can be kept")]
    UnknownPeer,
    /// A page of another site made the request: 403.
    #[error(transparent)]
    CrossSite(#[from] CsrfRefusal),
    /// A page of another origin asked whether it may: 403.
    #[error("pages of that origin may not make such requests")]
    Preflight,
    /// The service took too long: 503.
    #[error("the request was not answered in time")]
    TimedOut,
    /// The service panicked: 500.
    #[error("the service panicked")]
    Panicked,
    /// The operating system's random source is unavailable: 503.
    #[error("the operating system's random source is unavailable")]
    NoRandomness,
}

impl Refused {
    /// What the caller gets.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::CrossSite(_) | Self::Preflight => StatusCode::FORBIDDEN,
            Self::UnknownPeer | Self::Panicked => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TimedOut | Self::NoRandomness => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(super) fn response<A: Default>(self) -> Response<A> {
        let mut response = Response::new(A::default());
        *response.status_mut() = self.status();
        // Whatever the settings leave to handlers: no cache keeps one caller's refusal for the others.
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(self);
        response
    }

    pub(super) fn event(self) -> Event {
        let event = match self {
            Self::Malformed | Self::UriTooLong | Self::HeadersTooLarge | Self::BodyTooLarge => {
                Event::invalid_input_rejected()
            }
            Self::TooManyRequests => Event::rate_limit_exceeded(),
            Self::CrossSite(_) | Self::Preflight => Event::new(Kind::MaliciousCors),
            Self::UnknownPeer => Event::application("peer_address_unknown"),
            Self::TimedOut => Event::application("request_timed_out"),
            Self::Panicked => Event::application("handler_panicked"),
            Self::NoRandomness => Event::application("random_source_unavailable"),
        };
        event.reason(self.to_string())
    }
}
