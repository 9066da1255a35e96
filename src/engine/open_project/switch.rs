//! The switch of a project: what its file keeps of it, and what the faces are shown.

use crate::engine::api::snapshot::PartDone;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cutover::{
    CopyDone, CutoverError, MailRoute, ProofRecord, ReminderKind, Sweep, SwitchLog, TestMark, reminders,
    way_back,
};
use crate::engine::api::copy_snapshot::CopyPhase;
use crate::engine::api::standing::{CopyStanding, copy_standing};
use crate::engine::api::switch_snapshot::{LateMailView, ReminderView, SwitchView};
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::open_project::OpenProject;
use crate::project::{CopyJob, Project, ProjectError, WholeCopy};
use crate::records::{CurrentZone, ExportStage, Format, render};
use crate::values::UnixTime;

/// The switch of the open project.
#[derive(Default)]
pub(in crate::engine) struct Switch {
    /// What the project keeps; `None` before the first round.
    pub(in crate::engine) log: Option<SwitchLog>,
    /// Answers so far and in all, while everybody is asked.
    pub(in crate::engine) looking: Option<PartDone>,
    /// Whether test messages are judged now.
    pub(in crate::engine) is_judging: bool,
    /// When the plan wants the next round.
    pub(in crate::engine) next_look_at: Option<UnixTime>,
    /// Why the last round failed.
    pub(in crate::engine) error: Option<UserError>,
    /// What the owner has ticked, and when.
    pub(in crate::engine) ticked: BTreeMap<ReminderKind, UnixTime>,
}

/// A copy that runs: when it began, and how many messages had been copied by then.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct RunStart {
    pub(in crate::engine) began_at: UnixTime,
    pub(in crate::engine) copied: u64,
}

impl Switch {
    /// Reads what the file keeps.
    pub(in crate::engine) fn load(project: &Project) -> Result<Self, ProjectError> {
        let stored = project.ticked_reminders()?;
        let kinds = ReminderKind::ALL.into_iter();
        let ticked = kinds.filter_map(|kind| Some((kind, *stored.get(kind.id())?))).collect();
        Ok(Self { log: stored_log(project)?, ticked, ..Self::default() })
    }
}

/// What the project keeps of its switch.
fn stored_log(project: &Project) -> Result<Option<SwitchLog>, ProjectError> {
    let read = |body: String| {
        serde_json::from_str(&body).map_err(|error| {
            ProjectError::Corrupt(format!("what was seen of the switch cannot be read: {error}"))
        })
    };
    project.switch_watch()?.map(read).transpose()
}

/// What was seen before, or nothing yet for a plan with another goal. After the switch the records are planned anew from a zone
/// that has only the new ones, so the route of the first look stays, unless the goal is another one.
pub(in crate::engine) fn log_to_watch(project: &Project) -> Result<SwitchLog, Box<UserError>> {
    let stored = |error: ProjectError| Box::new(explain::project(&error));
    let known = stored_log(project).map_err(stored)?;
    let plan = project.records_plan().map_err(stored)?;
    let planned = plan.as_ref().map_or(Err(CutoverError::NothingToSwitch), MailRoute::of_plan);
    let mut log = match (known, planned) {
        (Some(known), Err(CutoverError::NothingToSwitch)) => known,
        (Some(known), Ok(route)) if known.watch.route.has_same_goal(&route) => known,
        (_, Ok(route)) => SwitchLog::new(route, way_back_texts(project).map_err(stored)?),
        (_, Err(error)) => return Err(Box::new(explain::cutover(&error))),
    };
    if let Some(plan) = &plan {
        log.watch.follow(ProofRecord::of_plan(plan));
    }
    Ok(log)
}

/// The way back from the zone as it was read for the plan, in every format; empty where it was not read.
fn way_back_texts(project: &Project) -> Result<BTreeMap<Format, String>, ProjectError> {
    let (Some(plan), Some(facts)) = (project.records_plan()?, project.zone_facts()?) else {
        return Ok(BTreeMap::new());
    };
    let Ok(zone) = serde_json::from_str::<CurrentZone>(&facts) else {
        tracing::warn!("the stored zone cannot be read, so the way back has the MX records only");
        return Ok(BTreeMap::new());
    };
    // Only the whole zone may be missing, where it was not read from a file.
    let text = |format| Some((format, render(&plan, &zone, ExportStage::Rollback, format).ok()?));
    Ok(Format::ALL.into_iter().filter_map(text).collect())
}

/// Keeps what was seen of the switch.
pub(in crate::engine) fn keep_log(project: &Project, log: &SwitchLog) -> Result<(), Box<UserError>> {
    let body = serde_json::to_string(log)
        .map_err(|error| Box::new(explain::defect("The switch could not be saved", &error)))?;
    project.set_switch_watch(&body).map_err(|error| Box::new(explain::project(&error)))
}

/// What the file knows of the copy. Mailboxes that were added since are not copied.
pub(in crate::engine) fn copy_done_of(project: &Project, job: &CopyJob) -> Result<CopyDone, ProjectError> {
    let is_outgrown =
        project.mailboxes()?.iter().any(|(id, mailbox)| mailbox.is_chosen && !job.done.contains(id));
    Ok(job.whole.filter(|_| !is_outgrown).map_or_else(CopyDone::default, copy_done))
}

const fn copy_done(whole: WholeCopy) -> CopyDone {
    CopyDone {
        began_at: Some(whole.began_at),
        finished_at: Some(whole.finished_at),
        is_verified: whole.is_verified,
    }
}

impl OpenProject {
    /// What the plan of the switch knows of the copy. While a sweep runs, that is the copy before it.
    pub(in crate::engine) fn copy_done(&self) -> CopyDone {
        let is_other = matches!(copy_standing(&self.view), CopyStanding::Outgrown | CopyStanding::Elsewhere);
        self.whole.filter(|_| !is_other).map_or_else(CopyDone::default, copy_done)
    }

    /// The switch that the records plan now, or that was watched so far.
    pub(in crate::engine) fn switch_log(&self) -> Option<&SwitchLog> {
        let log = self.switch.log.as_ref()?;
        match self.planned_route() {
            Some(route) if !log.watch.route.has_same_goal(&route) => None,
            _ => Some(log),
        }
    }

    fn planned_route(&self) -> Option<MailRoute> {
        self.view.records.plan.as_deref().and_then(|plan| MailRoute::of_plan(plan).ok())
    }

    /// What the faces are shown.
    pub(in crate::engine) fn switch_view(&self, now: UnixTime) -> SwitchView {
        let (copy, log) = (self.copy_done(), self.switch_log());
        let route = log.map(|log| log.watch.route.clone()).or_else(|| self.planned_route());
        let is_running = matches!(
            self.view.copy.phase,
            CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Paused | CopyPhase::Stopping
        );
        let remaining = reminders(log, self.view.records.plan.as_deref(), copy);
        let view = SwitchView {
            looking: self.switch.looking,
            is_judging: self.switch.is_judging,
            test_subject: TestMark::of_project(self.project.uuid()).subject(),
            old_ttl_secs: log.map_or(0, |log| log.watch.last_old_ttl_secs()),
            new_ttl_secs: route.as_ref().map_or(0, MailRoute::new_ttl_secs),
            long_ttl_secs: route.as_ref().map_or(0, MailRoute::old_ttl_secs),
            old_lines: route.as_ref().map(way_back).unwrap_or_default(),
            route,
            reminders: remaining.into_iter().map(|reminder| self.with_tick(reminder)).collect(),
            error: self.switch.error.clone(),
            late: LateMailView {
                is_running: is_running && self.run.is_some(),
                can_begin: copy.finished_at.is_some() && !is_running,
                ..LateMailView::default()
            },
            ..SwitchView::default()
        };
        let Some(log) = log else { return view };
        SwitchView {
            looked_at: log.watch.last_round_at,
            next_look_at: self.switch.next_look_at.filter(|_| log.is_watching),
            reading: log.reading.clone().map(Arc::new),
            rounds: log.rounds,
            notes: Arc::new(log.notes.clone()),
            tests: Arc::new(log.tests.clone()),
            steps: log.steps(copy, now),
            published_at: log.watch.published_at,
            keep: log.keep_reason(copy, now),
            is_watching: log.is_watching,
            asks_public: log.asks_public,
            late: LateMailView {
                messages: log.late_messages,
                last: log.sweeps.last().copied(),
                sweeps: Arc::new(log.sweeps.clone()),
                next_at: log.next_sweep_at(copy),
                ..view.late
            },
            way_back: Arc::new(log.way_back.clone()),
            finished_at: log.finished_at,
            ..view
        }
    }

    fn with_tick(&self, reminder: crate::cutover::Reminder) -> ReminderView {
        ReminderView { done_at: self.switch.ticked.get(&reminder.kind).copied(), reminder }
    }

    /// A copy came to its end: what it brought after the switch was late mail.
    pub(in crate::engine) fn note_sweep(&mut self, at: UnixTime) {
        let Some(run) = self.run.take() else { return };
        let sum = &self.view.copy.sum;
        let is_whole = self.whole.is_some_and(|whole| whole.began_at == run.began_at);
        let messages = (sum.copied + sum.repaired).saturating_sub(run.copied);
        let sweep = Sweep { began_at: run.began_at, ended_at: at, messages, is_whole };
        let Some(log) = self.switch.log.as_mut().filter(|log| log.watch.published_at.is_some()) else {
            return;
        };
        log.note_sweep(sweep);
        if let Err(error) = keep_log(&self.project, log) {
            tracing::warn!("the sweep was not saved: {}", error.cause);
        }
    }
}
