use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::RelPath;

#[cfg_attr(unix, path = "unix.rs")]
#[cfg_attr(not(unix), path = "elsewhere.rs")]
mod folder;

use folder::Folder;

/// A folder whose files are reached by [`RelPath`], and nothing outside of it, whatever symbolic links somebody puts there.
///
/// ```no_run
/// use palisade::validate::{BaseDir, RelPath};
/// use std::io::Read;
///
/// let uploads = BaseDir::open("/srv/uploads")?; // once, at start
///
/// let path = RelPath::parse("ann/avatar.png")?; // untrusted
/// let mut picture = Vec::new();
/// uploads.open_beneath(&path)?.take(1 << 20).read_to_end(&mut picture)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Each component is opened in the folder that was opened before it, and none may be a symbolic link: there is no moment
/// between a check and a use in which somebody could put a link in the way. Devices, pipes and sockets are refused without
/// waiting for anybody. Hard links and mounts are not told from files: who may write here can link any file of the same disk
/// that the system lets him link, which on Linux `fs.protected_hardlinks` keeps to his own.
///
/// On systems that are not Unix it answers [`BaseDirErrorKind::Unsupported`].
#[derive(Debug)]
pub struct BaseDir(Folder);

/// Why a file below a folder was not opened. The path is not repeated.
#[derive(Clone, Debug)]
pub struct BaseDirError {
    kind: BaseDirErrorKind,
    source: Option<Arc<io::Error>>,
}

/// What went wrong, as a program can act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BaseDirErrorKind {
    /// There is nothing of that name.
    NotFound,
    /// There is something already where a file was to be made.
    Exists,
    /// A link is in the way; or it is a folder, a device, a pipe or a socket, or goes through a file.
    NotAFile,
    /// This process may not open it.
    Denied,
    /// The system cannot open files beneath a folder.
    Unsupported,
    /// The system could not; see the source.
    Unavailable,
}

impl BaseDir {
    /// The folder at `path`, which comes from the application: links on the way to it are followed.
    ///
    /// # Errors
    /// There is none, or it may not be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BaseDirError> {
        Folder::open(path.as_ref()).map(Self)
    }

    /// The file at `path`, for reading.
    ///
    /// # Errors
    /// There is none, it is no regular file, or a link is on the way.
    pub fn open_beneath(&self, path: &RelPath) -> Result<File, BaseDirError> {
        self.0.open_beneath(path)
    }

    /// A new file at `path`, for writing, which its owner alone may read; folders that are missing are made, up to 511 of them
    /// for the longest path: where that is too deep, count [`components`](RelPath::components).
    ///
    /// # Errors
    /// There is something already, a link is on the way, or the disk is full or not to be written.
    pub fn create_beneath(&self, path: &RelPath) -> Result<File, BaseDirError> {
        self.0.create_beneath(path)
    }
}

impl BaseDirError {
    /// What went wrong.
    pub const fn kind(&self) -> BaseDirErrorKind {
        self.kind
    }
}

impl From<BaseDirErrorKind> for BaseDirError {
    fn from(kind: BaseDirErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for BaseDirError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            BaseDirErrorKind::NotFound => "there is no such file",
            BaseDirErrorKind::Exists => "there is such a file already",
            BaseDirErrorKind::NotAFile => "it is no regular file, or a link is on the way",
            BaseDirErrorKind::Denied => "the file may not be opened",
            BaseDirErrorKind::Unsupported => "files beneath a folder are for systems of Unix",
            BaseDirErrorKind::Unavailable => "the file could not be opened",
        })
    }
}

impl std::error::Error for BaseDirError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| &**error as _)
    }
}
