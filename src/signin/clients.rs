//! The applications (OAuth clients) that the owner has registered at providers. They are stored in the keyring, because some
//! have a secret, and used for every mailbox and project of this user.

use serde::{Deserialize, Serialize};

use super::provider::ClientApp;
use crate::secrets::{Deletion, Kept, Lookup, SecretName, SecretStore};
use crate::values::{GrantProblem, GrantTrouble, Secret, SignInId};

/// The form in the keyring.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    id: String,
    secret: Option<String>,
    tenant: Option<String>,
}

/// Applications in the keyring. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clients(SecretStore);

impl Clients {
    /// Uses this store.
    pub const fn new(store: SecretStore) -> Self {
        Self(store)
    }

    /// Stores an application, replacing an earlier one; returns where it is now.
    pub async fn keep(&self, provider: &SignInId, client: &ClientApp) -> Kept {
        let written = Written {
            version: 1,
            id: client.id.clone(),
            secret: client.secret.as_ref().map(|secret| secret.expose().to_owned()),
            tenant: client.tenant.clone(),
        };
        let secret = Secret::new(serde_json::to_string(&written).unwrap_or_default());
        self.0.set_long(&SecretName::of_client(provider), &secret).await
    }

    /// Forgets an application.
    pub async fn forget(&self, provider: &SignInId) -> Deletion {
        self.0.delete_long(&SecretName::of_client(provider)).await
    }

    /// The application at a provider; `None` if none is stored.
    ///
    /// # Errors
    /// If the keyring does not answer.
    pub async fn find(&self, provider: &SignInId) -> Result<Option<ClientApp>, GrantProblem> {
        match self.0.look_long(&SecretName::of_client(provider)).await {
            Lookup::Kept(secret, _) => {
                let written: Option<Written> = serde_json::from_str(secret.expose()).ok();
                Ok(written.filter(|written| written.version == 1).map(|written| ClientApp {
                    id: written.id,
                    secret: written.secret.map(Secret::new),
                    tenant: written.tenant,
                }))
            }
            Lookup::Nothing => Ok(None),
            Lookup::NoAnswer => Err(GrantProblem::of(GrantTrouble::KeyringSilent, "")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_application_comes_back_as_it_was_kept_for_its_provider() {
        let clients = Clients::new(SecretStore::session_only());
        let google = SignInId::parse("google").unwrap();
        assert_eq!(clients.find(&google).await, Ok(None));
        let client = ClientApp { id: "id".to_owned(), secret: Some(Secret::new("s")), tenant: None };
        clients.keep(&google, &client).await;
        assert_eq!(clients.find(&google).await, Ok(Some(client)));
        assert_eq!(clients.find(&SignInId::parse("microsoft").unwrap()).await, Ok(None));
        assert_eq!(clients.forget(&google).await, Deletion::Done);
        assert_eq!(clients.find(&google).await, Ok(None));
    }
}
