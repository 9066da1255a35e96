//! Keeps in the project what was seen of the switch: rounds, sweeps, test messages, and the old records for the way back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reading::Sees;
use super::round::Round;
use super::schedule::{is_swept_since, quiet_at};
use super::test_message::TestMessage;
use super::watch::{Reading, Watch};
use super::{CopyDone, CutoverError, KeepReason, MailRoute, Step, keep_reason, schedule};
use crate::records::Format;
use crate::values::{DomainName, UnixTime};

/// Rounds that are kept, of those that saw something new.
const MOST_NOTES: usize = 200;
/// Sweeps that are kept.
const MOST_SWEEPS: usize = 100;
/// Test messages that are kept.
const MOST_TESTS: usize = 20;
/// While old answers may be kept somewhere, an old server is swept this often, in seconds.
const SWEEP_EVERY_SECS: i64 = 3600;
/// Afterwards, until the move is finished, in seconds.
const LATE_SWEEP_EVERY_SECS: i64 = 6 * 3600;
/// A sweep that did not come to its end is tried again after this time, in seconds.
const SWEEP_AGAIN_SECS: i64 = 900;

/// What a project keeps of its switch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchLog {
    /// What all rounds together say.
    pub watch: Watch,
    /// What the newest round said.
    pub reading: Option<Reading>,
    /// How many rounds there were.
    pub rounds: u64,
    /// Rounds that saw something new, oldest first.
    pub notes: Vec<RoundNote>,
    /// Sweeps, oldest first.
    pub sweeps: Vec<Sweep>,
    /// Messages that sweeps have brought over since the switch.
    pub late_messages: u64,
    /// When a sweep last brought one.
    pub last_late_at: Option<UnixTime>,
    /// Messages that tried the new way, as they were last judged, oldest first.
    pub tests: Vec<TestMessage>,
    /// The old records, as they were before the switch, in every format.
    pub way_back: BTreeMap<Format, String>,
    /// Whether the window looks by itself.
    pub is_watching: bool,
    /// Whether resolvers that everybody may use are asked, too.
    pub asks_public: bool,
    /// When the owner declared the move finished.
    pub finished_at: Option<UnixTime>,
}

/// What a round saw, in figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundNote {
    /// When it began.
    pub at: UnixTime,
    /// Servers and resolvers with the new mail hosts.
    pub new: usize,
    /// Those with the old ones, in part or whole, or from an older version of the zone.
    pub old: usize,
    /// Those with hosts that nobody has planned, and those that cannot be right.
    pub wrong: usize,
    /// Those without a usable answer.
    pub silent: usize,
    /// Those with all of SPF, DKIM and DMARC as the plan wants them.
    pub proven: usize,
    /// Whether every server in charge has the new records.
    pub is_everywhere: bool,
    /// Whether nobody can have the old records any more.
    pub is_over: bool,
}

/// A copy after the switch, which brings over what still reached the old server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// When it began.
    pub began_at: UnixTime,
    /// When it ended.
    pub ended_at: UnixTime,
    /// Messages that it brought over.
    pub messages: u64,
    /// Whether it came to its end in every mailbox.
    pub is_whole: bool,
}

impl RoundNote {
    fn of(at: UnixTime, reading: &Reading) -> Self {
        let count =
            |is_it: fn(&Sees) -> bool| reading.sights.iter().filter(|sight| is_it(&sight.sees)).count();
        Self {
            at,
            new: count(|sees| *sees == Sees::New),
            old: count(|sees| matches!(sees, Sees::Old | Sees::Mixed | Sees::Lagging)),
            wrong: count(|sees| matches!(sees, Sees::Other | Sees::Lying(_))),
            silent: count(|sees| matches!(sees, Sees::OutOfReach | Sees::Down(_))),
            proven: reading.sights.iter().filter(|sight| sight.is_proven()).count(),
            is_everywhere: reading.is_everywhere,
            is_over: reading.is_over,
        }
    }
}

impl SwitchLog {
    /// Nothing was seen yet.
    pub const fn new(route: MailRoute, way_back: BTreeMap<Format, String>) -> Self {
        Self {
            watch: Watch::new(route),
            reading: None,
            rounds: 0,
            notes: Vec::new(),
            sweeps: Vec::new(),
            late_messages: 0,
            last_late_at: None,
            tests: Vec::new(),
            way_back,
            is_watching: false,
            asks_public: false,
            finished_at: None,
        }
    }

    /// Takes in a round. Nothing changes where it fails.
    ///
    /// # Errors
    /// As [`Watch::take_in`].
    pub fn take_in(&mut self, domain: &DomainName, round: &Round) -> Result<Reading, CutoverError> {
        let reading = self.watch.take_in(domain, round)?;
        let note = RoundNote::of(round.at, &reading);
        let is_news = self.notes.last().is_none_or(|last| RoundNote { at: note.at, ..*last } != note);
        if is_news {
            self.notes.push(note);
        }
        if self.notes.len() > MOST_NOTES {
            // The first one says how it began.
            self.notes.remove(1);
        }
        self.rounds = self.rounds.saturating_add(1);
        self.reading = Some(reading.clone());
        Ok(reading)
    }

    /// Takes in a sweep that has ended. What was copied before the switch is no late mail.
    pub fn note_sweep(&mut self, sweep: Sweep) {
        if self.watch.published_at.is_some() && sweep.messages > 0 {
            self.late_messages = self.late_messages.saturating_add(sweep.messages);
            self.last_late_at = Some(sweep.ended_at);
        }
        self.sweeps.push(sweep);
        if self.sweeps.len() > MOST_SWEEPS {
            self.sweeps.remove(0);
        }
    }

    /// Takes in a message that was judged. A message that is judged again replaces what was said of it before.
    pub fn note_test(&mut self, test: TestMessage) {
        let is_same = |known: &TestMessage| match (&known.message_id, &test.message_id) {
            (Some(known), Some(id)) => known == id,
            _ => known.name == test.name,
        };
        self.tests.retain(|known| !is_same(known));
        self.tests.push(test);
        if self.tests.len() > MOST_TESTS {
            self.tests.remove(0);
        }
    }

    /// Moves everything that was seen into the past, by this many seconds: for practice, where nobody waits three days.
    pub fn let_pass(&mut self, seconds: i64) {
        let earlier = |at: &mut UnixTime| at.0 = at.0.saturating_sub(seconds);
        self.watch.let_pass(seconds);
        for note in &mut self.notes {
            earlier(&mut note.at);
        }
        for sweep in &mut self.sweeps {
            earlier(&mut sweep.began_at);
            earlier(&mut sweep.ended_at);
        }
        let reading = self.reading.as_mut().and_then(|reading| reading.old_until.as_mut());
        for at in [self.last_late_at.as_mut(), self.finished_at.as_mut(), reading].into_iter().flatten() {
            earlier(at);
        }
    }

    /// The dated plan; empty before the first round.
    pub fn steps(&self, copy: CopyDone, now: UnixTime) -> Vec<Step> {
        self.reading.as_ref().map_or_else(Vec::new, |reading| schedule(&self.watch, reading, copy, now))
    }

    /// Why the old server must go on running; `None` when it may be stopped.
    pub fn keep_reason(&self, copy: CopyDone, now: UnixTime) -> Option<KeepReason> {
        match &self.reading {
            Some(reading) => keep_reason(&self.watch, reading, copy, now),
            None => Some(KeepReason::NotPublished),
        }
    }

    /// When the old server is to be swept next; `None` while new mail does not go to the new one yet, before the first whole
    /// copy, and once the move is finished.
    pub fn next_sweep_at(&self, copy: CopyDone) -> Option<UnixTime> {
        let published = self.watch.published_at.filter(|_| self.finished_at.is_none())?;
        let began = copy.began_at.filter(|_| copy.finished_at.is_some())?;
        let later = |moment: UnixTime, secs: i64| UnixTime(moment.0.saturating_add(secs));
        let due = match self.watch.over_at {
            // In the same second, mail may have come between the two.
            _ if began <= published => published,
            Some(over) if !is_swept_since(copy, over) => over,
            // The last sweep of all follows as soon as the queues of others are empty.
            Some(over) if began < quiet_at(over) => later(began, LATE_SWEEP_EVERY_SECS).min(quiet_at(over)),
            Some(_) => later(began, LATE_SWEEP_EVERY_SECS),
            None => later(began, SWEEP_EVERY_SECS),
        };
        let failed = self.sweeps.last().filter(|last| !last.is_whole);
        Some(failed.map_or(due, |last| due.max(later(last.ended_at, SWEEP_AGAIN_SECS))))
    }

    /// How long to wait before the next round, in seconds: little while something is under way, longer while a date is
    /// waited for.
    pub fn pause_secs(&self) -> u32 {
        let Some(reading) = &self.reading else { return 30 };
        let is_under_way = self.watch.published_at.is_some() && !reading.is_over;
        match () {
            () if is_under_way => 30,
            () if reading.is_over => 3600,
            () => 300,
        }
    }
}
