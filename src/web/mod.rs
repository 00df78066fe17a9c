//! What a server tells browsers, and what it makes of what they tell: decisions, without a framework.
//!
//! Header names are `&'static str`, values are `String`: they go into any framework's response.
//!
//! ```
//! use palisade::web::{Nonce, RenderContext, SecurityHeaders};
//!
//! let headers = SecurityHeaders::page(); // once
//! let nonce = Nonce::generate()?; // for each response
//! let page = format!("<script nonce=\"{nonce}\">start()</script>");
//! for (name, value) in headers.render(&RenderContext::tls().nonce(&nonce)) {
//!     // response.header(name, value)
//! }
//! # Ok::<(), palisade::random::RandomError>(())
//! ```
//!
//! These read no request and write no response by themselves. Responses that a framework makes on its own, such as 404 and 405,
//! need the same headers: set them where everything passes. For services of tower, axum's routers among them, `hardened` does all of
//! that in one call (feature `tower`).
//!
//! # Security
//! Values are put together from checked parts: no text of a caller can end a header or add a directive to a policy.

mod cookie;
mod cookie_error;
mod cors;
mod cors_builder;
mod cors_error;
mod csp;
mod csp_builder;
mod csp_error;
mod csrf;
mod csrf_refusal;
mod csrf_token_error;
mod csrf_tokens;
mod directive;
mod headers;
mod hsts;
#[cfg(feature = "tower")]
mod layer;
mod nonce;
mod origin;
mod permissions;
mod policies;
mod sealed_cookie;
mod signed_cookie;
mod source;

pub use cookie::SessionCookie;
pub use cookie_error::CookieError;
pub use cors::{CorsDecision, CorsPolicy, Preflight};
pub use cors_builder::CorsBuilder;
pub use cors_error::{CorsError, CorsProblem};
pub use csp::Csp;
pub use csp_builder::CspBuilder;
pub use csp_error::{CspError, CspProblem};
pub use csrf::{CsrfGuard, CsrfRequest};
pub use csrf_refusal::CsrfRefusal;
pub use csrf_token_error::CsrfTokenError;
pub use csrf_tokens::CsrfTokens;
pub use directive::Directive;
pub use headers::{RenderContext, SecurityHeaders};
pub use hsts::Hsts;
#[cfg(feature = "tower")]
pub use layer::{
    ClientIp, Hardened, HardenedFuture, HardenedLayer, PeerAddr, Refused, RequestId, Settings, hardened,
};
pub use nonce::Nonce;
pub use permissions::{Permission, PermissionsPolicy};
pub use policies::{CacheRule, Embedder, Opener, ReferrerPolicy, Resource, XssProtection};
pub use sealed_cookie::SealedCookie;
pub use signed_cookie::SignedCookie;
pub use source::Source;

/// A header of a response: its name and its value.
pub type Header = (&'static str, String);
