//! Copies that were read are held against the source: the messages are read there once more, where possible on another
//! method than the copy took, and compared by their bytes, else by the content of their parts.

use std::collections::BTreeMap;

use crate::imap::{ImapError, Session, is_gone};
use crate::message::MimeContent;
use crate::plan::{FolderPath, MessageState};
use crate::project::{FolderId, LedgerRow};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::pace::refusal::refusal;
use crate::transfer::pace::verify_traffic::count_reading;
use crate::transfer::verify::report::VerifyReport;
use crate::transfer::verify::source_forms::{Found, Sought, large_source_form, source_forms};
use crate::values::{Side, SourceUid};

/// Messages read with one command; each may have up to two megabytes.
const READ_AT_ONCE: usize = 10;
/// Messages above this size are read in pieces, in bytes.
pub(in crate::transfer) const LARGE_BYTES: u64 = 2 << 20;

pub(in crate::transfer) const OTHER_BYTES: &str = "its bytes differ from the source";
const OTHER_NOW: &str = "it holds what the source returned during the copy; the source returns different \
                         bytes now";
const OTHER_CONTENT: &str = "the content of its parts differs from the source";
const NO_LONGER_THERE: &str = "its bytes differ, and the source no longer returns the message";
const OTHER_BY_NOW: &str = "its bytes differ, and the source now has a different message";

/// What a copy is made of.
pub(in crate::transfer) struct CopyForm {
    pub(in crate::transfer) sha256: [u8; 32],
    pub(in crate::transfer) bytes: u64,
    /// What its parts say; `None` where the bytes alone count.
    pub(in crate::transfer) content: Option<MimeContent>,
}

/// Copies of one folder that are compared with the source, with what they say.
pub(in crate::transfer) struct Doubts {
    folder: FolderId,
    source: FolderPath,
    rows: BTreeMap<SourceUid, Doubt>,
}

/// A copy with what it is made of.
struct Doubt {
    row: LedgerRow,
    copy: CopyForm,
    /// The copy is shorter than the source lists.
    is_short: bool,
}

impl Doubts {
    pub(in crate::transfer) fn new((folder, source): (FolderId, &FolderPath)) -> Self {
        Self { folder, source: source.clone(), rows: BTreeMap::new() }
    }

    pub(in crate::transfer) fn add(&mut self, row: LedgerRow, copy: CopyForm, is_short: bool) {
        self.rows.insert(row.uid, Doubt { row, copy, is_short });
    }

    /// The outcome of one of them.
    fn judge(&self, doubt: &Doubt, found: Option<&Found>, report: &mut VerifyReport) {
        let Doubt { row, copy, is_short } = doubt;
        let found = match found {
            Some(Found::Doubtful(words)) => {
                report.differs(&self.source, row.uid, words.as_str());
                return;
            }
            Some(Found::Refused(words)) => {
                report.counts.checked = report.counts.checked.saturating_sub(1);
                report.leave(&self.source, Side::Source, 1, words);
                return;
            }
            Some(Found::Form(form)) => Some(form),
            None => None,
        };
        // A repaired message was not sent as it is at the source.
        let is_repaired = row.state == MessageState::Repaired;
        let is_as_sent = row.sha256 == Some(copy.sha256);
        let what = match found {
            // It was never read, and nothing speaks against it.
            None if row.sha256.is_none() => {
                report.counts.not_compared += 1;
                return;
            }
            None if is_as_sent && !is_short => {
                report.counts.as_read += 1;
                return;
            }
            None if is_as_sent => {
                format!("{} bytes instead of {}, the size that the source listed", copy.bytes, row.size)
            }
            None => NO_LONGER_THERE.to_owned(),
            Some(found) if found.sha256 == copy.sha256 || (is_repaired && is_as_sent) => {
                report.counts.bytes_equal += 1;
                return;
            }
            Some(found) if is_as_sent && found.bytes == copy.bytes => OTHER_NOW.to_owned(),
            Some(found) if is_as_sent => {
                format!(
                    "{} bytes instead of {}, the size that the source returns now",
                    copy.bytes, found.bytes
                )
            }
            Some(found) if row.sha256.is_some_and(|read| read != found.sha256) && !is_repaired => {
                OTHER_BY_NOW.to_owned()
            }
            Some(found) => match (&copy.content, &found.content) {
                (Some(copy), Some(found)) if copy == found => {
                    report.counts.parts_equal += 1;
                    return;
                }
                (Some(_), Some(_)) => OTHER_CONTENT.to_owned(),
                _ => OTHER_BYTES.to_owned(),
            },
        };
        report.differs(&self.source, row.uid, what);
    }
}

/// The source's connection for messages that are read again; opened when it is first needed.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Parts {
    source: Option<Session>,
    opened: Option<String>,
}

impl Parts {
    /// Reads the messages behind these copies again, and adds what came of it to the report.
    pub(in crate::transfer) async fn compare(
        &mut self,
        request: &CopyRequest,
        doubts: &mut Doubts,
        mut report: VerifyReport,
    ) -> Result<VerifyReport, TransferError> {
        let plan = request.plan.folders.iter().find(|plan| plan.source == doubts.source);
        while !doubts.rows.is_empty() {
            let Some(plan) = plan else {
                for doubt in std::mem::take(&mut doubts.rows).into_values() {
                    doubts.judge(&doubt, None, &mut report);
                }
                break;
            };
            let compared = self.compare_some(request, &plan.source_raw, doubts, &mut report).await;
            if let Err(error) = compared {
                // Another connection is needed; what was compared stays.
                (self.source, self.opened) = (None, None);
                return Err(error);
            }
        }
        Ok(report)
    }

    async fn compare_some(
        &mut self,
        request: &CopyRequest,
        raw: &str,
        doubts: &mut Doubts,
        report: &mut VerifyReport,
    ) -> Result<(), TransferError> {
        let is_large = |row: &LedgerRow| row.size > LARGE_BYTES;
        let Some(first) = doubts.rows.values().next().map(|doubt| is_large(&doubt.row)) else {
            return Ok(());
        };
        // Large ones go alone.
        let most = if first { 1 } else { READ_AT_ONCE };
        let some = doubts.rows.values().take(most).take_while(|doubt| is_large(&doubt.row) == first);
        let sought: Vec<Sought> = some
            .map(|Doubt { row, copy, .. }| Sought { uid: row.uid, listed: row.size, copy: copy.sha256 })
            .collect();
        let bytes = sought.iter().fold(0_u64, |sum, one| sum.saturating_add(one.listed));
        count_reading(request, Side::Source, bytes)?;
        let found = match self.read(request, raw, (&sought, first)).await {
            Ok(found) => found,
            Err(TransferError::Server { source: ImapError::Refused { completion, .. }, .. })
                if !refusal(&completion).is_passing() =>
            {
                // A folder that is gone has nothing to compare with; one that is shut has.
                let words = completion.to_string();
                let is_shut = !is_gone(&completion);
                sought
                    .iter()
                    .filter(|_| is_shut)
                    .map(|one| (one.uid, Found::Refused(words.clone())))
                    .collect()
            }
            Err(error) => return Err(error),
        };
        let mut lengths = Vec::new();
        for Sought { uid, .. } in sought {
            if let Some(doubt) = doubts.rows.remove(&uid) {
                let found = found.get(&uid);
                doubts.judge(&doubt, found, report);
                // The source lists another length than it returns; the next verification knows.
                let is_equal = matches!(found, Some(Found::Form(form)) if form.sha256 == doubt.copy.sha256);
                if is_equal && doubt.copy.bytes != doubt.row.size && doubt.row.state != MessageState::Repaired
                {
                    lengths.push((uid, doubt.copy.bytes));
                }
            }
        }
        request.ledger.learn_lengths(doubts.folder, &lengths)?;
        Ok(())
    }

    /// What messages at the source are made of.
    async fn read(
        &mut self,
        request: &CopyRequest,
        raw: &str,
        (sought, are_large): (&[Sought], bool),
    ) -> Result<BTreeMap<SourceUid, Found>, TransferError> {
        let at_source = TransferError::at(Side::Source);
        let session = match &mut self.source {
            Some(session) => session,
            empty => {
                let opened = request.source.open().await;
                empty.insert(opened.map_err(|source| TransferError::SignIn { side: Side::Source, source })?)
            }
        };
        if self.opened.as_deref() != Some(raw) {
            session.examine(raw).await.map_err(&at_source)?;
            self.opened = Some(raw.to_owned());
        }
        if !are_large {
            return source_forms(session, sought).await.map_err(&at_source);
        }
        let mut found = BTreeMap::new();
        for one in sought {
            if let Some(form) = large_source_form(session, one).await.map_err(&at_source)? {
                found.insert(one.uid, form);
            }
        }
        Ok(found)
    }

    /// Says goodbye to the source, if it was needed at all.
    pub(in crate::transfer) async fn close(&mut self) {
        if let Some(session) = self.source.take() {
            session.logout().await;
        }
    }
}
