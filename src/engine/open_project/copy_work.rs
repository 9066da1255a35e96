//! What a copy is given for each mailbox, and what comes of it.

use std::collections::BTreeMap;

use crate::engine::attempt::Attempt;
use crate::plan::MailboxPlan;
use crate::plan::Measured;
use crate::plan::VerifySummary;
use crate::project::Ledger;
use crate::values::MailboxId;
/// What the copy of one mailbox needs, but for the passwords.
pub(in crate::engine) struct MailboxWork {
    pub(in crate::engine) mailbox: MailboxId,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) plan: MailboxPlan,
    pub(in crate::engine) source: Attempt,
    pub(in crate::engine) destination: Attempt,
}

/// How the whole copy ended.
#[derive(Default)]
pub(in crate::engine) struct Outcome {
    /// Whether every mailbox came to its end.
    pub(in crate::engine) is_complete: bool,
    /// Whether every mailbox was copied to its end, whatever the verification said.
    pub(in crate::engine) is_copied: bool,
    /// What the verification compared, failed verifications included; `None` where there was none.
    pub(in crate::engine) verification: Option<VerifySummary>,
    /// How fast mailboxes were copied, where it can be told.
    pub(in crate::engine) measured: BTreeMap<MailboxId, Measured>,
}
