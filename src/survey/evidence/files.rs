//! Chooses the files to read and their order: within a rotated set the oldest first.

use std::fs;
use std::path::{Path, PathBuf};

use super::EvidenceError;
use crate::values::UnixTime;

/// Most files in one reading.
const MAX_FILES: usize = 50_000;
/// Deepest nesting of folders.
const DEEPEST: usize = 8;

/// A file to be read.
#[derive(Debug)]
pub(super) struct Listed {
    pub path: PathBuf,
    /// Without its folder.
    pub name: String,
    pub bytes: u64,
    /// When it was last written.
    pub written: Option<UnixTime>,
}

#[derive(Debug, Default)]
pub(super) struct List {
    pub files: Vec<Listed>,
    /// Files beyond the limit.
    pub left_out: usize,
}

pub(super) fn listed(paths: &[PathBuf]) -> Result<List, EvidenceError> {
    let mut list = List::default();
    for path in paths {
        let failed = |source| EvidenceError::Open { path: path.display().to_string(), source };
        let metadata = fs::metadata(path).map_err(failed)?;
        if metadata.is_dir() {
            fs::read_dir(path).map_err(failed)?;
            folder(path, 0, &mut list);
        } else {
            list.add(path, &metadata);
        }
    }
    list.files.sort_by_cached_key(|file| {
        let (set, age) = rotation(&file.name);
        (file.path.parent().map(Path::to_path_buf), set.to_owned(), age, file.name.clone())
    });
    list.files.dedup_by(|one, other| one.path == other.path);
    Ok(list)
}

/// The files in a folder; unreadable entries and links are skipped.
fn folder(path: &Path, depth: usize, list: &mut List) {
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        let (Ok(kind), path) = (entry.file_type(), entry.path()) else { continue };
        if kind.is_dir() && depth < DEEPEST {
            folder(&path, depth + 1, list);
        } else if kind.is_file()
            && let Ok(metadata) = entry.metadata()
        {
            list.add(&path, &metadata);
        }
    }
}

impl List {
    fn add(&mut self, path: &Path, metadata: &fs::Metadata) {
        if self.files.len() >= MAX_FILES {
            self.left_out += 1;
            return;
        }
        let since = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        self.files.push(Listed {
            path: path.to_path_buf(),
            name: path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            bytes: metadata.len(),
            written: since.and_then(|since| i64::try_from(since.as_secs()).ok()).map(UnixTime),
        });
    }
}

/// The age of a file within a rotated set; larger values are newer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// `mail.log.7.gz`: the larger the number, the older.
    Numbered(std::cmp::Reverse<u64>),
    /// `mail.log-20261112.gz`.
    Dated(u64),
    /// `mail.log`: still being written.
    Current,
}

/// Splits a name into the name of its rotated set and the age within it.
fn rotation(name: &str) -> (&str, Age) {
    let plain = [".gz", ".xz", ".zst", ".bz2"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    for mark in ['.', '-'] {
        if let Some((set, number)) = plain.rsplit_once(mark)
            && !number.is_empty()
            && number.len() <= 14
            && let Ok(count) = number.parse()
        {
            return (
                set,
                if number.len() >= 8 { Age::Dated(count) } else { Age::Numbered(std::cmp::Reverse(count)) },
            );
        }
    }
    (plain, Age::Current)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rotated_sets_are_read_in_the_order_of_time() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "mail.log",
            "mail.log.1",
            "mail.log.10.gz",
            "mail.log.2.gz",
            "maillog",
            "maillog-20261108",
            "maillog-20261101.xz",
        ];
        for name in names {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        fs::create_dir(folder.path().join("new")).unwrap();
        fs::write(folder.path().join("new").join("1794.M1P2.host"), "x").unwrap();
        let list = listed(&[folder.path().to_path_buf(), folder.path().join("maillog")]).unwrap();
        let order: Vec<&str> = list.files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(
            order,
            [
                "mail.log.10.gz",
                "mail.log.2.gz",
                "mail.log.1",
                "mail.log",
                "maillog-20261101.xz",
                "maillog-20261108",
                "maillog",
                "1794.M1P2.host"
            ]
        );
        let missing = listed(&[folder.path().join("nothing")]);
        assert!(matches!(missing, Err(EvidenceError::Open { .. })));
    }
}
