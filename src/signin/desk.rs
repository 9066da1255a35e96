//! Where the engine gets the provider of tokens for each mailbox: the same one for every connection of it.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::grant::Grants;
use super::renewal::{Clock, Renewal, Renewing, Source, State};
use crate::imap::TokenProvider;
use crate::secrets::SecretStore;
use crate::values::{Credential, UnixTime};
use crate::web::Web;

/// Mailboxes whose tokens are held at most; beyond them the oldest start anew.
const MOST: usize = 10_000;

/// Gives out providers of tokens. Clones share them.
#[derive(Clone)]
pub struct TokenDesk {
    grants: Grants,
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
    /// Over this store, with the clock of the wall.
    pub fn new(store: SecretStore) -> Self {
        Self::with_clock(store, Arc::new(UnixTime::now))
    }

    /// The same with another clock.
    pub fn with_clock(store: SecretStore, clock: Clock) -> Self {
        Self { grants: Grants::new(store), clock, shared: Arc::default() }
    }

    /// The grants in the keyring.
    pub const fn grants(&self) -> &Grants {
        &self.grants
    }

    /// The provider of tokens for a user; `None` where the way in needs none of ours.
    pub fn provider(&self, credential: &Credential, user: &str) -> Option<Arc<dyn TokenProvider>> {
        let (name, source) = match credential {
            Credential::SignedIn(provider) => {
                (format!("signed in {provider}"), Source::SignedIn(provider.clone()))
            }
            Credential::KeyFile(path) => (format!("key {}", path.display()), Source::KeyFile(path.clone())),
            _ => return None,
        };
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (name, user.to_owned());
        if let Some(known) = shared.providers.get(&key) {
            return Some(Arc::new(known.clone()));
        }
        let web = match shared.web.clone() {
            Some(web) => web,
            None => match Web::new() {
                Ok(web) => shared.web.insert(web).clone(),
                Err(error) => {
                    tracing::error!(%error, "no tokens can be fetched");
                    return None;
                }
            },
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
}
