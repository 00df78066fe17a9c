use std::fmt;

use super::error::PolicyDenied;
use super::{Policy, PolicyGrant, decide};

/// A subject with some of its roles active: no more than a task needs, and none that exclude each other.
///
/// ```
/// use palisade::rbac::Policy;
///
/// let policy = Policy::builder()
///     .allow("clerk", "payment:enter").allow("approver", "payment:approve")
///     .assign("ann", "clerk").assign("ann", "approver")
///     .exclusive_when_active(&["clerk", "approver"], 1)
///     .build()?;
/// let session = policy.activate("ann", &["clerk"])?;
/// assert!(session.check("payment:enter").is_ok() && session.check("payment:approve").is_err());
/// assert!(policy.activate("ann", &["clerk", "approver"]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It holds the policy that it was made by: one that replaces it does not change the session. Make sessions short, or compare
/// [`Policy::is_same`].
#[derive(Clone)]
pub struct Session {
    policy: Policy,
    subject: Box<str>,
    tenant: Option<u32>,
    roles: Vec<u32>,
}

impl Policy {
    /// A session of `subject` with `roles` active, outside of tenants.
    ///
    /// # Errors
    /// The subject is unknown or has not all of the roles, itself or by inheritance; or they exclude each other.
    pub fn activate(&self, subject: &str, roles: &[&str]) -> Result<Session, PolicyDenied> {
        self.activate_at(None, subject, roles)
    }

    /// A session of `subject` with `roles` active, in `tenant`.
    ///
    /// # Errors
    /// As [`activate`](Self::activate), or the tenant is unknown.
    pub fn activate_in(&self, tenant: &str, subject: &str, roles: &[&str]) -> Result<Session, PolicyDenied> {
        let tenant = self.compiled.tenants.number(tenant).ok_or(PolicyDenied::UnknownTenant)?;
        self.activate_at(Some(tenant), subject, roles)
    }

    fn activate_at(
        &self,
        tenant: Option<u32>,
        subject: &str,
        roles: &[&str],
    ) -> Result<Session, PolicyDenied> {
        let compiled = &*self.compiled;
        let (name, found) = self.subject(subject)?;
        let covered = compiled.covered(found, tenant);
        let number = |role: &&str| compiled.roles.number(role).filter(|role| covered.contains(role));
        let roles: Vec<u32> =
            roles.iter().map(number).collect::<Option<_>>().ok_or(PolicyDenied::NotActivated)?;
        let scope = compiled.scope(tenant);
        let is_active = |role: u32| roles.iter().any(|&active| scope.covers.holds(active, role));
        let excludes = |(set, at_most): &(Vec<u32>, usize)| {
            set.iter().filter(|&&role| is_active(role)).count() > *at_most
        };
        if compiled.active.iter().any(excludes) {
            return Err(PolicyDenied::NotActivated);
        }
        Ok(Session { policy: self.clone(), subject: name.into(), tenant, roles })
    }

    /// Whether the two are handles to one policy.
    pub fn is_same(&self, other: &Self) -> bool {
        std::sync::Arc::ptr_eq(&self.compiled, &other.compiled)
    }
}

impl Session {
    /// Whether one of the active roles has `permission`. What any role of the subject is denied, active or not, stays denied.
    ///
    /// # Errors
    /// None has.
    pub fn check(&self, permission: &str) -> Result<PolicyGrant<'_>, PolicyDenied> {
        let tenant = self.tenant.map(|tenant| self.policy.compiled.tenants.name(tenant));
        let granted = self.decide(permission, tenant);
        self.policy.told(tenant, &self.subject, permission, granted)
    }

    fn decide<'a>(
        &'a self,
        permission: &str,
        place: Option<&'a str>,
    ) -> Result<PolicyGrant<'a>, PolicyDenied> {
        let compiled = &*self.policy.compiled;
        let (name, found) = self.policy.subject(&self.subject)?;
        let permission = self.policy.permission(permission)?;
        let scope = compiled.scope(self.tenant);
        let besides = self.tenant.map_or(&[][..], |tenant| compiled.roles_in(found, tenant));
        if compiled.roles_of(found).iter().chain(besides).any(|&role| scope.deny.holds(role, permission)) {
            return Err(PolicyDenied::ExplicitDeny);
        }
        decide(compiled, self.tenant, permission, &self.roles, &[])?;
        Ok(PolicyGrant { subject: name, permission: compiled.permissions.name(permission), tenant: place })
    }

    /// Whose session it is.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The roles that are active.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(|&role| self.policy.compiled.roles.name(role))
    }

    /// The policy that it was made by.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("subject", &self.subject)
            .field("roles", &self.roles().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
