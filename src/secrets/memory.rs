use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::SecretName;
use crate::values::Secret;

/// What this session knows: the newest wish for each name, and whether the keyring has it.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<SecretName, Entry>>);

/// The value this session wants stored under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Nothing is known in this session; the keyring may have it.
    Unknown,
    /// There is to be no secret.
    Forget,
    /// This secret.
    Keep(Secret),
}

#[derive(Clone, Debug)]
struct Entry {
    wish: Wish,
    is_saved: bool,
}

impl Memory {
    /// The newest wish.
    pub fn get(&self, name: &SecretName) -> Wish {
        self.guard().get(name).map_or(Wish::Unknown, |entry| entry.wish.clone())
    }

    /// A new wish, not yet in the keyring.
    pub fn wish(&self, name: &SecretName, wish: Wish) {
        self.guard().insert(name.clone(), Entry { wish, is_saved: false });
    }

    /// Remembers what the keyring has, unless something newer is wished meanwhile.
    pub fn remember(&self, name: &SecretName, secret: Secret) {
        self.guard().entry(name.clone()).or_insert(Entry { wish: Wish::Keep(secret), is_saved: true });
    }

    /// Forgets what the keyring has as well, so that it is read there again.
    pub fn forget_saved(&self, name: &SecretName) {
        let mut entries = self.guard();
        if entries.get(name).is_some_and(|entry| entry.is_saved) {
            entries.remove(name);
        }
    }

    /// Marks a request as done; false if it is no longer the newest one.
    pub fn mark_saved(&self, name: &SecretName, wish: &Wish) -> bool {
        match self.guard().get_mut(name) {
            Some(entry) if entry.wish == *wish => {
                entry.is_saved = true;
                true
            }
            _ => false,
        }
    }

    pub fn is_saved(&self, name: &SecretName) -> bool {
        self.guard().get(name).is_some_and(|entry| entry.is_saved)
    }

    /// Names whose newest wish is not in the keyring.
    pub fn unsaved(&self) -> Vec<SecretName> {
        self.guard().iter().filter(|(_, entry)| !entry.is_saved).map(|(name, _)| name.clone()).collect()
    }

    fn guard(&self) -> MutexGuard<'_, BTreeMap<SecretName, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
