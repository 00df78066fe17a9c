use std::fmt;

/// Why a check was refused: for operators and the log, not for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Denied {
    permission: &'static str,
    reason: DeniedReason,
}

/// Why a check was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeniedReason {
    /// Nothing grants the permission.
    NotGranted,
    /// The permission is denied explicitly, whatever grants it.
    ExplicitDeny,
    /// The subject may do nothing at all.
    Inactive,
    /// The rule about this resource said no.
    Rule,
}

impl Denied {
    pub(super) const fn new(permission: &'static str, reason: DeniedReason) -> Self {
        Self { permission, reason }
    }

    /// The name of the permission that is missing.
    pub const fn permission(&self) -> &'static str {
        self.permission
    }

    /// Why it was refused.
    pub const fn reason(&self) -> DeniedReason {
        self.reason
    }

    /// What the caller may be told: nothing but that.
    pub const fn public_message(&self) -> &'static str {
        PUBLIC
    }
}

/// What every caller is told.
pub(super) const PUBLIC: &str = "not permitted";

/// For operators: it names the permission.
impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let permission = self.permission;
        match self.reason {
            DeniedReason::NotGranted => write!(f, "{permission} is not granted"),
            DeniedReason::ExplicitDeny => write!(f, "{permission} is denied explicitly"),
            DeniedReason::Inactive => write!(f, "the subject is not active, {permission} was asked for"),
            DeniedReason::Rule => write!(f, "{permission} is granted, but not on this resource"),
        }
    }
}

impl std::error::Error for Denied {}
