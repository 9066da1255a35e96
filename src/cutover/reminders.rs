//! Lists what remains to be done after the switch, each with the day from which it is due.

use serde::Serialize;

use super::reading::{Sees, Viewer};
use super::{CopyDone, SwitchLog};
use crate::audit::dmarc::Policy;
use crate::records::{Change, RecordsPlan, SwitchStage};
use crate::values::UnixTime;

const DAY_SECS: i64 = 86_400;
/// Days until the old server sends nothing any more: the stage “later”.
const DAYS_UNTIL_LATER: i64 = 3;
/// Days that the keys of the last message signed by the old server are needed.
const DAYS_OF_KEYS: i64 = 7;
/// Days without late mail after which the old server may be switched off.
const QUIET_DAYS: i64 = 30;
/// A waiting time that is long enough for ordinary days, in seconds.
const USUAL_TTL_SECS: u32 = 3600;

/// What remains to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReminderKind {
    /// Mail programs and phones get the new server.
    ChangeMailPrograms,
    /// The old server loses its right to send.
    PublishLater,
    /// The MX records get a longer waiting time again.
    RaiseTtls,
    /// The keys of the old server go out of the zone.
    RemoveOldKeys,
    /// The DMARC policy becomes “quarantine”.
    DmarcQuarantine,
    /// The DMARC policy becomes “reject”.
    DmarcReject,
    /// Passwords that were stored for the move are deleted.
    DeletePasswords,
    /// The old server is switched off.
    StopOldServer,
}

impl ReminderKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::ChangeMailPrograms,
        Self::PublishLater,
        Self::RaiseTtls,
        Self::RemoveOldKeys,
        Self::DmarcQuarantine,
        Self::DmarcReject,
        Self::DeletePasswords,
        Self::StopOldServer,
    ];

    /// Its name in files.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ChangeMailPrograms => "change-mail-programs",
            Self::PublishLater => "publish-later",
            Self::RaiseTtls => "raise-ttls",
            Self::RemoveOldKeys => "remove-old-keys",
            Self::DmarcQuarantine => "dmarc-quarantine",
            Self::DmarcReject => "dmarc-reject",
            Self::DeletePasswords => "delete-passwords",
            Self::StopOldServer => "stop-old-server",
        }
    }
}

/// A reminder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// What.
    pub kind: ReminderKind,
    /// From when on; `None` while that is not known, as the switch is not over.
    pub from: Option<UnixTime>,
    /// The names or values it is about: records of keys, a DMARC record.
    pub about: Vec<String>,
    /// Whether a round has seen that it is done.
    pub is_seen: bool,
}

/// What remains of a move, in the order in which it is due. Without a plan of the records there is less to say.
pub fn reminders(log: Option<&SwitchLog>, plan: Option<&RecordsPlan>, copy: CopyDone) -> Vec<Reminder> {
    let over = log.and_then(|log| log.watch.over_at);
    let from = |days: i64| over.map(|over| UnixTime(over.0.saturating_add(days * DAY_SECS)));
    let reminder =
        |kind, days, about: Vec<String>| Reminder { kind, from: from(days), about, is_seen: false };
    let mut all = vec![reminder(ReminderKind::ChangeMailPrograms, 0, Vec::new())];
    if let Some(plan) = plan {
        let lines = || plan.groups.iter().flat_map(|group| &group.lines);
        if lines().any(|line| line.stage == SwitchStage::Later && line.change != Change::Keep) {
            all.push(reminder(ReminderKind::PublishLater, DAYS_UNTIL_LATER, Vec::new()));
        }
    }
    if log.is_some() || plan.is_some() {
        let raise = reminder(ReminderKind::RaiseTtls, DAYS_UNTIL_LATER, Vec::new());
        all.push(Reminder { is_seen: log.is_some_and(has_usual_ttls), ..raise });
    }
    if let Some(plan) = plan {
        if !plan.old_keys.is_empty() {
            let days = DAYS_UNTIL_LATER + DAYS_OF_KEYS;
            all.push(reminder(ReminderKind::RemoveOldKeys, days, plan.old_keys.clone()));
        }
        for step in &plan.dmarc_ramp {
            let kind = match step.policy {
                Policy::Quarantine => ReminderKind::DmarcQuarantine,
                Policy::Reject => ReminderKind::DmarcReject,
                Policy::None => continue,
            };
            all.push(reminder(kind, i64::from(step.days_after_switch), vec![step.record.clone()]));
        }
    }
    if copy.finished_at.is_some() {
        all.push(reminder(ReminderKind::DeletePasswords, DAYS_UNTIL_LATER, Vec::new()));
        // Whoever still wrote to the old server may do so again.
        let last = over.max(log.and_then(|log| log.last_late_at).filter(|_| over.is_some()));
        let quiet = last.map(|last| UnixTime(last.0.saturating_add(QUIET_DAYS * DAY_SECS)));
        all.push(Reminder { from: quiet, ..reminder(ReminderKind::StopOldServer, 0, Vec::new()) });
    }
    all.sort_by_key(|reminder| reminder.from);
    all
}

/// Whether every server that answers has the new records with a longer waiting time.
fn has_usual_ttls(log: &SwitchLog) -> bool {
    let Some(reading) = &log.reading else { return false };
    let mut servers = reading.sights.iter().filter(|sight| matches!(sight.viewer, Viewer::Server(_)));
    reading.is_everywhere
        && servers.any(|sight| sight.sees == Sees::New)
        && reading.sights.iter().all(|sight| {
            !matches!(sight.viewer, Viewer::Server(_))
                || sight.sees != Sees::New
                || sight.ttl_secs.is_some_and(|ttl_secs| ttl_secs >= USUAL_TTL_SECS)
        })
}
