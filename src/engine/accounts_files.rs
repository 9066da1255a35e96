//! Reads the owner's files of accounts and aliases.

use std::path::{Path, PathBuf};

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::accounts::{AccountsError, Directory, Format, MAX_FILE_BYTES, new_password, read};
use crate::audit::message::looks_like_message;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::system::input::read_input;
use crate::values::{DomainName, Secret};

/// Why files were not read.
pub(in crate::engine) enum NotRead {
    /// This one is a list for signing in.
    SignInList(PathBuf),
    /// What a file is cannot be told, so its owner is asked.
    Unsure(Box<UserError>),
    /// Anything else, in the user's words.
    Failed(Box<UserError>),
}

/// Reads all of these files, or none. Names without a domain get this one.
pub(in crate::engine) fn read_files(
    paths: &[PathBuf],
    domain: &DomainName,
    format: Option<Format>,
) -> Result<Directory, NotRead> {
    let mut all = Directory::default();
    for path in paths {
        let bytes = read_input(path, MAX_FILE_BYTES as u64)
            .map_err(|error| NotRead::Failed(Box::new(explain::accounts_not_opened(path, &error))))?;
        let name = name_of(path);
        // Its header would pass for a list of aliases.
        if format.is_none() && looks_like_message(&bytes) {
            return Err(NotRead::Failed(Box::new(explain::accounts_are_a_message(&name))));
        }
        let found = read(&name, &bytes, domain, format).map_err(|error| match error {
            AccountsError::SignInList => NotRead::SignInList(path.clone()),
            AccountsError::Unrecognised { .. } => {
                NotRead::Unsure(Box::new(explain::accounts_file(&name, &error)))
            }
            error => NotRead::Failed(Box::new(explain::accounts_file(&name, &error))),
        })?;
        all.absorb(found);
    }
    Ok(all)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Makes a password from the randomness of the system.
pub(in crate::engine) fn make_password() -> Result<Secret, Box<UserError>> {
    let random = SystemRandom::new();
    new_password(|bytes| random.fill(bytes)).map_err(|_unspecified| {
        Box::new(
            UserError::new("No password could be made", "The system gave no random numbers.")
                .or_else("Try again", "Nothing was written"),
        )
    })
}
