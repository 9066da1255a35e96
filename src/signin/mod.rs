//! Signing in with OAuth 2 (RFC 6749): once in the browser or with a code, or for a whole organisation with a key. Tokens are
//! renewed for as long as a copy runs.
//!
//! [`sign_in`] returns a [`Grant`], which [`Grants`] stores in the keyring; [`Clients`] stores the owner's applications
//! there. [`TokenDesk`] gives `imap` a provider of tokens for each mailbox. Access tokens are in memory only; what renews them
//! is in the keyring or in the owner's key file, and never in a project, a log or an argument.

mod assertion;
mod browser_reply;
mod client;
mod clients;
mod desk;
mod exchange_script;
mod flows;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod grant;
mod key_file;
mod lifetime;
mod loopback;
mod provider;
mod provider_error;
mod renewal;

pub use clients::Clients;
pub use desk::{FirstSignIn, TokenDesk};
pub use exchange_script::{AppAccess, access_script, undo_script};
pub use flows::{BROWSER_PATIENCE, DeviceCode, Means, Prompt, Way, sign_in};
pub use grant::{Grant, Grants};
pub use key_file::KeyFile;
pub use provider::{ClientApp, find_provider, providers, read_providers};
pub use renewal::Clock;
