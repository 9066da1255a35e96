//! The engine: Command in, Snapshot and Event out. Owns tokio, the tasks and their cancellation.

mod actor;
mod certificates;
mod clean_text;
mod command;
mod commands;
mod config;
mod confirmed;
mod copy_control;
mod copy_job;
mod copy_limits;
mod copy_meter;
mod copy_snapshot;
mod copy_view;
mod copy_words;
mod core_files;
mod counted_folders;
mod event;
mod explain;
mod find_server;
mod forecasts;
pub mod headless;
mod input;
mod interrupts;
mod jobs;
mod known_provider;
mod log;
mod mailbox_watch;
mod message_list;
mod messages;
mod open_copy;
mod open_project;
mod open_records;
mod output_file;
mod passwords;
mod pins;
mod plan_job;
mod practice;
mod reaches;
mod recent;
mod report_input;
mod sign_in_job;
mod snapshot;
mod standing;
mod start;
mod step;
mod survey_job;
mod temporary;
mod throughput;
mod user_error;

pub use certificates::{CertificateQuestion, certificate_questions};
pub use clean_text::CleanText;
pub use command::{AuditOptions, Command, PracticeTrouble, ReportFormat};
pub use copy_snapshot::{
    Connections, CopyPhase, CopyView, FolderProgress, MailboxProgress, MailboxProgressState, MessageListView,
    MessageOutcome, MessagesView, PauseGroup, ProblemGroup, UnderWayView,
};
pub use copy_words::{
    elsewhere_words, goes_on_words, is_all_copied, project_line, result_words, trial_words,
};
pub use core_files::keep_no_core_files;
pub use event::{Event, Notice};
pub use explain::{not_written, reason_words, rename_words, why};
pub use input::{InputError, is_readable_by_others, read_input, read_secret, read_text_input};
pub use log::{LogRing, RingLayer};
pub use message_list::MessageListFormat;
pub use output_file::{OutputError, check_output, write_output};
pub use snapshot::{
    ApprovedCertificate, AuditView, CertificateView, DestinationView, DomainView, ForecastsView,
    KeyringStatus, LogLine, MailboxView, PasswordPlace, PlanView, PracticeLogins, ProjectView, RecentProject,
    RecordsView, SavedView, ServerCandidate, SignInState, SignInView, Snapshot,
};
pub use standing::{
    CopyStanding, copied_to, copy_percent, copy_standing, is_asking_keyring, is_keyring_unlocked,
    is_report_saved, is_zone_saved, missing_passwords, saved_stages,
};
pub use start::{Engine, EngineConfig, SecretsPolicy, Verify, Waker};
pub use step::{Readiness, Step, StepState, readiness, step_line, step_state};
pub use temporary::{remove_abandoned_projects, temporary_project};
pub use user_error::{FolderRemark, UserError, WayOut};

pub use crate::imap::{Compression, Timeouts};
pub use crate::project::is_same_place;
pub use crate::project::{CopyRoute, EarlierCopy};
pub use crate::transfer::LargeMessage;

/// What the faces hold: a way to send commands, the newest snapshot, and the events since the last look.
///
/// A trait so that page tests can put a fake behind the window.
pub trait EngineHandle {
    /// Sends a command; false when the queue is full or the engine has ended.
    fn send(&self, command: Command) -> bool;
    /// The newest snapshot; cheap.
    fn snapshot(&self) -> std::sync::Arc<Snapshot>;
    /// The next event, oldest first, or `None`.
    fn next_event(&self) -> Option<Event>;
}
