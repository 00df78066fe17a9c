use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use super::{Store, StoreError};
use crate::session::{Record, SessionId, SessionKey};

/// Sessions in the memory of this process, of which it holds at most so many. Clones share them.
///
/// Where it is full it refuses new ones rather than forget: [`sweep`](crate::session::Sessions::sweep) makes room. Visitors take half
/// of it at most, so that users can log in whoever visits.
#[derive(Clone)]
pub struct Memory {
    kept: Arc<RwLock<Kept>>,
    capacity: usize,
}

#[derive(Default)]
struct Kept {
    records: HashMap<SessionKey, Record>,
    // INVARIANT: of each user with records, their keys, and of nobody else.
    users: HashMap<Arc<str>, HashSet<SessionKey>>,
    // INVARIANT: how many records are nobody's.
    visitors: usize,
}

impl Memory {
    /// Room for `capacity` sessions, some 400 bytes each; a million unless it is said.
    pub fn new(capacity: usize) -> Self {
        Self { kept: Arc::default(), capacity }
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        // INVARIANT: nothing panics while the lock is held.
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Memory {
    fn insert(&self, record: &Record) -> Result<(), StoreError> {
        let mut kept = self.write();
        let is_full = kept.records.len() >= self.capacity
            || record.login.is_none() && kept.visitors >= self.capacity / 2;
        if is_full || kept.records.contains_key(&record.key) {
            return Err(StoreError::new("there is no room for another session"));
        }
        kept.add(record.clone());
        Ok(())
    }

    fn find(&self, key: &SessionKey) -> Result<Option<Record>, StoreError> {
        Ok(self.read().records.get(key).cloned())
    }

    fn replace(&self, old: &SessionKey, record: &Record) -> Result<bool, StoreError> {
        let mut kept = self.write();
        if record.key != *old && kept.records.contains_key(&record.key) {
            return Err(StoreError::new("there is another session of that key"));
        }
        let was_there = kept.remove(old);
        if was_there {
            kept.add(record.clone());
        }
        Ok(was_there)
    }

    fn touch(&self, uses: &[(SessionKey, SystemTime)]) -> Result<(), StoreError> {
        let mut kept = self.write();
        for (key, at) in uses {
            if let Some(record) = kept.records.get_mut(key) {
                record.last_used = record.last_used.max(*at);
            }
        }
        Ok(())
    }

    fn end(&self, user: &str, id: &SessionId) -> Result<bool, StoreError> {
        let mut kept = self.write();
        let keys: Vec<SessionKey> =
            kept.of(user).filter(|record| record.id == *id).map(|record| record.key).collect();
        Ok(kept.remove_each(&keys) > 0)
    }

    fn end_all(&self, user: &str, but: Option<&SessionId>) -> Result<u64, StoreError> {
        let mut kept = self.write();
        let others = kept.of(user).filter(|record| Some(&record.id) != but);
        let keys: Vec<SessionKey> = others.map(|record| record.key).collect();
        Ok(kept.remove_each(&keys))
    }

    fn list(&self, user: &str) -> Result<Vec<Record>, StoreError> {
        Ok(self.read().of(user).cloned().collect())
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Result<u64, StoreError> {
        let mut kept = self.write();
        let is_over = |record: &&Record| record.expires <= now || record.last_used <= unused_since;
        let keys: Vec<SessionKey> = kept.records.values().filter(is_over).map(|record| record.key).collect();
        Ok(kept.remove_each(&keys))
    }
}

impl Kept {
    fn add(&mut self, record: Record) {
        match &record.login {
            Some(login) => {
                self.users.entry(Arc::clone(&login.user)).or_default().insert(record.key);
            }
            None => self.visitors += 1,
        }
        self.records.insert(record.key, record);
    }

    fn remove(&mut self, key: &SessionKey) -> bool {
        let Some(record) = self.records.remove(key) else { return false };
        let Some(user) = record.user() else {
            self.visitors -= 1;
            return true;
        };
        if let Some(keys) = self.users.get_mut(user) {
            keys.remove(key);
            if keys.is_empty() {
                self.users.remove(user);
            }
        }
        true
    }

    fn remove_each(&mut self, keys: &[SessionKey]) -> u64 {
        keys.iter().map(|key| u64::from(self.remove(key))).sum()
    }

    fn of(&self, user: &str) -> impl Iterator<Item = &Record> {
        self.users.get(user).into_iter().flatten().filter_map(|key| self.records.get(key))
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(1 << 20)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("sessions", &self.read().records.len()).finish_non_exhaustive()
    }
}
