//! Looking before sending: copies that are at the destination already are recognised and never made again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::control::CopyControl;
use super::error::TransferError;
use crate::imap::{ImapError, Session};
use crate::plan::{CopyMatch, IDENTITY_HEADERS, MessageKey, MessageState, Side, identity_key, match_copies};
use crate::project::{FolderId, Ledger, LedgerRow, MessageResult};

/// Time that a server may need to finish an APPEND whose connection has broken.
const LAST_APPEND: Duration = Duration::from_millis(1_500);

/// The selected destination folder and the ledger's view of it.
pub(super) struct Place<'a> {
    pub(super) session: &'a mut Session,
    pub(super) ledger: &'a Ledger,
    pub(super) folder: FolderId,
    pub(super) uid_validity: u32,
}

impl Place<'_> {
    /// Settles rows whose append may or may not have arrived, by looking above the UIDNEXT of their intents.
    pub(super) async fn resolve_in_flight(&mut self, control: &CopyControl) -> Result<(), TransferError> {
        let rows = self.ledger.rows(self.folder, &[MessageState::InFlight])?;
        if rows.is_empty() {
            return Ok(());
        }
        let first = rows.iter().filter_map(|row| row.intent_uidnext).min().unwrap_or(1);
        let missing = self.adopt(rows, first, true).await?;
        if missing.is_empty() {
            return Ok(());
        }
        // The server may still be at it; looking again a moment later is cheap, a second copy is not.
        if !control.wait(LAST_APPEND).await {
            return Ok(());
        }
        self.session.noop().await.map_err(TransferError::at(Side::Destination))?;
        let missing = self.adopt(missing, first, true).await?;
        let uids: Vec<u32> = missing.iter().map(|row| row.uid).collect();
        Ok(self.ledger.withdraw_intents(self.folder, &uids)?)
    }

    /// Finds messages that were at the destination before the first copy, or before a UIDVALIDITY changed.
    pub(super) async fn adopt_present(&mut self, exists: u32) -> Result<(), TransferError> {
        if !self.ledger.needs_match(self.folder)? {
            return Ok(());
        }
        if exists > 0 {
            let rows = self.ledger.rows(self.folder, &[MessageState::ToDo])?;
            self.adopt(rows, 1, false).await?;
        }
        Ok(self.ledger.set_matched(self.folder)?)
    }

    /// Finds the UIDs of copies where the server did not tell them (no UIDPLUS, or an answer that does not fit).
    pub(super) async fn place_copies(
        &mut self,
        copied: Vec<LedgerRow>,
        first: u32,
    ) -> Result<(), TransferError> {
        let missing = self.adopt(copied, first, true).await?;
        if !missing.is_empty() {
            tracing::info!(count = missing.len(), "copies whose place at the destination is not known");
        }
        Ok(())
    }

    /// Matches rows with what is at the destination from `first` on, and records the matches.
    /// Returns the rows that have none.
    async fn adopt(
        &mut self,
        rows: Vec<LedgerRow>,
        first: u32,
        is_ours: bool,
    ) -> Result<Vec<LedgerRow>, TransferError> {
        if rows.is_empty() {
            return Ok(rows);
        }
        let present = self.keys_from(first.max(1)).await?;
        let claimed = self.ledger.claimed_destination_uids(self.folder)?;
        let wanted: Vec<MessageKey> = rows
            .iter()
            .map(|row| MessageKey { uid: row.uid, identity: row.identity, size: row.size })
            .collect();
        let mut matches = match_copies(&wanted, &present, &claimed);
        if is_ours {
            // Above our own UIDNEXT a changed size is the server's doing (Exchange rewrites what it stores).
            matches.extend(match_without_size(&wanted, &present, &claimed, &matches));
        }
        let places: BTreeMap<u32, u32> =
            matches.iter().map(|found| (found.source_uid, found.destination_uid)).collect();
        let (copied, missing): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| places.contains_key(&row.uid));
        let results: Vec<MessageResult> = copied
            .into_iter()
            .map(|row| MessageResult {
                uid: row.uid,
                state: adopted_state(row.state),
                destination_uid: places.get(&row.uid).map(|uid| (self.uid_validity, *uid)),
                sha256: None,
                cause: row.cause,
            })
            .collect();
        self.ledger.record_results(self.folder, &results)?;
        Ok(missing)
    }

    async fn keys_from(&mut self, first: u32) -> Result<Vec<MessageKey>, TransferError> {
        let at = TransferError::at(Side::Destination);
        let uids = self.session.fetch_uids(first).await.map_err(&at)?;
        let mut keys: Vec<MessageKey> = Vec::with_capacity(uids.len());
        self.session
            .fetch_facts(&uids, &IDENTITY_HEADERS, |facts| {
                keys.extend(facts.iter().map(|facts| MessageKey {
                    uid: facts.uid,
                    identity: identity_key(&facts.header),
                    size: facts.size,
                }));
                Ok::<(), ImapError>(())
            })
            .await
            .map_err(&at)?;
        Ok(keys)
    }
}

/// What a row becomes when its copy is found.
const fn adopted_state(state: MessageState) -> MessageState {
    match state {
        MessageState::InFlight => MessageState::Copied,
        MessageState::ToDo => MessageState::AlreadyThere,
        settled => settled,
    }
}

fn match_without_size(
    wanted: &[MessageKey],
    present: &[MessageKey],
    claimed: &[u32],
    matched: &[CopyMatch],
) -> Vec<CopyMatch> {
    let done: BTreeSet<u32> = matched.iter().map(|found| found.source_uid).collect();
    let sizeless = |keys: &[MessageKey]| -> Vec<MessageKey> {
        keys.iter().map(|key| MessageKey { size: 0, ..*key }).collect()
    };
    let mut rest = sizeless(wanted);
    rest.retain(|key| !done.contains(&key.uid));
    let mut taken = claimed.to_vec();
    taken.extend(matched.iter().map(|found| found.destination_uid));
    match_copies(&rest, &sizeless(present), &taken)
}
