//! The progress of a running copy: what each mailbox is doing, what it is waiting for, and until when.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::copy_args::ProgressForm;
use super::live::LiveDisplay;
use super::output;
use crate::engine::{
    Connections, CopyPhase, MailboxProgress, MailboxProgressState, ProjectView, Snapshot, WaitCause,
    is_all_copied, result_words,
};
use crate::plan::duration_words;
use crate::values::MailboxId;
use crate::values::{UnixTime, counted_as, with_thousands};

/// How often the figures of a mailbox are printed while its state stays the same.
const EVERY: Duration = Duration::from_secs(5);

/// Prints the progress: a change of state at once, figures every few seconds.
pub struct ProgressTeller {
    form: ProgressForm,
    /// The display drawn in place, if standard error is a terminal.
    live: Option<LiveDisplay>,
    told: BTreeMap<MailboxId, String>,
    last: Instant,
}

/// One mailbox for programs.
#[derive(Debug, Serialize)]
struct MailboxLine<'a> {
    event: &'static str,
    at: i64,
    mailbox: &'a str,
    state: &'static str,
    source_connections: usize,
    destination_connections: usize,
    /// What it is waiting for, or why it stopped.
    because: Option<&'a str>,
    /// When it continues on its own, in seconds since 1970.
    until: Option<i64>,
    messages_done: u64,
    messages_all: u64,
    /// Those at the destination.
    copied: u64,
    refused: u64,
    exported: u64,
    to_do: u64,
    bytes_done: u64,
    bytes_all: u64,
}

/// All mailboxes together, for programs.
#[derive(Debug, Serialize)]
struct TotalLine {
    event: &'static str,
    at: i64,
    phase: &'static str,
    messages_done: u64,
    messages_all: u64,
    bytes_done: u64,
    bytes_all: u64,
    bytes_per_second: Option<u64>,
    seconds_left: Option<u64>,
}

impl ProgressTeller {
    /// Prints in this format.
    pub fn new(form: ProgressForm) -> Self {
        let is_live = form == ProgressForm::Lines && std::io::stderr().is_terminal();
        let live = is_live.then(LiveDisplay::new);
        Self { form, live, told: BTreeMap::new(), last: Instant::now() }
    }

    /// Prints what is new in a snapshot.
    pub fn tell(&mut self, snapshot: &Snapshot) {
        let Some(project) = &snapshot.project else { return };
        if let Some(live) = &mut self.live {
            live.draw(snapshot);
        }
        let is_time = self.last.elapsed() >= EVERY;
        if is_time {
            self.last = Instant::now();
        }
        let moment = Moment::of(snapshot, project);
        for mailbox in &project.copy.mailboxes {
            let (state, ..) = state_of(&mailbox.state);
            // The words of a wait may count down; only its state and end show whether it is a new one.
            let key = match &mailbox.state {
                MailboxProgressState::WaitsUntil(until, _) => format!("{state} {}", until.0),
                MailboxProgressState::Queued if moment.is_over => format!("{state} no more"),
                _ => state.to_owned(),
            };
            let is_known = self.told.get(&mailbox.id) == Some(&key);
            // The display drawn in place needs no lines, except for mailboxes that end or wait: those lines should remain.
            let is_drawn = self.live.is_some();
            let is_at_work = matches!(
                mailbox.state,
                MailboxProgressState::Running(_) | MailboxProgressState::Verifying { .. }
            );
            if is_known && (is_drawn || !(is_time && is_at_work)) || is_drawn && is_at_work {
                continue;
            }
            self.told.insert(mailbox.id, key);
            match self.form {
                ProgressForm::Lines => {
                    output::say(&output::line(&words(mailbox, moment)));
                }
                ProgressForm::Json => output::say_json(&line(mailbox, snapshot.now)),
            }
        }
        if is_time && self.live.is_none() {
            match self.form {
                ProgressForm::Lines => output::say(&total_words(project)),
                ProgressForm::Json => output::say_json(&total(project, snapshot.now)),
            }
        }
    }
}

/// The time of a line, and the kind of run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    now: UnixTime,
    is_trial: bool,
    /// Whether nothing is running any more.
    is_over: bool,
}

impl Moment {
    pub(super) fn of(snapshot: &Snapshot, project: &ProjectView) -> Self {
        Self {
            now: snapshot.now,
            is_trial: project.copy.trial.is_some(),
            is_over: matches!(project.copy.phase, CopyPhase::Finished | CopyPhase::Stopped),
        }
    }
}

/// The state in one word, the connections, what it is waiting for, and until when.
const fn state_of(
    state: &MailboxProgressState,
) -> (&'static str, Connections, Option<&str>, Option<UnixTime>) {
    let none = Connections { source: 0, destination: 0 };
    match state {
        MailboxProgressState::Queued => ("queued", none, None, None),
        MailboxProgressState::Running(connections) => ("running", *connections, None, None),
        MailboxProgressState::Verifying { .. } => ("verifying", none, None, None),
        MailboxProgressState::Reconnecting(lost) => {
            ("reconnecting", none, Some(lost.words.as_str()), Some(lost.next_try))
        }
        MailboxProgressState::WaitsUntil(until, wait) => {
            ("waits", none, Some(wait.words.as_str()), Some(*until))
        }
        MailboxProgressState::Paused => ("paused", none, None, None),
        MailboxProgressState::Done => ("done", none, None, None),
        MailboxProgressState::Stopped(error) => ("stopped", none, Some(error.title.as_str()), None),
    }
}

fn line(mailbox: &MailboxProgress, now: UnixTime) -> MailboxLine<'_> {
    let (state, connections, because, until) = state_of(&mailbox.state);
    MailboxLine {
        event: "mailbox",
        at: now.0,
        mailbox: &mailbox.address,
        state,
        source_connections: connections.source,
        destination_connections: connections.destination,
        because,
        until: until.map(|until| until.0),
        messages_done: mailbox.sum.finished(),
        messages_all: mailbox.sum.source_count,
        copied: mailbox.sum.arrived(),
        refused: mailbox.sum.refused,
        exported: mailbox.sum.exported,
        to_do: mailbox.sum.to_do,
        bytes_done: mailbox.bytes_done.0,
        bytes_all: mailbox.bytes_total.0,
    }
}

fn total(project: &ProjectView, now: UnixTime) -> TotalLine {
    let copy = &project.copy;
    TotalLine {
        event: "total",
        at: now.0,
        phase: match copy.phase {
            CopyPhase::NotStarted => "not-started",
            CopyPhase::Running => "running",
            CopyPhase::Pausing => "pausing",
            CopyPhase::Paused => "paused",
            CopyPhase::Stopping => "stopping",
            CopyPhase::Interrupted => "interrupted",
            CopyPhase::Stopped => "stopped",
            CopyPhase::Finished => "finished",
        },
        messages_done: copy.sum.finished(),
        messages_all: copy.sum.source_count,
        bytes_done: copy.bytes_done.0,
        bytes_all: copy.bytes_total.0,
        bytes_per_second: copy.bytes_per_second,
        seconds_left: copy.time_left.map(|left| left.most_secs),
    }
}

pub(super) fn words(mailbox: &MailboxProgress, moment: Moment) -> String {
    let Moment { now, is_trial, is_over } = moment;
    let state = match &mailbox.state {
        MailboxProgressState::Queued if is_over => return end_words(mailbox, is_trial),
        MailboxProgressState::Queued => "waiting for its turn".to_owned(),
        MailboxProgressState::Running(Connections { source, destination }) => {
            let source = counted_as(*source, "connection", "connections");
            format!("copying over {source} to the source and {destination} to the destination")
        }
        MailboxProgressState::Verifying { done, total } => {
            format!("{} of {} copies compared", with_thousands(*done), with_thousands(*total))
        }
        MailboxProgressState::Reconnecting(lost) => {
            format!("lost the connection, next try {}: {}", until_words(lost.next_try, now), lost.words)
        }
        MailboxProgressState::WaitsUntil(until, wait) => {
            let (side, words) = (wait.side, &wait.words);
            let why = match wait.cause {
                WaitCause::Asked => format!("the {side} asks to wait"),
                WaitCause::FolderInUse => format!("a folder is in use at the {side}"),
                WaitCause::ServerFails => format!("the {side} has a fault"),
                WaitCause::DailyLimit => format!("the daily limit of the {side} is reached"),
                WaitCause::LateMessages | WaitCause::NoFolders => "waiting".to_owned(),
            };
            format!("{why}, continues on its own {}: {words}", until_words(*until, now))
        }
        MailboxProgressState::Paused => "paused".to_owned(),
        MailboxProgressState::Done => return end_words(mailbox, is_trial),
        MailboxProgressState::Stopped(error) => {
            return format!("{}: stopped: {}; {}", mailbox.address, error.title, result_words(&mailbox.sum));
        }
    };
    format!(
        "{}: {state}; {} of {} messages, {} of {}",
        mailbox.address,
        with_thousands(mailbox.sum.finished()),
        with_thousands(mailbox.sum.source_count),
        mailbox.bytes_done,
        mailbox.bytes_total
    )
}

/// The last line of a finished mailbox: what is at the destination, and what is not.
fn end_words(mailbox: &MailboxProgress, is_trial: bool) -> String {
    let (sum, address) = (&mailbox.sum, &mailbox.address);
    let is_done = mailbox.state == MailboxProgressState::Done;
    let state = match (is_all_copied(sum, is_trial), is_trial) {
        (true, true) => "trial done",
        (true, false) if is_done => "done",
        _ => "incomplete",
    };
    format!("{address}: {state}; {}, {} of {}", result_words(sum), mailbox.bytes_done, mailbox.bytes_total)
}

/// `at 14:05 UTC (in about 5 minutes)`.
fn until_words(until: UnixTime, now: UnixTime) -> String {
    let of_day = until.0.rem_euclid(86_400);
    let left = u64::try_from(until.0.saturating_sub(now.0)).unwrap_or(0);
    format!("at {:02}:{:02} UTC (in {})", of_day / 3_600, of_day % 3_600 / 60, duration_words(left))
}

pub(super) fn total_words(project: &ProjectView) -> String {
    let copy = &project.copy;
    let left =
        copy.time_left.map_or_else(String::new, |left| format!(", {} left", duration_words(left.most_secs)));
    format!(
        "{} of {} messages, {} of {}{left}",
        with_thousands(copy.sum.finished()),
        with_thousands(copy.sum.source_count),
        copy.bytes_done,
        copy.bytes_total
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{ServerWait, UserError};
    use crate::plan::{LedgerSum, Rest};
    use crate::values::{Bytes, Side};

    fn mailbox(state: MailboxProgressState) -> MailboxProgress {
        MailboxProgress {
            id: MailboxId(1),
            address: "anna@weber.example".to_owned(),
            state,
            sum: LedgerSum { source_count: 1_200, copied: 40, to_do: 1_160, ..LedgerSum::default() },
            bytes_done: Bytes(1_000),
            bytes_total: Bytes(2_000),
            was_done: false,
            rest: Rest::Copy,
            folders: Vec::new(),
            renamed: Vec::new(),
        }
    }

    #[test]
    fn a_mailbox_that_waits_says_what_for_and_until_when() {
        let now = UnixTime(1_700_000_000);
        let waits = mailbox(MailboxProgressState::WaitsUntil(
            UnixTime(1_700_000_300),
            ServerWait {
                side: Side::Destination,
                cause: WaitCause::Asked,
                words: "slow down for a while".to_owned(),
            },
        ));
        assert_eq!(
            words(&waits, Moment { now, is_trial: false, is_over: false }),
            "anna@weber.example: the destination asks to wait, continues on its own at 22:18 UTC (in about 5 minutes): slow down for a while; \
             40 of 1,200 messages, 1.0 kB of 2.0 kB"
        );
        let line = serde_json::to_value(line(&waits, now)).unwrap();
        assert_eq!((&line["state"], &line["until"]), (&"waits".into(), &1_700_000_300_i64.into()));
        assert_eq!(line["because"], "slow down for a while");
        let runs = mailbox(MailboxProgressState::Running(Connections { source: 4, destination: 9 }));
        assert!(
            words(&runs, Moment { now, is_trial: false, is_over: false })
                .contains("copying over 4 connections to the source and 9 to the destination")
        );
    }

    #[test]
    fn the_last_line_says_what_is_there_and_what_is_not() {
        let sum = |copied, refused, exported, to_do, deferred| LedgerSum {
            source_count: copied + refused + exported + to_do + deferred,
            copied,
            refused,
            exported,
            to_do,
            deferred,
            ..LedgerSum::default()
        };
        let stopped = UserError::new("The mailbox is full", "Nothing more fits.");
        let (done, queued) = (|| MailboxProgressState::Done, || MailboxProgressState::Queued);
        let gone = LedgerSum { source_count: 3, vanished: 1, left_out: 2, ..LedgerSum::default() };
        for (state, sum, is_trial, expected) in [
            (done(), sum(3, 0, 0, 0, 0), false, "done; 3 of 3 messages copied, "),
            (done(), sum(1, 0, 0, 0, 0), false, "done; 1 of 1 message copied, "),
            (done(), sum(0, 0, 0, 0, 0), false, "done; there was nothing to copy, "),
            (done(), gone, false, "done; nothing was left to copy, "),
            (done(), sum(0, 3, 0, 0, 0), false, "incomplete; 0 of 3 messages copied, 3 refused, "),
            (done(), sum(2, 0, 1, 0, 0), false, "incomplete; 2 of 3 messages copied, 1 saved as files, "),
            (done(), sum(2, 0, 0, 1, 0), false, "incomplete; 2 of 3 messages copied, 1 still to do, "),
            (done(), sum(2, 0, 0, 0, 5), true, "trial done; 2 of 7 messages copied, 5 put off by a trial, "),
            (done(), sum(1, 1, 0, 0, 5), true, "incomplete; 1 of 7 messages copied, 1 refused, "),
            (
                queued(),
                sum(1, 0, 0, 0, 2),
                true,
                "trial done; 1 of 3 messages copied, 2 put off by a trial, ",
            ),
            (queued(), sum(1, 0, 0, 2, 0), false, "incomplete; 1 of 3 messages copied, 2 still to do, "),
            (queued(), sum(3, 0, 0, 0, 0), false, "incomplete; 3 of 3 messages copied, "),
            (done(), sum(2, 0, 0, 0, 5), false, "incomplete; 2 of 7 messages copied, 5 put off"),
            (
                MailboxProgressState::Stopped(stopped),
                sum(2, 0, 0, 4, 0),
                false,
                "stopped: The mailbox is full; 2 of 6 messages copied, 4 still to do",
            ),
        ] {
            let moment = Moment { now: UnixTime(0), is_trial, is_over: true };
            let shown = words(&MailboxProgress { sum, ..mailbox(state) }, moment);
            assert!(shown.contains(expected), "{shown}\n{expected}");
        }
    }
}
