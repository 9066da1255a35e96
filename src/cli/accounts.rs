use std::path::Path;

use super::account_url::AccountUrl;
use super::account_ways::Ways;
use super::args::Copy;
use super::{CliError, output};
use crate::engine::{InputError, UserError, is_readable_by_others, read_secret};
use crate::values::{EmailAddress, Fingerprint, Secret};

/// Both sides of the copy, as given by the arguments.
pub struct Accounts {
    /// The source.
    pub from: Option<AccountUrl>,
    /// The destination.
    pub to: Option<AccountUrl>,
    /// Password at the source.
    pub from_password: Option<Secret>,
    /// Password at the destination.
    pub to_password: Option<Secret>,
    /// Certificate to trust at the source.
    pub from_fingerprint: Option<Fingerprint>,
    /// Certificate to trust at the destination.
    pub to_fingerprint: Option<Fingerprint>,
    /// How to sign in on both sides.
    pub ways: Ways,
    /// Whether the mailboxes come from a list, which may contain passwords.
    pub has_list: bool,
}

impl Accounts {
    /// Reads them, and the password files.
    pub fn from(arguments: &Copy) -> Result<Self, CliError> {
        let account = |text: &Option<String>| match text {
            Some(text) => {
                AccountUrl::parse(text).map(Some).map_err(|error| CliError::Usage(error.to_string()))
            }
            None => Ok(None),
        };
        let fingerprint = |text: &Option<String>| match text {
            Some(text) => {
                text.parse::<Fingerprint>().map(Some).map_err(|error| CliError::Usage(error.to_string()))
            }
            None => Ok(None),
        };
        let (from, to) = (account(&arguments.from)?, account(&arguments.to)?);
        let accounts = Self {
            ways: Ways::from(arguments, from.as_ref(), to.as_ref())?,
            has_list: arguments.accounts.is_some(),
            from,
            to,
            from_password: password(arguments.from_password_file.as_deref())?,
            to_password: password(arguments.to_password_file.as_deref())?,
            from_fingerprint: fingerprint(&arguments.from_fingerprint)?,
            to_fingerprint: fingerprint(&arguments.to_fingerprint)?,
        };
        arguments
            .from_token_file
            .iter()
            .chain(&arguments.to_token_file)
            .chain(&arguments.sign_ins.from_key_file)
            .chain(&arguments.sign_ins.to_key_file)
            .for_each(|path| warn_of_readers(path));
        let has_user = |account: &Option<AccountUrl>| account.as_ref().is_none_or(|url| !url.user.is_empty());
        if arguments.accounts.is_none() && !(has_user(&accounts.from) && has_user(&accounts.to)) {
            return Err(CliError::Usage(
                "give the user in both accounts (imaps://USER@HOST), or use --accounts FILE.csv".to_owned(),
            ));
        }
        Ok(accounts)
    }

    /// The address that identifies the mailbox: the user name if it is an address, otherwise user@server.
    pub fn address(&self) -> Option<String> {
        let from = self.from.as_ref().filter(|from| !from.user.is_empty())?;
        if EmailAddress::parse(&from.user).is_ok() {
            return Some(from.user.clone());
        }
        let host = &from.server.host;
        let is_domain = EmailAddress::parse(&format!("{}@{host}", from.user)).is_ok();
        Some(format!("{}@{}", from.user, if is_domain { host } else { "local.invalid" }))
    }
}

/// The first line of a password file, without its line end.
pub(super) fn password(path: Option<&Path>) -> Result<Option<Secret>, CliError> {
    let Some(path) = path else { return Ok(None) };
    let secret = read_secret(path).map_err(|error| match error {
        InputError::Empty => {
            UserError::new(format!("{} has no password", path.display()), "Its first line is empty.")
                .or_else("Put the password on the first line", "")
        }
        other => output::not_read(path, &other),
    })?;
    warn_of_readers(path);
    Ok(Some(secret))
}

/// Warns about a secret that others can read, but uses it: this may be intended.
fn warn_of_readers(path: &Path) {
    if is_readable_by_others(path) {
        output::say(&format!(
            "{}: other users of this computer can read this secret (chmod 600 keeps it private)",
            path.display()
        ));
    }
}
