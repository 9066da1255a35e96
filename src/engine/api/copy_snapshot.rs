//! The snapshot of the copy and its messages.

use crate::engine::api::snapshot::PartDone;
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::api::user_error::UserError;
use crate::plan::{
    FolderPath, LearntName, LedgerSum, MessageQuery, MessageState, ProblemId, Rest, SpeedPoint, TimeLeft,
    VerifySummary,
};
use crate::project::{CopyRoute, EarlierCopy};
use crate::transfer::{LargeMessage, WaitCause};
use crate::values::{Bytes, DestinationUid, MailboxId, Side, SourceUid, UnixTime};

/// What the copy does as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CopyPhase {
    /// Never started.
    #[default]
    NotStarted,
    /// Running.
    Running,
    /// Finishing the messages in progress before a pause.
    Pausing,
    /// Paused by the user.
    Paused,
    /// Finishing the messages in progress before a stop.
    Stopping,
    /// Was running when the program ended; it continues on its own once it has everything it needs.
    Interrupted,
    /// Stopped by the user or by a problem; can be started again.
    Stopped,
    /// Every row is in a final state.
    Finished,
}

/// Step Copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopyView {
    /// What it does as a whole.
    pub phase: CopyPhase,
    /// The ledger as a sum.
    pub sum: LedgerSum,
    /// The servers it copies between, under their names at the time.
    pub route: Option<CopyRoute>,
    /// Earlier copies between other servers, oldest first.
    pub earlier: Vec<EarlierCopy>,
    /// Bytes at the destination, including bytes sent but not yet confirmed while mail is copied.
    pub bytes_done: Bytes,
    /// Bytes of these messages and of those that are still to be copied.
    pub bytes_total: Bytes,
    /// The newest run's limit of messages per folder, if it was a trial.
    pub trial: Option<u32>,
    /// Bytes per second over the last seconds; `None` before anything is measured, and at rest.
    pub bytes_per_second: Option<u64>,
    /// A narrowing range; `None` until known, and for a trial.
    pub time_left: Option<TimeLeft>,
    /// Large messages currently in progress.
    pub under_way: Vec<UnderWayView>,
    /// Open connections at the source and at the destination.
    pub connections: Connections,
    /// Whether this run only verifies earlier copies.
    pub is_verifying: bool,
    /// Copies verified so far and in total, while a verification runs alone.
    pub verified: PartDone,
    /// Pauses that servers asked for, the longest first.
    pub pauses: Vec<PauseGroup>,
    /// Mailboxes in table order.
    pub mailboxes: Vec<MailboxProgress>,
    /// Bytes per second over time, in milliseconds since 1970, oldest first; at most a few hundred points. Where two do
    /// not touch, nothing ran in between.
    pub throughput: Arc<Vec<SpeedPoint>>,
    /// Problems by cause, worst first.
    pub problems: Vec<ProblemGroup>,
    /// When the copy was first started.
    pub started_at: Option<UnixTime>,
    /// When it came to its end.
    pub finished_at: Option<UnixTime>,
    /// What the verification after the copy said, in words.
    pub verification: Option<String>,
    /// The same in figures.
    pub verification_counts: Option<VerifySummary>,
}

impl CopyView {
    /// What the percentage is of: copies in a verification, otherwise bytes.
    pub const fn part_done(&self) -> PartDone {
        if self.is_verifying {
            self.verified
        } else {
            PartDone { done: self.bytes_done.0, total: self.bytes_total.0 }
        }
    }
}

/// A large message in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnderWayView {
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Its folder, subject, size and progress.
    pub message: LargeMessage,
}

/// Open connections on each side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// At the server that is read.
    pub source: usize,
    /// At the server that is written.
    pub destination: usize,
}

/// Pauses that a server asked for in the same words, of all mailboxes together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseGroup {
    /// The server's words.
    pub words: String,
    /// How often.
    pub times: u64,
    /// How long in total, in seconds.
    pub seconds: u64,
    /// Mailboxes that waited.
    pub mailboxes: usize,
}

/// One mailbox of the copy.
#[derive(Clone, Debug, PartialEq)]
pub struct MailboxProgress {
    /// Which mailbox.
    pub id: MailboxId,
    /// Its address.
    pub address: String,
    /// What it does.
    pub state: MailboxProgressState,
    /// Its ledger as a sum.
    pub sum: LedgerSum,
    /// Bytes at the destination, including bytes sent but not yet confirmed while mail is copied.
    pub bytes_done: Bytes,
    /// Bytes of these messages and of those that are still to be copied.
    pub bytes_total: Bytes,
    /// Whether it was finished earlier, with nothing known to do since.
    pub was_done: bool,
    /// What to do with its remaining messages.
    pub rest: Rest,
    /// Its folders.
    pub folders: Vec<FolderProgress>,
    /// Folders that got another name because the destination refused the planned one.
    pub renamed: Vec<LearntName>,
}

/// A connection that was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostLine {
    /// To which server, as far as it is known.
    pub side: Option<Side>,
    /// Since when.
    pub since: UnixTime,
    /// When the next try is; in the past while it is under way.
    pub next_try: UnixTime,
    /// What happened, in the words of the server or the system.
    pub words: String,
}

/// Why a mailbox waits for a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerWait {
    /// Which server.
    pub side: Side,
    /// Why.
    pub cause: WaitCause,
    /// The server's words.
    pub words: String,
}

/// What one mailbox does.
#[derive(Clone, Debug, PartialEq)]
pub enum MailboxProgressState {
    /// Waiting for its turn.
    Queued,
    /// Copies over these connections.
    Running(Connections),
    /// Its copies are compared with the destination.
    Verifying {
        /// Copies that were compared.
        done: u64,
        /// All of them.
        total: u64,
    },
    /// The connection was lost; Mailferry is reconnecting.
    Reconnecting(LostLine),
    /// Continues on its own at this time.
    WaitsUntil(UnixTime, ServerWait),
    /// Paused by the user.
    Paused,
    /// Done.
    Done,
    /// Cannot continue without the user.
    Stopped(UserError),
}

/// One folder of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderProgress {
    /// The folder at the source.
    pub folder: FolderPath,
    /// Its name.
    pub name: String,
    /// Its ledger as a sum.
    pub sum: LedgerSum,
}

/// Messages that share a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemGroup {
    /// Its number, as long as it has messages.
    pub id: ProblemId,
    /// What became of them.
    pub state: MessageState,
    /// The reason's name for programs.
    pub code: &'static str,
    /// The reason in plain words.
    pub cause: String,
    /// How many.
    pub count: u64,
    /// What to do about it; may be empty.
    pub way_out: String,
    /// The first few, as `folder: subject or UID`.
    pub samples: Vec<String>,
}

/// Messages one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessagesView {
    /// The rows shown; `None` while no list is open.
    pub list: Option<Arc<MessageListView>>,
    /// Whether the list of all messages is being written.
    pub is_saving: bool,
    /// Where it was last written.
    pub saved: Option<PathBuf>,
}

/// A window of the messages that match a query; a page shows them at their position among all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageListView {
    /// The question.
    pub query: MessageQuery,
    /// Matches by state, ignoring the state filter.
    pub sum: LedgerSum,
    /// How many match, with the state filter.
    pub total: u64,
    /// Index of the first row.
    pub first: u64,
    /// Rows from there on.
    pub rows: Vec<MessageOutcome>,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageOutcome {
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Its folder at the source.
    pub folder: FolderPath,
    /// Its folder at the destination.
    pub destination: FolderPath,
    /// UID at the source.
    pub uid: SourceUid,
    /// UID of the copy, where known.
    pub destination_uid: Option<DestinationUid>,
    /// Size at the source.
    pub size: Bytes,
    /// When the source received it, as the source gives it.
    pub date: String,
    /// What became of it.
    pub state: MessageState,
    /// The server's words, the repair or the file; may be empty.
    pub cause: String,
    /// SHA-256 of what was read, in hexadecimal; may be empty.
    pub sha256: String,
}
