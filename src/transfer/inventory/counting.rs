//! Counting a mailbox. Where a server ends the connection, it is found out at which folder, and that one is left uncounted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::imap::{Access, Detail, Folder, ImapError, ListCare, Session, Uncounted};
use crate::plan::{DestinationRules, MailboxPlan, Oversize};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::{Progress, ProgressSink};
use crate::transfer::inventory::inventory_of;
use crate::transfer::inventory::oversize::find_oversize;
use crate::transfer::pace::early_trouble::EarlyTrouble;
use crate::values::Bytes;
use crate::values::Side;

/// Folders of one side that are left uncounted at most; a server that ends the connection more often is in trouble itself.
const MAX_LEFT: usize = 10;
/// Breaks that nobody can be blamed for, after which counting gives up.
const MAX_UNCLEAR: u32 = 2;

/// What is said where the inbox opens all the same.
const LISTS_NOTHING: &str = "Your server lists no folder at all, although it opens the inbox: only the inbox is copied, and the \
     copy does not count as whole";
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

/// Lists both sides, counts the source, and maps its folders. Trouble that passes is tried again, which `sink` is told.
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
            Err(error) if care.learn(&error, (&source, &destination)) => {
                tracing::info!(%error, "folders are counted again, with care");
            }
            Err(error) => trouble.wait_after(error, sink).await?,
        }
    }
}

/// A list without any folder is asked for again a few times. The next to ask gets what was told last.
async fn list_again_where_empty(
    session: &mut Session,
    (first_wait, sink): (Duration, ProgressSink<'_>),
) -> Result<(), ImapError> {
    // Before the list, as it is not told twice where something was asked in between.
    session.namespace().await?;
    for factor in EMPTY_LIST_WAITS {
        session.list_folders().await?;
        if !session.lists_nothing() {
            break;
        }
        let wait = first_wait.saturating_mul(factor);
        sink(Progress::Waiting {
            seconds: wait.as_secs(),
            words: "the source lists no folder at all".to_owned(),
        });
        tokio::time::sleep(wait).await;
        session.forget_lists();
    }
    Ok(())
}

/// Signs in anew on one side and lists its folders: only then does a sign-in count. Trouble that passes is tried again, and
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
                tracing::info!(%error, "folders are listed again, with care");
            }
            Err(source) => trouble.wait_after(TransferError::Server { side, source }, sink).await?,
        }
    }
}

/// What broken connections have taught while folders were counted.
#[derive(Debug, Default)]
pub(in crate::transfer) struct CountCare {
    source: SideCare,
    destination: SideCare,
}

#[derive(Debug, Default)]
struct SideCare {
    care: ListCare,
    unclear: u32,
}

impl SideCare {
    /// Learns from a broken connection on which the server was asked about this folder alone. Whether another try may come
    /// further.
    fn learn(&mut self, error: &ImapError, asked: Option<&str>) -> bool {
        let was_careful = std::mem::replace(&mut self.care.is_one_by_one, true);
        match asked.filter(|_| was_careful) {
            Some(raw) if self.care.left.len() < MAX_LEFT => {
                self.care.left.insert(raw.to_owned(), error.to_string()).is_none()
            }
            Some(_) => false,
            None => {
                self.care.is_in_utf8 = true;
                self.unclear += 1;
                self.unclear <= MAX_UNCLEAR
            }
        }
    }
}

impl CountCare {
    fn side(&self, side: Side) -> &SideCare {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut SideCare {
        match side {
            Side::Source => &mut self.source,
            Side::Destination => &mut self.destination,
        }
    }

    /// These folders of the source are not counted.
    pub(in crate::transfer) fn leave_uncounted(&mut self, uncounted: Uncounted) {
        self.source.care.uncounted = uncounted;
    }

    /// How a side is to be counted.
    pub(in crate::transfer) fn of(&self, side: Side) -> ListCare {
        self.side(side).care.clone()
    }

    /// A connection for counting. The lists are asked for with the sign-in, where nothing speaks against it.
    async fn open(&self, access: &Access, (side, detail): (Side, Detail)) -> Result<Session, TransferError> {
        self.of(side).open(access, detail).await.map_err(|source| TransferError::SignIn { side, source })
    }

    /// Folders of a side that end the connection when they are counted, as the server spells them, with its words.
    pub(in crate::transfer) fn left(&self, side: Side) -> &BTreeMap<String, String> {
        &self.side(side).care.left
    }

    /// Learns from an error. Whether counting once more may come further; `session` is the one that it happened on.
    pub(in crate::transfer) fn learn(
        &mut self,
        error: &TransferError,
        sessions: (&Session, &Session),
    ) -> bool {
        let TransferError::Server { side, source } = error else { return false };
        if !source.is_connection_lost() {
            return false;
        }
        let asked = match side {
            Side::Source => sessions.0.asks_about(),
            Side::Destination => sessions.1.asks_about(),
        };
        self.side_mut(*side).learn(source, asked)
    }
}
