//! The snapshot of the switch: who sees what, the dated plan, late mail, the way back, and what remains afterwards.

use crate::engine::api::snapshot::PartDone;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cutover::{KeepReason, MailRoute, Reading, Reminder, RoundNote, Step, Sweep, TestMessage};
use crate::engine::api::user_error::UserError;
use crate::records::Format;
use crate::values::UnixTime;

/// Step Switch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SwitchView {
    /// From which mail hosts to which; `None` while no plan of the records changes them.
    pub route: Option<MailRoute>,
    /// Servers and resolvers that have answered, and that are asked, while everybody is asked.
    pub looking: Option<PartDone>,
    /// When everybody was last asked.
    pub looked_at: Option<UnixTime>,
    /// When everybody is asked next by itself.
    pub next_look_at: Option<UnixTime>,
    /// What the newest round saw.
    pub reading: Option<Arc<Reading>>,
    /// How many rounds there were.
    pub rounds: u64,
    /// Rounds that saw something new, oldest first.
    pub notes: Arc<Vec<RoundNote>>,
    /// Test messages as they were last judged, oldest first.
    pub tests: Arc<Vec<TestMessage>>,
    /// Whether some are judged now.
    pub is_judging: bool,
    /// The subject that tells a test message from other mail.
    pub test_subject: String,
    /// The dated plan; empty before the first round.
    pub steps: Vec<Step>,
    /// When a server was first seen with the new records.
    pub published_at: Option<UnixTime>,
    /// How long the old records could be kept by others at first, in seconds.
    pub long_ttl_secs: u32,
    /// How long the old records can be kept by others now, in seconds.
    pub old_ttl_secs: u32,
    /// How long the new ones can be kept, in seconds: as long takes the way back.
    pub new_ttl_secs: u32,
    /// Why the old server must go on running; `None` when it may be stopped.
    pub keep: Option<KeepReason>,
    /// Whether everybody is asked again and again, and late mail is brought over by itself.
    pub is_watching: bool,
    /// Whether public resolvers are asked, too.
    pub asks_public: bool,
    /// Mail that still reached the old server.
    pub late: LateMailView,
    /// The old records in every format in which they were kept.
    pub way_back: Arc<BTreeMap<Format, String>>,
    /// The old MX records as zone lines.
    pub old_lines: Vec<String>,
    /// What remains to be done.
    pub reminders: Vec<ReminderView>,
    /// Why the last round failed.
    pub error: Option<UserError>,
    /// When the owner declared the move finished.
    pub finished_at: Option<UnixTime>,
}

/// Mail that still reached the old server after the switch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LateMailView {
    /// Messages that were brought over since the switch.
    pub messages: u64,
    /// The newest sweep.
    pub last: Option<Sweep>,
    /// All of them that are kept, oldest first.
    pub sweeps: Arc<Vec<Sweep>>,
    /// When the plan asks for the next one; `None` before new mail goes to the new server, and at the end.
    pub next_at: Option<UnixTime>,
    /// Whether one runs.
    pub is_running: bool,
    /// Whether everything was copied once, so that a sweep has something to follow.
    pub can_begin: bool,
}

/// A reminder, and whether it was ticked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderView {
    /// What, and from when on.
    pub reminder: Reminder,
    /// When the owner ticked it.
    pub done_at: Option<UnixTime>,
}

impl ReminderView {
    /// Whether nothing is left to do, as the owner says or a round has seen.
    pub const fn is_done(&self) -> bool {
        self.done_at.is_some() || self.reminder.is_seen
    }
}
