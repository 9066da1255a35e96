//! Gives the engine one provider of tokens per mailbox, shared by all connections of that mailbox.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::client::of_web;
use super::clients::Clients;
use super::flows::{Means, Prompt, Way, sign_in};
use super::grant::Grants;
use super::provider::ClientApp;
use super::renewal::{Clock, Renewal, Renewing, Source, State};
use crate::assets::SignInProvider;
use crate::imap::TokenProvider;
use crate::secrets::{Kept, SecretStore};
use crate::values::{Credential, GrantProblem, UnixTime};
use crate::web::Web;

/// Most mailboxes whose tokens are kept; beyond that the oldest are dropped.
const MOST: usize = 10_000;

/// A first sign-in: who, where and how.
pub struct FirstSignIn<'a> {
    /// The provider.
    pub provider: &'a SignInProvider,
    /// The application that signs in.
    pub client: &'a ClientApp,
    /// The user.
    pub user: &'a str,
    /// In the browser or with a code.
    pub way: Way,
}

/// Gives out providers of tokens. Clones share them.
#[derive(Clone)]
pub struct TokenDesk {
    grants: Grants,
    clients: Clients,
    clock: Clock,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    web: Option<Web>,
    providers: HashMap<(String, String), Renewing>,
}

impl fmt::Debug for TokenDesk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TokenDesk")
    }
}

impl TokenDesk {
    /// Uses this store and the wall clock.
    pub fn new(store: SecretStore) -> Self {
        Self::with_clock(store, Arc::new(UnixTime::now))
    }

    /// The same with another clock.
    pub fn with_clock(store: SecretStore, clock: Clock) -> Self {
        Self {
            grants: Grants::new(store.clone()),
            clients: Clients::new(store),
            clock,
            shared: Arc::default(),
        }
    }

    /// The grants in the keyring.
    pub const fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The owner's applications in the keyring.
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Signs a user in and stores the grant; returns where. Tokens of an earlier sign-in are not used again.
    ///
    /// Cancellation safe: dropping it leaves everything as it was.
    ///
    /// # Errors
    /// What the provider or the person answered. No error contains a secret.
    pub async fn sign_in(&self, first: &FirstSignIn<'_>, prompt: &dyn Prompt) -> Result<Kept, GrantProblem> {
        let web = web_of(&mut self.shared())?;
        let means = Means { web: &web, prompt, clock: &self.clock };
        let grant = sign_in(first.provider, first.client, first.user, first.way, means).await?;
        let kept = self.grants.keep(&grant).await;
        let name = Named::of(&Credential::SignedIn(grant.provider), first.user);
        if let Some(Named { key, .. }) = name {
            self.shared().providers.remove(&key);
        }
        Ok(kept)
    }

    /// When the user's current token expires; `None` if there is none or it is being renewed.
    pub fn token_until(&self, credential: &Credential, user: &str) -> Option<UnixTime> {
        let Named { key, .. } = Named::of(credential, user)?;
        let held = self.shared().providers.get(&key).cloned()?;
        let state = held.0.state.try_lock().ok()?;
        state.end()
    }

    /// The provider of tokens for a user; `None` if this way of signing in needs none from us.
    pub fn provider(&self, credential: &Credential, user: &str) -> Option<Arc<dyn TokenProvider>> {
        let Named { key, source } = Named::of(credential, user)?;
        let mut shared = self.shared();
        if let Some(known) = shared.providers.get(&key) {
            return Some(Arc::new(known.clone()));
        }
        let web = match web_of(&mut shared) {
            Ok(web) => web,
            Err(error) => {
                tracing::error!(%error, "no tokens can be fetched");
                return None;
            }
        };
        if shared.providers.len() >= MOST {
            shared.providers.clear();
        }
        let made = Renewing(Arc::new(Renewal {
            source,
            user: user.to_owned(),
            grants: self.grants.clone(),
            web,
            clock: Arc::clone(&self.clock),
            state: tokio::sync::Mutex::new(State::default()),
        }));
        shared.providers.insert(key, made.clone());
        Some(Arc::new(made))
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection pool shared by all providers, created on first use.
fn web_of(shared: &mut Shared) -> Result<Web, GrantProblem> {
    if let Some(web) = &shared.web {
        return Ok(web.clone());
    }
    let web = Web::new().map_err(|error| of_web(&error))?;
    Ok(shared.web.insert(web).clone())
}

/// What renews a user's tokens, and the name it is stored under.
struct Named {
    key: (String, String),
    source: Source,
}

impl Named {
    /// `None` if this way of signing in needs no tokens from us.
    fn of(credential: &Credential, user: &str) -> Option<Self> {
        let (name, source) = match credential {
            Credential::SignedIn(provider) => {
                (format!("signed in {provider}"), Source::SignedIn(provider.clone()))
            }
            Credential::KeyFile(path) => (format!("key {}", path.display()), Source::KeyFile(path.clone())),
            _ => return None,
        };
        Some(Self { key: (name, user.to_owned()), source })
    }
}
