use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::ProjectError;
use super::plain_file::open_or_make;

/// A lock file holds the number of a process and a line end.
const MOST_BYTES: u64 = 20;

/// A lock file: beside a project, held as long as the project is open, or for an account that is written to.
///
/// The operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct FileLock {
    file: File,
    path: PathBuf,
}

impl FileLock {
    /// Takes the lock of this project file, or says which process has it.
    pub fn of_project(project: &Path) -> Result<Self, ProjectError> {
        Self::take(&lock_path(project)).map_err(|error| match error {
            ProjectError::Missing(_) => ProjectError::Missing(project.to_owned()),
            other => other,
        })
    }

    /// Takes the lock that is this file, or says which process has it.
    pub fn take(path: &Path) -> Result<Self, ProjectError> {
        // The holder removes the file when it lets go: a lock on a removed file is worth nothing, so try again.
        for _attempt in 0..10 {
            let mut file = open_or_make(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(ProjectError::Locked { pid: read_pid(&mut file) });
                }
                Err(TryLockError::Error(error)) => return Err(ProjectError::from_io(path, error)),
            }
            if is_still_at(&file, path) {
                if !is_lock_file(&mut file) {
                    return Err(ProjectError::InTheWay(path.to_owned()));
                }
                write_pid(&mut file).map_err(|error| ProjectError::from_io(path, error))?;
                return Ok(Self { file, path: path.to_owned() });
            }
        }
        Err(ProjectError::Locked { pid: None })
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Removed while still locked, so that nobody who just opened it takes it for the valid one.
        let removed = fs::remove_file(&self.path);
        let unlocked = self.file.unlock();
        if let Err(error) = removed.and(unlocked) {
            tracing::debug!(path = %self.path.display(), %error, "could not remove the lock file");
        }
    }
}

fn lock_path(project: &Path) -> PathBuf {
    let mut name = project.file_name().map_or_else(OsString::new, OsString::from);
    name.push(".lock");
    project.with_file_name(name)
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    // On Windows a locked file cannot be read; the message then names no process.
    file.take(MOST_BYTES).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

/// Whether the file holds what we write into it, or nothing. Anything else is somebody's, and stays as it is.
fn is_lock_file(file: &mut File) -> bool {
    let mut bytes = Vec::new();
    let is_read = file.rewind().and_then(|()| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    is_read.is_ok_and(|length| length as u64 <= MOST_BYTES)
        && bytes.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_whitespace())
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;

    let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(held), Ok(present)) => identity(held) == identity(present),
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_still_at(_file: &File, _path: &Path) -> bool {
    // An open file cannot be removed there.
    true
}
