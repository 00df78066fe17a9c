mod bound;
mod builder;
mod compiled;
mod error;
#[cfg(feature = "serde")]
mod file;
mod hook;
mod lists;
mod live;
mod names;
mod review;
mod session;

use std::fmt;
use std::sync::Arc;

use self::compiled::{Compiled, Subject};

pub use bound::{Bound, BoundSubject};
pub use builder::PolicyBuilder;
pub use error::{PolicyDenied, PolicyError, PolicyErrorKind};
#[cfg(feature = "serde")]
pub use file::PolicyFile;
pub use hook::PolicyDecision;
pub use live::LivePolicy;
pub use review::{Change, Explanation, Path};
pub use session::Session;

/// Who may do what, by names: from a file, a database, an administrator's page.
///
/// ```
/// use palisade::rbac::{Policy, PolicyDenied};
///
/// let policy = Policy::builder()
///     .allow("editor", "doc:write").allow("reader", "doc:read").inherits("editor", "reader")
///     .deny("suspended", "doc:write")
///     .assign("alice", "editor")
///     .assign("bob", "editor").assign("bob", "suspended")
///     .assign_in("ward-7", "carol", "reader")
///     .build()?;
///
/// policy.check("alice", "doc:write")?;
/// assert_eq!(policy.check("bob", "doc:write").unwrap_err(), PolicyDenied::ExplicitDeny);
/// assert!(policy.check("bob", "doc:read").is_ok());
/// assert!(policy.check("carol", "doc:read").is_err());
/// let granted = policy.check_in("ward-7", "carol", "doc:read")?;
/// assert_eq!(granted.to_string(), "carol may do doc:read in ward-7");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// It does not change once it is built, and a clone is a handle to the same policy. [`LivePolicy`] is one that is replaced
/// while others read it.
///
/// # Security
/// What no rule allows is denied, and so is every name that no rule knows. A denial counts more than any permission, of
/// whichever role.
#[derive(Clone)]
pub struct Policy {
    compiled: Arc<Compiled>,
}

/// Proof that a policy grants a subject a permission: it names both, and the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a grant nobody asks for protects nothing"]
pub struct PolicyGrant<'policy> {
    subject: &'policy str,
    permission: &'policy str,
    tenant: Option<&'policy str>,
}

/// Proof that a policy grants a subject a permission on this very resource, which it holds.
#[derive(Debug)]
#[must_use = "a grant nobody asks for protects nothing"]
pub struct PolicyAuthorized<'policy, R> {
    grant: PolicyGrant<'policy>,
    resource: R,
}

impl Policy {
    /// A policy of single rules.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    fn of(compiled: Compiled) -> Self {
        Self { compiled: Arc::new(compiled) }
    }

    /// Whether `subject` has `permission`, by the roles that it has everywhere.
    ///
    /// # Errors
    /// It has not.
    pub fn check(&self, subject: &str, permission: &str) -> Result<PolicyGrant<'_>, PolicyDenied> {
        let granted = self.decide(None, subject, permission);
        self.told(None, subject, permission, granted)
    }

    /// Whether `subject` has `permission` in `tenant`, by the roles that it has there and everywhere.
    ///
    /// # Errors
    /// It has not.
    pub fn check_in(
        &self,
        tenant: &str,
        subject: &str,
        permission: &str,
    ) -> Result<PolicyGrant<'_>, PolicyDenied> {
        let number = self.compiled.tenants.number(tenant).ok_or(PolicyDenied::UnknownTenant);
        let granted = number.and_then(|number| self.decide(Some(number), subject, permission));
        self.told(Some(tenant), subject, permission, granted)
    }

    /// Whether `subject` has `permission`, and may do that with this `resource` by a rule about attributes. The rule is asked
    /// only if it has.
    ///
    /// ```
    /// use palisade::rbac::Policy;
    ///
    /// struct Chart { ward: u32 }
    /// let policy = Policy::builder().allow("nurse", "chart:read").assign("ann", "nurse").build()?;
    /// let on_duty_in = 7;
    /// let chart = policy.authorize("ann", "chart:read", Chart { ward: 7 }, |chart| chart.ward == on_duty_in)?;
    /// assert!(policy.authorize("ann", "chart:read", Chart { ward: 8 }, |chart| chart.ward == on_duty_in).is_err());
    /// # let _ = chart;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It has not, or the rule says no. The resource is dropped.
    pub fn authorize<R>(
        &self,
        subject: &str,
        permission: &str,
        resource: R,
        rule: impl FnOnce(&R) -> bool,
    ) -> Result<PolicyAuthorized<'_, R>, PolicyDenied> {
        self.check(subject, permission)?.on(resource, rule)
    }

    fn decide(
        &self,
        tenant: Option<u32>,
        subject: &str,
        permission: &str,
    ) -> Result<PolicyGrant<'_>, PolicyDenied> {
        let compiled = &*self.compiled;
        let (subject, found) = self.subject(subject)?;
        let permission = self.permission(permission)?;
        let there = tenant.map_or(&[][..], |tenant| compiled.roles_in(found, tenant));
        decide(compiled, tenant, permission, compiled.roles_of(found), there)?;
        let tenant = tenant.map(|tenant| compiled.tenants.name(tenant));
        Ok(PolicyGrant { subject, permission: compiled.permissions.name(permission), tenant })
    }

    #[inline]
    fn told<'a>(
        &self,
        tenant: Option<&str>,
        subject: &str,
        permission: &str,
        granted: Result<PolicyGrant<'a>, PolicyDenied>,
    ) -> Result<PolicyGrant<'a>, PolicyDenied> {
        let outcome = granted.as_ref().map(|_| ()).map_err(|denied| *denied);
        self.compiled.hook.tell(&PolicyDecision { subject, permission, tenant, outcome });
        granted
    }

    fn subject(&self, name: &str) -> Result<(&str, Subject), PolicyDenied> {
        let found = self.compiled.subjects.get_key_value(name);
        found.map(|(name, subject)| (&**name, *subject)).ok_or(PolicyDenied::UnknownSubject)
    }

    fn permission(&self, name: &str) -> Result<u32, PolicyDenied> {
        self.compiled.permissions.number(name).ok_or(PolicyDenied::UnknownPermission)
    }
}

/// What is denied before what is granted, over all roles.
#[inline]
fn decide(
    compiled: &Compiled,
    tenant: Option<u32>,
    permission: u32,
    everywhere: &[u32],
    there: &[u32],
) -> Result<(), PolicyDenied> {
    let scope = compiled.scope(tenant);
    let mut outcome = Err(PolicyDenied::NotGranted);
    for &role in everywhere.iter().chain(there) {
        if scope.deny.holds(role, permission) {
            return Err(PolicyDenied::ExplicitDeny);
        }
        if scope.allow.holds(role, permission) {
            outcome = Ok(());
        }
    }
    outcome
}

impl<'policy> PolicyGrant<'policy> {
    /// Who holds it.
    pub fn subject(&self) -> &'policy str {
        self.subject
    }

    /// What for.
    pub fn permission(&self) -> &'policy str {
        self.permission
    }

    /// Where; `None` outside of tenants.
    pub fn tenant(&self) -> Option<&'policy str> {
        self.tenant
    }

    /// The proof for this `resource`, if a rule about it agrees. The policy's listener was told of the grant, and is not told
    /// what the rule says.
    ///
    /// # Errors
    /// It does not. The resource is dropped.
    pub fn on<R>(
        self,
        resource: R,
        rule: impl FnOnce(&R) -> bool,
    ) -> Result<PolicyAuthorized<'policy, R>, PolicyDenied> {
        if rule(&resource) { Ok(PolicyAuthorized { grant: self, resource }) } else { Err(PolicyDenied::Rule) }
    }
}

impl<'policy, R> PolicyAuthorized<'policy, R> {
    /// Who may do what.
    pub fn grant(&self) -> PolicyGrant<'policy> {
        self.grant
    }

    /// What with.
    pub fn resource(&self) -> &R {
        &self.resource
    }

    /// What with. The proof is spent.
    pub fn into_resource(self) -> R {
        self.resource
    }
}

impl fmt::Display for PolicyGrant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} may do {}", self.subject, self.permission)?;
        self.tenant.map_or(Ok(()), |tenant| write!(f, " in {tenant}"))
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("roles", &self.compiled.roles.len())
            .field("permissions", &self.compiled.permissions.len())
            .field("subjects", &self.compiled.subjects.len())
            .field("tenants", &self.compiled.tenants.len())
            .finish_non_exhaustive()
    }
}
