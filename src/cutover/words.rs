//! The words of the switch, for people.

use super::reading::{Lie, Sees, Sight, Viewer};
use super::schedule::{Step, StepKind, StepState};
use super::watch::Reading;
use super::{MailRoute, MxRecord};
use crate::values::UnixTime;

/// Who sees what, as one line.
pub fn sight_words(sight: &Sight) -> String {
    let who = match &sight.viewer {
        Viewer::Server(server) => format!("{} ({})", server.name, server.address),
        Viewer::Resolver(label) => format!("resolver {label}"),
    };
    let what = match &sight.sees {
        Sees::Old => "the old mail hosts".to_owned(),
        Sees::New => "the new mail hosts".to_owned(),
        Sees::Mixed => "old and new mail hosts at once: mail arrives at both".to_owned(),
        Sees::Other => {
            let hosts: Vec<_> = sight.hosts.iter().map(ToString::to_string).collect();
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
    };
    format!("{who}: {what}")
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
    let what = match step.kind {
        StepKind::LowerTtls => "Set the waiting times (TTL) of the old records to 300 seconds",
        StepKind::LongTtlOver => "Wait until the long waiting time has passed everywhere",
        StepKind::Copy => "Copy every mailbox",
        StepKind::Verify => "Compare both sides",
        StepKind::Publish => "Publish the records of the stage “switch” at every name server",
        StepKind::OldAnswersGone => "Wait until nobody has the old records any more",
        StepKind::Sweep => "Copy once more, to bring over mail that still reached the old server",
        StepKind::StopOldServer => "Stop the old server",
    };
    let state = match step.state {
        StepState::Done => "done".to_owned(),
        StepState::Due => "now".to_owned(),
        StepState::From(at) => until_words(at, now),
        StepState::Waits => "after the steps above".to_owned(),
    };
    format!("{what}: {state}")
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
