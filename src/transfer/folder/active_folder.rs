//! A folder that is being copied, and which of its rows were taken.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::imap::Opened;
use crate::project::{LedgerRow, ProjectError};
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::folder::other_writers::Company;
use crate::transfer::folder::row_pages::RowPages;
use crate::transfer::listing::duplicates::Twins;
use crate::values::{DestinationUid, SourceUid};

/// A folder that is being copied, by one worker or several.
#[derive(Debug)]
pub(in crate::transfer) struct ActiveFolder {
    pub(in crate::transfer) job: FolderJob,
    pub(in crate::transfer) opened: Opened,
    /// The lowest UID that a copy made now can get.
    pub(in crate::transfer) first: DestinationUid,
    /// The UID at the source up to which rows are taken; from which on, where the newest go first.
    pub(super) taken: Mutex<Option<SourceUid>>,
    /// Rows that no worker has taken yet.
    pub(super) left: AtomicU64,
    /// Whether what was set aside has had its turn in this attempt.
    pub(super) has_given_last: AtomicBool,
    pub(super) workers: AtomicUsize,
    /// Copies whose UID the server did not tell.
    pub(super) unplaced: Mutex<Vec<LedgerRow>>,
    /// Messages that may be the same, where exact duplicates stay behind.
    pub(in crate::transfer) twins: Option<Twins>,
    /// Who else writes into it.
    pub(in crate::transfer) company: Company,
}

impl ActiveFolder {
    /// Whether every row was taken by some worker, so that the last messages are under way.
    pub(in crate::transfer) fn is_running_out(&self) -> bool {
        self.left.load(Ordering::Relaxed) == 0
    }

    /// Rows that no worker has taken yet.
    pub(in crate::transfer) fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// The next rows to be sent, for the worker alone that asks; empty at the end.
    pub(in crate::transfer) fn next_page(&self, rows: &RowPages<'_>) -> Result<Vec<LedgerRow>, ProjectError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut page = rows.page(self.job.folder, *taken)?;
        if page.is_empty() && !self.has_given_last.swap(true, Ordering::Relaxed) {
            page = rows.last_page(self.job.folder)?;
        } else if let Some(edge) = rows.edge(&page) {
            *taken = Some(edge);
        }
        let count = page.len() as u64;
        let left = self.left().saturating_sub(count);
        self.left.store(if count == 0 { 0 } else { left }, Ordering::Relaxed);
        Ok(page)
    }
}
