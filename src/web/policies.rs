//! Headers of which there are a few values each.

/// `Referrer-Policy`: what other sites learn of the address a visitor came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferrerPolicy {
    /// Nothing.
    #[default]
    NoReferrer,
    /// Nothing; pages of the same origin learn the whole address.
    SameOrigin,
    /// The origin, over TLS.
    StrictOrigin,
    /// The origin, over TLS; pages of the same origin learn the whole address.
    StrictOriginWhenCrossOrigin,
}

/// `Cross-Origin-Opener-Policy`: who shares a group of windows with the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opener {
    /// Pages of the same origin.
    #[default]
    SameOrigin,
    /// Also windows that the page opens: for log-in and payment in a pop-up.
    SameOriginAllowPopups,
    /// Anyone.
    UnsafeNone,
}

/// `Cross-Origin-Resource-Policy`: whose pages may load the response without asking by CORS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// Pages of the same origin.
    #[default]
    SameOrigin,
    /// Pages of the same site: `app.example.com` for `api.example.com`.
    SameSite,
    /// Any page: for fonts and images that are meant for others.
    CrossOrigin,
}

/// `Cross-Origin-Embedder-Policy`: what the page may load from other origins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Embedder {
    /// What allows it, by CORS or [`Resource`].
    #[default]
    RequireCorp,
    /// Anything, asked for without cookies.
    Credentialless,
    /// Anything.
    UnsafeNone,
}

/// `Cache-Control`: who may keep the response.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheRule {
    /// Nobody.
    #[default]
    NoStore,
    /// The browser, which asks each time whether it is still right.
    PrivateRevalidate,
    /// The header is left to whoever makes the response.
    Unset,
}

/// `X-XSS-Protection`: a filter that browsers no longer have.
///
/// # Security
/// Where the filter still runs, `1; mode=block` lets an attacker switch off single scripts of a page and guess what a page holds by
/// whether it is blocked. `0` is what browsers of today behave as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum XssProtection {
    /// `0`.
    #[default]
    Off,
    /// `1; mode=block`, for a rule book that demands it.
    Block,
    /// No header, for a rule book that forbids it.
    Unset,
}

impl ReferrerPolicy {
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::NoReferrer => "no-referrer",
            Self::SameOrigin => "same-origin",
            Self::StrictOrigin => "strict-origin",
            Self::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
        }
    }
}

impl Opener {
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameOriginAllowPopups => "same-origin-allow-popups",
            Self::UnsafeNone => "unsafe-none",
        }
    }
}

impl Resource {
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossOrigin => "cross-origin",
        }
    }
}

impl Embedder {
    pub(super) const fn value(self) -> &'static str {
        match self {
            Self::RequireCorp => "require-corp",
            Self::Credentialless => "credentialless",
            Self::UnsafeNone => "unsafe-none",
        }
    }
}

impl CacheRule {
    pub(super) const fn value(self) -> Option<&'static str> {
        match self {
            Self::NoStore => Some("no-store"),
            Self::PrivateRevalidate => Some("private, no-cache"),
            Self::Unset => None,
        }
    }
}

impl XssProtection {
    pub(super) const fn value(self) -> Option<&'static str> {
        match self {
            Self::Off => Some("0"),
            Self::Block => Some("1; mode=block"),
            Self::Unset => None,
        }
    }
}
