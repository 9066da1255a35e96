use std::collections::BTreeMap;
use std::sync::mpsc;

use super::super::backend::{Backend, BackendError};
use super::*;

/// Whoever answers at all answers sooner, however busy the computer is; what does not is waited for on a clock that the
/// test moves.
const PATIENCE: Patience = Patience { notice: Duration::from_mins(10), give_up: Duration::from_hours(10) };

/// A keyring whose behaviour the test decides while it runs.
#[derive(Clone, Default)]
struct FakeKeyring(Arc<Mutex<Fake>>);

#[derive(Default)]
struct Fake {
    entries: BTreeMap<String, String>,
    is_down: bool,
    refusal: Option<String>,
    /// Calls wait until something comes through here.
    locked: Option<Arc<Mutex<mpsc::Receiver<()>>>>,
    calls: usize,
    answered: usize,
}

impl FakeKeyring {
    fn with<T>(&self, look: impl FnOnce(&mut Fake) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }

    fn lock(&self) -> mpsc::Sender<()> {
        let (unlock, locked) = mpsc::channel();
        self.with(|fake| fake.locked = Some(Arc::new(Mutex::new(locked))));
        unlock
    }

    /// Waits until one call more is under way, and then for as long as a keyring may be silent.
    async fn stay_silent(&self) {
        let before = self.with(|fake| fake.answered);
        while self.with(|fake| fake.calls) == before {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        tokio::time::advance(PATIENCE.notice).await;
        tokio::time::resume();
    }

    fn store(&self) -> SecretStore {
        let store = self.store_when_asked();
        store.connect();
        store
    }

    fn store_when_asked(&self) -> SecretStore {
        let keyring = self.clone();
        let connector: Arc<Connector> = Arc::new(move || {
            keyring.check()?;
            Ok(Box::new(keyring.clone()) as Box<dyn Backend>)
        });
        SecretStore::with_connector(connector, PATIENCE)
    }

    fn check(&self) -> Result<(), BackendError> {
        let (is_down, refusal) = self.with(|fake| (fake.is_down, fake.refusal.clone()));
        if is_down {
            return Err(BackendError::NotRunning("nobody there".to_owned()));
        }
        refusal.map_or(Ok(()), |words| Err(BackendError::Refused(words)))
    }

    fn call(&self) -> Result<(), BackendError> {
        let locked = self.with(|fake| {
            fake.calls += 1;
            fake.locked.clone()
        });
        if let Some(locked) = locked {
            let _unlocked_or_gone = locked.lock().unwrap().recv();
        }
        self.with(|fake| fake.answered += 1);
        self.check()
    }
}

impl Backend for FakeKeyring {
    fn get(&mut self, name: &SecretName) -> Result<Option<Secret>, BackendError> {
        self.call()?;
        Ok(self.with(|fake| fake.entries.get(name.as_str()).map(Secret::new)))
    }

    fn set(&mut self, name: &SecretName, secret: &Secret) -> Result<(), BackendError> {
        self.call()?;
        self.with(|fake| fake.entries.insert(name.to_string(), secret.expose().to_owned()));
        Ok(())
    }

    fn delete(&mut self, name: &SecretName) -> Result<(), BackendError> {
        self.call()?;
        self.with(|fake| fake.entries.remove(name.as_str()));
        Ok(())
    }
}

fn name() -> SecretName {
    SecretName::new("0123", 4, "source", "imap.weber.example:993", "anna")
}

fn stored(keyring: &FakeKeyring) -> Option<String> {
    keyring.with(|fake| fake.entries.get(&name().to_string()).cloned())
}

/// Waits for a status; a test that never gets it fails by its harness's own limit of patience.
async fn wait_for(store: &SecretStore, wanted: impl Fn(&StoreStatus) -> bool) {
    store.watch_status().wait_for(wanted).await.unwrap();
}

#[tokio::test]
async fn a_keyring_is_left_alone_until_something_is_asked_of_it() {
    let keyring = FakeKeyring::default();
    let store = keyring.store_when_asked();
    assert!(store.worker().is_none());
    assert_eq!(store.status(), StoreStatus::Unknown);
    assert_eq!(store.get(&name()).await, None);
    assert_eq!(keyring.with(|fake| fake.calls), 1);
    assert_eq!(store.status(), StoreStatus::Found, "a keyring without the entry may be locked");
}

#[tokio::test]
async fn a_running_keyring_keeps_and_forgets() {
    let keyring = FakeKeyring::default();
    let store = keyring.store();
    assert_eq!(store.set(&name(), Secret::new("geheim")).await, Kept::InKeyring);
    assert_eq!(store.status(), StoreStatus::System);
    assert_eq!(stored(&keyring).as_deref(), Some("geheim"));
    // Another session finds it in the keyring, and asks for it once.
    let next = keyring.store();
    assert_eq!(next.get(&name()).await, Some(Secret::new("geheim")));
    let calls = keyring.with(|fake| fake.calls);
    assert_eq!(next.get(&name()).await, Some(Secret::new("geheim")));
    assert_eq!(keyring.with(|fake| fake.calls), calls);
    next.delete(&name()).await;
    assert_eq!((next.get(&name()).await, stored(&keyring)), (None, None));
}

#[tokio::test]
async fn without_a_keyring_the_session_keeps_it_until_retry_finds_one() {
    let keyring = FakeKeyring::default();
    keyring.with(|fake| fake.is_down = true);
    let store = keyring.store();
    assert_eq!(store.set(&name(), Secret::new("geheim")).await, Kept::ThisSession);
    assert_eq!(store.get(&name()).await, Some(Secret::new("geheim")));
    let StoreStatus::ThisSessionOnly(Some(words)) = store.status() else { panic!("{store:?}") };
    assert_eq!(words, "No password store is running: nobody there");

    keyring.with(|fake| fake.is_down = false);
    assert_eq!(store.retry().await, StoreStatus::System);
    assert_eq!(stored(&keyring).as_deref(), Some("geheim"), "what was set meanwhile goes into it");
}

#[tokio::test]
async fn a_refusal_is_reported_and_the_secret_is_kept() {
    let keyring = FakeKeyring::default();
    let store = keyring.store();
    wait_for(&store, |status| *status == StoreStatus::Found).await;
    keyring.with(|fake| fake.refusal = Some("no default keyring".to_owned()));
    assert_eq!(store.set(&name(), Secret::new("geheim")).await, Kept::ThisSession);
    let StoreStatus::ThisSessionOnly(Some(words)) = store.status() else { panic!("{store:?}") };
    assert!(words.ends_with("no default keyring"));
    assert!(!format!("{store:?}").contains("geheim"));
}

#[tokio::test]
async fn a_locked_keyring_blocks_nothing() {
    let keyring = FakeKeyring::default();
    let store = keyring.store();
    wait_for(&store, |status| *status == StoreStatus::Found).await;
    let unlock = keyring.lock();
    let name = name();
    let setting = store.set(&name, Secret::new("geheim"));
    assert_eq!(futures::join!(setting, keyring.stay_silent()).0, Kept::ThisSession);
    assert_eq!(store.status(), StoreStatus::WaitsForUnlock);
    assert_eq!(store.get(&name).await, Some(Secret::new("geheim")));

    keyring.with(|fake| fake.locked = None);
    unlock.send(()).unwrap();
    wait_for(&store, |status| *status == StoreStatus::System).await;
    assert_eq!(stored(&keyring).as_deref(), Some("geheim"));
}

#[tokio::test]
async fn reading_waits_for_the_prompt_and_retry_leaves_a_stuck_one_alone() {
    let keyring = FakeKeyring::default();
    keyring.with(|fake| fake.entries.insert(name().to_string(), "geheim".to_owned()));
    let store = keyring.store();
    wait_for(&store, |status| *status == StoreStatus::Found).await;
    let unlock = keyring.lock();
    let name = name();
    let reading = store.get(&name);
    let answering = async {
        keyring.stay_silent().await;
        wait_for(&store, |status| *status == StoreStatus::WaitsForUnlock).await;
        keyring.with(|fake| fake.locked = None);
        unlock.send(()).unwrap();
    };
    assert_eq!(futures::join!(reading, answering).0, Some(Secret::new("geheim")));

    // An old password hangs in a prompt; after a retry a new one is set; the late write must not win.
    let unlock = keyring.lock();
    futures::join!(store.set(&name, Secret::new("old")), keyring.stay_silent());
    keyring.with(|fake| fake.locked = None);
    assert_eq!(store.retry().await, StoreStatus::System);
    assert_eq!(store.set(&name, Secret::new("new")).await, Kept::InKeyring);
    let calls = keyring.with(|fake| fake.calls);
    unlock.send(()).unwrap();
    // The late thread writes the old one, sees the newer wish, and writes that.
    while keyring.with(|fake| fake.calls) == calls || stored(&keyring).as_deref() != Some("new") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_practice_project_never_touches_the_keyring() {
    let store = SecretStore::session_only();
    assert_eq!(store.set(&name(), Secret::new("geheim")).await, Kept::ThisSession);
    assert_eq!(store.get(&name()).await, Some(Secret::new("geheim")));
    assert_eq!(store.retry().await, StoreStatus::ThisSessionOnly(None));
}

#[tokio::test]
async fn a_keyring_is_called_unlocked_only_after_it_has_handed_out_or_taken_something() {
    let keyring = FakeKeyring::default();
    let store = keyring.store();
    wait_for(&store, |status| *status == StoreStatus::Found).await;
    assert_eq!(store.look(&name()).await, Lookup::Nothing);
    assert_eq!(store.status(), StoreStatus::Found);
    store.delete(&SecretName::new("0123", 5, "source", "imap.example.org:993", "anna")).await;
    assert_eq!(store.status(), StoreStatus::Found);
    store.set(&name(), Secret::new("geheim")).await;
    assert_eq!(store.status(), StoreStatus::System);
    assert_eq!(store.look(&name()).await, Lookup::Kept(Secret::new("geheim"), Kept::InKeyring));

    let next = keyring.store();
    wait_for(&next, |status| *status == StoreStatus::Found).await;
    assert_eq!(next.look(&name()).await, Lookup::Kept(Secret::new("geheim"), Kept::InKeyring));
    assert_eq!(next.status(), StoreStatus::System);
}

#[tokio::test]
async fn a_keyring_that_refuses_has_not_said_that_there_is_no_password() {
    let keyring = FakeKeyring::default();
    keyring.with(|fake| fake.entries.insert("0123/4/source".to_owned(), "geheim".to_owned()));
    let store = keyring.store();
    wait_for(&store, |status| *status == StoreStatus::Found).await;
    keyring.with(|fake| fake.refusal = Some("the prompt was dismissed".to_owned()));
    assert_eq!(store.look(&name()).await, Lookup::NoAnswer);
    let other = SecretName::new("0123", 5, "source", "imap.example.org:993", "anna");
    store.set(&other, Secret::new("x")).await;
    assert_eq!(store.look(&other).await, Lookup::Kept(Secret::new("x"), Kept::ThisSession));
}
