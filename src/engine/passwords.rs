use super::sign_in_job::Attempt;
use super::start::SecretsPolicy;
use crate::plan::{MailboxId, Side};
use crate::secrets::{SecretName, SecretStore, StoreStatus};
use crate::values::{Endpoint, Secret};

/// The passwords of the open projects: a store for this session, and the system's keyring where it is wanted.
#[derive(Clone, Debug)]
pub(super) struct Passwords {
    session: SecretStore,
    keyring: Option<SecretStore>,
    /// Whether passwords that are set go into the keyring.
    is_kept_for_good: bool,
}

/// Whose password is meant. It is for this user at this server, and goes nowhere else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whose {
    /// UUID of the project.
    pub(super) project: String,
    pub(super) mailbox: MailboxId,
    pub(super) side: Side,
    /// `None` where none is chosen yet.
    pub(super) server: Option<Endpoint>,
    /// Who signs in: the mailbox's user, or an admin.
    pub(super) user: String,
}

impl Whose {
    fn name(&self) -> SecretName {
        match &self.server {
            Some(server) => SecretName::new(&self.project, self.mailbox.0, self.side, (server, &self.user)),
            None => self.before_the_server(),
        }
    }

    fn before_the_server(&self) -> SecretName {
        SecretName::new(&self.project, self.mailbox.0, self.side, ("", &self.user))
    }
}

impl Passwords {
    pub(super) fn new(policy: SecretsPolicy) -> Self {
        Self {
            session: SecretStore::session_only("Passwords are kept until the program ends."),
            keyring: match policy {
                SecretsPolicy::Keyring => Some(SecretStore::system()),
                // Mostly everything is given.
                SecretsPolicy::SessionThenKeyring => Some(SecretStore::system_when_asked()),
                SecretsPolicy::SessionOnly => None,
            },
            is_kept_for_good: policy == SecretsPolicy::Keyring,
        }
    }

    /// The same session without the keyring: practice passwords have no place in it.
    pub(super) fn without_keyring(&self) -> Self {
        Self { session: self.session.clone(), keyring: None, is_kept_for_good: false }
    }

    /// A password; what was given in this session comes first.
    pub(super) async fn get(&self, whose: &Whose) -> Option<Secret> {
        let name = whose.name();
        if let Some(secret) = self.session.get(&name).await {
            return Some(secret);
        }
        if let Some(keyring) = &self.keyring
            && let Some(secret) = keyring.get(&name).await
        {
            return Some(secret);
        }
        // It was given in this session before a server was chosen, and is for the one that was chosen first.
        let secret = self.session.get(&whose.before_the_server()).await?;
        if whose.server.is_some() {
            self.set(whose, secret.clone()).await;
            self.session.delete(&whose.before_the_server()).await;
        }
        Some(secret)
    }

    /// What an attempt signs in with: a kept password; nothing where a token comes from its own source.
    pub(super) async fn of(&self, project: &str, attempt: &Attempt) -> Option<Secret> {
        if !attempt.way.needs_password() {
            return Some(Secret::default());
        }
        self.get(&attempt.whose(project)).await
    }

    /// Keeps a password, where the policy says. One that is not for a server yet is kept for this session.
    pub(super) async fn set(&self, whose: &Whose, secret: Secret) {
        if whose.server.is_none() {
            self.session.set(&whose.before_the_server(), secret).await;
            return;
        }
        let store = self.keyring.as_ref().filter(|_| self.is_kept_for_good).unwrap_or(&self.session);
        store.set(&whose.name(), secret).await;
    }

    /// Forgets a password everywhere.
    pub(super) async fn delete(&self, whose: &Whose) {
        self.session.delete(&whose.before_the_server()).await;
        self.session.delete(&whose.name()).await;
        if let Some(keyring) = &self.keyring {
            keyring.delete(&whose.name()).await;
        }
    }

    /// Tries the keyring again.
    pub(super) async fn retry(&self) {
        if let Some(keyring) = &self.keyring {
            keyring.retry().await;
        }
    }

    /// Where passwords are kept at present.
    pub(super) fn status(&self) -> StoreStatus {
        self.keyring.as_ref().unwrap_or(&self.session).status()
    }
}
