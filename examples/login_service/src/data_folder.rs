use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The folder of what the service keeps, which nobody else on the machine reads.
pub(crate) struct DataFolder(PathBuf);

impl DataFolder {
    /// Opens the folder, or makes it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path)?;
        close_to_others(path)?;
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file that is not there yet, which its owner alone reads.
    pub(crate) fn write_new(&self, name: &str, content: &str) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(self.file(name))?;
        file.write_all(content.as_bytes())?;
        file.sync_all()
    }
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
