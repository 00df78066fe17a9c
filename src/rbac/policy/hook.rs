use std::fmt;
use std::sync::Arc;

use super::error::PolicyDenied;

/// A decision of a policy, as its hook is told: see [`PolicyBuilder::on_decision`](super::PolicyBuilder::on_decision).
///
/// # Security
/// The names are as they were asked for: of any length, with any characters. What writes them escapes and cuts them, as
/// an audit log does.
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
    /// All that the subject may do, by [`Policy::bind`](super::Policy::bind): told where it is refused.
    Subject,
}

/// The permission, or the roles.
impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission(permission) => f.write_str(permission),
            Self::Roles(roles) => write!(f, "roles {}", roles.join(", ")),
            Self::Subject => f.write_str("all that the subject may do"),
        }
    }
}

/// Told of every decision; nobody, unless the builder says so.
#[derive(Clone, Default)]
pub(super) struct Hook(Option<Arc<Listener>>);

type Listener = dyn Fn(&PolicyDecision<'_>) + Send + Sync;

impl Hook {
    /// Tells `listener` as well.
    pub(super) fn and(self, listener: impl Fn(&PolicyDecision<'_>) + Send + Sync + 'static) -> Self {
        let Some(first) = self.0 else { return Self(Some(Arc::new(listener))) };
        Self(Some(Arc::new(move |decision: &PolicyDecision<'_>| {
            first(decision);
            listener(decision);
        })))
    }

    /// This one, or the `other` if it tells nobody.
    pub(super) fn or(self, other: &Self) -> Self {
        Self(self.0.or_else(|| other.0.clone()))
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
