//! Mailboxes that `mailferry audit` reads as evidence.

use std::path::PathBuf;

use super::account_url::AccountUrl;
use super::accounts::password;
use super::audit_args::EvidenceMailboxes;
use super::{CliError, output};
use crate::engine::headless::{MailboxNames, MailboxSource};
use crate::engine::is_readable_by_others;
use crate::values::{Credential, Fingerprint, Secret, SignInWay};

/// Mailboxes as named by the flags.
pub enum Given {
    /// Those of a project.
    Project { path: PathBuf, confirms: bool },
    /// Those of a list, at a server.
    List { account: AccountUrl, fingerprint: Option<Fingerprint>, path: PathBuf },
    /// One.
    One { account: AccountUrl, fingerprint: Option<Fingerprint>, password: Secret, way: SignInWay },
}

impl Given {
    /// Reads the flags, and the password file; `None` if no mailboxes are named.
    pub fn from(arguments: &EvidenceMailboxes) -> Result<Option<Self>, CliError> {
        if let Some(path) = &arguments.evidence_project {
            let (path, confirms) = (path.clone(), arguments.confirm_project);
            return Ok(Some(Self::Project { path, confirms }));
        }
        let Some(text) = &arguments.evidence_imap else { return Ok(None) };
        let account = AccountUrl::parse(text).map_err(|error| CliError::Usage(error.to_string()))?;
        let fingerprint = arguments.evidence_fingerprint.as_deref().map(str::parse).transpose();
        let fingerprint =
            fingerprint.map_err(|error| CliError::Usage(format!("--evidence-fingerprint: {error}")))?;
        if let Some(path) = &arguments.evidence_accounts {
            if is_readable_by_others(path) {
                output::say(&format!(
                    "{}: other users of this computer can read this list and the passwords in it",
                    path.display()
                ));
            }
            return Ok(Some(Self::List { account, fingerprint, path: path.clone() }));
        }
        let password = password(arguments.evidence_password_file.as_deref())?;
        let (Some(password), false) = (password, account.user.is_empty()) else {
            return Err(CliError::Usage(
                "--evidence-imap needs a user and --evidence-password-file, or a list with --evidence-accounts".to_owned(),
            ));
        };
        let way = SignInWay { credential: Credential::Password, mechanism: account.mechanism };
        Ok(Some(Self::One { account, fingerprint, password, way }))
    }

    /// As the engine takes it.
    pub fn source(&self) -> MailboxSource<'_> {
        match self {
            Self::Project { path, confirms } => MailboxSource::Project { path, confirms: *confirms },
            Self::List { account, fingerprint, path } => MailboxSource::Server {
                server: &account.server,
                fingerprint: *fingerprint,
                whose: MailboxNames::List(path),
            },
            Self::One { account, fingerprint, password, way } => MailboxSource::Server {
                server: &account.server,
                fingerprint: *fingerprint,
                whose: MailboxNames::One { user: &account.user, password, way },
            },
        }
    }
}
