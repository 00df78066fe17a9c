use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::mem;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::{ConfigError, Reason, Source, Value, Watcher};
use crate::sync::{Mutex, RwLock};

/// Secrets that are read again when they change underneath, as mounted files and credential folders do.
///
/// [`current`](Self::current) lends all fields of one reading together; a reload puts a whole new reading in place.
/// A reading that fails changes nothing. Files that are being replaced are read until two readings are alike; what is half replaced
/// for longer than that is taken as it is, so put all in place at once, as Kubernetes does and a rename of their folder.
///
/// ```
/// use palisade::secret::ExposeSecret;
/// use std::time::Duration;
///
/// # let path = std::env::temp_dir().join(format!("palisade-live-{}", std::process::id()));
/// # std::fs::write(&path, "first-password")?;
/// # let environment = palisade::config::Environment::from_vars([("DB_PASSWORD_FILE", &path)]);
/// palisade::secrets! { struct AppSecrets { db_password: "DB_PASSWORD" } }
///
/// let secrets = AppSecrets::live(environment)?; // Environment::of_process() in earnest
/// let _watcher = secrets.watch(Duration::from_secs(10), |change| match change {
///     Ok(_secrets) => { /* new connections use secrets.current() by themselves */ }
///     Err(error) => eprintln!("secrets stay as they were: {error}"),
/// })?;
/// assert_eq!(secrets.current().db_password.expose_secret(), "first-password");
///
/// std::fs::write(&path, "second-password\n")?;
/// assert!(secrets.reload()?);
/// assert_eq!(secrets.current().db_password.expose_secret(), "second-password");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Old secrets are erased when the last [`Arc`] of their reading is dropped: do not keep one.
pub struct Live<T> {
    shared: Arc<Shared<T>>,
}

struct Shared<T> {
    source: Box<dyn Source + Send + Sync>,
    load: fn(&Recording<'_>) -> Result<T, ConfigError>,
    /// The reading, and the fingerprint of what was read.
    current: RwLock<(Arc<T>, u64)>,
    /// Held by whoever reloads, so that no reading is put in place of a newer one.
    reloading: Mutex<()>,
    /// Keys the fingerprints, so that none tells of a secret.
    hasher: RandomState,
}

/// A source that remembers a fingerprint of all it answered; for [`secrets!`](crate::secrets).
#[doc(hidden)]
pub struct Recording<'a> {
    source: &'a (dyn Source + Send + Sync),
    answers: Mutex<<RandomState as BuildHasher>::Hasher>,
}

impl<T> Live<T> {
    /// Reads for the first time; for [`secrets!`](crate::secrets), whose `live()` calls it.
    ///
    /// # Errors
    /// What is wrong with the secrets.
    #[doc(hidden)]
    pub fn new(
        source: impl Source + Send + Sync + 'static,
        load: fn(&Recording<'_>) -> Result<T, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let (source, hasher) = (Box::new(source), RandomState::new());
        let (first, fingerprint) = read(&*source, load, &hasher)?;
        let (current, reloading) = (RwLock::new((Arc::new(first), fingerprint)), Mutex::default());
        Ok(Self { shared: Arc::new(Shared { source, load, current, reloading, hasher }) })
    }

    /// The secrets of the newest reading.
    pub fn current(&self) -> Arc<T> {
        // INVARIANT: nothing panics while the lock is held for writing.
        Arc::clone(&self.shared.current.read().unwrap_or_else(PoisonError::into_inner).0)
    }

    /// Reads again; whether anything has changed. Whoever reloads meanwhile waits, as long as the source takes: a source must answer
    /// or fail within a time, and must not reload.
    ///
    /// # Errors
    /// What is wrong with the secrets now; [`current`](Self::current) stays as it was.
    pub fn reload(&self) -> Result<bool, ConfigError> {
        let Shared { source, load, current, reloading, hasher } = &*self.shared;
        let _held = reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, fingerprint) = read(&**source, *load, hasher)?;
        let mut current = current.write().unwrap_or_else(PoisonError::into_inner);
        let changed = current.1 != fingerprint;
        let old = changed.then(|| mem::replace(&mut *current, (Arc::new(next), fingerprint)));
        drop(current);
        drop(old); // dropping secrets may take its time, or call back
        Ok(changed)
    }
}

impl<T: Send + Sync + 'static> Live<T> {
    /// Reloads in the background after each `interval`, until the watcher is dropped.
    ///
    /// `on_change` hears of every change, and of every reload that failed.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn watch(
        &self,
        interval: Duration,
        mut on_change: impl FnMut(Result<Arc<T>, ConfigError>) + Send + 'static,
    ) -> io::Result<Watcher> {
        let live = self.clone();
        Watcher::every(interval, move || match live.reload() {
            Ok(false) => {}
            Ok(true) => on_change(Ok(live.current())),
            Err(error) => on_change(Err(error)),
        })
    }
}

/// Reads until two readings in a row are the same: files that are being replaced one after the other would
/// otherwise give an old password with a new user.
fn read<T>(
    source: &(dyn Source + Send + Sync),
    load: fn(&Recording<'_>) -> Result<T, ConfigError>,
    hasher: &RandomState,
) -> Result<(T, u64), ConfigError> {
    let once = || {
        let recording = Recording { source, answers: Mutex::new(hasher.build_hasher()) };
        let secrets = load(&recording);
        let answers = recording.answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        (secrets, answers.finish())
    };
    let (mut secrets, mut fingerprint) = once();
    for _ in 0..READINGS {
        let (again, other) = once();
        if other == fingerprint {
            break;
        }
        (secrets, fingerprint) = (again, other);
    }
    Ok((secrets?, fingerprint))
}

impl Source for Recording<'_> {
    fn value(&self, name: &str) -> Result<Option<Value>, Reason> {
        let value = self.source.value(name);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.write(name.as_bytes());
        match &value {
            Ok(Some(value)) => value.fingerprint(&mut *answers),
            Ok(None) => answers.write_u8(0),
            Err(_) => answers.write_u8(1),
        }
        value
    }
}

// Not derived: a handle is cloned, not the secrets.
impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Live")
    }
}

impl fmt::Debug for Recording<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recording")
    }
}

/// A change of some files takes microseconds; who changes them for longer is read as they are.
const READINGS: usize = 5;
