use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::ring::{KeyRing, Lineage, Snapshot};
use super::wrapped::{self, MAX_TEXT, Wrapping};
use super::{KeyError, KeyErrorKind};
use crate::clock::{Clock, SystemClock};
use crate::config::Watcher;
use crate::file;
use crate::sync::{Mutex, MutexGuard};

/// Where a ring is kept: a file that several processes read, encrypted under a passphrase or key.
///
/// ```
/// use palisade::keys::{KeyFile, Wrapping};
/// use palisade::secret::SecretString;
/// use std::time::Duration;
///
/// # let folder = std::env::temp_dir().join(format!("palisade-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("keys");
/// let wrapping = || Wrapping::passphrase(SecretString::from("a long passphrase from the vault"));
/// let ring = KeyFile::new(&path, wrapping()).create()?; // once
///
/// let ring = KeyFile::new(&path, wrapping()).reload_interval(Duration::from_secs(30)).open()?;
/// let watcher = ring.watch(|error| eprintln!("key ring: {error}"))?; // while this lives, changes arrive by themselves
/// let new = ring.add_generated()?; // saved before it is known
/// assert!(ring.promote(new).is_err()); // not before every process had time to reload
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// A file that is replaced by an older copy, by another ring, or by a copy that was changed elsewhere is not taken
/// by a running process; one that starts on it cannot know. On Unix the file is created readable by its owner
/// only; a change keeps the mode it has then, so that a group may be let in. Every process must keep a watcher or
/// reload within the interval, and their machines' clocks must agree to less than that.
#[derive(Debug)]
#[must_use = "create() or open() it"]
pub struct KeyFile {
    path: PathBuf,
    wrapping: Wrapping,
    reload_interval: Duration,
    clock: Arc<dyn Clock>,
}

/// What a reload found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reloaded {
    /// The file is as it was.
    Unchanged,
    /// Newer keys are in place.
    Updated,
}

/// A ring's file, and what was last read or written there.
pub(super) struct Storage {
    path: PathBuf,
    wrapping: Wrapping,
    reload_interval: Duration,
    last: Mutex<String>,
}

/// The right to change the file, held against all other processes.
pub(super) struct Locked<'a> {
    storage: &'a Storage,
    /// Unlocked when it is closed.
    _lock: File,
}

impl KeyFile {
    /// Names the file and what it is encrypted under.
    pub fn new(path: impl Into<PathBuf>, wrapping: Wrapping) -> Self {
        let clock = Arc::new(SystemClock);
        Self { path: path.into(), wrapping, reload_interval: Duration::from_secs(60), clock }
    }

    /// How often every process reloads, and so how long a new key must wait to be promoted: 60 s by default.
    ///
    /// It must be the same in all of them.
    pub fn reload_interval(mut self, interval: Duration) -> Self {
        self.reload_interval = interval;
        self
    }

    /// The clock by which keys age.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes a ring of one random key and its file.
    ///
    /// # Errors
    /// [`KeyError`]: `FileExists`, `Random`, `Memory`, `Unavailable`.
    pub fn create(self) -> Result<KeyRing, KeyError> {
        let snapshot = Snapshot::generate(&*self.clock)?;
        let (mut storage, clock) = self.into_storage();
        {
            let locked = storage.lock()?;
            match fs::symlink_metadata(&storage.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
                Ok(_) => return Err(KeyErrorKind::FileExists.into()),
            }
            locked.save(&snapshot)?;
        }
        storage.path = fs::canonicalize(&storage.path)?; // the same file, wherever the process goes
        Ok(KeyRing::from_snapshot(snapshot, Some(storage), clock))
    }

    /// Reads the ring in the file.
    ///
    /// # Errors
    /// [`KeyError`]: `Rejected`, `Malformed`, `CostAboveCeiling`, `Memory`, `Unavailable`.
    pub fn open(mut self) -> Result<KeyRing, KeyError> {
        // All processes must mean one file and one lock, whatever links they came by.
        self.path = fs::canonicalize(&self.path)?;
        let (storage, clock) = self.into_storage();
        let (text, snapshot) = storage.read()?.ok_or(KeyErrorKind::Malformed)?;
        *storage.last() = text;
        Ok(KeyRing::from_snapshot(snapshot, Some(storage), clock))
    }

    fn into_storage(self) -> (Storage, Arc<dyn Clock>) {
        let Self { path, wrapping, reload_interval, clock } = self;
        (Storage { path, wrapping, reload_interval, last: Mutex::default() }, clock)
    }
}

impl KeyRing {
    /// Reads the file again, and takes its keys when they are newer.
    ///
    /// Those who are using the ring see the old keys or the new ones, never a mixture.
    ///
    /// # Errors
    /// [`KeyError`]: `NoFile` for a ring in memory only; `Older`, `Forked` or `OtherRing` for a file that is not this
    /// ring's future; otherwise those of [`KeyFile::open`]. The ring stays as it was.
    pub fn reload(&self) -> Result<Reloaded, KeyError> {
        let _held = self.hold();
        self.take_newer()
    }

    /// Reads the file and takes its future, under [`hold`](Self::hold).
    pub(super) fn take_newer(&self) -> Result<Reloaded, KeyError> {
        let storage = self.storage().ok_or(KeyErrorKind::NoFile)?;
        let Some((text, snapshot)) = storage.read()? else { return Ok(Reloaded::Unchanged) };
        let reloaded = match self.snapshot().lineage(&snapshot) {
            Lineage::Same => Reloaded::Unchanged, // wrapped anew
            Lineage::Newer => {
                self.replace(snapshot);
                Reloaded::Updated
            }
            Lineage::Older => return Err(KeyErrorKind::Older.into()),
            Lineage::Forked => return Err(KeyErrorKind::Forked.into()),
            Lineage::OtherRing => return Err(KeyErrorKind::OtherRing.into()),
        };
        // Only what was taken is remembered: what was refused is refused, and told, each time anew.
        *storage.last() = text;
        Ok(reloaded)
    }

    /// Writes this process's keys over whatever the file holds: after a copy was put back by mistake.
    ///
    /// # Errors
    /// [`KeyError`]: `NoFile`, `Busy`, `Unavailable`, `Random`, `Memory`.
    pub fn overwrite_file(&self) -> Result<(), KeyError> {
        let locked = self.storage().ok_or(KeyErrorKind::NoFile)?.lock()?;
        let _held = self.hold();
        locked.save(&self.snapshot())
    }

    /// Reloads in the background, twice in each reload interval, until the watcher is dropped.
    ///
    /// `on_error` hears of every reload that failed, and of an older file; the ring keeps the keys it has.
    ///
    /// # Errors
    /// [`KeyError`]: `NoFile`, or `Unavailable` when no thread could be started.
    pub fn watch(&self, mut on_error: impl FnMut(KeyError) + Send + 'static) -> Result<Watcher, KeyError> {
        let storage = self.storage().ok_or(KeyErrorKind::NoFile)?;
        let interval = (storage.reload_interval / 2).max(Duration::from_millis(1));
        let ring = self.clone();
        Ok(Watcher::every(interval, move || {
            if let Err(error) = ring.reload() {
                on_error(error);
            }
        })?)
    }
}

impl Storage {
    pub(super) fn reload_interval(&self) -> Duration {
        self.reload_interval
    }

    /// Waits until no other process is changing the file.
    pub(super) fn lock(&self) -> Result<Locked<'_>, KeyError> {
        let lock = file::lock(&self.path, LOCK_WAIT)?.ok_or(KeyErrorKind::Busy)?;
        Ok(Locked { storage: self, _lock: lock })
    }

    /// The file's text and the ring in it; `None` when it is the text last taken or written.
    fn read(&self) -> Result<Option<(String, Snapshot)>, KeyError> {
        let mut text = String::new();
        // One byte more than a ring can have tells a file that is none.
        File::open(&self.path)?.take(MAX_TEXT as u64 + 1).read_to_string(&mut text).map_err(|error| {
            match error.kind() {
                io::ErrorKind::InvalidData => KeyErrorKind::Malformed.into(),
                _ => KeyError::from(error),
            }
        })?;
        if text == *self.last() {
            return Ok(None);
        }
        let snapshot = wrapped::open(&text, &self.wrapping)?;
        Ok(Some((text, snapshot)))
    }

    fn last(&self) -> MutexGuard<'_, String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Locked<'_> {
    /// Replaces the file: readers see the old ring or the new one, and a crash leaves one of them.
    pub(super) fn save(&self, snapshot: &Snapshot) -> Result<(), KeyError> {
        let mut text = wrapped::seal(snapshot, &self.storage.wrapping)?;
        text.push('\n');
        file::replace(&self.storage.path, text.as_bytes())?;
        *self.storage.last() = text;
        Ok(())
    }
}

/// How long a change waits for the one of another process.
const LOCK_WAIT: Duration = Duration::from_secs(10);
