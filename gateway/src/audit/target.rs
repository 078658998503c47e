//! The file of the audit log, which can be opened again at its path.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An open file, and where it is.
#[derive(Debug)]
pub(crate) struct Target {
    file: File,
    /// `None` for standard output, which no tool renames.
    path: Option<PathBuf>,
}

impl Target {
    /// Opens a file for appending, or standard output for `-`.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path == Path::new(STDOUT) {
            return Ok(Self { file: standard_output()?, path: None });
        }
        Ok(Self { file: append_to(path)?, path: Some(path.into()) })
    }

    /// Opens the file again at its path. If that fails, the old one stays in use.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn reopen(&mut self) -> io::Result<()> {
        if let Some(path) = &self.path {
            let file = append_to(path)?;
            // What was rotated must be complete.
            let _ = self.file.sync_data();
            self.file = file;
        }
        Ok(())
    }

    /// Writes some of `bytes`, and returns how many.
    ///
    /// # Errors
    /// When the system refuses.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            written => written,
        }
    }

    /// Writes to the disk what the system may still hold in memory.
    pub(crate) fn sync(&self) {
        // A pipe cannot be synced.
        let _ = self.file.sync_data();
    }
}

/// Only the gateway's own user may read who read what.
fn append_to(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Returns a handle of its own, whose lines a stalled reader of the address cannot delay.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

#[cfg(not(unix))]
fn standard_output() -> io::Result<File> {
    Err(io::Error::other("standard output is supported on Unix only: name a file"))
}

/// The path that stands for standard output.
pub(crate) const STDOUT: &str = "-";
