//! Repaired copies get the flags that they lack: keywords that a server refuses in APPEND it may well take by STORE.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{ImapError, Session};
use crate::plan::{FlagsAfter, MessageState, Reason};
use crate::project::{LedgerRow, MessageResult};
use crate::transfer::context::copy_context::CopyContext;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::flags_for;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::pace::refusal::refusal;
use crate::values::{DestinationUid, Side, UidValidity};

/// Refused flags in a row after which no more are tried: servers end connections after many errors.
const MAX_REFUSED: usize = 5;
/// Copies looked at with one command.
const PAGE_ROWS: usize = 500;

/// Sets what the repaired copies of this folder lack whose flags nobody has seen, each flag by itself, and records
/// what came of it.
pub(in crate::transfer) async fn settle(
    context: &CopyContext<'_>,
    session: &mut Session,
    job: &FolderJob,
    uid_validity: UidValidity,
) -> Result<(), TransferError> {
    let ledger = &context.request.ledger;
    let mut permanent = None;
    loop {
        let rows = ledger.rows_to_check(job.folder, MessageState::Repaired, PAGE_ROWS)?;
        if rows.is_empty() {
            return Ok(());
        }
        if permanent.is_none() {
            let opened = session.select(&job.raw).await.map_err(TransferError::at(Side::Destination))?;
            if opened.uid_validity != uid_validity {
                return Ok(());
            }
            permanent = Some(opened.permanent_flags);
        }
        let placed: BTreeMap<DestinationUid, &LedgerRow> = rows
            .iter()
            .filter(|row| row.destination_uid_validity == Some(uid_validity))
            .filter_map(|row| Some((row.destination_uid?, row)))
            .collect();
        let (was_lacking, lacking) =
            set_lacking(session, &placed, permanent.as_ref().and_then(Option::as_deref)).await?;
        let results: Vec<MessageResult> = rows
            .iter()
            .map(|row| {
                let copy = row.destination_uid.filter(|uid| was_lacking.contains(uid));
                result(row, copy.map(|uid| missing(uid, &lacking)))
            })
            .collect();
        ledger.record_results(job.folder, &results)?;
    }
}

/// Flags that copies lack, each with the UIDs of these copies.
type Lacking = BTreeMap<String, BTreeSet<DestinationUid>>;

/// Sets what copies lack. The UIDs of those that lacked any flag, and what they lack all the same.
async fn set_lacking(
    session: &mut Session,
    rows: &BTreeMap<DestinationUid, &LedgerRow>,
    permanent: Option<&[String]>,
) -> Result<(BTreeSet<DestinationUid>, Lacking), TransferError> {
    let lacking = look(session, rows, permanent).await?;
    let was_lacking: BTreeSet<DestinationUid> = lacking.values().flatten().copied().collect();
    let mut refused = 0;
    for (flag, uids) in &lacking {
        let uids: Vec<DestinationUid> = uids.iter().copied().collect();
        match session.add_flags(&uids, std::slice::from_ref(flag)).await {
            Err(ImapError::Refused { completion, .. }) if !refusal(&completion).is_passing() => {
                tracing::info!(%completion, "the destination refused a flag");
                refused += 1;
                if refused >= MAX_REFUSED {
                    break;
                }
            }
            stored => {
                stored.map_err(TransferError::at(Side::Destination))?;
                refused = 0;
            }
        }
    }
    let left = if lacking.is_empty() { lacking } else { look(session, rows, permanent).await? };
    Ok((was_lacking, left))
}

async fn look(
    session: &mut Session,
    rows: &BTreeMap<DestinationUid, &LedgerRow>,
    permanent: Option<&[String]>,
) -> Result<Lacking, TransferError> {
    let uids: Vec<DestinationUid> = rows.keys().copied().collect();
    let found = session.flags_of(&uids).await.map_err(TransferError::at(Side::Destination))?;
    let mut lacking = Lacking::new();
    for (uid, shown) in found {
        let Some(row) = rows.get(&uid) else { continue };
        for flag in flags_for(&row.flags, permanent) {
            if !shown.iter().any(|one| one.eq_ignore_ascii_case(&flag)) {
                lacking.entry(flag).or_default().insert(uid);
            }
        }
    }
    Ok(lacking)
}

fn missing(uid: DestinationUid, lacking: &Lacking) -> Vec<String> {
    lacking.iter().filter(|(_, uids)| uids.contains(&uid)).map(|(flag, _)| flag.clone()).collect()
}

/// The row, whose flags have been seen; `missing` are those that could not be set, where any had to be.
fn result(row: &LedgerRow, missing: Option<Vec<String>>) -> MessageResult {
    let seen = match missing {
        None => FlagsAfter::AsSent,
        Some(flags) if flags.is_empty() => FlagsAfter::Set,
        Some(flags) => FlagsAfter::NotKept(flags),
    };
    let reason = match row.reason.clone() {
        Some(Reason::Repaired { trigger, steps, .. }) => {
            Some(Reason::Repaired { trigger, steps, flags: seen })
        }
        other => other,
    };
    MessageResult {
        uid: row.uid,
        state: row.state,
        placement: row.placement(),
        sha256: None,
        reason,
        flag_check: None,
    }
}
