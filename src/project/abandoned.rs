//! Temporary projects whose program was killed.

use std::fs;
use std::path::{Path, PathBuf};

use super::ProjectError;
use super::guard::beside;
use super::lock::FileLock;

/// What became of a folder that may have been left behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// Nobody had its project open, and the project is gone.
    Removed,
    /// Its project is open.
    InUse,
    /// It holds no project.
    NoProject,
    /// It is no folder of this user.
    NotOurs,
}

/// Removes the project in this folder, with what SQLite keeps beside it, where nobody has it open. Anything else that
/// is in the folder stays.
pub fn remove_abandoned(folder: &Path) -> Result<Abandoned, ProjectError> {
    let metadata = fs::symlink_metadata(folder).map_err(|error| ProjectError::from_io(folder, error))?;
    if !metadata.is_dir() || !is_own(&metadata) {
        return Ok(Abandoned::NotOurs);
    }
    let Some(project) = project_in(folder)? else { return Ok(Abandoned::NoProject) };
    let _lock = match FileLock::of_project(&project) {
        Ok(lock) => lock,
        Err(ProjectError::Locked { .. }) => return Ok(Abandoned::InUse),
        Err(error) => return Err(error),
    };
    for suffix in ["-wal", "-shm", "-journal", ""] {
        let path = beside(&project, suffix);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(ProjectError::from_io(&path, error));
            }
            _ => {}
        }
    }
    Ok(Abandoned::Removed)
}

fn project_in(folder: &Path) -> Result<Option<PathBuf>, ProjectError> {
    let failed = |error| ProjectError::from_io(folder, error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "mailferry") {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

#[cfg(unix)]
fn is_own(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::uid(metadata) == rustix::process::geteuid().as_raw()
}

/// A temporary folder is the user's own there.
#[cfg(not(unix))]
fn is_own(_metadata: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::super::Project;
    use super::*;
    use crate::values::DomainName;

    #[test]
    fn a_project_that_nobody_has_open_goes_and_what_is_beside_it_stays() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("copy.mailferry");
        assert_eq!(remove_abandoned(temp.path()).unwrap(), Abandoned::NoProject);
        let domain = DomainName::parse("example.org").unwrap();
        let project = Project::create(&path, &domain, false).unwrap();
        assert_eq!(remove_abandoned(temp.path()).unwrap(), Abandoned::InUse);
        assert!(path.exists());
        drop(project);
        fs::create_dir(temp.path().join("copy-exported")).unwrap();
        fs::write(beside(&path, "-wal"), "x").unwrap();
        assert_eq!(remove_abandoned(temp.path()).unwrap(), Abandoned::Removed);
        let left: Vec<_> =
            fs::read_dir(temp.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["copy-exported"]);
        #[cfg(unix)]
        {
            let link = temp.path().join("link");
            std::os::unix::fs::symlink(temp.path(), &link).unwrap();
            assert_eq!(remove_abandoned(&link).unwrap(), Abandoned::NotOurs);
        }
    }
}
