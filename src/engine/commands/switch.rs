//! Commands of the switch: rounds, sweeps, the way back, and the end of the move.

use crate::engine::api::snapshot::PartDone;
use std::path::{Path, PathBuf};

use crate::cutover::{ReminderKind, Round, SwitchLog, TestMark, TestMessage};
use crate::engine::actor::Actor;
use crate::engine::api::copy_snapshot::CopyPhase;
use crate::engine::api::standing::missing_passwords;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::evidence::{MailboxesToRead, NamedAttempt};
use crate::engine::jobs::results::Message;
use crate::engine::jobs::switch::{Watched, look};
use crate::engine::jobs::test_message::{TestSource, Tested, judge_messages};
use crate::engine::open_project::practice_world::PracticeWorld;
use crate::engine::open_project::switch::{keep_log, log_to_watch};
use crate::records::Format;
use crate::values::{MailboxId, Side, UnixTime};

/// After a round that failed, the next one waits this long, in seconds.
const AGAIN_SECS: u32 = 60;
/// Longest pause between two rounds in a practice project, in seconds: its owner watches.
const PRACTICE_PAUSE_SECS: u32 = 5;

impl Actor {
    /// Asks everybody once. The first round of a switch also begins to watch it.
    pub(super) fn look_at_switch(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        let log = match log_to_watch(&open.project) {
            Ok(log) => log,
            Err(error) => {
                open.switch.error = Some((*error).clone());
                return self.fail(*error);
            }
        };
        let is_practice = open.project.is_practice();
        let is_new = log.reading.is_none();
        let log = SwitchLog {
            is_watching: log.is_watching || is_new,
            asks_public: log.asks_public || (is_new && !is_practice && open.resolver_address().is_empty()),
            ..log
        };
        let watched = Watched {
            domain: open.project.domain().clone(),
            resolvers: open
                .practice
                .as_ref()
                .map_or_else(|| vec![open.resolver_address()], PracticeWorld::resolvers),
            asks_public: log.asks_public && !is_practice,
            proof: log.watch.proof.clone(),
            known: log.watch.servers(),
        };
        open.switch.log = Some(log);
        open.switch.error = None;
        open.switch.looking = Some(PartDone::default());
        self.launch(
            JobKind::Switch,
            |context| look(watched, context),
            |number, result| Message::SwitchLooked { number, result },
        );
    }

    /// Cancels the running round; what earlier ones saw stays.
    pub(super) fn cancel_look(&mut self) {
        self.jobs.cancel(JobKind::Switch);
        self.plan_next_look(None);
    }

    pub(in crate::engine) fn switch_asked(&mut self, done: usize, all: usize) {
        if let Some(open) = self.open.as_mut() {
            let so_far = open.switch.looking.map_or(0, |looking| looking.done);
            open.switch.looking = Some(PartDone { done: so_far.max(done as u64), total: all as u64 });
        }
    }

    pub(in crate::engine) fn switch_looked(&mut self, result: Result<Box<Round>, Box<UserError>>) {
        let taken = result.and_then(|round| self.take_in_round(&round));
        self.plan_next_look(taken.err().map(|error| *error));
    }

    fn take_in_round(&mut self, round: &Round) -> Result<(), Box<UserError>> {
        let Some(open) = self.open.as_mut() else { return Ok(()) };
        let domain = open.project.domain().clone();
        let Some(log) = open.switch.log.as_mut() else { return Ok(()) };
        let notes = log.notes.clone();
        let reading = log.take_in(&domain, round).map_err(|error| Box::new(explain::cutover(&error)))?;
        // Letters come while something happens, not all night.
        let is_news = log.notes != notes && !reading.is_over;
        let kept = keep_log(&open.project, log);
        if let Some(practice) = open.practice.as_ref().filter(|_| is_news) {
            practice.world.deliver_letters(round.at);
        }
        open.count_practice_mail();
        kept
    }

    /// A round is over, with this error where it failed; the next one has its time.
    fn plan_next_look(&mut self, error: Option<UserError>) {
        let Some(open) = self.open.as_mut() else { return };
        let pause = match (&error, &open.switch.log) {
            (None, Some(log)) => log.pause_secs(),
            _ => AGAIN_SECS,
        };
        let pause = if open.practice.is_some() { pause.min(PRACTICE_PAUSE_SECS) } else { pause };
        open.switch.looking = None;
        open.switch.next_look_at = Some(UnixTime(UnixTime::now().0.saturating_add(i64::from(pause))));
        open.switch.error.clone_from(&error);
        if let Some(error) = error {
            // Whoever has just asked for it sees it at once; a round of the watch stays on its page.
            tracing::warn!("{}: {}", error.title, error.cause);
        }
    }

    /// Looks for test messages in a mailbox at the new provider, and judges them.
    pub(super) fn find_test_messages(&mut self, mailbox: MailboxId) {
        let passwords = self.passwords();
        let Some(open) = self.open.as_ref() else { return };
        let address = open.mailbox(mailbox).map(|row| row.mailbox.address.to_string());
        let attempts = open.sign_in_attempts(&[mailbox]).into_iter();
        let attempt = attempts.into_iter().find(|attempt| attempt.side == Side::Destination);
        let (Some(address), Some(attempt)) = (address, attempt) else {
            return self.fail(explain::no_destination());
        };
        let project = open.project.uuid().to_owned();
        let mark = TestMark::of_project(&project);
        let mailboxes =
            MailboxesToRead { project, mailboxes: vec![NamedAttempt { address, attempt }], passwords };
        self.judge_tests(TestSource::Mailboxes(mailboxes, mark));
    }

    /// Reads and judges test messages in files.
    pub(super) fn judge_messages(&mut self, paths: Vec<PathBuf>) {
        self.judge_tests(TestSource::Files(paths));
    }

    /// That is possible before the first round as well.
    fn judge_tests(&mut self, from: TestSource) {
        let Some(open) = self.open.as_mut() else { return };
        let log = match log_to_watch(&open.project) {
            Ok(log) => log,
            Err(error) => return self.fail(*error),
        };
        let tested = Tested {
            domain: open.project.domain().clone(),
            watch: log.watch,
            resolver: open.resolver_address(),
            from,
        };
        open.switch.is_judging = true;
        self.launch(
            JobKind::TestMessages,
            |context| judge_messages(tested, context),
            |number, result| Message::TestsJudged { number, result },
        );
    }

    pub(in crate::engine) fn tests_judged(&mut self, result: Result<Vec<TestMessage>, Box<UserError>>) {
        let Some(open) = self.open.as_mut() else { return };
        open.switch.is_judging = false;
        let kept = result.and_then(|tests| {
            // A round may run meanwhile, and what it began is not stored yet.
            let mut log = match open.switch_log() {
                Some(log) => log.clone(),
                None => log_to_watch(&open.project)?,
            };
            for test in tests {
                log.note_test(test);
            }
            keep_log(&open.project, &log)?;
            open.switch.log = Some(log);
            Ok(())
        });
        if let Err(error) = kept {
            self.fail(*error);
        }
    }

    /// Begins or ends to look by itself. Watching again takes the end of the move back.
    pub(super) fn watch_switch(&mut self, is_on: bool) {
        self.change_log(|log| {
            log.is_watching = is_on;
            log.finished_at = log.finished_at.filter(|_| !is_on);
        });
        if let Some(open) = self.open.as_mut() {
            open.switch.next_look_at = None;
        }
    }

    /// Asks public resolvers from the next round on, or no more.
    pub(super) fn ask_public_resolvers(&mut self, is_on: bool) {
        self.change_log(|log| log.asks_public = is_on);
    }

    /// Keeps what was seen of the switch.
    pub(super) fn keep_switch_log(&self, log: &SwitchLog) {
        let kept = self.open.as_ref().map_or(Ok(()), |open| keep_log(&open.project, log));
        if let Err(error) = kept {
            self.fail(*error);
        }
    }

    fn change_log(&mut self, change: impl FnOnce(&mut SwitchLog)) {
        let Some(open) = self.open.as_mut() else { return };
        let Some(log) = open.switch.log.as_mut() else { return };
        change(log);
        let log = log.clone();
        self.keep_switch_log(&log);
    }

    /// Rounds and sweeps that the plan asks for now, while the switch is watched.
    pub(in crate::engine) fn go_on_with_switch(&mut self, now: UnixTime) {
        let Some(open) = self.open.as_ref().filter(|_| self.config.acts_by_itself) else { return };
        let Some(log) = open.switch_log().filter(|log| log.is_watching && log.finished_at.is_none()) else {
            return;
        };
        if !open.view.unconfirmed.is_empty() || self.jobs.is_running(JobKind::Switch) {
            return;
        }
        if open.switch.next_look_at.is_none_or(|at| at <= now) {
            return self.look_at_switch();
        }
        let can_begin = !self.jobs.is_running(JobKind::Copy)
            && !matches!(open.view.copy.phase, CopyPhase::Paused | CopyPhase::Interrupted)
            && missing_passwords(&open.view) == 0;
        let is_due = log.next_sweep_at(open.copy_done()).is_some_and(|at| at <= now);
        if can_begin && is_due {
            self.sweep_late_mail();
        }
    }

    /// Writes the old records, as they were before the switch.
    pub(super) fn export_way_back(&self, path: &Path, format: Format) {
        let text =
            self.open.as_ref().and_then(|open| open.switch_log()).and_then(|log| log.way_back.get(&format));
        let Some(text) = text else {
            return self
                .fail(explain::nothing_to_save("The old records are not known", "Check the switch first"));
        };
        self.write("Saved the old records", path, text);
    }

    /// The owner says that the move is over.
    pub(super) fn finish_move(&mut self) {
        let now = UnixTime::now();
        let Some(open) = self.open.as_ref() else { return };
        let reason = match open.switch_log() {
            Some(log) => log.keep_reason(open.copy_done(), now),
            None => Some(crate::cutover::KeepReason::NotPublished),
        };
        if let Some(reason) = reason {
            return self.fail(explain::keeps_old_server(reason));
        }
        self.change_log(|log| {
            log.finished_at = Some(now);
            log.is_watching = false;
        });
        self.notice("The move is finished", None);
    }

    /// The owner has done what a reminder says, or has not after all.
    pub(super) fn tick_reminder(&mut self, kind: ReminderKind, is_done: bool) {
        let Some(open) = self.open.as_mut() else { return };
        if is_done {
            open.switch.ticked.insert(kind, UnixTime::now());
        } else {
            open.switch.ticked.remove(&kind);
        }
        let stored = open.switch.ticked.iter().map(|(kind, at)| (kind.id().to_owned(), *at)).collect();
        self.store(|project| project.set_ticked_reminders(&stored));
    }
}
