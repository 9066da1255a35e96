//! Folders that a verification leaves: those at which a server ends the connection again and again, or refuses what is asked.
//! Their copies count as not compared.

use super::{COPIED, PAGE_ROWS, Verification};
use crate::imap::ImapError;
use crate::project::FolderTotals;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::Progress;
use crate::transfer::verify::found_elsewhere::Lost;
use crate::values::{Side, SourceUid};

/// Ends of the connection without a step in between, the last one at the opening of a folder, after which that one is left.
const GOODBYES_AT_OPENING: u32 = 3;
/// The same for what is read in a folder: a long answer may break off for other reasons.
const GOODBYES_AT_READING: u32 = 5;

/// What a connection was at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum At {
    /// No folder.
    #[default]
    Nowhere,
    /// Several folders at once.
    Several,
    /// The opening of one folder.
    Opening,
    /// Messages of one folder, at either side.
    Reading,
}

/// Where connections have ended.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// What is under way.
    pub(super) at: At,
    /// How often since a step was done.
    count: u32,
    /// Steps that were done by then.
    steps: u64,
    /// A connection has ended at folders: from then on they are opened one at a time.
    pub(super) is_one_by_one: bool,
}

/// A folder that the destination does not open.
pub(super) struct Closed {
    pub(super) raw: String,
    /// The server's words.
    pub(super) words: String,
}

impl Verification<'_> {
    /// Skips and reports a folder at which a server keeps closing the connection.
    pub(super) fn heed_goodbye(&mut self, error: &TransferError) -> Result<(), TransferError> {
        let TransferError::Server { side, source } = error else { return Ok(()) };
        let at = std::mem::take(&mut self.ends.at);
        if !error.is_connection_lost() || error.is_after_sleep() || at == At::Nowhere {
            return Ok(());
        }
        if self.steps > self.ends.steps {
            (self.ends.steps, self.ends.count) = (self.steps, 0);
        }
        self.ends.is_one_by_one = true;
        self.ends.count += 1;
        let most = match at {
            At::Nowhere | At::Several => u32::MAX,
            At::Opening => GOODBYES_AT_OPENING,
            At::Reading => GOODBYES_AT_READING,
        };
        if self.ends.count >= most {
            self.leave(*side, &source.to_string())?;
        }
        Ok(())
    }

    /// What is refused for no reason that passes is asked once more on a new connection; then its folder is left, and told
    /// of. True if the verification continues.
    pub(super) fn heed_refusal(&mut self, error: &TransferError) -> Result<bool, TransferError> {
        let TransferError::Server { side: Side::Destination, source: refused @ ImapError::Refused { .. } } =
            error
        else {
            return Ok(false);
        };
        self.refused += 1;
        if self.refused > 1 && !self.leave(Side::Destination, &refused.to_string())? {
            return Ok(false);
        }
        (self.sink)(Progress::Reconnecting { milliseconds: 0, side: error.side(), words: error.to_string() });
        Ok(true)
    }

    /// Leaves the folder that is under way. False where none is.
    fn leave(&mut self, side: Side, words: &str) -> Result<bool, TransferError> {
        let raw = self.raw.take();
        if let Some(folder) = self.folders.pop_front() {
            self.leave_rest(&folder, side, words)?;
            self.after = SourceUid(0);
        } else if let Some((folder, _, unsure)) = self.unsure.pop() {
            // They were there, and what they are was still to be seen.
            let copies = unsure.len() as u64;
            self.report.counts.checked = self.report.counts.checked.saturating_sub(copies);
            self.report.leave(&folder.source, side, copies, words);
        } else if let Some(raw) = &raw {
            self.skipped.insert(raw.clone());
        } else {
            return Ok(false);
        }
        if side == Side::Destination {
            self.skipped.extend(raw);
        }
        self.steps += 1;
        self.refused = 0;
        Ok(true)
    }

    /// The copies of a folder that were not compared so far; those that people have moved or removed are known.
    fn leave_rest(&mut self, folder: &FolderTotals, side: Side, words: &str) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        let aside = ledger.set_aside(folder.id)?.elsewhere;
        let (mut copies, mut moved, mut after) = (0, 0, self.after);
        loop {
            let rows = ledger.rows_after(folder.id, &COPIED, after, PAGE_ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.uid;
            copies += rows.len() as u64;
            moved += rows.iter().filter(|row| aside.contains(&row.uid)).count() as u64;
        }
        self.report.counts.checked += moved;
        self.report.counts.moved_or_removed += moved;
        self.report.leave(&folder.source, side, copies - moved, words);
        Ok(())
    }

    /// A folder that cannot be opened may have been renamed: its copies are looked for in all others before they count as
    /// missing, and those of one that is there as not compared.
    pub(super) fn look_for_all(
        &mut self,
        (folder, raw): (&FolderTotals, &str),
        words: &str,
    ) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        let aside = ledger.set_aside(folder.id)?.elsewhere;
        let mut rows = ledger.rows(folder.id, &COPIED)?;
        rows.retain(|row| row.uid > self.after);
        let copies = rows.len() as u64;
        let mut rows = ledger.as_sent(folder.id, rows)?;
        rows.retain(|row| !aside.contains(&row.uid));
        let moved = copies - rows.len() as u64;
        self.report.counts.checked += moved;
        self.report.counts.moved_or_removed += moved;
        self.closed.insert(folder.id, Closed { raw: raw.to_owned(), words: words.to_owned() });
        self.lost.extend(rows.into_iter().map(|row| Lost {
            folder: folder.id,
            source: folder.source.clone(),
            uid: row.uid,
            identity: row.identity,
            size: row.size,
            had_place: true,
        }));
        Ok(())
    }
}
