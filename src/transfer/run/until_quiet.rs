//! A program that was killed may have left messages under way: the destination is waited for until nothing comes any more.

use std::time::{Duration, Instant};

use crate::imap::Session;
use crate::transfer::context::copy_context::Attempt;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::{Progress, WaitCause};
use crate::transfer::run::mailbox::Job;
use crate::values::Side;

/// Time without anything new after which nothing more is expected to arrive.
const QUIET: Duration = Duration::from_secs(4);

/// A server that takes its time with a list takes more of it with messages, of which nothing shows before the last one of a
/// command is stored.
const QUIET_PER_LIST: u32 = 20;

impl Job<'_> {
    /// A program that was killed may have left messages under way, and where its log is gone, nobody knows which. Waits
    /// until nothing comes to the destination any more. What is later still is noticed when it comes, and once more at the
    /// end.
    pub(in crate::transfer) async fn until_quiet(
        &self,
        destination: &mut Session,
        attempt: Attempt,
    ) -> Result<(), TransferError> {
        let limit = self.request.limits.late_append;
        if !self.request.ledger.is_doubted()? || attempt == Attempt::AfterFailure {
            return Ok(());
        }
        let words = "messages of an interrupted run may still arrive".to_owned();
        (self.sink)(Progress::Waiting {
            seconds: limit.as_secs(),
            side: Side::Destination,
            cause: WaitCause::LateMessages,
            words,
        });
        // A program that has just been killed is waited for as long as messages are known to be late. Quiet alone proves
        // nothing then: a busy server shows none of a command before the last one is stored.
        let rest = limit.saturating_sub(self.request.ledger.left_alone_for());
        if !rest.is_zero() && !self.control.wait(rest).await {
            return Ok(());
        }
        let mut before = None;
        let mut waited = Duration::ZERO;
        while waited < limit {
            let asked = Instant::now();
            let now =
                destination.list_folders_unsized().await.map_err(TransferError::at(Side::Destination))?;
            let quiet = QUIET.max(asked.elapsed() * QUIET_PER_LIST).min(limit);
            if before.as_ref() == Some(&now) {
                break;
            }
            before = Some(now);
            if !self.control.wait(quiet).await {
                break;
            }
            waited += quiet;
        }
        Ok(())
    }
}
