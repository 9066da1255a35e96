//! What broken connections have taught while folders were counted.

use std::collections::BTreeMap;

use crate::imap::Access;
use crate::imap::Detail;
use crate::imap::ImapError;
use crate::imap::ListCare;
use crate::imap::Session;
use crate::imap::Uncounted;
use crate::transfer::context::error::TransferError;
use crate::values::Side;

/// Breaks that nobody can be blamed for, after which counting gives up.
const MAX_UNCLEAR: u32 = 2;
/// Folders of one side that are left uncounted at most; a server that ends the connection more often is in trouble itself.
const MAX_LEFT: usize = 10;

/// What broken connections have taught while folders were counted.
#[derive(Debug, Default)]
pub(in crate::transfer) struct CountCare {
    source: SideCare,
    destination: SideCare,
}

#[derive(Debug, Default)]
pub(in crate::transfer) struct SideCare {
    pub(in crate::transfer) care: ListCare,
    unclear: u32,
}

impl SideCare {
    /// Learns from a broken connection on which the server was asked about this folder alone. Whether another try may come
    /// further.
    pub(in crate::transfer) fn learn(&mut self, error: &ImapError, asked: Option<&str>) -> bool {
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
    pub(in crate::transfer) async fn open(
        &self,
        access: &Access,
        (side, detail): (Side, Detail),
    ) -> Result<Session, TransferError> {
        self.of(side).open(access, detail).await.map_err(|source| TransferError::SignIn { side, source })
    }

    /// Folders of a side that end the connection when they are counted, as the server spells them, with its words.
    pub(in crate::transfer) fn left(&self, side: Side) -> &BTreeMap<String, String> {
        &self.side(side).care.left
    }

    /// Learns from an error on one of these two connections. Returns whether counting again may get further.
    pub(in crate::transfer) fn learn(
        &mut self,
        error: &TransferError,
        at_source: &Session,
        at_destination: &Session,
    ) -> bool {
        let TransferError::Server { side, source } = error else { return false };
        if !source.is_connection_lost() {
            return false;
        }
        let asked = match side {
            Side::Source => at_source.asks_about(),
            Side::Destination => at_destination.asks_about(),
        };
        self.side_mut(*side).learn(source, asked)
    }
}
