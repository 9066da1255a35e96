//! The actor owns the state of the engine. It takes commands and job results one at a time and publishes snapshots.

use crate::engine::jobs::{Begun, Ended, Jobs};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, interval};

use crate::assets::SignInProvider;
use crate::engine::api::command::Command;
use crate::engine::api::event::{Event, Notice};
use crate::engine::api::snapshot::{KeyringStatus, Snapshot};
use crate::engine::api::user_error::UserError;
use crate::engine::config::EngineConfig;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::results::Message;
use crate::engine::list_keys::ListKeyring;
use crate::engine::open_project::OpenProject;
use crate::engine::open_project::confirmed::Confirmed;
use crate::engine::open_project::passwords::Passwords;
use crate::engine::outlet::Outlet;
use crate::engine::system::input::read_text_input;
use crate::engine::system::log::LogRing;
use crate::engine::system::recent::RecentProjects;
use crate::project::ProjectError;
use crate::providers::Catalogue;
use crate::signin::{TokenDesk, providers, read_providers};
use crate::values::UnixTime;

/// Queue length for job results; a job waits if the queue is full, so nothing is lost.
const MESSAGE_QUEUE: usize = 256;
/// Largest file of a user's own OAuth providers.
const MOST_SIGN_IN_BYTES: u64 = 4_000_000;
/// Least time between two progress snapshots.
const PROGRESS_EVERY: Duration = Duration::from_millis(250);

/// The only owner of the engine's state. It handles one command or result at a time, so nothing needs a lock.
pub(super) struct Actor {
    pub(super) config: EngineConfig,
    pub(super) log: LogRing,
    pub(super) outlet: Outlet,
    pub(super) jobs: Jobs,
    pub(super) messages: mpsc::Sender<Message>,
    pub(super) passwords: Passwords,
    /// Keys of the user's for block lists.
    pub(super) list_keys: ListKeyring,
    /// Tokens of mailboxes that were signed in at a provider; what renews them outlives every project.
    pub(super) tokens: TokenDesk,
    /// OAuth providers: the user's own, then those of the catalogue.
    pub(super) sign_in_providers: Vec<Arc<SignInProvider>>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) recent: RecentProjects,
    /// What projects may do.
    pub(super) confirmed: Confirmed,
    pub(super) open: Option<OpenProject>,
    pub(super) open_error: Option<UserError>,
    pub(super) keyring: KeyringStatus,
    inbox: mpsc::Receiver<Message>,
    commands_taken: u64,
    /// Number of the current command.
    current_command: Option<u64>,
    /// Set when something changed since the last snapshot.
    is_dirty: bool,
    /// Project changes being written to disk.
    settling: JoinSet<Result<(), ProjectError>>,
}

/// What happens after a command.
pub(super) enum Next {
    /// The engine continues.
    Continue,
    /// The engine ends.
    Quit,
}

impl Actor {
    pub(super) fn new(config: EngineConfig, log: LogRing, outlet: Outlet, runtime: Handle) -> Self {
        let (messages, inbox) = mpsc::channel(MESSAGE_QUEUE);
        let recent = RecentProjects::load(config.recent_file.clone());
        let confirmed = Confirmed::load(config.confirmed_file.clone());
        let passwords = Passwords::new(config.secrets);
        let tokens = config.tokens.clone().unwrap_or_else(|| TokenDesk::new(passwords.store_of_grants()));
        let (sign_in_providers, wrong) = match sign_in_providers(config.sign_in_file.as_deref()) {
            Ok(providers) => (providers, None),
            Err(error) => (known_sign_ins(), Some(error)),
        };
        let list_keys = ListKeyring::load(passwords.store_of_grants(), config.list_keys_file());
        let actor = Self {
            passwords,
            list_keys,
            tokens,
            sign_in_providers,
            config,
            log,
            outlet,
            jobs: Jobs::new(runtime),
            messages,
            catalogue: Arc::new(Catalogue::embedded()),
            recent,
            confirmed,
            open: None,
            open_error: None,
            keyring: KeyringStatus::Unknown,
            inbox,
            commands_taken: 0,
            current_command: None,
            is_dirty: true,
            settling: JoinSet::new(),
        };
        if let Some(error) = wrong {
            actor.fail(*error);
        }
        actor
    }

    /// Runs until [`Command::Quit`], or until every face has dropped its handle.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        let mut progress = interval(PROGRESS_EVERY);
        self.publish();
        loop {
            tokio::select! {
                command = commands.recv() => {
                    self.current_command = Some(self.commands_taken + 1);
                    let next = match command {
                        // The largest command decides how much room all of them take.
                        Some(command) => Box::pin(self.take(command)).await,
                        None => Next::Quit,
                    };
                    self.current_command = None;
                    self.commands_taken += 1;
                    if matches!(next, Next::Quit) {
                        break;
                    }
                    self.publish();
                }
                Some(message) = self.inbox.recv() => {
                    let is_progress = message.is_progress();
                    self.handle(message).await;
                    self.is_dirty = true;
                    // Progress waits for the next tick; an outcome is shown at once.
                    if !is_progress {
                        self.publish();
                    }
                }
                Some(settled) = self.settling.join_next() => self.settled(settled),
                _beat = progress.tick() => {
                    self.watch_copy().await;
                    self.watch_keyring();
                    self.refresh_token_times();
                    self.keep_confirmed();
                    self.go_on_with_switch(UnixTime::now());
                    if let Some(open) = &self.open {
                        open.idle.close_expired();
                    }
                    if self.is_dirty {
                        self.publish();
                    }
                }
            }
            self.settle();
        }
        self.close_project().await;
        self.outlet.event(Event::Ended);
        self.publish();
    }

    /// Publishes a snapshot of the current state.
    fn publish(&mut self) {
        self.is_dirty = false;
        let now = UnixTime::now();
        let project = self.open.as_ref().map(|open| open.snapshot(now));
        self.outlet.snapshot(Snapshot {
            activity: self.open.as_ref().map(OpenProject::activity).unwrap_or_default(),
            project,
            recent: self.recent.list(),
            open_error: self.open_error.clone(),
            keyring: self.keyring.clone(),
            list_keys: self.list_keys.operators(),
            log: Arc::new(self.log.lines()),
            lost_events: 0,
            commands_taken: self.commands_taken,
            now,
        });
    }

    /// Records the project's standing for the start page, in case the program is killed.
    pub(super) fn remember_recent(&mut self) {
        if let Some(open) = self.open.as_ref().filter(|open| !open.view.is_temporary) {
            self.recent.remember(open.as_recent());
        }
    }

    /// Marks a change for the next tick.
    pub(super) fn touch(&mut self) {
        self.is_dirty = true;
    }

    /// Announces that something was done.
    pub(super) fn notice(&self, words: impl Into<String>, path: Option<std::path::PathBuf>) {
        let words = words.into();
        if let Some(path) = &path {
            tracing::info!("{words}: {}", path.display());
        } else {
            tracing::info!("{words}");
        }
        self.outlet.event(Event::Notice(Notice { words, path }));
    }

    /// Reports an error, in the log and as an event.
    pub(super) fn fail(&self, error: UserError) {
        tracing::warn!("{}: {}", error.title, error.cause);
        self.outlet.event(Event::Failed { error, command: self.current_command });
    }

    /// Starts a job: its outcome, or its panic, comes back as a message with the job's number.
    pub(super) fn launch<T, F>(
        &mut self,
        kind: JobKind,
        work: impl FnOnce(JobContext) -> F,
        wrap: impl FnOnce(u64, T) -> Message + Send + 'static,
    ) where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        // Before the job starts: if the program is killed now, it will not ask about this next time.
        self.keep_confirmed();
        let Begun { number, token } = self.jobs.begin(kind);
        let answers = self.messages.clone();
        let context = JobContext { number, token, answers: answers.clone() };
        self.jobs.spawn(work(context), move |ended| async move {
            let message = match ended {
                Ended::Normally(outcome) => wrap(number, outcome),
                Ended::Panicked(words) => Message::Panicked { kind, number, words },
            };
            // The engine may have ended meanwhile; then nobody needs the result.
            let _nobody_asks = answers.send(message).await;
        });
    }

    /// Writes into the open project. Reports an error and returns `None`.
    pub(super) fn store<T>(
        &self,
        write: impl FnOnce(&crate::project::Project) -> Result<T, ProjectError>,
    ) -> Option<T> {
        let open = self.open.as_ref()?;
        match write(&open.project) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fail(explain::project(&error));
                None
            }
        }
    }

    /// Fsyncs the latest project changes in the background.
    fn settle(&mut self) {
        if let Some(kept) = self.open.as_ref().and_then(|open| open.project.unsettled()) {
            self.settling.spawn_blocking(move || kept.flush());
        }
    }

    fn settled(&self, outcome: Result<Result<(), ProjectError>, JoinError>) {
        let flushed = outcome.unwrap_or_else(|ended| Err(ProjectError::Io(ended.into())));
        if let Err(error) = flushed {
            self.fail(explain::project(&error));
        }
    }

    /// Ends all jobs of the open project and closes its file. Harmless when none is open.
    pub(super) async fn close_project(&mut self) {
        self.keep_confirmed();
        let Some(mut open) = self.open.take() else { return };
        self.forget_practice_provider();
        if let Some(control) = &open.copy {
            control.stop();
        }
        let ended = self.jobs.cancel_all();
        let began = Instant::now();
        // Drain results while jobs end, so that none of them blocks on a full queue.
        let drained = async {
            let waiting = ended.wait();
            tokio::pin!(waiting);
            loop {
                tokio::select! {
                    () = &mut waiting => break,
                    _answer = self.inbox.recv() => {}
                }
            }
        };
        if tokio::time::timeout(Duration::from_secs(4), drained).await.is_err() {
            tracing::warn!("jobs did not end within {} s", began.elapsed().as_secs());
        }
        open.remember_phase();
        // Nothing is on its way any more: what was sent and never confirmed counts as to do, in the list of projects too.
        open.copy = None;
        open.refresh_sums();
        if !open.view.is_temporary {
            self.recent.remember(open.as_recent());
        }
        while let Some(settled) = self.settling.join_next().await {
            self.settled(settled);
        }
        if let Err(error) = open.project.close() {
            self.fail(explain::project(&error));
        }
    }
}

/// The user's own OAuth providers, then those of the catalogue. A file that does not exist is no error.
fn sign_in_providers(own: Option<&Path>) -> Result<Vec<Arc<SignInProvider>>, Box<UserError>> {
    let Some(path) = own.filter(|path| path.exists()) else { return Ok(known_sign_ins()) };
    let text = read_text_input(path, MOST_SIGN_IN_BYTES)
        .map_err(|error| Box::new(explain::provider_file_not_read(path, &error)))?;
    let own = read_providers(&text).map_err(|error| Box::new(explain::provider_file(path, &error)))?;
    Ok(own.into_iter().map(Arc::new).chain(known_sign_ins()).collect())
}

fn known_sign_ins() -> Vec<Arc<SignInProvider>> {
    providers().iter().cloned().map(Arc::new).collect()
}
