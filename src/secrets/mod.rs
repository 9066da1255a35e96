//! Secrets: the OS keyring, or this session only.
//!
//! Keyring calls block, and a locked keyring blocks until somebody types its password. So they are made on a thread
//! of their own, one at a time; nobody waits for that thread at exit. Everything that was set or read in this session
//! is also held in memory, so a job that runs for days does not stop because the keyring locked itself.

mod backend;
mod long_secret;
mod memory;
mod secret_name;
mod store;
mod worker;

pub use secret_name::SecretName;
pub use store::{Deletion, Kept, Lookup, Patience, SecretStore, StoreStatus};
