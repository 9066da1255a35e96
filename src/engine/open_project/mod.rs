//! The state of the open project: its file, its view, and its jobs.

pub(in crate::engine) mod accounts;
pub(in crate::engine) mod confirmed;
pub(in crate::engine) mod copy;
pub(in crate::engine) mod copy_board;
pub(in crate::engine) mod copy_limits;
pub(in crate::engine) mod copy_meter;
pub(in crate::engine) mod copy_view;
pub(in crate::engine) mod copy_work;
pub(in crate::engine) mod counted_folders;
pub(in crate::engine) mod forecasts;
pub(in crate::engine) mod message_list;
pub(in crate::engine) mod passwords;
pub(in crate::engine) mod practice_world;
pub(in crate::engine) mod provider;
pub(in crate::engine) mod reaches;
pub(in crate::engine) mod records;
pub(in crate::engine) mod report_input;
pub(in crate::engine) mod stopwatch;
pub(in crate::engine) mod switch;

use crate::engine::api::snapshot::{
    AccountsView, AuditView, DestinationView, DomainView, MailboxView, PartDone, PlanView, ProjectView,
    RecentProject, RecordsView, SignInState, SignInView,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::api::command::AuditOptions;
use crate::engine::api::copy_snapshot::{
    CopyPhase, CopyView, MailboxProgress, MailboxProgressState, MessagesView,
};
use crate::engine::api::copy_words::{project_line, project_mark};
use crate::engine::api::sign_ins::SignInsView;
use crate::engine::api::switch_snapshot::SwitchView;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::{Attempt, AttemptPair};
use crate::engine::explain;
use crate::engine::open_project::accounts::LastImport;
use crate::engine::open_project::copy_board::CopyBoard;
use crate::engine::open_project::copy_meter::CopyMeter;
use crate::engine::open_project::practice_world::PracticeWorld;
use crate::engine::open_project::provider::ProviderLimits;
use crate::engine::open_project::records::SavedFiles;
use crate::engine::open_project::switch::{RunStart, Switch};
use crate::engine::pins::PinBook;
use crate::imap::{Compression, IdleSessions, Timeouts};
use crate::plan::{FolderPattern, MailboxPlan, Measured, Oversize, apply_overrides};
use crate::project::{
    AuditSettings, BoundSides, CopyJob, CopyJobPhase, CopyRoute, Destination, Project, ProjectError,
    WholeCopy,
};
use crate::providers::{Catalogue, OwnMail, compare};
use crate::records::CurrentZone;
use crate::secrets::SecretStore;
use crate::signin::TokenDesk;
use crate::values::{AccountIdentity, Bytes, MailboxId, Side, UnixTime, counted_as};

/// The open project: its file, its view for the faces, and what its jobs share.
pub(super) struct OpenProject {
    /// Whether every mailbox was copied completely, whatever a verification found.
    pub(super) is_copied: bool,
    /// The newest copy that came to its end in every mailbox.
    pub(super) whole: Option<WholeCopy>,
    /// The copy that runs: when it began, and how much had been copied by then.
    pub(super) run: Option<RunStart>,
    /// The switch.
    pub(super) switch: Switch,
    pub(super) project: Arc<Project>,
    pub(super) view: ProjectView,
    /// The zone as last read; what the records are computed from.
    pub(super) zone: Option<CurrentZone>,
    /// Files that the next audit reads as evidence.
    pub(super) evidence_to_read: Vec<std::path::PathBuf>,
    /// The finding that the running audit asks about, where it is one alone.
    pub(super) checks_again: Option<String>,
    /// The embedded servers, while a practice project is open.
    pub(super) practice: Option<PracticeWorld>,
    /// The temporary folder of a practice project; deleted when the project is closed.
    pub(super) practice_folder: Option<tempfile::TempDir>,
    /// Controls the running copy.
    pub(super) copy: Option<CopyBoard>,
    pub(super) meter: CopyMeter,
    pub(super) copy_states: BTreeMap<MailboxId, MailboxProgressState>,
    /// Mailboxes finished in this session or before.
    pub(super) done: BTreeSet<MailboxId>,
    /// Which accounts the ledgers belong to.
    pub(super) bound: BTreeMap<MailboxId, BoundSides>,
    /// What was saved last.
    pub(super) saved: SavedFiles,
    /// Whether the newest run was only a verification.
    pub(super) was_verify_only: bool,
    /// How often the ledger was read since the project was opened.
    pub(super) looks: u64,
    /// The accounts opened by sign-ins of this session.
    pub(super) accounts: BTreeMap<(MailboxId, Side), AccountIdentity>,
    /// Whether the user may have entered something since the project was last confirmed.
    pub(super) has_new_reach: bool,
    /// The approved certificates.
    pub(super) pins: PinBook,
    /// Idle connections kept between two steps.
    pub(super) idle: IdleSessions,
    /// Gives tokens where mailboxes sign in with them.
    pub(super) tokens: TokenDesk,
    /// Whether connections are compressed.
    pub(super) compression: Compression,
    pub(super) timeouts: Timeouts,
    /// How fast mailboxes were copied.
    pub(super) measured: BTreeMap<MailboxId, Measured>,
    /// The provider's limits from the catalogue.
    pub(super) limits: ProviderLimits,
    /// The largest message that any copy has listed so far.
    largest_message: Option<Bytes>,
    /// Mailboxes that are copied at the same time.
    pub(super) parallel: usize,
    /// Limit on connections to one server, over all mailboxes; `None`: as many as help.
    pub(super) max_connections: Option<usize>,
    /// The folders listed at the last sign-in at the source, as the server spells them.
    pub(super) seen_folders: BTreeMap<MailboxId, BTreeSet<String>>,
    /// Folders left out and not counted in this session.
    pub(super) excluded: Vec<FolderPattern>,
    /// What the last import of accounts added, while it can be taken back.
    pub(super) last_import: Option<LastImport>,
}

/// What the audit is asked with, as it was saved.
fn audit_options(settings: AuditSettings) -> AuditOptions {
    AuditOptions {
        resolver: settings.resolver,
        selectors: settings.selectors,
        sending_addresses: settings.sending_addresses,
        helo: settings.helo,
        second_resolver: settings.second_resolver,
        ..AuditOptions::default()
    }
}

fn destination_view(destination: Option<Destination>, catalogue: &Catalogue) -> DestinationView {
    DestinationView {
        comparisons: Arc::default(),
        chosen: destination.as_ref().and_then(|chosen| {
            let provider = catalogue.get(&chosen.provider)?;
            Some((chosen.provider.clone(), provider.name.clone()))
        }),
        is_server_typed: destination.as_ref().is_some_and(|chosen| is_typed(chosen, catalogue)),
        server: destination.and_then(|chosen| chosen.server),
    }
}

/// What the pages show of a project that was just opened.
fn first_view(project: &Project, catalogue: &Catalogue, job: &CopyJob) -> Result<ProjectView, ProjectError> {
    let settings = project.audit_settings()?;
    let destination = project.destination()?;
    Ok(ProjectView {
        path: project.path().to_path_buf(),
        is_practice: project.is_practice(),
        is_temporary: false,
        practice_logins: None,
        practice: None,
        unconfirmed: Arc::default(),
        was_interrupted: project.was_interrupted(),
        saved_at: project.saved_at(),
        domain: DomainView {
            name: project.domain().clone(),
            source_server: project.source_server()?,
            candidates: Vec::new(),
            is_searching: false,
            search_error: None,
            audit_options: audit_options(settings),
        },
        audit: project.audit_report()?.map_or(AuditView::NotRun, |report| AuditView::Done(Arc::new(report))),
        destination: destination_view(destination, catalogue),
        mailboxes: Arc::new(load_mailboxes(project)?),
        sign_ins: SignInsView::default(),
        accounts: AccountsView { directory: Arc::new(project.directory()?), ..AccountsView::default() },
        plan: load_plans(project)?,
        copy: view_of(job),
        messages: MessagesView::default(),
        records: RecordsView::default(),
        switch: SwitchView::default(),
        report_saved: None,
    })
}

impl OpenProject {
    /// Reads everything the pages show from the file.
    pub(super) fn load(project: Arc<Project>, catalogue: &Catalogue) -> Result<Self, ProjectError> {
        let job = project.copy_job()?;
        let saved = SavedFiles { zone: project.zone_saved()?, report: project.report_saved()? };
        let bound = load_bound(&project)?;
        let (measured, pins) = (project.measured()?, PinBook::new(project.pins()?));
        let zone = load_zone(&project)?;
        let view = first_view(&project, catalogue, &job)?;
        let mut open = Self {
            is_copied: job.is_copied,
            whole: job.whole,
            run: None,
            switch: Switch::load(&project)?,
            project,
            view,
            zone,
            evidence_to_read: Vec::new(),
            checks_again: None,
            practice: None,
            practice_folder: None,
            copy: None,
            meter: CopyMeter::after(job.speeds),
            copy_states: BTreeMap::new(),
            done: job.done,
            bound,
            saved,
            was_verify_only: false,
            looks: 0,
            accounts: BTreeMap::new(),
            has_new_reach: false,
            pins,
            idle: IdleSessions::default(),
            tokens: TokenDesk::new(SecretStore::session_only()),
            compression: Compression::default(),
            timeouts: Timeouts::default(),
            measured,
            limits: ProviderLimits::default(),
            parallel: 1,
            max_connections: None,
            largest_message: None,
            seen_folders: BTreeMap::new(),
            excluded: Vec::new(),
            last_import: None,
        };
        open.refresh_alias_plan();
        open.count_mailboxes_from_plans();
        open.measure_largest_message()?;
        open.compare_providers(catalogue);
        open.refresh_copy_totals();
        if let Err(error) = open.compute_records(catalogue) {
            open.view.records.error = Some(*error);
        }
        Ok(open)
    }

    /// The current view for the faces.
    pub(super) fn snapshot(&self, now: UnixTime) -> ProjectView {
        ProjectView {
            saved_at: self.project.saved_at(),
            report_saved: self.report_saved(),
            switch: self.switch_view(now),
            practice: self.practice_view(now),
            ..self.view.clone()
        }
    }

    /// What the program is doing, in one sentence.
    pub(super) fn activity(&self) -> String {
        let view = &self.view;
        let signing_in = view
            .mailboxes
            .iter()
            .filter(|row| {
                row.source.state == SignInState::SigningIn || row.destination.state == SignInState::SigningIn
            })
            .count();
        match view.copy.phase {
            CopyPhase::Running => {
                let running = view
                    .copy
                    .mailboxes
                    .iter()
                    .filter(|mailbox| {
                        matches!(
                            mailbox.state,
                            MailboxProgressState::Running(_) | MailboxProgressState::Verifying { .. }
                        )
                    })
                    .count();
                let what = if view.copy.is_verifying { "Verifying" } else { "Copying" };
                return copying_words(what, running, &view.copy.mailboxes);
            }
            CopyPhase::Pausing | CopyPhase::Stopping => {
                return "Finishing the messages in progress".to_owned();
            }
            _ => {}
        }
        if let Some(PartDone { done, total }) = view.plan.counting {
            format!("Counting folders, {done} of {total}")
        } else if signing_in > 0 {
            format!("Signing in to {}", counted_as(signing_in, "mailbox", "mailboxes"))
        } else if let AuditView::Running { what, .. } = &view.audit {
            format!("Querying DNS: {what}")
        } else if view.records.is_preparing {
            "Reading the zone".to_owned()
        } else if view.domain.is_searching {
            "Looking for the mail server".to_owned()
        } else if let Some(PartDone { done, total }) = self.switch.looking {
            format!("Asking name servers and resolvers, {done} of {total}")
        } else {
            String::new()
        }
    }

    /// The project as the start page lists it.
    pub(super) fn as_recent(&self) -> RecentProject {
        RecentProject {
            path: self.project.path().to_path_buf(),
            domain: self.project.domain().clone(),
            state: project_line(&self.view),
            at: UnixTime::now(),
            is_practice: self.project.is_practice(),
            mark: project_mark(&self.view),
        }
    }

    /// The servers of a copy started now; `None` while one is unknown.
    pub(super) fn route_now(&self) -> Option<CopyRoute> {
        let (provider, provider_name) = self.view.destination.chosen.clone()?;
        Some(CopyRoute {
            source: self.view.domain.source_server.clone()?,
            provider,
            provider_name,
            destination: self.view.destination.server.clone()?,
        })
    }

    pub(super) fn mailbox(&self, id: MailboxId) -> Option<&MailboxView> {
        self.view.mailboxes.iter().find(|row| row.id == id)
    }

    pub(super) fn mailbox_mut(&mut self, id: MailboxId) -> Option<&mut MailboxView> {
        Arc::make_mut(&mut self.view.mailboxes).iter_mut().find(|row| row.id == id)
    }

    /// The resolver to use: the practice one, the user's, or the system's (empty).
    pub(super) fn resolver_address(&self) -> String {
        match &self.practice {
            Some(practice) => practice.resolver().to_string(),
            None => self.view.domain.audit_options.resolver.clone(),
        }
    }

    /// Resets the sign-ins on one side after its server changed.
    pub(super) fn forget_sign_ins(&mut self, side: Side) {
        for row in Arc::make_mut(&mut self.view.mailboxes) {
            // A password is for one server only.
            *crate::engine::api::snapshot::sign_in_of(row, side) = SignInView::default();
        }
    }

    /// Discards plans made for another server or user; returns the mailboxes.
    pub(super) fn forget_plans(&mut self, whose: Option<MailboxId>) -> Vec<MailboxId> {
        let plans = Arc::make_mut(&mut self.view.plan.mailboxes);
        let stale: Vec<MailboxId> =
            plans.keys().copied().filter(|id| whose.is_none_or(|one| one == *id)).collect();
        let oversize = Arc::make_mut(&mut self.view.plan.oversize);
        for id in &stale {
            plans.remove(id);
            oversize.remove(id);
            self.measured.remove(id);
        }
        self.refresh_copy_totals();
        stale
    }

    /// Restores the state before a running audit.
    pub(super) fn end_audit_without_result(&mut self) {
        if let AuditView::Running { previous, .. } = &self.view.audit {
            self.view.audit = previous.clone().map_or(AuditView::NotRun, AuditView::Done);
        }
    }

    /// Ends pending sign-ins with this error.
    pub(super) fn fail_running_sign_ins(&mut self, error: &UserError) {
        for row in Arc::make_mut(&mut self.view.mailboxes) {
            for view in [&mut row.source, &mut row.destination] {
                if view.state == SignInState::SigningIn {
                    view.state = SignInState::Failed;
                    view.error = Some(error.clone());
                }
            }
        }
    }

    /// Mailboxes whose mail at the old server can be read: the server and a password are known.
    pub(super) fn readable_mailboxes(&self) -> impl Iterator<Item = &MailboxView> {
        self.view.readable_mailboxes()
    }

    /// Both sides of these mailboxes, or of all chosen ones, as sign-ins to try.
    pub(super) fn sign_in_attempts(&self, wanted: &[MailboxId]) -> Vec<Attempt> {
        let sides = [
            (Side::Source, self.view.domain.source_server.clone()),
            (Side::Destination, self.view.destination.server.clone()),
        ];
        let mut attempts = Vec::new();
        for (side, server) in sides {
            let Some(server) = server else { continue };
            for row in self.view.mailboxes.iter() {
                let is_wanted =
                    if wanted.is_empty() { row.mailbox.is_chosen } else { wanted.contains(&row.id) };
                if is_wanted {
                    attempts.push(Attempt {
                        mailbox: row.id,
                        side,
                        server: server.clone(),
                        pins: self.pins.clone(),
                        user: row.mailbox.user(side).to_owned(),
                        way: row.mailbox.way(side).clone(),
                        compression: self.compression,
                        timeouts: self.timeouts,
                        idle: self.idle.clone(),
                        tokens: self.tokens.clone(),
                        uncounted: self.uncounted(side),
                    });
                }
            }
        }
        attempts.sort_by_key(|attempt| (attempt.mailbox, attempt.side));
        attempts
    }

    /// Chosen mailboxes with the sign-ins for both servers.
    pub(super) fn both_sides(&self) -> Result<Vec<AttemptPair>, Box<UserError>> {
        if self.view.domain.source_server.is_none() {
            return Err(Box::new(explain::no_source_server()));
        }
        if self.view.destination.server.is_none() {
            return Err(Box::new(explain::no_destination()));
        }
        let attempts = self.sign_in_attempts(&[]);
        let mut pairs = Vec::new();
        for pair in attempts.chunks_exact(2) {
            // Mailboxes that cannot sign in are shown on their page; retrying them here might lock them out.
            if let [source, destination] = pair
                && self.mailbox(source.mailbox).is_some_and(may_sign_in)
            {
                pairs.push(AttemptPair { source: source.clone(), destination: destination.clone() });
            }
        }
        Ok(pairs)
    }

    /// Advances the running count by one mailbox.
    pub(super) fn count_one_more(&mut self) {
        if let Some(counting) = &mut self.view.plan.counting {
            counting.done += 1;
        }
    }

    /// Shows the plan of a mailbox just counted.
    pub(super) fn show_plan(&mut self, mailbox: MailboxId, plan: MailboxPlan, oversize: Oversize) {
        self.count_one_more();
        Arc::make_mut(&mut self.view.plan.oversize).insert(mailbox, oversize);
        self.view.plan.errors.remove(&mailbox);
        let counted = plan.counted();
        Arc::make_mut(&mut self.view.plan.mailboxes).insert(mailbox, plan);
        if let Some(row) = self.mailbox_mut(mailbox) {
            row.counted = Some(counted);
        }
    }

    fn count_mailboxes_from_plans(&mut self) {
        let counts: Vec<_> =
            self.view.plan.mailboxes.iter().map(|(mailbox, plan)| (*mailbox, plan.counted())).collect();
        for (mailbox, counted) in counts {
            if let Some(row) = self.mailbox_mut(mailbox) {
                row.counted = Some(counted);
            }
        }
    }

    /// Looks up the largest message that any copy has listed so far.
    pub(super) fn measure_largest_message(&mut self) -> Result<(), ProjectError> {
        self.largest_message = self.project.largest_message()?;
        Ok(())
    }

    /// How many levels of folders the counted mailboxes have, one inside the other.
    fn folder_levels(&self) -> Option<u32> {
        let folders = self.view.plan.mailboxes.values().flat_map(|plan| &plan.folders);
        let levels = folders.map(|folder| folder.source.0.len()).max()?;
        Some(u32::try_from(levels).unwrap_or(u32::MAX))
    }

    /// Measures every provider against the mail counted so far.
    pub(super) fn compare_providers(&mut self, catalogue: &Catalogue) {
        self.limits = self.provider_limits(catalogue);
        self.refresh_forecasts();
        let counted: Vec<Bytes> =
            self.view.mailboxes.iter().filter_map(|row| row.counted.map(|counted| counted.bytes)).collect();
        let own = OwnMail {
            mailbox_count: self.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen).count(),
            total: (!counted.is_empty())
                .then(|| counted.iter().fold(Bytes::ZERO, |sum, bytes| sum.plus(*bytes))),
            largest_mailbox: counted.iter().copied().max(),
            largest_message: self.largest_message,
            folder_levels: self.folder_levels(),
        };
        self.view.destination.comparisons =
            Arc::new(catalogue.providers().iter().map(|provider| compare(provider, &own)).collect());
    }
}

/// Whether both sides of a mailbox can sign in. Where a sign-in at a provider has ended, somebody may have signed in again with
/// the command; trying costs nothing, as the provider is not asked with what it has ended.
fn may_sign_in(row: &MailboxView) -> bool {
    use SignInState::{ConsentEnded, NotTried, SignedIn, SigningIn};
    [&row.source.state, &row.destination.state]
        .iter()
        .all(|state| matches!(state, NotTried | SigningIn | SignedIn | ConsentEnded))
}

/// The zone as last read; one that cannot be parsed is read again.
fn load_zone(project: &Project) -> Result<Option<CurrentZone>, ProjectError> {
    let Some(json) = project.zone_facts()? else { return Ok(None) };
    Ok(serde_json::from_str(&json)
        .map_err(|error| tracing::warn!("the stored zone of the project is read again: {error}"))
        .ok())
}

/// The copy as the project was left.
fn view_of(job: &CopyJob) -> CopyView {
    CopyView {
        phase: phase_after_opening(job),
        route: job.route.clone(),
        earlier: job.earlier.clone(),
        trial: job.trial,
        started_at: job.started_at,
        finished_at: job.finished_at,
        verification: job.verification.clone(),
        verification_counts: job.verification_counts.clone(),
        throughput: Arc::new(job.speeds.clone()),
        ..CopyView::default()
    }
}

fn load_mailboxes(project: &Project) -> Result<Vec<MailboxView>, ProjectError> {
    let sign_ins = project.sign_ins()?;
    let view = |id: MailboxId, side: Side| {
        let words = sign_ins.get(&(id, side)).map(|fact| fact.server_words.clone());
        SignInView { server_words: words.unwrap_or_default(), ..SignInView::default() }
    };
    Ok(project
        .mailboxes()?
        .into_iter()
        .map(|(id, mailbox)| MailboxView {
            id,
            mailbox,
            source: view(id, Side::Source),
            destination: view(id, Side::Destination),
            counted: None,
            folders: Arc::default(),
        })
        .collect())
}

fn load_plans(project: &Project) -> Result<PlanView, ProjectError> {
    let mut counted_at = None;
    let mut plans = BTreeMap::new();
    let mut oversize = BTreeMap::new();
    for (mailbox, stored) in project.plans()? {
        let mut plan = stored.plan;
        apply_overrides(&mut plan, &project.folder_overrides(mailbox)?);
        project.name_lessons(mailbox)?.apply(&mut plan);
        counted_at = counted_at.max(Some(stored.counted_at));
        plans.insert(mailbox, plan);
        oversize.insert(mailbox, stored.oversize);
    }
    Ok(PlanView {
        mailboxes: Arc::new(plans),
        counted_at,
        options: project.copy_options()?,
        oversize: Arc::new(oversize),
        ..PlanView::default()
    })
}

/// A copy that was running when the program ended continues. A verification does not; it must be requested again.
const fn phase_after_opening(job: &CopyJob) -> CopyPhase {
    match job.phase {
        CopyJobPhase::NotStarted => CopyPhase::NotStarted,
        CopyJobPhase::Running if !job.is_verifying => CopyPhase::Interrupted,
        CopyJobPhase::Running if job.finished_at.is_some() => CopyPhase::Finished,
        CopyJobPhase::Running | CopyJobPhase::Stopped => CopyPhase::Stopped,
        CopyJobPhase::Paused => CopyPhase::Paused,
        CopyJobPhase::Finished => CopyPhase::Finished,
    }
}

/// Whether a server differs from the catalogue's.
pub(super) fn is_typed(chosen: &Destination, catalogue: &Catalogue) -> bool {
    let known = catalogue.get(&chosen.provider).and_then(|provider| provider.imap.as_ref());
    chosen.server.is_some() && chosen.server.as_ref() != known.map(|fact| &fact.value)
}

fn load_bound(project: &Project) -> Result<BTreeMap<MailboxId, BoundSides>, ProjectError> {
    let mut bound = BTreeMap::new();
    for (id, _) in project.mailboxes()? {
        bound.extend(project.bound_sides(id)?.map(|sides| (id, sides)));
    }
    Ok(bound)
}

/// `Copying 3 mailboxes, 1 waits, 1 paused`; `4 mailboxes wait`.
fn copying_words(what: &str, running: usize, shown: &[MailboxProgress]) -> String {
    let count =
        |is_it: fn(&MailboxProgressState) -> bool| shown.iter().filter(|one| is_it(&one.state)).count();
    let waiting = count(|state| matches!(state, MailboxProgressState::WaitsUntil(..)));
    let lost = count(|state| matches!(state, MailboxProgressState::Reconnecting(_)));
    let paused = count(|state| *state == MailboxProgressState::Paused);
    let mailboxes = |count| counted_as(count, "mailbox", "mailboxes");
    let mut parts = Vec::new();
    if running > 0 {
        parts.push(format!("{what} {}", mailboxes(running)));
    }
    let others = [
        (waiting, if waiting == 1 { "waits" } else { "wait" }),
        (lost, if lost == 1 { "has lost its connection" } else { "have lost their connections" }),
        (paused, "paused"),
    ];
    for (count, what) in others {
        if count > 0 {
            let whose = if parts.is_empty() { mailboxes(count) } else { count.to_string() };
            parts.push(format!("{whose} {what}"));
        }
    }
    if parts.is_empty() { format!("{what} begins") } else { parts.join(", ") }
}
