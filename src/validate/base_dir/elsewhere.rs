//! Systems without `openat`.

use std::convert::Infallible;
use std::fs::File;
use std::path::Path;

use super::{BaseDirError, BaseDirErrorKind};
use crate::validate::RelPath;

#[derive(Debug)]
pub(super) struct Folder(Infallible);

impl Folder {
    pub(super) fn open(_: &Path) -> Result<Self, BaseDirError> {
        Err(BaseDirErrorKind::Unsupported.into())
    }

    pub(super) fn open_beneath(&self, _: &RelPath) -> Result<File, BaseDirError> {
        match self.0 {}
    }

    pub(super) fn create_beneath(&self, _: &RelPath) -> Result<File, BaseDirError> {
        match self.0 {}
    }
}
