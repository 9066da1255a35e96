//! Out of Gmail: a message that shows under several labels is copied once, and archived mail is not lost.
//!
//! Gmail shows each message in the folder of every label and once more in All Mail. X-GM-MSGID tells which of these
//! are the same one; the best label decides where it goes, and All Mail is left with what has no label at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::imap::{BehindOpening, Folder, ImapError, MessageNumber, Opening, Rows, Session};
use crate::message::IdentityKey;
use crate::plan::{
    DestinationRules, FolderChoice, FolderPath, FolderPlan, GmailLabels, Homes, MailboxPlan, MessageState,
    Reason, ReasonCode, RenameReason, SourceFolder, SpecialUse, has_home, label_rank,
};
use crate::project::{FolderId, Ledger, LedgerRow, MessageResult};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::pace::refusal::passing;
use crate::values::Side;
use crate::values::{Bytes, SourceUid, Uid};

/// Folders asked about at once.
const FOLDERS_AHEAD: usize = 8;
/// Rows read from the ledger at once.
const PAGE_ROWS: usize = 1_000;
/// States of rows that are at the destination, or may be.
const SENT: [MessageState; 4] =
    [MessageState::InFlight, MessageState::Copied, MessageState::AlreadyThere, MessageState::Repaired];

/// Which folder each message of a Gmail mailbox goes to.
pub(in crate::transfer) struct LabelAssignment {
    folders: Vec<Shown>,
    homes: Homes,
    policy: GmailLabels,
    moved: Mutex<Moved>,
}

/// A folder and the messages that it shows.
struct Shown {
    id: FolderId,
    source: FolderPath,
    is_all_mail: bool,
    /// Messages in it.
    exists: u32,
    /// UID and X-GM-MSGID, ascending.
    numbers: Vec<(SourceUid, u64)>,
}

/// Copies of messages that are no longer where they were copied from.
#[derive(Debug, Default)]
struct Moved {
    /// The folders of such copies.
    free: BTreeMap<(IdentityKey, u64), Vec<usize>>,
    /// Which of them belongs to which message, by folder and UID.
    given: BTreeMap<(usize, SourceUid), usize>,
}

impl Shown {
    fn number(&self, uid: SourceUid) -> Option<u64> {
        let index = self.numbers.binary_search_by_key(&uid, |(known, _)| *known).ok()?;
        self.numbers.get(index).map(|(_, number)| *number)
    }
}

impl LabelAssignment {
    /// Reads which messages the chosen folders show. `None` where the source is not Gmail, where nothing has changed
    /// since the last copy. A destination that keeps labels gets them all: there they take no room.
    pub(in crate::transfer) async fn look(
        session: &mut Session,
        request: &CopyRequest,
        keeps_labels: bool,
        counts: &BTreeMap<String, Folder>,
    ) -> Result<Option<Self>, TransferError> {
        if !session.is_gmail() {
            return Ok(None);
        }
        let mut chosen: Vec<&FolderPlan> =
            request.plan.folders.iter().filter(|plan| plan.choice == FolderChoice::Copy).collect();
        chosen.sort_by_cached_key(|plan| label_rank(&plan.source, plan.special_use));
        let policy = if keeps_labels { GmailLabels::EveryFolder } else { request.options.gmail_labels };
        if policy == GmailLabels::OncePerMessage && is_quiet(&request.ledger, &chosen, counts)? {
            return Ok(None);
        }
        let mut folders = Vec::with_capacity(chosen.len());
        for plans in chosen.chunks(FOLDERS_AHEAD) {
            let mut asked: Vec<(&FolderPlan, _)> = Vec::with_capacity(plans.len());
            for plan in plans {
                let question = session.ask_numbers(&plan.source_raw);
                asked.push((plan, question.map_err(TransferError::at(Side::Source))?));
            }
            for (plan, question) in asked {
                folders.extend(read_folder(session, &request.ledger, plan, question).await?);
            }
        }
        if is_plain(&folders) {
            tracing::warn!("the source announces X-GM-EXT-1 but reports no message numbers");
            session.has_no_labels();
            request.ledger.take_in_again(ReasonCode::ArrivedDuringCopy)?;
            return Ok(None);
        }
        let mut found =
            Self { folders, homes: Homes::default(), policy, moved: Mutex::new(Moved::default()) };
        found.find_homes(&request.ledger)?;
        for folder in &found.folders {
            found.settle(&request.ledger, folder.id)?;
        }
        Ok(Some(found))
    }

    /// Where a message was copied to before stays its home; else the best label decides.
    fn find_homes(&mut self, ledger: &Ledger) -> Result<(), TransferError> {
        let mut moved = Moved::default();
        for (index, folder) in self.folders.iter().enumerate() {
            let mut after = SourceUid(0);
            loop {
                let rows = ledger.rows_after(folder.id, &SENT, after, PAGE_ROWS)?;
                let Some(last) = rows.last() else { break };
                after = last.uid;
                for row in rows {
                    match folder.number(row.uid) {
                        Some(number) => self.homes.show(number, place(index)),
                        None => moved.free.entry((row.identity, row.size)).or_default().push(index),
                    }
                }
            }
        }
        for (index, folder) in self.folders.iter().enumerate() {
            for (_, number) in &folder.numbers {
                self.homes.show(*number, place(index));
            }
        }
        self.moved = Mutex::new(moved);
        Ok(())
    }

    /// Leaves out the rows of a folder whose messages have their home elsewhere, and takes those in again that have
    /// it here by now.
    pub(in crate::transfer) fn settle(&self, ledger: &Ledger, folder: FolderId) -> Result<(), TransferError> {
        let Some(index) = self.folders.iter().position(|shown| shown.id == folder) else { return Ok(()) };
        let mut after = SourceUid(0);
        loop {
            let rows =
                ledger.rows_after(folder, &[MessageState::ToDo, MessageState::LeftOut], after, PAGE_ROWS)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = last.uid;
            let results: Vec<MessageResult> =
                rows.iter().filter_map(|row| self.verdict(index, row)).collect();
            ledger.record_results(folder, &results)?;
        }
    }

    /// What happens to a row that waits or is left out; `None` where it stays as it is.
    fn verdict(&self, index: usize, row: &LedgerRow) -> Option<MessageResult> {
        let is_left_out = row.state == MessageState::LeftOut;
        if is_left_out && !row.reason.as_ref().is_some_and(is_ours) {
            return None;
        }
        let reason = self.reason_to_leave_out(index, row);
        if is_left_out == reason.is_some() && (!is_left_out || row.reason == reason) {
            return None;
        }
        Some(MessageResult {
            uid: row.uid,
            state: if reason.is_some() { MessageState::LeftOut } else { MessageState::ToDo },
            placement: None,
            sha256: None,
            reason,
            flag_check: None,
        })
    }

    fn reason_to_leave_out(&self, index: usize, row: &LedgerRow) -> Option<Reason> {
        let shown = self.folders.get(index)?;
        let may_repeat = self.policy == GmailLabels::EveryFolder && !shown.is_all_mail;
        if may_repeat {
            return None;
        }
        let Some(number) = shown.number(row.uid) else {
            // Nobody knows its labels yet. New mail comes into the inbox; elsewhere it might be that same message.
            return (!shown.source.is_inbox()).then_some(Reason::ArrivedDuringCopy);
        };
        let home = usize::from(self.homes.home(number)?);
        let name = |index: usize| self.folders.get(index).map(|folder| folder.source.to_string());
        if home != index {
            return Some(Reason::ShownElsewhere(name(home)?));
        }
        let before = self.copied_before(index, row)?;
        Some(Reason::CopiedBeforeMove(name(before)?))
    }

    /// The folder that this message was copied from before it was moved here.
    fn copied_before(&self, index: usize, row: &LedgerRow) -> Option<usize> {
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = moved.given.get(&(index, row.uid)) {
            return Some(*known);
        }
        let before = moved.free.get_mut(&(row.identity, row.size))?.pop()?;
        moved.given.insert((index, row.uid), before);
        Some(before)
    }
}

fn place(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

const fn is_ours(reason: &Reason) -> bool {
    matches!(reason, Reason::ArrivedDuringCopy | Reason::ShownElsewhere(_) | Reason::CopiedBeforeMove(_))
}

/// The messages of one folder; `None` where it cannot be opened, which its listing will tell.
async fn read_folder(
    session: &mut Session,
    ledger: &Ledger,
    plan: &FolderPlan,
    question: BehindOpening<Opening, Rows<MessageNumber<SourceUid>>>,
) -> Result<Option<Shown>, TransferError> {
    let told = match session.opened(question).await {
        Ok((opened, told)) => match session.answer(told).await {
            // Some servers refuse to tell of all messages where there is none.
            Err(ImapError::Refused { .. }) if opened.exists == 0 => Ok((opened, Vec::new())),
            numbers => numbers.map(|numbers| (opened, numbers)),
        },
        Err(error) => Err(error),
    };
    let (opened, numbers) = match told {
        Ok(told) => told,
        Err(ImapError::Refused { completion, .. }) => {
            return passing(Side::Source, &completion).map_or(Ok(None), Err);
        }
        Err(error) => return Err(TransferError::at(Side::Source)(error)),
    };
    let numbers = numbers.into_iter().map(|(uid, number)| (uid, number.0)).collect();
    let id = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, opened.uid_validity)?;
    let is_all_mail = plan.special_use == Some(SpecialUse::All);
    let exists = opened.exists;
    Ok(Some(Shown { id, source: plan.source.clone(), is_all_mail, exists, numbers }))
}

/// Whether there are messages and no number of any: what is announced as Gmail's extension is none.
fn is_plain(folders: &[Shown]) -> bool {
    folders.iter().any(|shown| shown.exists > 0) && folders.iter().all(|shown| shown.numbers.is_empty())
}

/// Whether the counts of all folders say that nothing came, went or moved since everything was settled.
fn is_quiet(
    ledger: &Ledger,
    chosen: &[&FolderPlan],
    counts: &BTreeMap<String, Folder>,
) -> Result<bool, TransferError> {
    let known: BTreeMap<FolderPath, _> =
        ledger.folder_totals()?.into_iter().map(|folder| (folder.source.clone(), folder)).collect();
    for plan in chosen {
        let (Some(folder), Some(status)) =
            (known.get(&plan.source), counts.get(&plan.source_raw).and_then(|folder| folder.status))
        else {
            return Ok(false);
        };
        let sum = folder.totals.sum;
        let highest = ledger.highest_uid(folder.id)?.unwrap_or_default();
        let next = (highest < SourceUid::last()).then(|| highest.next());
        let is_same = status.messages == Some(sum.source_count)
            && (sum.source_count == 0 || next == status.uid_next.map(SourceUid))
            && sum.to_do == 0
            && sum.vanished == 0;
        if !is_same || ledger.has_reason(folder.id, MessageState::LeftOut, ReasonCode::ArrivedDuringCopy)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes All Mail the source of archived mail: what has no label but those that are views. It stays the view that it is
/// where the server is not Gmail. Returns its name.
pub(in crate::transfer) async fn survey_archived(
    session: &mut Session,
    folders: &mut [SourceFolder],
) -> Result<Option<String>, ImapError> {
    if !session.is_gmail() {
        return Ok(None);
    }
    let Some(all) = folders.iter_mut().find(|folder| folder.special_use == Some(SpecialUse::All)) else {
        return Ok(None);
    };
    if !all.is_selectable {
        return Ok(None);
    }
    let (mut messages, mut bytes) = (0, 0_u64);
    if session.examine(&all.raw).await?.exists > 0 {
        session
            .fetch_labels(|labels, size| {
                if !has_home(labels) {
                    messages += 1;
                    bytes = bytes.saturating_add(size);
                }
            })
            .await?;
    }
    (all.messages, all.bytes) = (messages, Bytes(bytes));
    // Mapped as the archive that it is for these messages.
    all.special_use = Some(SpecialUse::Archive);
    Ok(Some(all.raw.clone()))
}

/// Where archived mail goes at another Gmail: to All Mail, which is where mail without a label lives.
pub(in crate::transfer) fn keep_archived(rules: &mut DestinationRules) {
    if let Some(all) = rules.special.get(&SpecialUse::All).cloned() {
        rules.special.entry(SpecialUse::Archive).or_insert(all);
    }
}

/// Says in the plan what is copied of All Mail, and gives it a name of its own where the destination has no archive.
pub(in crate::transfer) fn name_archived(plan: &mut MailboxPlan, raw: &str, rules: &DestinationRules) {
    let taken: BTreeSet<String> = plan
        .folders
        .iter()
        .filter(|folder| folder.source_raw != raw)
        .map(|folder| folder.destination.to_string().to_lowercase())
        .collect();
    if let Some(all) = plan.folders.iter_mut().find(|folder| folder.source_raw == raw) {
        all.special_use = Some(SpecialUse::All);
        let has_archive = rules.special.get(&SpecialUse::Archive) == Some(&all.destination);
        if !has_archive && all.destination.name() == all.source.name() {
            let named =
                |name: &&str| FolderPath(rules.prefix.iter().cloned().chain([(*name).to_owned()]).collect());
            let free = ["Archive", "Archived mail", "Mail without a label"].iter().map(named);
            let mut free = free.filter(|path| !taken.contains(&path.to_string().to_lowercase()));
            all.destination = free.next().unwrap_or_else(|| all.destination.clone());
        }
        all.renamed = vec![RenameReason::UnlabelledOnly];
    }
}
