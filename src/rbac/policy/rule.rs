use std::fmt;

/// One rule of a policy, as a row of a table holds it: what [`PolicyBuilder::extend`](super::PolicyBuilder::extend) takes.
///
/// ```
/// use palisade::rbac::{Policy, PolicyRule};
///
/// let rows = [("editor", "doc:write", true), ("suspended", "doc:write", false)]; // of a database
/// let rules = rows.map(|(role, permission, is_allowed)| match is_allowed {
///     true => PolicyRule::allow(role, permission),
///     false => PolicyRule::deny(role, permission).within("ward-7"),
/// });
/// assert_eq!(rules[1].to_string(), "deny suspended doc:write in ward-7");
/// let policy = Policy::builder().role("suspended").extend(rules).assign("ann", "editor").build()?;
/// # policy.check("ann", "doc:write")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PolicyRule {
    pub(super) tenant: Option<String>,
    pub(super) statement: Statement,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Statement {
    Allow { role: String, permission: String },
    Deny { role: String, permission: String },
    Inherits { senior: String, junior: String },
    Assign { subject: String, role: String },
}

impl PolicyRule {
    /// Subjects of `role` may do `permission`.
    pub fn allow(role: impl Into<String>, permission: impl Into<String>) -> Self {
        Self::everywhere(Statement::Allow { role: role.into(), permission: permission.into() })
    }

    /// Subjects of `role` may not do `permission`, whatever other roles they have.
    pub fn deny(role: impl Into<String>, permission: impl Into<String>) -> Self {
        Self::everywhere(Statement::Deny { role: role.into(), permission: permission.into() })
    }

    /// What holds for `junior`, allowed and denied, holds for `senior` as well.
    pub fn inherits(senior: impl Into<String>, junior: impl Into<String>) -> Self {
        Self::everywhere(Statement::Inherits { senior: senior.into(), junior: junior.into() })
    }

    /// `subject` has `role`.
    pub fn assign(subject: impl Into<String>, role: impl Into<String>) -> Self {
        Self::everywhere(Statement::Assign { subject: subject.into(), role: role.into() })
    }

    /// The rule, in `tenant` alone.
    #[must_use]
    pub fn within(self, tenant: impl Into<String>) -> Self {
        Self { tenant: Some(tenant.into()), ..self }
    }

    fn everywhere(statement: Statement) -> Self {
        Self { tenant: None, statement }
    }

    /// The names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let (one, other) = match &self.statement {
            Statement::Allow { role, permission } | Statement::Deny { role, permission } => {
                (role, permission)
            }
            Statement::Inherits { senior, junior } => (senior, junior),
            Statement::Assign { subject, role } => (subject, role),
        };
        [one.as_str(), other].into_iter().chain(self.tenant.as_deref())
    }
}

impl fmt::Display for PolicyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.statement {
            Statement::Allow { role, permission } => write!(f, "allow {role} {permission}"),
            Statement::Deny { role, permission } => write!(f, "deny {role} {permission}"),
            Statement::Inherits { senior, junior } => write!(f, "inherits {senior} {junior}"),
            Statement::Assign { subject, role } => write!(f, "assign {subject} {role}"),
        }?;
        self.tenant.as_ref().map_or(Ok(()), |tenant| write!(f, " in {tenant}"))
    }
}
