//! Flags that a destination drops when a message comes with them: they are set afterwards, and read back.
//!
//! Exchange ignores `\Flagged` in APPEND without a word. Nobody says so beforehand, so the first copies with each flag
//! are looked at; what is in doubt stands in the ledger until it was seen, also over a break.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::imap::{ImapError, Session};
use crate::plan::{CopyMode, FlagCheck, MessageState, Reason};
use crate::project::{FolderId, Ledger, LedgerRow, MessageResult};
use crate::transfer::context::copy_context::CopyContext;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::flags_for;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::context::request::FolderTrouble;
use crate::transfer::flags::phantom_keywords;
use crate::transfer::pace::refusal::refusal;
use crate::values::{DestinationUid, Side, SourceUid, UidValidity};

/// Copies of which it is remembered that they are fresh: a few show as much as all of them.
const MAX_FRESH: usize = 10_000;
/// Copies looked at with one command.
const PAGE_ROWS: usize = 500;

/// What was seen of flags that come with an APPEND.
#[derive(Debug, Default)]
pub(in crate::transfer) struct KeptFlags {
    /// Those that were seen to survive, in lower case.
    kept: Mutex<BTreeSet<String>>,
    /// Copies of this attempt whose flags nobody has seen or set yet: only these show what an APPEND keeps.
    fresh: Mutex<BTreeSet<(FolderId, SourceUid)>>,
    /// One worker looks at a time: what it finds spares the others their look.
    turn: tokio::sync::Mutex<()>,
    /// Folders, with their UIDVALIDITY, that were done while another worker was looking.
    postponed: Mutex<Vec<(FolderJob, UidValidity)>>,
}

/// Whether copies of a folder wait for their flags to be seen.
pub(in crate::transfer) fn is_in_doubt(ledger: &Ledger, folder: FolderId) -> Result<bool, TransferError> {
    let is_open = |state| ledger.has_flag_checks(folder, state);
    Ok(is_open(MessageState::Copied)? || is_open(MessageState::Repaired)?)
}

/// After the switch the flags of copies that were made before are the owner's own: nobody looks at them any more.
pub(in crate::transfer) fn leave_to_the_owner(ledger: &Ledger) -> Result<(), TransferError> {
    Ok(ledger.forget_flag_checks()?)
}

/// A copy that is found after its append broke off: nobody has seen its flags.
pub(in crate::transfer) fn doubt_after(state: MessageState) -> Option<FlagCheck> {
    (state == MessageState::InFlight).then_some(FlagCheck::InDoubt)
}

impl KeptFlags {
    fn locked(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self) -> MutexGuard<'_, BTreeSet<(FolderId, SourceUid)>> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a copy that has come with these flags just now is to be looked at; `None` where all of them are known to be
    /// kept.
    pub(in crate::transfer) fn doubt(
        &self,
        folder: FolderId,
        uid: SourceUid,
        flags: &[String],
    ) -> Option<FlagCheck> {
        if self.are_known(flags) {
            return None;
        }
        let mut fresh = self.fresh();
        if fresh.len() < MAX_FRESH {
            fresh.insert((folder, uid));
        }
        Some(FlagCheck::Unseen)
    }

    /// Whether all of these flags are known to be kept.
    fn are_known(&self, flags: &[String]) -> bool {
        let kept = self.locked();
        flags.iter().all(|flag| !flag.starts_with('\\') || kept.contains(&flag.to_ascii_lowercase()))
    }

    /// Looks at the copies of a folder that are in doubt, and sets the flags that they lack; later, in
    /// [`Self::settle_postponed`], where another worker is looking.
    pub(in crate::transfer) async fn settle(
        &self,
        context: &CopyContext<'_>,
        session: &mut Session,
        job: &FolderJob,
        uid_validity: UidValidity,
    ) -> Result<(), TransferError> {
        if !context.request.ledger.has_flag_checks(job.folder, MessageState::Copied)? {
            return Ok(());
        }
        let Ok(_turn) = self.turn.try_lock() else {
            let mut postponed = self.postponed.lock().unwrap_or_else(PoisonError::into_inner);
            postponed.push((job.clone(), uid_validity));
            return Ok(());
        };
        self.look(context, session, job, uid_validity).await
    }

    /// Settles the folders that another worker's look had put off, when the workers have ended.
    pub(in crate::transfer) async fn settle_postponed(
        &self,
        context: &CopyContext<'_>,
        session: &mut Session,
    ) -> Result<(), TransferError> {
        let postponed = std::mem::take(&mut *self.postponed.lock().unwrap_or_else(PoisonError::into_inner));
        for (job, uid_validity) in postponed {
            self.look(context, session, &job, uid_validity).await?;
        }
        Ok(())
    }

    async fn look(
        &self,
        context: &CopyContext<'_>,
        session: &mut Session,
        job: &FolderJob,
        uid_validity: UidValidity,
    ) -> Result<(), TransferError> {
        let ledger = &context.request.ledger;
        let is_mirror = context.request.options.mode == CopyMode::BeforeSwitch;
        let mut permanent = None;
        let mut dropped: BTreeMap<String, u64> = BTreeMap::new();
        loop {
            let open = ledger.rows_to_check(job.folder, MessageState::Copied, PAGE_ROWS)?;
            if open.is_empty() {
                break;
            }
            // What another look has shown meanwhile needs no look here.
            let (known, rows): (Vec<_>, Vec<_>) = open
                .into_iter()
                .partition(|row| row.flag_check == Some(FlagCheck::Unseen) && self.are_known(&row.flags));
            ledger
                .record_results(job.folder, &known.iter().map(|row| result(row, None)).collect::<Vec<_>>())?;
            if rows.is_empty() {
                continue;
            }
            if permanent.is_none() {
                match session.select(&job.raw).await {
                    Ok(opened) if opened.uid_validity == uid_validity => {
                        permanent = Some(opened.permanent_flags);
                    }
                    Ok(_) => return Ok(()),
                    Err(error) => return Err(TransferError::from_imap(Side::Destination)(error)),
                }
            }
            let permanent = permanent.as_ref().and_then(Option::as_deref);
            let lacking = self.set_lacking(session, (job.folder, &rows), permanent, is_mirror).await?;
            let results: Vec<MessageResult> = rows
                .iter()
                .map(|row| result(row, row.destination_uid.and_then(|uid| not_kept(lacking.get(&uid)?))))
                .collect();
            ledger.record_results(job.folder, &results)?;
            for flag in lacking.into_values().flatten() {
                *dropped.entry(flag).or_default() += 1;
            }
        }
        for (flag, count) in dropped {
            let words = format!("the destination does not keep {flag}: {count} copies lack it");
            context.note_trouble(&job.plan, (Side::Destination, FolderTrouble::FlagsNotKept), words);
        }
        Ok(())
    }

    /// Sets what copies lack, and takes false keywords away where that is wanted. What they lack all the same, by UID.
    async fn set_lacking(
        &self,
        session: &mut Session,
        (folder, rows): (FolderId, &[LedgerRow]),
        permanent: Option<&[String]>,
        takes_away: bool,
    ) -> Result<BTreeMap<DestinationUid, Vec<String>>, TransferError> {
        let wanted: BTreeMap<DestinationUid, Vec<String>> = rows
            .iter()
            .filter_map(|row| Some((row.destination_uid?, flags_for(&row.flags, permanent))))
            .collect();
        let uids: Vec<DestinationUid> = wanted.keys().copied().collect();
        let found = session.flags_of(&uids).await.map_err(TransferError::from_imap(Side::Destination))?;
        if takes_away {
            let is_broken_off = |row: &&LedgerRow| row.flag_check == Some(FlagCheck::InDoubt);
            let broken_off: Vec<&LedgerRow> = rows.iter().filter(is_broken_off).collect();
            phantom_keywords::take_away(session, &broken_off, &found).await?;
        }
        let lacking = lacking(&wanted, &found);
        // What somebody has set since, such as an earlier look that broke off, says nothing about an APPEND.
        let mut shown = wanted;
        let fresh: BTreeSet<DestinationUid> = rows
            .iter()
            .filter(|row| self.fresh().remove(&(folder, row.uid)))
            .filter_map(|row| row.destination_uid)
            .collect();
        shown.retain(|uid, _| fresh.contains(uid) && found.iter().any(|(there, _)| there == uid));
        self.learn(&shown, &lacking);
        if lacking.is_empty() {
            return Ok(lacking);
        }
        let mut groups: BTreeMap<&Vec<String>, Vec<DestinationUid>> = BTreeMap::new();
        for (uid, flags) in &lacking {
            groups.entry(flags).or_default().push(*uid);
        }
        for (flags, uids) in groups {
            match session.add_flags(&uids, flags).await {
                Err(ImapError::Refused { completion, .. }) if !refusal(&completion).is_passing() => {
                    tracing::info!(%completion, "the destination refused flags");
                }
                stored => stored.map_err(TransferError::from_imap(Side::Destination))?,
            }
        }
        let uids: Vec<DestinationUid> = lacking.keys().copied().collect();
        let found = session.flags_of(&uids).await.map_err(TransferError::from_imap(Side::Destination))?;
        let wanted = lacking;
        Ok(self::lacking(&wanted, &found))
    }

    /// A flag is known to be kept where every copy has it.
    fn learn(
        &self,
        wanted: &BTreeMap<DestinationUid, Vec<String>>,
        lacking: &BTreeMap<DestinationUid, Vec<String>>,
    ) {
        let lost: BTreeSet<&String> = lacking.values().flatten().collect();
        let kept = wanted.values().flatten().filter(|flag| !lost.contains(flag));
        self.locked().extend(kept.map(|flag| flag.to_ascii_lowercase()));
    }
}

/// The row as it stands, with what is left to say of it.
fn result(row: &LedgerRow, reason: Option<Reason>) -> MessageResult {
    MessageResult {
        uid: row.uid,
        state: row.state,
        placement: row.placement(),
        sha256: None,
        reason,
        flag_check: None,
    }
}

/// The flags that copies should have and do not. A copy that is gone lacks nothing.
fn lacking(
    wanted: &BTreeMap<DestinationUid, Vec<String>>,
    found: &[(DestinationUid, Vec<String>)],
) -> BTreeMap<DestinationUid, Vec<String>> {
    let mut lacking = BTreeMap::new();
    for (uid, shown) in found {
        let has = |flag: &String| shown.iter().any(|one| one.eq_ignore_ascii_case(flag));
        let flags: Vec<String> =
            wanted.get(uid).into_iter().flatten().filter(|flag| !has(flag)).cloned().collect();
        if !flags.is_empty() {
            lacking.insert(*uid, flags);
        }
    }
    lacking
}

fn not_kept(flags: &[String]) -> Option<Reason> {
    (!flags.is_empty()).then(|| Reason::FlagsNotKept(flags.to_vec()))
}
