//! Where lines go: any writer, or a file that is rolled back, synced and rotated.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::line::MAX_LINE;
use super::{AuditError, AuditErrorKind};
use crate::config::Watcher;
use crate::file;

/// When what was recorded is brought to the disk itself, and so outlasts a power failure. Without it, it outlasts
/// the process, however that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fsync {
    /// Before `record` returns. Slow: a disk does hundreds a second, not hundreds of thousands.
    Each,
    /// So often, in the background: at most this much is lost. Every second by default.
    Every(Duration),
    /// When the operating system likes.
    Never,
}

/// Takes lines; implemented by every [`Write`] and by the log's own file.
pub trait Output {
    /// Takes a whole line or nothing. [`AuditErrorKind::Broken`] when neither is true.
    #[doc(hidden)]
    fn append(&mut self, line: &[u8]) -> Result<(), AuditError>;

    /// Brings what was taken to where it lasts.
    #[doc(hidden)]
    fn sync(&mut self) -> io::Result<()>;

    /// Syncs if that is due after every line.
    #[doc(hidden)]
    fn after_append(&mut self) -> io::Result<()>;

    /// Whether the next line should start another file.
    #[doc(hidden)]
    fn is_full(&self) -> bool {
        false
    }

    /// Starts another file with `line`.
    #[doc(hidden)]
    fn rotate(&mut self, _last: u64, _line: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

impl<W: Write> Output for W {
    fn append(&mut self, line: &[u8]) -> Result<(), AuditError> {
        let mut rest = line;
        while !rest.is_empty() {
            let error = match self.write(rest) {
                Ok(0) => io::ErrorKind::WriteZero.into(),
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => error,
            };
            let kind =
                if rest.len() == line.len() { AuditErrorKind::Unavailable } else { AuditErrorKind::Broken };
            return Err(AuditError::new(kind, error));
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn after_append(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// The file of an [`AuditLog`](super::AuditLog) that was opened by its path.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    file: Arc<File>,
    /// Up to here it is whole lines of ours.
    len: u64,
    /// A line may have been written in part.
    is_torn: bool,
    rotate_at: Option<u64>,
    fsync: Fsync,
    syncing: Arc<Syncing>,
    _watcher: Option<Watcher>,
    /// Unlocked when it is closed.
    _lock: File,
}

/// What the background syncing and the log share.
#[derive(Debug, Default)]
struct Syncing {
    file: Mutex<Option<Arc<File>>>,
    is_dirty: AtomicBool,
    failed: Mutex<Option<io::Error>>,
}

/// The end of a file.
pub(super) struct Tail {
    /// The line that starts the file.
    pub(super) first: Vec<u8>,
    /// The line before the last, if there is one.
    pub(super) before: Vec<u8>,
    /// The last whole line.
    pub(super) last: Vec<u8>,
    /// Bytes after it.
    pub(super) torn: u64,
}

impl LogFile {
    /// Opens or makes the file, after locking it against others.
    pub(super) fn open(path: &Path, rotate_at: Option<u64>, fsync: Fsync) -> Result<Self, AuditError> {
        let path = resolve(path)?;
        let lock = file::try_lock(&path)?.ok_or(AuditErrorKind::Locked)?;
        finish_rotation(&path)?;
        let file = Arc::new(file::private().read(true).append(true).create(true).open(&path)?);
        if let Some(folder) = file::open_folder(&path)? {
            folder.sync_all()?; // the file's name, if it is new
        }
        let len = file.metadata()?.len();
        let syncing = Arc::new(Syncing { file: Mutex::new(Some(Arc::clone(&file))), ..Syncing::default() });
        let watcher = match fsync {
            Fsync::Every(interval) => {
                let shared = Arc::clone(&syncing);
                Some(Watcher::every(interval.max(Duration::from_millis(1)), move || shared.sync())?)
            }
            Fsync::Each | Fsync::Never => None,
        };
        Ok(Self {
            path,
            file,
            len,
            is_torn: false,
            rotate_at,
            fsync,
            syncing,
            _watcher: watcher,
            _lock: lock,
        })
    }

    /// Bytes of it.
    pub(super) const fn len(&self) -> u64 {
        self.len
    }

    /// The lines that tell where the chain stands; `None` when there is no whole line.
    pub(super) fn tail(&self) -> Result<Option<Tail>, AuditError> {
        let mut file = &*self.file;
        let mut start = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(MAX_LINE as u64).read_to_end(&mut start)?;
        let Some(end) = start.iter().position(|byte| *byte == b'\n') else {
            // The very first line was cut by a crash, or this is no log.
            return if self.len < MAX_LINE as u64 { Ok(None) } else { Err(AuditErrorKind::Damaged.into()) };
        };
        start.truncate(end);

        // A torn line and two whole ones.
        let window = (3 * MAX_LINE as u64).min(self.len);
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(self.len - window))?;
        file.take(window).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != window {
            return Err(AuditErrorKind::Changed.into());
        }
        let mut lines = bytes.rsplit(|byte| *byte == b'\n');
        let torn = lines.next().map_or(0, <[u8]>::len) as u64;
        let last = lines.next().ok_or(AuditErrorKind::Damaged)?.to_vec();
        let before = lines.next().unwrap_or_default().to_vec();
        Ok(Some(Tail { first: start, before, last, torn }))
    }

    /// Cuts off what a crash left of a line.
    pub(super) fn cut(&mut self, torn: u64) -> Result<(), AuditError> {
        let len = self.len.saturating_sub(torn);
        self.file.set_len(len)?;
        self.file.sync_all()?;
        self.len = len;
        Ok(())
    }

    /// Moves a file away that cannot be continued, and begins an empty one; the name it has now.
    pub(super) fn set_aside(&mut self, seconds: u64) -> Result<PathBuf, AuditError> {
        let aside = (0..1000)
            .map(|number| file::beside(&self.path, format!("damaged-{seconds}-{number}")))
            .find(|path| fs::symlink_metadata(path).is_err())
            .ok_or(AuditErrorKind::Damaged)?;
        fs::rename(&self.path, &aside)?;
        let file = file::private().read(true).append(true).create_new(true).open(&self.path)?;
        self.take(Arc::new(file), 0);
        Ok(aside)
    }

    fn take(&mut self, file: Arc<File>, len: u64) {
        *self.syncing.file() = Some(Arc::clone(&file));
        (self.file, self.len) = (file, len);
    }

    /// Takes back what was written of a line, so that the file ends where it did.
    fn roll_back(&mut self, attempted: u64) -> Result<(), AuditError> {
        let len = self.file.metadata()?.len();
        if len < self.len || len > self.len.saturating_add(attempted) {
            return Err(AuditErrorKind::Changed.into());
        }
        if len > self.len {
            self.file.set_len(self.len)?;
        }
        self.is_torn = false;
        Ok(())
    }

    /// Whether the file is as we left it, and still has a name.
    fn check(&self) -> Result<(), AuditError> {
        let metadata = self.file.metadata()?;
        if metadata.len() != self.len || !has_name(&metadata) {
            return Err(AuditErrorKind::Changed.into());
        }
        Ok(())
    }
}

impl Output for LogFile {
    fn append(&mut self, line: &[u8]) -> Result<(), AuditError> {
        if self.is_torn {
            self.roll_back(MAX_LINE as u64)?;
        }
        self.check()?;
        match (&*self.file).write_all(line) {
            Ok(()) => {
                self.len += line.len() as u64;
                self.syncing.is_dirty.store(true, Ordering::Release);
                Ok(())
            }
            Err(error) => {
                self.is_torn = true;
                // If this fails too, the next event tries it again before anything is written.
                let _rolled_back = self.roll_back(line.len() as u64);
                Err(error.into())
            }
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        self.syncing.is_dirty.store(false, Ordering::Release);
        self.file.sync_data()
    }

    fn after_append(&mut self) -> io::Result<()> {
        match self.fsync {
            Fsync::Each => self.sync(),
            Fsync::Every(_) | Fsync::Never => self.syncing.failed().take().map_or(Ok(()), Err),
        }
    }

    fn is_full(&self) -> bool {
        self.rotate_at.is_some_and(|limit| self.len >= limit)
    }

    fn rotate(&mut self, last: u64, line: &[u8]) -> io::Result<()> {
        let archive = file::beside(&self.path, format!("{last:012}"));
        if fs::symlink_metadata(&archive).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.file.sync_all()?;
        let (new, mut file) = file::create_new_beside(&self.path)?;
        file.set_permissions(self.file.metadata()?.permissions())?;
        file.write_all(line)?;
        file.sync_all()?;
        let folder = file::open_folder(&self.path)?;
        // A crash between the two leaves no file of this name: `finish_rotation` mends that.
        fs::rename(&self.path, &archive)?;
        if let Err(error) = fs::rename(&new, &self.path) {
            fs::rename(&archive, &self.path)?;
            return Err(error);
        }
        self.take(Arc::new(file), line.len() as u64);
        folder.map_or(Ok(()), |folder| folder.sync_all())
    }
}

impl Drop for LogFile {
    fn drop(&mut self) {
        if self.fsync != Fsync::Never && self.syncing.is_dirty.load(Ordering::Acquire) {
            let _best_effort = self.sync();
        }
    }
}

impl Syncing {
    /// One round in the background: without holding up whoever records.
    fn sync(&self) {
        if self.is_dirty.swap(false, Ordering::AcqRel) {
            let file = self.file().clone();
            if let Some(Err(error)) = file.map(|file| file.sync_data()) {
                *self.failed() = Some(error);
            }
        }
    }

    fn file(&self) -> std::sync::MutexGuard<'_, Option<Arc<File>>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, Option<io::Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One name for the file, whatever links lead to it, so that all mean one lock.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder =
                path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
            Ok(fs::canonicalize(folder)?.join(name))
        }
        resolved => resolved,
    }
}

/// After a crash in the middle of a rotation, gives the new file its name.
fn finish_rotation(path: &Path) -> io::Result<()> {
    let new = file::beside(path, "new");
    let is_missing =
        |path: &Path| fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_missing(path) && !is_missing(&new) {
        fs::rename(&new, path)?;
    }
    Ok(())
}

/// A deleted file takes lines that nobody will read.
fn has_name(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    return std::os::unix::fs::MetadataExt::nlink(metadata) > 0;
    #[cfg(not(unix))]
    return !metadata.is_dir();
}
