use crate::engine::actor::Actor;
use crate::engine::api::command::Command;
use crate::values::UnixTime;

impl Actor {
    /// Whether this command must wait until the user has agreed to what the open project would do; if so, it is refused in
    /// words. Commands that run, read and send nothing are always allowed.
    pub(super) fn refuse_unconfirmed(&mut self, command: &Command) -> bool {
        let is_harmless = matches!(
            command,
            Command::Quit
                | Command::NewProject { .. }
                | Command::OpenProject(_)
                | Command::OpenFacts(_)
                | Command::Rehearse
                | Command::DeleteRehearsal(_)
                | Command::ForgetProject(_)
                | Command::ListProject(_)
                | Command::CloseProject
                | Command::ConfirmProject
                | Command::GoWithoutAccountLock
                | Command::CancelAudit
                | Command::ShowMessages { .. }
                | Command::HideMessages
                | Command::SaveMessages(_)
                | Command::SaveMessagesAs(..)
                | Command::ExportAudit { .. }
                | Command::ExportFacts(_)
                | Command::ExportZone { .. }
                | Command::SaveLog(_)
                | Command::SaveReport { .. }
                | Command::CancelProviderSignIn
                | Command::SaveExchangeScript { .. }
                | Command::DiscardAccounts
                | Command::CancelLook
                | Command::WatchSwitch(false)
                | Command::ExportWayBack { .. }
                | Command::TickReminder { .. }
        );
        let Some(open) = self.open.as_mut().filter(|_| !is_harmless) else { return false };
        let Some(question) = open.view.question_of_trust() else {
            open.has_new_reach = true;
            return false;
        };
        self.fail(question);
        true
    }

    /// The user agrees to what the project would do.
    pub(super) fn confirm_project(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        open.view.unconfirmed = std::sync::Arc::default();
        open.has_new_reach = true;
        self.keep_confirmed();
        self.begin_with_project();
    }

    /// Remembers that what the user entered on this computer needs no confirmation here.
    pub(in crate::engine) fn keep_confirmed(&mut self) {
        let Some(open) = self.open.as_mut().filter(|open| open.view.unconfirmed.is_empty()) else { return };
        if !std::mem::take(&mut open.has_new_reach) {
            return;
        }
        let uuid = open.project.uuid().to_owned();
        let reaches = open.reaches();
        if let Err(error) = self.confirmed.confirm(&uuid, &reaches, UnixTime::now()) {
            self.notice(
                format!("Mailferry will ask again next time what this project may do: {error}"),
                None,
            );
        }
    }
}
