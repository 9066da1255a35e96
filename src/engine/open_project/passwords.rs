use crate::engine::api::snapshot::PasswordPlace;
use crate::engine::attempt::{Attempt, Whose};
use crate::engine::config::SecretsPolicy;
use crate::secrets::{Deletion, Kept, Lookup, SecretName, SecretStore, StoreStatus};
use crate::values::Secret;

/// The passwords of the open project: a store for this session, and the system keyring if it is to be used.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Passwords {
    session: SecretStore,
    keyring: Option<SecretStore>,
    /// Whether passwords that are set go into the keyring.
    is_kept_for_good: bool,
}

impl Whose {
    fn name(&self) -> SecretName {
        match &self.server {
            Some(server) => SecretName::new(&self.project, self.mailbox.0, self.side, server, &self.user),
            None => self.before_the_server(),
        }
    }

    fn before_the_server(&self) -> SecretName {
        SecretName::new(&self.project, self.mailbox.0, self.side, "", &self.user)
    }
}

/// What a search for a password found.
pub(in crate::engine) struct FoundPassword {
    pub(in crate::engine) secret: Option<Secret>,
    /// Where it is, or why it is not there.
    pub(in crate::engine) place: PasswordPlace,
}

impl Passwords {
    pub(in crate::engine) fn new(policy: SecretsPolicy) -> Self {
        Self {
            session: SecretStore::session_only(),
            keyring: match policy {
                SecretsPolicy::Keyring => Some(SecretStore::system()),
                // Mostly everything is given.
                SecretsPolicy::SessionThenKeyring => Some(SecretStore::system_when_asked()),
                SecretsPolicy::SessionOnly => None,
            },
            is_kept_for_good: policy == SecretsPolicy::Keyring,
        }
    }

    /// Where sign-ins at providers are kept: in the keyring, even where passwords that are given are not.
    pub(in crate::engine) fn store_of_grants(&self) -> SecretStore {
        self.keyring.as_ref().unwrap_or(&self.session).clone()
    }

    /// The same session without the keyring: practice passwords have no place in it.
    pub(in crate::engine) fn without_keyring(&self) -> Self {
        Self { session: self.session.clone(), keyring: None, is_kept_for_good: false }
    }

    /// A password and where it is; one given in this session comes first.
    pub(in crate::engine) async fn look(&self, whose: &Whose) -> FoundPassword {
        let name = whose.name();
        let found = |secret, place| FoundPassword { secret: Some(secret), place };
        if let Lookup::Kept(secret, _) = self.session.look(&name).await {
            return found(secret, PasswordPlace::Session);
        }
        let mut absent = PasswordPlace::Missing;
        if let Some(keyring) = &self.keyring {
            match keyring.look(&name).await {
                Lookup::Kept(secret, kept) => return found(secret, place(kept)),
                Lookup::Nothing => {}
                // If no keyring runs, there is nothing to wait for.
                Lookup::NoAnswer if matches!(keyring.status(), StoreStatus::ThisSessionOnly(_)) => {}
                Lookup::NoAnswer => absent = PasswordPlace::NoAnswer,
            }
        }
        // It was given before a server was chosen, and belongs to the one chosen first.
        let Some(secret) = self.session.get(&whose.before_the_server()).await else {
            return FoundPassword { secret: None, place: absent };
        };
        if whose.server.is_none() {
            return found(secret, PasswordPlace::Session);
        }
        let place = self.set(whose, secret.clone()).await;
        self.session.delete(&whose.before_the_server()).await;
        found(secret, place)
    }

    /// The password of a sign-in attempt; none if a token comes from its own source.
    pub(in crate::engine) async fn of(&self, project: &str, attempt: &Attempt) -> Option<Secret> {
        self.look_for(project, attempt).await.secret
    }

    /// The same, with the place where it is.
    pub(in crate::engine) async fn look_for(&self, project: &str, attempt: &Attempt) -> FoundPassword {
        if !attempt.way.needs_password() {
            return FoundPassword { secret: Some(Secret::default()), place: PasswordPlace::NotNeeded };
        }
        self.look(&attempt.whose(project)).await
    }

    /// Stores a password as the policy says; one without a server yet is kept for this session. Returns
    /// where it is now.
    pub(in crate::engine) async fn set(&self, whose: &Whose, secret: Secret) -> PasswordPlace {
        if whose.server.is_none() {
            return place(self.session.set(&whose.before_the_server(), secret).await);
        }
        let store = self.keyring.as_ref().filter(|_| self.is_kept_for_good).unwrap_or(&self.session);
        place(store.set(&whose.name(), secret).await)
    }

    /// Forgets a password everywhere, and says whether the keyring has done so.
    pub(in crate::engine) async fn delete(&self, whose: &Whose) -> Deletion {
        self.session.delete(&whose.before_the_server()).await;
        self.session.delete(&whose.name()).await;
        match &self.keyring {
            Some(keyring) => keyring.delete(&whose.name()).await,
            None => Deletion::Done,
        }
    }

    /// Tries the keyring again.
    pub(in crate::engine) async fn retry(&self) {
        if let Some(keyring) = &self.keyring {
            keyring.retry().await;
        }
    }

    /// Where passwords are kept at present.
    pub(in crate::engine) fn status(&self) -> StoreStatus {
        self.keyring.as_ref().unwrap_or(&self.session).status()
    }
}

const fn place(kept: Kept) -> PasswordPlace {
    match kept {
        Kept::InKeyring => PasswordPlace::Keyring,
        Kept::ThisSession => PasswordPlace::Session,
    }
}
