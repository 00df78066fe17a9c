use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder of what the service keeps, which nobody else on the machine reads.
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// Opens the folder, or makes it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        close_to_others(path).or_else(|_| make(path))?;
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The path of a file that its owner alone reads, and that is empty if it was not there: SQLite makes its own for all.
    pub(crate) fn private_file(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.file(name);
        private().append(true).create(true).open(&path)?;
        Ok(path)
    }

    /// Writes a file that is not there yet.
    pub(crate) fn write_new(&self, name: &str, content: &str) -> io::Result<()> {
        let mut file = private().write(true).create_new(true).open(self.file(name))?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }
}

fn private() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "elsewhere files have the rights of their folder"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// What is made in the folder is as safe as the folder, whoever makes it with which mode.
#[cfg(unix)]
fn close_to_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
fn close_to_others(_: &Path) -> io::Result<()> {
    Ok(())
}
