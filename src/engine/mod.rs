//! The engine: Command in, Snapshot and Event out. Owns tokio, the tasks and their cancellation.

mod accounts_files;
mod actor;
mod api;
mod attempt;
mod commands;
mod config;
mod explain;
mod facts_file;
pub mod headless;
mod job_kind;
mod jobs;
mod list_keys;
mod mailbox_list;
mod open_project;
mod outlet;
mod pins;
mod start;
mod system;

pub use api::certificate_questions::{CertificateQuestion, certificate_questions};
pub use api::clean_text::CleanText;
pub use api::command::{AuditOptions, AuditReach, Command, NeighbourScope, PracticeTrouble, ReportFormat};
pub use api::copy_snapshot::{
    Connections, CopyPhase, CopyView, FolderProgress, LostLine, MailboxProgress, MailboxProgressState,
    MessageListView, MessageOutcome, MessagesView, PauseGroup, ProblemGroup, ServerWait, UnderWayView,
};
pub use api::copy_words::{
    AfterClosing, after_closing, elsewhere_words, is_all_copied, lost_words, project_line, result_words,
    server_name, trial_words, wait_words,
};
pub use api::day::date_time;
pub use api::event::{Event, Notice};
pub use api::message_list_format::MessageListFormat;
pub use api::practice_snapshot::PracticeView;
pub use api::sign_ins::{
    ConsentStage, ConsentView, ExchangeApp, ExchangeScript, KnownClient, SideSignIn, SignInsView,
};
pub use api::snapshot::{
    AccountsPreview, AccountsView, ApprovedCertificate, AuditView, CertificateView, CountedFolder,
    DestinationView, DomainEntries, DomainView, ForecastsView, KeyringStatus, LogLine, MailboxView, PartDone,
    PasswordPlace, PlanView, PracticeLogins, ProjectMark, ProjectView, ProviderAnswer, RecentProject,
    RecordsView, SavedView, ServerCandidate, SignInState, SignInView, Snapshot,
};
pub use api::standing::{
    CopyStanding, SavedStages, copied_to, copy_percent, copy_standing, is_asking_keyring,
    is_keyring_unlocked, is_report_saved, is_zone_saved, missing_passwords, saved_stages,
};
pub use api::step::{Cure, Readiness, Step, StepState, readiness, step_line, step_state};
pub use api::switch_snapshot::{LateMailView, ReminderView, SwitchView};
pub use api::user_error::{Advice, FolderRemark, UserError, WayOut};
pub use config::{EngineConfig, SecretsPolicy, Verify, crash_folder};
pub use explain::{DESTINATION_FULL, not_written, reason_words, rename_words, why};
pub use facts_file::read_facts;
pub use mailbox_list::read_mailbox_list;
pub use outlet::Waker;
pub use start::Engine;
pub use system::about::{Library, libraries};
pub use system::core_files::keep_no_core_files;
pub use system::crash_report::{report_crashes, report_crashes_into};
pub use system::input::{InputError, is_readable_by_others, read_input, read_secret, read_text_input};
pub use system::log::{LogRing, RingLayer};
pub use system::output_file::{OutputError, check_output, write_output, write_private};
pub use system::public_resolvers::public_resolvers;
pub use system::temporary::{remove_abandoned_projects, temporary_project};

pub use crate::assets::{
    AppPasswordNeed, AppPasswords, ClientMistake, GuideStep, SignInProvider, check_object_id, check_tenant,
    check_uuid,
};
pub use crate::imap::{Compression, Timeouts};
pub use crate::project::is_same_place;
pub use crate::project::{CopyRoute, EarlierCopy};
pub use crate::rehearsal::{Letters, Tally};
pub use crate::signin::{ClientApp, Clock, DeviceCode, TokenDesk, Way as ConsentWay};
pub use crate::transfer::{LargeMessage, WaitCause};

/// The engine as faces see it: send commands, read the latest snapshot, and fetch events.
///
/// A trait, so that page tests can use a fake engine.
pub trait EngineHandle {
    /// Sends a command; false when the queue is full or the engine has ended.
    fn send(&self, command: Command) -> bool;
    /// The newest snapshot; cheap.
    fn snapshot(&self) -> std::sync::Arc<Snapshot>;
    /// The next event, oldest first, or `None`.
    fn next_event(&self) -> Option<Event>;
}
