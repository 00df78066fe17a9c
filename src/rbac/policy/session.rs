use std::collections::BTreeSet;
use std::fmt;

use super::compiled::Subject;
use super::error::PolicyDenied;
use super::hook::Asked;
use super::scope::Effect;
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
    pub(super) policy: Policy,
    pub(super) subject: Box<str>,
    pub(super) found: Subject,
    pub(super) tenant: Option<u32>,
    pub(super) roles: Vec<u32>,
}

impl Policy {
    /// A session of `subject` with `roles` active, outside of tenants.
    ///
    /// # Errors
    /// The subject is unknown or has not all of the roles, itself or by inheritance; or they exclude each other.
    pub fn activate(&self, subject: &str, roles: &[&str]) -> Result<Session, PolicyDenied> {
        let session = self.session(None, subject, roles);
        self.hook.tell(None, subject, Asked::Roles(roles), outcome(&session));
        session
    }

    /// A session of `subject` with `roles` active, in `tenant`.
    ///
    /// # Errors
    /// As [`activate`](Self::activate), or the tenant is unknown.
    pub fn activate_in(&self, tenant: &str, subject: &str, roles: &[&str]) -> Result<Session, PolicyDenied> {
        let session = self.tenant(tenant).and_then(|tenant| self.session(Some(tenant), subject, roles));
        self.hook.tell(Some(tenant), subject, Asked::Roles(roles), outcome(&session));
        session
    }

    fn session(&self, tenant: Option<u32>, subject: &str, roles: &[&str]) -> Result<Session, PolicyDenied> {
        let compiled = &*self.compiled;
        let (name, found) = self.subject(subject)?;
        let number = |role: &&str| {
            compiled.roles.number(role).filter(|role| compiled.is_covered(found, tenant, *role))
        };
        let roles: Option<BTreeSet<u32>> = roles.iter().map(number).collect();
        let roles: Vec<u32> = roles.ok_or(PolicyDenied::NotActivated)?.into_iter().collect();
        let view = compiled.view(tenant);
        let is_active =
            |role: u32| roles.iter().any(|&active| view.covers(active).binary_search(&role).is_ok());
        for set in &compiled.active {
            if set.roles.iter().filter(|&&role| is_active(role)).count() > set.at_most {
                return Err(PolicyDenied::NotActivated);
            }
        }
        Ok(Session { policy: self.clone(), subject: name.into(), found: *found, tenant, roles })
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
        let compiled = &*self.policy.compiled;
        let tenant = self.tenant();
        let decided = self.decide(permission);
        let outcome = decided.map(|_| ());
        self.policy.hook.tell(tenant, &self.subject, Asked::Permission(permission), outcome);
        let permission = compiled.permissions.name(decided?);
        Ok(PolicyGrant { subject: &self.subject, permission, tenant, hook: &self.policy.hook })
    }

    fn decide(&self, permission: &str) -> Result<u32, PolicyDenied> {
        let compiled = &*self.policy.compiled;
        let permission = self.policy.permission(permission)?;
        let view = compiled.view(self.tenant);
        if compiled.held(&self.found, self.tenant).any(|role| view.says(Effect::Deny, role, permission)) {
            return Err(PolicyDenied::ExplicitDeny);
        }
        decide(view, permission, self.roles.iter().copied()).map(|()| permission)
    }

    /// Whose session it is.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Where it is; `None` outside of tenants.
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.map(|tenant| self.policy.compiled.tenants.name(tenant))
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

fn outcome(session: &Result<Session, PolicyDenied>) -> Result<(), PolicyDenied> {
    session.as_ref().map(|_| ()).map_err(|denied| *denied)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("subject", &self.subject)
            .field("tenant", &self.tenant())
            .field("roles", &self.roles().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
