//! Counting a mailbox. Where a server ends the connection, it is found out at which folder, and that one is left uncounted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::imap::{Access, Detail, Folder, ImapError, Session, Uncounted};
use crate::plan::{DestinationRules, MailboxPlan, Oversize};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::{Progress, ProgressSink, WaitCause};
use crate::transfer::inventory::inventory_of;
use crate::transfer::inventory::oversize::find_oversize;
use crate::transfer::pace::count_care::CountCare;
use crate::transfer::pace::count_care::SideCare;
use crate::transfer::pace::early_trouble::EarlyTrouble;
use crate::values::Bytes;
use crate::values::Side;

/// What is said where the inbox opens all the same.
const LISTS_NOTHING: &str = "Your server lists no folders, although it opens the inbox. Only the inbox is \
                             copied, and the copy counts as incomplete";
/// Waits before a list without any folder is asked for again, as multiples of the first one.
const EMPTY_LIST_WAITS: [u32; 3] = [1, 2, 4];

/// A mailbox that was counted, and the connections that did it.
#[derive(Debug)]
pub struct Counted {
    /// Where its folders go.
    pub plan: MailboxPlan,
    /// Messages that are larger than the destination takes.
    pub oversize: Oversize,
    /// The connection to the source.
    pub source: Session,
    /// The connection to the destination.
    pub destination: Session,
    /// Folders of the source that could not be counted, as the server spells them, with its words.
    pub left: BTreeMap<String, String>,
}

/// What is asked of a count, beside the way in.
#[derive(Clone, Debug, Default)]
pub struct CountWishes {
    /// What is known of the destination's limits.
    pub rules: DestinationRules,
    /// The largest message that the provider takes, where that is known.
    pub message_limit: Option<Bytes>,
    /// Folders of the source that were there before, as the server spells them.
    pub known: BTreeSet<String>,
    /// Folders of the source that nobody wants counted.
    pub uncounted: Uncounted,
}

/// Lists both sides, counts the source, and maps its folders. Temporary trouble is retried; `sink` is informed of it.
pub async fn count(
    from: &Access,
    to: &Access,
    wishes: &CountWishes,
    sink: ProgressSink<'_>,
) -> Result<Counted, TransferError> {
    let (mut care, mut trouble) = (CountCare::default(), EarlyTrouble::new(from.timeouts.again));
    care.leave_uncounted(wishes.uncounted.clone());
    loop {
        let opened = tokio::try_join!(
            care.open(from, (Side::Source, Detail::Everything)),
            care.open(to, (Side::Destination, Detail::Counts))
        );
        let (mut source, mut destination) = match opened {
            Ok(both) => both,
            Err(error) => {
                trouble.wait_after(error, sink).await?;
                continue;
            }
        };
        let counted = async {
            let known = &wishes.known;
            list_again_where_empty(&mut source, (from.timeouts.again, sink))
                .await
                .map_err(TransferError::at(Side::Source))?;
            let plan = inventory_of(&mut source, &mut destination, wishes.rules.clone(), known).await?;
            let oversize = find_oversize(&mut source, &destination, &plan, wishes.message_limit).await?;
            Ok((plan, oversize))
        };
        match counted.await {
            Ok((mut plan, oversize)) => {
                plan.lists_nothing = source.lists_nothing();
                if plan.lists_nothing {
                    plan.remarks.push(LISTS_NOTHING.to_owned());
                }
                let left = source.care().left.clone();
                return Ok(Counted { plan, oversize, source, destination, left });
            }
            Err(error) if care.learn(&error, &source, &destination) => {
                tracing::info!(%error, "counting folders again, one at a time");
            }
            Err(error) => trouble.wait_after(error, sink).await?,
        }
    }
}

/// Asks a few more times for a list that has no folder at all. The last answer counts.
async fn list_again_where_empty(
    session: &mut Session,
    (first_wait, sink): (Duration, ProgressSink<'_>),
) -> Result<(), ImapError> {
    // Before the list, because a server does not repeat it if something else was asked in between.
    session.namespace().await?;
    for factor in EMPTY_LIST_WAITS {
        session.list_folders().await?;
        if !session.lists_nothing() {
            break;
        }
        let wait = first_wait.saturating_mul(factor);
        sink(Progress::Waiting {
            seconds: wait.as_secs(),
            side: Side::Source,
            cause: WaitCause::NoFolders,
            words: "the source lists no folders".to_owned(),
        });
        tokio::time::sleep(wait).await;
        session.forget_lists();
    }
    Ok(())
}

/// Signs in again on one side and lists its folders: only then does a sign-in count. Trouble that passes is tried again, and
/// that of one folder stays there.
pub async fn look_in(
    access: &Access,
    (side, uncounted): (Side, &Uncounted),
    sink: ProgressSink<'_>,
) -> Result<(Session, Vec<Folder>), TransferError> {
    let detail = if side == Side::Source { Detail::Everything } else { Detail::Counts };
    let (mut known, mut trouble) = (SideCare::default(), EarlyTrouble::new(access.timeouts.again));
    known.care.uncounted = uncounted.clone();
    loop {
        let mut session = match known.care.clone().open_new(access, detail).await {
            Ok(session) => session,
            Err(source) => {
                trouble.wait_after(TransferError::SignIn { side, source }, sink).await?;
                continue;
            }
        };
        match session.list_in(detail).await {
            Ok(folders) => return Ok((session, folders)),
            Err(error) if error.is_connection_lost() && known.learn(&error, session.asks_about()) => {
                tracing::info!(%error, "listing folders again, one at a time");
            }
            Err(source) => trouble.wait_after(TransferError::Server { side, source }, sink).await?,
        }
    }
}
