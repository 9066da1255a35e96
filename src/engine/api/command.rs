//! Everything that a face may ask of the engine.

use std::net::IpAddr;
use std::path::PathBuf;

use crate::accounts::{ExportFormat, Format as AccountsForm};
use crate::audit::verdict::{Overrule, OwnerAnswers};
use crate::cutover::ReminderKind;
use crate::engine::api::message_list_format::MessageListFormat;
use crate::engine::api::sign_ins::{ExchangeApp, ExchangeScript};
use crate::engine::api::snapshot::RecentProject;
use crate::plan::{CopyOptions, FolderPath, FolderPattern, MessageQuery, Rest, VerifyDepth};
use crate::providers::ProviderId;
use crate::records::{ExportStage, Format};
use crate::signin::{ClientApp, Way};
use crate::values::{DomainName, Endpoint, Fingerprint, Secret, SignInId, SignInWay};
use crate::values::{MailboxId, Side};

/// The options of the audit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditOptions {
    /// `HOST:PORT` of a resolver; empty for the system's.
    pub resolver: String,
    /// DKIM selectors to try first.
    pub selectors: Vec<String>,
    /// IP addresses that send the domain's mail; if empty, they are taken from MX and SPF.
    pub sending_addresses: Vec<IpAddr>,
    /// Files and folders with logs, bounces and reports to read; remembered as long as the program runs.
    pub evidence: Vec<PathBuf>,
    /// Whether the mail hosts are left alone.
    pub skips_mail_hosts: bool,
    /// `HOST[:PORT]` that always answers on port 25; empty for the ordinary one.
    pub control_host: String,
    /// What the line for the server printed, where that was run.
    pub probe_output: Option<String>,
    /// The name with which the sending server greets; empty where it is not known.
    pub helo: String,
    /// `HOST:PORT` of another resolver, whose word on signatures (DNSSEC) is heard as well; may be empty.
    pub second_resolver: String,
}

/// Which neighbours of the sending addresses lists are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NeighbourScope {
    /// None: it is hundreds of questions, so it is the owner's choice.
    #[default]
    None,
    /// Some 120, the nearest first.
    Sample,
    /// All 255.
    Whole,
}

/// How far an audit goes beyond ordinary questions to the DNS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReach {
    /// Neighbours.
    pub neighbours: NeighbourScope,
    /// Ids of lists that are asked on request only.
    pub lists: Vec<String>,
    /// Keys of the owner's, by the operator of the lists that they open.
    pub keys: Vec<(String, Secret)>,
    /// Whether registries are asked over HTTPS (RDAP).
    pub asks_registries: bool,
}

/// Formats of the final report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page for people.
    Html,
    /// The same for programs.
    Json,
    /// The same as text with marks, for a wiki or a ticket.
    Markdown,
}

/// Faults that can be injected in a practice project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PracticeTrouble {
    /// Every open connection breaks.
    CutConnections,
    /// The new server asks for a pause.
    SlowProvider,
    /// The new server stores the next messages, but its replies get lost.
    LoseReplies,
    /// Every mailbox at the new server is full.
    FillMailboxes,
    /// There is space again.
    MakeRoom,
    /// The new server refuses the next message, whatever is done to it.
    RefuseMessage,
    /// A mailbox has another password at the new server.
    ChangePassword,
    /// The old server shows another certificate than the approved one.
    ChangeCertificate,
    /// The old server has two folders that want one name.
    CollidingFolder,
    /// Each message takes a moment, so that the copy can be watched.
    SlowMotion,
    /// Messages take no time.
    FullSpeed,
}

/// Everything a face can request from the engine. Plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Creates a project file for a domain and opens it. `path` `None`: `<domain>.mailferry` in the documents folder.
    NewProject {
        /// The domain as typed.
        domain: String,
        /// Where the project file goes.
        path: Option<PathBuf>,
    },
    /// Opens an existing project file.
    OpenProject(PathBuf),
    /// Opens the saved facts of an audit: a new project for their domain, judged without asking anybody.
    OpenFacts(PathBuf),
    /// Opens a practice project whose servers, DNS and provider are embedded.
    Rehearse,
    /// Deletes a rehearsal with everything in it. Other projects are never deleted.
    DeleteRehearsal(PathBuf),
    /// Takes a project from the list of recent ones; its file stays.
    ForgetProject(PathBuf),
    /// Puts a project back into that list.
    ListProject(RecentProject),
    /// Shuts down the jobs of the open project and closes its file.
    CloseProject,
    /// Allows the open project to act, although it was created or changed elsewhere.
    ConfirmProject,
    /// Looks for the IMAP server of the domain: SRV, autoconfig, MX names.
    FindServer,
    /// Makes this IMAP server the source.
    SetSourceServer(Endpoint),
    /// Saves the options of the audit.
    SetAuditOptions(AuditOptions),
    /// Runs the audit.
    RunAudit,
    /// Asks again what stands behind one finding alone, named by its id.
    CheckAgain(String),
    /// Takes what the line for the server printed, and judges with it.
    TakeProbeOutput(String),
    /// Reads files and folders as evidence (logs, bounces, reports), then asks and judges.
    ReadEvidence(Vec<PathBuf>),
    /// Reads the mailboxes at the old server as evidence, those with a password, then asks and judges.
    ReadMailboxes,
    /// What the owner says of the operation; judged at once.
    AnswerOwner(OwnerAnswers),
    /// What the owner decides against the verdict; `None` takes it back.
    Overrule(Option<Overrule>),
    /// Audits again, and queries lists about the neighbours of the sending addresses.
    AskNeighbours(NeighbourScope),
    /// Cancels the running audit and discards its results.
    CancelAudit,
    /// Writes the audit alone.
    ExportAudit {
        /// Where it goes.
        path: PathBuf,
        /// In which form.
        format: ReportFormat,
    },
    /// Writes the facts of the audit, which `OpenFacts` and `mailferry verdict` judge again.
    ExportFacts(PathBuf),
    /// Adds a provider of the owner's own to the catalogue of this project.
    AddProviderFile(PathBuf),
    /// Makes this provider the destination.
    ChooseDestination {
        /// From the catalogue.
        provider: ProviderId,
        /// The IMAP server, if the catalogue cannot know it (generic IMAP).
        server: Option<Endpoint>,
    },
    /// Adds a mailbox by its address; the user names on both sides start as the address.
    AddMailbox(String),
    /// Changes the user name on one side.
    SetUser {
        /// Which mailbox.
        mailbox: MailboxId,
        /// On which side.
        side: Side,
        /// The new user name.
        user: String,
    },
    /// Changes how a mailbox signs in on one side.
    SetSignInWay {
        /// Which mailbox.
        mailbox: MailboxId,
        /// On which side.
        side: Side,
        /// The new way.
        way: SignInWay,
    },
    /// Ticks or unticks a mailbox.
    ChooseMailbox {
        /// Which mailbox.
        mailbox: MailboxId,
        /// Whether it takes part.
        is_chosen: bool,
    },
    /// Unticks these mailboxes.
    LeaveOut(Vec<MailboxId>),
    /// Decides what to do with the remaining messages of these mailboxes, and resumes those that have stopped.
    SettleRest {
        /// Which mailboxes.
        mailboxes: Vec<MailboxId>,
        /// What to do with their remaining messages.
        rest: Rest,
    },
    /// Removes a mailbox and its ledger from the project.
    RemoveMailbox(MailboxId),
    /// Adds and updates mailboxes from a CSV file, including any passwords.
    ImportCsv(PathBuf),
    /// Reads what servers and panels have of mailboxes and aliases, and shows it; nothing is added yet. A list for
    /// signing in is imported at once, as with [`Command::ImportCsv`].
    ReadAccounts(Vec<PathBuf>),
    /// The same where the owner says what the files are.
    ReadAccountsAs {
        /// The files.
        paths: Vec<PathBuf>,
        /// What they are.
        format: AccountsForm,
    },
    /// The same with text from the clipboard.
    PasteAccounts(String),
    /// Adds what was read, for these domains.
    TakeAccounts(Vec<DomainName>),
    /// Drops what was read.
    DiscardAccounts,
    /// Takes back what was added last.
    UndoAccounts,
    /// Writes mailboxes and aliases for a provider.
    ExportAccounts {
        /// Where the file goes.
        path: PathBuf,
        /// In which form.
        format: ExportFormat,
        /// Whether mailboxes get new passwords, which are in this file, readable for its owner only, and nowhere else
        /// but in the keyring.
        has_passwords: bool,
    },
    /// Stores a password in the keyring, or for this session if no keyring runs.
    SetPassword {
        /// Which mailbox.
        mailbox: MailboxId,
        /// On which side.
        side: Side,
        /// The password.
        secret: Secret,
    },
    /// Stores a key of the user's for the block lists of an operator.
    SetListKey {
        /// Its id in the catalogue of lists.
        operator: String,
        /// The key.
        key: Secret,
    },
    /// Deletes the key for the block lists of an operator.
    ForgetListKey(String),
    /// Deletes every password and sign-in of the project's mailboxes, from the keyring and from memory.
    DeletePasswords,
    /// Signs in on both sides, lists folders, and reports the result.
    TestSignIn {
        /// Which mailboxes; empty for all chosen ones.
        mailboxes: Vec<MailboxId>,
    },
    /// Keeps the owner's application at an OAuth provider, in the keyring.
    SetClientApp {
        /// The provider.
        provider: SignInId,
        /// The application.
        client: ClientApp,
    },
    /// Forgets it. Sign-ins that were made with it stay until they are withdrawn.
    ForgetClientApp(SignInId),
    /// Signs the user of a mailbox in at the provider whose tokens the server of this side takes, in place of an earlier
    /// sign-in that is still under way.
    SignInAtProvider {
        /// Which mailbox.
        mailbox: MailboxId,
        /// On which side.
        side: Side,
        /// In the browser or with a code.
        way: Way,
    },
    /// Gives that up, or forgets why it failed.
    CancelProviderSignIn,
    /// Lets every chosen mailbox sign in with the key of an organisation: of a Google service account or of a Microsoft
    /// application.
    UseKeyFile {
        /// On which side.
        side: Side,
        /// The file; only its path is saved.
        path: PathBuf,
    },
    /// Writes PowerShell that lets a Microsoft application into the chosen mailboxes, or takes that back.
    SaveExchangeScript {
        /// Where it goes.
        path: PathBuf,
        /// Which of the two.
        script: ExchangeScript,
        /// The application.
        app: ExchangeApp,
    },
    /// Trusts this certificate for this server only, after its fingerprint was shown.
    TrustCertificate {
        /// The server.
        server: Endpoint,
        /// SHA-256 of the certificate.
        fingerprint: Fingerprint,
    },
    /// Tries the OS keyring again, after the user started or unlocked it.
    RetryKeyring,
    /// Lists folders, counts and sizes of the chosen mailboxes and maps them.
    BuildPlan,
    /// Folders that match one of these are not even counted in this session.
    LeaveUncounted(Vec<FolderPattern>),
    /// Copies a folder or leaves it out.
    IncludeFolder {
        /// Which mailbox.
        mailbox: MailboxId,
        /// The folder at the source.
        folder: FolderPath,
        /// Whether it is copied.
        is_included: bool,
    },
    /// Gives a folder another name at the destination.
    RenameFolder {
        /// Which mailbox.
        mailbox: MailboxId,
        /// The folder at the source.
        folder: FolderPath,
        /// Where it goes.
        destination: FolderPath,
    },
    /// Merges a folder into another folder's destination.
    MergeFolder {
        /// Which mailbox.
        mailbox: MailboxId,
        /// The folder at the source.
        folder: FolderPath,
        /// Where both go.
        destination: FolderPath,
    },
    /// Starts or resumes the copy of the chosen mailboxes.
    StartCopy,
    /// Copies at most this many messages per folder, to test the copy and estimate its duration.
    TryCopy {
        /// Messages per folder.
        messages: u32,
    },
    /// Verifies the copy again; copies nothing.
    VerifyCopy(VerifyDepth),
    /// Sets the options of the copy: mode, filter, order.
    SetCopyOptions(CopyOptions),
    /// Answers whether accounts whose server or user name changed are the same ones.
    NameAccounts {
        /// If they are, the ledger stays valid. Otherwise everything is compared and copied again.
        are_same: bool,
    },
    /// Copies without an account lock, until the program ends.
    GoWithoutAccountLock,
    /// Pauses one mailbox while others continue.
    PauseMailbox(MailboxId),
    /// Resumes a mailbox that was paused individually.
    ResumeMailbox(MailboxId),
    /// Retries one mailbox including refused messages, while others continue.
    RetryMailbox(MailboxId),
    /// Injects a fault into the servers of a practice project.
    MakeTrouble(PracticeTrouble),
    /// Publishes a stage, or the old records, in the zone of a practice project.
    PublishInPractice(ExportStage),
    /// Lets time pass in a practice project, until what it waits for happens.
    LetTimePass,
    /// Connects again at once, wherever a connection was lost. A pause that a server asked for is kept.
    TryNow,
    /// Finishes the messages in progress and waits; the job stays.
    PauseCopy,
    /// Resumes after a pause.
    ResumeCopy,
    /// Finishes the messages in progress and ends the job; what was copied stays.
    StopCopy,
    /// Retries refused messages.
    RetryFailed,
    /// Shows individual messages.
    ShowMessages {
        /// Which.
        query: MessageQuery,
        /// Index of the first one on screen.
        first: u64,
    },
    /// Hides them.
    HideMessages,
    /// Writes one row per message: a table for `.csv`, JSON for `.json`, a JSON object per line for `.jsonl`.
    SaveMessages(PathBuf),
    /// The same in this format, whatever the file name.
    SaveMessagesAs(PathBuf, MessageListFormat),
    /// Reads the zone and computes the new records.
    PrepareRecords,
    /// Sets a value that the provider's records need, such as a verification text or a DKIM key.
    SetAnswer {
        /// Name of the answer in the provider's file.
        name: String,
        /// What the owner typed.
        value: String,
    },
    /// Keeps or drops a sender of the current SPF record.
    KeepSender {
        /// The SPF term.
        term: String,
        /// Whether it stays.
        is_kept: bool,
    },
    /// Writes the records of one stage, or of the way back.
    ExportZone {
        /// Where it goes.
        path: PathBuf,
        /// What is written.
        stage: ExportStage,
        /// How it is written.
        format: Format,
    },
    /// Writes the lines of the log.
    SaveLog(PathBuf),
    /// Asks every name server and the resolvers once who sees the old and who the new mail hosts.
    LookAtSwitch,
    /// Reads test messages, one a file, and judges what they show of the new way.
    JudgeMessages(Vec<PathBuf>),
    /// Looks for test messages in this mailbox at the new provider, told by their subject, and judges them.
    FindTestMessages(MailboxId),
    /// Cancels the running round.
    CancelLook,
    /// Whether everybody is asked again and again, and late mail is brought over when the plan says so.
    WatchSwitch(bool),
    /// Whether public resolvers are asked, too.
    AskPublicResolvers(bool),
    /// Brings over what still reached the old server.
    SweepLateMail,
    /// Writes the old records, as they were before the switch.
    ExportWayBack {
        /// Where it goes.
        path: PathBuf,
        /// How it is written.
        format: Format,
    },
    /// Declares the move finished; refused while the old server must go on running.
    FinishMove,
    /// Ticks a reminder, or takes the tick back.
    TickReminder {
        /// Which one.
        kind: ReminderKind,
        /// Whether it is done.
        is_done: bool,
    },
    /// Writes the final report.
    SaveReport {
        /// Where it goes.
        path: PathBuf,
        /// In which form.
        format: ReportFormat,
    },
    /// Shuts everything down; answered by [`crate::engine::api::event::Event::Ended`].
    Quit,
}
