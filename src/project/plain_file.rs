//! Files under names that anyone can guess: never opened through a link, and only if they are plain files.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::ProjectError;

/// Opens a file that is there, or makes it for this user alone. What it holds stays.
///
/// A link, a pipe, a device, a folder, or a file that has another name besides (hard link) is an error: whoever put it
/// there would have us write into something else.
pub(super) fn open_or_make(path: &Path) -> Result<File, ProjectError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        // A pipe without a reader is not waited for.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    #[cfg(not(unix))]
    check_absent_or_plain(path)?;
    let failed = |error: io::Error| {
        if is_loop(&error) {
            ProjectError::InTheWay(path.to_owned())
        } else {
            ProjectError::from_io(path, error)
        }
    };
    let file = options.open(path).map_err(failed)?;
    if is_plain(&file.metadata().map_err(failed)?) {
        Ok(file)
    } else {
        Err(ProjectError::InTheWay(path.to_owned()))
    }
}

/// Refuses anything under this name that is not a plain file. No file is fine.
pub(super) fn check_absent_or_plain(path: &Path) -> Result<(), ProjectError> {
    match path.symlink_metadata() {
        Ok(metadata) if is_plain(&metadata) => Ok(()),
        Ok(_) => Err(ProjectError::InTheWay(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(ProjectError::from_io(path, error)),
    }
}

#[cfg(unix)]
fn is_plain(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    metadata.is_file() && metadata.nlink() <= 1
}

#[cfg(not(unix))]
fn is_plain(metadata: &Metadata) -> bool {
    metadata.is_file()
}

/// Whether a file was not opened because its name is a link.
#[cfg(unix)]
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

#[cfg(not(unix))]
fn is_loop(_error: &io::Error) -> bool {
    false
}
