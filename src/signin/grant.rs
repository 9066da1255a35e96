//! The grant that renews one user's tokens. It is stored in the keyring and nowhere else.

use serde::{Deserialize, Serialize};

use super::provider::ClientApp;
use crate::secrets::{Deletion, Kept, Lookup, SecretName, SecretStore};
use crate::values::{GrantProblem, GrantTrouble, Secret, SignInId};

/// One user's consent at one provider, with everything that a renewal needs: neither the catalogue nor the owner's file is
/// read again.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// The provider.
    pub provider: SignInId,
    /// Who signed in.
    pub user: String,
    /// The application that may ask for tokens.
    pub client: ClientApp,
    /// The token endpoint.
    pub token_endpoint: String,
    /// The revocation endpoint (RFC 7009).
    pub revocation_endpoint: Option<String>,
    /// The servers that take the tokens.
    pub hosts: Vec<String>,
    /// The refresh token.
    pub refresh: Secret,
}

/// The form in the keyring.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    version: u32,
    provider: SignInId,
    user: String,
    client_id: String,
    client_secret: Option<String>,
    tenant: Option<String>,
    token: String,
    revocation: Option<String>,
    hosts: Vec<String>,
    refresh: String,
}

impl Grant {
    fn write(&self) -> Secret {
        let text = |secret: &Secret| secret.expose().to_owned();
        let written = Written {
            version: 1,
            provider: self.provider.clone(),
            user: self.user.clone(),
            client_id: self.client.id.clone(),
            client_secret: self.client.secret.as_ref().map(text),
            tenant: self.client.tenant.clone(),
            token: self.token_endpoint.clone(),
            revocation: self.revocation_endpoint.clone(),
            hosts: self.hosts.clone(),
            refresh: text(&self.refresh),
        };
        Secret::new(serde_json::to_string(&written).unwrap_or_default())
    }

    fn read(secret: &Secret) -> Option<Self> {
        let written: Written = serde_json::from_str(secret.expose()).ok()?;
        (written.version == 1).then(|| Self {
            provider: written.provider,
            user: written.user,
            client: ClientApp {
                id: written.client_id,
                secret: written.client_secret.map(Secret::new),
                tenant: written.tenant,
            },
            token_endpoint: written.token,
            revocation_endpoint: written.revocation,
            hosts: written.hosts,
            refresh: Secret::new(written.refresh),
        })
    }

    /// The servers that accept the tokens.
    pub fn may_go_to(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

/// Grants in the keyring. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Grants(SecretStore);

impl Grants {
    /// Uses this store.
    pub const fn new(store: SecretStore) -> Self {
        Self(store)
    }

    /// Stores a grant, replacing an older one of the same user; returns where it is now.
    pub async fn keep(&self, grant: &Grant) -> Kept {
        self.0.set_long(&SecretName::of_sign_in(&grant.provider, &grant.user), &grant.write()).await
    }

    /// The grant of a user.
    ///
    /// # Errors
    /// If there is none, or the keyring does not answer.
    pub async fn find(&self, provider: &SignInId, user: &str) -> Result<Grant, GrantProblem> {
        match self.0.look_long(&SecretName::of_sign_in(provider, user)).await {
            Lookup::Kept(secret, _) => Grant::read(&secret)
                .filter(|grant| grant.provider == *provider && grant.user == user)
                .ok_or_else(|| {
                    GrantProblem::of(GrantTrouble::NotSignedIn, "what is in the keyring is not readable")
                }),
            Lookup::Nothing => Err(GrantProblem::of(GrantTrouble::NotSignedIn, "")),
            Lookup::NoAnswer => Err(GrantProblem::of(GrantTrouble::KeyringSilent, "")),
        }
    }

    /// Deletes a grant; returns whether the keyring has done so.
    pub async fn forget(&self, provider: &SignInId, user: &str) -> Deletion {
        self.0.delete_long(&SecretName::of_sign_in(provider, user)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_grant_comes_back_as_it_was_kept_and_for_its_user_only() {
        let grants = Grants::new(SecretStore::session_only());
        let google = SignInId::parse("google").unwrap();
        let grant = Grant {
            provider: google.clone(),
            user: "anna@example.org".to_owned(),
            client: ClientApp { id: "id".to_owned(), secret: Some(Secret::new("s")), tenant: None },
            token_endpoint: "https://oauth2.googleapis.com/token".to_owned(),
            revocation_endpoint: None,
            hosts: vec!["imap.gmail.com".to_owned()],
            refresh: Secret::new("r".repeat(4_000)),
        };
        let nobody = grants.find(&google, "anna@example.org").await.err().unwrap();
        assert_eq!(nobody.trouble, GrantTrouble::NotSignedIn);
        grants.keep(&grant).await;
        assert!(grants.find(&google, "anna@example.org").await.unwrap() == grant);
        assert!(grants.find(&google, "ben@example.org").await.is_err());
        assert!(grant.may_go_to("IMAP.gmail.com") && !grant.may_go_to("imap.gmail.com.evil.example"));
        grants.forget(&google, "anna@example.org").await;
        assert!(grants.find(&google, "anna@example.org").await.is_err());
    }
}
