//! What of the source is to be copied: its folders are listed, searched, and offered to the workers.

use std::collections::BTreeSet;

use crate::imap::{Completion, Folder, FolderStatus, ImapError, NewFolder, Session};
use crate::message::RefusalMeaning;
use crate::plan::FolderPlan;
use crate::project::{FolderCounts, FolderId};
use crate::transfer::context::destination_name::{parents, raw_name};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::context::folder_lists::{BothFolders, FoldersByName};
use crate::transfer::context::request::{FolderTrouble, Progress};
use crate::transfer::flags::after_append;
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::listing::lister::{Known, Listed, SourceLister};
use crate::transfer::listing::selection::Chosen;
use crate::transfer::listing::views::Views;
use crate::transfer::pace::refusal::meaning;
use crate::transfer::reconcile::missing::MissingCopyScan;
use crate::transfer::reconcile::renumbered;
use crate::transfer::reconcile::source_moves::SourceMoves;
use crate::transfer::run::mailbox::Job;
use crate::values::{DestinationUid, Side, SourceUid};

/// A folder that is to be made, and its plan where it holds messages.
type Missing<'p> = (NewFolder, Option<&'p FolderPlan>);

impl Job<'_> {
    /// Creates the folders that the destination lacks. A refused one gets another name, or is reported.
    pub(in crate::transfer) async fn make_missing(
        &self,
        state: &CopyState<'_>,
        session: &mut Session,
        BothFolders { source, destination }: BothFolders<'_>,
        scan: &MissingCopyScan<'_>,
    ) -> Result<(), TransferError> {
        let missing = self.missing(state, BothFolders { source, destination }, scan);
        let folders: Vec<NewFolder> = missing.iter().map(|(folder, _)| folder.clone()).collect();
        let refused: BTreeSet<usize> = self.create(state, session, (&folders, &missing)).await?;
        if !refused.is_empty() {
            let made =
                (0..).zip(folders).filter(|(at, _)| !refused.contains(at)).map(|(_, folder)| folder.raw);
            state.names.note_there(state, destination.keys().cloned().chain(made)).await;
            let mut plans: Vec<&FolderPlan> =
                refused.into_iter().filter_map(|at| missing.get(at).and_then(|(_, plan)| *plan)).collect();
            plans.sort_by_key(|plan| plan.destination.0.len());
            for plan in plans {
                let raw = raw_name(&plan.destination, &state.context.namespace);
                if state.lessons.failures.goodbye(&raw, Side::Destination).is_some() {
                    continue;
                }
                // One with messages is tried again when its turn comes.
                let comes_again =
                    |refused: &Completion| plan.messages > 0 && meaning(refused) == RefusalMeaning::Trouble;
                if let Err(completion) = state.names.make(session, state, plan).await?
                    && !comes_again(&completion)
                {
                    let trouble = (Side::Destination, FolderTrouble::CreationRefused);
                    state.context.note_trouble(plan, trouble, completion.to_string());
                }
            }
        }
        state.names.keep_taken(&self.request.ledger, self.chosen())?;
        state.folders_are_made();
        Ok(())
    }

    /// Makes folders all at once, or one by one where the destination has ended the connection at one of them. Those that
    /// are refused, by their place among the others.
    async fn create(
        &self,
        state: &CopyState<'_>,
        session: &mut Session,
        (folders, missing): (&[NewFolder], &[Missing<'_>]),
    ) -> Result<BTreeSet<usize>, TransferError> {
        let at = TransferError::at(Side::Destination);
        if !state.lessons.failures.makes_one_by_one() {
            let made = session.create_many(folders).await;
            if made.as_ref().is_err_and(ImapError::is_connection_lost) {
                state.lessons.failures.make_one_by_one();
            }
            return made.map(|refused| refused.into_iter().collect()).map_err(at);
        }
        let mut refused = BTreeSet::new();
        for (place, (folder, plan)) in missing.iter().enumerate() {
            if let Some(words) = state.lessons.failures.goodbye(&folder.raw, Side::Destination) {
                if let Some(plan) = plan {
                    state.context.note_trouble(
                        plan,
                        (Side::Destination, FolderTrouble::ConnectionLost),
                        words,
                    );
                }
                continue;
            }
            match session.create(folder).await {
                Ok(()) => {}
                Err(ImapError::Refused { .. }) => {
                    refused.insert(place);
                }
                Err(error) => {
                    state.lessons.failures.ended_at(&folder.raw, Side::Destination, &error);
                    return Err(at(error));
                }
            }
        }
        Ok(refused)
    }

    /// Folders that the destination has not, outermost first, and behind them those above them that hold no messages:
    /// where folders are files (mbox), the parent exists by then, and is no file.
    fn missing(
        &self,
        state: &CopyState<'_>,
        BothFolders { source, destination }: BothFolders<'_>,
        scan: &MissingCopyScan<'_>,
    ) -> Vec<Missing<'_>> {
        let mut asked = BTreeSet::new();
        let mut is_new = |raw: &String| {
            !raw.eq_ignore_ascii_case("INBOX") && !destination.contains_key(raw) && asked.insert(raw.clone())
        };
        let mut missing: Vec<Missing<'_>> = Vec::new();
        // What the source does not count may not be there to be read; it is made when it has been listed.
        let is_counted = |plan: &&FolderPlan| is_counted(source, plan);
        for plan in self.chosen().filter(is_counted).filter(|plan| !scan.knows(plan)) {
            let raw = raw_name(&plan.destination, &state.context.namespace);
            if is_new(&raw) {
                missing.push((NewFolder { raw, is_subscribed: !plan.is_unsubscribed }, Some(plan)));
            }
        }
        missing.sort_by_key(|(folder, _)| folder.raw.len());
        for plan in self.chosen().filter(is_counted).filter(|plan| !scan.knows(plan)) {
            for above in parents(&plan.destination) {
                let raw = raw_name(&above, &state.context.namespace);
                if is_new(&raw) {
                    missing.push((NewFolder { raw, is_subscribed: true }, None));
                }
            }
        }
        missing
    }

    /// Lists every folder, and offers those whose copies are not in doubt to the workers at once. Returns the others.
    pub(in crate::transfer) async fn list_all<'p>(
        &'p self,
        state: &CopyState<'_>,
        session: &mut Session,
        BothFolders { source, destination }: BothFolders<'_>,
        (scan, moves): (&MissingCopyScan<'p>, &SourceMoves<'_>),
    ) -> Result<Vec<Chosen<'p>>, TransferError> {
        let ledger = &self.request.ledger;
        let memories = ledger.memories()?;
        let (mut failed, mut later, mut shown) = (None, Vec::new(), Vec::new());
        let views = Views::of(session, source);
        let has_window = renumbered::has_window(session);
        let mut tell = |plan: &'p FolderPlan, listed: Listed| {
            let (folder, lacking) = match listed {
                Listed::All(folder) => (folder, None),
                Listed::Some(folder, trouble, words) => (folder, Some((trouble, words))),
                Listed::Closed(trouble, words) => {
                    return state.context.note_trouble(plan, (Side::Source, trouble), words);
                }
            };
            let status = source.get(&plan.source_raw).and_then(|folder| folder.status).unwrap_or_default();
            if let Some(words) = renumbered::cut_off(has_window, status.messages) {
                state.context.note_trouble(plan, (Side::Source, FolderTrouble::CountSuspicious), words);
            }
            let is_new = !memories.contains_key(&plan.source_raw);
            let noted = match lacking {
                None => self.note_whole(folder, status, is_new),
                Some((trouble, words)) => {
                    state.context.note_trouble(plan, (Side::Source, trouble), words);
                    Ok(())
                }
            };
            let is_to_make = !is_counted(source, plan) && !scan.knows(plan);
            let chosen = Chosen { plan, folder, found: None, is_to_make };
            let offered = noted.and_then(|()| {
                if views.has(plan) {
                    shown.push(chosen);
                    Ok(())
                } else if self.selection.has_search() || scan.watches(plan) || !moves.is_empty() {
                    later.push(chosen);
                    Ok(())
                } else {
                    self.offer(state, &chosen, destination)
                }
            });
            if let Err(error) = offered {
                failed.get_or_insert(error);
            }
        };
        let known = Known {
            failures: &self.lessons.failures,
            fresh_flags: &self.lessons.fresh_flags,
            memories: &memories,
            options: &self.request.options,
        };
        let mut lister = SourceLister::new(session, ledger, known);
        for plan in self.chosen() {
            if state.context.control.is_stopped() {
                break;
            }
            if self.gone.contains(&plan.source_raw) && self.is_settled(plan)? {
                tracing::info!(folder = %plan.source, "the source no longer has a folder; nothing was left \
                                                       to copy from it");
                continue;
            }
            (self.sink)(Progress::Listing { folder: plan.source.clone() });
            lister.list(plan, source.get(&plan.source_raw), &mut tell).await?;
        }
        lister.finish(&mut tell).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        Views::settle(ledger, &shown)?;
        later.extend(shown);
        self.search_all(state, session, (later, destination), scan).await
    }

    /// Asks the source's own search about folders, where there is one. Returns those whose copies are in doubt.
    async fn search_all<'p>(
        &self,
        state: &CopyState<'_>,
        session: &mut Session,
        (listed, destination): (Vec<Chosen<'p>>, &FoldersByName),
        scan: &MissingCopyScan<'p>,
    ) -> Result<Vec<Chosen<'p>>, TransferError> {
        if !self.selection.has_search() {
            return Ok(listed);
        }
        let mut watched = Vec::new();
        for mut chosen in listed {
            if let Err(words) = self.selection.search(session, &self.request.ledger, &mut chosen).await? {
                state.context.note_trouble(chosen.plan, (Side::Source, FolderTrouble::SearchRefused), words);
            } else if scan.watches(chosen.plan) {
                watched.push(chosen);
            } else {
                self.offer(state, &chosen, destination)?;
            }
        }
        Ok(watched)
    }

    /// Every message of a folder had its row while it had these counts. The flags of a folder that is listed for the
    /// first time are newer than its mod-sequence, which was reported before.
    fn note_whole(&self, folder: FolderId, status: FolderStatus, is_new: bool) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        if let Some((messages, uid_next)) = status.messages.zip(status.uid_next) {
            ledger.set_source_counts(folder, FolderCounts { messages, uid_next: SourceUid(uid_next) })?;
        }
        if let Some(modseq) = status.highest_modseq.filter(|_| is_new) {
            ledger.set_source_modseq(folder, modseq)?;
        }
        Ok(())
    }

    /// Leaves out what does not take part, and hands the folder to the workers where something is left to do.
    pub(in crate::transfer) fn offer(
        &self,
        state: &CopyState<'_>,
        chosen: &Chosen<'_>,
        destination: &FoldersByName,
    ) -> Result<(), TransferError> {
        self.selection.apply(&self.request.ledger, chosen)?;
        if let Some(homes) = &state.homes {
            homes.settle(&self.request.ledger, chosen.folder)?;
        }
        let raw = raw_name(&chosen.plan.destination, &state.context.namespace);
        let is_to_make = chosen.is_to_make && !destination.contains_key(&raw);
        if is_to_make || self.needs_copy(chosen.folder, destination.get(&raw))? {
            let ledger = &self.request.ledger;
            let may_be_there = self.may_be_there(chosen.folder, destination.get(&raw))?;
            // If its copies may be in other folders, the rows of these must be known: a copy may be theirs.
            let may_be_elsewhere =
                (may_be_there || ledger.needs_match(chosen.folder)?) && !state.strays.is_empty_beside(&raw);
            let is_late = may_be_elsewhere || ledger.newest_intent(chosen.folder)?.is_some();
            let (plan, folder) = (chosen.plan.clone(), chosen.folder);
            let is_new = !destination.contains_key(&raw);
            state.add(FolderJob { plan, folder, raw, is_late, may_be_there, is_new });
        }
        Ok(())
    }

    /// Whether the destination folder may hold copies that the ledger does not know, as far as its counts tell.
    fn may_be_there(&self, folder: FolderId, known: Option<&Folder>) -> Result<bool, TransferError> {
        let ledger = &self.request.ledger;
        let Some(known) = known else { return Ok(false) };
        let status = known.status.unwrap_or_default();
        if status.messages == Some(0) {
            return Ok(false);
        }
        let is_unknown = match status.uid_next {
            Some(uid_next) => ledger.unknown_from(folder, DestinationUid(uid_next))?.is_some(),
            None => false,
        };
        Ok(is_unknown || ledger.needs_match(folder)?)
    }

    /// Whether there is something to do, or the destination folder is not the one that the copies were made in, as far
    /// as its counts tell.
    fn needs_copy(&self, folder: FolderId, known: Option<&Folder>) -> Result<bool, TransferError> {
        let ledger = &self.request.ledger;
        let sum = ledger.totals_of(folder)?.sum;
        let is_waiting = sum.to_do > 0 || after_append::is_in_doubt(ledger, folder)?;
        if is_waiting || !self.is_mirror() {
            return Ok(is_waiting);
        }
        let Some(known) = known else { return Ok(false) };
        let Some(uid_validity) = known.status.and_then(|status| status.uid_validity) else { return Ok(true) };
        let forgotten = ledger.fence_destination(folder, uid_validity)?;
        Ok(forgotten > 0 || (sum.source_count > 0 && ledger.needs_match(folder)?))
    }
}

/// Whether the source tells how many messages a folder has.
fn is_counted(source: &FoldersByName, plan: &FolderPlan) -> bool {
    source.get(&plan.source_raw).is_some_and(|folder| folder.status.is_some())
}
