use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{ProcessError, ProcessErrorKind};

/// The programs that may be run, by name: no search path, and no name from outside, decides which file is started.
///
/// ```
/// use palisade::process::{ProcessErrorKind, Programs, StrictCommand};
///
/// # #[cfg(unix)] {
/// let programs = Programs::builder().program("git", "/usr/bin/git").build()?;
/// let error = StrictCommand::from(&programs, "/tmp/git").unwrap_err();
/// assert_eq!(error.kind(), ProcessErrorKind::UnknownProgram);
/// assert!(Programs::builder().program("git", "git").build().is_err()); // a path that is searched for
/// # }
/// # Ok::<(), palisade::process::ProcessError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Programs {
    paths: Arc<BTreeMap<&'static str, Arc<Path>>>,
}

/// Collects programs; see [`Programs::builder`].
#[derive(Clone, Debug, Default)]
pub struct ProgramsBuilder {
    programs: Vec<(&'static str, PathBuf)>,
}

impl Programs {
    /// A table without programs so far.
    pub fn builder() -> ProgramsBuilder {
        ProgramsBuilder::default()
    }

    /// The program's name in the table, which outlives it, and its path.
    pub(super) fn find(&self, name: &str) -> Result<(&'static str, Arc<Path>), ProcessError> {
        let found = self.paths.get_key_value(name);
        // The name may be from outside, so the error does not repeat it.
        let (name, path) = found.ok_or(ProcessError::new("", ProcessErrorKind::UnknownProgram))?;
        Ok((name, Arc::clone(path)))
    }
}

impl ProgramsBuilder {
    /// `name` is for the file at `path`, which need not exist yet.
    #[must_use]
    pub fn program(mut self, name: &'static str, path: impl Into<PathBuf>) -> Self {
        self.programs.push((name, path.into()));
        self
    }

    /// The table.
    ///
    /// # Errors
    /// A name stands twice, a path is not absolute, or it is a batch file.
    ///
    /// # Security
    /// Batch files of Windows, `.bat` and `.cmd`, are refused on every system: `cmd.exe` reads their arguments again, by rules
    /// for which no quoting is safe (CVE-2024-24576).
    pub fn build(self) -> Result<Programs, ProcessError> {
        let mut paths = BTreeMap::new();
        for (name, path) in self.programs {
            if !path.is_absolute() || path.file_name().is_none() {
                return Err(ProcessError::new(name, ProcessErrorKind::PathNotAbsolute));
            }
            if is_batch(&path) {
                return Err(ProcessError::new(name, ProcessErrorKind::Batch));
            }
            if paths.insert(name, Arc::from(path)).is_some() {
                return Err(ProcessError::new(name, ProcessErrorKind::NamedTwice));
            }
        }
        Ok(Programs { paths: Arc::new(paths) })
    }
}

/// Windows looks past dots and spaces at the end of a name, in any case, and before the name of a stream.
fn is_batch(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let name = name.split(':').next().unwrap_or_default().trim_end_matches(['.', ' ']);
    [".bat", ".cmd"].iter().any(|extension| name.ends_with(extension))
}
