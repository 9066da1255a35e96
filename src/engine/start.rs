use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};

use crate::engine::EngineHandle;
use crate::engine::actor::Actor;
use crate::engine::api::command::Command;
use crate::engine::api::event::Event;
use crate::engine::api::snapshot::Snapshot;
use crate::engine::system::interrupts::Interrupts;
use crate::engine::system::log::LogRing;
use crate::imap::{Compression, Timeouts};

/// Called from the engine's threads whenever there is something new to draw.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Stack of each worker. Nothing that reads what others have written recurses deeper than its own small bound; the rest
/// are futures within futures, which take some 100 kB in a build without optimisation.
const WORKER_STACK_BYTES: usize = 4 << 20;
/// Commands that may wait in the queue; a full queue means that the engine hangs.
const COMMAND_QUEUE: usize = 64;
/// Events that may wait to be fetched before they count as lost.
const EVENT_QUEUE: usize = 256;
/// How long a quit waits for jobs that do not listen to their token.
const QUIT_PATIENCE: Duration = Duration::from_secs(5);

/// Where an engine keeps its things, and how it treats secrets.
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each with a name at the call")]
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The list of recent projects; `None` keeps it in memory.
    pub recent_file: Option<PathBuf>,
    /// What projects from elsewhere may do, as the owner has agreed to; `None` keeps it in memory.
    pub confirmed_file: Option<PathBuf>,
    /// Where the windows and commands of this user tell each other which accounts they write into.
    pub accounts_folder: PathBuf,
    /// Whether a copy goes on where that cannot be told.
    pub is_without_account_lock: bool,
    /// Where new projects go unless a path is given.
    pub projects_folder: PathBuf,
    /// What happens to passwords.
    pub secrets: SecretsPolicy,
    /// Where messages go as files that the destination will not have; `None`: beside the project file.
    pub export_folder: Option<PathBuf>,
    /// Mailboxes that are copied or signed in at the same time.
    pub parallel_mailboxes: usize,
    /// Connections to one server at the same time, over all mailboxes; `None`: as many as are worth it.
    pub max_connections: Option<usize>,
    /// How a finished copy is verified.
    pub verify: Verify,
    /// Whether connections are compressed.
    pub compression: Compression,
    /// How long servers are waited for.
    pub timeouts: Timeouts,
    /// Whether what is due is done when a project is opened: a server that is not known is searched for, and a copy that
    /// was running when the program ended goes on.
    pub acts_by_itself: bool,
    /// Whether counting also looks at a few dates of each folder, which costs a moment. Not where the copy follows at once.
    pub samples_dates: bool,
    /// Whether Ctrl+C and a request to terminate end the engine in order, as [`Command::Quit`] does.
    pub quits_on_interrupt: bool,
}

/// What happens to passwords that are given to the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretsPolicy {
    /// They go to the OS keyring where one runs.
    Keyring,
    /// They are kept for this session; the keyring is only read where nothing was given.
    SessionThenKeyring,
    /// They are kept for this session and no keyring is touched.
    SessionOnly,
}

/// How a finished copy is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verify {
    /// As the owner has chosen in the project.
    AsChosen,
    /// Not at all.
    None,
    /// Counts, sizes, dates and flags.
    Quick,
    /// Every message is read again and compared by SHA-256.
    Full,
}

/// The running engine. Dropping it ends every job in an orderly way.
pub struct Engine {
    was_interrupted: Arc<AtomicBool>,
    runtime: Option<Runtime>,
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: Mutex<mpsc::Receiver<Event>>,
}

/// What the actor needs to speak to its faces.
pub(super) struct Outlet {
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) lost_events: AtomicU64,
    pub(super) waker: Waker,
}

impl Outlet {
    /// Hands out an event; one that finds no room is counted, never waited for.
    pub(super) fn event(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.lost_events.fetch_add(1, Ordering::Relaxed);
        }
        (self.waker)();
    }

    /// Replaces the snapshot.
    pub(super) fn snapshot(&self, mut snapshot: Snapshot) {
        snapshot.lost_events = self.lost_events.load(Ordering::Relaxed);
        self.snapshots.send_replace(Arc::new(snapshot));
        (self.waker)();
    }
}

impl Engine {
    /// Starts the engine on threads of its own.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn start(config: EngineConfig, log: LogRing, waker: Waker) -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("mailferry-engine")
            .thread_stack_size(WORKER_STACK_BYTES)
            .enable_all()
            .build()?;
        let (commands, command_receiver) = mpsc::channel(COMMAND_QUEUE);
        let (event_sender, events) = mpsc::channel(EVENT_QUEUE);
        let (snapshot_sender, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let outlet = Outlet {
            snapshots: snapshot_sender,
            events: event_sender,
            lost_events: AtomicU64::new(0),
            waker,
        };
        let quits_on_interrupt = config.quits_on_interrupt;
        let was_interrupted = Arc::new(AtomicBool::new(false));
        if quits_on_interrupt {
            let _inside = runtime.enter();
            let passing_on = Interrupts::listen()?.pass_on(commands.clone(), Arc::clone(&was_interrupted));
            drop(runtime.handle().spawn(passing_on));
        }
        let actor = Actor::new(config, log, outlet, runtime.handle().clone());
        drop(runtime.handle().spawn(actor.run(command_receiver)));
        Ok(Self { runtime: Some(runtime), commands, snapshots, events: Mutex::new(events), was_interrupted })
    }

    /// Whether the user or the system has asked the program to end.
    pub fn was_interrupted(&self) -> bool {
        self.was_interrupted.load(Ordering::Relaxed)
    }

    /// Waits until something changes; false once the engine has ended. For faces that have no frame loop.
    pub fn wait_for_change(&mut self, at_most: Duration) -> bool {
        let Some(runtime) = &self.runtime else { return false };
        let snapshots = &mut self.snapshots;
        runtime.block_on(async {
            !matches!(tokio::time::timeout(at_most, snapshots.changed()).await, Ok(Err(_ended)))
        })
    }
}

impl EngineHandle for Engine {
    fn send(&self, command: Command) -> bool {
        self.commands.try_send(command).is_ok()
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshots.borrow())
    }

    fn next_event(&self) -> Option<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).try_recv().ok()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The actor may have ended already; then nobody is there to be told.
        let _ended_before = self.commands.try_send(Command::Quit).is_err();
        if let Some(runtime) = self.runtime.take() {
            let snapshots = &mut self.snapshots;
            let ended = runtime.block_on(async {
                tokio::time::timeout(QUIT_PATIENCE, async { while snapshots.changed().await.is_ok() {} })
                    .await
            });
            if ended.is_err() {
                tracing::warn!(
                    "a job did not end within {} seconds and was cut off",
                    QUIT_PATIENCE.as_secs()
                );
            }
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}
