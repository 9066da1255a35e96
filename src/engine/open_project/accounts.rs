//! What was read of the old server's accounts and aliases, beside the mailboxes of the project.

use crate::engine::api::snapshot::{AccountsPreview, DomainEntries};
use std::sync::Arc;

use crate::accounts::{AliasPlan, Directory};
use crate::engine::open_project::OpenProject;
use crate::plan::Mailbox;
use crate::values::{EmailAddress, MailboxId};

/// What the last import added, and what was known before.
pub(in crate::engine) struct LastImport {
    pub(in crate::engine) mailboxes: Vec<MailboxId>,
    pub(in crate::engine) before: Arc<Directory>,
}

impl OpenProject {
    /// Follows the aliases again, after mailboxes or aliases changed.
    pub(in crate::engine) fn refresh_alias_plan(&mut self) {
        let accounts = &self.view.accounts;
        if accounts.directory.routes.is_empty() && accounts.plan.routes.is_empty() {
            return;
        }
        let mailboxes: Vec<EmailAddress> =
            self.view.mailboxes.iter().map(|row| row.mailbox.address.clone()).collect();
        self.view.accounts.plan = Arc::new(AliasPlan::of(&accounts.directory, &mailboxes));
    }

    /// What would be added of these accounts.
    pub(in crate::engine) fn preview_accounts(&self, directory: Directory) -> AccountsPreview {
        let own = self.project.domain();
        let domains = directory.domains();
        let known = directory.accounts.iter().filter(|account| self.has_mailbox(&account.address)).count();
        AccountsPreview {
            domains: domains
                .into_iter()
                .map(|(domain, entries)| DomainEntries { is_own: domain == *own, domain, entries })
                .collect(),
            known,
            directory,
        }
    }

    /// The mailboxes of these accounts that the project does not have.
    pub(in crate::engine) fn new_mailboxes(&self, directory: &Directory) -> Vec<Mailbox> {
        let new = directory.accounts.iter().filter(|account| !self.has_mailbox(&account.address));
        new.map(|account| Mailbox {
            address: account.address.clone(),
            source_user: account.user.clone(),
            destination_user: account.address.to_string(),
            ways: self.view.sign_ins.default_ways(),
            is_chosen: true,
        })
        .collect()
    }

    fn has_mailbox(&self, address: &EmailAddress) -> bool {
        let is_it = |other: &EmailAddress| other.to_ascii().eq_ignore_ascii_case(&address.to_ascii());
        self.view.mailboxes.iter().any(|row| is_it(&row.mailbox.address))
    }
}
