use crate::engine::api::snapshot::PartDone;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::actor::Actor;
use crate::engine::api::command::Command;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::plan::Count;
use crate::engine::jobs::results::Message;
use crate::plan::{
    DestinationRules, FolderOverride, FolderPath, apply_overrides, clean_destination, shared_destinations,
};
use crate::project::{ProjectError, StoredPlan};
use crate::values::MailboxId;

impl Actor {
    /// Counts folders and sizes of the chosen mailboxes and maps them.
    pub(super) fn build_plan(&mut self) {
        if self.refuse_while_copying("count again") {
            return;
        }
        let Some(settings) = self.job_settings() else { return };
        let catalogue = Arc::clone(&self.catalogue);
        let Some(open) = self.open.as_mut() else { return };
        let pairs = match open.both_sides() {
            Ok(pairs) if pairs.is_empty() => return self.fail(explain::no_mailboxes()),
            Ok(pairs) => pairs,
            Err(error) => return self.fail(*error),
        };
        let ids = pairs.iter().map(|pair| pair.source.mailbox);
        let known: Result<BTreeMap<_, _>, ProjectError> =
            ids.map(|id| open.known_folders(id).map(|known| (id, known))).collect();
        let known = match known {
            Ok(known) => known,
            Err(error) => return self.fail(explain::project(&error)),
        };
        let rules = open.destination_rules(&catalogue);
        let message_limit = open.provider_limits(&catalogue).message;
        let count = Count { pairs, rules, message_limit, known };
        open.view.plan.counting = Some(PartDone { done: 0, total: count.pairs.len() as u64 });
        open.view.plan.errors.clear();
        self.launch(
            JobKind::Plan,
            |context| crate::engine::jobs::plan::run(count, settings, context),
            |number, ()| Message::PlansEnded { number },
        );
    }

    /// Gives a folder another name at the destination, adjusted to what the provider accepts.
    pub(super) fn rename_folder(&mut self, mailbox: MailboxId, folder: &FolderPath, wanted: &FolderPath) {
        let Some(clean) = self.acceptable(mailbox, wanted) else { return };
        self.change_folder(mailbox, folder, |change| {
            change.destination = Some(clean);
            change.may_share = false;
        });
    }

    /// The name as the destination accepts it, with the words for the changes.
    fn acceptable(&self, mailbox: MailboxId, wanted: &FolderPath) -> Option<FolderPath> {
        let open = self.open.as_ref()?;
        // What the server reported for the plan takes precedence over the provider's catalogue entry.
        let told = open.view.plan.mailboxes.get(&mailbox).and_then(|plan| plan.name_rules.as_ref());
        let rules = told.map_or_else(|| open.destination_rules(&self.catalogue), DestinationRules::from);
        let (clean, reasons) = clean_destination(wanted, &rules);
        if let Some(why) = explain::rename_words(&reasons) {
            self.notice(format!("The name was changed to {clean}: {why}"), None);
        }
        Some(clean)
    }

    /// Merges a folder into another one. Nothing else ever does that.
    pub(super) fn merge_folder(&mut self, mailbox: MailboxId, folder: &FolderPath, destination: &FolderPath) {
        let Some(open) = self.open.as_ref() else { return };
        let plan = open.view.plan.mailboxes.get(&mailbox);
        let is_known = plan.is_some_and(|plan| {
            plan.folders.iter().any(|other| other.source != *folder && other.destination == *destination)
        });
        let wanted = if is_known { Some(destination.clone()) } else { self.acceptable(mailbox, destination) };
        let Some(wanted) = wanted else { return };
        self.change_folder(mailbox, folder, |change| {
            change.destination = Some(wanted);
            change.may_share = true;
            change.is_included = change.is_included.filter(|is_included| *is_included);
        });
    }

    /// Changes what happens to one folder; the change survives a new count. Two folders never
    /// share a destination without being asked to.
    pub(super) fn change_folder(
        &mut self,
        mailbox: MailboxId,
        folder: &FolderPath,
        change: impl FnOnce(&mut FolderOverride),
    ) {
        if self.refuse_while_copying("change the plan") {
            return;
        }
        let Some(mut overrides) = self.store(|project| project.folder_overrides(mailbox)) else { return };
        let mut changed = overrides.remove(folder).unwrap_or_default();
        change(&mut changed);
        let stored = self.store(crate::project::Project::plans).and_then(|mut plans| plans.remove(&mailbox));
        let Some(StoredPlan { mut plan, .. }) = stored else { return };
        overrides.insert(folder.clone(), changed.clone());
        apply_overrides(&mut plan, &overrides);
        if let Some(shared) = shared_destinations(&plan, &overrides).first() {
            let merge = Command::MergeFolder {
                mailbox,
                folder: folder.clone(),
                destination: changed.destination.clone().unwrap_or_else(|| shared.clone()),
            };
            return self.fail(explain::shared_destination(shared, merge));
        }
        if self.store(|project| project.set_folder_override(mailbox, folder, &changed)).is_none() {
            return;
        }
        let Some(lessons) = self.store(|project| project.name_lessons(mailbox)) else { return };
        lessons.apply(&mut plan);
        if let Some(open) = self.open.as_mut() {
            Arc::make_mut(&mut open.view.plan.mailboxes).insert(mailbox, plan);
            open.refresh_copy_totals();
        }
    }
}
