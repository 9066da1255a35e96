//! Puts the switch into words for people.

use super::log::Sweep;
use super::proof::ProofKind;
use super::reading::{Lie, Sees, Sight, Viewer};
use super::reminders::{Reminder, ReminderKind};
use super::schedule::{KeepReason, Step, StepKind, StepState};
use super::watch::Reading;
use super::{MailRoute, MxRecord};
use crate::values::{UnixTime, counted};

/// Who sees what, as one line.
pub fn sight_words(sight: &Sight) -> String {
    let who = match &sight.viewer {
        Viewer::Server(server) => format!("{} ({})", server.name, server.address),
        Viewer::Resolver(label) => format!("resolver {label}"),
    };
    let proof = proof_words(sight).map_or_else(String::new, |words| format!("; {words}"));
    format!("{who}: {}{proof}", sight.words())
}

/// What somebody sees of SPF, DKIM and DMARC, as part of a sentence; `None` where the plan has nothing of them. Names stand
/// there only where they are not as planned.
pub fn proof_words(sight: &Sight) -> Option<String> {
    let of_kind = |kind: ProofKind| {
        let all: Vec<_> = sight.proof.iter().filter(|one| one.kind == kind).collect();
        let open: Vec<String> = all
            .iter()
            .filter(|one| one.sees != Sees::New)
            .map(|one| format!("{} {}", one.name, one.sees.proof_word()))
            .collect();
        match (all.is_empty(), open.is_empty()) {
            (true, _) => None,
            (false, true) => Some(format!("{} new", kind.name())),
            (false, false) => Some(format!("{} ({})", kind.name(), open.join(", "))),
        }
    };
    let words: Vec<String> = ProofKind::ALL.into_iter().filter_map(of_kind).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

impl Sees {
    /// What is seen of a record other than MX, in a word or two.
    pub const fn proof_word(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Old => "not published yet",
            Self::Mixed => "old and new at once",
            Self::Other => "not as planned",
            Self::Lagging => "not fetched yet",
            Self::Lying(Lie::NotInCharge) => "from a server that is not in charge",
            Self::Lying(Lie::SameVersionOtherRecords) => "unlike the same version elsewhere",
            Self::OutOfReach => "not reached",
            Self::Down(_) => "no answer",
        }
    }
}

impl Sight {
    /// What it sees, in words.
    pub fn words(&self) -> String {
        match &self.sees {
            Sees::Old => "the old mail hosts".to_owned(),
            Sees::New => "the new mail hosts".to_owned(),
            Sees::Mixed => "old and new mail hosts at once: mail arrives at both".to_owned(),
            Sees::Other => {
                let hosts: Vec<_> = self.hosts.iter().map(ToString::to_string).collect();
                let hosts = if hosts.is_empty() { "none".to_owned() } else { hosts.join(", ") };
                format!("mail hosts that are not in the plan: {hosts}")
            }
            Sees::Lagging => "an older version of the zone: it has not fetched the new one yet".to_owned(),
            Sees::Lying(Lie::NotInCharge) => {
                "it says that it is not in charge of the zone: remove it from the NS records, or set it up"
                    .to_owned()
            }
            Sees::Lying(Lie::SameVersionOtherRecords) => {
                "the same version of the zone as another server, but other records: raise the serial number"
                    .to_owned()
            }
            Sees::OutOfReach => "no way leads there from this computer".to_owned(),
            Sees::Down(outcome) => format!("no usable answer: {}", outcome.words()),
        }
    }
}

/// Where the switch stands, as one sentence.
pub fn reading_words(reading: &Reading, now: UnixTime) -> String {
    if reading.is_over {
        return "Nobody has the old records any more.".to_owned();
    }
    if !reading.is_everywhere {
        return "Not every server has the new records yet.".to_owned();
    }
    match reading.old_until.filter(|until| *until > now) {
        Some(until) => format!(
            "Every server has the new records. The last old answers run out {}.",
            until_words(until, now)
        ),
        None => {
            "Every server has the new records, but a resolver keeps something else for too long.".to_owned()
        }
    }
}

/// A step and how far it is, as one line.
pub fn step_words(step: &Step, now: UnixTime) -> String {
    let state = match step.state {
        StepState::Done => "done".to_owned(),
        StepState::Due => "now".to_owned(),
        StepState::From(at) => until_words(at, now),
        StepState::Waits => "after the steps above".to_owned(),
    };
    format!("{}: {state}", step.kind.words())
}

impl StepKind {
    /// What is done in it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LowerTtls => "Set the waiting times (TTL) of the old records to 300 seconds",
            Self::LongTtlOver => "Wait until the long waiting time has passed everywhere",
            Self::Copy => "Copy every mailbox",
            Self::Verify => "Compare both sides",
            Self::Publish => "Publish the records of the stage “switch” at every name server",
            Self::OldAnswersGone => "Wait until nobody has the old records any more",
            Self::Sweep => "Copy once more, to bring over mail that still reached the old server",
            Self::StopOldServer => "Finish the move; the old server may be stopped",
        }
    }

    /// Its name on a line of dates: what was done, or what is ahead.
    pub const fn name(self, is_done: bool) -> &'static str {
        match (self, is_done) {
            (Self::LowerTtls, true) => "Waiting times lowered",
            (Self::LowerTtls, false) => "Lower waiting times",
            (Self::LongTtlOver, _) => "Old waiting time over",
            (Self::Copy, true) => "Copied",
            (Self::Copy, false) => "Copy",
            (Self::Verify, true) => "Verified",
            (Self::Verify, false) => "Verify",
            (Self::Publish, true) => "MX switched",
            (Self::Publish, false) => "Switch MX",
            (Self::OldAnswersGone, _) => "Old answers gone",
            (Self::Sweep, true) => "Late mail brought over",
            (Self::Sweep, false) => "Sweep late mail",
            (Self::StopOldServer, _) => "Old server may stop",
        }
    }
}

/// Why the old server must go on running; `date` writes a moment.
pub fn keep_words(reason: KeepReason, date: impl Fn(UnixTime) -> String) -> String {
    match reason {
        KeepReason::NotPublished => "Your old server still receives new mail".to_owned(),
        KeepReason::OldAnswers(Some(until)) => {
            format!("Mail may still go to your old server until {}", date(until))
        }
        KeepReason::OldAnswers(None) => {
            "A resolver still sends mail to your old server; keep it running".to_owned()
        }
        KeepReason::LateMail => "Mail that still reached your old server is to be brought over".to_owned(),
        KeepReason::Queues(until) => format!("Keep your old server running until {}", date(until)),
        KeepReason::LastSweep => "Bring over late mail once more before you stop your old server".to_owned(),
    }
}

/// What a sweep brought, as one sentence.
pub fn sweep_words(sweep: &Sweep) -> String {
    let brought = match sweep.messages {
        0 => "No late mail".to_owned(),
        count => format!("{} brought over", counted(count, "late message")),
    };
    if sweep.is_whole { brought } else { format!("{brought}; it did not come to its end") }
}

/// A reminder for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderWords {
    /// What is to be done.
    pub title: &'static str,
    /// What it is about, or why it waits.
    pub detail: String,
}

/// The words of a reminder.
pub fn reminder_words(reminder: &Reminder, provider: &str) -> ReminderWords {
    let about = || reminder.about.join(", ");
    let (title, detail) = match reminder.kind {
        ReminderKind::ChangeMailPrograms => {
            ("Change the server in mail programs", format!("to {provider}, on every computer and phone"))
        }
        ReminderKind::PublishLater => {
            ("Publish the lines of stage 3, “Later”", "your old server no longer sends".to_owned())
        }
        ReminderKind::RaiseTtls if reminder.is_seen => {
            ("Set the MX waiting time back to 3600", "seen at every name server".to_owned())
        }
        ReminderKind::RaiseTtls => {
            ("Set the MX waiting time back to 3600", "five minutes are for the switch only".to_owned())
        }
        ReminderKind::RemoveOldKeys => ("Remove the old DKIM keys", about()),
        ReminderKind::DmarcQuarantine => ("Tighten DMARC to p=quarantine", about()),
        ReminderKind::DmarcReject => ("Tighten DMARC to p=reject", about()),
        ReminderKind::DeletePasswords => {
            ("Delete stored passwords", "in Settings, once nothing is copied any more".to_owned())
        }
        ReminderKind::StopOldServer => {
            ("Switch the old server off", "after 30 days without late mail".to_owned())
        }
    };
    ReminderWords { title, detail }
}

/// The old MX records as zone lines: publishing them in place of the new ones is the way back.
pub fn way_back(route: &MailRoute) -> Vec<String> {
    let line =
        |record: &MxRecord| format!("@ {} IN MX {} {}.", record.ttl_secs, record.preference, record.host);
    route.old.iter().map(line).collect()
}

fn until_words(at: UnixTime, now: UnixTime) -> String {
    let minutes = at.seconds_since(now).div_ceil(60);
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("in {minutes} min"),
        (hours, 0) => format!("in {hours} h"),
        (hours, minutes) => format!("in {hours} h {minutes} min"),
    }
}
