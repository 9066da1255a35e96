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
        let containers = self.containers();
        for (raw, memory) in memories {
            if memory.destination_uid_validity.is_some() {
                known.destination.insert(raw_name(&memory.destination, namespace));
            }
            // One that has become a mere container is asked for as well: it has held messages.
            if waiting.contains(&memory.id) || containers.contains(&memory.source) {
                known.source.insert(raw);
            }
        }
        Ok(known)
    }

    /// Folders that hold no messages, as far as the plan knows.
    fn containers(&self) -> BTreeSet<&FolderPath> {
        let is_container = |plan: &&FolderPlan| plan.choice == FolderChoice::ContainerOnly;
        self.request.plan.folders.iter().filter(is_container).map(|plan| &plan.source).collect()
    }

    /// What is said of a folder that was copied from, that the source has counted as a mere container since, and that may hold
    /// messages all the same.
    fn container_words(lacking: &Lacking, raw: &str) -> Option<String> {
        if let Some(words) = lacking.unclear.get(raw) {
            return Some(format!(
                "messages were copied from this folder, but the server now lists it as one that holds none, and does not say \
                 what is in it: {words}"
            ));
        }
        lacking.unlisted.contains(raw).then(|| {
            "messages were copied from this folder, but the server now lists it as one that holds none, although it \
             opens: count the folders again"
                .to_owned()
        })
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
        let containers = self.containers();
        let mut told: Vec<(FolderPath, String)> = Vec::new();
        for folder in ledger.folder_totals()? {
            let sum = folder.totals.sum;
            let (waiting, raw) = (sum.waiting(), raws.get(&folder.id));
            if waiting == 0 && sum.source_count > sum.vanished && containers.contains(&folder.source) {
                let words = raw.and_then(|raw| Self::container_words(lacking, raw));
                told.extend(words.map(|words| (folder.source, words)));
                continue;
            }
            if waiting == 0 || planned.contains(&folder.source) {
                continue;
            }
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
            let copied: BTreeSet<&str> = self.chosen().map(|plan| plan.source_raw.as_str()).collect();
            for folder in lacking.unlisted.iter().filter_map(|raw| source.get(raw)) {
                let what = if copied.contains(folder.raw.as_str()) {
                    "so it is copied"
                } else {
                    "and the plan leaves it out"
                };
                let words = format!(
                    "the server lists hardly any folders. This one is not listed but exists, {what}; folders that \
                     Mailferry has never seen may be missing"
                );
                told.push((FolderPath(folder.parts()), words));
            }
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
