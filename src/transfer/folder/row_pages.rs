//! Which rows of a folder are sent next.

use crate::plan::MessageState;
use crate::project::{FolderId, Ledger, LedgerRow, ProjectError};
use crate::transfer::pace::connection_failures::ConnectionFailures;
use crate::values::SourceUid;

/// Takes rows from the ledger page by page.
///
/// Where the newest go first, that holds from page to page; within a page messages keep the source's order, in which the
/// source returns them fastest.
#[derive(Clone, Copy)]
pub(in crate::transfer) struct RowPages<'a> {
    pub(in crate::transfer) ledger: &'a Ledger,
    pub(in crate::transfer) failures: &'a ConnectionFailures,
    pub(in crate::transfer) is_newest_first: bool,
    /// Rows of one page.
    pub(in crate::transfer) most: usize,
}

impl RowPages<'_> {
    /// Rows of a folder that are to do, beyond those that are taken up to this UID; without those that are set aside.
    pub(in crate::transfer) fn page(
        &self,
        folder: FolderId,
        mut taken: Option<SourceUid>,
    ) -> Result<Vec<LedgerRow>, ProjectError> {
        let (ledger, state, most) = (self.ledger, MessageState::ToDo, self.most);
        let aside = self.failures.set_aside(folder);
        loop {
            let mut rows = if self.is_newest_first {
                ledger.rows_before(folder, state, taken, most)?
            } else {
                ledger.rows_after(folder, &[state], taken.unwrap_or_default(), most)?
            };
            let edge = self.edge(&rows);
            rows.retain(|row| !aside.contains(&row.uid));
            if edge.is_none() || !rows.is_empty() {
                return Ok(rows);
            }
            taken = edge;
        }
    }

    /// The row of a page beyond which the next one begins.
    pub(in crate::transfer) fn edge(&self, rows: &[LedgerRow]) -> Option<SourceUid> {
        let edge = if self.is_newest_first { rows.first() } else { rows.last() };
        edge.map(|row| row.uid)
    }

    /// Rows that were set aside, when all others of the folder are taken.
    pub(in crate::transfer) fn last_page(&self, folder: FolderId) -> Result<Vec<LedgerRow>, ProjectError> {
        let aside = self.failures.set_aside(folder);
        if aside.is_empty() {
            return Ok(Vec::new());
        }
        self.failures.begins_set_aside(folder);
        let mut rows = self.ledger.rows(folder, &[MessageState::ToDo])?;
        rows.retain(|row| aside.contains(&row.uid));
        Ok(rows)
    }
}
