//! Files that are replaced as a whole, and locks beside them.
//!
//! Readers of a file that [`replace`] writes see the old content or the new, and a crash leaves one of them.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::sync::thread;

/// Options for files that only their owner reads.
pub(crate) fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// `keys.lock` beside `keys`.
pub(crate) fn beside(path: &Path, extension: impl AsRef<OsStr>) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// Locks `path` against all other processes, and other callers in this one; `None` when another still has it after
/// `wait`.
///
/// The lock has a file of its own, since a file that is replaced takes a lock on it along. Unlocked when the answer
/// is closed.
pub(crate) fn lock(path: &Path, wait: Duration) -> io::Result<Option<File>> {
    let lock = private().write(true).create(true).truncate(false).open(beside(path, "lock"))?;
    let deadline = SystemClock.monotonic().saturating_add(wait);
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) if SystemClock.monotonic() >= deadline => return Ok(None),
            Err(TryLockError::WouldBlock) => thread::sleep(RETRY),
        }
    }
}

/// Replaces the file, under a lock: it keeps the mode it has, or gets one for its owner alone.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let (new, mut file) = create_new_beside(path)?;
    file.write_all(content)?;
    if let Ok(old) = fs::metadata(path) {
        file.set_permissions(old.permissions())?;
    }
    file.sync_all()?;
    drop(file);
    // Opened first: what can fail should fail while the old file is in place.
    let folder = open_folder(path)?;
    fs::rename(&new, path)?;
    folder.map_or(Ok(()), |folder| folder.sync_all())
}

/// An empty `keys.new` beside `keys`. Whatever a crash or somebody else left there is neither followed nor reused.
pub(crate) fn create_new_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    let new = beside(path, "new");
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let file = private().append(true).create_new(true).open(&new)?;
    Ok((new, file))
}

/// A file's folder, to make what happens to names in it last through a power failure. Elsewhere than on Unix, folders
/// cannot be synced.
pub(crate) fn open_folder(path: &Path) -> io::Result<Option<File>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder).map(Some) } else { Ok(None) }
}

/// How long to wait for a lock that should be free: a program that is being started holds its parent's until it runs.
pub(crate) const MOMENT: Duration = Duration::from_millis(250);
const RETRY: Duration = Duration::from_millis(5);
