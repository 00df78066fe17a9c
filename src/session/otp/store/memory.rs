use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{CodeStore, CodeStoreError};
use crate::token::TokenDigest;

/// A [`CodeStore`] in memory, for one process and for tests, of at most so many users. Clones share what they hold.
///
/// When it is full it refuses further users rather than forget one: see [`CodeStore`]'s contract. A restart forgets: recovery
/// codes are then gone, and the last code of each user can be used again for as long as it stands. Codes of counters
/// need a store that does not forget: from 0 on, all of them would be good once more.
#[derive(Clone)]
pub struct MemoryCodeStore {
    users: Arc<Mutex<Users>>,
    max_users: usize,
}

type Users = HashMap<Box<str>, User>;

#[derive(Default)]
struct User {
    step: Option<u64>,
    codes: Vec<TokenDigest>,
}

impl MemoryCodeStore {
    /// Holds at most `max_users` users, some 500 bytes each with ten recovery codes.
    pub fn new(max_users: usize) -> Self {
        Self { users: Arc::default(), max_users }
    }

    fn lock(&self) -> MutexGuard<'_, Users> {
        // INVARIANT: nothing panics while the lock is held.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `work` with what is held of the user, or with nothing held yet if there is room.
    fn with<T>(&self, user: &str, work: impl FnOnce(&mut User) -> T) -> Result<T, CodeStoreError> {
        let mut users = self.lock();
        if let Some(held) = users.get_mut(user) {
            return Ok(work(held));
        }
        if users.len() >= self.max_users {
            return Err(CodeStoreError::default());
        }
        Ok(work(users.entry(user.into()).or_default()))
    }
}

impl CodeStore for MemoryCodeStore {
    fn step(&self, user: &str) -> Result<Option<u64>, CodeStoreError> {
        Ok(self.lock().get(user).and_then(|held| held.step))
    }

    fn advance(&self, user: &str, step: u64) -> Result<bool, CodeStoreError> {
        self.with(user, |held| {
            let later = held.step.is_none_or(|stored| step > stored);
            if later {
                held.step = Some(step);
            }
            later
        })
    }

    fn replace_codes(&self, user: &str, digests: &[TokenDigest]) -> Result<(), CodeStoreError> {
        self.with(user, |held| held.codes = digests.to_vec())
    }

    fn spend_code(&self, user: &str, digest: &TokenDigest) -> Result<bool, CodeStoreError> {
        let mut users = self.lock();
        let Some(held) = users.get_mut(user) else { return Ok(false) };
        let before = held.codes.len();
        held.codes.retain(|code| code != digest);
        Ok(held.codes.len() < before)
    }

    fn codes_left(&self, user: &str) -> Result<usize, CodeStoreError> {
        Ok(self.lock().get(user).map_or(0, |held| held.codes.len()))
    }

    fn remove(&self, user: &str) -> Result<(), CodeStoreError> {
        self.lock().remove(user);
        Ok(())
    }
}

impl fmt::Debug for MemoryCodeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCodeStore").field("max_users", &self.max_users).finish_non_exhaustive()
    }
}
