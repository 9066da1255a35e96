//! Copies that were made before and are not where they should be: brought back before the switch, left alone after it.
//!
//! A folder is looked at only where its counts are not those that it had when every copy was last seen there. What is
//! missing is looked for by identity first, in its own folder and in the others, as people file their mail and junk
//! filters move it; only what is nowhere is to do again.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{BehindOpening, Folder, ImapError, Namespace, Opened, Opening, Rows, Session};
use crate::message::IdentityKey;
use crate::plan::{CopyMode, FolderChoice, FolderPath, FolderPlan};
use crate::project::{CopyKey, FolderCounts, FolderId, FolderMemory, Ledger};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::FoldersByName;
use crate::transfer::context::request::{CopyRequest, FolderTrouble};
use crate::transfer::pace::connection_failures::ConnectionFailures;
use crate::transfer::reconcile::account_search::{SearchedFolder, known_places, path_of};
use crate::transfer::reconcile::relocated::{Elsewhere, Found, Looked};
use crate::transfer::reconcile::second_look::SecondLook;
use crate::values::{DestinationUid, Side, SourceUid, Uid, UidValidity};

/// Folders asked for at once.
const FOLDERS_AHEAD: usize = 16;
/// Copies that must be missing at least, so that their loss counts as wholesale.
const WHOLESALE_COPIES: usize = 20;

/// What is said where copies are lost after the switch.
const NOT_TWICE: &str = "after the switch Mailferry sends nothing a second time without being asked";

/// A folder whose copies may not all be there.
pub(in crate::transfer) struct Suspect<'p> {
    pub(in crate::transfer) plan: &'p FolderPlan,
    pub(in crate::transfer) memory: FolderMemory,
    pub(in crate::transfer) raw: String,
    why: Why,
}

/// What the destination's list says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It is not listed any more.
    Gone,
    /// It is listed with another UIDVALIDITY.
    MadeAnew,
    /// It is in an earlier state than it was known in, so that other messages may have the UIDs of copies.
    SetBack,
    /// Its counts are not those that are remembered.
    Counts { is_empty: bool },
}

/// Folders whose copies have to be looked for, and those that are left alone in this run.
pub(in crate::transfer) struct MissingCopyScan<'p> {
    suspects: Vec<Suspect<'p>>,
    /// Their paths at the source.
    watched: BTreeSet<&'p FolderPath>,
    /// Folders that are not made again, by their path at the source.
    known: BTreeSet<FolderPath>,
}

/// What is reported about a folder.
pub(in crate::transfer) type Told<'p> = (&'p FolderPlan, FolderTrouble, String);

impl<'p> MissingCopyScan<'p> {
    /// Compares what is remembered with the destination's list.
    pub(in crate::transfer) fn new(
        plans: impl Iterator<Item = &'p FolderPlan>,
        request: &CopyRequest,
        namespace: &Namespace,
        destination: &FoldersByName,
    ) -> Result<Self, TransferError> {
        let ledger = &request.ledger;
        let is_mirror = request.options.mode == CopyMode::BeforeSwitch;
        let mut memories = ledger.memories()?;
        let counts: BTreeMap<_, _> =
            ledger.folder_totals()?.into_iter().map(|folder| (folder.id, folder.totals.sum)).collect();
        let (mut suspects, mut known) = (Vec::new(), BTreeSet::new());
        for plan in plans {
            let Some(memory) = memories.remove(&plan.source_raw) else { continue };
            // A folder that was made once and is gone now is made again with its messages, or not at all.
            if memory.destination_uid_validity.is_some() || !is_mirror {
                known.insert(plan.source.clone());
            }
            let sum = counts.get(&memory.id).copied().unwrap_or_default();
            if sum.copied + sum.already_there + sum.repaired == 0
                || (memory.needs_match && memory.destination_uid_validity.is_none())
                || memory.destination != plan.destination
            {
                continue;
            }
            let raw = raw_name(&plan.destination, namespace);
            let Some(mut why) = why(&memory, destination.get(&raw), is_mirror) else { continue };
            let status = destination.get(&raw).and_then(|folder| folder.status).unwrap_or_default();
            if matches!(why, Why::Counts { .. })
                && ledger.is_set_back(memory.id, status.uid_next.map(DestinationUid), None)?
            {
                if is_mirror {
                    // The copies are matched anew when the folder is opened.
                    forget(ledger, memory.id)?;
                    continue;
                }
                why = Why::SetBack;
            }
            suspects.push(Suspect { plan, memory, raw, why });
        }
        let watched = suspects.iter().map(|suspect: &Suspect<'p>| &suspect.plan.source).collect();
        Ok(Self { suspects, watched, known })
    }

    /// Whether it is not clear yet what there is to do in this folder.
    pub(in crate::transfer) fn watches(&self, plan: &FolderPlan) -> bool {
        self.watched.contains(&plan.source)
    }

    /// Whether the folder was there before, so that it is not made only to be there.
    pub(in crate::transfer) fn knows(&self, plan: &FolderPlan) -> bool {
        self.known.contains(&plan.source)
    }

    /// Folders that this run leaves alone: after the switch, a folder that is gone or another one is for people to decide
    /// about.
    pub(in crate::transfer) fn left_alone(&self, mode: CopyMode) -> BTreeSet<&'p FolderPath> {
        let is_alone = |suspect: &&Suspect<'p>| {
            mode != CopyMode::BeforeSwitch && !matches!(suspect.why, Why::Counts { .. })
        };
        self.suspects.iter().filter(is_alone).map(|suspect| &suspect.plan.source).collect()
    }

    /// Looks for the copies of all suspects, and notes what became of them. Returns what has to be reported.
    pub(in crate::transfer) async fn settle(
        &self,
        session: &mut Session,
        request: &CopyRequest,
        (destination, namespace): (&FoldersByName, &Namespace),
        (failures, second_look): (&ConnectionFailures, &SecondLook),
    ) -> Result<Vec<Told<'p>>, TransferError> {
        let is_mirror = request.options.mode == CopyMode::BeforeSwitch;
        let mut by_destination: BTreeMap<FolderPath, Vec<FolderId>> = BTreeMap::new();
        let mut places = BTreeMap::new();
        if !self.suspects.is_empty() {
            places = known_places(&request.ledger, namespace)?;
            for known in request.ledger.memories()?.into_values() {
                by_destination.entry(known.destination).or_default().push(known.id);
            }
        }
        let mut search =
            Search { session, request, destination, failures, second_look, by_destination, places };
        let (mut told, mut lost) = (Vec::new(), Vec::new());
        for window in self.suspects.chunks(FOLDERS_AHEAD) {
            let mut asked = Vec::with_capacity(window.len());
            for suspect in window {
                if suspect.why == Why::SetBack && !is_mirror {
                    let words = format!(
                        "the folder {} is back in an earlier state, as after restoring a backup, and has \
                         lost its copies; {NOT_TWICE}",
                        suspect.plan.destination
                    );
                    told.push((suspect.plan, FolderTrouble::CopiesLost, words));
                    continue;
                }
                match failures.goodbye(&suspect.raw, Side::Destination) {
                    Some(words) => told.push((suspect.plan, FolderTrouble::ConnectionLost, words)),
                    None => asked.push((suspect, search.ask(suspect)?)),
                }
            }
            let mut missing = Vec::new();
            for (suspect, request) in asked {
                let found = search.missing(suspect, request).await;
                missing.push((suspect, failures.heed_opening(&suspect.raw, Side::Destination, found)?));
            }
            for (suspect, missing) in missing {
                let is_other = !is_mirror && matches!(suspect.why, Why::Gone | Why::MadeAnew);
                if missing.is_empty() && !is_other {
                    continue;
                }
                if is_mirror || is_other || is_wholesale(missing.uids.len(), missing.copies) {
                    lost.push(search.look_at_home(suspect, missing).await?);
                } else {
                    let uids: Vec<SourceUid> = missing.uids.into_iter().collect();
                    search.ledger().release(suspect.memory.id, &uids)?;
                }
            }
        }
        search.look_elsewhere(&mut lost).await?;
        for lost in lost {
            let suspect = lost.suspect;
            let left = if is_mirror { search.bring_back(lost)? } else { search.leave_to_people(lost)? };
            told.extend(left.map(|(trouble, words)| (suspect.plan, trouble, words)));
        }
        Ok(told)
    }
}

fn why(memory: &FolderMemory, listed: Option<&Folder>, is_mirror: bool) -> Option<Why> {
    let Some(folder) = listed else { return Some(Why::Gone) };
    let status = folder.status.unwrap_or_default();
    match (status.uid_validity, memory.destination_uid_validity) {
        // Before the switch the copies are matched anew when the folder is opened.
        (Some(now), Some(then)) if now != then => return (!is_mirror).then_some(Why::MadeAnew),
        _ => {}
    }
    let now = status.messages.zip(status.uid_next);
    let now = now.map(|(messages, uid_next)| FolderCounts { messages, uid_next: DestinationUid(uid_next) });
    if now.is_some() && now == memory.destination_counts {
        return None;
    }
    Some(Why::Counts { is_empty: status.messages == Some(0) })
}

/// Where an opened folder is in an earlier state than it was known in, what is known of its copies is forgotten.
pub(in crate::transfer) fn heed_set_back(
    ledger: &Ledger,
    folder: FolderId,
    opened: &Opened,
) -> Result<bool, TransferError> {
    let is_back = ledger.is_set_back(folder, opened.uid_next.map(DestinationUid), opened.highest_modseq)?;
    if is_back {
        forget(ledger, folder)?;
    }
    Ok(is_back)
}

fn forget(ledger: &Ledger, folder: FolderId) -> Result<(), TransferError> {
    let count = ledger.set_back(folder)?;
    tracing::warn!(count, "the destination is back in an earlier state; searching for its copies again");
    Ok(())
}

/// Whether so much is missing that it is hardly what people wanted (mbsync takes the same bounds for a match).
fn is_wholesale(missing: usize, copies: usize) -> bool {
    missing >= WHOLESALE_COPIES && missing * 5 >= copies * 4
}

/// The destination's connection while copies are looked for.
pub(in crate::transfer) struct Search<'a> {
    pub(in crate::transfer) session: &'a mut Session,
    pub(in crate::transfer) request: &'a CopyRequest,
    pub(in crate::transfer) destination: &'a FoldersByName,
    /// What broken connections have taught.
    pub(in crate::transfer) failures: &'a ConnectionFailures,
    pub(in crate::transfer) second_look: &'a SecondLook,
    /// Folders of the ledger by where they go.
    pub(in crate::transfer) by_destination: BTreeMap<FolderPath, Vec<FolderId>>,
    /// What the ledger calls these places, by their names at the server.
    places: BTreeMap<String, FolderPath>,
}

/// UIDs at the source of the copies that are not in their folder, beside what is there instead.
#[derive(Default)]
struct Missing {
    uids: BTreeSet<SourceUid>,
    copies: usize,
    /// UIDVALIDITY of the folder, and all UIDs in it.
    present: Option<(UidValidity, Vec<DestinationUid>)>,
}

impl Missing {
    fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }
}

/// Copies of one folder that are not in their place.
pub(in crate::transfer) struct Lost<'s, 'p> {
    pub(in crate::transfer) suspect: &'s Suspect<'p>,
    /// Those that were not found yet.
    pub(in crate::transfer) keys: Vec<CopyKey>,
    /// How many copies the folder had.
    copies: usize,
    /// How many were found, by the folder that they are in.
    found: BTreeMap<FolderPath, usize>,
    /// A folder that they may be in and that cannot be searched, and the reason.
    unsearched: Option<(FolderPath, String)>,
}

impl Lost<'_, '_> {
    fn identities(&self) -> BTreeSet<IdentityKey> {
        self.keys.iter().map(|copy| copy.key.identity).collect()
    }
}

/// The UIDs of a folder, on their way.
type UidsAsked = BehindOpening<Opening, Rows<DestinationUid>>;

impl Search<'_> {
    pub(in crate::transfer) fn ledger(&self) -> &Ledger {
        &self.request.ledger
    }

    fn ask(&mut self, suspect: &Suspect<'_>) -> Result<Option<UidsAsked>, TransferError> {
        let Why::Counts { is_empty } = suspect.why else { return Ok(None) };
        if !self.session.can_list_at_once() {
            return Ok(None);
        }
        self.session.ask_uids(&suspect.raw, is_empty).map(Some).map_err(TransferError::at(Side::Destination))
    }

    async fn uids_told(&mut self, request: UidsAsked) -> Result<(Opened, Vec<DestinationUid>), ImapError> {
        let (opened, uids) = self.session.opened(request).await?;
        Ok((opened, self.session.answer(uids).await?))
    }

    /// Which copies are missing in their own folder. None where the server does not list all that it counts: what it
    /// leaves out must not pass for lost.
    async fn missing(
        &mut self,
        suspect: &Suspect<'_>,
        asked: Option<UidsAsked>,
    ) -> Result<Missing, TransferError> {
        let memory = &suspect.memory;
        let copies = self.ledger().copies_in_place(memory.id)?;
        let Why::Counts { is_empty } = suspect.why else {
            let is_mirror = self.request.options.mode == CopyMode::BeforeSwitch;
            let present = if suspect.why == Why::MadeAnew && !is_mirror {
                let (opened, present) =
                    self.list(&suspect.raw, false).await.map_err(TransferError::at(Side::Destination))?;
                Some((opened.uid_validity, present))
            } else {
                None
            };
            return Ok(Missing { copies: copies.len(), uids: copies.values().copied().collect(), present });
        };
        let answer = match asked {
            Some(request) => self.uids_told(request).await,
            None => self.list(&suspect.raw, is_empty).await,
        };
        let (opened, present) = match answer {
            Ok(answer) => answer,
            Err(ImapError::Refused { completion, .. }) => {
                tracing::info!(%completion, folder = %suspect.plan.destination, "cannot search for copies");
                return Ok(Missing::default());
            }
            Err(error) => return Err(TransferError::at(Side::Destination)(error)),
        };
        if Some(opened.uid_validity) != memory.destination_uid_validity
            || present.len() < opened.exists as usize
        {
            return Ok(Missing::default());
        }
        if self.is_set_back(memory.id, &opened)? {
            return Ok(Missing::default());
        }
        let present_set: BTreeSet<DestinationUid> = present.iter().copied().collect();
        let uids: BTreeSet<SourceUid> =
            copies.iter().filter(|(place, _)| !present_set.contains(place)).map(|(_, uid)| *uid).collect();
        if uids.is_empty() {
            let counts = opened
                .uid_next
                .map(DestinationUid)
                .map(|uid_next| FolderCounts { messages: present.len() as u64, uid_next });
            self.ledger().set_destination_counts(memory.id, counts)?;
            return Ok(Missing::default());
        }
        self.ledger().set_destination_counts(memory.id, None)?;
        Ok(Missing { uids, copies: copies.len(), present: Some((opened.uid_validity, present)) })
    }

    /// Whether the folder is in an earlier state after all, as its HIGHESTMODSEQ says; then its copies are matched anew.
    fn is_set_back(&self, folder: FolderId, opened: &Opened) -> Result<bool, TransferError> {
        let is_mirror = self.request.options.mode == CopyMode::BeforeSwitch;
        let is_back = is_mirror && heed_set_back(self.ledger(), folder, opened)?;
        if let Some(modseq) = opened.highest_modseq.filter(|_| !is_back) {
            self.ledger().set_destination_modseq(folder, modseq)?;
        }
        Ok(is_back)
    }

    pub(in crate::transfer) async fn list(
        &mut self,
        raw: &str,
        is_empty: bool,
    ) -> Result<(Opened, Vec<DestinationUid>), ImapError> {
        let opened = self.session.examine(raw).await?;
        let present = if is_empty || opened.exists == 0 {
            Vec::new()
        } else {
            self.session.fetch_uids(DestinationUid::first()).await?
        };
        Ok((opened, present))
    }

    /// After the switch: what people have removed stays removed. What is the matter, where hardly anything is left, or the
    /// folder is another one.
    fn leave_to_people(&self, lost: Lost<'_, '_>) -> Result<Option<(FolderTrouble, String)>, TransferError> {
        let Lost { suspect, keys, copies, found, unsearched } = lost;
        let destination = &suspect.plan.destination;
        let (left, places) = (keys.len(), places_words(&found));
        let unsearched = unsearched
            .map(|(path, words)| format!("; they may be in {path}, which could not be searched: {words}"))
            .unwrap_or_default();
        let happened = match suspect.why {
            Why::Gone => Some("no longer exists"),
            Why::MadeAnew => Some("was recreated"),
            Why::SetBack | Why::Counts { .. } => None,
        };
        Ok(match happened {
            Some(happened) if left == 0 => Some((
                FolderTrouble::FolderMoved,
                format!(
                    "the folder {destination} {happened}, but all {copies} copies were found{places}; new \
                     mail for it is still to do, because after the switch Mailferry does not recreate \
                     folders without being asked"
                ),
            )),
            Some(happened) => Some((
                FolderTrouble::CopiesLost,
                format!(
                    "the folder {destination} {happened}, and {left} of its {copies} copies are lost; {} \
                     were found{places}; {NOT_TWICE}{unsearched}",
                    copies - left
                ),
            )),
            None if is_wholesale(left, copies) => Some((
                FolderTrouble::CopiesLost,
                format!(
                    "{left} of {copies} copies in {destination} are lost; {} were found{places}; {NOT_TWICE}{unsearched}",
                    copies - left
                ),
            )),
            None => {
                let uids: Vec<SourceUid> = keys.into_iter().map(|copy| copy.key.uid).collect();
                self.ledger().release(suspect.memory.id, &uids)?;
                None
            }
        })
    }

    /// Looks for missing copies in their own folder, where they may have got other UIDs.
    async fn look_at_home<'s, 'p>(
        &mut self,
        suspect: &'s Suspect<'p>,
        missing: Missing,
    ) -> Result<Lost<'s, 'p>, TransferError> {
        let keys = self.ledger().copy_keys(suspect.memory.id, &missing.uids)?;
        let mut lost =
            Lost { suspect, keys, copies: missing.copies, found: BTreeMap::new(), unsearched: None };
        if let Some((uid_validity, unclaimed)) = missing.present {
            let (account, path) = (suspect.memory.id, &suspect.plan.destination);
            self.session.examine(&suspect.raw).await.map_err(TransferError::from_imap(Side::Destination))?;
            let wanted = lost.identities();
            let mut search = self.copies();
            let unclaimed =
                search.without_claimed(SearchedFolder { account, path, uid_validity }, unclaimed)?;
            let present = search.keys_like(&unclaimed, &wanted).await?;
            let mut there = Elsewhere { uid_validity, present, contested: BTreeSet::new() };
            self.take(&mut lost, &mut there, None).await?;
        }
        Ok(lost)
    }

    /// Looks for what is not at home in every other folder: each is opened once, whatever number of folders lacks copies.
    async fn look_elsewhere(&mut self, lost: &mut [Lost<'_, '_>]) -> Result<(), TransferError> {
        for folder in self.others() {
            let open: Vec<&mut Lost<'_, '_>> = lost
                .iter_mut()
                .filter(|lost| !lost.keys.is_empty() && lost.suspect.raw != folder.raw)
                .collect();
            let Some(account) = open.first().map(|lost| lost.suspect.memory.id) else { continue };
            let path = path_of(&folder, &self.places);
            let wanted = open.iter().flat_map(|lost| lost.identities()).collect();
            match self.unclaimed_in(account, (&folder, &path), &wanted).await? {
                Looked::At(mut there) => {
                    for lost in open {
                        self.take(lost, &mut there, Some(&path)).await?;
                    }
                }
                Looked::Nothing => {}
                Looked::Unsure(words) => {
                    for lost in open {
                        lost.unsearched.get_or_insert_with(|| (path.clone(), words.clone()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Before the switch what is nowhere is to do again. Where a folder that it may be in cannot be searched, it stays as it
    /// is for this time. Words where that may last.
    fn bring_back(&self, lost: Lost<'_, '_>) -> Result<Option<(FolderTrouble, String)>, TransferError> {
        let Lost { suspect, keys, unsearched, .. } = lost;
        if keys.is_empty() {
            return Ok(None);
        }
        if let Some((path, words)) = unsearched {
            let words = format!(
                "{} copies are no longer in {}; they may be in {path}, which could not be searched: \
                 {words}. Mailferry does not send them again until it can search there",
                keys.len(),
                suspect.plan.destination
            );
            return Ok(Some((FolderTrouble::CopiesInDoubt, words)));
        }
        let lost: Vec<SourceUid> = keys.into_iter().map(|copy| copy.key.uid).collect();
        tracing::info!(count = lost.len(), folder = %suspect.plan.destination, "sending lost copies again");
        self.ledger().forget_lost(suspect.memory.id, &lost)?;
        if suspect.why == Why::Gone {
            // A list does not decide: where the folder can be opened all the same, what is in it counts.
            self.ledger().must_be_compared(suspect.memory.id)?;
        }
        Ok(None)
    }

    /// Notes the copies that are in the opened folder, and takes them off the list; those as well that may be there,
    /// where another row still waits to be told which copy is its own.
    async fn take(
        &mut self,
        lost: &mut Lost<'_, '_>,
        there: &mut Elsewhere,
        moved_to: Option<&FolderPath>,
    ) -> Result<(), TransferError> {
        let Found { found, unclear } = self.find(lost, there, moved_to.is_none()).await?;
        self.ledger().record_moved(lost.suspect.memory.id, moved_to, &found)?;
        if !found.is_empty() {
            let place = moved_to.unwrap_or(&lost.suspect.plan.destination);
            *lost.found.entry(place.clone()).or_default() += found.len();
        }
        if !unclear.is_empty() {
            self.second_look.note_unclear();
        }
        let taken: BTreeSet<DestinationUid> = found.iter().map(|copy| copy.place.uid).collect();
        there.present.retain(|key| !taken.contains(&key.uid));
        let settled: BTreeSet<SourceUid> = found.into_iter().map(|copy| copy.uid).chain(unclear).collect();
        lost.keys.retain(|copy| !settled.contains(&copy.key.uid));
        Ok(())
    }
}

/// ` (3 in Archive, 2 in Old)`; empty where there is none.
fn places_words(found: &BTreeMap<FolderPath, usize>) -> String {
    let places: Vec<String> = found.iter().map(|(path, count)| format!("{count} in {path}")).collect();
    if places.is_empty() { String::new() } else { format!(" ({})", places.join(", ")) }
}

/// Folders that take part in this run.
pub(in crate::transfer) fn takes_part(plan: &FolderPlan, mode: CopyMode) -> bool {
    use crate::plan::SpecialUse;
    let is_swept =
        plan.source.is_inbox() || matches!(plan.special_use, Some(SpecialUse::Inbox | SpecialUse::Junk));
    plan.choice == FolderChoice::Copy && (mode != CopyMode::Sweep || is_swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_losses_are_no_wholesale_loss() {
        assert!(!is_wholesale(19, 19));
        assert!(is_wholesale(20, 20));
        assert!(is_wholesale(80, 100) && !is_wholesale(79, 100));
    }
}
