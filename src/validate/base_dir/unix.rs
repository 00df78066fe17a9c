//! One component after the other, each in the folder before it, none through a link.

use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, mkdirat, open, openat, statat};
use rustix::io::Errno;

use super::{BaseDirError, BaseDirErrorKind};
use crate::validate::RelPath;

#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self, BaseDirError> {
        Ok(Self(open(path, FOLDER, Mode::empty())?))
    }

    pub(super) fn open_beneath(&self, path: &RelPath) -> Result<File, BaseDirError> {
        // Not blocking: nobody has to come to the other end of a pipe.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | EXACT;
        let file = self.descend(path, false, |folder, name| {
            // To open a pipe lets go who waits at its other end, and to open a device may move it.
            let stat = statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
            match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => openat(folder, name, flags, Mode::empty()),
                _ => Err(Errno::OPNOTSUPP),
            }
        })?;
        let file = File::from(file);
        if file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            Ok(file)
        } else {
            Err(BaseDirErrorKind::NotAFile.into())
        }
    }

    pub(super) fn create_beneath(&self, path: &RelPath) -> Result<File, BaseDirError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | EXACT;
        let owner = Mode::RUSR | Mode::WUSR;
        Ok(self.descend(path, true, |folder, name| openat(folder, name, flags, owner))?.into())
    }

    /// Does `at_the_end` with the last name, in the folder that the others lead to.
    fn descend(
        &self,
        path: &RelPath,
        makes_folders: bool,
        at_the_end: impl FnOnce(BorrowedFd<'_>, &str) -> Result<OwnedFd, Errno>,
    ) -> Result<OwnedFd, BaseDirError> {
        let mut names = path.components();
        let last = names.next_back().ok_or(BaseDirErrorKind::NotFound)?;
        let mut inner: Option<OwnedFd> = None;
        for name in names {
            let folder = inner.as_ref().unwrap_or(&self.0);
            if makes_folders
                && let Err(error) = mkdirat(folder, name, Mode::RWXU)
                && error != Errno::EXIST
            {
                return Err(error.into());
            }
            inner = Some(openat(folder, name, FOLDER | EXACT, Mode::empty())?);
        }
        Ok(at_the_end(inner.as_ref().unwrap_or(&self.0).as_fd(), last)?)
    }
}

impl From<Errno> for BaseDirError {
    fn from(error: Errno) -> Self {
        let kind = match error {
            Errno::NOENT => BaseDirErrorKind::NotFound,
            Errno::EXIST => BaseDirErrorKind::Exists,
            // A link where none may be: ELOOP, as POSIX has it; EMLINK on FreeBSD; ENOTDIR on Linux for a folder.
            Errno::LOOP | Errno::MLINK | Errno::NOTDIR | Errno::ISDIR | Errno::NXIO | Errno::OPNOTSUPP => {
                BaseDirErrorKind::NotAFile
            }
            Errno::ACCESS | Errno::PERM | Errno::ROFS => BaseDirErrorKind::Denied,
            _ => BaseDirErrorKind::Unavailable,
        };
        Self { kind, source: Some(Arc::new(error.into())) }
    }
}

/// The name itself and not what it links to; and not for programs that are started meanwhile.
const EXACT: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC);
const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);
