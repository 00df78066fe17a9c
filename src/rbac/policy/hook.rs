use std::fmt;
use std::sync::Arc;

use super::error::PolicyDenied;

/// A decision of a policy, as its hook is told: see [`PolicyBuilder::on_decision`](super::PolicyBuilder::on_decision).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyDecision<'a> {
    /// Who asked, as it was asked: known to the policy or not.
    pub subject: &'a str,
    /// What for.
    pub asked: Asked<'a>,
    /// Where; `None` outside of tenants.
    pub tenant: Option<&'a str>,
    /// What was decided.
    pub outcome: Result<(), PolicyDenied>,
}

/// What a policy was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked<'a> {
    /// A permission.
    Permission(&'a str),
    /// A session with these roles active.
    Roles(&'a [&'a str]),
}

/// The permission, or the roles.
impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(permission) => f.write_str(permission),
            Self::Roles(roles) => write!(f, "roles {}", roles.join(", ")),
        }
    }
}

/// Told of every decision; nobody, unless the builder says so.
#[derive(Clone, Default)]
pub(super) struct Hook(Option<Arc<Listener>>);

type Listener = dyn Fn(&PolicyDecision<'_>) + Send + Sync;

impl Hook {
    pub(super) fn of(listener: impl Fn(&PolicyDecision<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    #[inline]
    pub(super) fn tell(
        &self,
        tenant: Option<&str>,
        subject: &str,
        asked: Asked<'_>,
        outcome: Result<(), PolicyDenied>,
    ) {
        if let Some(listener) = &self.0 {
            listener(&PolicyDecision { subject, asked, tenant, outcome });
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Hook" } else { "None" })
    }
}
