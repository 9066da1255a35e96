//! Messages that the destination will not have in any form become files, each whole or not there at all.

use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::imap::{Body, ImapError};
use crate::message::{export_component, export_file_name};
use crate::plan::FolderPath;
use crate::values::SourceUid;

/// Files of one name that are tried: UIDs come again when a source folder was recreated.
const MAX_SAME_NAMES: u32 = 1_000;
/// One read when a file is compared.
const READ_BYTES: usize = 64 * 1024;

/// Whose message it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Origin<'a> {
    pub(in crate::transfer) user: &'a str,
    pub(in crate::transfer) folder: &'a FolderPath,
    pub(in crate::transfer) uid: SourceUid,
}

/// A file that holds a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) struct Exported {
    /// Where the file is.
    pub(in crate::transfer) path: PathBuf,
    /// The same, from the folder beside the project on: what is shown and kept.
    pub(in crate::transfer) shown: String,
    /// Whether it was not there before.
    pub(in crate::transfer) is_new: bool,
}

/// Writes a message into `root/user/folder/uid.eml`: under another name first, flushed to the disk, then renamed.
/// A file that holds these very bytes already is taken as it is, so that doing it twice leaves one file.
pub(in crate::transfer) async fn export(
    root: &Path,
    origin: Origin<'_>,
    body: &mut Body,
    sha256: [u8; 32],
) -> Result<Exported, ImapError> {
    let parts = [export_component(origin.user), export_component(&origin.folder.0.join("."))];
    let mut folder = root.to_owned();
    make_folder(&folder).map_err(ImapError::Spool)?;
    for part in &parts {
        folder.push(part);
        make_folder(&folder).map_err(ImapError::Spool)?;
    }
    let unfinished = write_whole(&folder, body).await?;
    let exported = |path: PathBuf, is_new| {
        let inside = path.strip_prefix(root.parent().unwrap_or(root)).unwrap_or(&path);
        let parts: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
        Exported { shown: parts.join("/"), path, is_new }
    };
    let mut unfinished = unfinished;
    for attempt in 1..=MAX_SAME_NAMES {
        let path = folder.join(export_file_name(origin.uid.0, attempt));
        match unfinished.persist_noclobber(&path) {
            Ok(_file) => {
                flush_folder(&folder).map_err(ImapError::Spool)?;
                return Ok(exported(path, true));
            }
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                if holds(&path, sha256).await.map_err(ImapError::Spool)? {
                    return Ok(exported(path, false));
                }
                unfinished = error.file;
            }
            Err(error) => return Err(ImapError::Spool(error.error)),
        }
    }
    Err(ImapError::Spool(io::Error::other(format!(
        "{} already has too many files with this name",
        folder.display()
    ))))
}

/// Takes a file back that was written for nothing.
pub(in crate::transfer) fn take_back(exported: &Exported) {
    if exported.is_new
        && let Err(error) = std::fs::remove_file(&exported.path)
    {
        tracing::warn!(%error, path = %exported.path.display(), "could not remove an exported file");
    }
}

/// Makes one folder that only its owner may read. A link in its place would lead out of the export folder.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if folder.symlink_metadata()?.is_dir() {
                Ok(())
            } else {
                Err(io::Error::other(format!("{} is not a folder: move it elsewhere", folder.display())))
            }
        }
        made => made,
    }
}

/// The message in a file without its name yet, on the disk.
async fn write_whole(folder: &Path, body: &mut Body) -> Result<tempfile::NamedTempFile, ImapError> {
    let unfinished =
        tempfile::Builder::new().prefix(".mailferry-").tempfile_in(folder).map_err(ImapError::Spool)?;
    let mut file = tokio::fs::File::from_std(unfinished.as_file().try_clone().map_err(ImapError::Spool)?);
    match body {
        Body::Memory(bytes) => file.write_all(bytes).await.map_err(ImapError::Spool)?,
        Body::Spooled(spool) => {
            spool.rewind()?;
            loop {
                let piece = spool.read().await?;
                if piece.is_empty() {
                    break;
                }
                file.write_all(&piece).await.map_err(ImapError::Spool)?;
            }
        }
    }
    file.flush().await.map_err(ImapError::Spool)?;
    file.sync_all().await.map_err(ImapError::Spool)?;
    Ok(unfinished)
}

/// A new name is durable with its folder.
fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { std::fs::File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Whether a plain file with these bytes is there.
async fn holds(path: &Path, sha256: [u8; 32]) -> io::Result<bool> {
    if !path.symlink_metadata()?.is_file() {
        return Ok(false);
    }
    let mut file = tokio::fs::File::open(path).await?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; READ_BYTES];
    loop {
        let read = file.read(&mut piece).await?;
        if read == 0 {
            return Ok(<[u8; 32]>::from(hash.finalize()) == sha256);
        }
        hash.update(piece.get(..read).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn save(root: &Path, folder: &str, bytes: &[u8]) -> Result<Exported, ImapError> {
        let folder = FolderPath(vec![folder.to_owned()]);
        let origin = Origin { user: "../anna@weber.example", folder: &folder, uid: SourceUid(7) };
        let hash = Sha256::digest(bytes).into();
        export(root, origin, &mut Body::Memory(bytes.to_vec().into()), hash).await
    }

    #[tokio::test]
    async fn a_file_is_written_once_and_another_message_gets_another_name() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().join("weber-exported");
        let first = save(&root, "../../x", b"one").await.unwrap();
        assert_eq!(first.shown, "weber-exported/_anna@weber.example/_.._x/7.eml");
        assert_eq!(std::fs::read(&first.path).unwrap(), b"one");
        assert!(first.path.starts_with(&root) && first.is_new);
        let again = save(&root, "../../x", b"one").await.unwrap();
        assert_eq!((again.path.clone(), again.is_new), (first.path.clone(), false));
        let other = save(&root, "../../x", b"two").await.unwrap();
        assert!(other.shown.ends_with("7 (2).eml"));
        let files = std::fs::read_dir(first.path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 2, "nothing unfinished is left");
        take_back(&again);
        take_back(&other);
        assert!(first.path.exists() && !other.path.exists());
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_does_not_lead_out() {
        let temp = tempfile::tempdir().unwrap();
        let (root, outside) = (temp.path().join("weber-exported"), temp.path().join("outside"));
        std::fs::create_dir_all(&outside).unwrap();
        std::fs::create_dir_all(&root).unwrap();
        std::os::unix::fs::symlink(&outside, root.join("_anna@weber.example")).unwrap();
        assert!(save(&root, "INBOX", b"one").await.is_err());
        assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 0);
    }
}
