//! Flags that change at the source go to the copies, before the switch and where people have not given a copy flags of
//! their own.

use std::collections::{BTreeMap, VecDeque};

use crate::imap::{BehindOpening, ImapError, MessageFlags, Namespace, Opening, Rows, Session};
use crate::plan::FolderPlan;
use crate::project::{ChangedFlags, FolderId, FolderMemory, Ledger};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::{FlagChanges, flag_changes, flags_for, normal_flags};
use crate::transfer::context::folder_lists::FoldersByName;
use crate::transfer::listing::rows::ListingError;
use crate::transfer::pace::connection_failures::ConnectionFailures;
use crate::values::{DestinationUid, Side, SourceUid};

/// Folders asked for at once.
const FOLDERS_AHEAD: usize = 32;
/// Copies that get their flags at once.
const PAGE_COPIES: usize = 2_000;

/// A folder at the source whose flags may have changed.
struct Question<'p> {
    plan: &'p FolderPlan,
    folder: FolderId,
    since: Option<u64>,
    /// What is known after the answer.
    until: Option<u64>,
}

/// Asks the source for flags that have changed since the last run, and writes them into the ledger. One round trip for
/// many folders, and none where the mod-sequence says that nothing has changed; servers without mod-sequences are asked
/// for all flags, as their counts do not tell a changed flag.
pub(in crate::transfer) async fn read_changes(
    session: &mut Session,
    (ledger, failures): (&Ledger, &ConnectionFailures),
    plans: &[&FolderPlan],
    source: &FoldersByName,
) -> Result<(), TransferError> {
    let mut questions = questions(session, ledger, plans, source)?;
    // It is reported where the folder is listed.
    questions.retain(|question| failures.goodbye(&question.plan.source_raw, Side::Source).is_none());
    let mut asked: VecDeque<(Question<'_>, ChangesAsked)> = VecDeque::new();
    loop {
        while asked.len() < FOLDERS_AHEAD
            && let Some(question) = questions.pop_front()
        {
            let request = session
                .ask_flags(&question.plan.source_raw, question.since)
                .map_err(TransferError::at(Side::Source))?;
            asked.push_back((question, request));
        }
        let Some((question, request)) = asked.pop_front() else { return Ok(()) };
        match note_changed(session, ledger, question.folder, request).await {
            Ok(()) => {
                if let Some(modseq) = question.until {
                    ledger.set_source_modseq(question.folder, modseq)?;
                }
            }
            Err(ListingError::Imap(ImapError::Refused { completion, .. })) => {
                tracing::info!(%completion, folder = %question.plan.source, "could not read changed flags");
            }
            Err(error) => {
                return failures.heed_opening(&question.plan.source_raw, Side::Source, Err(error.into()));
            }
        }
    }
}

/// The flags of a folder that have changed, on their way.
type ChangesAsked = BehindOpening<Opening, Rows<MessageFlags<SourceUid>>>;

async fn note_changed(
    session: &mut Session,
    ledger: &Ledger,
    folder: FolderId,
    request: ChangesAsked,
) -> Result<(), ListingError> {
    let (_, mut changed) = session.opened(request).await?;
    while let Some(flags) = session.next_rows(&mut changed).await? {
        let flags: Vec<MessageFlags<SourceUid>> =
            flags.into_iter().map(|(uid, flags)| (uid, normal_flags(flags))).collect();
        ledger.note_flags(folder, &flags).map_err(ListingError::Project)?;
    }
    Ok(())
}

fn questions<'p>(
    session: &Session,
    ledger: &Ledger,
    plans: &[&'p FolderPlan],
    source: &FoldersByName,
) -> Result<VecDeque<Question<'p>>, TransferError> {
    let memories = ledger.memories()?;
    let totals: BTreeMap<_, _> =
        ledger.folder_totals()?.into_iter().map(|folder| (folder.id, folder.totals.sum)).collect();
    let mut questions = VecDeque::new();
    for plan in plans {
        let Some(memory) = memories.get(&plan.source_raw) else { continue };
        let sum = totals.get(&memory.id).copied().unwrap_or_default();
        let status = source.get(&plan.source_raw).and_then(|folder| folder.status).unwrap_or_default();
        if sum.copied + sum.already_there + sum.repaired == 0 || status.messages == Some(0) {
            continue;
        }
        let until = status.highest_modseq.filter(|_| session.has_condstore());
        let since = memory.source_modseq.filter(|_| until.is_some());
        if until.is_none() || since != until {
            questions.push_back(Question { plan, folder: memory.id, since, until });
        }
    }
    Ok(questions)
}

/// Gives copies the flags that changed at the source. Words for each folder where the destination refuses.
pub(in crate::transfer) async fn write_changes<'p>(
    session: &mut Session,
    (ledger, failures): (&Ledger, &ConnectionFailures),
    plans: &[&'p FolderPlan],
    namespace: &Namespace,
) -> Result<Vec<(&'p FolderPlan, String)>, TransferError> {
    let memories = ledger.memories()?;
    let mut told = Vec::new();
    for plan in plans {
        let Some(memory) = memories.get(&plan.source_raw) else { continue };
        let raw = raw_name(&plan.destination, namespace);
        // It is reported where the folder is opened.
        while failures.goodbye(&raw, Side::Destination).is_none() {
            let changed = ledger.changed_flags(memory.id, PAGE_COPIES)?;
            if changed.is_empty() {
                break;
            }
            match write_page(session, ledger, memory, &raw, changed).await {
                Ok(()) => {}
                Err(TransferError::Server { source: ImapError::Refused { completion, .. }, .. }) => {
                    told.push((*plan, completion.to_string()));
                    break;
                }
                Err(error) => return failures.heed_opening(&raw, Side::Destination, Err(error)),
            }
        }
    }
    Ok(told)
}

/// What one STORE adds or takes away.
type Change = (bool, Vec<String>);

async fn write_page(
    session: &mut Session,
    ledger: &Ledger,
    memory: &FolderMemory,
    raw: &str,
    changed: Vec<ChangedFlags>,
) -> Result<(), TransferError> {
    let mut places: Vec<DestinationUid> = changed.iter().map(|copy| copy.destination_uid).collect();
    places.sort_unstable();
    let request = session.ask_flags_of(raw, &places).map_err(TransferError::at(Side::Destination))?;
    let (opened, shown) = session.opened(request).await.map_err(TransferError::at(Side::Destination))?;
    let shown = session.answer(shown).await.map_err(TransferError::at(Side::Destination))?;
    let shown: BTreeMap<DestinationUid, Vec<String>> = shown.into_iter().collect();
    let is_same = Some(opened.uid_validity) == memory.destination_uid_validity;
    let permanent = opened.permanent_flags.as_deref().filter(|flags| !flags.is_empty());
    // At Gmail `\Deleted` takes a message out of its folder at once.
    let is_gmail = session.capabilities().has("X-GM-EXT-1");
    let wanted = |flags: &[String]| {
        let mut wanted = flags_for(flags, permanent);
        wanted.retain(|flag| !is_gmail || flag != "\\Deleted");
        wanted
    };
    let (mut settled, mut touched) = (Vec::new(), Vec::new());
    let mut stores: BTreeMap<Change, Vec<DestinationUid>> = BTreeMap::new();
    for copy in changed {
        let Some(shown) = shown.get(&copy.destination_uid).filter(|_| is_same) else {
            // It is not there; the look for lost copies says why.
            touched.push(copy.uid);
            continue;
        };
        let (shown, now) = (flags_for(shown, None), wanted(&copy.flags));
        let before = wanted(&copy.mirrored);
        if !is_on_the_way(&before, &shown, &now) {
            touched.push(copy.uid);
            continue;
        }
        let FlagChanges { added, removed } = flag_changes(&shown, &now);
        for change in [(true, added), (false, removed)] {
            if !change.1.is_empty() {
                stores.entry(change).or_default().push(copy.destination_uid);
            }
        }
        settled.push(copy.uid);
    }
    store_all(session, stores).await?;
    ledger.set_mirrored(memory.id, &settled)?;
    ledger.set_touched(memory.id, &touched)?;
    Ok(())
}

/// Whether a copy has its flags of before, the new ones, or some of either: a break between two commands leaves it so,
/// and what is still to do undoes nothing that people have done.
fn is_on_the_way(before: &[String], shown: &[String], now: &[String]) -> bool {
    let FlagChanges { added: done, removed: undone } = flag_changes(before, shown);
    let FlagChanges { added, removed } = flag_changes(before, now);
    let is_in = |part: &[String], whole: &[String]| {
        part.iter().all(|flag| whole.iter().any(|known| known.eq_ignore_ascii_case(flag)))
    };
    is_in(&done, &added) && is_in(&undone, &removed)
}

/// One command for each set of flags, all under way at once. The first refusal where any is refused.
async fn store_all(
    session: &mut Session,
    stores: BTreeMap<Change, Vec<DestinationUid>>,
) -> Result<(), TransferError> {
    let mut requests = Vec::with_capacity(stores.len());
    for ((is_added, flags), mut places) in stores {
        places.sort_unstable();
        requests.push(session.ask_store(&places, is_added, &flags));
    }
    let mut outcome = Ok(());
    for request in requests {
        match session.answer(request).await {
            Ok(()) => {}
            Err(error @ ImapError::Refused { .. }) => {
                outcome = outcome.and(Err(TransferError::at(Side::Destination)(error)));
            }
            Err(error) => return Err(TransferError::at(Side::Destination)(error)),
        }
    }
    outcome
}
