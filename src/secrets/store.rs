//! Keeps passwords in the system keyring, or until the program ends.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use super::SecretName;
use super::backend::{Connector, connect_system};
use super::memory::{Memory, Wish};
use super::worker::{Entry, Job, Worker};
use crate::values::Secret;

/// Keyring threads that may hang in a prompt before no further one is started.
const MAX_WORKERS: u64 = 8;

/// Where secrets are kept at present.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreStatus {
    /// Not known yet.
    #[default]
    Unknown,
    /// The system keyring runs. It has not returned or stored a secret yet, so it is unknown whether it is locked.
    Found,
    /// The system keyring has returned or stored a secret, which requires it to be unlocked.
    System,
    /// A call to the system keyring takes so long that it must be waiting to be unlocked.
    WaitsForUnlock,
    /// Secrets are kept until the program ends. The words say why the keyring is not used; `None` if nobody asked for one.
    ThisSessionOnly(Option<String>),
}

/// What became of a secret that was to be forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is nowhere any more.
    Done,
    /// The keyring has not answered; it forgets the secret when it does while the program runs.
    Waits,
}

/// Where a secret went that was just set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Into the system keyring.
    InKeyring,
    /// Into memory; it goes into the keyring as soon as that is unlocked or found by [`SecretStore::retry`].
    ThisSession,
}

/// What is known of a secret that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is there, and kept so long.
    Kept(Secret, Kept),
    /// There is none.
    Nothing,
    /// The keyring did not say: it waits to be unlocked, or cannot be asked.
    NoAnswer,
}

/// How long callers wait for a keyring.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// After this time the status says that the keyring is locked; setting continues without it.
    pub notice: Duration,
    /// After this time reading gives up.
    pub give_up: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { notice: Duration::from_secs(2), give_up: Duration::from_mins(2) }
    }
}

/// Keeps passwords in the keyring of the operating system, and for this session where there is none.
///
/// Cheap to clone. Never blocks the caller's thread, and never fails: what cannot be kept for good is kept for the
/// session, and [`Self::status`] says why.
#[derive(Clone)]
pub struct SecretStore {
    shared: Arc<Shared>,
    /// `None` where secrets are kept for the session by choice.
    connector: Option<Arc<Connector>>,
    worker: Arc<Mutex<Option<Worker>>>,
    patience: Patience,
}

/// What the store and its keyring threads share.
pub(super) struct Shared {
    pub memory: Memory,
    status: watch::Sender<StoreStatus>,
    /// Number of the newest keyring thread.
    newest: AtomicU64,
}

impl Shared {
    /// Sets the status, unless a newer keyring thread has taken over.
    pub fn set_status(&self, worker: u64, status: StoreStatus) {
        if self.newest.load(Ordering::Relaxed) == worker {
            self.status.send_if_modified(|current| {
                let is_new = *current != status;
                *current = status;
                is_new
            });
        }
    }

    /// The keyring has answered, without anything that it does only unlocked.
    pub fn set_found(&self, worker: u64) {
        if *self.status.borrow() != StoreStatus::System {
            self.set_status(worker, StoreStatus::Found);
        }
    }
}

impl SecretStore {
    /// Uses the keyring of the operating system, and begins to connect at once.
    pub fn system() -> Self {
        let store = Self::system_when_asked();
        store.connect();
        store
    }

    /// Uses the operating system's keyring, and connects to it on first use.
    pub fn system_when_asked() -> Self {
        Self::with_connector(Arc::new(connect_system), Patience::default())
    }

    /// Keeps everything in memory only, for practice projects and for owners who want it so.
    pub fn session_only() -> Self {
        let status = StoreStatus::ThisSessionOnly(None);
        Self {
            shared: new_shared(status),
            connector: None,
            worker: Arc::default(),
            patience: Patience::default(),
        }
    }

    pub(super) fn with_connector(connector: Arc<Connector>, patience: Patience) -> Self {
        Self {
            shared: new_shared(StoreStatus::Unknown),
            connector: Some(connector),
            worker: Arc::default(),
            patience,
        }
    }

    pub(super) fn connect(&self) {
        let (reply, _nobody_waits) = oneshot::channel();
        self.submit(Job::Connect(reply));
    }

    /// Where secrets are kept at present.
    pub fn status(&self) -> StoreStatus {
        self.shared.status.borrow().clone()
    }

    /// Tells each change of the status.
    pub fn watch_status(&self) -> watch::Receiver<StoreStatus> {
        self.shared.status.subscribe()
    }

    /// The secret under this name, or `None` where there is none or the keyring does not answer in time.
    pub async fn get(&self, name: &SecretName) -> Option<Secret> {
        match self.look(name).await {
            Lookup::Kept(secret, _) => Some(secret),
            Lookup::Nothing | Lookup::NoAnswer => None,
        }
    }

    /// The secret under this name and where it is kept, or why there is none.
    pub async fn look(&self, name: &SecretName) -> Lookup {
        match self.shared.memory.get(name) {
            Wish::Keep(secret) => return Lookup::Kept(secret, self.kept(name)),
            Wish::Forget => return Lookup::Nothing,
            Wish::Unknown => {}
        }
        if self.connector.is_none() {
            return Lookup::Nothing;
        }
        let (reply, answer) = oneshot::channel();
        if !self.submit(Job::Get(name.clone(), reply)) {
            return Lookup::NoAnswer;
        }
        match self.patiently(answer).await {
            None | Some(Entry::Unknown) => Lookup::NoAnswer,
            Some(Entry::Missing) => Lookup::Nothing,
            Some(Entry::Found(found)) => {
                self.shared.memory.remember(name, found.clone());
                Lookup::Kept(found, Kept::InKeyring)
            }
        }
    }

    /// The same as [`Self::look`], from the keyring itself where it has it: another window or command may have stored a
    /// newer one.
    pub async fn look_again(&self, name: &SecretName) -> Lookup {
        if self.connector.is_some() {
            self.shared.memory.forget_saved(name);
        }
        self.look(name).await
    }

    fn kept(&self, name: &SecretName) -> Kept {
        if self.shared.memory.is_saved(name) { Kept::InKeyring } else { Kept::ThisSession }
    }

    /// Keeps a secret. Returns within moments: while the keyring waits to be unlocked, memory has it.
    pub async fn set(&self, name: &SecretName, secret: Secret) -> Kept {
        self.shared.memory.wish(name, Wish::Keep(secret));
        self.sync(name).await
    }

    /// Forgets a secret, in memory at once and in the keyring as soon as it answers.
    pub async fn delete(&self, name: &SecretName) -> Deletion {
        self.shared.memory.wish(name, Wish::Forget);
        self.sync(name).await;
        // Where no keyring is used, memory is all there is.
        let is_done = self.connector.is_none() || self.shared.memory.is_saved(name);
        if is_done { Deletion::Done } else { Deletion::Waits }
    }

    /// Tries the keyring again, after the user started or unlocked it. What was set meanwhile goes into it.
    pub async fn retry(&self) -> StoreStatus {
        {
            // A thread stuck in an unanswered prompt is abandoned and replaced by a new one.
            let mut worker = self.worker();
            let is_stuck = worker.as_ref().is_some_and(Worker::is_busy);
            if is_stuck && self.shared.newest.load(Ordering::Relaxed) < MAX_WORKERS {
                *worker = None;
            }
        }
        let (reply, answer) = oneshot::channel();
        if self.submit(Job::Connect(reply)) {
            self.for_a_moment(answer).await;
        }
        self.status()
    }

    async fn sync(&self, name: &SecretName) -> Kept {
        let (reply, answer) = oneshot::channel();
        if self.submit(Job::Sync(name.clone(), reply)) {
            self.for_a_moment(answer).await;
        }
        self.kept(name)
    }

    /// Hands a job to the keyring thread, and starts one where none runs. False where that cannot be done.
    fn submit(&self, job: Job) -> bool {
        let Some(connector) = &self.connector else { return false };
        let mut worker = self.worker();
        if worker.is_none() {
            let number = self.shared.newest.fetch_add(1, Ordering::Relaxed) + 1;
            match Worker::spawn(Arc::clone(connector), Arc::clone(&self.shared), number) {
                Ok(started) => *worker = Some(started),
                Err(error) => {
                    let words = format!("The password store cannot be reached: {error}");
                    self.shared.set_status(number, StoreStatus::ThisSessionOnly(Some(words)));
                    return false;
                }
            }
        }
        // A full queue means that the keyring hangs; memory has everything that was set.
        worker.as_ref().is_some_and(|worker| worker.jobs.try_send(job).is_ok())
    }

    /// Waits for a reply until patience ends.
    async fn patiently<T>(&self, mut answer: oneshot::Receiver<T>) -> Option<T> {
        if let Ok(reply) = timeout(self.patience.notice, &mut answer).await {
            return reply.ok();
        }
        self.notice();
        timeout(self.patience.give_up.saturating_sub(self.patience.notice), answer).await.ok()?.ok()
    }

    /// Waits for a reply for a moment only.
    async fn for_a_moment(&self, answer: impl Future) {
        if timeout(self.patience.notice, answer).await.is_err() {
            self.notice();
        }
    }

    fn notice(&self) {
        self.shared.set_status(self.shared.newest.load(Ordering::Relaxed), StoreStatus::WaitsForUnlock);
    }

    fn worker(&self) -> MutexGuard<'_, Option<Worker>> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for SecretStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SecretStore").field("status", &self.status()).finish_non_exhaustive()
    }
}

fn new_shared(status: StoreStatus) -> Arc<Shared> {
    Arc::new(Shared {
        memory: Memory::default(),
        status: watch::Sender::new(status),
        newest: AtomicU64::new(0),
    })
}

#[cfg(test)]
mod store_tests;
