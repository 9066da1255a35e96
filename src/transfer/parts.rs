//! Copies with other bytes than their messages: read at the source once more, and compared by the content of their parts.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::error::TransferError;
use super::governor::{Refusal, refusal};
use super::request::CopyRequest;
use super::verify_report::VerifyReport;
use crate::imap::{BodyReply, ImapError, Session};
use crate::plan::{FolderPath, MessageState, MimeContent, Side, mime_content};
use crate::project::LedgerRow;

/// Messages read with one command; each may have up to two megabytes.
const READ_AT_ONCE: usize = 10;

pub(super) const OTHER_BYTES: &str = "its bytes are not those of the source";
const OTHER_CONTENT: &str = "its parts do not say what those of the source say";
const NO_LONGER_THERE: &str = "its bytes differ, and the source does not hand the message out any more";
const OTHER_BY_NOW: &str = "its bytes differ, and the source has another message by now";

/// Copies of one folder whose bytes differ, with what they say.
pub(super) struct Doubts {
    source: FolderPath,
    rows: BTreeMap<u32, (LedgerRow, MimeContent)>,
}

impl Doubts {
    pub(super) fn new(source: &FolderPath) -> Self {
        Self { source: source.clone(), rows: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, row: LedgerRow, copy: MimeContent) {
        self.rows.insert(row.uid, (row, copy));
    }
}

/// The source's connection for messages that are read again; opened when it is first needed.
#[derive(Debug, Default)]
pub(super) struct Parts {
    source: Option<Session>,
    opened: Option<String>,
}

impl Parts {
    /// Reads the messages behind these copies again, and adds what came of it to the report.
    pub(super) async fn compare(
        &mut self,
        request: &CopyRequest,
        doubts: &mut Doubts,
        mut report: VerifyReport,
    ) -> Result<VerifyReport, TransferError> {
        let plan = request.plan.folders.iter().find(|plan| plan.source == doubts.source);
        while !doubts.rows.is_empty() {
            let Some(plan) = plan else {
                for uid in std::mem::take(&mut doubts.rows).into_keys() {
                    report.differs(&doubts.source, uid, OTHER_BYTES);
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
        let uids: Vec<u32> = doubts.rows.keys().copied().take(READ_AT_ONCE).collect();
        let found = match self.read(request, raw, &uids).await {
            Ok(found) => found,
            Err(TransferError::Server { source: ImapError::Refused { completion, .. }, .. })
                if !matches!(refusal(&completion), Refusal::Wait(_)) =>
            {
                BTreeMap::new()
            }
            Err(error) => return Err(error),
        };
        for uid in uids {
            let Some((row, copy)) = doubts.rows.remove(&uid) else { continue };
            // A repaired message was not sent as it is at the source.
            let is_repaired = row.state == MessageState::Repaired;
            match found.get(&uid) {
                None => report.differs(&doubts.source, uid, NO_LONGER_THERE),
                Some((hash, _)) if row.sha256.is_some_and(|read| read != *hash) && !is_repaired => {
                    report.differs(&doubts.source, uid, OTHER_BY_NOW);
                }
                Some((_, content)) if *content == copy => report.parts_equal += 1,
                Some(_) => report.differs(&doubts.source, uid, OTHER_CONTENT),
            }
        }
        Ok(())
    }

    /// SHA-256 and content of messages at the source.
    async fn read(
        &mut self,
        request: &CopyRequest,
        raw: &str,
        uids: &[u32],
    ) -> Result<BTreeMap<u32, ([u8; 32], MimeContent)>, TransferError> {
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
        let mut found = BTreeMap::new();
        for question in session.ask_bodies(uids) {
            while let BodyReply::Message { uid, bytes } =
                session.next_body(&question).await.map_err(&at_source)?
            {
                found.insert(uid, (Sha256::digest(&bytes).into(), mime_content(&bytes)));
            }
        }
        Ok(found)
    }

    /// Says goodbye to the source, if it was needed at all.
    pub(super) async fn close(&mut self) {
        if let Some(session) = self.source.take() {
            session.logout().await;
        }
    }
}
