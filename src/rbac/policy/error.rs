use std::fmt;

use crate::rbac::denied::PUBLIC;

/// Why a policy was not built: it names the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    kind: PolicyErrorKind,
    rule: String,
}

/// What a policy's author can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// A rule names a role that nothing defines.
    #[error("no rule defines this role: a role has a permission, a denial or another role, or is declared")]
    UnknownRole,
    /// A list of permissions has one that no rule of the policy names, or a rule one that the list of all has not.
    #[error(
        "the policy does not know this permission: no rule names it, or it is not in the list of all there are"
    )]
    UnknownPermission,
    /// A rule names a tenant that the list of all has not.
    #[error("the tenant is not in the list of all there are")]
    UnknownTenant,
    /// A role inherits itself, by way of others or directly.
    #[error("the role inherits itself")]
    Cycle,
    /// A subject has more roles of an exclusive set than it may, those it inherits counted.
    #[error("the subject has more roles of an exclusive set than it may")]
    Exclusive,
    /// A subject has a role without the one that it requires.
    #[error("the subject lacks a role that another of its roles requires")]
    Prerequisite,
    /// More subjects have a role than may.
    #[error("more subjects have the role than may")]
    TooManySubjects,
    /// A set of exclusive roles that excludes nothing: it has fewer than two roles, or as many are allowed as it has.
    #[error("an exclusive set has two roles or more, and allows fewer than it has")]
    Vacuous,
    /// A name is empty, longer than 256 bytes, or has characters that break a line or turn it around.
    #[error("a name has 1 to 256 bytes, and no characters that break a line or turn it around")]
    Name,
    /// The roles and permissions, inherited ones written out, are more than 2^26, or holding all subjects against the
    /// constraints takes more than 2^27 steps.
    #[error(
        "roles and permissions, with all that is inherited written out, are more than 2^26, or constraints over them more than 2^27"
    )]
    TooLarge,
}

impl PolicyError {
    pub(super) fn new(kind: PolicyErrorKind, rule: impl Into<String>) -> Self {
        Self { kind, rule: rule.into() }
    }

    /// The error, in the rules of one tenant.
    pub(super) fn within(self, tenant: &str) -> Self {
        Self { rule: format!("{} in {tenant}", self.rule), ..self }
    }

    /// What kind of error this is.
    pub fn kind(&self) -> PolicyErrorKind {
        self.kind
    }

    /// The rule that is wrong, as in `assign alice editr in ward-7`.
    pub fn rule(&self) -> &str {
        &self.rule
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.kind)
    }
}

impl std::error::Error for PolicyError {}

/// Why a policy refused: for operators and the log, not for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyDenied {
    /// No role of the subject has the permission.
    #[error("no role of the subject has the permission")]
    NotGranted,
    /// A role of the subject is denied the permission, whatever others have.
    #[error("a role of the subject is denied the permission")]
    ExplicitDeny,
    /// The policy assigns the subject nothing.
    #[error("the policy does not know the subject")]
    UnknownSubject,
    /// No rule names the permission.
    #[error("the policy does not know the permission")]
    UnknownPermission,
    /// No rule names the tenant.
    #[error("the policy does not know the tenant")]
    UnknownTenant,
    /// The rule about this resource said no.
    #[error("the permission is granted, but not on this resource")]
    Rule,
    /// The role is not one of the subject's, or may not be active beside another.
    #[error("the role cannot be activated")]
    NotActivated,
}

impl PolicyDenied {
    /// What the caller may be told: nothing but that.
    pub const fn public_message(&self) -> &'static str {
        PUBLIC
    }
}
