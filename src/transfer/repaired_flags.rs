//! Repaired copies get the flags that they lack: keywords that a server refuses in APPEND it may well take by STORE.

use std::collections::{BTreeMap, BTreeSet};

use super::error::TransferError;
use super::flags::flags_for;
use super::governor::{Refusal, refusal};
use super::work::{Unit, Work};
use crate::imap::{ImapError, Session};
use crate::plan::{MessageState, Side};
use crate::project::{LedgerRow, MessageResult};

/// Refused flags in a row after which no more are tried: servers end connections after many errors.
const MAX_REFUSED: usize = 5;

/// Sets what the copies of this folder lack that were repaired in this run, each flag by itself, and writes down what
/// came of it.
pub(super) async fn settle(
    work: &Work<'_>,
    session: &mut Session,
    unit: &Unit,
    uid_validity: u32,
) -> Result<(), TransferError> {
    let repaired = work.caution.take_repaired(unit.folder);
    if repaired.is_empty() {
        return Ok(());
    }
    let ledger = &work.request.ledger;
    let rows: BTreeMap<u32, LedgerRow> = ledger
        .rows(unit.folder, &[MessageState::Repaired])?
        .into_iter()
        .filter(|row| repaired.contains(&row.uid) && row.destination_uid_validity == Some(uid_validity))
        .filter_map(|row| Some((row.destination_uid?, row)))
        .collect();
    let at = TransferError::at(Side::Destination);
    let opened = session.select(&unit.raw).await.map_err(&at)?;
    if opened.uid_validity != uid_validity || rows.is_empty() {
        return Ok(());
    }
    let permanent = opened.permanent_flags.as_deref();
    let mut lacking = look(session, &rows, permanent).await?;
    if lacking.is_empty() {
        return Ok(());
    }
    let was_lacking: BTreeSet<u32> = lacking.values().flatten().copied().collect();
    let mut refused = 0;
    for (flag, uids) in &lacking {
        let uids: Vec<u32> = uids.iter().copied().collect();
        match session.add_flags(&uids, std::slice::from_ref(flag)).await {
            Err(ImapError::Refused { completion, .. })
                if !matches!(refusal(&completion), Refusal::Wait(_)) =>
            {
                tracing::info!(%completion, "a flag is refused");
                refused += 1;
                if refused >= MAX_REFUSED {
                    break;
                }
            }
            stored => {
                stored.map_err(&at)?;
                refused = 0;
            }
        }
    }
    lacking = look(session, &rows, permanent).await?;
    let results: Vec<MessageResult> = rows
        .into_iter()
        .filter(|(uid, _)| was_lacking.contains(uid))
        .map(|(uid, row)| result(uid, row, &lacking))
        .collect();
    Ok(ledger.record_results(unit.folder, &results)?)
}

/// Flags that copies lack, each with the UIDs of these copies.
async fn look(
    session: &mut Session,
    rows: &BTreeMap<u32, LedgerRow>,
    permanent: Option<&[String]>,
) -> Result<BTreeMap<String, BTreeSet<u32>>, TransferError> {
    let uids: Vec<u32> = rows.keys().copied().collect();
    let found = session.flags_of(&uids).await.map_err(TransferError::at(Side::Destination))?;
    let mut lacking: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
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

fn result(uid: u32, row: LedgerRow, lacking: &BTreeMap<String, BTreeSet<u32>>) -> MessageResult {
    let missing: Vec<&str> =
        lacking.iter().filter(|(_, uids)| uids.contains(&uid)).map(|(flag, _)| flag.as_str()).collect();
    let done = if missing.is_empty() {
        "its flags were set afterwards".to_owned()
    } else {
        format!("the destination does not keep {}", missing.join(" "))
    };
    MessageResult {
        uid: row.uid,
        state: row.state,
        destination_uid: row.destination_uid_validity.zip(row.destination_uid),
        sha256: None,
        cause: Some(row.cause.map_or(done.clone(), |cause| format!("{done}; {cause}"))),
    }
}
