use std::net::IpAddr;
use std::path::PathBuf;

use crate::audit::verdict::{Overrule, OwnerAnswers};
use crate::engine::api::message_list_format::MessageListFormat;
use crate::plan::{CopyOptions, FolderPath, FolderPattern, MessageQuery, VerifyDepth};
use crate::providers::ProviderId;
use crate::records::SwitchStage;
use crate::values::{Endpoint, Fingerprint, Secret, SignInWay};
use crate::values::{MailboxId, Side};

/// What the audit is asked with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditOptions {
    /// `HOST:PORT` of a resolver; empty for the system's.
    pub resolver: String,
    /// DKIM selectors to try first.
    pub selectors: Vec<String>,
    /// Addresses that send the domain's mail; where empty, they are taken from MX and SPF.
    pub sending_addresses: Vec<IpAddr>,
    /// Files and folders with logs, bounces and reports to read; remembered as long as the program runs.
    pub evidence: Vec<PathBuf>,
}

/// Formats of the final report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// A page for people.
    Html,
    /// The same for programs.
    Json,
}

/// Trouble that can be made on purpose in a practice project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PracticeTrouble {
    /// Every open connection breaks.
    CutConnections,
    /// The new server asks for a pause.
    SlowProvider,
    /// The new server stores the next messages and its replies get lost.
    LoseReplies,
    /// Every mailbox at the new server is full.
    FillMailboxes,
    /// There is room again.
    MakeRoom,
}

/// Everything a face can ask of the engine. Plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Makes a project file for a domain and opens it. `path` `None`: `<domain>.mailferry` in the documents folder.
    NewProject {
        /// The domain as typed.
        domain: String,
        /// Where the project file goes.
        path: Option<PathBuf>,
    },
    /// Opens an existing project file.
    OpenProject(PathBuf),
    /// Opens a practice project whose servers, DNS and provider are embedded.
    Rehearse,
    /// Ends the jobs of the open project in an orderly way and closes its file.
    CloseProject,
    /// Lets the open project do what it says, though it was made or changed elsewhere.
    ConfirmProject,
    /// Looks for the IMAP server of the domain: SRV, autoconfig, MX names.
    FindServer,
    /// Takes this IMAP server as the source.
    SetSourceServer(Endpoint),
    /// Remembers what the audit is asked with.
    SetAuditOptions(AuditOptions),
    /// Asks and judges.
    RunAudit,
    /// Reads files and folders as evidence (logs, bounces, reports), then asks and judges.
    ReadEvidence(Vec<PathBuf>),
    /// What the owner says of the operation; judged at once.
    AnswerOwner(OwnerAnswers),
    /// What the owner decides against the verdict; `None` takes it back.
    Overrule(Option<Overrule>),
    /// Drops the running audit; nothing remains of it.
    CancelAudit,
    /// Writes the audit alone.
    ExportAudit {
        /// Where it goes.
        path: PathBuf,
        /// In which form.
        format: ReportFormat,
    },
    /// Takes this provider as the destination.
    ChooseDestination {
        /// From the catalogue.
        provider: ProviderId,
        /// The IMAP server where the catalogue cannot know it (generic IMAP).
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
    /// Changes how a mailbox is signed in to on one side.
    SetSignInWay {
        /// Which mailbox.
        mailbox: MailboxId,
        /// On which side.
        side: Side,
        /// How from now on.
        way: SignInWay,
    },
    /// Ticks or unticks a mailbox.
    ChooseMailbox {
        /// Which mailbox.
        mailbox: MailboxId,
        /// Whether it takes part.
        is_chosen: bool,
    },
    /// Takes a mailbox out of the project; its ledger goes with it.
    RemoveMailbox(MailboxId),
    /// Adds and updates mailboxes from a CSV file, passwords included where it has them.
    ImportCsv(PathBuf),
    /// Keeps a password in the keyring, or for this session where no keyring runs.
    SetPassword {
        /// Which mailbox.
        mailbox: MailboxId,
        /// On which side.
        side: Side,
        /// The password.
        secret: Secret,
    },
    /// Signs in on both sides, lists folders, and says what happened.
    TestSignIn {
        /// Which mailboxes; empty for all chosen ones.
        mailboxes: Vec<MailboxId>,
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
    /// Folders that fit one of these are not even counted in this session.
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
    /// Puts a folder where another folder goes; two folders become one.
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
    /// Copies at most so many messages of each folder, to see how it goes and how long the whole will take.
    TryCopy {
        /// Messages of each folder.
        messages: u32,
    },
    /// Verifies once more what was copied; copies nothing.
    VerifyCopy(VerifyDepth),
    /// Says what the copy of every mailbox is asked for: mode, filter, order.
    SetCopyOptions(CopyOptions),
    /// Says whether accounts that are named in another way than when mail was copied are the same ones.
    NameAccounts {
        /// They are: what the ledger knows of their mail stays true. Else everything is compared and copied anew.
        are_same: bool,
    },
    /// Copies although nothing keeps others from writing into the same accounts; holds until the program ends.
    GoWithoutAccountLock,
    /// Pauses one mailbox while others go on.
    PauseMailbox(MailboxId),
    /// Lets a mailbox go on that was paused alone.
    ResumeMailbox(MailboxId),
    /// Gives one mailbox another try, refused messages included; others go on meanwhile.
    RetryMailbox(MailboxId),
    /// Makes trouble on the servers of a practice project.
    MakeTrouble(PracticeTrouble),
    /// Finishes the messages under way and waits; the job stays.
    PauseCopy,
    /// Goes on after a pause.
    ResumeCopy,
    /// Finishes the messages under way and ends the job; what was copied stays.
    StopCopy,
    /// Gives refused messages another try.
    RetryFailed,
    /// Shows messages one by one.
    ShowMessages {
        /// Which.
        query: MessageQuery,
        /// Index of the first one that is on the screen.
        first: u64,
    },
    /// Shows them no longer.
    HideMessages,
    /// Writes one row per message: a table for `.csv`, JSON for `.json`, a JSON object per line for `.jsonl`.
    SaveMessages(PathBuf),
    /// The same in this form, whatever the place is called.
    SaveMessagesAs(PathBuf, MessageListFormat),
    /// Reads the zone and computes the new records.
    PrepareRecords,
    /// Gives an answer that the provider's records need, such as a verification text or a DKIM key.
    SetAnswer {
        /// Name of the answer in the provider's file.
        name: String,
        /// What the owner typed.
        value: String,
    },
    /// Keeps or drops a sender of today's SPF record.
    KeepSender {
        /// The SPF term.
        term: String,
        /// Whether it stays.
        is_kept: bool,
    },
    /// Writes the BIND zone snippet of one stage.
    ExportZone {
        /// Where it goes.
        path: PathBuf,
        /// Whose lines are active.
        stage: SwitchStage,
    },
    /// Writes the final report.
    SaveReport {
        /// Where it goes.
        path: PathBuf,
        /// In which form.
        format: ReportFormat,
    },
    /// Ends everything in an orderly way; answered by [`crate::engine::api::event::Event::Ended`].
    Quit,
}
