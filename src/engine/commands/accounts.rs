use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::accounts::{ExportAccount, ExportFormat, ExportInput, Format, export, read};
use crate::engine::accounts_files::{NotRead, make_password, read_files};
use crate::engine::actor::Actor;
use crate::engine::api::command::Command;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::open_project::accounts::LastImport;
use crate::engine::system::output_file::{write_output, write_private};
use crate::values::{DomainName, EmailAddress, MailboxId, Secret, Side, counted_as};

impl Actor {
    /// Reads files and shows what would be added. `format` is what the owner says they are.
    pub(super) async fn read_accounts(&mut self, paths: &[PathBuf], format: Option<Format>) {
        let Some(open) = self.open.as_mut() else { return };
        match read_files(paths, open.project.domain(), format) {
            Ok(directory) => {
                open.view.accounts.preview = Some(Arc::new(open.preview_accounts(directory)));
            }
            Err(NotRead::SignInList(path)) => self.import_csv(&path).await,
            Err(NotRead::Unsure(error)) => self.fail(ask_for_form(*error, paths)),
            Err(NotRead::Failed(error)) => self.fail(*error),
        }
    }

    /// The same with text that was pasted.
    pub(super) fn paste_accounts(&mut self, text: &str) {
        let Some(open) = self.open.as_mut() else { return };
        match read("pasted text", text.as_bytes(), open.project.domain(), None) {
            Ok(directory) => {
                open.view.accounts.preview = Some(Arc::new(open.preview_accounts(directory)));
            }
            Err(error) => self.fail(explain::accounts_file("The pasted text", &error)),
        }
    }

    /// Adds what was read, for these domains.
    pub(super) fn take_accounts(&mut self, domains: &[DomainName]) {
        if self.refuse_while_copying("import mailboxes") {
            return;
        }
        let Some(open) = self.open.as_ref() else { return };
        let Some(preview) = open.view.accounts.preview.clone() else { return };
        let mut taken = preview.directory.clone();
        taken.keep_domains(domains);
        let new = open.new_mailboxes(&taken);
        let before = Arc::clone(&open.view.accounts.directory);
        let mut directory = (*before).clone();
        directory.absorb(taken);
        let Some(ids) = self.store(|project| {
            let ids = project.import_mailboxes(&new)?;
            project.set_directory(&directory)?;
            Ok(ids)
        }) else {
            return;
        };
        for (id, mailbox) in ids.iter().zip(new) {
            self.show_mailbox(*id, mailbox);
        }
        if let Some(open) = self.open.as_mut() {
            open.view.accounts.preview = None;
            open.view.accounts.directory = Arc::new(directory);
            open.view.accounts.undo = Some(ids.len());
            open.last_import = Some(LastImport { mailboxes: ids.clone(), before });
        }
        self.refresh_copy();
        self.notice(format!("Added {}", counted_as(ids.len(), "mailbox", "mailboxes")), None);
    }

    /// Drops what was read and not added.
    pub(super) fn discard_accounts(&mut self) {
        if let Some(open) = self.open.as_mut() {
            open.view.accounts.preview = None;
        }
    }

    /// Takes back the last import. Mailboxes of which something was copied stay.
    pub(super) async fn undo_accounts(&mut self) {
        if self.refuse_while_copying("take the import back") {
            return;
        }
        let Some(open) = self.open.as_mut() else { return };
        let Some(last) = open.last_import.take() else { return };
        open.view.accounts.undo = None;
        let has_ledger = |id: &MailboxId| {
            open.view.copy.mailboxes.iter().any(|shown| shown.id == *id && shown.sum.source_count > 0)
        };
        let (kept, gone): (Vec<_>, Vec<_>) = last.mailboxes.into_iter().partition(has_ledger);
        if self.store(|project| project.set_directory(&last.before)).is_none() {
            return;
        }
        if let Some(open) = self.open.as_mut() {
            open.view.accounts.directory = last.before;
        }
        for id in &gone {
            self.remove_mailbox(*id).await;
        }
        self.refresh_copy();
        let gone = counted_as(gone.len(), "mailbox", "mailboxes");
        self.notice(
            if kept.is_empty() {
                format!("Took {gone} back")
            } else {
                format!("Took {gone} back; {} stay, because something of them was copied", kept.len())
            },
            None,
        );
    }

    /// Writes mailboxes and aliases for a provider.
    pub(super) async fn export_accounts(&mut self, path: &Path, format: ExportFormat, has_passwords: bool) {
        let wants_passwords = has_passwords && format.takes_passwords();
        let Some(open) = self.open.as_ref() else { return };
        let plan = Arc::clone(&open.view.accounts.plan);
        let rows: Vec<_> = open.view.mailboxes.iter().filter(|row| row.mailbox.is_chosen).cloned().collect();
        if rows.is_empty() && plan.routes.is_empty() {
            return self.fail(explain::nothing_to_save("There are no mailboxes yet", "Add mailboxes first"));
        }
        let directory = Arc::clone(&open.view.accounts.directory);
        let name_of = |address: &EmailAddress| {
            let known = directory.accounts.iter().find(|account| account.address == *address);
            known.map(|account| account.name.clone()).unwrap_or_default()
        };
        let mut accounts = Vec::new();
        let mut made: Vec<(MailboxId, Secret)> = Vec::new();
        for row in &rows {
            let destination = EmailAddress::parse(&row.mailbox.destination_user);
            let is_new = wants_passwords && !row.destination.has_password();
            let password = match is_new.then(make_password).transpose() {
                Ok(password) => password,
                Err(error) => return self.fail(*error),
            };
            made.extend(password.clone().map(|password| (row.id, password)));
            accounts.push(ExportAccount {
                name: name_of(&row.mailbox.address),
                address: destination.unwrap_or_else(|_not_an_address| row.mailbox.address.clone()),
                password,
            });
        }
        let table = export(format, ExportInput { accounts: &accounts, plan: &plan });
        let written = if made.is_empty() {
            write_output(path, |out| out.write_all(table.text.as_bytes()))
        } else {
            write_private(path, |out| out.write_all(table.text.as_bytes()))
        };
        if let Err(error) = written {
            return self.fail(explain::not_written(path, &error));
        }
        // Google lets a new password sign in on the web only; programs want one of their own.
        if format == ExportFormat::Csv {
            for (id, password) in made {
                self.set_password(id, Side::Destination, password).await;
            }
        }
        self.notice("Saved mailboxes and aliases", Some(path.to_path_buf()));
        for note in table.notes {
            self.notice(note, None);
        }
    }
}

/// Forms that have no mark of their own; JSON, LDIF and SQL are always recognised.
const ASKED_FOR: [Format; 6] = [
    Format::PostfixAliases,
    Format::PostfixMailboxes,
    Format::Aliases,
    Format::DovecotPasswd,
    Format::DoveadmUsers,
    Format::Table,
];

/// Asks what the files are.
fn ask_for_form(error: UserError, paths: &[PathBuf]) -> UserError {
    ASKED_FOR.into_iter().fold(error, |error, format| {
        let label = format!("Read it as {}", format.words());
        error.or(
            &label,
            "You see what was found before anything is added",
            Command::ReadAccountsAs { paths: paths.to_vec(), format },
        )
    })
}
