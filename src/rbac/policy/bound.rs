use std::fmt;
use std::marker::PhantomData;

use super::Policy;
use super::compiled::Subject;
use super::error::{PolicyDenied, PolicyError, PolicyErrorKind};
use super::lists::Lists;
use crate::rbac::authorizable::Authorizable;
use crate::rbac::permission::Permission;
use crate::rbac::set::PermSet;

/// A policy whose names are a list of permissions: checks give typed proofs.
///
/// ```
/// use palisade::rbac::{Authorizable, Granted, Policy};
/// palisade::permissions! { pub enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
///
/// fn rename(_: Granted<'_, perm::Write>) {}
///
/// let policy = Policy::builder()
///     .allow("reader", "doc:read").allow("editor", "doc:write").assign("ann", "editor").build()?;
/// let bound = policy.bind::<DocPerm>()?; // all names of the list are known to the policy, or it is an error now
/// let ann = bound.subject("ann")?;
/// rename(ann.grant()?);
/// assert!(ann.check(DocPerm::Read).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bound<P> {
    policy: Policy,
    /// The policy's numbers, by the list's.
    numbers: Vec<u32>,
    permission: PhantomData<fn() -> P>,
}

/// A subject of a policy with what it may do. It is what the policy said when it was asked for: one that replaces the policy
/// does not change it. Its checks are not told to the policy's listener.
#[derive(Clone)]
pub struct BoundSubject<P> {
    name: Box<str>,
    allowed: PermSet<P>,
    denied: PermSet<P>,
}

impl Policy {
    /// Holds all names of the list `P` against the policy.
    ///
    /// # Errors
    /// No rule names one of them.
    pub fn bind<P: Permission>(&self) -> Result<Bound<P>, PolicyError> {
        let number = |permission: &P| {
            let found = self.compiled.permissions.number(permission.name());
            found.ok_or_else(|| PolicyError::new(PolicyErrorKind::UnknownPermission, permission.name()))
        };
        let numbers = P::ALL.iter().map(number).collect::<Result<_, _>>()?;
        Ok(Bound { policy: self.clone(), numbers, permission: PhantomData })
    }
}

impl<P: Permission> Bound<P> {
    /// A subject with what it may do outside of tenants.
    ///
    /// # Errors
    /// The policy does not know it.
    pub fn subject(&self, subject: &str) -> Result<BoundSubject<P>, PolicyDenied> {
        let (name, found) = self.policy.subject(subject)?;
        Ok(self.of(name, found, None))
    }

    /// A subject with what it may do in `tenant`.
    ///
    /// # Errors
    /// The policy does not know the subject or the tenant.
    pub fn subject_in(&self, tenant: &str, subject: &str) -> Result<BoundSubject<P>, PolicyDenied> {
        let (name, found) = self.policy.subject(subject)?;
        let tenant = self.policy.compiled.tenants.number(tenant).ok_or(PolicyDenied::UnknownTenant)?;
        Ok(self.of(name, found, Some(tenant)))
    }

    fn of(&self, name: &str, found: Subject, tenant: Option<u32>) -> BoundSubject<P> {
        let compiled = &*self.policy.compiled;
        let everywhere = compiled.roles_of(found);
        let there = tenant.map_or(&[][..], |tenant| compiled.roles_in(found, tenant));
        let scope = compiled.scope(tenant);
        let (mut allowed, mut denied) = (PermSet::EMPTY, PermSet::EMPTY);
        for (&permission, &number) in P::ALL.iter().zip(&self.numbers) {
            let any = |rights: &Lists| everywhere.iter().chain(there).any(|&role| rights.holds(role, number));
            allowed = if any(&scope.allow) { allowed.with(permission) } else { allowed };
            denied = if any(&scope.deny) { denied.with(permission) } else { denied };
        }
        BoundSubject { name: name.into(), allowed, denied }
    }
}

impl<P> BoundSubject<P> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl<P: Permission> Authorizable<P> for BoundSubject<P> {
    fn effective(&self) -> PermSet<P> {
        self.allowed
    }

    fn denied(&self) -> PermSet<P> {
        self.denied
    }
}

impl<P: Permission> fmt::Debug for BoundSubject<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundSubject")
            .field("name", &self.name)
            .field("allowed", &self.allowed.minus(self.denied))
            .finish_non_exhaustive()
    }
}
