//! Counting a mailbox. Where a server ends the connection, it is found out at which folder, and that one is left uncounted.

use std::collections::BTreeMap;

use super::error::TransferError;
use super::inventory::inventory;
use super::oversize::find_oversize;
use crate::imap::{Access, Detail, ListCare, Session};
use crate::plan::{DestinationRules, MailboxPlan, Oversize, Side};
use crate::values::Bytes;

/// Folders of one side that are left uncounted at most; a server that ends the connection more often is in trouble itself.
const MAX_LEFT: usize = 10;
/// Breaks that nobody can be blamed for, after which counting gives up.
const MAX_UNCLEAR: u32 = 2;

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

/// Lists both sides, counts the source, and maps its folders.
pub async fn count(
    from: &Access,
    to: &Access,
    (rules, message_limit): (&DestinationRules, Option<Bytes>),
) -> Result<Counted, TransferError> {
    let mut care = CountCare::default();
    loop {
        let (mut source, mut destination) = tokio::try_join!(
            care.open(from, (Side::Source, Detail::Everything)),
            care.open(to, (Side::Destination, Detail::Counts))
        )?;
        let counted = async {
            let plan = inventory(&mut source, &mut destination, rules.clone()).await?;
            let oversize = find_oversize(&mut source, &destination, &plan, message_limit).await?;
            Ok((plan, oversize))
        };
        match counted.await {
            Ok((plan, oversize)) => {
                let left = care.left(Side::Source).clone();
                return Ok(Counted { plan, oversize, source, destination, left });
            }
            Err(error) if care.learn(&error, (&source, &destination)) => {
                tracing::info!(%error, "folders are counted again, with care");
            }
            Err(error) => return Err(error),
        }
    }
}

/// What broken connections have taught while folders were counted.
#[derive(Debug, Default)]
pub(super) struct CountCare {
    source: SideCare,
    destination: SideCare,
}

#[derive(Debug, Default)]
struct SideCare {
    care: ListCare,
    unclear: u32,
    /// Folders that end the connection, with the server's words.
    told: BTreeMap<String, String>,
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

    /// How a side is to be counted.
    pub(super) fn of(&self, side: Side) -> ListCare {
        self.side(side).care.clone()
    }

    /// A connection for counting. The lists are asked for with the sign-in, where nothing speaks against it.
    async fn open(&self, access: &Access, (side, detail): (Side, Detail)) -> Result<Session, TransferError> {
        self.of(side).open(access, detail).await.map_err(|source| TransferError::SignIn { side, source })
    }

    /// Folders of a side that end the connection when they are counted, as the server spells them, with its words.
    pub(super) fn left(&self, side: Side) -> &BTreeMap<String, String> {
        &self.side(side).told
    }

    /// Learns from an error. Whether counting once more may come further; `session` is the one that it happened on.
    pub(super) fn learn(&mut self, error: &TransferError, sessions: (&Session, &Session)) -> bool {
        let TransferError::Server { side, source } = error else { return false };
        if !source.is_connection_lost() {
            return false;
        }
        let asked = match side {
            Side::Source => sessions.0.asks_about(),
            Side::Destination => sessions.1.asks_about(),
        };
        let known = self.side_mut(*side);
        let was_careful = std::mem::replace(&mut known.care.is_one_by_one, true);
        match asked.filter(|_| was_careful) {
            Some(raw) if known.told.len() < MAX_LEFT => {
                known.care.left.insert(raw.to_owned());
                known.told.insert(raw.to_owned(), source.to_string()).is_none()
            }
            Some(_) => false,
            None => {
                known.care.is_in_utf8 = true;
                known.unclear += 1;
                known.unclear <= MAX_UNCLEAR
            }
        }
    }
}
