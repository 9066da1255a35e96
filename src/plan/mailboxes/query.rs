use crate::plan::folders::path::FolderPath;
use crate::plan::ledger_sum::MessageState;
use crate::values::MailboxId;

/// Number of a group of problems in the ledger; a group that has lost its last message is gone for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProblemId(pub i64);

/// Selects messages of the ledger. Every part that is set must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageQuery {
    /// Of this mailbox.
    pub mailbox: Option<MailboxId>,
    /// Of this folder at the source.
    pub folder: Option<FolderPath>,
    /// In this state; [`MessageState::ToDo`] includes those in progress.
    pub state: Option<MessageState>,
    /// With this problem.
    pub problem: Option<ProblemId>,
}
