//! Reads the saved facts of an audit, which anybody can judge again without asking DNS.

use std::path::Path;

use crate::audit::Facts;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::system::input::read_text_input;

/// The facts of one domain are a few hundred kB at most.
const MOST_BYTES: u64 = 64_000_000;

/// Reads the facts in a file that the user named.
///
/// # Errors
/// An error for the user: the file cannot be read, holds no facts, or facts of a newer version of the program.
pub fn read_facts(path: &Path) -> Result<Facts, Box<UserError>> {
    let text = read_text_input(path, MOST_BYTES)
        .map_err(|error| Box::new(explain::facts_not_opened(path, &error)))?;
    Facts::from_json(&text).map_err(|error| Box::new(explain::not_facts(path, &error)))
}
