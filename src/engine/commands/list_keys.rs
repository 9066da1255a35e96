use crate::engine::actor::Actor;
use crate::engine::explain;
use crate::secrets::{Deletion, Kept};
use crate::values::Secret;

impl Actor {
    /// Stores a key for block lists; the next audit asks with it.
    pub(super) async fn set_list_key(&mut self, operator: &str, key: &Secret) {
        match self.list_keys.keep(operator, key).await {
            Ok(Kept::InKeyring) => self.notice(format!("The key for {operator} is in the keyring"), None),
            Ok(Kept::ThisSession) => {
                self.notice(format!("The key for {operator} is kept until the program ends"), None);
            }
            Err(error) => self.fail(*error),
        }
    }

    /// Deletes a key for block lists.
    pub(super) async fn forget_list_key(&mut self, operator: &str) {
        if self.list_keys.forget(operator).await == Deletion::Waits {
            return self.fail(explain::passwords_not_deleted(&self.passwords.status()));
        }
        self.notice(format!("No key for {operator} is stored any more"), None);
    }
}
