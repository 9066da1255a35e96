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
use crate::engine::config::EngineConfig;
use crate::engine::outlet::Outlet;
use crate::engine::outlet::Waker;
use crate::engine::system::interrupts::Interrupts;
use crate::engine::system::log::LogRing;

/// Stack size of each worker. Code that reads untrusted input has small recursion bounds; the rest
/// are nested futures, which take about 100 kB in an unoptimised build.
const WORKER_STACK_BYTES: usize = 4 << 20;
/// Length of the command queue; a full queue means that the engine hangs.
const COMMAND_QUEUE: usize = 64;
/// Events that may wait to be fetched before they count as lost.
const EVENT_QUEUE: usize = 256;
/// How long a quit waits for jobs that ignore their token.
const QUIT_PATIENCE: Duration = Duration::from_secs(5);

/// The running engine. Dropping it shuts down every job.
pub struct Engine {
    was_interrupted: Arc<AtomicBool>,
    runtime: Option<Runtime>,
    commands: mpsc::Sender<Command>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: Mutex<mpsc::Receiver<Event>>,
}

impl Engine {
    /// Starts the engine on its own threads.
    ///
    /// # Errors
    /// If the system cannot create threads.
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

    /// Whether the user or the system has asked the program to terminate.
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
        // The actor may have ended already; then there is nothing to do.
        let _ended_before = self.commands.try_send(Command::Quit).is_err();
        if let Some(runtime) = self.runtime.take() {
            let snapshots = &mut self.snapshots;
            let ended = runtime.block_on(async {
                tokio::time::timeout(QUIT_PATIENCE, async { while snapshots.changed().await.is_ok() {} })
                    .await
            });
            if ended.is_err() {
                tracing::warn!(
                    "a job did not end within {} seconds and was aborted",
                    QUIT_PATIENCE.as_secs()
                );
            }
            runtime.shutdown_timeout(Duration::from_secs(1));
        }
    }
}
