use std::collections::BTreeSet;
use std::sync::Arc;

use super::Policy;
use super::compiled::Compiled;
use super::error::PolicyError;
use super::hook::{Hook, PolicyDecision};
use super::rule::PolicyRule;
use crate::rbac::permission::Permission;

/// Makes a [`Policy`] of single rules.
///
/// What is said without a tenant holds in every tenant and outside of them; what is said with one holds there alone.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder decides nothing until build()"]
pub struct PolicyBuilder {
    pub(super) rules: Vec<PolicyRule>,
    pub(super) known_roles: BTreeSet<String>,
    pub(super) known_permissions: BTreeSet<String>,
    pub(super) known_tenants: BTreeSet<String>,
    /// Whether the known ones are all there are.
    pub(super) are_roles_closed: bool,
    pub(super) are_permissions_closed: bool,
    pub(super) are_tenants_closed: bool,
    pub(super) exclusive: Vec<Exclusive>,
    pub(super) prerequisites: Vec<(String, String)>,
    pub(super) most: Vec<(String, usize)>,
    pub(super) hook: Hook,
}

#[derive(Clone, Debug)]
pub(super) struct Exclusive {
    pub(super) roles: Vec<String>,
    pub(super) at_most: usize,
    pub(super) when: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// Of the roles that a subject has.
    Assigned,
    /// Of the roles that are active in one session.
    Active,
}

impl PolicyBuilder {
    /// Subjects of `role` may do `permission`.
    pub fn allow(self, role: &str, permission: &str) -> Self {
        self.rule(PolicyRule::allow(role, permission))
    }

    /// Subjects of `role` may do `permission` in `tenant`.
    pub fn allow_in(self, tenant: &str, role: &str, permission: &str) -> Self {
        self.rule(PolicyRule::allow(role, permission).within(tenant))
    }

    /// Subjects of `role` may not do `permission`, whatever other roles they have.
    ///
    /// # Security
    /// A denial under a misspelt name denies nothing: close the lists by [`only_roles`](Self::only_roles),
    /// [`only_permissions_of`](Self::only_permissions_of) and [`only_tenants`](Self::only_tenants), and look at [`Policy::loose_ends`].
    pub fn deny(self, role: &str, permission: &str) -> Self {
        self.rule(PolicyRule::deny(role, permission))
    }

    /// Subjects of `role`, which another rule defines, may not do `permission` in `tenant`, whatever other roles they have.
    pub fn deny_in(self, tenant: &str, role: &str, permission: &str) -> Self {
        self.rule(PolicyRule::deny(role, permission).within(tenant))
    }

    /// What holds for `junior`, allowed and denied, holds for `senior` as well.
    pub fn inherits(self, senior: &str, junior: &str) -> Self {
        self.rule(PolicyRule::inherits(senior, junior))
    }

    /// What holds for `junior` holds for `senior` as well, in `tenant`.
    pub fn inherits_in(self, tenant: &str, senior: &str, junior: &str) -> Self {
        self.rule(PolicyRule::inherits(senior, junior).within(tenant))
    }

    /// `subject` has `role`, in every tenant and outside of them.
    pub fn assign(self, subject: &str, role: &str) -> Self {
        self.rule(PolicyRule::assign(subject, role))
    }

    /// `subject` has `role` in `tenant`.
    pub fn assign_in(self, tenant: &str, subject: &str, role: &str) -> Self {
        self.rule(PolicyRule::assign(subject, role).within(tenant))
    }

    /// One rule.
    pub fn rule(mut self, rule: PolicyRule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Many rules, such as the rows of a table.
    pub fn extend(mut self, rules: impl IntoIterator<Item = PolicyRule>) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Declares a role that no rule gives anything.
    pub fn role(mut self, role: &str) -> Self {
        self.known_roles.insert(role.to_owned());
        self
    }

    /// Declares a permission that no rule names yet.
    pub fn permission(mut self, permission: &str) -> Self {
        self.known_permissions.insert(permission.to_owned());
        self
    }

    /// These roles, and others declared so, are all there are: a rule about another is an error.
    pub fn only_roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.known_roles.extend(roles.into_iter().map(Into::into));
        Self { are_roles_closed: true, ..self }
    }

    /// These permissions, and others declared so, are all there are: a rule about another is an error.
    pub fn only_permissions(mut self, permissions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.known_permissions.extend(permissions.into_iter().map(Into::into));
        Self { are_permissions_closed: true, ..self }
    }

    /// The permissions of this list, and others declared so, are all there are: a rule about another is an error.
    ///
    /// ```
    /// use palisade::rbac::{Policy, PolicyErrorKind};
    /// palisade::permissions! { enum DocPerm in perm { Read = "doc:read", Write = "doc:write" } }
    ///
    /// let misspelt = Policy::builder().only_permissions_of::<DocPerm>().deny("suspended", "doc:wirte");
    /// let error = misspelt.build().unwrap_err();
    /// assert_eq!((error.kind(), error.rule()), (PolicyErrorKind::UnknownPermission, "deny suspended doc:wirte"));
    /// ```
    pub fn only_permissions_of<P: Permission>(self) -> Self {
        self.only_permissions(P::ALL.iter().map(|permission| permission.name()))
    }

    /// Declares a tenant that has no rule of its own, so that what holds everywhere holds there.
    pub fn tenant(mut self, tenant: &str) -> Self {
        self.known_tenants.insert(tenant.to_owned());
        self
    }

    /// These tenants, and others declared so, are all there are: a rule in another is an error.
    pub fn only_tenants(mut self, tenants: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.known_tenants.extend(tenants.into_iter().map(Into::into));
        Self { are_tenants_closed: true, ..self }
    }

    /// No subject has more than `at_most` of these roles in one tenant, those that it inherits counted: static separation of
    /// duty.
    ///
    /// A set of which no other rule defines a role declares them all; where some are defined, a role that is not is an error.
    ///
    /// # Security
    /// So a set all of whose names are misspelt excludes nothing: close the list of roles by [`only_roles`](Self::only_roles),
    /// as [`PolicyFile`](crate::rbac) does, and look at [`Policy::loose_ends`].
    pub fn exclusive(self, roles: &[&str], at_most: usize) -> Self {
        self.exclude(roles, at_most, When::Assigned)
    }

    /// No [`Session`](super::Session) has more than `at_most` of these roles active, those that they inherit counted: dynamic
    /// separation of duty. It binds sessions alone; [`Policy::check`] counts all roles of a subject.
    pub fn exclusive_when_active(self, roles: &[&str], at_most: usize) -> Self {
        self.exclude(roles, at_most, When::Active)
    }

    /// Who has `role` must have `required` as well, itself or by inheritance.
    pub fn requires(mut self, role: &str, required: &str) -> Self {
        self.prerequisites.push((role.to_owned(), required.to_owned()));
        self
    }

    /// No more than `subjects` have `role`, itself or by inheritance, in all tenants together.
    pub fn at_most(mut self, role: &str, subjects: usize) -> Self {
        self.most.push((role.to_owned(), subjects));
        self
    }

    /// Tells `listener` of every decision, allowed and denied, such as to write it to an audit log: of checks, of proofs by
    /// [`Policy::bind`], of roles that a session asks for. It is called by the thread that asks, before the answer is given;
    /// a listener that asks the policy in turn is told of that as well, and so without end. Several are all told.
    ///
    /// ```
    /// use palisade::audit::{AuditLog, Event};
    /// use palisade::keys::KeyRing;
    /// use palisade::rbac::Policy;
    ///
    /// let log = AuditLog::new(Vec::new(), &KeyRing::generate()?);
    /// let policy = Policy::builder()
    ///     .allow("editor", "doc:write")
    ///     .assign("ann", "editor")
    ///     .on_decision(move |decision| {
    ///         if let Err(denied) = decision.outcome {
    ///             let event = Event::authorization_denied().subject(decision.subject).resource(decision.asked.to_string());
    ///             let _ = log.record(event.reason(denied.to_string()));
    ///         }
    ///     })
    ///     .build()?;
    /// assert!(policy.check("bob", "doc:write").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_decision(self, listener: impl Fn(&PolicyDecision<'_>) + Send + Sync + 'static) -> Self {
        Self { hook: self.hook.and(listener), ..self }
    }

    /// Checks all rules and freezes them.
    ///
    /// # Errors
    /// A rule is wrong; the error names it.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let compiled = Arc::new(Compiled::of(&self)?);
        Ok(Policy { compiled, hook: self.hook })
    }

    fn exclude(mut self, roles: &[&str], at_most: usize, when: When) -> Self {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        self.exclusive.push(Exclusive { roles, at_most, when });
        self
    }
}
