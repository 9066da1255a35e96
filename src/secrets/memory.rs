use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::SecretName;
use crate::values::Secret;

/// What this session knows: the newest wish for each name, and whether the keyring has it.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<SecretName, Entry>>);

#[derive(Clone, Debug)]
struct Entry {
    /// `None`: deleted.
    value: Option<Secret>,
    is_saved: bool,
}

impl Memory {
    /// The newest wish; the outer `None` means that this session knows nothing about the name.
    pub fn get(&self, name: &SecretName) -> Option<Option<Secret>> {
        self.guard().get(name).map(|entry| entry.value.clone())
    }

    /// A new wish, not yet in the keyring.
    pub fn wish(&self, name: &SecretName, value: Option<Secret>) {
        self.guard().insert(name.clone(), Entry { value, is_saved: false });
    }

    /// Remembers what the keyring has, unless something newer is wished meanwhile.
    pub fn remember(&self, name: &SecretName, value: Secret) {
        self.guard().entry(name.clone()).or_insert(Entry { value: Some(value), is_saved: true });
    }

    /// Marks a wish as fulfilled; false where it is not the newest one any more.
    pub fn mark_saved(&self, name: &SecretName, value: Option<&Secret>) -> bool {
        match self.guard().get_mut(name) {
            Some(entry) if entry.value.as_ref() == value => {
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
