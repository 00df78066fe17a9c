use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::authorizable::Authorizable;
use super::denied::Denied;
use super::requirement::Requirement;

/// Puts a check before a service of tower: without a subject `S` that holds `R`, it is not called.
///
/// The subject is taken from the request's extensions, where an authentication layer has put it: a type of the application,
/// an `Arc` of one, or the [`BoundSubject`](super::BoundSubject) of a policy. `S` names the type that was put there.
///
/// ```
/// use http::{Request, Response, StatusCode};
/// use palisade::rbac::{Authorizable, PermSet, Refused, RequirePermission};
/// use std::convert::Infallible;
/// use tower::{Layer, ServiceExt, service_fn};
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
///
/// #[derive(Clone)]
/// struct User(PermSet<DocPerm>);
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> {
///         self.0
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let inner = service_fn(async |_: Request<String>| Ok::<_, Infallible>(Response::new("minutes".to_owned())));
/// let service = RequirePermission::<User, (perm::Read, perm::Write)>::new().layer(inner);
///
/// let mut request = Request::new(String::new());
/// request.extensions_mut().insert(User(DocPerm::set(&[DocPerm::Read])));
/// let response = service.oneshot(request).await?;
/// assert_eq!((response.status(), response.body().as_str()), (StatusCode::FORBIDDEN, ""));
///
/// let refused = response.extensions().get::<Refused>(); // for the log, not for the caller
/// assert_eq!(refused.map(Refused::to_string).as_deref(), Some("doc:write is not granted"));
/// # Ok::<(), Infallible>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// A request without a subject is refused as one without the permission is: authentication that was forgotten, or that runs
/// after the check, lets nobody in. The check is made once for each request, before its body is read.
///
/// The inner service is made ready before the check, so limits on how many requests run at once belong outside of it.
pub struct RequirePermission<S, R> {
    checked: PhantomData<fn() -> (S, R)>,
}

impl<S, R: Requirement> RequirePermission<S, R>
where
    S: Authorizable<R::Permission> + Send + Sync + 'static,
{
    /// A check of `R`.
    #[must_use]
    pub const fn new() -> Self {
        Self { checked: PhantomData }
    }
}

impl<S, R: Requirement> Default for RequirePermission<S, R>
where
    S: Authorizable<R::Permission> + Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<S, R> Clone for RequirePermission<S, R> {
    fn clone(&self) -> Self {
        Self { checked: PhantomData }
    }
}

impl<S, R> fmt::Debug for RequirePermission<S, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequirePermission")
    }
}

impl<S, R, I> Layer<I> for RequirePermission<S, R> {
    type Service = GuardedService<S, R, I>;

    fn layer(&self, inner: I) -> Self::Service {
        GuardedService { inner, check: self.clone() }
    }
}

/// A service that is called for those who hold `R` alone: see [`RequirePermission`].
pub struct GuardedService<S, R, I> {
    inner: I,
    check: RequirePermission<S, R>,
}

impl<S, R: Requirement, I, Body, Answer> Service<Request<Body>> for GuardedService<S, R, I>
where
    S: Authorizable<R::Permission> + Send + Sync + 'static,
    I: Service<Request<Body>, Response = Response<Answer>>,
    Answer: Default,
{
    type Response = Response<Answer>;
    type Error = I::Error;
    type Future = GuardedFuture<I::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), I::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let checked = match request.extensions().get::<S>() {
            Some(subject) => subject.grant::<R>().map(drop).map_err(Refused::from),
            None => Err(Refused::NoSubject),
        };
        let checked = match checked {
            Ok(()) => Checked::Passed { future: self.inner.call(request) },
            Err(refused) => Checked::Refused { refused },
        };
        GuardedFuture { checked }
    }
}

impl<S, R, I: Clone> Clone for GuardedService<S, R, I> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), check: self.check.clone() }
    }
}

impl<S, R, I> fmt::Debug for GuardedService<S, R, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedService").finish_non_exhaustive()
    }
}

pin_project! {
    /// The answer of a [`GuardedService`]: the inner service's, or a refusal.
    #[derive(Debug)]
    pub struct GuardedFuture<F> {
        #[pin]
        checked: Checked<F>,
    }
}

impl<F, Answer: Default, E> Future for GuardedFuture<F>
where
    F: Future<Output = Result<Response<Answer>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().checked.project() {
            Projected::Passed { future } => future.poll(context),
            Projected::Refused { refused } => Poll::Ready(Ok(refused.response())),
        }
    }
}

/// Why a request was refused: in the extensions of the response, for layers outside that log it or send the caller to the
/// log-in page. The caller gets a status and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// Nobody is authenticated, as this kind of subject.
    #[error("the request carries no subject")]
    NoSubject,
    /// The subject does not hold the permission.
    #[error(transparent)]
    Denied(#[from] Denied),
}

impl Refused {
    pub(super) fn response<Answer: Default>(&self) -> Response<Answer> {
        let mut response = Response::new(Answer::default());
        *response.status_mut() = StatusCode::FORBIDDEN;
        response.extensions_mut().insert(self.clone());
        response
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum Checked<F> {
        Passed { #[pin] future: F },
        Refused { refused: Refused },
    }
}
