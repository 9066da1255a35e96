//! Folders that a copy expects at the source and does not find in its list.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{Folder, Namespace, Uncounted};
use crate::plan::{FolderChoice, FolderPath, FolderPlan, LeftOutBecause, MailboxPlan};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::FoldersByName;
use crate::transfer::context::folder_lists::KnownFolders;
use crate::transfer::context::request::{FolderProblem, FolderTrouble};
use crate::transfer::inventory::known_folders::Lacking;
use crate::transfer::run::mailbox::Job;
use crate::values::Side;
use crate::values::counted;

/// Folders that the owner has left out are not counted either.
pub(in crate::transfer) fn uncounted(plan: &MailboxPlan) -> Uncounted {
    let is_left = |folder: &&FolderPlan| {
        folder.choice == FolderChoice::LeaveOut(LeftOutBecause::YouChose) && !folder.source.is_inbox()
    };
    let left: BTreeSet<String> =
        plan.folders.iter().filter(is_left).map(|folder| folder.source_raw.clone()).collect();
    if left.is_empty() {
        return Uncounted::default();
    }
    Uncounted::new(move |folder| left.contains(&folder.raw))
}

impl Job<'_> {
    /// Folders that are there as far as the plan and the ledger know.
    pub(in crate::transfer) fn known_folders(
        &self,
        namespace: &Namespace,
    ) -> Result<KnownFolders, TransferError> {
        let ledger = &self.request.ledger;
        let waiting = ledger.waiting_folders()?;
        let memories = ledger.memories()?;
        let planned =
            self.chosen().filter(|plan| plan.messages > 0 || memories.contains_key(&plan.source_raw));
        let mut known = KnownFolders::default();
        known.source.extend(planned.map(|plan| plan.source_raw.clone()));
        for (raw, memory) in memories {
            if memory.destination_uid_validity.is_some() {
                known.destination.insert(raw_name(&memory.destination, namespace));
            }
            if waiting.contains(&memory.id) {
                known.source.insert(raw);
            }
        }
        Ok(known)
    }

    /// Tells of folders with messages to do that the source does not list and the plan does not have, and of a list that
    /// cannot be what it should be.
    pub(in crate::transfer) fn tell_of_missing(
        &mut self,
        lacking: &Lacking,
        (source, lists_nothing): (&FoldersByName, bool),
    ) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        let holds_messages = |plan: &&FolderPlan| plan.choice != FolderChoice::ContainerOnly;
        let planned: BTreeSet<&FolderPath> =
            self.request.plan.folders.iter().filter(holds_messages).map(|plan| &plan.source).collect();
        let raws: BTreeMap<_, String> =
            ledger.memories()?.into_iter().map(|(raw, memory)| (memory.id, raw)).collect();
        let mut told: Vec<(FolderPath, String)> = Vec::new();
        for folder in ledger.folder_totals()? {
            let waiting = folder.totals.sum.waiting();
            if waiting == 0 || planned.contains(&folder.source) {
                continue;
            }
            let raw = raws.get(&folder.id);
            let why = match raw.and_then(|raw| lacking.unclear.get(raw)) {
                Some(words) => format!("the server does not say whether the folder exists: {words}"),
                None if raw.and_then(|raw| source.get(raw)).is_some_and(Folder::is_selectable) => {
                    "the folder exists but is not in the plan: count the folders again".to_owned()
                }
                None => "the server says that the folder does not exist".to_owned(),
            };
            told.push((folder.source, format!("{} still to do: {why}", counted(waiting, "message"))));
        }
        if lacking.is_cut {
            let words = "the server lists hardly any folders. This one is not listed but exists, so it is \
                         copied; folders that Mailferry has never seen may be missing";
            let unlisted = lacking.unlisted.iter().filter_map(|raw| source.get(raw));
            told.extend(unlisted.map(|folder| (FolderPath(folder.parts()), words.to_owned())));
        }
        if lists_nothing && self.request.plan.lists_nothing {
            let words = "the server lists no folders. Mailferry opened the inbox by name; folders that it \
                         has never seen may be missing";
            told.push((FolderPath::inbox(), words.to_owned()));
        }
        for (folder, words) in told {
            let (side, trouble) = (Side::Source, FolderTrouble::NotListed);
            self.problems.insert((folder.clone(), trouble), FolderProblem { folder, side, trouble, words });
        }
        Ok(())
    }

    /// Whether a folder that its owner has removed has nothing left to do: every message of it was listed and settled.
    pub(in crate::transfer) fn is_settled(&self, plan: &FolderPlan) -> Result<bool, TransferError> {
        let ledger = &self.request.ledger;
        let Some(memory) = ledger.memory_at(&plan.source_raw)? else { return Ok(plan.messages == 0) };
        Ok(memory.source_counts.is_some() && ledger.totals_of(memory.id)?.sum.waiting() == 0)
    }
}
