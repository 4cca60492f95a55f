use std::path::{Path, PathBuf};

use crate::engine::embedded::journal::JournalError;

/// The path and identity of an open file. If it is moved or removed, the next process does not find what
/// is written to it.
pub(super) struct Place {
    path: PathBuf,
    file: Option<FileId>,
}

/// Distinguishes a file from others that had or will have its path.
type FileId = (u64, u64);

impl Place {
    /// The place of the file that has just been opened at `path`.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { file: file_at(&path), path }
    }

    /// Checks that the file is still there, by its path alone: opening and closing it would release
    /// SQLite's locks.
    pub(super) fn require(&self) -> Result<(), JournalError> {
        if self.file.is_some() && file_at(&self.path) == self.file {
            Ok(())
        } else {
            Err(JournalError(format!("`{}` was moved or removed while it was open", self.path.display())))
        }
    }
}

#[cfg(unix)]
fn file_at(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    path.metadata().ok().map(|file| (file.dev(), file.ino()))
}

/// On other systems an open file can be neither moved nor removed.
#[cfg(not(unix))]
fn file_at(_: &Path) -> Option<FileId> {
    Some((0, 0))
}
