use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fs4::FileExt;

use super::ring::{KeyRing, Snapshot};
use super::wrapped::{self, MAX_TEXT, Wrapping};
use super::{KeyError, KeyErrorKind};
use crate::clock::{Clock, SystemClock};
use crate::config::Watcher;

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
/// A file that is replaced by an older copy is not taken back: [`KeyRing::reload`] never goes to a lower version.
/// A process that starts on an older copy cannot know. On Unix the file is created readable by its owner only.
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
    /// The file holds an older ring than this process knows, and was not taken.
    Older,
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
        let (storage, clock) = self.into_storage();
        {
            let locked = storage.lock()?;
            if storage.path.exists() {
                return Err(KeyErrorKind::FileExists.into());
            }
            locked.save(&snapshot)?;
        }
        Ok(KeyRing::from_snapshot(snapshot, Some(storage), clock))
    }

    /// Reads the ring in the file.
    ///
    /// # Errors
    /// [`KeyError`]: `Rejected`, `Malformed`, `CostAboveCeiling`, `Memory`, `Unavailable`.
    pub fn open(self) -> Result<KeyRing, KeyError> {
        let (storage, clock) = self.into_storage();
        let newest = storage.read()?;
        let snapshot = newest.ok_or(KeyErrorKind::Malformed)?;
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
    /// [`KeyError`]: `NoFile` for a ring in memory only; otherwise those of [`KeyFile::open`]. The ring stays as it
    /// was.
    pub fn reload(&self) -> Result<Reloaded, KeyError> {
        let storage = self.storage().ok_or(KeyErrorKind::NoFile)?;
        let _held = self.hold();
        Ok(match storage.read()? {
            None => Reloaded::Unchanged,
            Some(snapshot) => {
                if self.advance(snapshot) {
                    Reloaded::Updated
                } else {
                    Reloaded::Older
                }
            }
        })
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
        Ok(Watcher::every(interval, move || match ring.reload() {
            Ok(Reloaded::Older) => on_error(KeyErrorKind::Older.into()),
            Ok(_) => {}
            Err(error) => on_error(error),
        })?)
    }
}

impl Storage {
    pub(super) fn reload_interval(&self) -> Duration {
        self.reload_interval
    }

    /// Waits until no other process is changing the file.
    pub(super) fn lock(&self) -> Result<Locked<'_>, KeyError> {
        // The lock has a file of its own: the ring's is replaced by each change, and a lock on it with it.
        let lock = private().write(true).create(true).truncate(false).open(beside(&self.path, "lock"))?;
        FileExt::lock(&lock)?;
        Ok(Locked { storage: self, _lock: lock })
    }

    /// The ring in the file; `None` when it is the text last read or written.
    fn read(&self) -> Result<Option<Snapshot>, KeyError> {
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
        *self.last() = text;
        Ok(Some(snapshot))
    }

    fn last(&self) -> MutexGuard<'_, String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Locked<'_> {
    /// The ring in the file; `None` when it is the one last read or written.
    pub(super) fn read(&self) -> Result<Option<Snapshot>, KeyError> {
        self.storage.read()
    }

    /// Replaces the file: readers see the old ring or the new one, and a crash leaves one of them.
    pub(super) fn save(&self, snapshot: &Snapshot) -> Result<(), KeyError> {
        let mut text = wrapped::seal(snapshot, &self.storage.wrapping)?;
        text.push('\n');
        let path = &self.storage.path;
        let new = beside(path, "new");
        let mut file = private().write(true).create(true).truncate(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        drop(file);
        fs::rename(&new, path)?;
        sync_folder(path)?;
        *self.storage.last() = text;
        Ok(())
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage").field("path", &self.path).finish_non_exhaustive()
    }
}

/// `keys.lock` beside `keys`.
fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// Files that only their owner reads.
fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a rename last through a power failure; elsewhere than on Unix, folders cannot be synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
