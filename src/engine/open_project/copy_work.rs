//! The input of a copy for each mailbox, and its result.

use std::collections::BTreeMap;

use crate::engine::attempt::Attempt;
use crate::plan::MailboxPlan;
use crate::plan::Measured;
use crate::plan::VerifySummary;
use crate::project::Ledger;
use crate::values::MailboxId;
/// The input for the copy of one mailbox, except for the passwords.
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
    /// Whether every mailbox finished.
    pub(in crate::engine) is_complete: bool,
    /// Whether every mailbox was copied completely, whatever the verification found.
    pub(in crate::engine) is_copied: bool,
    /// What the verification compared, including failed verifications; `None` if there was none.
    pub(in crate::engine) verification: Option<VerifySummary>,
    /// The speed of each mailbox, if measurable.
    pub(in crate::engine) measured: BTreeMap<MailboxId, Measured>,
}
