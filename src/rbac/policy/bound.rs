use std::fmt;
use std::marker::PhantomData;

use super::Policy;
use super::error::{PolicyDenied, PolicyError, PolicyErrorKind};
use super::hook::Asked;
use super::scope::{Effect, View};
use super::session::Session;
use crate::rbac::authorizable::Authorizable;
use crate::rbac::denied::{Denied, DeniedReason};
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
/// does not change it.
#[derive(Clone)]
pub struct BoundSubject<P> {
    policy: Policy,
    name: Box<str>,
    tenant: Option<u32>,
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
    /// A subject with what it may do outside of tenants. What a tenant denies does not count here: see
    /// [`subject_in`](Self::subject_in).
    ///
    /// # Errors
    /// The policy does not know it.
    pub fn subject(&self, subject: &str) -> Result<BoundSubject<P>, PolicyDenied> {
        self.found(None, subject)
    }

    /// A subject with what it may do in `tenant`.
    ///
    /// # Errors
    /// The policy does not know the subject or the tenant.
    pub fn subject_in(&self, tenant: &str, subject: &str) -> Result<BoundSubject<P>, PolicyDenied> {
        self.found(Some(tenant), subject)
    }

    fn found(&self, tenant: Option<&str>, subject: &str) -> Result<BoundSubject<P>, PolicyDenied> {
        let place = tenant.map(|tenant| self.policy.tenant(tenant)).transpose();
        let found = place.and_then(|place| Ok((place, self.policy.subject(subject)?)));
        let (place, (name, found)) = found.inspect_err(|denied| {
            self.policy.hook.tell(tenant, subject, Asked::Subject, Err(*denied));
        })?;
        let roles = self.policy.compiled.held(found, place);
        Ok(self.of(name, place, &roles, &roles))
    }

    /// What `active` roles allow, and what any of the `held` ones deny.
    fn of(
        &self,
        name: &str,
        tenant: Option<u32>,
        active: &(impl Iterator<Item = u32> + Clone),
        held: &(impl Iterator<Item = u32> + Clone),
    ) -> BoundSubject<P> {
        let view = self.policy.compiled.view(tenant);
        BoundSubject {
            policy: self.policy.clone(),
            name: name.into(),
            tenant,
            allowed: self.said(view, Effect::Allow, active),
            denied: self.said(view, Effect::Deny, held),
        }
    }

    fn said(
        &self,
        view: View<'_>,
        effect: Effect,
        roles: &(impl Iterator<Item = u32> + Clone),
    ) -> PermSet<P> {
        let is_said = |number: u32| roles.clone().any(|role| view.says(effect, role, number));
        let numbered = P::ALL.iter().zip(&self.numbers);
        numbered.filter(|&(_, &number)| is_said(number)).map(|(&permission, _)| permission).collect()
    }
}

impl Session {
    /// The session's subject with what its active roles may do: checks give typed proofs.
    ///
    /// ```
    /// use palisade::rbac::{Authorizable, Policy};
    /// palisade::permissions! { enum PayPerm in perm { Enter = "payment:enter", Approve = "payment:approve" } }
    ///
    /// let policy = Policy::builder()
    ///     .allow("clerk", "payment:enter").allow("approver", "payment:approve")
    ///     .assign("ann", "clerk").assign("ann", "approver")
    ///     .build()?;
    /// let ann = policy.activate("ann", &["clerk"])?.bind::<PayPerm>()?;
    /// assert!(ann.grant::<perm::Enter>().is_ok() && ann.grant::<perm::Approve>().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The policy does not know one of the list's names.
    pub fn bind<P: Permission>(&self) -> Result<BoundSubject<P>, PolicyError> {
        let bound = self.policy.bind::<P>()?;
        let held = self.policy.compiled.held(&self.found, self.tenant);
        Ok(bound.of(&self.subject, self.tenant, &self.roles.iter().copied(), &held))
    }
}

impl<P> BoundSubject<P> {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it may do that; `None` outside of tenants. A handler compares it with the tenant of what it is about to touch.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.map(|tenant| self.policy.compiled.tenants.name(tenant))
    }

    /// The policy that said so: [`Policy::is_same`] tells whether it has been replaced.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl<P: Permission> Authorizable<P> for BoundSubject<P> {
    /// What its roles allow; some of it may be denied.
    fn effective(&self) -> PermSet<P> {
        self.allowed
    }

    fn denied(&self) -> PermSet<P> {
        self.denied
    }

    fn decided(&self, permission: P, outcome: Result<(), Denied>) {
        let outcome = outcome.map_err(|denied| match denied.reason() {
            DeniedReason::ExplicitDeny => PolicyDenied::ExplicitDeny,
            DeniedReason::Rule => PolicyDenied::Rule,
            DeniedReason::NotGranted | DeniedReason::Inactive => PolicyDenied::NotGranted,
        });
        self.policy.hook.tell(self.tenant(), &self.name, Asked::Permission(permission.name()), outcome);
    }
}

impl<P: Permission> fmt::Debug for BoundSubject<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundSubject")
            .field("name", &self.name)
            .field("tenant", &self.tenant())
            .field("allowed", &self.allowed.minus(self.denied))
            .finish_non_exhaustive()
    }
}
