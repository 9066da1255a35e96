//! Temporary project folders: of a practice project, and for the ledger of a copy without a project file.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::project::{Abandoned, remove_abandoned};

/// The prefix of their names.
const COPY: &str = "mailferry-copy-";
const PRACTICE: &str = "mailferry-practice-";
/// Age from which a folder without a project is considered abandoned.
const SURELY_ABANDONED: Duration = Duration::from_hours(24);

/// A folder for the ledger of a copy without a project file. Deleted on drop.
pub fn temporary_project() -> io::Result<TempDir> {
    private_folder(COPY)
}

/// A folder for a practice project: below `kept`, which is made where it is missing, or else with the temporary files.
pub(in crate::engine) fn practice_folder(kept: Option<&Path>) -> io::Result<TempDir> {
    let Some(kept) = kept else { return private_folder(PRACTICE) };
    fs::create_dir_all(kept)?;
    private(PRACTICE).tempdir_in(kept)
}

/// Deletes the folder of a practice project with everything in it. False if the project is open, or is not this user's.
pub(in crate::engine) fn remove_rehearsal(folder: &Path) -> io::Result<bool> {
    match remove_abandoned(folder).map_err(io::Error::other)? {
        Abandoned::Removed | Abandoned::NoProject => fs::remove_dir_all(folder).map(|()| true),
        Abandoned::InUse | Abandoned::NotOurs => Ok(false),
    }
}

/// Removes what killed runs left behind. Returns how many ledgers these were.
pub fn remove_abandoned_projects() -> usize {
    let folder = std::env::temp_dir();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::debug!(%error, "leftovers of earlier runs cannot be searched in {}", folder.display());
            return 0;
        }
    };
    let mut copies = 0;
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_copy = name.starts_with(COPY);
        if is_copy || name.starts_with(PRACTICE) {
            let is_removed = remove(&path, is_copy);
            copies += usize::from(is_removed && is_copy);
        }
    }
    copies
}

/// False if the folder is in use, belongs to somebody else, or cannot be deleted.
fn remove(path: &Path, is_copy: bool) -> bool {
    let outcome = match remove_abandoned(path) {
        // A practice project is deleted with everything in it. Messages saved as files by a copy stay.
        Ok(Abandoned::Removed) if is_copy => fs::remove_dir(path).or(Ok(())).map(|()| true),
        Ok(Abandoned::Removed) => fs::remove_dir_all(path).map(|()| true),
        Ok(Abandoned::NoProject) if is_old(path) => fs::remove_dir(path).or(Ok(())).map(|()| false),
        Ok(Abandoned::NoProject | Abandoned::InUse | Abandoned::NotOurs) => Ok(false),
        Err(error) => {
            tracing::debug!(%error, "{} stays", path.display());
            return false;
        }
    };
    outcome.unwrap_or_else(|error: io::Error| {
        tracing::debug!(%error, "{} stays", path.display());
        false
    })
}

fn is_old(path: &Path) -> bool {
    let changed = fs::symlink_metadata(path).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > SURELY_ABANDONED))
}

/// Creates a folder only this user can access.
fn private_folder(prefix: &str) -> io::Result<TempDir> {
    private(prefix).tempdir()
}

fn private(prefix: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder
}
