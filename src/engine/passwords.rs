use super::sign_in_job::Attempt;
use super::start::SecretsPolicy;
use crate::plan::{MailboxId, Side};
use crate::secrets::{SecretName, SecretStore, StoreStatus};
use crate::values::Secret;

/// The passwords of the open projects: a store for this session, and the system's keyring where it is wanted.
#[derive(Clone, Debug)]
pub(super) struct Passwords {
    session: SecretStore,
    keyring: Option<SecretStore>,
    /// Whether passwords that are set go into the keyring.
    is_kept_for_good: bool,
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

    /// The password of one side of a mailbox; what was given in this session comes first.
    pub(super) async fn get(&self, project: &str, mailbox: MailboxId, side: Side) -> Option<Secret> {
        let name = SecretName::new(project, mailbox.0, side);
        if let Some(secret) = self.session.get(&name).await {
            return Some(secret);
        }
        match &self.keyring {
            Some(keyring) => keyring.get(&name).await,
            None => None,
        }
    }

    /// What an attempt signs in with: a kept password; nothing where a token comes from its own source.
    pub(super) async fn of(&self, project: &str, attempt: &Attempt) -> Option<Secret> {
        if !attempt.way.needs_password() {
            return Some(Secret::default());
        }
        self.get(project, attempt.mailbox, attempt.side).await
    }

    /// Keeps a password, where the policy says.
    pub(super) async fn set(&self, project: &str, mailbox: MailboxId, side: Side, secret: Secret) {
        let name = SecretName::new(project, mailbox.0, side);
        let store = self.keyring.as_ref().filter(|_| self.is_kept_for_good).unwrap_or(&self.session);
        store.set(&name, secret).await;
    }

    /// Forgets a password everywhere.
    pub(super) async fn delete(&self, project: &str, mailbox: MailboxId, side: Side) {
        let name = SecretName::new(project, mailbox.0, side);
        self.session.delete(&name).await;
        if let Some(keyring) = &self.keyring {
            keyring.delete(&name).await;
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
