//! Commands, one file per part of the project.

mod accounts;
mod audit;
mod certificates;
mod copy;
pub(in crate::engine) mod copy_view;
mod destination;
mod domain;
mod exports;
pub(in crate::engine) mod job_results;
mod list_keys;
mod mailboxes;
mod messages;
mod plan;
pub(in crate::engine) mod practice;
mod practice_zone;
mod projects;
mod provider_sign_ins;
mod records;
mod switch;
mod trust;

use crate::engine::actor::{Actor, Next};
use crate::engine::api::command::{Command, NeighbourScope};
use crate::engine::api::message_list_format::MessageListFormat;
use crate::engine::explain;

impl Actor {
    /// Handles one command.
    #[expect(clippy::too_many_lines, reason = "a line or two for each command")]
    pub(super) async fn take(&mut self, command: Command) -> Next {
        self.touch();
        if self.refuse_unconfirmed(&command) {
            return Next::Continue;
        }
        match command {
            Command::Quit => return Next::Quit,
            Command::NewProject { domain, path } => self.new_project(&domain, path).await,
            Command::OpenProject(path) => self.open_project(&path).await,
            Command::OpenFacts(path) => self.open_facts(&path).await,
            Command::Rehearse => Box::pin(self.rehearse()).await,
            Command::DeleteRehearsal(path) => self.delete_rehearsal(&path),
            Command::ForgetProject(path) => self.recent.forget(&path),
            Command::ListProject(project) => self.recent.remember(project),
            Command::CloseProject => self.close_project().await,
            Command::ConfirmProject => self.confirm_project(),
            Command::FindServer => self.find_server(),
            Command::SetSourceServer(server) => self.set_source_server(server),
            Command::SetAuditOptions(options) => self.set_audit_options(options),
            Command::ReadEvidence(paths) => self.read_evidence(paths),
            Command::ReadMailboxes => self.read_mailboxes(),
            Command::AnswerOwner(owner) => self.answer_owner(owner),
            Command::Overrule(overrule) => self.overrule(overrule),
            Command::CheckAgain(id) => self.check_again(id),
            Command::TakeProbeOutput(output) => self.take_probe_output(&output),
            Command::RunAudit => self.run_audit(NeighbourScope::None),
            Command::AskNeighbours(scope) => self.run_audit(scope),
            Command::CancelAudit => self.cancel_audit(),
            Command::ExportAudit { path, format } => self.export_audit(&path, format),
            Command::ExportFacts(path) => self.export_facts(&path),
            Command::AddProviderFile(path) => self.add_provider_file(&path),
            Command::ChooseDestination { provider, server } => self.choose_destination(provider, server),
            Command::AddMailbox(address) => self.add_mailbox(&address),
            Command::SetUser { mailbox, side, user } => self.set_user(mailbox, side, &user),
            Command::SetSignInWay { mailbox, side, way } => self.set_sign_in_way(mailbox, side, way).await,
            Command::ChooseMailbox { mailbox, is_chosen } => self.choose_mailbox(mailbox, is_chosen),
            Command::LeaveOut(mailboxes) => {
                for mailbox in mailboxes {
                    self.choose_mailbox(mailbox, false);
                }
            }
            Command::SettleRest { mailboxes, rest } => self.settle_rest(&mailboxes, rest),
            Command::RemoveMailbox(mailbox) => self.remove_mailbox(mailbox).await,
            Command::ImportCsv(path) => self.import_csv(&path).await,
            Command::ReadAccounts(paths) => self.read_accounts(&paths, None).await,
            Command::ReadAccountsAs { paths, format } => self.read_accounts(&paths, Some(format)).await,
            Command::PasteAccounts(text) => self.paste_accounts(&text),
            Command::TakeAccounts(domains) => self.take_accounts(&domains),
            Command::DiscardAccounts => self.discard_accounts(),
            Command::UndoAccounts => self.undo_accounts().await,
            Command::ExportAccounts { path, format, has_passwords } => {
                self.export_accounts(&path, format, has_passwords).await;
            }
            Command::SetPassword { mailbox, side, secret } => self.set_password(mailbox, side, secret).await,
            Command::SetListKey { operator, key } => self.set_list_key(&operator, &key).await,
            Command::ForgetListKey(operator) => self.forget_list_key(&operator).await,
            Command::DeletePasswords => self.delete_passwords().await,
            Command::TestSignIn { mailboxes } => self.test_sign_in(&mailboxes),
            Command::SetClientApp { provider, client } => self.set_client_app(&provider, client).await,
            Command::ForgetClientApp(provider) => self.forget_client_app(&provider).await,
            Command::SignInAtProvider { mailbox, side, way } => self.sign_in_at_provider(mailbox, side, way),
            Command::CancelProviderSignIn => self.cancel_provider_sign_in(),
            Command::UseKeyFile { side, path } => self.use_key_file(side, &path).await,
            Command::SaveExchangeScript { path, script, app } => {
                self.save_exchange_script(&path, script, &app);
            }
            Command::TrustCertificate { server, fingerprint } => self.trust_certificate(&server, fingerprint),
            Command::RetryKeyring => self.retry_keyring().await,
            Command::BuildPlan => self.build_plan(),
            Command::LeaveUncounted(patterns) => {
                if let Some(open) = self.open.as_mut() {
                    open.excluded = patterns;
                }
            }
            Command::IncludeFolder { mailbox, folder, is_included } => {
                self.change_folder(mailbox, &folder, |change| change.is_included = Some(is_included));
            }
            Command::RenameFolder { mailbox, folder, destination } => {
                self.rename_folder(mailbox, &folder, &destination);
            }
            Command::StartCopy | Command::ResumeCopy => self.start_copy(),
            Command::MergeFolder { mailbox, folder, destination } => {
                self.merge_folder(mailbox, &folder, &destination);
            }
            Command::TryCopy { messages } => self.try_copy(messages),
            Command::VerifyCopy(depth) => self.verify_copy(depth),
            Command::SetCopyOptions(options) => self.set_copy_options(options),
            Command::NameAccounts { are_same } => self.name_accounts(are_same),
            Command::GoWithoutAccountLock => self.go_without_account_lock(),
            Command::PauseMailbox(mailbox) => self.pause_mailbox(mailbox, true),
            Command::ResumeMailbox(mailbox) => self.pause_mailbox(mailbox, false),
            Command::RetryMailbox(mailbox) => self.retry_mailbox(mailbox),
            Command::MakeTrouble(trouble) => self.make_trouble(trouble),
            Command::PublishInPractice(stage) => self.publish_in_practice(stage),
            Command::LetTimePass => self.let_time_pass(),
            Command::TryNow => self.try_now(),
            Command::PauseCopy => self.pause_copy(),
            Command::StopCopy => self.stop_copy(),
            Command::RetryFailed => self.retry_failed(),
            Command::PrepareRecords => self.prepare_records(),
            Command::SetAnswer { name, value } => self.set_answer(&name, &value),
            Command::KeepSender { term, is_kept } => self.keep_sender(&term, is_kept),
            Command::ExportZone { path, stage, format } => self.export_zone(&path, stage, format),
            Command::LookAtSwitch => self.look_at_switch(),
            Command::JudgeMessages(paths) => self.judge_messages(paths),
            Command::FindTestMessages(mailbox) => self.find_test_messages(mailbox),
            Command::CancelLook => self.cancel_look(),
            Command::WatchSwitch(is_on) => self.watch_switch(is_on),
            Command::AskPublicResolvers(is_on) => self.ask_public_resolvers(is_on),
            Command::SweepLateMail => self.sweep_late_mail(),
            Command::ExportWayBack { path, format } => self.export_way_back(&path, format),
            Command::FinishMove => self.finish_move(),
            Command::TickReminder { kind, is_done } => self.tick_reminder(kind, is_done),
            Command::ShowMessages { query, first } => self.show_messages(&query, first),
            Command::HideMessages => self.hide_messages(),
            Command::SaveMessages(path) => match MessageListFormat::of(&path) {
                Some(format) => self.save_messages(path, format),
                None => self.fail(explain::message_list_name(&path)),
            },
            Command::SaveMessagesAs(path, format) => self.save_messages(path, format),
            Command::SaveLog(path) => self.save_log(&path),
            Command::SaveReport { path, format } => self.save_report(&path, format),
        }
        Next::Continue
    }
}
