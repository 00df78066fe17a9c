use std::fmt;

use ::axum::Router;
use ::axum::extract::FromRequestParts;
use ::axum::response::{IntoResponse, Response};
use ::axum::routing::MethodRouter;
use ::http::request::Parts;

use super::authorizable::Authorizable;
use super::layer::{Refused, RequirePermission};
use super::permission::Permission;
use super::proof::Permit;
use super::requirement::Requirement;

/// Routes for axum, each with the permission that it needs: one without cannot be written down by mistake.
///
/// ```
/// use axum::extract::{Path, Request};
/// use axum::http::header::AUTHORIZATION;
/// use axum::middleware::{self, Next};
/// use axum::response::Response;
/// use axum::routing::{delete, get};
/// use palisade::rbac::{Authorizable, Granted, GuardedRouter, PermSet, Permit};
/// # use axum::{body::Body, http::StatusCode};
/// # use tower::ServiceExt;
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Delete = "doc:delete" } }
///
/// #[derive(Clone)]
/// struct User(PermSet<DocPerm>);
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> {
///         self.0
///     }
/// }
/// # fn session(token: &[u8]) -> Option<User> {
/// #     let of_ann = DocPerm::set(&[DocPerm::Read, DocPerm::Delete]);
/// #     match token { b"of-ann" => Some(User(of_ann)), b"of-bob" => Some(User(DocPerm::set(&[DocPerm::Read]))), _ => None }
/// # }
///
/// async fn authenticate(mut request: Request, next: Next) -> Response {
///     let token = request.headers().get(AUTHORIZATION);
///     if let Some(user) = token.and_then(|token| session(token.as_bytes())) {
///         request.extensions_mut().insert(user);
///     }
///     next.run(request).await // without a user, public routes alone are open
/// }
///
/// fn remove(_: Granted<'_, perm::Delete>, id: u64) { /* no way here without the permission */ }
///
/// async fn purge(permit: Permit<User, perm::Delete>, Path(id): Path<u64>) {
///     remove(permit.granted(), id);
/// }
///
/// let guarded = GuardedRouter::new()
///     .route::<User, perm::Read>("/docs/{id}", get(async || "minutes"))
///     .route::<User, perm::Delete>("/docs/{id}", delete(purge))
///     .public("/health", get(async || "fine"));
///
/// let review: Vec<String> = guarded.routes().iter().map(ToString::to_string).collect();
/// assert_eq!(review, ["/docs/{id}  doc:read", "/docs/{id}  doc:delete", "/health  public"]);
///
/// let app = guarded.into_router().layer(middleware::from_fn(authenticate));
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # for (method, path, token, status) in [
/// #     ("DELETE", "/docs/17", "of-ann", StatusCode::OK),
/// #     ("DELETE", "/docs/17", "of-bob", StatusCode::FORBIDDEN),
/// #     ("GET", "/docs/17", "of-bob", StatusCode::OK),
/// #     ("GET", "/docs/17", "of-eve", StatusCode::FORBIDDEN),
/// #     ("GET", "/health", "of-eve", StatusCode::OK),
/// # ] {
/// #     let request = Request::builder().method(method).uri(path).header(AUTHORIZATION, token).body(Body::empty())?;
/// #     assert_eq!(app.clone().oneshot(request).await?.status(), status);
/// # }
/// // axum::serve(listener, app).await
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// ```compile_fail,E0284
/// # use axum::routing::get;
/// # use palisade::rbac::GuardedRouter;
/// let _: GuardedRouter = GuardedRouter::new().route("/docs", get(async || "minutes")); // who may?
/// ```
///
/// # Panics
/// Paths are those of [`Router`], and what it refuses it refuses here, when the program starts: a path without a leading `/`,
/// one method of one path twice, two fallbacks of one path.
///
/// # Security
/// The check lies around each handler of a path, and around its fallback for other methods, so that however a request is
/// written it reaches none without. Axum does not decode or tidy a path before it is matched: `/%61dmin` and `//admin` are not
/// `/admin`, but they are what a public `/{*rest}` takes. `OPTIONS` is checked as well; a layer for CORS belongs outside. To a
/// method that a path does not have, the answer lists those that it has, even where that is a refusal.
///
/// The [`Router`] that comes out is axum's own: routes and fallbacks that are added to it later, as by
/// [`Router::method_not_allowed_fallback`], are not checked.
#[must_use]
pub struct GuardedRouter<St = ()> {
    router: Router<St>,
    routes: Vec<DeclaredRoute>,
}

impl<St: Clone + Send + Sync + 'static> GuardedRouter<St> {
    /// Without routes: all answers are 404.
    pub fn new() -> Self {
        Self { router: Router::new(), routes: Vec::new() }
    }

    /// A path for subjects `S` that hold `R`; see [`RequirePermission`] for where they come from.
    ///
    /// One path may be declared several times, with other methods and other permissions.
    #[track_caller]
    pub fn route<S, R: Requirement>(mut self, path: &str, methods: MethodRouter<St>) -> Self
    where
        S: Authorizable<R::Permission> + Send + Sync + 'static,
    {
        // Not `route_layer`, which leaves the fallback open; and `any` is a fallback.
        let methods = methods.layer(RequirePermission::<S, R>::new());
        self.routes.push(DeclaredRoute::needing::<R>(path));
        Self { router: self.router.route(path, methods), ..self }
    }

    /// A path for everybody.
    #[track_caller]
    pub fn public(mut self, path: &str, methods: MethodRouter<St>) -> Self {
        self.routes.push(DeclaredRoute::public(path));
        Self { router: self.router.route(path, methods), ..self }
    }

    /// The routes of `other` under `prefix`.
    #[track_caller]
    pub fn nest(mut self, prefix: &str, other: Self) -> Self {
        self.routes.extend(other.routes.into_iter().map(|route| route.under(prefix)));
        Self { router: self.router.nest(prefix, other.router), ..self }
    }

    /// The routes of both.
    #[track_caller]
    pub fn merge(mut self, other: Self) -> Self {
        self.routes.extend(other.routes);
        Self { router: self.router.merge(other.router), ..self }
    }

    /// What is declared, in that order: for a review, or a test that notices when it changes.
    pub fn routes(&self) -> &[DeclaredRoute] {
        &self.routes
    }

    /// Axum's router, for the state, layers and a server. The layer that authenticates goes here.
    pub fn into_router(self) -> Router<St> {
        self.router
    }
}

impl<St: Clone + Send + Sync + 'static> Default for GuardedRouter<St> {
    fn default() -> Self {
        Self::new()
    }
}

impl<St> fmt::Debug for GuardedRouter<St> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedRouter").field("routes", &self.routes).finish_non_exhaustive()
    }
}

/// A path of a [`GuardedRouter`] and what it needs. As text: `/docs/{id}  doc:read`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredRoute {
    path: String,
    permissions: Vec<&'static str>,
    needs: String,
}

impl DeclaredRoute {
    fn needing<R: Requirement>(path: &str) -> Self {
        let mut permissions = Vec::new();
        R::each(&mut |permission| permissions.push(permission.name()));
        Self { path: path.to_owned(), permissions, needs: R::in_words() }
    }

    fn public(path: &str) -> Self {
        Self { path: path.to_owned(), permissions: Vec::new(), needs: "public".to_owned() }
    }

    /// As axum joins them.
    fn under(self, prefix: &str) -> Self {
        let path = match (prefix.strip_suffix('/'), self.path.as_str()) {
            (Some(prefix), path) => format!("{prefix}/{}", path.trim_start_matches('/')),
            (None, "/") => prefix.to_owned(),
            (None, path) => format!("{prefix}{path}"),
        };
        Self { path, ..self }
    }

    /// The path, with the prefixes it is nested under.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The names of the permissions that are asked for; none of a public route. Whether all of them are needed, the text says.
    pub fn permissions(&self) -> &[&'static str] {
        &self.permissions
    }

    /// Whether the route is for everybody.
    pub fn is_public(&self) -> bool {
        self.permissions.is_empty()
    }
}

impl fmt::Display for DeclaredRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}", self.path, self.needs)
    }
}

/// The subject is taken from the request's extensions, as by [`RequirePermission`].
impl<S, R: Requirement, St: Sync> FromRequestParts<St> for Permit<S, R>
where
    S: Authorizable<R::Permission> + Clone + Send + Sync + 'static,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &St) -> Result<Self, Refused> {
        let subject = parts.extensions.get::<S>().ok_or(Refused::NoSubject)?;
        Ok(subject.clone().permit()?)
    }
}

/// 403 without a body, and the reason in the response's extensions.
impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.response()
    }
}
