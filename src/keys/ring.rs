use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use super::file::Storage;
use super::key::{Key, Material};
use super::wrapped;
use super::{KeyError, KeyErrorKind, KeyId, KeyInfo, KeyState, Wrapping};
use crate::clock::{Clock, SystemClock};
use crate::random::{self, RandomError};
use crate::secret::{ExposeSecret, SecretBytes};
use crate::sync::{Mutex, MutexGuard, RwLock};

/// The keys of an application; clones are handles to the same ring.
///
/// What takes a ring takes `impl Into<KeyRing>`: give it `&ring`, and it holds a handle of its own. An operation
/// works on the keys as they are when it begins, whatever changes meanwhile.
///
/// ```
/// use palisade::keys::KeyRing;
///
/// let ring = KeyRing::generate()?;
/// let handle = ring.clone();
/// let new = ring.add_generated()?;
/// ring.promote(new)?;
/// assert_eq!(handle.primary(), new);
/// println!("{ring:?}"); // ids and states, no keys
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct KeyRing {
    shared: Arc<Shared>,
}

struct Shared {
    current: RwLock<Arc<Snapshot>>,
    /// Held by whoever changes the ring, so that no change is lost.
    changing: Mutex<()>,
    storage: Option<Storage>,
    clock: Arc<dyn Clock>,
    /// Passwords in this process are peppered under it.
    peppers: AtomicBool,
}

/// The keys at one moment.
#[derive(Clone)]
pub(crate) struct Snapshot {
    /// Tells this ring from all others.
    pub(super) ring: [u8; 16],
    /// Grows with every change.
    pub(super) version: u64,
    /// A random name for each state the ring was in, this one's last. Not empty; at most `MAX_HISTORY`.
    pub(super) history: Vec<u64>,
    /// INVARIANT: exactly one is primary; ids differ; at most `MAX_KEYS`.
    pub(super) keys: Vec<Key>,
}

/// How the snapshot in a file stands to the one in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lineage {
    Same,
    Newer,
    Older,
    Forked,
    OtherRing,
}

impl Snapshot {
    /// The key that makes everything new.
    pub(crate) fn primary(&self) -> &Key {
        let primary = self.keys.iter().find(|key| key.state == KeyState::Primary);
        primary.expect("a ring always has one primary key")
    }

    /// Any key of the ring, retired ones too: for what was stored.
    pub(crate) fn stored(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }

    /// A key that still verifies: for what lets a caller in.
    pub(crate) fn accepted(&self, id: KeyId) -> Option<&Key> {
        self.stored(id).filter(|key| key.state != KeyState::Retired)
    }

    /// Whether what [`Snapshot`] promises of its keys holds.
    pub(super) fn is_sound(&self) -> bool {
        let primaries = self.keys.iter().filter(|key| key.state == KeyState::Primary).count();
        let distinct = self
            .keys
            .iter()
            .zip(1..)
            .all(|(key, next)| self.keys.iter().skip(next).all(|other| other.id != key.id));
        primaries == 1 && distinct && self.keys.len() <= MAX_KEYS && !self.history.is_empty()
    }

    fn key_mut(&mut self, id: KeyId) -> Result<&mut Key, KeyErrorKind> {
        self.keys.iter_mut().find(|key| key.id == id).ok_or(KeyErrorKind::Unknown)
    }

    fn push(
        &mut self,
        id: KeyId,
        bytes: SecretBytes,
        state: KeyState,
        clock: &dyn Clock,
    ) -> Result<(), KeyErrorKind> {
        if bytes.len() != KEY_BYTES {
            return Err(KeyErrorKind::Length);
        }
        if self.stored(id).is_some() {
            return Err(KeyErrorKind::Exists);
        }
        // The same bytes under a new id would bring a retired key back.
        if self.keys.iter().any(|key| key.material.bytes.matches(bytes.expose_secret())) {
            return Err(KeyErrorKind::Exists);
        }
        if self.keys.len() >= MAX_KEYS {
            return Err(KeyErrorKind::Full);
        }
        let now = now(clock);
        self.keys.push(Key { id, state, added: now, changed: now, material: Material::new(bytes) });
        Ok(())
    }

    /// Gives the changed ring a version and a name.
    fn next(&mut self) -> Result<(), RandomError> {
        self.version = self.version.saturating_add(1);
        self.history.push(random_name()?);
        if self.history.len() > MAX_HISTORY {
            self.history.remove(0);
        }
        Ok(())
    }

    /// How `file`'s snapshot stands to this one, which is in memory.
    pub(super) fn lineage(&self, file: &Self) -> Lineage {
        let (ours, theirs) = (self.history.last(), file.history.last());
        let knows = |history: &[u64], name: Option<&u64>| name.is_some_and(|name| history.contains(name));
        if self.ring != file.ring {
            Lineage::OtherRing
        } else if ours == theirs {
            Lineage::Same
        } else if file.version > self.version && knows(&file.history, ours) {
            Lineage::Newer
        } else if file.version < self.version && knows(&self.history, theirs) {
            Lineage::Older
        } else {
            Lineage::Forked
        }
    }
}

impl KeyRing {
    /// Makes a ring of one random key, in memory only.
    ///
    /// What it makes is worthless when the process ends; [`KeyFile`](super::KeyFile) keeps a ring.
    ///
    /// # Errors
    /// [`KeyError`] of kind `Random` when the operating system's random source is unavailable.
    pub fn generate() -> Result<Self, KeyError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Ok(Self::from_snapshot(Snapshot::generate(&*clock)?, None, clock))
    }

    /// Makes a ring of a key from elsewhere, such as a key management service; exactly 32 bytes.
    ///
    /// # Errors
    /// [`KeyError`] of kind `Length`, or `Random`.
    pub fn from_key(id: KeyId, bytes: SecretBytes) -> Result<Self, KeyError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mut snapshot = Snapshot::empty()?;
        snapshot.push(id, bytes, KeyState::Primary, &*clock)?;
        Ok(Self::from_snapshot(snapshot, None, clock))
    }

    /// Reads a ring from the text that [`to_text`](Self::to_text) wrote, as from an environment variable.
    ///
    /// ```
    /// use palisade::keys::{KeyRing, Wrapping};
    /// use palisade::secret::SecretString;
    ///
    /// let wrapping = Wrapping::passphrase(SecretString::from("a long passphrase from the vault"));
    /// let text = KeyRing::generate()?.to_text(&wrapping)?; // $palisade-keys$v=1$argon2id$…
    /// let ring = KeyRing::from_text(&text, &wrapping)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`KeyError`]: `Rejected` under another passphrase or key, `Malformed` for other text.
    pub fn from_text(text: &str, wrapping: &Wrapping) -> Result<Self, KeyError> {
        Ok(Self::from_snapshot(wrapped::open(text, wrapping)?, None, Arc::new(SystemClock)))
    }

    /// Writes the ring as one line of ASCII, encrypted under a passphrase or key.
    ///
    /// # Errors
    /// [`KeyError`] of kind `Random`, or `Memory` for a passphrase.
    pub fn to_text(&self, wrapping: &Wrapping) -> Result<String, KeyError> {
        wrapped::seal(&self.snapshot(), wrapping)
    }

    /// Adds a random key that verifies but is not yet used; [`promote`](Self::promote) it once every process
    /// knows it.
    ///
    /// # Errors
    /// [`KeyError`]: `Random`, `Full`; for a ring with a file also what its file gives.
    pub fn add_generated(&self) -> Result<KeyId, KeyError> {
        self.change(|ring, shared| {
            let id = ring.unused_id()?;
            ring.push(id, random::secret_bytes(KEY_BYTES)?, KeyState::Accepted, &*shared.clock)?;
            Ok(id)
        })
    }

    /// Adds a key from elsewhere, exactly 32 bytes, that verifies but is not yet used.
    ///
    /// # Errors
    /// [`KeyError`]: `Length` for another size, `Exists` when the ring has the id or the bytes, `Full`; for a ring with
    /// a file also what its file gives.
    pub fn add(&self, id: KeyId, bytes: SecretBytes) -> Result<(), KeyError> {
        self.change(|ring, shared| Ok(ring.push(id, bytes, KeyState::Accepted, &*shared.clock)?))
    }

    /// Makes a key primary; the one that was stays accepted.
    ///
    /// # Errors
    /// [`KeyError`]: `Unknown`, `Retired`; for a ring with a file also `TooYoung` while other processes may not
    /// have reloaded, and what its file gives.
    pub fn promote(&self, id: KeyId) -> Result<(), KeyError> {
        self.enter(id, KeyState::Primary, |key, shared| shared.old_enough(key.added))
    }

    /// Makes a key primary at once, whether or not other processes know it: for a compromised primary.
    ///
    /// Processes that have not reloaded refuse what it makes until they do.
    ///
    /// # Errors
    /// [`KeyError`]: `Unknown`, `Retired`; for a ring with a file also what its file gives.
    pub fn promote_now(&self, id: KeyId) -> Result<(), KeyError> {
        self.enter(id, KeyState::Primary, |_, _| Ok(()))
    }

    /// Stops a key from letting anyone in; what was stored under it still opens.
    ///
    /// # Errors
    /// [`KeyError`]: `Unknown`, or `Primary`; for a ring with a file also `TooYoung` while other processes may still
    /// use it as primary, and what its file gives.
    pub fn retire(&self, id: KeyId) -> Result<(), KeyError> {
        self.enter(id, KeyState::Retired, |key, shared| shared.old_enough(key.changed))
    }

    /// Retires a key at once: for one that leaked. Processes that have not reloaded may still make things with it.
    ///
    /// # Errors
    /// [`KeyError`]: `Unknown`, or `Primary`; for a ring with a file also what its file gives.
    pub fn retire_now(&self, id: KeyId) -> Result<(), KeyError> {
        self.enter(id, KeyState::Retired, |_, _| Ok(()))
    }

    /// Brings an accepted key, and only one, into another state.
    fn enter(
        &self,
        id: KeyId,
        state: KeyState,
        check: impl Fn(&Key, &Shared) -> Result<(), KeyErrorKind>,
    ) -> Result<(), KeyError> {
        self.change(|ring, shared| {
            let key = ring.key_mut(id)?;
            match key.state {
                there if there == state => return Ok(()),
                KeyState::Accepted => check(key, shared)?,
                KeyState::Primary => return Err(KeyErrorKind::Primary.into()),
                KeyState::Retired => return Err(KeyErrorKind::Retired.into()),
            }
            if state == KeyState::Primary {
                let primary = ring.keys.iter_mut().find(|key| key.state == KeyState::Primary);
                primary.expect("a ring always has one primary key").enter(KeyState::Accepted, &*shared.clock);
            }
            ring.key_mut(id)?.enter(state, &*shared.clock);
            Ok(())
        })
    }

    /// Erases a retired key, here at once, in other processes when they reload. What is still sealed under it is
    /// lost. Copies of the key file from before keep the key.
    ///
    /// # Errors
    /// [`KeyError`]: `Unknown`, `Primary`, or `NotRetired`; for a ring with a file also `TooYoung` while other
    /// processes may not know that it is retired, and what its file gives. `Peppers` for a ring that a password policy
    /// of this process was given: [`destroy_pepper`](Self::destroy_pepper) asks for more.
    pub fn destroy(&self, id: KeyId) -> Result<(), KeyError> {
        if self.shared.peppers.load(Ordering::Acquire) {
            return Err(KeyErrorKind::Peppers.into());
        }
        self.destroy_whatever_it_peppers(id)
    }

    /// Destroys a key that may pepper passwords: the users of such rows can then log in only after a reset.
    ///
    /// `count_rows` is given the text that those rows start with, `{pepper:1a2b3c4d}`, and counts them; only when there
    /// are as many as the caller has `acknowledged` is the key destroyed.
    ///
    /// ```
    /// use palisade::keys::{KeyErrorKind, KeyRing};
    ///
    /// let ring = KeyRing::generate()?;
    /// # let old = ring.primary();
    /// # let new = ring.add_generated()?;
    /// # ring.promote(new)?;
    /// # ring.retire(old)?;
    /// let count = |_prefix: &str| Ok(3); // SELECT count(*) FROM users WHERE password LIKE prefix || '%'
    /// assert_eq!(ring.destroy_pepper(old, 0, count).unwrap_err().kind(), KeyErrorKind::Peppers);
    /// ring.destroy_pepper(old, 3, count)?; // three users will ask for a reset, and that is known
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`destroy`](Self::destroy); `Peppers` when there are more or fewer rows; `Unavailable` when they could
    /// not be counted.
    pub fn destroy_pepper(
        &self,
        id: KeyId,
        acknowledged: u64,
        count_rows: impl FnOnce(&str) -> io::Result<u64>,
    ) -> Result<(), KeyError> {
        if count_rows(&format!("{{pepper:{id}}}"))? != acknowledged {
            return Err(KeyErrorKind::Peppers.into());
        }
        self.destroy_whatever_it_peppers(id)
    }

    /// Passwords are peppered under it from now on.
    pub(crate) fn mark_as_pepper(&self) {
        self.shared.peppers.store(true, Ordering::Release);
    }

    fn destroy_whatever_it_peppers(&self, id: KeyId) -> Result<(), KeyError> {
        self.change(|ring, shared| {
            let key = ring.key_mut(id)?;
            match key.state {
                KeyState::Primary => return Err(KeyErrorKind::Primary.into()),
                KeyState::Accepted => return Err(KeyErrorKind::NotRetired.into()),
                KeyState::Retired => shared.old_enough(key.changed)?,
            }
            ring.keys.retain(|key| key.id != id);
            Ok(())
        })
    }

    /// The id of the primary key.
    pub fn primary(&self) -> KeyId {
        self.snapshot().primary().id
    }

    /// A key's state; `None` when the ring does not have it.
    pub fn state(&self, id: KeyId) -> Option<KeyState> {
        self.snapshot().stored(id).map(|key| key.state)
    }

    /// What may be told of every key, oldest first.
    pub fn keys(&self) -> Vec<KeyInfo> {
        self.snapshot().keys.iter().map(Key::info).collect()
    }

    /// A number that grows with every change, so that two processes can compare what they know.
    pub fn version(&self) -> u64 {
        self.snapshot().version
    }

    /// The keys as they are now.
    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        // INVARIANT: nothing panics while the lock is held for writing.
        Arc::clone(&self.shared.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn from_snapshot(snapshot: Snapshot, storage: Option<Storage>, clock: Arc<dyn Clock>) -> Self {
        let current = RwLock::new(Arc::new(snapshot));
        let (changing, peppers) = (Mutex::new(()), AtomicBool::new(false));
        Self { shared: Arc::new(Shared { current, changing, storage, clock, peppers }) }
    }

    pub(super) fn storage(&self) -> Option<&Storage> {
        self.shared.storage.as_ref()
    }

    /// Lets nobody else change the ring while the guard lives.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        self.shared.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts other keys in place, under [`hold`](Self::hold).
    pub(super) fn replace(&self, next: Snapshot) {
        *self.shared.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    /// Works on a copy, and puts it in place only when `change` succeeded and, for a ring with a file, is saved.
    fn change<T>(
        &self,
        change: impl FnOnce(&mut Snapshot, &Shared) -> Result<T, KeyError>,
    ) -> Result<T, KeyError> {
        // The file's lock first, held from reading to saving: while it is waited for, reloads go on.
        let locked = self.storage().map(Storage::lock).transpose()?;
        let _held = self.hold();
        if locked.is_some() {
            self.take_newer()?; // another process may have changed the file
        }
        let mut next = Snapshot::clone(&self.snapshot());
        let answer = change(&mut next, &self.shared)?;
        next.next()?;
        if let Some(locked) = &locked {
            locked.save(&next)?;
        }
        self.replace(next);
        Ok(answer)
    }
}

impl Shared {
    /// Whether every process has had time to reload since then.
    fn old_enough(&self, since: u64) -> Result<(), KeyErrorKind> {
        let wait = self.storage.as_ref().map_or(Duration::ZERO, Storage::reload_interval);
        // Both are whole seconds: the interval rounded up, and one more for the part of a second cut off `since`.
        let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
        let ready = since.saturating_add(seconds).saturating_add(u64::from(!wait.is_zero()));
        match ready.saturating_sub(now(&*self.clock)) {
            0 => Ok(()),
            left => Err(KeyErrorKind::TooYoung(Duration::from_secs(left))),
        }
    }
}

impl Key {
    fn enter(&mut self, state: KeyState, clock: &dyn Clock) {
        self.state = state;
        self.changed = now(clock);
    }
}

impl Snapshot {
    /// One random primary key.
    pub(super) fn generate(clock: &dyn Clock) -> Result<Self, KeyError> {
        let mut snapshot = Self::empty()?;
        let id = snapshot.unused_id()?;
        snapshot.push(id, random::secret_bytes(KEY_BYTES)?, KeyState::Primary, clock)?;
        Ok(snapshot)
    }

    /// A ring of its own, without keys yet.
    fn empty() -> Result<Self, RandomError> {
        let mut ring = [0; 16];
        random::fill(&mut ring)?;
        Ok(Self { ring, version: 1, history: vec![random_name()?], keys: Vec::new() })
    }

    fn unused_id(&self) -> Result<KeyId, RandomError> {
        loop {
            let mut bytes = [0; 4];
            random::fill(&mut bytes)?;
            let id = KeyId::from_bytes(bytes);
            if self.stored(id).is_none() {
                return Ok(id);
            }
        }
    }
}

impl From<&KeyRing> for KeyRing {
    fn from(ring: &KeyRing) -> Self {
        ring.clone()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let snapshot = self.snapshot();
        let keys = snapshot.keys.iter().map(|key| (key.id, key.state));
        f.write_str("KeyRing ")?;
        f.debug_map().entries(keys).finish()
    }
}

fn random_name() -> Result<u64, RandomError> {
    let mut name = [0; 8];
    random::fill(&mut name)?;
    Ok(u64::from_be_bytes(name))
}

/// Seconds since 1970; a clock before that counts as 1970.
fn now(clock: &dyn Clock) -> u64 {
    clock.wall().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// AES-256, HMAC-SHA-256 and HKDF-SHA-256 all want 256 bits.
pub(super) const KEY_BYTES: usize = 32;
/// A ring of more has a rotation that never destroys.
pub(super) const MAX_KEYS: usize = 1024;
/// A process that has missed more changes than this must be restarted.
pub(super) const MAX_HISTORY: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use KeyState::{Accepted, Primary, Retired};

    fn snapshot(version: u64, history: &[u64], keys: &[(u32, KeyState)]) -> Snapshot {
        let key = |(id, state): &(u32, KeyState)| {
            let material = Material::new(SecretBytes::from(vec![7; KEY_BYTES]));
            Key { id: KeyId::from_bytes(id.to_be_bytes()), state: *state, added: 0, changed: 0, material }
        };
        Snapshot { ring: [1; 16], version, history: history.to_vec(), keys: keys.iter().map(key).collect() }
    }

    #[test]
    fn what_a_text_says_of_a_ring_is_not_taken_on_trust() {
        let is_sound = |keys: &[(u32, KeyState)]| snapshot(1, &[5], keys).is_sound();
        assert!(is_sound(&[(1, Primary)]) && is_sound(&[(1, Retired), (2, Primary), (3, Accepted)]));
        assert!(!is_sound(&[]), "no key");
        assert!(!is_sound(&[(1, Accepted), (2, Retired)]), "no primary");
        assert!(!is_sound(&[(1, Primary), (2, Primary)]), "two primaries");
        assert!(!is_sound(&[(1, Primary), (2, Accepted), (1, Retired)]), "two of one id");
        assert!(!snapshot(1, &[], &[(1, Primary)]).is_sound(), "no name");
        let many = |count: u32| (0..count).map(|id| (id, if id == 0 { Primary } else { Retired })).collect();
        let (most, more): (Vec<_>, Vec<_>) = (many(1024), many(1025));
        assert!(is_sound(&most) && !is_sound(&more));
    }

    #[test]
    fn a_ring_remembers_so_many_states_and_no_more() {
        let names: Vec<u64> = (0..MAX_HISTORY as u64 - 1).collect();
        let mut ring = snapshot(1, &names, &[(1, Primary)]);
        ring.next().unwrap();
        assert_eq!((ring.version, ring.history.len(), ring.history[0]), (2, MAX_HISTORY, 0));
        ring.next().unwrap();
        assert_eq!((ring.version, ring.history.len(), ring.history[0]), (3, MAX_HISTORY, 1));
    }

    #[test]
    fn a_key_that_may_pepper_is_not_destroyed_uncounted() {
        let ring = KeyRing::generate().unwrap();
        let old = ring.primary();
        ring.promote(ring.add_generated().unwrap()).unwrap();
        ring.retire(old).unwrap();
        ring.mark_as_pepper();
        assert_eq!(ring.destroy(old).unwrap_err().kind(), KeyErrorKind::Peppers);
        assert_eq!(ring.state(old), Some(Retired));
    }

    #[test]
    fn a_file_is_newer_or_older_by_what_each_knows_of_the_other() {
        let lineage = |ours: (u64, &[u64]), theirs: (u64, &[u64])| {
            snapshot(ours.0, ours.1, &[]).lineage(&snapshot(theirs.0, theirs.1, &[]))
        };
        assert_eq!(lineage((2, &[5, 6]), (2, &[5, 6])), Lineage::Same);
        assert_eq!(lineage((2, &[5, 6]), (3, &[5, 6, 7])), Lineage::Newer);
        assert_eq!(lineage((3, &[5, 6, 7]), (2, &[5, 6])), Lineage::Older);
        assert_eq!(lineage((3, &[5, 6, 7]), (3, &[5, 6, 8])), Lineage::Forked);
        assert_eq!(lineage((3, &[5, 6, 7]), (4, &[5, 6, 8, 9])), Lineage::Forked);
        assert_eq!(lineage((4, &[5, 6, 7, 8]), (3, &[5, 6, 9])), Lineage::Forked);
        // Of one version neither is the other's future, whatever names it has.
        assert_eq!(lineage((2, &[5]), (2, &[5, 6])), Lineage::Forked);
        assert_eq!(lineage((2, &[5, 6]), (2, &[5])), Lineage::Forked);
        let mut other = snapshot(2, &[5, 6], &[]);
        other.ring = [2; 16];
        assert_eq!(snapshot(2, &[5, 6], &[]).lineage(&other), Lineage::OtherRing);
    }
}
