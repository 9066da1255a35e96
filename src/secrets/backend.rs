use std::sync::Arc;

use keyring::api::CredentialStore;
use keyring::{Entry, Error};

use super::SecretName;
use crate::values::Secret;

/// The application's name in the keyring.
const SERVICE: &str = "mailferry";

/// A connected password store. Every call may block for as long as it likes.
pub(super) trait Backend: Send {
    /// The secret, or `None` where the store has none.
    fn get(&mut self, name: &SecretName) -> Result<Option<Secret>, BackendError>;
    /// Keeps a secret under this name, in place of an older one.
    fn set(&mut self, name: &SecretName, secret: &Secret) -> Result<(), BackendError>;
    /// Forgets the secret; none being there is fine.
    fn delete(&mut self, name: &SecretName) -> Result<(), BackendError>;
}

/// Why the store did not do it, in words without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BackendError {
    /// The store is gone or was never there; connecting again may help.
    NotRunning(String),
    /// The store answers, but refuses this.
    Refused(String),
}

/// Makes a connection to the password store.
pub(super) type Connector = dyn Fn() -> Result<Box<dyn Backend>, BackendError> + Send + Sync;

/// Connects to the password store of the operating system.
pub(super) fn connect_system() -> Result<Box<dyn Backend>, BackendError> {
    let store = system_store().map_err(|error| words(&error))?;
    Ok(Box::new(SystemStore(store)))
}

#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
fn system_store() -> Result<Arc<CredentialStore>, Error> {
    let store = zbus_secret_service_keyring_store::Store::new()?;
    Ok(store)
}

#[cfg(target_os = "macos")]
fn system_store() -> Result<Arc<CredentialStore>, Error> {
    let store = apple_native_keyring_store::keychain::Store::new()?;
    Ok(store)
}

#[cfg(windows)]
fn system_store() -> Result<Arc<CredentialStore>, Error> {
    let store = windows_native_keyring_store::Store::new()?;
    Ok(store)
}

#[cfg(not(any(unix, windows)))]
fn system_store() -> Result<Arc<CredentialStore>, Error> {
    Err(Error::NoDefaultStore)
}

struct SystemStore(Arc<CredentialStore>);

impl SystemStore {
    fn entry(&self, name: &SecretName) -> Result<Entry, BackendError> {
        self.0.build(SERVICE, name.as_str(), None).map_err(|error| words(&error))
    }
}

impl Backend for SystemStore {
    fn get(&mut self, name: &SecretName) -> Result<Option<Secret>, BackendError> {
        let found = match self.entry(name)?.get_password() {
            // Two entries under one name come from a merge of keyrings: any of them may be the right one.
            Err(Error::Ambiguous(entries)) => {
                entries.first().map_or(Err(Error::NoEntry), Entry::get_password)
            }
            other => other,
        };
        match found {
            Ok(password) => Ok(Some(Secret::new(password))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(words(&error)),
        }
    }

    fn set(&mut self, name: &SecretName, secret: &Secret) -> Result<(), BackendError> {
        let entry = self.entry(name)?;
        match entry.set_password(secret.expose()) {
            Err(Error::Ambiguous(_)) => {
                self.delete(name)?;
                entry.set_password(secret.expose()).map_err(|error| words(&error))
            }
            outcome => outcome.map_err(|error| words(&error)),
        }
    }

    fn delete(&mut self, name: &SecretName) -> Result<(), BackendError> {
        let outcome = match self.entry(name)?.delete_credential() {
            Err(Error::Ambiguous(entries)) => entries.iter().try_for_each(Entry::delete_credential),
            outcome => outcome,
        };
        match outcome {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(words(&error)),
        }
    }
}

/// The error in words. Variants that carry the secret's bytes are never printed with their data.
fn words(error: &Error) -> BackendError {
    match error {
        Error::PlatformFailure(cause) => BackendError::NotRunning(format!(
            "this desktop has none that answers (its own words: {})",
            own_words(cause.as_ref())
        )),
        Error::NoDefaultStore => BackendError::NotRunning("this system has none".to_owned()),
        Error::NoStorageAccess(cause) => BackendError::Refused(format!(
            "it was not unlocked (its own words: {})",
            own_words(cause.as_ref())
        )),
        Error::NoEntry => BackendError::Refused("it has no default keyring to store passwords in".to_owned()),
        Error::TooLong(_, limit) => {
            BackendError::Refused(format!("it stores at most {limit} characters per entry"))
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            BackendError::Refused("the entry was written by another program".to_owned())
        }
        Error::NotSupportedByStore(cause) | Error::BadStoreFormat(cause) => {
            BackendError::Refused(cause.clone())
        }
        _ => BackendError::Refused("it reports an internal error".to_owned()),
    }
}

/// What a store has said, without the name that a library puts in front.
fn own_words(cause: &(dyn std::error::Error + Send + Sync)) -> String {
    let words = cause.to_string();
    let shortened = ["SS error: ", "SS Error: "].iter().find_map(|prefix| words.strip_prefix(prefix));
    shortened.unwrap_or(&words).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_words_come_first_and_the_store_s_own_beside_them() {
        let locked = words(&Error::NoStorageAccess("SS error: prompt dismissed".into()));
        let plain = "it was not unlocked (its own words: prompt dismissed)";
        assert_eq!(locked, BackendError::Refused(plain.to_owned()));
        let gone = words(&Error::PlatformFailure("no secret service provider or dbus session found".into()));
        let BackendError::NotRunning(gone) = gone else { panic!("{gone:?}") };
        assert!(gone.starts_with("this desktop has none that answers"), "{gone}");
        assert!(gone.ends_with("no secret service provider or dbus session found)"), "{gone}");
    }
}
