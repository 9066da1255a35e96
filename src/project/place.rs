//! Where a project file really is, and who has it open in this process.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::ProjectError;

/// The files that this process has open as projects.
static OPEN_HERE: Mutex<Vec<OpenFile>> = Mutex::new(Vec::new());

/// Device and inode.
type Identity = (u64, u64);

#[derive(Clone, Debug, PartialEq, Eq)]
struct OpenFile {
    path: PathBuf,
    /// `None` on systems that do not tell.
    identity: Option<Identity>,
}

/// Endings of the names of a project's files: the file itself, SQLite's log, its index and journal, and the lock.
const OWN_FILES: [&str; 5] = ["", "-wal", "-shm", "-journal", ".lock"];

/// More links in a row than any system follows.
const MAX_LINKS: usize = 40;

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
pub(super) struct OpenHere(Option<OpenFile>);

impl OpenHere {
    /// Notes that this process opens the file, without opening it.
    pub fn note(path: &Path) -> Result<Self, ProjectError> {
        let metadata = fs::metadata(path).map_err(|error| ProjectError::from_io(path, error))?;
        if !metadata.is_file() {
            // Before anything is opened: opening a named pipe would wait for somebody to write into it.
            return Err(ProjectError::NotAProject(path.to_owned()));
        }
        let file = OpenFile { path: path.to_owned(), identity: identity(&metadata) };
        let mut open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        if file.identity.is_some() && open.iter().any(|other| other.identity == file.identity) {
            return Err(ProjectError::Locked { pid: Some(std::process::id()) });
        }
        open.push(file.clone());
        Ok(Self(Some(file)))
    }
}

impl Drop for OpenHere {
    fn drop(&mut self) {
        let Some(file) = self.0.take() else { return };
        let mut open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(index) = open.iter().position(|other| *other == file) {
            open.swap_remove(index);
        }
    }
}

/// Whether a file at this place is one of a project that this process has open, under whatever name.
pub fn is_of_open_project(place: &Path) -> bool {
    let open = OPEN_HERE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    open.iter().any(|file| {
        file.identity.is_some() && file.identity == identity_of(place) || is_of_project(&file.path, place)
    })
}

/// Whether a file at this place is, or would be, one of this project: the file itself, its log or its lock.
pub fn is_of_project(project: &Path, place: &Path) -> bool {
    let project = final_place(project);
    OWN_FILES.iter().any(|ending| {
        let mut own = project.clone().into_os_string();
        own.push(ending);
        is_same_place(Path::new(&own), place)
    })
}

/// Whether two paths lead to the same file, or would, where it is not there yet.
pub fn is_same_place(one: &Path, other: &Path) -> bool {
    match (identity_of(one), identity_of(other)) {
        (Some(one), Some(other)) => one == other,
        _ => spot(one).is_some_and(|one| Some(one) == spot(other)),
    }
}

/// Where a path ends when its last name is a link, whether or not something is there.
pub fn final_place(path: &Path) -> PathBuf {
    let mut place = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = fs::read_link(&place) else { break };
        place = place.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
    }
    place
}

/// The one spelling of a path whose folder exists.
fn spot(path: &Path) -> Option<PathBuf> {
    canonical_for_new(&final_place(path)).ok()
}

fn identity_of(path: &Path) -> Option<Identity> {
    fs::metadata(path).ok().as_ref().and_then(identity)
}

/// Whether the file has several names (hard links).
#[cfg(unix)]
pub(super) fn has_other_names(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.nlink() > 1)
}

/// The standard library does not report it there; the lock on the file holds under every name all the same.
#[cfg(not(unix))]
pub(super) fn has_other_names(_path: &Path) -> bool {
    false
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "other systems have no such number")]
fn identity(metadata: &fs::Metadata) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// Closing a handle takes no lock of another one away there.
#[cfg(not(unix))]
fn identity(_metadata: &fs::Metadata) -> Option<Identity> {
    None
}
