use std::fs::{File, OpenOptions, TryLockError, create_dir_all};
use std::path::{Path, PathBuf};

use super::OpenError;

/// A directory that this process has locked.
pub(super) struct Directory {
    path: PathBuf,
    // The lock is released with the file.
    _lock: File,
}

impl Directory {
    /// Creates the directory if it is missing, and locks it.
    pub(super) fn lock(path: &Path) -> Result<Self, OpenError> {
        let unwritable = |source| OpenError::Directory { path: path.to_owned(), source };
        create_dir_all(path).map_err(unwritable)?;
        let file = path.join("journal.lock");
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(file).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => Err(unwritable(source)),
        }
    }

    /// The journal's file.
    pub(super) fn journal(&self) -> PathBuf {
        self.path.join("journal.sqlite")
    }
}
