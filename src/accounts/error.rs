//! Why a file of accounts cannot be read.

use thiserror::Error;

use super::Format;

/// Why a file of accounts cannot be taken. Words never contain a line of the file, which could hold a password.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum AccountsError {
    /// Nothing but blank lines and comments.
    #[error("the file is empty, or has only comments")]
    Empty,
    /// Larger than any list of accounts.
    #[error("the file is too large for a list of accounts (at most {} MB)", super::MAX_FILE_BYTES / 1_000_000)]
    TooLarge,
    /// More entries than a mail server of this kind has.
    #[error("the file has more than {0} entries: split it by domain")]
    TooMany(usize),
    /// Not text.
    #[error(
        "line {line} has bytes that belong to no text: name the text the map was made from, not the .db file"
    )]
    NotText {
        /// Where.
        line: u64,
    },
    /// `/etc/shadow` or a part of it.
    #[error("this is a file of password hashes (/etc/shadow): name /etc/passwd instead, no hash is needed")]
    Shadow,
    /// Mailferry's own list, with names and passwords for both sides.
    #[error(
        "this list has columns for signing in: use it with “copy --accounts”, or import it on the Mailboxes page"
    )]
    SignInList,
    /// No format fits.
    #[error(
        "line {line} is the first one and fits no known form: name the form, or use a table with a column “address”"
    )]
    Unrecognised {
        /// The first line with text.
        line: u64,
    },
    /// The form is known, and a line does not keep to it.
    #[error("line {line} does not read as {}", format.words())]
    Malformed {
        /// What it was read as.
        format: Format,
        /// Where; 1 for the whole of a JSON text.
        line: u64,
    },
}
