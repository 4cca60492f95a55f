use std::path::{Path, PathBuf};

use crate::engine::embedded::journal::JournalError;

/// Where a file lay when it was opened. What is written to one that was moved or removed since then is
/// not found by the next process.
pub(super) struct Place {
    path: PathBuf,
    file: Option<FileId>,
}

/// Tells a file from others that had its path, or will have it.
type FileId = (u64, u64);

impl Place {
    /// Of the file that has just been opened at `path`.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { file: file_at(&path), path }
    }

    /// The file is still there. It is looked at by its path alone: to open it and close it again would
    /// take SQLite's locks away.
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

/// Elsewhere a file that is open can neither be moved nor removed.
#[cfg(not(unix))]
fn file_at(_: &Path) -> Option<FileId> {
    Some((0, 0))
}
