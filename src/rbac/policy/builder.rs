use std::collections::BTreeSet;

use super::Policy;
use super::compiled::Compiled;
use super::error::PolicyError;
use super::hook::{Hook, PolicyDecision};

/// Makes a [`Policy`] of single rules.
///
/// What is said without a tenant holds in every tenant and outside of them; what is said with one holds there alone.
#[derive(Clone, Debug, Default)]
#[must_use = "a builder decides nothing until build()"]
pub struct PolicyBuilder {
    pub(super) declared: BTreeSet<String>,
    pub(super) known_permissions: BTreeSet<String>,
    pub(super) known_tenants: BTreeSet<String>,
    pub(super) rules: Vec<Rule>,
    pub(super) inherits: Vec<Inherits>,
    pub(super) assigned: Vec<Assigned>,
    pub(super) exclusive: Vec<Exclusive>,
    pub(super) prerequisites: Vec<(String, String)>,
    pub(super) most: Vec<(String, usize)>,
    pub(super) hook: Hook,
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) tenant: Option<String>,
    pub(super) role: String,
    pub(super) permission: String,
    pub(super) effect: Effect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

#[derive(Clone, Debug)]
pub(super) struct Inherits {
    pub(super) tenant: Option<String>,
    pub(super) senior: String,
    pub(super) junior: String,
}

#[derive(Clone, Debug)]
pub(super) struct Assigned {
    pub(super) tenant: Option<String>,
    pub(super) subject: String,
    pub(super) role: String,
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
        self.rule(None, role, permission, Effect::Allow)
    }

    /// Subjects of `role` may do `permission` in `tenant`.
    pub fn allow_in(self, tenant: &str, role: &str, permission: &str) -> Self {
        self.rule(Some(tenant), role, permission, Effect::Allow)
    }

    /// Subjects of `role` may not do `permission`, whatever other roles they have.
    ///
    /// # Security
    /// A denial of a misspelt permission, or in a misspelt tenant, denies nothing: review what changed with
    /// [`Policy::diff`].
    pub fn deny(self, role: &str, permission: &str) -> Self {
        self.rule(None, role, permission, Effect::Deny)
    }

    /// Subjects of `role` may not do `permission` in `tenant`, whatever other roles they have.
    pub fn deny_in(self, tenant: &str, role: &str, permission: &str) -> Self {
        self.rule(Some(tenant), role, permission, Effect::Deny)
    }

    /// What holds for `junior`, allowed and denied, holds for `senior` as well.
    pub fn inherits(self, senior: &str, junior: &str) -> Self {
        self.inherit(None, senior, junior)
    }

    /// What holds for `junior` holds for `senior` as well, in `tenant`.
    pub fn inherits_in(self, tenant: &str, senior: &str, junior: &str) -> Self {
        self.inherit(Some(tenant), senior, junior)
    }

    /// `subject` has `role`, in every tenant and outside of them.
    pub fn assign(self, subject: &str, role: &str) -> Self {
        self.assign_to(None, subject, role)
    }

    /// `subject` has `role` in `tenant`.
    pub fn assign_in(self, tenant: &str, subject: &str, role: &str) -> Self {
        self.assign_to(Some(tenant), subject, role)
    }

    /// Declares a role that no rule gives anything.
    pub fn role(mut self, role: &str) -> Self {
        self.declared.insert(role.to_owned());
        self
    }

    /// Declares a permission that no rule names yet.
    pub fn permission(mut self, permission: &str) -> Self {
        self.known_permissions.insert(permission.to_owned());
        self
    }

    /// Declares a tenant that has no rule of its own, so that what holds everywhere holds there.
    pub fn tenant(mut self, tenant: &str) -> Self {
        self.known_tenants.insert(tenant.to_owned());
        self
    }

    /// No subject has more than `at_most` of these roles in one tenant, those that it inherits counted: static separation of
    /// duty.
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

    /// Tells `listener` of every check, allowed and denied, such as to write it to an audit log. It is called by the thread
    /// that checks, before the answer is given.
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
    ///             let event = Event::authorization_denied().subject(decision.subject).resource(decision.permission);
    ///             let _ = log.record(event.reason(denied.to_string()));
    ///         }
    ///     })
    ///     .build()?;
    /// assert!(policy.check("bob", "doc:write").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_decision(self, listener: impl Fn(&PolicyDecision<'_>) + Send + Sync + 'static) -> Self {
        Self { hook: Hook::of(listener), ..self }
    }

    /// Checks all rules and freezes them.
    ///
    /// # Errors
    /// A rule is wrong; the error names it.
    pub fn build(self) -> Result<Policy, PolicyError> {
        Compiled::of(&self).map(Policy::of)
    }

    /// Every tenant that a rule names, as often as it is named.
    pub(super) fn tenants(&self) -> impl Iterator<Item = &str> {
        let of_rules = self.rules.iter().map(|rule| &rule.tenant);
        let of_edges = self.inherits.iter().map(|edge| &edge.tenant);
        let of_subjects = self.assigned.iter().map(|one| &one.tenant);
        let of_rules = of_rules.chain(of_edges).chain(of_subjects).filter_map(Option::as_deref);
        of_rules.chain(self.known_tenants.iter().map(String::as_str))
    }

    fn rule(mut self, tenant: Option<&str>, role: &str, permission: &str, effect: Effect) -> Self {
        let (tenant, role, permission) = (tenant.map(str::to_owned), role.to_owned(), permission.to_owned());
        self.rules.push(Rule { tenant, role, permission, effect });
        self
    }

    fn inherit(mut self, tenant: Option<&str>, senior: &str, junior: &str) -> Self {
        let (tenant, senior, junior) = (tenant.map(str::to_owned), senior.to_owned(), junior.to_owned());
        self.inherits.push(Inherits { tenant, senior, junior });
        self
    }

    fn assign_to(mut self, tenant: Option<&str>, subject: &str, role: &str) -> Self {
        let (tenant, subject, role) = (tenant.map(str::to_owned), subject.to_owned(), role.to_owned());
        self.assigned.push(Assigned { tenant, subject, role });
        self
    }

    fn exclude(mut self, roles: &[&str], at_most: usize, when: When) -> Self {
        let roles = roles.iter().map(|&role| role.to_owned()).collect();
        self.exclusive.push(Exclusive { roles, at_most, when });
        self
    }
}
