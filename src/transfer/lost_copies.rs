//! Copies that were made before and are not where they should be: brought back before the switch, left alone after it.
//!
//! A folder is looked at only where its counts are not those that it had when every copy was last seen there. What is
//! missing is looked for by identity first, in its own folder and in the others, as people file their mail and junk
//! filters move it; only what is nowhere is to do again.

use std::collections::{BTreeMap, BTreeSet};

use super::both_lists::FoldersByName;
use super::destination_name::raw_name;
use super::error::TransferError;
use super::request::CopyRequest;
use super::seats::{Seeker, assign};
use crate::imap::{FlagsRequest, Folder, ImapError, Namespace, Opened, Session};
use crate::plan::{
    CopyMode, FolderChoice, FolderPath, FolderPlan, IDENTITY_HEADERS, MessageKey, Side, identity_key,
};
use crate::project::{FolderCounts, FolderMemory, FoundCopy, Ledger};

/// Folders asked for at once.
const FOLDERS_AHEAD: usize = 16;
/// Copies that must be missing at least, so that their loss counts as wholesale.
const WHOLESALE_COPIES: usize = 20;

/// A folder whose copies may not all be there.
struct Suspect<'p> {
    plan: &'p FolderPlan,
    memory: FolderMemory,
    raw: String,
    why: Why,
}

/// What the destination's list says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// It is not listed any more.
    Gone,
    /// It is listed with another UIDVALIDITY.
    MadeAnew,
    /// Its counts are not those that are remembered.
    Counts { is_empty: bool },
}

/// Folders whose copies have to be looked for, and those that are left alone in this run.
pub(super) struct Lookout<'p> {
    suspects: Vec<Suspect<'p>>,
    /// Folders that are not made again, by their path at the source.
    known: BTreeSet<FolderPath>,
}

/// What is told of a folder.
pub(super) type Told<'p> = (&'p FolderPlan, String);

impl<'p> Lookout<'p> {
    /// Compares what is remembered with the destination's list.
    pub(super) fn new(
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
                || memory.needs_match
                || memory.destination != plan.destination
            {
                continue;
            }
            let raw = raw_name(&plan.destination, namespace);
            if let Some(why) = why(&memory, destination.get(&raw), is_mirror) {
                suspects.push(Suspect { plan, memory, raw, why });
            }
        }
        Ok(Self { suspects, known })
    }

    /// Whether it is not clear yet what there is to do in this folder.
    pub(super) fn watches(&self, plan: &FolderPlan) -> bool {
        self.suspects.iter().any(|suspect| suspect.plan.source == plan.source)
    }

    /// Whether the folder was there before, so that it is not made only to be there.
    pub(super) fn knows(&self, plan: &FolderPlan) -> bool {
        self.known.contains(&plan.source)
    }

    /// Folders that this run leaves alone, with the words for it: after the switch, a folder that is gone or another
    /// one is for people to decide about.
    pub(super) fn left_alone(&self, mode: CopyMode) -> Vec<Told<'p>> {
        if mode == CopyMode::BeforeSwitch {
            return Vec::new();
        }
        let words = |why| match why {
            Why::Gone => Some("is not there any more"),
            Why::MadeAnew => Some("was made anew"),
            Why::Counts { .. } => None,
        };
        let told = |suspect: &Suspect<'p>| {
            let words = format!(
                "the folder {} {}, and the copies in it are lost; after the switch nothing is copied a second time by itself",
                suspect.plan.destination,
                words(suspect.why)?
            );
            Some((suspect.plan, words))
        };
        self.suspects.iter().filter_map(told).collect()
    }

    /// Looks for the copies of all suspects, and notes what became of them. Returns what has to be told.
    pub(super) async fn settle(
        &self,
        session: &mut Session,
        request: &CopyRequest,
        destination: &FoldersByName,
    ) -> Result<Vec<Told<'p>>, TransferError> {
        let is_mirror = request.options.mode == CopyMode::BeforeSwitch;
        let mut search = Search { session, request, destination };
        let mut told = Vec::new();
        for window in self.suspects.chunks(FOLDERS_AHEAD) {
            let mut asked = Vec::with_capacity(window.len());
            for suspect in window {
                asked.push((suspect, search.ask(suspect)?));
            }
            let mut missing = Vec::new();
            for (suspect, request) in asked {
                missing.push((suspect, search.missing(suspect, request).await?));
            }
            for (suspect, missing) in missing {
                if missing.is_empty() {
                    continue;
                }
                if is_mirror {
                    search.bring_back(suspect, missing).await?;
                } else {
                    told.extend(search.release(suspect, missing)?.map(|words| (suspect.plan, words)));
                }
            }
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
    let now = now.map(|(messages, uid_next)| FolderCounts { messages, uid_next });
    if now.is_some() && now == memory.destination_counts {
        return None;
    }
    Some(Why::Counts { is_empty: status.messages == Some(0) })
}

/// Whether so much is missing that it is hardly what people wanted (mbsync takes the same bounds for a match).
fn is_wholesale(missing: usize, copies: usize) -> bool {
    missing >= WHOLESALE_COPIES && missing * 5 >= copies * 4
}

/// The destination's connection while copies are looked for.
struct Search<'a> {
    session: &'a mut Session,
    request: &'a CopyRequest,
    destination: &'a FoldersByName,
}

/// UIDs at the source of the copies that are not in their folder, beside what is there instead.
#[derive(Default)]
struct Missing {
    uids: BTreeSet<u32>,
    copies: usize,
    /// UIDVALIDITY of the folder, and all UIDs in it.
    present: Option<(u32, Vec<u32>)>,
}

impl Missing {
    fn is_empty(&self) -> bool {
        self.uids.is_empty()
    }
}

impl Search<'_> {
    fn ledger(&self) -> &Ledger {
        &self.request.ledger
    }

    fn ask(&mut self, suspect: &Suspect<'_>) -> Result<Option<FlagsRequest>, TransferError> {
        let Why::Counts { is_empty } = suspect.why else { return Ok(None) };
        if !self.session.can_list_at_once() {
            return Ok(None);
        }
        self.session.ask_uids(&suspect.raw, is_empty).map(Some).map_err(at_destination)
    }

    /// Which copies are missing in their own folder. None where the server does not list all that it counts: what it
    /// leaves out must not pass for lost.
    async fn missing(
        &mut self,
        suspect: &Suspect<'_>,
        asked: Option<FlagsRequest>,
    ) -> Result<Missing, TransferError> {
        let memory = &suspect.memory;
        let copies = self.ledger().copies_in_place(memory.id)?;
        let Why::Counts { is_empty } = suspect.why else {
            let is_mirror = self.request.options.mode == CopyMode::BeforeSwitch;
            let uids = if is_mirror { copies.values().copied().collect() } else { BTreeSet::new() };
            return Ok(Missing { copies: copies.len(), uids, present: None });
        };
        let answer =
            match asked {
                Some(request) => self.session.flags_answer(&request).await.map(|(opened, found)| {
                    (opened, found.into_iter().map(|(uid, _)| uid).collect::<Vec<u32>>())
                }),
                None => self.list(&suspect.raw, is_empty).await,
            };
        let (opened, present) = match answer {
            Ok(answer) => answer,
            Err(ImapError::Refused { completion, .. }) => {
                tracing::info!(%completion, folder = %suspect.plan.destination, "copies cannot be looked for");
                return Ok(Missing::default());
            }
            Err(error) => return Err(at_destination(error)),
        };
        if Some(opened.uid_validity) != memory.destination_uid_validity
            || present.len() < opened.exists as usize
        {
            return Ok(Missing::default());
        }
        let present_set: BTreeSet<u32> = present.iter().copied().collect();
        let uids: BTreeSet<u32> =
            copies.iter().filter(|(place, _)| !present_set.contains(place)).map(|(_, uid)| *uid).collect();
        if uids.is_empty() {
            let counts =
                opened.uid_next.map(|uid_next| FolderCounts { messages: present.len() as u64, uid_next });
            self.ledger().set_destination_counts(memory.id, counts)?;
            return Ok(Missing::default());
        }
        self.ledger().set_destination_counts(memory.id, None)?;
        Ok(Missing { uids, copies: copies.len(), present: Some((opened.uid_validity, present)) })
    }

    async fn list(&mut self, raw: &str, is_empty: bool) -> Result<(Opened, Vec<u32>), ImapError> {
        let opened = self.session.examine(raw).await?;
        let present =
            if is_empty || opened.exists == 0 { Vec::new() } else { self.session.fetch_uids(1).await? };
        Ok((opened, present))
    }

    /// After the switch: what people have removed stays removed. Words, where hardly anything is left.
    fn release(&self, suspect: &Suspect<'_>, missing: Missing) -> Result<Option<String>, TransferError> {
        let lost = missing.uids.len();
        if is_wholesale(lost, missing.copies) {
            return Ok(Some(format!(
                "{lost} of {} copies in {} are lost; after the switch nothing is copied a second time by itself",
                missing.copies, suspect.plan.destination
            )));
        }
        let uids: Vec<u32> = missing.uids.into_iter().collect();
        self.ledger().release(suspect.memory.id, &uids)?;
        Ok(None)
    }

    /// Before the switch: what is in another folder was moved there; what is nowhere is to do again.
    async fn bring_back(&mut self, suspect: &Suspect<'_>, missing: Missing) -> Result<(), TransferError> {
        let Missing { mut uids, present, .. } = missing;
        let id = suspect.memory.id;
        if let Some((uid_validity, mut unclaimed)) = present {
            let claimed: BTreeSet<u32> = self.ledger().claimed_destination_uids(id)?.into_iter().collect();
            unclaimed.retain(|uid| !claimed.contains(uid));
            self.session.examine(&suspect.raw).await.map_err(at_destination)?;
            let place = (uid_validity, unclaimed.as_slice());
            let found = self.find(suspect, &uids, place, true).await?;
            self.ledger().record_moved(id, None, &found)?;
            for copy in found {
                uids.remove(&copy.uid);
            }
        }
        for folder in self.others(suspect) {
            if uids.is_empty() {
                break;
            }
            let path = FolderPath(folder.parts());
            let Some((uid_validity, unclaimed)) = self.unclaimed_in(suspect, &folder, &path).await? else {
                continue;
            };
            let found = self.find(suspect, &uids, (uid_validity, &unclaimed), false).await?;
            self.ledger().record_moved(id, Some(&path), &found)?;
            for copy in found {
                uids.remove(&copy.uid);
            }
        }
        let lost: Vec<u32> = uids.into_iter().collect();
        if !lost.is_empty() {
            tracing::info!(count = lost.len(), folder = %suspect.plan.destination, "lost copies are made again");
            self.ledger().forget_lost(id, &lost)?;
        }
        Ok(())
    }

    /// Folders that copies may have been moved to. Views show mail that lives elsewhere, so that finding it there says
    /// nothing; but at Gmail archived mail is in `\All` only.
    fn others(&self, suspect: &Suspect<'_>) -> Vec<Folder> {
        let is_gmail = self.session.capabilities().has("X-GM-EXT-1");
        let is_view = |folder: &&Folder| {
            folder.has_attribute("\\Flagged")
                || folder.has_attribute("\\Important")
                || (folder.has_attribute("\\All") && !is_gmail)
        };
        let mut others: Vec<Folder> = self
            .destination
            .values()
            .filter(|folder| folder.is_selectable() && folder.raw != suspect.raw && !is_view(folder))
            .filter(|folder| folder.status.and_then(|status| status.messages) != Some(0))
            .cloned()
            .collect();
        others.sort_by_key(|folder| folder.has_attribute("\\All"));
        others
    }

    /// Opens another folder: its UIDVALIDITY and the UIDs that no row claims. `None` where it has no such, or where
    /// rows that are not settled yet may claim them.
    async fn unclaimed_in(
        &mut self,
        suspect: &Suspect<'_>,
        folder: &Folder,
        path: &FolderPath,
    ) -> Result<Option<(u32, Vec<u32>)>, TransferError> {
        if self.is_unsettled(path)? {
            return Ok(None);
        }
        // Opened and listed whatever its counts say: servers keep old ones, and a copy that is overlooked is doubled.
        let (opened, present) = match self.list(&folder.raw, false).await {
            Ok(listed) => listed,
            Err(ImapError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(at_destination(error)),
        };
        let claimed = self.ledger().claimed_in(suspect.memory.id, path, opened.uid_validity)?;
        let unclaimed = present.into_iter().filter(|uid| !claimed.contains(uid)).collect();
        Ok(Some((opened.uid_validity, unclaimed)))
    }

    /// Whether rows that go to this folder have copies there whose place is not known yet.
    fn is_unsettled(&self, path: &FolderPath) -> Result<bool, TransferError> {
        let ledger = self.ledger();
        for known in ledger.memories()?.values().filter(|known| known.destination == *path) {
            let in_flight = [crate::plan::MessageState::InFlight];
            if known.needs_match
                || !ledger.rows_after(known.id, &in_flight, 0, 1)?.is_empty()
                || !ledger.unplaced_copies(known.id)?.is_empty()
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Looks for copies among the unclaimed messages of the opened folder. In their own folder copies of ours may have
    /// got another size; elsewhere only an equal size will do, as one mail is often in two folders in two sizes.
    async fn find(
        &mut self,
        suspect: &Suspect<'_>,
        uids: &BTreeSet<u32>,
        (uid_validity, unclaimed): (u32, &[u32]),
        is_own_folder: bool,
    ) -> Result<Vec<FoundCopy>, TransferError> {
        if unclaimed.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.ledger().copy_keys(suspect.memory.id, uids)?;
        let wanted: BTreeSet<_> = keys.iter().map(|(key, _)| key.identity).collect();
        let mut present: Vec<MessageKey> = Vec::new();
        self.session
            .fetch_facts(unclaimed, &IDENTITY_HEADERS, |facts| {
                let found = facts.iter().map(|facts| MessageKey {
                    uid: facts.uid,
                    identity: identity_key(&facts.header),
                    size: facts.size,
                });
                present.extend(found.filter(|key| wanted.contains(&key.identity)));
                Ok::<(), ImapError>(())
            })
            .await
            .map_err(at_destination)?;
        let seekers: Vec<Seeker> = keys
            .iter()
            .map(|(key, is_ours)| Seeker {
                identity: key.identity,
                size: key.size,
                lowest_uid: 1,
                is_ours: *is_ours && is_own_folder,
            })
            .collect();
        let places = assign(&seekers, &present, &[]);
        let found = keys
            .iter()
            .zip(places)
            .filter_map(|((key, _), place)| Some(FoundCopy { uid: key.uid, place: (uid_validity, place?) }));
        Ok(found.collect())
    }
}

fn at_destination(error: ImapError) -> TransferError {
    TransferError::at(Side::Destination)(error)
}

/// Folders that take part in this run.
pub(super) fn takes_part(plan: &FolderPlan, mode: CopyMode) -> bool {
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
