use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::{AuditOptions, UserError};
use crate::audit::AuditReport;
use crate::plan::{
    CopyOptions, FolderPath, Forecast, LedgerSum, Mailbox, MailboxId, MailboxPlan, MessageQuery,
    MessageState, Oversize, ProblemId, ProofSummary, Side,
};
use crate::providers::{Comparison, ProviderId};
use crate::records::RecordsPlan;
use crate::values::{Bytes, DomainName, Endpoint, Fingerprint, UnixTime};

/// Everything that the faces may show, at one moment. Immutable, latest wins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The open project; `None` on the start page.
    pub project: Option<ProjectView>,
    /// Projects opened before, newest first.
    pub recent: Vec<RecentProject>,
    /// Why the last attempt to open or make a project failed; the start page shows it.
    pub open_error: Option<UserError>,
    /// What the program does now, in one sentence; empty when it rests.
    pub activity: String,
    /// Where passwords are kept.
    pub keyring: KeyringStatus,
    /// The newest lines of the log, oldest first, without secrets.
    pub log: Arc<Vec<LogLine>>,
    /// Events that were lost because nobody fetched them.
    pub lost_events: u64,
    /// Commands that the engine has taken since its start.
    pub commands_taken: u64,
    /// Local wall clock at the time of the snapshot.
    pub now: UnixTime,
}

/// A project on the start page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecentProject {
    /// Its file.
    pub path: PathBuf,
    /// Its domain.
    pub domain: DomainName,
    /// Where it stands: `Copying, 61%`.
    pub state: String,
    /// When it was last open.
    pub at: UnixTime,
}

/// One line of the log page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When.
    pub at: UnixTime,
    /// `info`, `warn` or `error`.
    pub level: String,
    /// What.
    pub text: String,
}

/// Where passwords are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeyringStatus {
    /// Not asked yet.
    #[default]
    Unknown,
    /// The system keyring answers.
    System,
    /// The system keyring waits to be unlocked.
    WaitsForUnlock,
    /// No keyring runs: passwords are kept until the program ends. The words say why.
    ThisSessionOnly(String),
}

/// The open project.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectView {
    /// Its file.
    pub path: PathBuf,
    /// Whether its servers, DNS and provider are embedded.
    pub is_practice: bool,
    /// Sample log-ins of a practice project.
    pub practice_logins: Option<PracticeLogins>,
    /// Whether the program ended without being asked to while the project was open last time.
    pub was_interrupted: bool,
    /// When the newest change was saved.
    pub saved_at: UnixTime,
    /// Step Domain.
    pub domain: DomainView,
    /// Step Audit.
    pub audit: AuditView,
    /// Step Destination.
    pub destination: DestinationView,
    /// Step Mailboxes, in the order of the table.
    pub mailboxes: Arc<Vec<MailboxView>>,
    /// Step Plan.
    pub plan: PlanView,
    /// Step Copy.
    pub copy: CopyView,
    /// Messages one by one, on demand.
    pub messages: MessagesView,
    /// Step Records.
    pub records: RecordsView,
    /// Where the final report was last saved.
    pub report_saved: Option<PathBuf>,
}

impl ProjectView {
    /// Where messages go as files that the destination will not have: beside the project file.
    pub fn export_folder(&self) -> PathBuf {
        let stem = self.path.file_stem().unwrap_or(self.path.as_os_str()).to_string_lossy();
        self.path.with_file_name(format!("{stem}-exported"))
    }
}

/// Log-ins that a practice project comes with, so that a newcomer need not invent any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PracticeLogins {
    /// What the pages say about them.
    pub words: String,
}

/// Step Domain.
#[derive(Clone, Debug, PartialEq)]
pub struct DomainView {
    /// The domain.
    pub name: DomainName,
    /// The IMAP server that mail is copied from.
    pub source_server: Option<Endpoint>,
    /// Servers that were found, best first.
    pub candidates: Vec<ServerCandidate>,
    /// Whether the search runs.
    pub is_searching: bool,
    /// Why the search failed.
    pub search_error: Option<UserError>,
    /// What the audit is asked with.
    pub audit_options: AuditOptions,
}

/// An IMAP server that was found, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCandidate {
    /// The server.
    pub server: Endpoint,
    /// `SRV record _imaps._tcp`, `autoconfig file`, `MX name`.
    pub found_by: String,
}

/// Step Audit.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum AuditView {
    /// Not asked yet.
    #[default]
    NotRun,
    /// Asking.
    Running {
        /// Questions answered.
        done: usize,
        /// Questions known so far.
        total: usize,
        /// What is asked now.
        what: String,
        /// The report of an earlier run, which stays on show.
        previous: Option<Arc<AuditReport>>,
    },
    /// Done.
    Done(Arc<AuditReport>),
    /// Could not be done at all.
    Failed(UserError),
}

impl AuditView {
    /// The report to show, also while a new one is made.
    pub fn report(&self) -> Option<&Arc<AuditReport>> {
        match self {
            Self::Done(report) => Some(report),
            Self::Running { previous, .. } => previous.as_ref(),
            Self::NotRun | Self::Failed(_) => None,
        }
    }
}

/// Step Destination.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DestinationView {
    /// Every provider measured against the own mail.
    pub comparisons: Arc<Vec<Comparison>>,
    /// The chosen provider and its name.
    pub chosen: Option<(ProviderId, String)>,
    /// Its IMAP server.
    pub server: Option<Endpoint>,
}

/// A row of the mailbox table.
#[derive(Clone, Debug, PartialEq)]
pub struct MailboxView {
    /// Its number.
    pub id: MailboxId,
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Sign-in at the source.
    pub source: SignInView,
    /// Sign-in at the destination.
    pub destination: SignInView,
    /// Messages and bytes counted at the source.
    pub counted: Option<(u64, Bytes)>,
}

impl MailboxView {
    /// Sign-in on this side.
    pub fn sign_in(&self, side: Side) -> &SignInView {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }
}

/// Sign-in of one mailbox on one side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignInView {
    /// Whether a password is kept.
    pub has_password: bool,
    /// How the last attempt went.
    pub state: SignInState,
    /// What went wrong, with ways out.
    pub error: Option<UserError>,
    /// `Dovecot, TLS 1.3`, after a success.
    pub server_words: String,
}

/// States of a sign-in, in the words of the table.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum SignInState {
    /// Not tried yet.
    #[default]
    NotTried,
    /// Under way.
    SigningIn,
    /// Signed in and folders listed.
    SignedIn,
    /// No password is kept.
    NeedsPassword,
    /// The provider wants an app password.
    NeedsAppPassword,
    /// The password was refused.
    PasswordRefused,
    /// The server knows no such mailbox.
    NoSuchMailbox,
    /// The certificate is not known; it can be trusted by its fingerprint.
    CertificateNotKnown(CertificateView),
    /// The server was not reached.
    ServerNotReached,
    /// Anything else; the error says what.
    Failed,
}

/// A certificate that no known authority vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateView {
    /// The server that showed it.
    pub server: Endpoint,
    /// SHA-256.
    pub fingerprint: Fingerprint,
    /// The names in it.
    pub names: Vec<String>,
    /// Who signed it.
    pub issuer: String,
    /// First moment of validity.
    pub valid_from: UnixTime,
    /// Last moment of validity.
    pub valid_until: UnixTime,
    /// Why it is not trusted, in words.
    pub problem: String,
}

/// Step Plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanView {
    /// Mailboxes being counted now and in all; `None` when nothing is counted.
    pub counting: Option<(usize, usize)>,
    /// Plans by mailbox.
    pub mailboxes: Arc<BTreeMap<MailboxId, MailboxPlan>>,
    /// Mailboxes that could not be counted.
    pub errors: BTreeMap<MailboxId, UserError>,
    /// When the count was made.
    pub counted_at: Option<UnixTime>,
    /// What the owner asks of the copy.
    pub options: CopyOptions,
    /// Messages that are larger than the destination takes, by mailbox.
    pub oversize: Arc<BTreeMap<MailboxId, Oversize>>,
    /// How long the copy will take.
    pub forecasts: ForecastsView,
    /// What is to be known before the start, in sentences, by mailbox.
    pub warnings: BTreeMap<MailboxId, Vec<String>>,
}

/// How long the copy will take, as far as anything honest can be said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForecastsView {
    /// All mailboxes together.
    pub all: Option<Forecast>,
    /// Each one alone.
    pub mailboxes: BTreeMap<MailboxId, Forecast>,
}

/// What the copy does as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CopyPhase {
    /// Never started.
    #[default]
    NotStarted,
    /// Running.
    Running,
    /// Finishing the messages under way before a pause.
    Pausing,
    /// Paused by the user.
    Paused,
    /// Finishing the messages under way before a stop.
    Stopping,
    /// Stopped by the user, or interrupted with the program; can be started again.
    Stopped,
    /// Every row is in a final state.
    Finished,
}

/// Step Copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CopyView {
    /// What it does as a whole.
    pub phase: CopyPhase,
    /// The ledger as a sum.
    pub sum: LedgerSum,
    /// Bytes in final states.
    pub bytes_done: Bytes,
    /// Bytes that the plan has.
    pub bytes_total: Bytes,
    /// Messages of each folder that the newest run was limited to, where it was a trial.
    pub trial: Option<u32>,
    /// Bytes per second over the last seconds; `None` before anything is measured, and at rest.
    pub bytes_per_second: Option<u64>,
    /// Honest estimate; `None` until it is stable.
    pub seconds_left: Option<u64>,
    /// Open connections at the source and at the destination.
    pub connections: Connections,
    /// Whether nothing is copied, and what was copied before is proven once more.
    pub is_proving: bool,
    /// Copies that are proven, of all that are to be, while that is all that runs.
    pub proven: (u64, u64),
    /// Pauses that servers asked for, the longest first.
    pub pauses: Vec<PauseGroup>,
    /// Mailboxes in table order.
    pub mailboxes: Vec<MailboxProgress>,
    /// Bytes per second over time, oldest first; at most a few hundred points.
    pub throughput: Arc<Vec<(UnixTime, u64)>>,
    /// Problems by cause, worst first.
    pub problems: Vec<ProblemGroup>,
    /// When the copy was first started.
    pub started_at: Option<UnixTime>,
    /// When it came to its end.
    pub finished_at: Option<UnixTime>,
    /// What the proof after the copy said, in words.
    pub proof: Option<String>,
    /// The same in figures.
    pub proof_counts: Option<ProofSummary>,
}

/// Open connections, on each side as many as there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// At the server that is read.
    pub source: usize,
    /// At the server that is written.
    pub destination: usize,
}

/// Pauses that a server asked for in the same words, of all mailboxes together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseGroup {
    /// The server's words.
    pub words: String,
    /// How often.
    pub times: u64,
    /// How long altogether, in seconds.
    pub seconds: u64,
    /// Mailboxes that waited.
    pub mailboxes: usize,
}

/// One mailbox of the copy.
#[derive(Clone, Debug, PartialEq)]
pub struct MailboxProgress {
    /// Which mailbox.
    pub id: MailboxId,
    /// Its address.
    pub address: String,
    /// What it does.
    pub state: MailboxProgressState,
    /// Its ledger as a sum.
    pub sum: LedgerSum,
    /// Bytes in final states.
    pub bytes_done: Bytes,
    /// Bytes that the plan has.
    pub bytes_total: Bytes,
    /// Its folders.
    pub folders: Vec<FolderProgress>,
}

/// What one mailbox does.
#[derive(Clone, Debug, PartialEq)]
pub enum MailboxProgressState {
    /// Waits for its turn.
    Queued,
    /// Copies over these connections.
    Running(Connections),
    /// Its copies are compared with the destination.
    Proving {
        /// Copies that were compared.
        done: u64,
        /// All of them.
        total: u64,
    },
    /// The connection broke for this reason, and is made anew.
    Reconnecting(String),
    /// Goes on by itself at this time; the words say why.
    WaitsUntil(UnixTime, String),
    /// Paused by the user.
    Paused,
    /// Done.
    Done,
    /// Cannot go on without the user.
    Stopped(UserError),
}

/// One folder of the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderProgress {
    /// The folder at the source.
    pub folder: FolderPath,
    /// Its name.
    pub name: String,
    /// Its ledger as a sum.
    pub sum: LedgerSum,
}

/// Messages that share a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemGroup {
    /// Its number, as long as it has messages.
    pub id: ProblemId,
    /// What became of them.
    pub state: MessageState,
    /// The cause in plain words.
    pub cause: String,
    /// How many.
    pub count: u64,
    /// What to do about it; may be empty.
    pub way_out: String,
    /// The first few, as `folder: subject or UID`.
    pub samples: Vec<String>,
}

/// Messages one by one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessagesView {
    /// The rows on show; `None` while nobody asks for them.
    pub list: Option<Arc<MessageListView>>,
    /// Whether the list of all messages is being written.
    pub is_saving: bool,
    /// Where it was last written.
    pub saved: Option<PathBuf>,
}

/// Some of the messages that fit a question; a page shows them at their place among all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageListView {
    /// The question.
    pub query: MessageQuery,
    /// All that fit, by state, whatever state is asked for.
    pub sum: LedgerSum,
    /// How many fit, the state included.
    pub total: u64,
    /// Index of the first row.
    pub first: u64,
    /// Rows from there on.
    pub rows: Vec<MessageOutcome>,
}

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageOutcome {
    /// Its mailbox.
    pub mailbox: MailboxId,
    /// Its folder at the source.
    pub folder: FolderPath,
    /// Its folder at the destination.
    pub destination: FolderPath,
    /// UID at the source.
    pub uid: u32,
    /// UID of the copy, where known.
    pub destination_uid: Option<u32>,
    /// Size at the source.
    pub size: Bytes,
    /// When the source received it, as the source gives it.
    pub date: String,
    /// What became of it.
    pub state: MessageState,
    /// The server's words, the repair or the file; may be empty.
    pub cause: String,
    /// SHA-256 of what was read, in hexadecimal; may be empty.
    pub sha256: String,
}

/// Step Records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordsView {
    /// Whether the zone is being read.
    pub is_preparing: bool,
    /// The diff.
    pub plan: Option<Arc<RecordsPlan>>,
    /// The BIND zone snippet.
    pub zone_text: String,
    /// Answers that the provider's records need: name, question, value so far.
    pub answers: Vec<(String, String, String)>,
    /// Why it failed.
    pub error: Option<UserError>,
    /// Where the snippet was last saved.
    pub saved_to: Option<PathBuf>,
}
