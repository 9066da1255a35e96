//! Reads a list of mailboxes from a file.

use std::path::Path;

use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::system::input::read_input;
use crate::plan::{CsvRow, parse_mailboxes};

/// Largest list that is read, in bytes.
const MOST_BYTES: u64 = 4_000_000;

/// Reads the rows of a list.
///
/// # Errors
/// For the user: the file cannot be read, or is not a list of mailboxes.
pub fn read_mailbox_list(path: &Path) -> Result<Vec<CsvRow>, Box<UserError>> {
    let bytes =
        read_input(path, MOST_BYTES).map_err(|error| Box::new(explain::csv_not_read(path, &error)))?;
    parse_mailboxes(&bytes).map_err(|error| Box::new(explain::csv(path, &error)))
}
