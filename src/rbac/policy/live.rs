use std::sync::{Arc, PoisonError};

use super::Policy;
use crate::sync::RwLock;

/// A policy that is replaced while others read it: at every moment it is the old one or the new one, whole.
///
/// ```
/// use palisade::rbac::{LivePolicy, Policy};
///
/// let live = LivePolicy::new(Policy::builder().allow("editor", "doc:write").assign("ann", "editor").build()?);
/// let for_handlers = live.clone(); // handles to the same place
/// live.replace(Policy::builder().allow("editor", "doc:write").assign("bob", "editor").build()?);
/// assert!(for_handlers.current().check("ann", "doc:write").is_err());
/// # Ok::<(), palisade::rbac::PolicyError>(())
/// ```
///
/// A policy that cannot be built never comes here, so the one before it stays.
#[derive(Clone, Debug)]
pub struct LivePolicy {
    current: Arc<RwLock<Policy>>,
}

impl LivePolicy {
    /// A place with this policy in it.
    pub fn new(policy: Policy) -> Self {
        Self { current: Arc::new(RwLock::new(policy)) }
    }

    /// The policy of this moment. Decide one request by one of them: take it once.
    pub fn current(&self) -> Policy {
        // INVARIANT: nothing panics while the lock is held; what is in it is one handle, whole.
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another policy in its place, and answers the one before. If the new one has no listener of its own, the one
    /// before's is told on: a reload does not end the audit.
    pub fn replace(&self, policy: Policy) -> Policy {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let hook = policy.hook.clone().or(&current.hook);
        std::mem::replace(&mut *current, Policy { hook, ..policy })
    }
}
