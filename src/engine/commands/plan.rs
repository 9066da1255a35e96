use std::sync::Arc;

use crate::engine::actor::Actor;
use crate::engine::jobs::JobKind;
use crate::engine::messages::Message;
use crate::engine::{explain, plan_job};
use crate::plan::{FolderOverride, FolderPath, MailboxId};

impl Actor {
    /// Counts folders and sizes of the chosen mailboxes and maps them.
    pub(super) fn build_plan(&mut self) {
        if self.jobs.is_running(JobKind::Copy) {
            return self.fail(explain::not_while_copying("count again"));
        }
        let Some(settings) = self.job_settings() else { return };
        let catalogue = Arc::clone(&self.catalogue);
        let Some(open) = self.open.as_mut() else { return };
        let pairs = match open.both_sides() {
            Ok(pairs) if pairs.is_empty() => return self.fail(explain::no_mailboxes()),
            Ok(pairs) => pairs,
            Err(error) => return self.fail(*error),
        };
        let rules = open.destination_rules(&catalogue);
        open.view.plan.counting = Some((0, pairs.len()));
        open.view.plan.errors.clear();
        self.launch(
            JobKind::Plan,
            |context| plan_job::run(pairs, rules, settings, context),
            |number, ()| Message::PlansEnded { number },
        );
    }

    /// Changes what happens to one folder; the change survives a new count.
    pub(super) fn change_folder(
        &mut self,
        mailbox: MailboxId,
        folder: FolderPath,
        change: impl FnOnce(&mut FolderOverride),
    ) {
        if self.jobs.is_running(JobKind::Copy) {
            return self.fail(explain::not_while_copying("change the plan"));
        }
        let Some(mut overrides) = self.store(|project| project.folder_overrides(mailbox)) else { return };
        let mut changed = overrides.remove(&folder).unwrap_or_default();
        change(&mut changed);
        if self.store(|project| project.set_folder_override(mailbox, &folder, &changed)).is_none() {
            return;
        }
        overrides.insert(folder, changed);
        let stored = self.store(crate::project::Project::plans).and_then(|mut plans| plans.remove(&mailbox));
        if let (Some(open), Some(stored)) = (self.open.as_mut(), stored) {
            let mut plan = stored.plan;
            crate::plan::apply_overrides(&mut plan, &overrides);
            Arc::make_mut(&mut open.view.plan.mailboxes).insert(mailbox, plan);
            open.refresh_copy_totals();
        }
    }
}
