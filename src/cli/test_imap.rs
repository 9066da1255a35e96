//! A mailbox at any server in which `mailferry watch` looks for test messages.

use super::CliError;
use super::account_url::AccountUrl;
use super::accounts::password;
use super::test_imap_args::TestImap;
use crate::engine::headless::{MailboxNames, MailboxSource};
use crate::values::{Credential, Fingerprint, Secret, SignInWay};

/// The mailbox as the flags name it.
pub struct TestMailbox {
    account: AccountUrl,
    fingerprint: Option<Fingerprint>,
    password: Secret,
    way: SignInWay,
}

impl TestMailbox {
    /// Reads the flags and the password file; `None` where no mailbox is named.
    pub fn from(arguments: &TestImap) -> Result<Option<Self>, CliError> {
        let Some(text) = &arguments.url else { return Ok(None) };
        let account = AccountUrl::parse(text).map_err(|error| CliError::Usage(error.to_string()))?;
        let fingerprint = arguments.fingerprint.as_deref().map(str::parse).transpose();
        let fingerprint =
            fingerprint.map_err(|error| CliError::Usage(format!("--test-fingerprint: {error}")))?;
        let password = password(arguments.password_file.as_deref())?;
        let (Some(password), false) = (password, account.user.is_empty()) else {
            return Err(CliError::Usage("--test-imap needs a user and --test-password-file".to_owned()));
        };
        let way = SignInWay { credential: Credential::Password, mechanism: account.mechanism };
        Ok(Some(Self { account, fingerprint, password, way }))
    }

    /// As the engine takes it.
    pub fn source(&self) -> MailboxSource<'_> {
        MailboxSource::Server {
            server: &self.account.server,
            fingerprint: self.fingerprint,
            whose: MailboxNames::One { user: &self.account.user, password: &self.password, way: &self.way },
        }
    }
}
