//! Where a project file really lies, and who has it open in this process.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::ProjectError;

/// Device and inode of the files that this process has open as projects.
static OPEN_HERE: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

/// The one path of an existing file, whatever symbolic link or spelling leads to it.
pub(super) fn canonical(path: &Path) -> Result<PathBuf, ProjectError> {
    fs::canonicalize(path).map(plain).map_err(|error| ProjectError::from_io(path, error))
}

/// The one path of a file that is to be made. A link in its place is left for the caller to refuse.
pub(super) fn canonical_for_new(path: &Path) -> Result<PathBuf, ProjectError> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let Some(name) = path.file_name() else { return Err(ProjectError::NotAProject(path.to_owned())) };
    match canonical(folder) {
        Ok(folder) => Ok(folder.join(name)),
        Err(ProjectError::Missing(_)) => Err(ProjectError::Missing(path.to_owned())),
        Err(error) => Err(error),
    }
}

/// Windows answers with `\\?\C:\...`, which few programs show or take; ordinary paths are the same without it.
#[cfg(windows)]
fn plain(path: PathBuf) -> PathBuf {
    const LONGEST_ORDINARY: usize = 240;
    let ordinary = path.to_str().and_then(|text| text.strip_prefix(r"\\?\")).filter(|text| {
        text.len() < LONGEST_ORDINARY && text.as_bytes().get(1) == Some(&b':') && !text.contains('/')
    });
    ordinary.map_or_else(|| path.clone(), PathBuf::from)
}

#[cfg(not(windows))]
fn plain(path: PathBuf) -> PathBuf {
    path
}

/// Keeps this process from opening a file twice, under whatever name.
///
/// POSIX locks belong to the process and are lost as soon as it closes *any* handle of the file. So a file that is
/// open as a project must not even be looked into a second time, or the lock of the first connection is gone.
#[derive(Debug)]
pub(super) struct OpenHere(Option<(u64, u64)>);

impl OpenHere {
    /// Notes that this process opens the file, without opening it.
    pub fn note(path: &Path) -> Result<Self, ProjectError> {
        let metadata = fs::metadata(path).map_err(|error| ProjectError::from_io(path, error))?;
        if !metadata.is_file() {
            // Before anything is opened: opening a named pipe would wait for somebody to write into it.
            return Err(ProjectError::NotAProject(path.to_owned()));
        }
        let Some(identity) = identity(&metadata) else { return Ok(Self(None)) };
        let mut open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        if open.insert(identity) {
            Ok(Self(Some(identity)))
        } else {
            Err(ProjectError::Locked { pid: Some(std::process::id()) })
        }
    }
}

impl Drop for OpenHere {
    fn drop(&mut self) {
        if let Some(identity) = self.0 {
            OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner).remove(&identity);
        }
    }
}

/// Whether the file has several names (hard links).
#[cfg(unix)]
pub(super) fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.nlink() > 1)
}

/// Not told by the standard library there; the lock on the file holds under every name all the same.
#[cfg(not(unix))]
pub(super) fn has_other_names(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no such number")]
fn identity(metadata: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// Closing a handle takes no lock of another one away there.
#[cfg(not(unix))]
fn identity(_metadata: &fs::Metadata) -> Option<(u64, u64)> {
    None
}
