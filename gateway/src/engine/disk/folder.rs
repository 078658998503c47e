//! The folder of the data: its lock, and its names.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A folder that no other process uses.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// Locked until it is closed, also by the death of the process.
    _lock: File,
}

impl Folder {
    /// Creates the folder if it does not exist, and locks it.
    ///
    /// # Errors
    /// A sentence that says why it cannot be used.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let shown = path.display();
        create(path).map_err(|error| format!("data-dir {shown}: cannot create it: {error}"))?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("lock"))
            .map_err(|error| format!("data-dir {shown}: cannot write into it: {error}"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(path.join("lock")).unwrap_or_default();
                return Err(format!(
                    "data-dir {shown}: process {} uses it: each gateway needs a folder of its own",
                    holder.trim()
                ));
            }
            Err(TryLockError::Error(error)) => {
                return Err(format!("data-dir {shown}: cannot lock it: {error}"));
            }
        }
        // For the error of the next process only, so a full disk must not matter.
        let _ = lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id()));
        Ok(Self { path: path.into(), _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file of the database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("history.db")
    }

    /// Returns the file of what is not in the database yet.
    pub(crate) fn journal(&self) -> PathBuf {
        self.path.join("history.db-wal")
    }

    /// Returns the file with the order of the last log.
    pub(crate) fn head(&self) -> PathBuf {
        self.path.join("head")
    }

    /// Returns the bytes of database and journal.
    pub(crate) fn bytes(&self) -> u64 {
        let files = [self.database(), self.journal()];
        files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum()
    }
}

#[cfg(unix)]
#[allow(clippy::useless_conversion, reason = "the numbers have 32 bits on other systems")]
impl Folder {
    /// Returns the bytes that its file system has room for, if it says so.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        let found = nix::sys::statvfs::statvfs(&self.path).ok()?;
        u64::from(found.blocks_available()).checked_mul(u64::from(found.fragment_size()))
    }
}

#[cfg(not(unix))]
impl Folder {
    /// Returns `None`: only Unix is asked.
    pub(crate) fn free_bytes(&self) -> Option<u64> {
        None
    }
}

/// Creates a folder that only this user can read, and makes its entry in its parent durable.
fn create(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}
