use std::fmt;
use std::marker::PhantomData;

use super::authorizable::Authorizable;
use super::denied::Denied;
use super::proof::Granted;
use super::requirement::Requirement;

/// A function that is called by those who hold `R` alone: see [`require_permission`].
pub struct Guarded<R, F> {
    function: F,
    requirement: PhantomData<fn() -> R>,
}

/// Puts a check of `R` before a function that takes the proof as its first argument.
///
/// ```
/// use palisade::rbac::{self, Authorizable, Granted, Guarded, PermSet};
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Delete = "doc:delete" } }
///
/// struct User(PermSet<DocPerm>);
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> {
///         self.0
///     }
/// }
///
/// fn purge(_: Granted<'_, perm::Delete>, (from, to): (u64, u64)) -> u64 {
///     to - from
/// }
///
/// let guarded = rbac::require_permission::<perm::Delete, _>(purge);
/// assert_eq!(guarded.call(&User(DocPerm::set(&[DocPerm::Delete])), (3, 10))?, 7);
/// assert!(guarded.call(&User(DocPerm::set(&[DocPerm::Read])), (3, 10)).is_err());
/// # Ok::<(), palisade::rbac::Denied>(())
/// ```
///
/// Several arguments are a tuple. A closure must say the type of the proof, `|_: Granted<'_, perm::Delete>, id: u64| …`, or
/// the compiler takes it for one of a single lifetime.
///
/// An `async fn` is called by [`Guarded::call_async`]:
///
/// ```
/// # use palisade::rbac::{self, Authorizable, Granted, PermSet};
/// # palisade::permissions! { pub enum DocPerm in perm { Delete = "doc:delete" } }
/// # struct User(PermSet<DocPerm>);
/// # impl Authorizable<DocPerm> for User { fn effective(&self) -> PermSet<DocPerm> { self.0 } }
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// async fn purge(_: Granted<'_, perm::Delete>, id: u64) -> u64 {
///     id
/// }
///
/// let guarded = rbac::require_permission::<perm::Delete, _>(purge);
/// assert_eq!(guarded.call_async(&User(DocPerm::set(&[DocPerm::Delete])), 17).await?, 17);
/// # Ok::<(), palisade::rbac::Denied>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
/// ```compile_fail,E0593
/// use palisade::rbac::{self, Authorizable, PermSet};
/// palisade::permissions! { pub enum DocPerm in perm { Delete = "doc:delete" } }
/// struct User;
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> { PermSet::EMPTY }
/// }
/// fn purge(id: u64) {} // takes no proof, so that it could be called without a check
/// let _ = rbac::require_permission::<perm::Delete, _>(purge).call(&User, 17);
/// ```
pub const fn require_permission<R: Requirement, F>(function: F) -> Guarded<R, F> {
    Guarded { function, requirement: PhantomData }
}

impl<R: Requirement, F> Guarded<R, F> {
    /// Calls the function if `subject` holds `R`.
    ///
    /// # Errors
    /// It does not, and the function was not called.
    pub fn call<S, A, T>(&self, subject: &S, arguments: A) -> Result<T, Denied>
    where
        S: Authorizable<R::Permission> + ?Sized,
        F: for<'subject> Fn(Granted<'subject, R>, A) -> T,
    {
        Ok((self.function)(subject.grant::<R>()?, arguments))
    }

    /// Calls the asynchronous function if `subject` holds `R`. The check is made when the future is first polled.
    ///
    /// # Errors
    /// It does not, and the function was not called.
    pub async fn call_async<S, A, T>(&self, subject: &S, arguments: A) -> Result<T, Denied>
    where
        S: Authorizable<R::Permission> + ?Sized,
        F: for<'subject> AsyncFn(Granted<'subject, R>, A) -> T,
    {
        Ok((self.function)(subject.grant::<R>()?, arguments).await)
    }
}

impl<R, F> fmt::Debug for Guarded<R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}
