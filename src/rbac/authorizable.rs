use std::sync::Arc;

use super::denied::{Denied, DeniedReason};
use super::permission::{Marker, Permission};
use super::proof::{Authorized, Granted, Permit};
use super::requirement::Requirement;
use super::role::Role;
use super::set::PermSet;

/// A subject with permissions of one list. A subject may carry several lists: it implements this for each.
///
/// ```
/// use palisade::rbac::{Authorizable, PermSet, Role};
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
/// palisade::permissions! { pub enum BillPerm in bill { Pay = "bill:pay" } }
///
/// const EDITOR: Role<DocPerm> = Role::new("editor", DocPerm::set(&[DocPerm::Read, DocPerm::Write]));
///
/// struct User { roles: Vec<Role<DocPerm>>, suspended: bool, may_pay: bool }
///
/// impl Authorizable<DocPerm> for User {
///     fn effective(&self) -> PermSet<DocPerm> {
///         Role::all(&self.roles)
///     }
///     fn denied(&self) -> PermSet<DocPerm> {
///         if self.suspended { DocPerm::set(&[DocPerm::Write]) } else { PermSet::EMPTY }
///     }
/// }
/// impl Authorizable<BillPerm> for User {
///     fn effective(&self) -> PermSet<BillPerm> {
///         if self.may_pay { BillPerm::set(&[BillPerm::Pay]) } else { PermSet::EMPTY }
///     }
/// }
///
/// let user = User { roles: vec![EDITOR], suspended: true, may_pay: false };
/// user.check(DocPerm::Read)?;
/// assert_eq!(user.check(DocPerm::Write).unwrap_err().to_string(), "doc:write is denied explicitly");
/// assert_eq!(user.check(BillPerm::Pay).unwrap_err().public_message(), "not permitted");
/// # Ok::<(), palisade::rbac::Denied>(())
/// ```
///
/// # Security
/// What the three methods say is all there is, for each list by itself; they are to answer from one state. Where what a
/// subject holds cannot be read, the answer is the empty set. Whoever implements this trait or [`StaticRole`] says who may do
/// what: a review looks there. `check`, `grant`, `authorize` and `permit` are not to be written anew, since pointers and guards
/// do not call them: what else is needed goes into `denied` or `is_active`. A proof does not name its subject; where it matters
/// who acts, take [`Permit`], and where it matters on what, [`Authorized`]. Of a subject that lives for the whole program, so
/// does the proof.
pub trait Authorizable<P: Permission> {
    /// What the subject holds by its roles.
    fn effective(&self) -> PermSet<P>;

    /// What it is denied, whatever its roles.
    fn denied(&self) -> PermSet<P> {
        PermSet::EMPTY
    }

    /// Whether it may do anything at all.
    fn is_active(&self) -> bool {
        true
    }

    /// Told of every decision, as for an audit log.
    fn decided(&self, permission: P, outcome: Result<(), Denied>) {
        let _ = (permission, outcome);
    }

    /// Whether the subject holds `permission`.
    ///
    /// # Errors
    /// It does not.
    #[inline]
    fn check(&self, permission: P) -> Result<(), Denied> {
        let missing = |held: PermSet<P>| if held.contains(permission) { Ok(()) } else { Err(permission) };
        let (_, outcome) = judge(self, missing, permission);
        self.decided(permission, outcome);
        outcome
    }

    /// Proof that the subject holds `R`.
    ///
    /// # Errors
    /// It does not.
    #[inline]
    fn grant<R: Requirement<Permission = P>>(&self) -> Result<Granted<'_, R>, Denied> {
        let (held, outcome) = judge(self, R::is_met_by, R::FIRST);
        report::<P, R>(self, held, outcome)?;
        Ok(Granted::passed())
    }

    /// Proof that the subject holds `R` and may do that with this `resource`, by a rule about both.
    ///
    /// The rule is asked only if the subject holds `R`.
    ///
    /// # Errors
    /// It does not, or the rule says no. The resource is dropped.
    fn authorize<R: Requirement<Permission = P>, T>(
        &self,
        resource: T,
        rule: impl FnOnce(&Self, &T) -> bool,
    ) -> Result<Authorized<'_, R, T>, Denied> {
        let (held, mut outcome) = judge(self, R::is_met_by, R::FIRST);
        if outcome.is_ok() && !rule(self, &resource) {
            let mut asked = None;
            R::each(&mut |permission| asked = asked.or(held.contains(permission).then_some(permission)));
            outcome = Err(Denied::new(asked.unwrap_or(R::FIRST).name(), DeniedReason::Rule));
        }
        report::<P, R>(self, held, outcome)?;
        Ok(Authorized::new(Granted::passed(), resource))
    }

    /// The subject with the proof that it holds `R`.
    ///
    /// # Errors
    /// It does not. The subject is dropped.
    fn permit<R: Requirement<Permission = P>>(self) -> Result<Permit<Self, R>, Denied>
    where
        Self: Sized,
    {
        Permit::of(self)
    }
}

macro_rules! of_what_is_pointed_at {
    ($($pointer:ty),*) => {
        $(impl<P: Permission, S: Authorizable<P> + ?Sized> Authorizable<P> for $pointer {
            fn effective(&self) -> PermSet<P> {
                (**self).effective()
            }

            fn denied(&self) -> PermSet<P> {
                (**self).denied()
            }

            fn is_active(&self) -> bool {
                (**self).is_active()
            }

            fn decided(&self, permission: P, outcome: Result<(), Denied>) {
                (**self).decided(permission, outcome);
            }
        })*
    };
}

of_what_is_pointed_at!(&S, Arc<S>);

/// What the subject holds after denials, and whether that is enough. Inactive before all else, and what is denied before what
/// is granted.
#[inline]
fn judge<P: Permission, S: Authorizable<P> + ?Sized>(
    subject: &S,
    missing: impl Fn(PermSet<P>) -> Result<(), P>,
    first: P,
) -> (PermSet<P>, Result<(), Denied>) {
    if !subject.is_active() {
        return (PermSet::EMPTY, Err(Denied::new(first.name(), DeniedReason::Inactive)));
    }
    let effective = subject.effective();
    let held = effective.minus(subject.denied());
    let outcome = missing(held).map_err(|permission| {
        let is_denied = effective.contains(permission);
        let reason = if is_denied { DeniedReason::ExplicitDeny } else { DeniedReason::NotGranted };
        Denied::new(permission.name(), reason)
    });
    (held, outcome)
}

/// Tells the subject's hook what was decided: of a proof, each permission that it rests on; of a refusal, the one that was
/// missing.
#[inline]
fn report<P: Permission, R: Requirement<Permission = P>>(
    subject: &(impl Authorizable<P> + ?Sized),
    held: PermSet<P>,
    outcome: Result<(), Denied>,
) -> Result<(), Denied> {
    R::each(&mut |permission| {
        let is_told = match outcome {
            Ok(()) => held.contains(permission),
            Err(denied) => denied.permission() == permission.name(),
        };
        if is_told {
            subject.decided(permission, outcome);
        }
    });
    outcome
}

/// A role that a type stands for: what it may do is known to the compiler, and needs no check when the program runs.
///
/// ```
/// use palisade::rbac::{Granted, Role, StaticRole};
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
///
/// mod login {
///     pub struct ReadingSession(()); // its field is private: it is made where somebody has logged in, and nowhere else
///
///     pub fn as_reader(password: &str) -> Option<ReadingSession> {
///         (password == "swordfish").then_some(ReadingSession(()))
///     }
/// }
///
/// impl StaticRole for login::ReadingSession {
///     type Permission = DocPerm;
///     const ROLE: Role<DocPerm> = Role::new("reader", DocPerm::set(&[DocPerm::Read]));
/// }
///
/// fn show(_: Granted<'_, perm::Read>) {}
/// if let Some(session) = login::as_reader("swordfish") {
///     show(session.proof());
/// }
/// ```
/// ```compile_fail,E0080
/// # use palisade::rbac::{Granted, Role, StaticRole};
/// # palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
/// # struct ReadingSession;
/// # impl StaticRole for ReadingSession {
/// #     type Permission = DocPerm;
/// #     const ROLE: Role<DocPerm> = Role::new("reader", DocPerm::set(&[DocPerm::Read]));
/// # }
/// fn rename(_: Granted<'_, perm::Write>) {}
/// rename(ReadingSession.proof()); // the role does not have this permission
/// ```
///
/// # Security
/// The value is the evidence: of a type that everybody can write down, such as a unit struct, it is none.
pub trait StaticRole {
    /// The list of its permissions.
    type Permission: Permission;

    /// The role.
    const ROLE: Role<Self::Permission>;

    /// Proof that the role has a permission; where it has not, the program does not compile.
    fn proof<M: Marker<Permission = Self::Permission>>(&self) -> Granted<'_, M> {
        const { assert!(Self::ROLE.permissions().has_index(M::INDEX), "the role does not have this permission") };
        Granted::passed()
    }
}
