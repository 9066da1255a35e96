//! The owner's keys for block lists: in the keyring, for every project of this user. A file beside it remembers for which
//! operators there is one, without the keys, so that a locked keyring is asked only where that is of use.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::audit::keyed_operators;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::system::input::read_text_input;
use crate::engine::system::output_file;
use crate::secrets::{Deletion, Kept, SecretName, SecretStore};
use crate::values::Secret;

/// A few names.
const MOST_BYTES: u64 = 64 << 10;
/// A label in the DNS (RFC 1035 section 2.3.4): the key becomes one.
const MOST_KEY: usize = 63;

/// Keys for block lists in the keyring.
#[derive(Clone, Debug)]
pub(in crate::engine) struct ListKeyring {
    store: SecretStore,
    /// `None` keeps the names in memory.
    file: Option<PathBuf>,
    operators: BTreeSet<String>,
}

/// What the keyring has given.
#[derive(Debug, Default)]
pub struct StoredKeys {
    /// Each with its operator.
    pub keys: Vec<(String, Secret)>,
    /// Operators whose key was stored and could not be read.
    pub unread: Vec<String>,
}

impl ListKeyring {
    /// Over this store, with the names of an earlier session.
    pub(in crate::engine) fn load(store: SecretStore, file: Option<PathBuf>) -> Self {
        let text = file.as_deref().map(|path| read_text_input(path, MOST_BYTES));
        let text = match text {
            Some(Ok(text)) => text,
            Some(Err(error)) => {
                // The first time there is none.
                tracing::debug!(%error, "no names of stored keys were read");
                String::new()
            }
            None => String::new(),
        };
        let known = keyed_operators();
        let is_known = |line: &&str| known.iter().any(|operator| operator.id == *line);
        let operators = text.lines().map(str::trim).filter(is_known).map(str::to_owned).collect();
        Self { store, file, operators }
    }

    /// Operators with a stored key.
    pub(in crate::engine) fn operators(&self) -> Vec<String> {
        self.operators.iter().cloned().collect()
    }

    /// Keeps a key in place of an earlier one, and says where it is now.
    pub(in crate::engine) async fn keep(
        &mut self,
        operator: &str,
        key: &Secret,
    ) -> Result<Kept, Box<UserError>> {
        if !keyed_operators().iter().any(|known| known.id == operator) {
            return Err(Box::new(explain::no_keyed_operator(operator)));
        }
        let text = key.expose().trim();
        if !(1..=MOST_KEY).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Box::new(explain::no_list_key()));
        }
        let kept = self.store.set(&SecretName::of_list_key(operator), Secret::new(text)).await;
        self.operators.insert(operator.to_owned());
        if kept == Kept::InKeyring {
            self.save();
        }
        Ok(kept)
    }

    /// Forgets a key.
    pub(in crate::engine) async fn forget(&mut self, operator: &str) -> Deletion {
        self.operators.remove(operator);
        self.save();
        self.store.delete(&SecretName::of_list_key(operator)).await
    }

    /// Forgets every key.
    pub(in crate::engine) async fn forget_all(&mut self) -> Deletion {
        let mut outcome = Deletion::Done;
        for operator in self.operators() {
            if self.forget(&operator).await == Deletion::Waits {
                outcome = Deletion::Waits;
            }
        }
        outcome
    }

    /// The keys; the keyring is asked only for those that were stored.
    pub(in crate::engine) async fn read(&self) -> StoredKeys {
        let mut stored = StoredKeys::default();
        for operator in &self.operators {
            match self.store.get(&SecretName::of_list_key(operator)).await {
                Some(key) => stored.keys.push((operator.clone(), key)),
                None => stored.unread.push(operator.clone()),
            }
        }
        stored
    }

    /// A failure costs only that the keyring is not asked next time.
    fn save(&self) {
        let Some(path) = &self.file else { return };
        if let Some(folder) = path.parent()
            && let Err(error) = std::fs::create_dir_all(folder)
        {
            tracing::warn!(%error, "there is no folder for the names of stored keys");
        }
        let mut text = self.operators.iter().cloned().collect::<Vec<_>>().join("\n");
        text.push('\n');
        let written = output_file::write_output(path, |out| out.write_all(text.as_bytes()));
        if let Err(error) = written {
            tracing::warn!(%error, "the names of stored keys were not written");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_come_back_and_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("list-keys.txt");
        let store = SecretStore::session_only();
        let mut keys = ListKeyring::load(store.clone(), Some(file.clone()));
        assert!(keys.read().await.keys.is_empty());
        assert!(keys.keep("nobody", &Secret::new("abc")).await.is_err());
        for wrong in ["", "a b", "a.b", &"x".repeat(64)] {
            assert!(keys.keep("spamhaus", &Secret::new(wrong)).await.is_err(), "{wrong}");
        }
        keys.keep("spamhaus", &Secret::new(" abc123 ")).await.unwrap();
        let read = keys.read().await;
        assert_eq!(read.keys, [("spamhaus".to_owned(), Secret::new("abc123"))]);
        assert!(!file.exists(), "what lasts for a session is not promised to the next");
        assert_eq!(keys.forget_all().await, Deletion::Done);
        assert!(keys.operators().is_empty() && keys.read().await.keys.is_empty());
        std::fs::write(&file, "spamhaus\nnobody\n").unwrap();
        let again = ListKeyring::load(store, Some(file));
        assert_eq!(again.read().await.unread, ["spamhaus"]);
    }
}
