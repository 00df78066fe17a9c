use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::SystemTime;

use super::{Store, StoreError};
use crate::session::{Record, SessionId};

/// Sessions in the memory of this process, of which it holds at most so many. Clones share them.
///
/// Where it is full it refuses new ones rather than forget: [`sweep`](crate::session::Sessions::sweep) makes room.
#[derive(Clone)]
pub struct Memory {
    kept: Arc<RwLock<Kept>>,
    capacity: usize,
}

#[derive(Default)]
struct Kept {
    records: HashMap<SessionId, Record>,
    // INVARIANT: of each user with records, their keys, and of nobody else.
    users: HashMap<Arc<str>, HashSet<SessionId>>,
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
        if kept.records.len() >= self.capacity || kept.records.contains_key(&record.id) {
            return Err(StoreError::new("there is no room for another session"));
        }
        kept.add(record.clone());
        Ok(())
    }

    fn find(&self, id: &SessionId) -> Result<Option<Record>, StoreError> {
        Ok(self.read().records.get(id).cloned())
    }

    fn replace(&self, old: &SessionId, record: &Record) -> Result<bool, StoreError> {
        let mut kept = self.write();
        if record.id != *old && kept.records.contains_key(&record.id) {
            return Err(StoreError::new("there is another session of that key"));
        }
        let was_there = kept.remove(old);
        if was_there {
            kept.add(record.clone());
        }
        Ok(was_there)
    }

    fn touch(&self, uses: &[(SessionId, SystemTime)]) -> Result<(), StoreError> {
        let mut kept = self.write();
        for (id, at) in uses {
            if let Some(record) = kept.records.get_mut(id) {
                record.last_used = record.last_used.max(*at);
            }
        }
        Ok(())
    }

    fn remove(&self, id: &SessionId) -> Result<bool, StoreError> {
        Ok(self.write().remove(id))
    }

    fn remove_all(&self, user: &str, but: Option<&SessionId>) -> Result<u64, StoreError> {
        let mut kept = self.write();
        let ids: Vec<SessionId> = kept.ids_of(user).filter(|id| Some(*id) != but).copied().collect();
        Ok(kept.remove_each(&ids))
    }

    fn list(&self, user: &str) -> Result<Vec<Record>, StoreError> {
        let kept = self.read();
        Ok(kept.ids_of(user).filter_map(|id| kept.records.get(id)).cloned().collect())
    }

    fn sweep(&self, now: SystemTime, unused_since: SystemTime) -> Result<u64, StoreError> {
        let mut kept = self.write();
        let is_over = |record: &&Record| record.expires <= now || record.last_used <= unused_since;
        let ids: Vec<SessionId> = kept.records.values().filter(is_over).map(|record| record.id).collect();
        Ok(kept.remove_each(&ids))
    }
}

impl Kept {
    fn add(&mut self, record: Record) {
        if let Some(login) = &record.login {
            self.users.entry(Arc::clone(&login.user)).or_default().insert(record.id);
        }
        self.records.insert(record.id, record);
    }

    fn remove(&mut self, id: &SessionId) -> bool {
        let Some(record) = self.records.remove(id) else { return false };
        if let Some(user) = record.user()
            && let Some(ids) = self.users.get_mut(user)
        {
            ids.remove(id);
            if ids.is_empty() {
                self.users.remove(user);
            }
        }
        true
    }

    fn remove_each(&mut self, ids: &[SessionId]) -> u64 {
        ids.iter().map(|id| u64::from(self.remove(id))).sum()
    }

    fn ids_of(&self, user: &str) -> impl Iterator<Item = &SessionId> {
        self.users.get(user).into_iter().flatten()
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
