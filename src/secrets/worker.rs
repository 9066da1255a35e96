//! The thread that calls the keyring, because such calls may block until a person unlocks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::sync::oneshot;

use super::SecretName;
use super::backend::{Backend, BackendError, Connector};
use super::memory::Wish;
use super::store::{Shared, StoreStatus};
use crate::values::Secret;

/// Jobs that may wait behind one that hangs.
const QUEUE_LENGTH: usize = 1_024;

/// Times that a wish which changes while it is written is written again.
const SYNC_ROUNDS: usize = 5;

/// Work for the keyring thread. The reply is dropped if nobody waits for it.
pub(super) enum Job {
    /// Reconnects and saves what is not saved yet.
    Connect(oneshot::Sender<()>),
    /// Reads an entry.
    Get(SecretName, oneshot::Sender<Entry>),
    /// Makes the keyring agree with the newest wish for this name. Carries no value: a call that hung for minutes
    /// must not write an old password over a new one.
    Sync(SecretName, oneshot::Sender<()>),
}

/// What the keyring says of an entry.
pub(super) enum Entry {
    /// Not whether there is one.
    Unknown,
    /// There is none.
    Missing,
    /// This is it.
    Found(Secret),
}

/// The way to a keyring thread.
#[derive(Clone)]
pub(super) struct Worker {
    pub jobs: SyncSender<Job>,
    is_busy: Arc<AtomicBool>,
}

impl Worker {
    /// Starts a keyring thread. It ends when the last sender is gone; a call that hangs is left hanging.
    pub fn spawn(connector: Arc<Connector>, shared: Arc<Shared>, number: u64) -> std::io::Result<Self> {
        let (jobs, queue) = sync_channel(QUEUE_LENGTH);
        let is_busy = Arc::new(AtomicBool::new(false));
        let keyring = Keyring { connector, shared, number, backend: None };
        let busy = Arc::clone(&is_busy);
        // The handle is dropped on purpose: never join a thread that may wait for a password prompt.
        std::thread::Builder::new().name("keyring".to_owned()).spawn(move || keyring.run(&queue, &busy))?;
        Ok(Self { jobs, is_busy })
    }

    /// Whether a call is in progress.
    pub fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }
}

/// The keyring thread's own state.
struct Keyring {
    connector: Arc<Connector>,
    shared: Arc<Shared>,
    /// Which thread this is; only the newest one says what the status is.
    number: u64,
    backend: Option<Box<dyn Backend>>,
}

impl Keyring {
    fn run(mut self, queue: &Receiver<Job>, is_busy: &AtomicBool) {
        while let Ok(job) = queue.recv() {
            is_busy.store(true, Ordering::Relaxed);
            match job {
                Job::Connect(reply) => {
                    self.backend = None;
                    // Connecting alone says whether a store runs, and nothing about whether it is locked.
                    let connected = self.with_backend(|_backend| Ok(())).is_some();
                    if connected {
                        self.shared.set_status(self.number, StoreStatus::Found);
                    }
                    for name in self.shared.memory.unsaved().into_iter().filter(|_| connected) {
                        self.sync(&name);
                    }
                    answer(reply, ());
                }
                Job::Get(name, reply) => {
                    let entry = match self.with_backend(|backend| backend.get(&name)) {
                        Some(Some(secret)) => {
                            self.shared.set_status(self.number, StoreStatus::System);
                            Entry::Found(secret)
                        }
                        Some(None) => {
                            self.shared.set_found(self.number);
                            Entry::Missing
                        }
                        None => Entry::Unknown,
                    };
                    answer(reply, entry);
                }
                Job::Sync(name, reply) => {
                    self.sync(&name);
                    answer(reply, ());
                }
            }
            is_busy.store(false, Ordering::Relaxed);
        }
    }

    /// Writes the newest wish, and again where it changed meanwhile.
    fn sync(&mut self, name: &SecretName) {
        for _round in 0..SYNC_ROUNDS {
            let wish = self.shared.memory.get(name);
            let written = self.with_backend(|backend| match &wish {
                Wish::Keep(secret) => backend.set(name, secret),
                Wish::Forget => backend.delete(name),
                Wish::Unknown => Ok(()),
            });
            if written.is_none() {
                return;
            }
            match wish {
                Wish::Keep(_) => self.shared.set_status(self.number, StoreStatus::System),
                Wish::Forget | Wish::Unknown => self.shared.set_found(self.number),
            }
            if self.shared.memory.mark_saved(name, &wish) {
                return;
            }
        }
    }

    /// Runs a call with the store; connects first if necessary, and reconnects once if the connection was lost.
    /// `None` where the store did not do it; the status says why then.
    fn with_backend<T>(
        &mut self,
        mut call: impl FnMut(&mut dyn Backend) -> Result<T, BackendError>,
    ) -> Option<T> {
        let mut outcome = self.attempt(&mut call);
        if matches!(outcome, Err(BackendError::NotRunning(_))) && self.backend.take().is_some() {
            outcome = self.attempt(&mut call);
        }
        match outcome {
            Ok(value) => Some(value),
            Err(error) => {
                let words = match error {
                    BackendError::NotRunning(words) => format!("No password store is running: {words}"),
                    BackendError::Refused(words) => format!("The password store cannot be used: {words}"),
                };
                tracing::warn!(%words, "passwords are kept for this session only");
                self.shared.set_status(self.number, StoreStatus::ThisSessionOnly(Some(words)));
                None
            }
        }
    }

    fn attempt<T>(
        &mut self,
        call: &mut impl FnMut(&mut dyn Backend) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let mut backend = match self.backend.take() {
            Some(backend) => backend,
            None => (self.connector)()?,
        };
        let outcome = call(backend.as_mut());
        self.backend = Some(backend);
        outcome
    }
}

fn answer<T>(reply: oneshot::Sender<T>, value: T) {
    // The one who asked may have lost patience; what was read or written stays true.
    drop(reply.send(value));
}
