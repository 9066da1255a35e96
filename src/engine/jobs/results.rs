use std::path::PathBuf;

use crate::audit::AuditReport;
use crate::cutover::{Round, TestMessage};
use crate::engine::api::sign_ins::KnownClient;
use crate::engine::api::snapshot::PasswordPlace;
use crate::engine::api::snapshot::ServerCandidate;
use crate::engine::api::snapshot::SignInView;
use crate::engine::api::user_error::UserError;
use crate::engine::job_kind::JobKind;
use crate::engine::jobs::consent::Asked;
use crate::engine::jobs::sign_in::Found;
use crate::plan::{MailboxPlan, Oversize};
use crate::records::CurrentZone;
use crate::secrets::Kept;
use crate::values::{MailboxId, Side, SignInId};

/// Where a password is.
pub(in crate::engine) struct KnownPassword {
    pub(in crate::engine) mailbox: MailboxId,
    pub(in crate::engine) side: Side,
    pub(in crate::engine) place: PasswordPlace,
}

/// Results of jobs. Each carries the job's number; stale results are dropped.
pub(in crate::engine) enum Message {
    /// The search for the IMAP server ended.
    ServersFound { number: u64, result: Result<Vec<ServerCandidate>, Box<UserError>> },
    /// Progress of the audit.
    AuditProgress { number: u64, done: usize, total: usize, what: String },
    /// The audit ended: the report and its facts as JSON.
    AuditDone { number: u64, result: Result<Box<(AuditReport, String)>, Box<UserError>> },
    /// The passwords were looked up.
    PasswordsRecalled { number: u64, known: Vec<KnownPassword> },
    /// The owner's applications at providers were looked up.
    ClientsRecalled { number: u64, known: Vec<(SignInId, KnownClient)> },
    /// A sign-in at a provider asks something of the person.
    Asked { number: u64, asked: Asked },
    /// A sign-in at a provider ended; `None` where it was given up.
    Consented { number: u64, outcome: Option<Result<Kept, Box<UserError>>> },
    /// One sign-in ended.
    SignedIn { number: u64, mailbox: MailboxId, side: Side, view: Box<SignInView>, found: Box<Found> },
    /// A job waits before it retries a failing server.
    Waits { kind: JobKind, number: u64, mailbox: MailboxId, seconds: u64, words: String },
    /// All sign-ins ended.
    SignInsEnded { number: u64 },
    /// One mailbox was counted and mapped.
    Planned { number: u64, mailbox: MailboxId, result: Result<(MailboxPlan, Oversize), Box<UserError>> },
    /// All mailboxes were counted.
    PlansEnded { number: u64 },
    /// The copy ended, with the words of its verification.
    CopyEnded { number: u64, outcome: crate::engine::open_project::copy_work::Outcome },
    /// The message list was written, with its number of messages.
    MessagesSaved { number: u64, path: PathBuf, result: Result<u64, Box<UserError>> },
    /// The zone was read.
    ZoneRead { number: u64, result: Result<Box<CurrentZone>, Box<UserError>> },
    /// So many of those that are asked about the switch have answered.
    SwitchAsked { number: u64, done: usize, all: usize },
    /// Everybody was asked about the switch.
    SwitchLooked { number: u64, result: Result<Box<Round>, Box<UserError>> },
    /// Test messages were judged.
    TestsJudged { number: u64, result: Result<Vec<TestMessage>, Box<UserError>> },
    /// The practice servers stopped, which they do only on request or on failure.
    PracticeEnded { number: u64 },
    /// A job panicked.
    Panicked { kind: JobKind, number: u64, words: String },
}

impl Message {
    /// Whether this is only progress, which can wait for the next tick.
    pub(in crate::engine) const fn is_progress(&self) -> bool {
        matches!(
            self,
            Self::AuditProgress { .. }
                | Self::Asked { .. }
                | Self::Planned { .. }
                | Self::SignedIn { .. }
                | Self::SwitchAsked { .. }
                | Self::Waits { .. }
        )
    }

    pub(in crate::engine) const fn job(&self) -> (JobKind, u64) {
        match self {
            Self::ServersFound { number, .. } => (JobKind::FindServer, *number),
            Self::AuditProgress { number, .. } | Self::AuditDone { number, .. } => (JobKind::Audit, *number),
            Self::PasswordsRecalled { number, .. } => (JobKind::RecallPasswords, *number),
            Self::ClientsRecalled { number, .. } => (JobKind::RecallClients, *number),
            Self::Asked { number, .. } | Self::Consented { number, .. } => (JobKind::Consent, *number),
            Self::SignedIn { number, .. } | Self::SignInsEnded { number } => (JobKind::SignIn, *number),
            Self::Planned { number, .. } | Self::PlansEnded { number } => (JobKind::Plan, *number),
            Self::CopyEnded { number, .. } => (JobKind::Copy, *number),
            Self::MessagesSaved { number, .. } => (JobKind::SaveMessages, *number),
            Self::ZoneRead { number, .. } => (JobKind::Records, *number),
            Self::SwitchAsked { number, .. } | Self::SwitchLooked { number, .. } => {
                (JobKind::Switch, *number)
            }
            Self::TestsJudged { number, .. } => (JobKind::TestMessages, *number),
            Self::PracticeEnded { number } => (JobKind::Practice, *number),
            Self::Waits { kind, number, .. } | Self::Panicked { kind, number, .. } => (*kind, *number),
        }
    }
}
