//! Commands that add, change, import and remove mailboxes.

use std::path::Path;
use std::sync::Arc;

use crate::engine::actor::Actor;
use crate::engine::api::snapshot::{
    KeyringStatus, MailboxView, PasswordPlace, SignInState, SignInView, sign_in_of,
};
use crate::engine::attempt::Whose;
use crate::engine::explain;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::results::{KnownPassword, Message};
use crate::engine::mailbox_list::read_mailbox_list;
use crate::engine::open_project::passwords::Passwords;
use crate::engine::system::input::is_readable_by_others;
use crate::plan::{CsvRow, Mailbox};
use crate::secrets::Deletion;
use crate::signin::Grants;
use crate::values::{Credential, EmailAddress, MailboxId, Secret, Side, SignInWay};

impl Actor {
    /// Adds a mailbox by its address.
    pub(in crate::engine) fn add_mailbox(&mut self, address: &str) {
        let address = match EmailAddress::parse(address) {
            Ok(address) => address,
            Err(error) => return self.fail(explain::email_address(&error)),
        };
        let user = address.to_string();
        let mailbox = Mailbox {
            address,
            source_user: user.clone(),
            destination_user: user,
            ways: self.open.as_ref().map(|open| open.view.sign_ins.default_ways()).unwrap_or_default(),
            is_chosen: true,
        };
        if let Some(id) = self.store(|project| project.add_mailbox(&mailbox)) {
            // A fresh number, so no keyring has a password for it.
            self.show_mailbox(id, mailbox);
            self.refresh_copy();
        }
    }

    /// Puts a new row into the table.
    pub(super) fn show_mailbox(&mut self, id: MailboxId, mailbox: Mailbox) {
        if let Some(open) = self.open.as_mut() {
            Arc::make_mut(&mut open.view.mailboxes).push(MailboxView {
                id,
                mailbox,
                source: SignInView::default(),
                destination: SignInView::default(),
                counted: None,
                folders: Arc::default(),
            });
        }
    }

    /// Changes a row in the file and, if that succeeds, in the table.
    pub(super) fn change_mailbox(&mut self, id: MailboxId, change: impl FnOnce(&mut MailboxView)) {
        let Some(mut row) = self.open.as_ref().and_then(|open| open.mailbox(id)).cloned() else { return };
        change(&mut row);
        if self.store(|project| project.update_mailbox(id, &row.mailbox)).is_some()
            && let Some(open) = self.open.as_mut()
            && let Some(shown) = open.mailbox_mut(id)
        {
            *shown = row;
        }
    }

    /// Changes the user name on one side and resets its sign-in state.
    pub(super) fn set_user(&mut self, id: MailboxId, side: Side, user: &str) {
        let user = user.trim().to_owned();
        let is_known = self.open.as_ref().and_then(|open| open.mailbox(id));
        if is_known.is_none_or(|row| row.mailbox.user(side) == user)
            || self.refuse_while_copying("change a user name")
        {
            return;
        }
        self.forget_plans(Some(id));
        self.change_mailbox(id, |row| {
            let (field, view) = match side {
                Side::Source => (&mut row.mailbox.source_user, &mut row.source),
                Side::Destination => (&mut row.mailbox.destination_user, &mut row.destination),
            };
            *field = user;
            *view = SignInView::default();
        });
        self.store(|project| project.set_sign_in(id, side, None));
        self.refresh_copy();
        self.recall_passwords();
    }

    /// Changes how a mailbox signs in on one side and resets its sign-in state.
    pub(super) async fn set_sign_in_way(&mut self, id: MailboxId, side: Side, way: SignInWay) {
        let Some(open) = self.open.as_ref() else { return };
        let Some(whose) = open.whose(id, side) else { return };
        let Some(before) = open.mailbox(id).map(|row| row.mailbox.way(side).clone()) else { return };
        if before == way || self.refuse_while_copying("change how a mailbox signs in") {
            return;
        }
        if let Err(misfit) = way.check() {
            return self.fail(explain::sign_in_way(&misfit));
        }
        if before.admin() != way.admin() {
            // Never try somebody else's password.
            self.passwords().delete(&whose).await;
        }
        self.change_mailbox(id, |row| {
            *row.mailbox.way_mut(side) = way;
            *sign_in_of(row, side) = SignInView::default();
        });
        self.recall_passwords();
    }

    /// Ticks or unticks a mailbox.
    pub(super) fn choose_mailbox(&mut self, id: MailboxId, is_chosen: bool) {
        self.change_mailbox(id, |row| row.mailbox.is_chosen = is_chosen);
        self.refresh_copy();
    }

    /// Removes a mailbox from the project, with its plan, its ledger and its passwords.
    pub(super) async fn remove_mailbox(&mut self, id: MailboxId) {
        if self.refuse_while_copying("remove a mailbox") {
            return;
        }
        let Some(open) = self.open.as_ref() else { return };
        let both = [Side::Source, Side::Destination].map(|side| open.whose(id, side));
        if self.store(|project| project.remove_mailbox(id)).is_none() {
            return;
        }
        for whose in both.iter().flatten() {
            self.passwords().delete(whose).await;
        }
        if let Some(open) = self.open.as_mut() {
            Arc::make_mut(&mut open.view.mailboxes).retain(|row| row.id != id);
            Arc::make_mut(&mut open.view.plan.mailboxes).remove(&id);
            open.view.plan.errors.remove(&id);
        }
        self.refresh_copy();
    }

    /// Updates everything that depends on which mailboxes are chosen.
    pub(super) fn refresh_copy(&mut self) {
        if let Some(open) = self.open.as_mut() {
            open.refresh_copy_totals();
            open.refresh_alias_plan();
        }
    }

    /// Adds and updates mailboxes from a CSV file: all of them or, on any error, none.
    pub(super) async fn import_csv(&mut self, path: &Path) {
        if self.refuse_while_copying("import mailboxes") {
            return;
        }
        let mut rows = match read_mailbox_list(path) {
            Ok(rows) => rows,
            Err(error) => return self.fail(*error),
        };
        let has_passwords =
            |row: &CsvRow| row.source_password.is_some() || row.destination_password.is_some();
        if rows.iter().any(has_passwords) && is_readable_by_others(path) {
            let words = "Other users of this computer can read this list and the passwords in it";
            self.notice(words, Some(path.to_path_buf()));
        }
        // The project may later be opened from another folder than the list.
        let folder = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_path_buf));
        for way in rows.iter_mut().flat_map(|row| [&mut row.source_way, &mut row.destination_way]).flatten() {
            if let (Credential::TokenFile(file) | Credential::KeyFile(file), Some(folder)) =
                (&mut way.credential, &folder)
            {
                *file = folder.join(&*file);
            }
        }
        let Some(imported) = self.store(|project| project.import_rows(&rows)) else { return };
        let passwords = self.passwords();
        let mut kept = Vec::new();
        let count = imported.len();
        let keep =
            async |whose: Whose, secret| (whose.mailbox, whose.side, passwords.set(&whose, secret).await);
        for ((id, mailbox), row) in imported.into_iter().zip(rows) {
            self.show_imported(id, mailbox);
            let given = [(Side::Source, row.source_password), (Side::Destination, row.destination_password)];
            for (side, password) in given {
                let whose = self.open.as_ref().and_then(|open| open.whose(id, side));
                kept.extend(password.zip(whose).map(|(secret, whose)| keep(whose, secret)));
            }
        }
        // All at once, so that a locked keyring delays the engine once and not once per password.
        for (id, side, place) in futures::future::join_all(kept).await {
            self.show_password(id, side, place);
        }
        self.refresh_copy();
        self.fit_ways();
        self.watch_keyring();
        self.recall_passwords();
        self.notice(format!("Read {count} mailboxes"), Some(path.to_path_buf()));
    }

    /// Stores a password and makes the row ready for another try.
    pub(in crate::engine) async fn set_password(&mut self, id: MailboxId, side: Side, secret: Secret) {
        let Some(whose) = self.open.as_ref().and_then(|open| open.whose(id, side)) else { return };
        let place = self.passwords().set(&whose, secret).await;
        self.show_password(id, side, place);
        self.watch_keyring();
        self.go_on_by_itself();
    }

    /// Deletes every password and sign-in of the project's mailboxes.
    pub(super) async fn delete_passwords(&mut self) {
        if self.refuse_while_copying("delete the passwords") {
            return;
        }
        let Some(open) = self.open.as_ref() else { return };
        let mut whose = Vec::new();
        let mut sign_ins = Vec::new();
        for row in open.view.mailboxes.iter() {
            for side in [Side::Source, Side::Destination] {
                whose.extend(open.whose(row.id, side));
                if let Credential::SignedIn(provider) = &row.mailbox.way(side).credential {
                    sign_ins.push((provider.clone(), row.mailbox.user(side).to_owned()));
                }
            }
        }
        let passwords = self.passwords();
        let grants = Grants::new(passwords.store_of_grants());
        // All at once, so that a locked keyring delays the engine once and not once per password.
        let deleted = futures::future::join_all(whose.iter().map(|whose| passwords.delete(whose)));
        let forgotten =
            futures::future::join_all(sign_ins.iter().map(|(provider, user)| grants.forget(provider, user)));
        let (deleted, forgotten) = futures::future::join(deleted, forgotten).await;
        if let Some(open) = self.open.as_mut() {
            for row in Arc::make_mut(&mut open.view.mailboxes) {
                for side in [Side::Source, Side::Destination] {
                    *sign_in_of(row, side) = SignInView::default();
                }
            }
        }
        self.recall_passwords();
        let keys = self.list_keys.forget_all().await;
        if deleted.into_iter().chain(forgotten).chain([keys]).any(|deletion| deletion == Deletion::Waits) {
            return self.fail(explain::passwords_not_deleted(&passwords.status()));
        }
        self.notice("No password of this project is stored any more", None);
    }

    /// Resets the sign-ins on one side after its server changed, also in the file.
    pub(super) fn forget_sign_ins(&mut self, side: Side) {
        let Some(open) = self.open.as_mut() else { return };
        open.forget_sign_ins(side);
        let rows: Vec<MailboxId> = open.view.mailboxes.iter().map(|row| row.id).collect();
        self.store(|project| rows.iter().try_for_each(|id| project.set_sign_in(*id, side, None)));
    }

    /// Discards plans made for another server or user.
    pub(in crate::engine) fn forget_plans(&mut self, whose: Option<MailboxId>) {
        let stale = self.open.as_mut().map(|open| open.forget_plans(whose)).unwrap_or_default();
        if !stale.is_empty() {
            self.store(|project| project.forget_plans(&stale));
        }
    }

    /// Adds or updates a row; a changed user name resets its sign-in state.
    fn show_imported(&mut self, id: MailboxId, mailbox: Mailbox) {
        let Some(shown) = self.open.as_mut().and_then(|open| open.mailbox_mut(id)) else {
            return self.show_mailbox(id, mailbox);
        };
        let sides = [
            (shown.mailbox.source_user != mailbox.source_user, Side::Source),
            (shown.mailbox.destination_user != mailbox.destination_user, Side::Destination),
            (shown.mailbox.ways.source != mailbox.ways.source, Side::Source),
            (shown.mailbox.ways.destination != mailbox.ways.destination, Side::Destination),
        ];
        let mut is_changed = false;
        for (side_changed, side) in sides {
            if side_changed {
                *sign_in_of(shown, side) = SignInView::default();
                is_changed = true;
            }
        }
        shown.mailbox = mailbox;
        if is_changed {
            self.forget_plans(Some(id));
        }
    }

    /// Makes the row ready for another try with its new password.
    fn show_password(&mut self, id: MailboxId, side: Side, place: PasswordPlace) {
        if let Some(row) = self.open.as_mut().and_then(|open| open.mailbox_mut(id)) {
            *sign_in_of(row, side) = SignInView { password: place, ..SignInView::default() };
        }
    }

    /// Looks up in the background which mailboxes have a password, so that the window never waits for a keyring.
    pub(super) fn recall_passwords(&mut self) {
        self.refresh_sign_ins();
        let Some(open) = self.open.as_mut() else { return };
        let mut asked = Vec::new();
        for row in Arc::make_mut(&mut open.view.mailboxes) {
            for side in [Side::Source, Side::Destination] {
                if row.mailbox.way(side).needs_password() {
                    asked.push((row.id, side));
                    let sign_in = sign_in_of(row, side);
                    if !sign_in.has_password() {
                        sign_in.password = PasswordPlace::Asked;
                    }
                } else {
                    // Tokens come from their own source.
                    sign_in_of(row, side).password = PasswordPlace::NotNeeded;
                }
            }
        }
        let asked: Vec<Whose> = asked.into_iter().filter_map(|(id, side)| open.whose(id, side)).collect();
        if asked.is_empty() {
            return self.go_on_by_itself();
        }
        let passwords = self.passwords();
        self.launch(
            JobKind::RecallPasswords,
            |context| async move {
                let mut known = Vec::new();
                let mut is_silent = false;
                for whose in asked {
                    if context.token.is_cancelled() {
                        return known;
                    }
                    // Do not wait a hundred times for a keyring that did not answer once.
                    let place =
                        if is_silent { PasswordPlace::NoAnswer } else { passwords.look(&whose).await.place };
                    is_silent |= place == PasswordPlace::NoAnswer;
                    known.push(KnownPassword { mailbox: whose.mailbox, side: whose.side, place });
                }
                known
            },
            |number, known| Message::PasswordsRecalled { number, known },
        );
    }

    /// Signs in on both sides of these mailboxes, or of all chosen ones.
    pub(super) fn test_sign_in(&mut self, wanted: &[MailboxId]) {
        let Some(open) = self.open.as_mut() else { return };
        // A new round replaces the old one, so it includes attempts still in progress.
        let wanted: Vec<MailboxId> = if wanted.is_empty() {
            Vec::new()
        } else {
            let is_running = |row: &&MailboxView| {
                row.source.state == SignInState::SigningIn || row.destination.state == SignInState::SigningIn
            };
            let running = open.view.mailboxes.iter().filter(is_running).map(|row| row.id);
            wanted.iter().copied().chain(running).collect()
        };
        let source = open.view.domain.source_server.clone();
        let destination = open.view.destination.server.clone();
        let attempts = open.sign_in_attempts(&wanted);
        for attempt in &attempts {
            if let Some(row) = open.mailbox_mut(attempt.mailbox) {
                let view = sign_in_of(row, attempt.side);
                view.state = SignInState::SigningIn;
                view.error = None;
            }
        }
        let missing = match (source, destination) {
            (None, _) => Some(explain::no_source_server()),
            (_, None) => Some(explain::no_destination()),
            _ => None,
        };
        if let Some(error) = missing {
            for row in Arc::make_mut(&mut open.view.mailboxes) {
                for view in [&mut row.source, &mut row.destination] {
                    if view.state == SignInState::SigningIn {
                        view.state = SignInState::NotTried;
                    }
                }
            }
            return self.fail(error);
        }
        let uuid = open.project.uuid().to_owned();
        let passwords = self.passwords();
        let parallel = self.limit_connections().map_or(1, |run| run.mailboxes);
        self.launch(
            JobKind::SignIn,
            |context| crate::engine::jobs::sign_in::run(attempts, uuid, passwords, parallel, context),
            |number, ()| Message::SignInsEnded { number },
        );
    }

    /// Where the passwords of the open project are; practice passwords never touch the keyring.
    pub(in crate::engine) fn passwords(&self) -> Passwords {
        match &self.open {
            Some(open) if open.project.is_practice() => self.passwords.without_keyring(),
            _ => self.passwords.clone(),
        }
    }

    /// Tries the OS keyring again.
    pub(super) async fn retry_keyring(&mut self) {
        self.passwords.retry().await;
        self.watch_keyring();
        self.recall_passwords();
    }

    /// Takes over where passwords are kept.
    pub(in crate::engine) fn watch_keyring(&mut self) {
        let status = explain::keyring_status(&self.passwords().status());
        if status != self.keyring {
            // Move session passwords into a keyring that becomes available.
            let has_opened = status == KeyringStatus::System && self.keyring == KeyringStatus::WaitsForUnlock;
            self.keyring = status;
            self.touch();
            if has_opened && !self.jobs.is_running(JobKind::RecallPasswords) {
                self.recall_passwords();
            }
        }
    }
}
