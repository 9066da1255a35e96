//! The first messages of a folder, asked for before the answers to its opening are here: one wait less in each folder.

use std::collections::{BTreeSet, VecDeque};

use super::error::TransferError;
use super::reader::{GROUP_BYTES, GROUP_MESSAGES};
use super::work::{Unit, Work};
use crate::imap::{BodyRequest, Session};
use crate::plan::Side;
use crate::project::LedgerRow;

/// Requests that went out behind the opening of their folder. What comes of them counts only when the folder is the
/// one that was listed; messages that are no longer to do are dropped as they come.
pub(super) struct Ahead {
    requests: Vec<BodyRequest>,
    uids: BTreeSet<u32>,
}

impl Ahead {
    /// Asks for the first messages that are to do. `None` where the connection may be needed for something else before
    /// they are read, and where messages go one by one.
    pub(super) fn ask(
        source: &mut Session,
        work: &Work<'_>,
        unit: &Unit,
    ) -> Result<Option<Self>, TransferError> {
        let folder = unit.folder;
        let is_careful = work.caution.is_careful(folder, Side::Source);
        let is_plain = work.caution.has_fresh_flags(folder) && !unit.is_late && !unit.may_be_there;
        if is_careful || !is_plain || work.control.is_paused() {
            return Ok(None);
        }
        let mut rows = work.page(folder, None)?;
        rows.truncate(GROUP_MESSAGES);
        let mut bytes = 0;
        let is_in_group = |row: &&LedgerRow| {
            bytes += row.size;
            bytes <= GROUP_BYTES && !work.is_large(row)
        };
        let uids: Vec<u32> = rows.iter().take_while(is_in_group).map(|row| row.uid).collect();
        let bytes = rows.iter().take(uids.len()).map(|row| row.size).sum();
        // At the end of a day's share the reader says so, when it comes to it.
        if uids.is_empty() || work.meter.download(bytes).is_err() {
            return Ok(None);
        }
        let requests = source.ask_bodies(&uids);
        Ok(Some(Self { requests, uids: uids.into_iter().collect() }))
    }

    /// The requests, and those of the rows that they are about, taken out of `rows`.
    pub(super) fn take(self, rows: &mut VecDeque<LedgerRow>) -> (Vec<BodyRequest>, Vec<LedgerRow>) {
        let all = std::mem::take(rows);
        let mut asked = Vec::with_capacity(self.uids.len());
        for row in all {
            if self.uids.contains(&row.uid) { asked.push(row) } else { rows.push_back(row) }
        }
        (self.requests, asked)
    }
}
