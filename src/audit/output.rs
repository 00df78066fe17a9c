//! Where lines go: any writer, or a file that is rolled back, synced and rotated.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::line::{self, MAX_LINE};
use super::{AuditError, AuditErrorKind};
use crate::config::Watcher;
use crate::file;
use crate::sync::{Mutex, MutexGuard};

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
    /// Lines since it was last looked whether the path still leads here.
    unchecked: u32,
    rotate_at: Option<u64>,
    fsync: Fsync,
    syncing: Arc<Syncing>,
    _watcher: Option<Watcher>,
    /// Unlocked when it is closed.
    _lock: File,
}

/// What the background syncing and the log share.
#[derive(Debug)]
struct Syncing {
    path: PathBuf,
    file: Mutex<Arc<File>>,
    is_dirty: AtomicBool,
    /// The path leads to another file now, or to none.
    is_moved: AtomicBool,
    failed: Mutex<Option<io::Error>>,
}

/// The end of a file.
pub(super) struct Tail {
    /// The line that starts the file; `None` when that is not whole.
    pub(super) first: Option<Vec<u8>>,
    /// The line before the last, if there is one.
    pub(super) before: Vec<u8>,
    /// The last whole line.
    pub(super) last: Vec<u8>,
    /// What is after it.
    pub(super) torn: Vec<u8>,
}

impl LogFile {
    /// Opens or makes the file, after locking it against others.
    pub(super) fn open(path: &Path, rotate_at: Option<u64>, fsync: Fsync) -> Result<Self, AuditError> {
        let path = resolve(path)?;
        let lock = file::lock(&path, file::MOMENT)?.ok_or(AuditErrorKind::Locked)?;
        finish_change(&path)?;
        let file = Arc::new(file::private().read(true).append(true).create(true).open(&path)?);
        if let Some(folder) = file::open_folder(&path)? {
            folder.sync_all()?; // the file's name, if it is new
        }
        let len = file.metadata()?.len();
        let syncing = Arc::new(Syncing {
            path: path.clone(),
            file: Mutex::new(Arc::clone(&file)),
            is_dirty: AtomicBool::new(false),
            is_moved: AtomicBool::new(false),
            failed: Mutex::default(),
        });
        let watcher = match fsync {
            Fsync::Every(interval) => {
                let shared = Arc::clone(&syncing);
                Some(Watcher::every(interval.max(Duration::from_millis(1)), move || shared.sync())?)
            }
            Fsync::Each | Fsync::Never => None,
        };
        let (is_torn, unchecked) = (false, 0);
        Ok(Self {
            path,
            file,
            len,
            is_torn,
            unchecked,
            rotate_at,
            fsync,
            syncing,
            _watcher: watcher,
            _lock: lock,
        })
    }

    /// The lines that tell where the chain stands; `None` for an empty file.
    pub(super) fn tail(&self) -> Result<Option<Tail>, AuditError> {
        Tail::of(&self.file, self.len)
    }

    /// Finds a record by its number, by halving: numbers only grow.
    pub(super) fn find(&self, seq: u64) -> Result<Option<Vec<u8>>, AuditError> {
        let step = MAX_LINE as u64;
        let (mut low, mut high) = (0, self.len); // the record begins at `low` or after it, and before `high`
        while high - low > 4 * step {
            let middle = low + (high - low) / 2;
            let bytes = read_at(&self.file, middle, 2 * step)?;
            let Some(next) = bytes.iter().position(|byte| *byte == b'\n') else { return Ok(None) };
            let line = bytes.get(next + 1..).unwrap_or_default().split(|byte| *byte == b'\n').next();
            match line.and_then(line::outline) {
                Some(outline) if outline.seq <= seq => low = middle + next as u64 + 1,
                Some(_) => high = middle + next as u64 + 1,
                None => return Ok(None),
            }
        }
        let bytes = read_at(&self.file, low, high - low + step)?;
        let mut lines = bytes.split(|byte| *byte == b'\n');
        let found = lines.find(|line| line::outline(line).is_some_and(|outline| outline.seq == seq));
        Ok(found.map(<[u8]>::to_vec))
    }

    /// Cuts off what a crash left of a line.
    pub(super) fn cut(&mut self, torn: usize) -> Result<(), AuditError> {
        let len = self.len.saturating_sub(torn as u64);
        self.set_len(len)?;
        self.file.sync_all()?;
        self.len = len;
        Ok(())
    }

    /// A free name for a file that cannot be continued.
    pub(super) fn aside(&self, now: Duration) -> Result<PathBuf, AuditError> {
        let names =
            (0..1000).map(|number| file::beside(&self.path, format!("damaged-{}-{number}", now.as_secs())));
        let mut free = names.filter(|path| fs::symlink_metadata(path).is_err());
        Ok(free.next().ok_or(AuditErrorKind::Damaged)?)
    }

    /// Gives the file another name and begins a new one with `content`. A crash in between leaves no file of this
    /// name, which [`finish_change`] mends.
    pub(super) fn change_file(&mut self, other: &Path, content: &[u8]) -> io::Result<()> {
        let (new, mut file) = file::create_new_beside(&self.path)?;
        file.set_permissions(self.file.metadata()?.permissions())?;
        file.write_all(content)?;
        file.sync_all()?;
        drop(file);
        let file = file::private().read(true).append(true).open(&new)?;
        let folder = file::open_folder(&self.path)?;
        let sync_folder = || folder.as_ref().map_or(Ok(()), File::sync_all);
        sync_folder()?;
        let syncing = Arc::clone(&self.syncing);
        let mut current = syncing.file(); // so that nobody looks at the path meanwhile
        fs::rename(&self.path, other)?;
        if let Err(error) = fs::rename(&new, &self.path) {
            fs::rename(other, &self.path)?;
            return Err(error);
        }
        (self.file, self.len, self.is_torn) = (Arc::new(file), content.len() as u64, false);
        *current = Arc::clone(&self.file);
        drop(current);
        // The chain goes on in the new file now. That its name may not last is told with the next event.
        if let Err(error) = sync_folder() {
            *self.syncing.failed() = Some(error);
        }
        Ok(())
    }

    /// Takes back what was written of a line, so that the file ends where it did.
    fn roll_back(&mut self, attempted: u64) -> Result<(), AuditError> {
        let len = self.file.metadata()?.len();
        if len < self.len || len > self.len.saturating_add(attempted) {
            return Err(AuditErrorKind::Changed.into());
        }
        if len > self.len {
            self.set_len(self.len)?;
        }
        self.is_torn = false;
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        // Windows lets nobody shorten a file through a handle that only appends.
        if cfg!(windows) {
            OpenOptions::new().write(true).open(&self.path)?.set_len(len)
        } else {
            self.file.set_len(len)
        }
    }

    /// Whether the file is as we left it, and where we left it.
    fn check(&mut self) -> Result<(), AuditError> {
        self.unchecked += 1;
        if self.unchecked >= CHECK_EVERY || self.fsync == Fsync::Each {
            self.unchecked = 0;
            self.syncing.look(&self.file.metadata()?);
        }
        let (len, has_name) = state(&self.file)?;
        if len != self.len || !has_name || self.syncing.is_moved.load(Ordering::Acquire) {
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
        let failed_before = self.syncing.failed().take();
        self.syncing.is_dirty.store(false, Ordering::Release);
        self.file.sync_data()?;
        failed_before.map_or(Ok(()), Err)
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
        let archive = archive(&self.path, last);
        if fs::symlink_metadata(&archive).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.syncing.look(&self.file.metadata()?);
        if self.syncing.is_moved.load(Ordering::Acquire) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.file.sync_all()?;
        self.change_file(&archive, line)
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
        let file = Arc::clone(&self.file());
        if self.is_dirty.swap(false, Ordering::AcqRel)
            && let Err(error) = file.sync_data()
        {
            *self.failed() = Some(error);
        }
        // A rotation under way changes both: only what is seen while the file is the same counts.
        if let Ok(metadata) = file.metadata() {
            let current = self.file();
            if Arc::ptr_eq(&file, &current) {
                self.look(&metadata);
            }
        }
    }

    /// Looks whether the path still leads to the file. Elsewhere than on Unix files have no identity to compare.
    fn look(&self, open: &Metadata) {
        let found = fs::symlink_metadata(&self.path);
        #[cfg(unix)]
        let is_same = {
            use std::os::unix::fs::MetadataExt;
            found.is_ok_and(|found| (found.dev(), found.ino()) == (open.dev(), open.ino()))
        };
        #[cfg(not(unix))]
        let is_same = found.is_ok_and(|found| found.file_type() == open.file_type());
        self.is_moved.store(!is_same, Ordering::Release);
    }

    fn file(&self) -> MutexGuard<'_, Arc<File>> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> MutexGuard<'_, Option<io::Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    fn of(file: &File, len: u64) -> Result<Option<Self>, AuditError> {
        if len == 0 {
            return Ok(None);
        }
        let mut first = read_at(file, 0, MAX_LINE as u64)?;
        let end = first.iter().position(|byte| *byte == b'\n');
        first.truncate(end.unwrap_or_default());
        let first = end.map(|_| first);

        // What is torn and two whole lines.
        let window = WINDOW.min(len);
        let bytes = read_at(file, len - window, window)?;
        let mut lines = bytes.rsplit(|byte| *byte == b'\n');
        let torn = lines.next().unwrap_or_default().to_vec();
        let last = lines.next().unwrap_or_default().to_vec();
        let before = lines.next().unwrap_or_default().to_vec();
        Ok(Some(Self { first, before, last, torn }))
    }
}

fn read_at(mut file: &File, offset: u64, len: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(offset))?;
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// All files of a log, oldest first, as one: what rotation made of it, and the one that is written now.
///
/// ```
/// use palisade::audit::{self, AuditLog, Event};
/// use palisade::keys::KeyRing;
///
/// # let folder = std::env::temp_dir().join(format!("palisade-files-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("audit.jsonl");
/// let ring = KeyRing::generate()?;
/// let log = AuditLog::builder(&ring).rotate_at(2000).open(&path)?;
/// (0..20).try_for_each(|_| log.record(Event::authentication_failure()))?;
///
/// let verified = audit::verify(audit::read_all(&path)?, &ring)?;
/// assert_eq!(verified.first, 0);
/// # drop(log);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`io::Error`] when the folder or a file cannot be read.
pub fn read_all(path: impl AsRef<Path>) -> io::Result<impl Read> {
    let path = fs::canonicalize(path)?;
    let mut numbers: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(path.parent().unwrap_or(Path::new(".")))? {
        let found = entry?.path();
        let number =
            found.extension().and_then(|number| number.to_str()).and_then(|number| number.parse().ok());
        if let Some(number) = number.filter(|number| archive(&path, *number) == found) {
            numbers.push((number, found));
        }
    }
    numbers.sort();
    let parts = numbers.into_iter().map(|(_, path)| path).chain([path]);
    let mut all: Box<dyn Read> = Box::new(io::empty());
    for part in parts {
        all = Box::new(all.chain(File::open(part)?));
    }
    Ok(all)
}

/// What a file is called when its last record is of this number.
fn archive(path: &Path, last: u64) -> PathBuf {
    file::beside(path, format!("{last:012}"))
}

/// One name for the file, whatever links lead to it, so that all mean one lock; it need not be there yet.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::canonicalize(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            resolved => return resolved,
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(folder)?;
        // A link that leads nowhere yet: the file will be made where it leads.
        match fs::read_link(&path) {
            Ok(target) => path = folder.join(target),
            Err(_) => return Ok(folder.join(path.file_name().ok_or(io::ErrorKind::InvalidInput)?)),
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// After a crash in the middle of a rotation or setting aside, gives the new file its name; and removes one that a
/// crash left before it came to that.
fn finish_change(path: &Path) -> Result<(), AuditError> {
    let new = file::beside(path, "new");
    let is_missing =
        |path: &Path| fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_missing(&new) {
        return Ok(());
    }
    let is_next = || -> Result<bool, AuditError> {
        let file = File::open(&new)?;
        let Some(tail) = Tail::of(&file, file.metadata()?.len())? else { return Ok(false) };
        let Some(outline) = tail.first.as_deref().and_then(line::outline) else { return Ok(false) };
        let Some(start) = outline.start else { return Ok(false) };
        match outline.seq.checked_sub(1) {
            None => Ok(true), // what was set aside has been moved away already
            Some(last) => {
                let file = File::open(archive(path, last))?;
                let end = Tail::of(&file, file.metadata()?.len())?;
                let end = end.as_ref().and_then(|end| line::outline(&end.last));
                Ok(end.is_some_and(|end| end.mac == start.before))
            }
        }
    };
    if is_missing(path) && is_next().unwrap_or(false) {
        fs::rename(&new, path)?;
    } else {
        fs::remove_file(&new)?;
    }
    Ok(())
}

/// How long a file is, and whether a name leads to it: a deleted one takes lines that nobody will read.
///
/// Linux is not asked for times: since 6.13, a file whose times were asked for writes its inode with the next line, and an event
/// takes 3.4 µs instead of 2.7 (2026-11-24, ext4).
fn state(file: &File) -> io::Result<(u64, bool)> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{AtFlags, StatxFlags, statx};
        let asked = StatxFlags::SIZE | StatxFlags::NLINK;
        if let Ok(state) = statx(file, c"", AtFlags::EMPTY_PATH, asked)
            && state.stx_mask & asked.bits() == asked.bits()
        {
            return Ok((state.stx_size, state.stx_nlink > 0));
        }
    }
    // Also where a sandbox has no such call.
    let metadata = file.metadata()?;
    #[cfg(unix)]
    let has_name = std::os::unix::fs::MetadataExt::nlink(&metadata) > 0;
    #[cfg(not(unix))]
    let has_name = !metadata.is_dir();
    Ok((metadata.len(), has_name))
}

/// Bytes at the end of a file that are looked at when it is opened.
const WINDOW: u64 = 4 * MAX_LINE as u64;
/// Lines after which it is looked whether the path still leads to the file, a system call of its own.
const CHECK_EVERY: u32 = 64;
/// As Linux follows.
const MAX_LINKS: usize = 40;
