//! `mailferry list-key`: a key for block lists goes into the keyring, from a file or standard input, and never from a command
//! line, which others can read.

use std::io::{BufRead as _, Read as _};
use std::process::ExitCode;

use super::accounts::password;
use super::args::ListKey;
use super::{CliError, output};
use crate::engine::{UserError, headless};
use crate::values::Secret;

/// Longer than any key.
const MOST_BYTES: u64 = 4_096;

/// Stores or deletes a key.
pub fn run(arguments: &ListKey) -> Result<ExitCode, CliError> {
    let operator = arguments.operator.as_str();
    if arguments.forget {
        headless::forget_list_key(operator)?;
        output::say(&output::line(&format!("No key for {operator} is stored any more.")));
        return Ok(ExitCode::SUCCESS);
    }
    let key = match password(arguments.file.as_deref())? {
        Some(key) => key,
        None => from_input()?,
    };
    headless::keep_list_key(operator, &key)?;
    output::say(&output::line(&format!(
        "The key for {operator} is in the keyring. Audits ask with it from now on."
    )));
    Ok(ExitCode::SUCCESS)
}

/// The first line of standard input.
fn from_input() -> Result<Secret, CliError> {
    let mut line = String::new();
    let read = std::io::stdin().lock().take(MOST_BYTES).read_line(&mut line);
    let line = Secret::new(line);
    match read {
        Ok(_) => Ok(Secret::new(line.expose().trim())),
        Err(error) => Err(UserError::new("Standard input could not be read", error.to_string())
            .or_else("Or name a file with the key: --file FILE", "")
            .into()),
    }
}
