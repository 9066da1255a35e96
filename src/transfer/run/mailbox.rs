//! The copy of one mailbox: list, look, copy, and begin anew when a connection breaks.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;

use tokio::sync::oneshot;

use crate::imap::{Detail, Session};
use crate::plan::{CopyMode, FolderChoice, FolderPath, FolderPlan, Governor, ReasonCode};
use crate::project::{AccountClaim, FolderId};
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::copy_context::Attempt;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::{BothFolders, FoldersByName};
use crate::transfer::context::request::{
    ConnectionCount, CopyConditions, CopyOutcome, CopyRequest, FolderProblem, FolderTrouble, Problems,
    Progress, ProgressSink,
};
use crate::transfer::flags::after_append;
use crate::transfer::flags::sync;
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::folder::lessons::Lessons;
use crate::transfer::folder::names::FolderNames;
use crate::transfer::folder::worker::{Worker, is_asking};
use crate::transfer::gmail::destination::GmailDeduplication;
use crate::transfer::gmail::source::LabelAssignment;
use crate::transfer::listing::selection::Selection;
use crate::transfer::pace::deferred_refusals::{NextRound, record_refusals};
use crate::transfer::pace::refusal::passing;
use crate::transfer::pace::retry::wait_after;
use crate::transfer::reconcile::missing::{MissingCopyScan, takes_part};
use crate::transfer::reconcile::source_moves::{FollowMoves, SourceMoves};
use crate::transfer::reconcile::strays::{self, Strays};
use crate::transfer::run::connections::{Introductions, more_worker, open_appenders};
use crate::transfer::run::labels::finish_labels;
use crate::transfer::run::list_both::BothLists;
use crate::transfer::run::list_both::list_both;
use crate::transfer::run::missing_folders::uncounted;
use crate::values::Side;
use crate::values::counted;

/// Copies one mailbox. Safe to drop at any point and to call again: the ledger knows what was under way.
///
/// Many mailboxes at once are many calls at once. Within one, both sides work at the same time, and several pairs of
/// connections where there is enough to do.
pub async fn copy_mailbox(
    request: &CopyRequest,
    control: CopyControl,
    sink: ProgressSink<'_>,
) -> Result<CopyOutcome, TransferError> {
    let selection = Selection::new(&request.options)?;
    let governor = Governor::new(request.limits.pairs.max(request.limits.appenders));
    let mut job = Job {
        request: request.clone(),
        names: FolderNames::load(&request.ledger)?,
        control,
        sink,
        governor,
        selection,
        problems: BTreeMap::new(),
        lessons: Lessons::default(),
        sends_all: false,
        gone: BTreeSet::new(),
        claim: None,
    };
    job.lessons.failures.leave_uncounted(uncounted(&request.plan));
    if !job.is_mirror() {
        after_append::leave_to_the_owner(&request.ledger)?;
    }
    let mut finished_before = job.progress()?;
    let mut attempt = Attempt::First;
    loop {
        let error = match Box::pin(job.attempt(attempt)).await {
            Ok(()) => return Ok(job.outcome()),
            Err(error) => error,
        };
        if job.control.is_stopped() && error.is_connection_lost() {
            return Ok(job.outcome());
        }
        let finished = job.progress()?;
        if finished > finished_before {
            job.governor.progressed();
        }
        finished_before = finished;
        attempt = match job.pause_for(error).await {
            Ok(Some(next)) => next,
            Ok(None) => return Ok(job.outcome()),
            Err(error) => {
                Box::pin(job.look_at_the_end(&error)).await;
                return Err(error);
            }
        };
    }
}

pub(in crate::transfer) struct Job<'a> {
    /// With the places that folders have got.
    pub(in crate::transfer) request: CopyRequest,
    /// Which names the destination takes.
    pub(in crate::transfer) names: FolderNames,
    pub(in crate::transfer) control: CopyControl,
    pub(in crate::transfer) sink: ProgressSink<'a>,
    /// Keeps the pace: fewer connections after each break and each request to slow down.
    pub(in crate::transfer) governor: Governor,
    pub(in crate::transfer) selection: Selection<'a>,
    pub(in crate::transfer) problems: Problems,
    pub(in crate::transfer) lessons: Lessons,
    /// Messages go out even where their like seems to be there.
    pub(in crate::transfer) sends_all: bool,
    /// Folders that the source says it has not any more, as it spells them.
    pub(in crate::transfer) gone: BTreeSet<String>,
    /// Keeps others from writing into the destination.
    pub(in crate::transfer) claim: Option<AccountClaim>,
}

impl Job<'_> {
    fn outcome(&mut self) -> CopyOutcome {
        CopyOutcome {
            is_stopped: self.control.is_stopped(),
            folder_problems: std::mem::take(&mut self.problems).into_values().collect(),
        }
    }

    /// Messages that are listed, once more those that are finished, and what was learnt: grows with every step forward.
    fn progress(&self) -> Result<u64, TransferError> {
        let sum = self.request.ledger.sum()?;
        Ok(sum.source_count + sum.finished() + self.lessons.failures.lessons())
    }

    /// Waits as the error asks for. The attempt that follows; none on stop; the error itself where waiting does not help.
    async fn pause_for(&mut self, error: TransferError) -> Result<Option<Attempt>, TransferError> {
        let goes_on = if error.is_after_sleep() {
            // Nobody's fault, and no reason to go slower.
            (self.sink)(Progress::Reconnecting {
                milliseconds: 0,
                side: error.side(),
                words: error.to_string(),
            });
            !self.control.is_stopped()
        } else {
            let limits = (self.request.limits, &self.control);
            wait_after(error, &mut self.governor, limits, self.sink).await?
        };
        Ok(goes_on.then_some(Attempt::AfterFailure))
    }

    /// Refusals whose meaning was not clear when something else failed: their messages are tried again.
    fn forget_suspects(&self) -> Result<(), TransferError> {
        let suspects =
            self.lessons.refusals.take_suspects().into_iter().chain(self.lessons.refusals.take_troubled());
        for suspect in suspects {
            suspect.take_back(&self.request.ledger)?;
        }
        Ok(())
    }

    /// Messages at which a server fails stay to do. An error where they are worth another try.
    fn leave_troubled(&mut self) -> Result<(), TransferError> {
        let troubled = self.lessons.refusals.take_troubled();
        let Some(error) = troubled.first().and_then(|one| passing(one.side, &one.refusal)) else {
            return Ok(());
        };
        let mut counts: BTreeMap<FolderId, u64> = BTreeMap::new();
        let mut told: BTreeMap<FolderId, (Side, String)> = BTreeMap::new();
        for suspect in troubled {
            *counts.entry(suspect.folder).or_default() += 1;
            told.entry(suspect.folder).or_insert((suspect.side, suspect.refusal.to_string()));
            suspect.take_back(&self.request.ledger)?;
        }
        if !self.lessons.refusals.leaves_troubled() {
            return Err(error);
        }
        for (folder, count) in counts {
            let (Some(known), Some((side, words))) =
                (self.request.ledger.memory_of(folder)?, told.remove(&folder))
            else {
                continue;
            };
            let words = format!("{} still to do: {words}", counted(count, "message"));
            let trouble = FolderTrouble::ServerFails;
            let problem = FolderProblem { folder: known.source.clone(), side, trouble, words };
            self.problems.insert((known.source, trouble), problem);
        }
        Ok(())
    }

    async fn rest(&mut self) {
        if self.control.is_paused() {
            (self.sink)(Progress::Paused);
            self.control.wait_while_paused().await;
            (self.sink)(Progress::Resumed);
        }
    }

    async fn attempt(&mut self, attempt: Attempt) -> Result<(), TransferError> {
        self.rest().await;
        if self.control.is_stopped() {
            return Ok(());
        }
        self.names.apply(&mut self.request.plan);
        self.heed_choices()?;
        let mut worker = Box::pin(self.connect()).await?;
        self.governor.let_in();
        let namespace = worker.destination.namespace().await.map_err(TransferError::at(Side::Destination))?;
        (self.sink)(Progress::Connected);
        self.until_quiet(&mut worker.destination, attempt).await?;
        let known = self.known_folders(&namespace)?;
        let listed = list_both(&mut worker, self.source_detail(), (&known, &self.control)).await;
        let BothLists { source, destination, lacking } = listed.inspect_err(|error| {
            self.lessons.failures.counting_broke(error, &worker.source, &worker.destination);
        })?;
        self.tell_of_missing(&lacking, (&source, worker.source.lists_nothing()))?;
        self.gone = lacking.gone;
        let folders = BothFolders { source: &source, destination: &destination };
        if !self.admit(&mut worker, folders).await? {
            return Ok(());
        }
        let keeps_labels = worker.destination.is_gmail();
        let homes = LabelAssignment::look(&mut worker.source, &self.request, keeps_labels, &source).await?;
        let known = (&self.lessons, &self.names);
        let mut state = CopyState::new(&self.request, &self.control, self.sink, namespace, known);
        state.context.attempt = attempt;
        state.deduplication = GmailDeduplication::of(&state.context, &worker.destination, self.sends_all)?;
        state.homes = homes;
        state.strays =
            Strays::of(&self.request.ledger, &destination, (&state.context.namespace, keeps_labels))?;
        state.strays.place_at_home(&mut worker.destination, &self.request.ledger).await?;
        state.pair_opened();
        let asks = is_asking(&worker.destination);
        if asks {
            state.destination_asks();
        }
        let ConnectionCount { pairs, appenders } = self.connections(&worker, asks, self.waiting(&source)?);
        let known = Introductions {
            source: worker.source.introduced(),
            destination: worker.destination.introduced(),
        };
        let others = join_all((1..pairs).map(|_| more_worker(&state, &known, appenders)));
        let first = self.first_worker(&state, &mut worker, folders, appenders);
        // The others first: signing in takes them longer than the first listing takes.
        tokio::join!(others, first);
        // A worker whose sign-in failed may have given its folder back after the others had ended.
        if let Err(error) = worker.run(&state).await {
            state.fail(error);
        }
        set_postponed_flags(&state, &mut worker.destination).await;
        let is_complete = finish_labels(&state, &mut worker.destination).await;
        let (problems, error) = state.into_outcome();
        self.problems.extend(problems);
        if let Some(error) = error {
            self.forget_suspects()?;
            return Err(error);
        }
        record_refusals(&self.lessons.refusals, &self.request.ledger, self.sink)?;
        self.leave_troubled()?;
        if !self.control.is_stopped() {
            self.look_for_late_ones(&mut worker.destination).await?;
        }
        self.finish(worker).await;
        self.sends_all |= !is_complete;
        if !is_complete || (!self.control.is_stopped() && self.lessons.second_look.take()) {
            return Box::pin(self.attempt(attempt)).await;
        }
        if !self.control.is_stopped() {
            match self.lessons.refusals.next_round() {
                NextRound::NotNeeded => {}
                NextRound::Now => return Box::pin(self.attempt(attempt)).await,
                NextRound::Later(words) => return Err(TransferError::failing(words)),
            }
        }
        if !self.control.is_stopped() && self.request.ledger.sum()?.to_do == 0 {
            strays::remember(&self.request.ledger, &destination)?;
        }
        Ok(())
    }

    /// How many connections the waiting messages are worth.
    fn connections(&self, worker: &Worker, asks: bool, waiting: u64) -> ConnectionCount {
        if self.lessons.failures.is_careful_anywhere() {
            return ConnectionCount { pairs: 1, appenders: 0 };
        }
        let tolerated = self.governor.connections();
        let conditions = CopyConditions { waiting, asks, is_near: worker.is_near(), tolerated };
        self.request.limits.connections(conditions)
    }

    /// Says goodbye at the source, and leaves the destination to the verification.
    async fn finish(&self, worker: Worker) {
        let Worker { source, destination, appenders, .. } = worker;
        self.request.destination.leave(destination);
        tokio::join!(source.logout(), join_all(appenders.into_iter().map(Session::logout)));
    }

    /// Folders and duplicates that the owner has left out or taken in again since they were listed.
    fn heed_choices(&self) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        if !self.request.options.drops_duplicates {
            ledger.take_in_again(ReasonCode::DuplicateOf)?;
        }
        let choices: BTreeMap<&FolderPath, FolderChoice> =
            self.request.plan.folders.iter().map(|plan| (&plan.source, plan.choice)).collect();
        for known in ledger.folder_totals()? {
            match choices.get(&known.source) {
                Some(FolderChoice::Copy) if known.totals.sum.left_out > 0 => {
                    ledger.set_left_out(known.id, false)?;
                }
                Some(FolderChoice::LeaveOut(_)) if known.totals.sum.to_do > 0 => {
                    ledger.set_left_out(known.id, true)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn connect(&self) -> Result<Worker, TransferError> {
        let failed = |side| move |source| TransferError::SignIn { side, source };
        let changes = self.source_detail();
        let (source, destination) = tokio::try_join!(
            async {
                let care = self.lessons.failures.counting(Side::Source);
                care.open(&self.request.source, changes).await.map_err(failed(Side::Source))
            },
            async {
                let care = self.lessons.failures.counting(Side::Destination);
                let opened = care.open(&self.request.destination, Detail::Counts).await;
                opened.map_err(failed(Side::Destination))
            },
        )?;
        Ok(Worker { source, destination, appenders: Vec::new(), is_let_in: true })
    }

    pub(in crate::transfer) fn chosen(&self) -> impl Iterator<Item = &FolderPlan> {
        let mode = self.request.options.mode;
        self.request.plan.folders.iter().filter(move |plan| takes_part(plan, mode))
    }

    /// How much is asked about each folder of the source.
    fn source_detail(&self) -> Detail {
        if self.is_mirror() { Detail::Changes } else { Detail::Counts }
    }

    /// Whether flags and lost copies follow the source.
    pub(in crate::transfer) fn is_mirror(&self) -> bool {
        self.request.options.mode == CopyMode::BeforeSwitch
    }

    /// Messages that are to do, as far as the counts of the source and the ledger tell.
    fn waiting(&self, source: &FoldersByName) -> Result<u64, TransferError> {
        let known: BTreeMap<FolderPath, _> = self
            .request
            .ledger
            .folder_totals()?
            .into_iter()
            .map(|folder| (folder.source, folder.totals.sum))
            .collect();
        let waiting = self.chosen().map(|plan| {
            let counted = source.get(&plan.source_raw).and_then(|folder| folder.status?.messages);
            let sum = known.get(&plan.source).copied().unwrap_or_default();
            sum.to_do + counted.unwrap_or(plan.messages).saturating_sub(sum.source_count)
        });
        Ok(waiting.sum())
    }

    /// Whether messages of this folder are to do.
    fn waits(&self, plan: &FolderPlan) -> Result<bool, TransferError> {
        let ledger = &self.request.ledger;
        let Some(known) = ledger.memory_at(&plan.source_raw)? else { return Ok(false) };
        Ok(ledger.totals_of(known.id)?.sum.to_do > 0)
    }

    /// Lists the source while the other workers begin with what is listed, then works as one of them.
    async fn first_worker<'a>(
        &self,
        state: &'a CopyState<'a>,
        worker: &mut Worker,
        folders: BothFolders<'_>,
        appenders: usize,
    ) {
        let outcome = async {
            self.prepare(state, worker, folders).await?;
            state.all_listed();
            // Not before: while a large source is listed, they would be silent for too long.
            worker.appenders = open_appenders(&self.request, appenders).await;
            state.appenders_opened(worker.appenders.len());
            worker.run(state).await
        };
        if let Err(error) = outcome.await {
            state.fail(error);
        }
    }

    /// Lists the source, looks for copies that are lost, makes folders, and brings flags across.
    async fn prepare<'a>(
        &self,
        state: &'a CopyState<'a>,
        worker: &mut Worker,
        folders: BothFolders<'_>,
    ) -> Result<(), TransferError> {
        let BothFolders { source, destination } = folders;
        let (request, mode) = (&self.request, self.request.options.mode);
        let scan = MissingCopyScan::new(self.chosen(), request, &state.context.namespace, destination)?;
        let left_alone = scan.left_alone(mode);
        let Worker { source: session, destination: other, .. } = &mut *worker;
        let moves = SourceMoves::look(request, session, other, source)?;
        let plans: Vec<&FolderPlan> = self.chosen().collect();
        // An error ends both halves; the other one is not needed any more.
        let (end_of_list, list_ended) = oneshot::channel::<()>();
        let (mut watched, told) = tokio::try_join!(
            async {
                let looks = (&scan, &moves);
                let watched = self.list_all(state, session, folders, looks).await?;
                if self.is_mirror() {
                    sync::read_changes(session, (&request.ledger, &self.lessons.failures), &plans, source)
                        .await?;
                }
                drop(end_of_list);
                Ok::<_, TransferError>(watched)
            },
            async {
                self.make_missing(state, other, folders, &scan).await?;
                let told = scan
                    .settle(
                        other,
                        request,
                        (destination, &state.context.namespace),
                        (&self.lessons.failures, &self.lessons.second_look),
                    )
                    .await?;
                // A large source is listed for longer than a server waits in silence.
                let _ended = other.keep_alive_during(request.limits.keep_alive, list_ended).await;
                Ok(told)
            },
        )?;
        watched.retain(|chosen| !left_alone.contains(&chosen.plan.source));
        let with = FollowMoves {
            source: session,
            destination: other,
            ledger: &request.ledger,
            namespace: &state.context.namespace,
        };
        moves.follow(with, &watched).await?;
        for chosen in watched {
            self.offer(state, &chosen, destination)?;
        }
        for (plan, trouble, words) in told {
            // Where people have moved a folder and nothing waits for it, nothing is the matter.
            if trouble == FolderTrouble::FolderMoved && !self.waits(plan)? {
                continue;
            }
            state.context.note_trouble(plan, (Side::Destination, trouble), words);
        }
        if self.is_mirror() && !state.context.control.is_stopped() {
            for (plan, words) in sync::write_changes(
                other,
                (&request.ledger, &self.lessons.failures),
                &plans,
                &state.context.namespace,
            )
            .await?
            {
                state.context.note_trouble(plan, (Side::Destination, FolderTrouble::FlagsRefused), words);
            }
        }
        Ok(())
    }
}

/// Sets the flags that had to wait until their messages had arrived.
async fn set_postponed_flags(state: &CopyState<'_>, destination: &mut Session) {
    if state.context.control.is_stopped() {
        return;
    }
    if let Err(error) = state.kept_flags.settle_postponed(&state.context, destination).await {
        state.fail(error);
    }
}
