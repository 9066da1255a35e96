//! Everything that a face may show, at one moment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::accounts::{AliasPlan, Directory};
use crate::audit::AuditReport;
use crate::audit::verdict::Outcome;
use crate::engine::api::command::AuditOptions;
use crate::engine::api::copy_snapshot::{CopyView, MessagesView};
use crate::engine::api::practice_snapshot::PracticeView;
use crate::engine::api::sign_ins::SignInsView;
use crate::engine::api::switch_snapshot::SwitchView;
use crate::engine::api::user_error::UserError;
use crate::plan::{
    CopyOptions, FolderPath, Forecast, MailVolume, Mailbox, MailboxPlan, Oversize, Reach, SpecialUse,
};
use crate::providers::{Comparison, ProviderId};
use crate::records::{ExportStage, Format, RecordsPlan, SwitchStage};
use crate::values::{Bytes, DomainName, Endpoint, Fingerprint, MailboxId, Side, UnixTime};

/// Everything a face may show, at one moment. Immutable; the latest wins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// The open project; `None` on the start page.
    pub project: Option<ProjectView>,
    /// Projects opened before, newest first.
    pub recent: Vec<RecentProject>,
    /// Why the last attempt to open or create a project failed; the start page shows it.
    pub open_error: Option<UserError>,
    /// What the program is doing, in one sentence; empty when idle.
    pub activity: String,
    /// Where passwords are kept.
    pub keyring: KeyringStatus,
    /// Operators of block lists for which a key of the user's is stored.
    pub list_keys: Vec<String>,
    /// The newest lines of the log, oldest first, without secrets.
    pub log: Arc<Vec<LogLine>>,
    /// Events lost because nobody fetched them.
    pub lost_events: u64,
    /// Commands taken since the engine started.
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
    /// Its standing: `Copying, 61%`.
    pub state: String,
    /// When it was last open.
    pub at: UnixTime,
    /// Whether it is a rehearsal.
    pub is_practice: bool,
    /// How far it has come.
    pub mark: ProjectMark,
}

/// How far a project has come, as the list of projects shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProjectMark {
    /// Nothing to show yet.
    #[default]
    None,
    /// The audit has a verdict, or its owner has.
    Verdict(Outcome),
    /// A copy goes on when the project is opened; so many percent are there.
    Copying(u8),
    /// It was paused by its owner.
    Paused(u8),
    /// It has stopped.
    Stopped(u8),
    /// Everything is there.
    Copied,
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
    /// The system keyring runs. Whether it is locked is not known yet.
    Found,
    /// The system keyring has returned or stored a password.
    System,
    /// The system keyring is locked.
    WaitsForUnlock,
    /// No keyring is used: passwords are kept until the program ends. The words say why; `None` if nobody asked for one.
    ThisSessionOnly(Option<String>),
}

/// The open project.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectView {
    /// Its file.
    pub path: PathBuf,
    /// Whether its servers, DNS and provider are embedded.
    pub is_practice: bool,
    /// Whether closing it deletes it, as a rehearsal without a window.
    pub is_temporary: bool,
    /// Sample log-ins of a practice project.
    pub practice_logins: Option<PracticeLogins>,
    /// What has happened in the practice world; `None` for other projects.
    pub practice: Option<PracticeView>,
    /// What it would do that has not been agreed to on this computer. Until then it runs, reads and sends nothing.
    pub unconfirmed: Arc<Vec<Reach>>,
    /// Whether the program ended unexpectedly while the project was last open.
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
    /// Step Mailboxes: how both sides can be signed in to.
    pub sign_ins: SignInsView,
    /// Step Mailboxes: what was read of the old server's accounts and aliases.
    pub accounts: AccountsView,
    /// Step Plan.
    pub plan: PlanView,
    /// Step Copy.
    pub copy: CopyView,
    /// Individual messages, on demand.
    pub messages: MessagesView,
    /// Step Records.
    pub records: RecordsView,
    /// Step Switch.
    pub switch: SwitchView,
    /// The final report, as it was last saved.
    pub report_saved: Option<SavedView>,
}

impl ProjectView {
    /// Where messages the destination refuses are saved: next to the project file.
    pub fn export_folder(&self) -> PathBuf {
        export_folder(&self.path)
    }
}

/// Where a project's messages are saved as files: next to it, in a folder created on first use.
pub(in crate::engine) fn export_folder(project: &Path) -> PathBuf {
    let mut name = project.file_stem().unwrap_or(project.as_os_str()).to_owned();
    name.push("-exported");
    project.with_file_name(name)
}

/// What was read of the old server's accounts and aliases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountsView {
    /// Read, and not yet added.
    pub preview: Option<Arc<AccountsPreview>>,
    /// Added and stored.
    pub directory: Arc<Directory>,
    /// What becomes of the aliases.
    pub plan: Arc<AliasPlan>,
    /// How many mailboxes the last import added, while it can be taken back.
    pub undo: Option<usize>,
}

/// What would be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountsPreview {
    /// What the files say.
    pub directory: Directory,
    /// The domains of its addresses.
    pub domains: Vec<DomainEntries>,
    /// How many of the mailboxes are in the project already.
    pub known: usize,
}

/// A domain that files of accounts name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainEntries {
    /// Its name.
    pub domain: DomainName,
    /// How many mailboxes and aliases it has there.
    pub entries: usize,
    /// Whether it is the project's own.
    pub is_own: bool,
}

/// How far a job has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartDone {
    /// What is done.
    pub done: u64,
    /// What there is to do.
    pub total: u64,
}

/// A value that the provider shows its customer and that its records need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProviderAnswer {
    /// The name of the variable in the provider's file.
    pub name: String,
    /// What the owner is asked.
    pub question: String,
    /// The value so far.
    pub value: String,
}

/// Sample log-ins of a practice project.
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
    /// Servers found, best first.
    pub candidates: Vec<ServerCandidate>,
    /// Whether the search runs.
    pub is_searching: bool,
    /// Why the search failed.
    pub search_error: Option<UserError>,
    /// What the audit is asked with.
    pub audit_options: AuditOptions,
}

/// An IMAP server and how it was found.
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
        /// The report of an earlier run, which stays visible.
        previous: Option<Arc<AuditReport>>,
    },
    /// Done.
    Done(Arc<AuditReport>),
    /// Could not be done.
    Failed(UserError),
}

impl AuditView {
    /// The report to show, even while a new audit runs.
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
    /// Every provider, measured against the user's own mail.
    pub comparisons: Arc<Vec<Comparison>>,
    /// The chosen provider and its name.
    pub chosen: Option<(ProviderId, String)>,
    /// Its IMAP server.
    pub server: Option<Endpoint>,
    /// Whether the user entered that server, because the catalogue has another one or none.
    pub is_server_typed: bool,
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
    pub counted: Option<MailVolume>,
    /// The same by folder, as of the last sign-in; a plan knows more.
    pub folders: Arc<Vec<CountedFolder>>,
}

/// What a folder holds at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedFolder {
    /// The folder.
    pub path: FolderPath,
    /// What it is for, by the server's word or by its name.
    pub special_use: Option<SpecialUse>,
    /// Messages in it.
    pub messages: u64,
    /// Their size.
    pub bytes: Bytes,
}

impl ProjectView {
    /// Mailboxes whose mail at the old server can be read: the server and a password are known.
    pub fn readable_mailboxes(&self) -> impl Iterator<Item = &MailboxView> {
        let has_server = self.domain.source_server.is_some();
        self.mailboxes.iter().filter(move |row| has_server && row.source.has_password())
    }
}

impl ProjectView {
    /// Mailboxes whose mail at the new provider can be read: the server and a password are known.
    pub fn reachable_at_provider(&self) -> impl Iterator<Item = &MailboxView> {
        let has_server = self.destination.server.is_some();
        self.mailboxes.iter().filter(move |row| has_server && row.destination.has_password())
    }
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
    /// Whether a password is there, and where.
    pub password: PasswordPlace,
    /// How the last attempt went.
    pub state: SignInState,
    /// What went wrong, with ways out.
    pub error: Option<UserError>,
    /// `Dovecot, TLS 1.3`, after a success.
    pub server_words: String,
    /// Until when the token is good, where it signs in with one that is renewed by itself.
    pub token_until: Option<UnixTime>,
}

impl SignInView {
    /// Whether a sign-in needs no further input.
    pub const fn has_password(&self) -> bool {
        matches!(self.password, PasswordPlace::Keyring | PasswordPlace::Session | PasswordPlace::NotNeeded)
    }
}

/// Where the password of one side of a mailbox is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PasswordPlace {
    /// Nobody has looked yet.
    #[default]
    Unknown,
    /// The keyring is being asked.
    Asked,
    /// Unknown: the keyring is locked or does not answer.
    NoAnswer,
    /// There is none.
    Missing,
    /// In the system keyring.
    Keyring,
    /// In memory, until the program ends.
    Session,
    /// Not needed: a token comes from its own source.
    NotNeeded,
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
    /// Its user has not signed in at the provider yet.
    NeedsConsent,
    /// The sign-in at the provider was revoked or has expired.
    ConsentEnded,
    /// The provider wants an app password.
    NeedsAppPassword,
    /// The password was refused.
    PasswordRefused,
    /// The server knows no such mailbox.
    NoSuchMailbox,
    /// The certificate is not known, or not the approved one; it can be approved by its fingerprint.
    CertificateNotKnown(Box<CertificateView>),
    /// The server could not be reached.
    ServerNotReached,
    /// Anything else; the error says what.
    Failed,
}

/// A certificate that no known authority signed, or that is not the approved one.
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
    /// What is wrong with it, or who signed it, in words.
    pub problem: String,
    /// The one approved before; `None` on first contact.
    pub approved: Option<ApprovedCertificate>,
}

/// A certificate that was approved before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovedCertificate {
    /// SHA-256.
    pub fingerprint: Fingerprint,
    /// When it was approved.
    pub at: Option<UnixTime>,
    /// Who signed it, where that is known.
    pub issuer: Option<String>,
    /// Last moment of its validity, where that is known.
    pub valid_until: Option<UnixTime>,
}

/// Step Plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanView {
    /// Mailboxes being counted now and in all; `None` when nothing is counted.
    pub counting: Option<PartDone>,
    /// Plans by mailbox.
    pub mailboxes: Arc<BTreeMap<MailboxId, MailboxPlan>>,
    /// Mailboxes that could not be counted.
    pub errors: BTreeMap<MailboxId, UserError>,
    /// When the count was made.
    pub counted_at: Option<UnixTime>,
    /// The user's options for the copy.
    pub options: CopyOptions,
    /// Messages larger than the destination accepts, by mailbox.
    pub oversize: Arc<BTreeMap<MailboxId, Oversize>>,
    /// How long the copy will take.
    pub forecasts: ForecastsView,
    /// Warnings before the start, as sentences, by mailbox.
    pub warnings: BTreeMap<MailboxId, Vec<String>>,
}

/// How long the copy will take, as far as it can be estimated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ForecastsView {
    /// All mailboxes together.
    pub all: Option<Forecast>,
    /// Each one alone.
    pub mailboxes: BTreeMap<MailboxId, Forecast>,
}
/// Step Records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordsView {
    /// Whether the zone is being read.
    pub is_preparing: bool,
    /// The diff.
    pub plan: Option<Arc<RecordsPlan>>,
    /// The BIND zone snippet of each stage: its lines are active, those of later stages are commented out.
    pub zone_texts: BTreeMap<SwitchStage, String>,
    /// Every stage, and the way back, in every format; the whole zone only where it was read from a file.
    pub exports: Arc<BTreeMap<(ExportStage, Format), String>>,
    /// Values that the provider's records need.
    pub answers: Vec<ProviderAnswer>,
    /// Why it failed.
    pub error: Option<UserError>,
    /// The saved snippets, by stage.
    pub saved: BTreeMap<SwitchStage, SavedView>,
}

/// A file that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedView {
    /// Where.
    pub path: PathBuf,
    /// Whether it matches what is shown now; another provider or answer makes it out of date.
    pub is_current: bool,
}

/// The sign-in of one side of a row.
pub(in crate::engine) fn sign_in_of(row: &mut MailboxView, side: Side) -> &mut SignInView {
    match side {
        Side::Source => &mut row.source,
        Side::Destination => &mut row.destination,
    }
}
