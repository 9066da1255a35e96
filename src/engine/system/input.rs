//! Reads files named by the user. A device or pipe does not reveal its length, so reading stops
//! at the largest plausible size.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use thiserror::Error;

use crate::values::Secret;

/// Longest file with a password in its first line.
const MOST_SECRET_BYTES: u64 = 65_536;
/// The byte order mark that some editors write.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Why a file named by the user cannot be used.
#[derive(Debug, Error)]
pub enum InputError {
    /// The file does not exist or cannot be accessed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is longer than the limit.
    #[error("it is longer than {0} bytes, the limit for such a file")]
    TooLong(u64),
    /// It is not text.
    #[error("it is not UTF-8 text")]
    NotText,
    /// The first line is empty.
    #[error("its first line is empty")]
    Empty,
}

/// Reads a file of at most this many bytes.
pub fn read_input(path: &Path, most_bytes: u64) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most_bytes { Err(InputError::TooLong(most_bytes)) } else { Ok(bytes) }
}

/// Reads the text of a file, without a byte order mark.
pub fn read_text_input(path: &Path, most_bytes: u64) -> Result<String, InputError> {
    let text = String::from_utf8(read_input(path, most_bytes)?).map_err(|_not_utf8| InputError::NotText)?;
    match text.strip_prefix(BYTE_ORDER_MARK) {
        Some(rest) => Ok(rest.to_owned()),
        None => Ok(text),
    }
}

/// The password in the first line of a file, without its line end.
pub fn read_secret(path: &Path) -> Result<Secret, InputError> {
    // Wiped on drop, as the rest of the file may be secret as well.
    let text = Secret::new(read_text_input(path, MOST_SECRET_BYTES)?);
    match text.expose().lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err(InputError::Empty),
    }
}

/// Whether other users of this computer can read a file that should be secret.
#[cfg(unix)]
pub fn is_readable_by_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o044 != 0)
}

/// Permissions work differently there.
#[cfg(not(unix))]
pub fn is_readable_by_others(_path: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for (bytes, password) in [
            (&b"hunter2\r\nmore\n"[..], "hunter2"),
            (b"\xef\xbb\xbfhunter2\n", "hunter2"),
            ("pässwort \u{feff}".as_bytes(), "pässwort \u{feff}"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read_secret(&path).unwrap().expose(), password);
        }
        std::fs::write(&path, b"\xef\xbb\xbf\nhunter2").unwrap();
        assert!(matches!(read_secret(&path), Err(InputError::Empty)));
        std::fs::write(&path, b"\xff\xfeh\0u\0").unwrap();
        assert!(matches!(read_secret(&path), Err(InputError::NotText)));
        std::fs::write(&path, vec![b'a'; 65_537]).unwrap();
        assert!(matches!(read_secret(&path), Err(InputError::TooLong(65_536))));
        assert!(matches!(read_secret(&folder.path().join("none")), Err(InputError::Io(_))));
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_read_as_far_as_a_file_may_be_long() {
        assert!(matches!(read_input(Path::new("/dev/zero"), 1_000), Err(InputError::TooLong(1_000))));
        assert_eq!(read_input(Path::new("/dev/null"), 0).unwrap(), b"");
    }

    #[cfg(unix)]
    #[test]
    fn rights_of_others_are_seen() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = tempfile::NamedTempFile::new().unwrap();
        for (mode, is_seen) in [(0o600, false), (0o640, true), (0o604, true), (0o711, false)] {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_readable_by_others(file.path()), is_seen, "{mode:o}");
        }
    }
}
