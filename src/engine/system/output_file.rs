//! Writes every file a person requests: reports, lists, zone lines, facts, settings.
//!
//! A regular file is replaced completely or not at all, and keeps its mode and owner; a new one gets the mode that the umask
//! leaves. Devices and pipes are written directly, and a link keeps its target. A file of
//! a project is never overwritten. All of these are text, and untrusted words in them are cleaned.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

use crate::engine::api::clean_text::CleanText;
use crate::project::{final_place, is_of_open_project, is_of_project, is_project};

/// Why an output was not written.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The path belongs to a project, its log or its lock.
    #[error("it belongs to a project and must not be overwritten")]
    BelongsToProject,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl OutputError {
    /// The kind of the system error, if it is one.
    pub fn kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::BelongsToProject => None,
            Self::Io(error) => Some(error.kind()),
        }
    }
}

/// Refuses a path where an output would damage a project: this one, an open one, or any other.
pub fn check_output(path: &Path, project: Option<&Path>) -> Result<(), OutputError> {
    if project.is_some_and(|project| is_of_project(project, path)) || is_of_open_project(path) {
        return Err(OutputError::BelongsToProject);
    }
    // Only inspect regular files: opening a pipe would wait for the other end.
    let is_plain = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if is_plain && stream_of(path).is_none() && is_project(path) {
        return Err(OutputError::BelongsToProject);
    }
    Ok(())
}

/// Writes an output. On any error before the last step, an existing regular file is unchanged.
///
/// Creates missing parent folders.
pub fn write_output(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), OutputError> {
    if let Some(stream) = stream_of(path) {
        return Ok(seen_enough(through(stream, content))?);
    }
    check_output(path, None)?;
    let place = final_place(path);
    match std::fs::metadata(path) {
        Ok(old) if !old.is_file() || is_descriptor(path) => {
            Ok(seen_enough(through(OpenOptions::new().write(true).open(path)?, content))?)
        }
        Ok(old) => Ok(replace(&place, &old, content)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(make(&place, content)?),
        Err(error) => Err(error.into()),
    }
}

/// Writes a file with secrets: complete or not at all, and readable for its owner only, also where there was a file that
/// others could read. Streams, devices and pipes are refused, because somebody may look on.
pub fn write_private(
    path: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), OutputError> {
    let is_plain = |metadata: &Metadata| metadata.is_file() && !has_other_names(metadata);
    let is_in_the_way = std::fs::metadata(path).is_ok_and(|metadata| !is_plain(&metadata));
    if stream_of(path).is_some() || is_descriptor(path) || is_in_the_way {
        let words = "passwords go into a file of their own only";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, words).into());
    }
    check_output(path, None)?;
    let place = final_place(path);
    let folder = folder_of(&place);
    std::fs::create_dir_all(&folder)?;
    // A temporary file begins with the mode 0600.
    let mut file = NamedTempFile::new_in(&folder)?;
    fill(&mut file, content)?;
    file.persist(&place).map_err(|error| error.error)?;
    Ok(())
}

/// The names of the standard streams. Opening one may truncate the file a shell redirected it to, with everything
/// printed so far.
fn stream_of(path: &Path) -> Option<Box<dyn Write>> {
    match path.to_str()? {
        "/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1" => Some(Box::new(io::stdout())),
        "/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2" => Some(Box::new(io::stderr())),
        _ => None,
    }
}

/// Whether the path names an open file descriptor; the content is expected there.
fn is_descriptor(path: &Path) -> bool {
    ["/dev/fd", "/proc/self/fd"].iter().any(|folder| path.starts_with(folder))
}

fn through(stream: impl Write, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = CleanText::new(BufWriter::new(stream));
    content(&mut out)?;
    out.finish()
}

/// A reader at the other end of a pipe, such as `head`, may stop early.
fn seen_enough(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a new file that appears under its name only when it is complete.
fn make(place: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let folder = folder_of(place);
    std::fs::create_dir_all(&folder)?;
    let mut file = new_file(&folder)?;
    fill(&mut file, content)?;
    file.persist(place).map_err(|error| error.error)?;
    Ok(())
}

/// Replaces an existing file. If the new one could not match it (another owner, a hard link, a
/// read-only folder), the content is written into the old file after it is complete elsewhere.
fn replace(
    place: &Path,
    old: &Metadata,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    // A read-only file is not replaced either, although the folder would allow it.
    let target = OpenOptions::new().write(true).open(place)?;
    let beside = if has_other_names(old) { None } else { new_file(&folder_of(place)).ok() };
    if let Some(mut file) = beside
        && take_after(file.as_file(), old).is_ok()
    {
        fill(&mut file, content)?;
        // Set again, because writing may have cleared bits.
        file.as_file().set_permissions(old.permissions())?;
        file.persist(place).map_err(|error| error.error)?;
        return Ok(());
    }
    let mut whole = tempfile::tempfile()?;
    through(&mut whole, content)?;
    overwrite(target, whole)
}

fn overwrite(mut target: File, mut whole: File) -> io::Result<()> {
    use std::io::Seek as _;
    whole.rewind()?;
    target.set_len(0)?;
    io::copy(&mut whole, &mut target)?;
    target.sync_all()
}

fn fill(file: &mut NamedTempFile, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    through(file.as_file_mut(), content)?;
    file.as_file().sync_all()
}

fn folder_of(place: &Path) -> PathBuf {
    place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// A temporary file with the default mode of new files here.
#[cfg(unix)]
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;
    // The umask applies as for any new file.
    tempfile::Builder::new().permissions(std::fs::Permissions::from_mode(0o666)).tempfile_in(folder)
}

#[cfg(not(unix))]
fn new_file(folder: &Path) -> io::Result<NamedTempFile> {
    NamedTempFile::new_in(folder)
}

/// Gives a new file the owner and mode of the old one.
#[cfg(unix)]
fn take_after(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let new = file.metadata()?;
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(old.permissions())
}

#[cfg(not(unix))]
fn take_after(file: &File, old: &Metadata) -> io::Result<()> {
    file.set_permissions(old.permissions())
}

#[cfg(unix)]
fn has_other_names(old: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    old.nlink() > 1
}

#[cfg(not(unix))]
fn has_other_names(_old: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;
    use crate::values::DomainName;

    fn write(path: &Path, text: &str) -> Result<(), OutputError> {
        write_output(path, |out| out.write_all(text.as_bytes()))
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("report.html");
        write(&path, "first").unwrap();
        let failed = write_output(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(failed.unwrap_err().kind(), Some(io::ErrorKind::StorageFull));
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_of_an_old_file_stays_and_a_read_only_one_is_left_alone() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.html");
        for mode in [0o600, 0o640, 0o664, 0o755] {
            std::fs::write(&path, "old").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            write(&path, "new").unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, mode);
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        // File permissions do not apply to root.
        if OpenOptions::new().write(true).open(&path).is_err() {
            assert_eq!(write(&path, "newer").unwrap_err().kind(), Some(io::ErrorKind::PermissionDenied));
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_with_secrets_is_for_its_owner_only() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("users.csv");
        let write = |text: &str| write_private(&path, |out| out.write_all(text.as_bytes()));
        write("first").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        write("second").unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
        std::fs::hard_link(&path, folder.path().join("other")).unwrap();
        assert!(write("third").is_err());
        for stream in ["/dev/stdout", "/dev/null", "/dev/fd/1"] {
            assert!(write_private(Path::new(stream), |_| Ok(())).is_err(), "{stream}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_and_what_they_lead_to_is_written() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("elsewhere")).unwrap();
        std::fs::write(at("elsewhere/target"), "old").unwrap();
        symlink("elsewhere/target", at("near")).unwrap();
        symlink("near", at("far")).unwrap();
        symlink("elsewhere/not-yet", at("dangling")).unwrap();
        std::fs::write(at("one"), "old").unwrap();
        std::fs::hard_link(at("one"), at("two")).unwrap();
        write(&at("far"), "through two links").unwrap();
        write(&at("dangling"), "made").unwrap();
        write(&at("one"), "under both names").unwrap();
        assert!(at("far").is_symlink() && at("near").is_symlink() && at("dangling").is_symlink());
        assert_eq!(std::fs::read_to_string(at("elsewhere/target")).unwrap(), "through two links");
        assert_eq!(std::fs::read_to_string(at("elsewhere/not-yet")).unwrap(), "made");
        assert_eq!(std::fs::read_to_string(at("two")).unwrap(), "under both names");
        symlink("round", at("round")).unwrap();
        assert!(write(&at("round"), "nowhere").is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_and_a_device_are_written_through() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        write(&pipe, "through").unwrap();
        assert_eq!(reader.join().unwrap(), "through");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        write(Path::new("/dev/null"), "gone").unwrap();
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        if Path::new("/dev/full").exists() {
            assert_eq!(
                write(Path::new("/dev/full"), "no").unwrap_err().kind(),
                Some(io::ErrorKind::StorageFull)
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn no_name_of_a_project_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let path = at("weber.mailferry");
        let domain = DomainName::parse("weber.example").unwrap();
        let project = Project::create(&path, &domain, false).unwrap();
        std::os::unix::fs::symlink("weber.mailferry", at("link.json")).unwrap();
        std::os::unix::fs::symlink("weber.mailferry-wal", at("log.json")).unwrap();
        std::fs::hard_link(&path, at("hard.json")).unwrap();
        let own =
            ["weber.mailferry", "weber.mailferry-wal", "weber.mailferry-shm", "weber.mailferry-journal"];
        let names = own.into_iter().chain(["weber.mailferry.lock", "link.json", "log.json", "hard.json"]);
        let before = std::fs::read(&path).unwrap();
        for name in names {
            let refused = write(&at(name), "{}").unwrap_err();
            assert!(matches!(refused, OutputError::BelongsToProject), "{name}: {refused}");
            assert!(check_output(&at(name), Some(&path)).is_err(), "{name}");
        }
        assert_eq!(std::fs::read(&path).unwrap(), before);
        drop(project);
        // Closed or never opened here, it is still a project.
        for name in ["weber.mailferry", "link.json", "hard.json"] {
            assert!(matches!(write(&at(name), "{}"), Err(OutputError::BelongsToProject)), "{name}");
        }
        Project::open(&path).unwrap();
        write(&at("report.json"), "{}").unwrap();
    }
}
