use std::fmt;
use std::marker::PhantomData;

use super::authorizable::Authorizable;
use super::denied::Denied;
use super::requirement::Requirement;

/// Proof that the borrowed subject holds `P`. The only source is a check or a [`StaticRole`](super::StaticRole), and no proof
/// outlives the subject's borrow.
///
/// It takes no memory. A function that needs a permission takes one, and cannot be called without:
///
/// ```
/// use palisade::rbac::{Authorizable, Granted, PermSet};
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
///
/// struct User(PermSet<DocPerm>);
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> {
///         self.0
///     }
/// }
///
/// fn rename(_: Granted<'_, perm::Write>, document: u64, name: &str) {}
///
/// let editor = User(DocPerm::set(&[DocPerm::Read, DocPerm::Write]));
/// rename(editor.grant::<perm::Write>()?, 17, "minutes");
/// let reader = User(DocPerm::set(&[DocPerm::Read]));
/// assert_eq!(reader.grant::<perm::Write>().unwrap_err().to_string(), "doc:write is not granted");
/// # Ok::<(), palisade::rbac::Denied>(())
/// ```
///
/// It is not made by hand, from nothing, or twice:
///
/// ```compile_fail,E0451
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read" } }
/// let forged: palisade::rbac::Granted<'_, perm::Read> =
///     palisade::rbac::Granted { subject: std::marker::PhantomData, permission: std::marker::PhantomData };
/// ```
/// ```compile_fail,E0277
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read" } }
/// fn from_nothing<T: Default>() -> T { T::default() }
/// let forged: palisade::rbac::Granted<'_, perm::Read> = from_nothing();
/// ```
/// ```compile_fail,E0382
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read" } }
/// fn spend(_: palisade::rbac::Granted<'_, perm::Read>) {}
/// fn twice(granted: palisade::rbac::Granted<'_, perm::Read>) { spend(granted); spend(granted); }
/// ```
/// ```compile_fail,E0599
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read" } }
/// fn copy(granted: palisade::rbac::Granted<'_, perm::Read>) { let _ = granted.clone(); }
/// ```
/// ```compile_fail,E0277
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read" } }
/// let forged: palisade::rbac::Granted<'_, perm::Read> = serde_json::from_str("null")?;
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// It is not for another permission, nor for longer than the subject is there:
///
/// ```compile_fail,E0308
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
/// fn write(_: palisade::rbac::Granted<'_, perm::Write>) {}
/// fn read(granted: palisade::rbac::Granted<'_, perm::Read>) { write(granted) }
/// ```
/// ```compile_fail,E0505
/// use palisade::rbac::{Authorizable, Granted, PermSet};
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read" } }
/// struct User;
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> { PermSet::EMPTY }
/// }
/// let user = User;
/// let granted = user.grant::<perm::Read>();
/// drop(user);
/// let _still = granted;
/// ```
/// ```compile_fail,E0521
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read" } }
/// fn keep(granted: palisade::rbac::Granted<'_, perm::Read>) {
///     std::thread::spawn(move || { let _elsewhere = granted; });
/// }
/// ```
///
/// # Security
/// `unsafe` code can make one out of nothing, as it can anything without fields.
#[must_use = "a grant nobody asks for protects nothing"]
pub struct Granted<'subject, P> {
    subject: PhantomData<&'subject ()>,
    permission: PhantomData<fn(P) -> P>, // of this very type, and none that is a subtype of it
}

impl<P> Granted<'_, P> {
    /// Called where a check has passed, and nowhere else.
    #[inline]
    pub(super) const fn passed() -> Self {
        Self { subject: PhantomData, permission: PhantomData }
    }
}

impl<P: Requirement> fmt::Debug for Granted<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Granted(")?;
        names::<P>(f)?;
        f.write_str(")")
    }
}

/// Proof that the borrowed subject may do `P` with this very resource, which it holds.
///
/// A function that takes one cannot be given the proof for one document and another document.
///
/// ```
/// use palisade::rbac::{Authorizable, Authorized, PermSet};
/// palisade::permissions! { pub enum DocPerm in perm { Write = "doc:write" } }
///
/// struct User { id: u64 }
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> {
///         DocPerm::set(&[DocPerm::Write])
///     }
/// }
/// struct Doc { owner: u64, title: String }
///
/// fn save(doc: Authorized<'_, perm::Write, Doc>) -> String {
///     doc.into_resource().title
/// }
///
/// let (ann, doc) = (User { id: 7 }, Doc { owner: 7, title: "minutes".into() });
/// assert_eq!(save(ann.authorize::<perm::Write, _>(doc, |user, doc| user.id == doc.owner)?), "minutes");
/// let other = Doc { owner: 8, title: "diary".into() };
/// assert!(ann.authorize::<perm::Write, _>(other, |user, doc| user.id == doc.owner).is_err());
/// # Ok::<(), palisade::rbac::Denied>(())
/// ```
/// ```compile_fail,E0308
/// use palisade::rbac::Authorized;
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
/// struct Doc;
/// fn save(_: Authorized<'_, perm::Write, Doc>) {}
/// fn other_permission(doc: Authorized<'_, perm::Read, Doc>) { save(doc) }
/// ```
/// ```compile_fail,E0308
/// use palisade::rbac::Authorized;
/// palisade::permissions! { pub enum DocPerm in perm { Write = "doc:write" } }
/// struct Doc;
/// struct Invoice;
/// fn save(_: Authorized<'_, perm::Write, Doc>) {}
/// fn other_resource(invoice: Authorized<'_, perm::Write, Invoice>) { save(invoice) }
/// ```
#[must_use = "a grant nobody asks for protects nothing"]
pub struct Authorized<'subject, P, R> {
    granted: Granted<'subject, P>,
    resource: R,
}

impl<'subject, P, R> Authorized<'subject, P, R> {
    pub(super) fn new(granted: Granted<'subject, P>, resource: R) -> Self {
        Self { granted, resource }
    }

    /// What the proof is about.
    pub fn resource(&self) -> &R {
        &self.resource
    }

    /// What the proof was about. The proof is spent.
    pub fn into_resource(self) -> R {
        self.resource
    }

    /// The proof for the permission, whatever the resource, and the resource.
    pub fn into_parts(self) -> (Granted<'subject, P>, R) {
        (self.granted, self.resource)
    }
}

impl<P: Requirement, R: fmt::Debug> fmt::Debug for Authorized<'_, P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized")
            .field("granted", &self.granted)
            .field("resource", &self.resource)
            .finish()
    }
}

/// A subject that holds `P`, and lends the proof: what an extractor or a task can carry, which no borrow can.
///
/// ```
/// use palisade::rbac::{Authorizable, Granted, PermSet, Permit};
/// palisade::permissions! { pub enum DocPerm in perm { Write = "doc:write" } }
///
/// struct User { name: String }
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> {
///         DocPerm::set(&[DocPerm::Write])
///     }
/// }
/// fn rename(_: Granted<'_, perm::Write>) {}
///
/// let permit: Permit<User, perm::Write> = User { name: "ann".into() }.permit()?;
/// std::thread::spawn(move || {
///     rename(permit.granted());
///     println!("{} renamed it", permit.subject().name);
/// });
/// # Ok::<(), palisade::rbac::Denied>(())
/// ```
///
/// ```compile_fail,E0451
/// palisade::permissions! { pub enum DocPerm in perm { Write = "doc:write" } }
/// let forged: palisade::rbac::Permit<&str, perm::Write> =
///     palisade::rbac::Permit { subject: "ann", permission: std::marker::PhantomData };
/// ```
/// ```compile_fail,E0505
/// use palisade::rbac::{Granted, Permit};
/// palisade::permissions! { pub enum DocPerm in perm { Write = "doc:write" } }
/// fn outlive(permit: Permit<String, perm::Write>) {
///     let granted = permit.granted();
///     drop(permit);
///     let _still = granted;
/// }
/// ```
///
/// # Security
/// What was checked is what the subject held then. A permit that is kept outlasts a change of roles: check again where
/// that matters.
#[must_use = "a permit nobody asks for protects nothing"]
pub struct Permit<S, P> {
    subject: S,
    permission: PhantomData<fn(P) -> P>,
}

impl<S, P: Requirement> Permit<S, P> {
    pub(super) fn of(subject: S) -> Result<Self, Denied>
    where
        S: Authorizable<P::Permission>,
    {
        let checked = subject.grant::<P>().map(drop);
        checked.map(|()| Self { subject, permission: PhantomData })
    }

    /// The proof.
    pub fn granted(&self) -> Granted<'_, P> {
        Granted::passed()
    }

    /// Who holds it.
    pub fn subject(&self) -> &S {
        &self.subject
    }

    /// Who held it. The permit is spent.
    pub fn into_subject(self) -> S {
        self.subject
    }
}

impl<S: fmt::Debug, P: Requirement> fmt::Debug for Permit<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit").field("subject", &self.subject).finish_non_exhaustive()
    }
}

fn names<P: Requirement>(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (mut result, mut first) = (Ok(()), true);
    P::each(&mut |permission| {
        let part = if std::mem::take(&mut first) { "" } else { ", " };
        result = result.and_then(|()| write!(f, "{part}{}", super::Permission::name(permission)));
    });
    result
}
