//! Keys for block lists in the keyring, without a window.

use super::to_its_end;
use crate::engine::api::user_error::UserError;
use crate::engine::config::{EngineConfig, SecretsPolicy};
use crate::engine::explain;
use crate::engine::list_keys::{ListKeyring, StoredKeys};
use crate::engine::open_project::passwords::Passwords;
use crate::secrets::{Deletion, Kept};
use crate::values::Secret;

fn keyring(policy: SecretsPolicy) -> (ListKeyring, Passwords) {
    let passwords = Passwords::new(policy);
    let file = EngineConfig::for_this_user().list_keys_file();
    (ListKeyring::load(passwords.store_of_grants(), file), passwords)
}

/// Stores a key in the keyring.
///
/// # Errors
/// In the user's words: no such operator, no key, or no keyring that keeps it.
pub fn keep_list_key(operator: &str, key: &Secret) -> Result<(), Box<UserError>> {
    let (mut keys, passwords) = keyring(SecretsPolicy::Keyring);
    to_its_end(async {
        match keys.keep(operator, key).await? {
            Kept::InKeyring => Ok(()),
            Kept::ThisSession => Err(Box::new(explain::list_key_not_kept(&passwords.status()))),
        }
    })
}

/// Deletes a key from the keyring.
///
/// # Errors
/// In the user's words: the keyring does not answer.
pub fn forget_list_key(operator: &str) -> Result<(), Box<UserError>> {
    let (mut keys, passwords) = keyring(SecretsPolicy::Keyring);
    to_its_end(async {
        match keys.forget(operator).await {
            Deletion::Done => Ok(()),
            Deletion::Waits => Err(Box::new(explain::passwords_not_deleted(&passwords.status()))),
        }
    })
}

/// The stored keys. Without any, no keyring is asked.
///
/// # Errors
/// The engine could not start.
pub fn stored_list_keys() -> Result<StoredKeys, Box<UserError>> {
    let (keys, _passwords) = keyring(SecretsPolicy::SessionThenKeyring);
    to_its_end(async { Ok(keys.read().await) })
}
