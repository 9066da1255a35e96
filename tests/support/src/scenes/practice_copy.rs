//! Copies between practice servers that are broken on purpose, finished, and compared.
//!
//! Time is the runtime's own and runs faster than the wall's, so that back-offs and time-outs cost next to nothing.

pub mod stale_case;

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use futures::FutureExt as _;
use mailferry::engine::why;
use mailferry::imap::{Access, Timeouts};
use mailferry::net::TrustPolicy;
use mailferry::plan::{
    CopyOptions, DestinationRules, FolderChoice, LedgerSum, Mailbox, MailboxPlan, MessageState,
};
use mailferry::project::Project;
use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox};
use mailferry::rehearsal::{
    Fault, FolderPath, ImapAccount, ImapHandle, ImapServer, Personality, SampleFolder, SampleMessage, Traffic,
};
use mailferry::transfer::{
    CopyLimits, CopyOutcome, CopyRequest, TransferError, VerifyDepth, VerifyReport, copy_control,
    copy_mailbox, inventory, verify_mailbox,
};
use mailferry::values::MailboxId;
use mailferry::values::{DomainName, EmailAddress, Endpoint, Secret, UnixTime};
use tokio_util::sync::CancellationToken;

pub use crate::scenes::breaking::in_quick_time;
use crate::scenes::breaking::{ChangeWatch, LedgerCounter};

/// Whose mail it is.
pub const USER: &str = "anna@weber-familie.example";
const PASSWORD: &str = "geheim";
/// How mail that arrives by itself begins.
const VISITOR: &[u8] = b"Subject: visitor\r\n";
/// How often a copy is taken up again before it counts as stuck.
const RUNS: u32 = 8;

/// Which side of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The server that is read.
    Source,
    /// The server that is written.
    Destination,
}

/// How a run is broken.
#[derive(Clone, Debug)]
pub enum Break {
    /// Not at all.
    None,
    /// Its future is dropped after it was polled so often.
    AfterPoll(u32),
    /// It ends in the middle of the call in which it reports progress for the nth time.
    AtProgress(u32),
    /// It ends right after the ledger has kept its nth change.
    AfterChange(u32),
    /// The ledger takes so many row changes and refuses the next one.
    AfterLedgerChanges(u32),
    /// Servers misbehave.
    Faults(Vec<(At, Fault)>),
    /// Servers misbehave, and the new mailbox gets other mail every time the copy reports progress.
    Visited(Vec<(At, Fault)>),
}

/// Two kinds of servers, and mail to copy from one to the other.
pub struct Scene {
    /// The server that is read.
    pub source: Personality,
    /// The server that is written.
    pub destination: Personality,
    /// What is at the source.
    pub mail: Vec<SampleFolder>,
    /// The owner puts every folder below the inbox of the destination.
    pub places_by_hand: bool,
    /// The program's own proof must hold also where it is known to fail: every copy has its place, and sizes that the
    /// source estimates count for nothing.
    pub wants_whole_proof: bool,
}

/// What a run that nobody disturbed looked like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measure {
    /// Commands at the source and at the destination.
    pub commands: [u32; 2],
    /// Reply lines of the source and of the destination.
    pub replies: [u32; 2],
    /// Most bytes received on one connection, at the source and at the destination.
    pub received: [u64; 2],
    /// Most bytes sent on one connection, at the source and at the destination.
    pub sent: [u64; 2],
    /// How often the copy was polled.
    pub polls: u32,
    /// How often it reported progress.
    pub progress: u32,
    /// Changes that the ledger has kept, one or many rows each.
    pub changes: u32,
    /// Row changes in the ledger.
    pub ledger_changes: u32,
}

/// A small mailbox with everything that makes copying hard: four folders, duplicates within one and across two, drafts
/// without Message-ID, keywords, a raw header, and attachments that go through a temporary file.
pub fn small_mailbox() -> Vec<SampleFolder> {
    let options = SampleOptions { attachment_percent: 4, large_attachments: 0, ..SampleOptions::default() };
    let wanted = [("INBOX", 22), ("Sent", 12), ("Entwürfe", 5), ("Projekte/2024", 8)];
    let mut folders: Vec<SampleFolder> = mixed_mailbox(11, 200, &options)
        .into_iter()
        .filter_map(|mut folder| {
            let (_, most) = wanted.iter().find(|(name, _)| *name == folder.path.to_string())?;
            folder.messages.truncate(*most);
            Some(folder)
        })
        .collect();
    let twice = folders[0].messages[2].clone();
    folders[3].messages.push(twice);
    folders
}

/// A mailbox as people have it at Gmail: labels on labels, a star, mail that was sent to oneself, and archived mail.
pub fn labelled_mailbox() -> Vec<SampleFolder> {
    let mut folders = small_mailbox();
    let parsed = |name: &str| FolderPath::parse(name);
    let inbox = folders.iter().position(|folder| folder.path == parsed("INBOX")).unwrap();
    let mail = folders[inbox].messages.clone();
    let folder = |name: &str, messages: &[SampleMessage]| SampleFolder {
        path: parsed(name),
        special_use: None,
        messages: messages.to_vec(),
    };
    let archived = folders[inbox].messages.split_off(14);
    let mut starred = mail[3].clone();
    starred.flags.insert("\\Flagged".to_owned());
    folders[inbox].messages[3] = starred;
    folders.push(folder("Kunden", &mail[8..18]));
    folders.push(folder("Kunden/Weber & Söhne", &mail[10..17]));
    folders.push(folder("[Gmail]/Sent Mail", &mail[5..7]));
    folders.push(folder("[Gmail]/All Mail", &archived));
    folders
}

/// The servers and the project file of one case.
pub struct Case<'s> {
    scene: &'s Scene,
    /// The server that is read.
    pub source: ImapHandle,
    /// The server that is written.
    pub destination: ImapHandle,
    /// Which folder goes where.
    pub plan: MailboxPlan,
    /// What the owner asks for.
    pub options: CopyOptions,
    /// How much is under way at a time.
    pub limits: CopyLimits,
    /// Where source and destination are reached, if not at their own ports.
    pub ports: [Option<u16>; 2],
    path: PathBuf,
    mailbox: MailboxId,
    project: Option<Arc<Project>>,
    home: tempfile::TempDir,
}

/// What happens at both sides between two runs.
pub type Change = fn(&ImapHandle, &ImapHandle);

/// What became of a case.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outcome {
    /// Whether the break happened at all, so that a further run was needed.
    pub was_broken: bool,
    /// What the first run looked like.
    pub measure: Measure,
}

impl Scene {
    /// `dovecot to gmail`
    pub fn name(&self) -> String {
        format!("{} to {}", self.source.name, self.destination.name)
    }

    /// Copies, broken once, until it is done; compares both sides; copies again and sees that nothing is added.
    pub async fn play(&self, plan: Option<&MailboxPlan>, how: &Break) -> Result<Outcome, String> {
        self.play_later(plan, None, how).await
    }

    /// The same, but it is a later run that is broken: mail was copied before, and then both sides have changed.
    pub async fn play_later(
        &self,
        plan: Option<&MailboxPlan>,
        change: Option<Change>,
        how: &Break,
    ) -> Result<Outcome, String> {
        self.serve(async |(source, destination)| self.play_with(source, destination, plan, change, how).await)
            .await
    }

    /// Runs a case of one's own between the two servers.
    pub async fn try_out<T>(&self, work: impl AsyncFnOnce(Case<'_>) -> T) -> T {
        self.serve(async |(source, destination)| {
            let plan = self.make_plan(&source, &destination).await;
            work(Case::new(self, source, destination, plan)).await
        })
        .await
    }

    async fn serve<T>(&self, work: impl AsyncFnOnce((ImapHandle, ImapHandle)) -> T) -> T {
        let bind = |personality: &Personality, folders: Vec<SampleFolder>, validity| {
            let account = ImapAccount {
                address: EmailAddress::parse(USER).unwrap(),
                password: Secret::new(PASSWORD),
                folders,
            };
            ImapServer::bind(personality.clone(), vec![account], validity)
        };
        let source = bind(&self.source, self.mail.clone(), 1_000).await.unwrap();
        let destination = bind(&self.destination, Vec::new(), 5_000).await.unwrap();
        let handles = (source.handle(), destination.handle());
        let cancel = CancellationToken::new();
        tokio::select! {
            _ended = async { tokio::join!(source.serve(cancel.clone()), destination.serve(cancel.clone())) } => {
                unreachable!("the servers end with the case")
            }
            outcome = work(handles) => outcome,
        }
    }

    async fn play_with(
        &self,
        source: ImapHandle,
        destination: ImapHandle,
        plan: Option<&MailboxPlan>,
        change: Option<Change>,
        how: &Break,
    ) -> Result<Outcome, String> {
        let plan = match plan {
            Some(plan) => plan.clone(),
            None => self.make_plan(&source, &destination).await,
        };
        let mut case = Case::new(self, source, destination, plan);
        if let Some(change) = change {
            case.copy_again().await;
            change(&case.source, &case.destination);
        }
        let (outcome, first) = case.break_once(how).await;
        let mut last = first;
        for run in 1..RUNS {
            if matches!(last, Some(Ok(()))) {
                break;
            }
            if run > 1 {
                case.reopen();
            }
            last = Some(case.copy(&|| {}).await);
        }
        match last {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(format!("never done: {error}")),
            None => return Err("never done: broken every time".to_owned()),
        }
        case.source.faults().clear();
        case.destination.faults().clear();
        case.check().await?;
        let before = case.destination.dump(USER).len();
        case.reopen();
        case.copy(&|| {}).await.map_err(|error| format!("the further run failed: {error}"))?;
        let added = case.destination.dump(USER).len().abs_diff(before);
        if added > 0 {
            return Err(format!("a further run added {added} messages"));
        }
        Ok(outcome)
    }

    /// Looks at both sides and decides which folder goes where; the same for every case of a scene.
    pub async fn plan(&self) -> (MailboxPlan, Measure) {
        self.plan_later(None).await
    }

    /// The same where a later run is broken.
    pub async fn plan_later(&self, change: Option<Change>) -> (MailboxPlan, Measure) {
        let outcome = self
            .play_later(None, change, &Break::None)
            .await
            .unwrap_or_else(|error| panic!("{}: a run that nobody disturbs fails: {error}", self.name()));
        let bind = |personality: &Personality, folders: Vec<SampleFolder>| {
            let address = EmailAddress::parse(USER).unwrap();
            let account = ImapAccount { address, password: Secret::new(PASSWORD), folders };
            ImapServer::bind(personality.clone(), vec![account], 1)
        };
        let source = bind(&self.source, self.mail.clone()).await.unwrap();
        let destination = bind(&self.destination, Vec::new()).await.unwrap();
        let handles = (source.handle(), destination.handle());
        let cancel = CancellationToken::new();
        let plan = tokio::select! {
            _ended = async { tokio::join!(source.serve(cancel.clone()), destination.serve(cancel.clone())) } => {
                unreachable!("the servers end with the plan")
            }
            plan = self.make_plan(&handles.0, &handles.1) => plan,
        };
        (plan, outcome.measure)
    }

    async fn make_plan(&self, source: &ImapHandle, destination: &ImapHandle) -> MailboxPlan {
        let mut from = access(&source.endpoint()).open().await.unwrap();
        let mut to = access(&destination.endpoint()).open().await.unwrap();
        let mut plan = inventory(&mut from, &mut to, DestinationRules::default()).await.unwrap();
        if self.places_by_hand {
            for folder in plan.folders.iter_mut().filter(|folder| folder.destination.0 != ["INBOX"]) {
                folder.destination.0.insert(0, "INBOX".to_owned());
            }
        }
        plan
    }
}

/// An endpoint, reached at another port.
fn at(endpoint: Endpoint, port: Option<u16>) -> Endpoint {
    Endpoint { port: port.unwrap_or(endpoint.port), ..endpoint }
}

fn access(endpoint: &Endpoint) -> Access {
    Access {
        endpoint: endpoint.clone(),
        trust: TrustPolicy::default(),
        user: USER.to_owned(),
        secret: Secret::new(PASSWORD),
        timeouts: Timeouts {
            connect: Duration::from_secs(8),
            reply: Duration::from_secs(8),
            ..Timeouts::default()
        },
        idle: mailferry::imap::IdleSessions::default(),
        options: mailferry::imap::AccessOptions::default(),
        tokens: None,
    }
}

/// A folder in memory where the system has one: what is proven here is order, not the disk.
fn scratch() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    tempfile::tempdir_in(memory).or_else(|_missing| tempfile::tempdir()).unwrap()
}

/// Several batches and a temporary file also where there is little mail.
fn limits_for(mail: &[SampleFolder]) -> CopyLimits {
    let count: usize = mail.iter().map(|folder| folder.messages.len()).sum();
    if count < 10 {
        let late_append = Duration::from_secs(4);
        return CopyLimits { batch_messages: 2, spool_bytes: 8_000, late_append, ..CopyLimits::default() };
    }
    CopyLimits { batch_messages: 6, spool_bytes: 24_000, ..CopyLimits::default() }
}

/// A project with one mailbox, as bytes of its file: made once, as making it takes longer than many a case.
fn new_project() -> &'static (Vec<u8>, MailboxId) {
    static MADE: OnceLock<(Vec<u8>, MailboxId)> = OnceLock::new();
    MADE.get_or_init(|| {
        let folder = scratch();
        let path = folder.path().join("new.mailferry");
        let domain = DomainName::parse("weber-familie.example").unwrap();
        let project = Project::create(&path, &domain, true).unwrap();
        let mailbox = Mailbox {
            address: EmailAddress::parse(USER).unwrap(),
            source_user: USER.to_owned(),
            destination_user: USER.to_owned(),
            ways: mailferry::plan::SignInWays::default(),
            is_chosen: true,
        };
        let mailbox = project.add_mailbox(&mailbox).unwrap();
        drop(project);
        (std::fs::read(&path).unwrap(), mailbox)
    })
}

/// A row of the ledger as a failing test shows it.
#[derive(Debug)]
pub struct ShownRow {
    /// The folder at the source.
    pub folder: String,
    /// The state of the message.
    pub state: MessageState,
    /// Why it is in this state; empty where nothing has to be explained.
    pub cause: String,
}

impl<'s> Case<'s> {
    fn new(scene: &'s Scene, source: ImapHandle, destination: ImapHandle, plan: MailboxPlan) -> Self {
        let folder = scratch();
        let path = folder.path().join("case.mailferry");
        let (bytes, mailbox) = new_project();
        std::fs::write(&path, bytes).unwrap();
        let project = Project::open(&path).unwrap();
        Self {
            scene,
            source,
            destination,
            plan,
            options: CopyOptions::default(),
            limits: limits_for(&scene.mail),
            ports: [None, None],
            path,
            mailbox: *mailbox,
            project: Some(project),
            home: folder,
        }
    }

    /// Copies as a new start of the program would.
    pub async fn copy_again(&mut self) {
        self.reopen();
        self.copy(&|| {}).await.unwrap();
    }

    /// Copies as a new start of the program would, which may fail.
    pub async fn copy_outcome(&mut self) -> Result<CopyOutcome, TransferError> {
        self.reopen();
        let (_controller, control) = copy_control(CancellationToken::new());
        copy_mailbox(&self.request(), control, &|_progress| {}).await
    }

    /// Copies, and calls whenever progress is reported.
    pub async fn copy_watched(&self, on_progress: &(dyn Fn() + Send + Sync)) -> Result<(), TransferError> {
        self.copy(on_progress).await
    }

    /// Takes refused messages up again, as people ask for.
    pub fn retry_refused(&self) {
        self.project.as_ref().unwrap().retry_refused().unwrap();
    }

    /// Ledger, both sides and the program's own verification; what is wrong, in words.
    pub async fn check(&self) -> Result<(), String> {
        self.check_ledger()?;
        self.compare()?;
        self.judge().await
    }

    /// Copies, and says how it ended.
    pub async fn copy_told(&mut self) -> CopyOutcome {
        let (_controller, control) = copy_control(CancellationToken::new());
        copy_mailbox(&self.request(), control, &|_progress| {}).await.unwrap()
    }

    /// The ledger, message by message.
    pub fn rows(&self) -> Vec<ShownRow> {
        let listed = self.project.as_ref().unwrap().messages_after(None, usize::MAX).unwrap();
        let shown = |one: mailferry::project::MessageListing| ShownRow {
            folder: one.source.to_string(),
            state: one.row.state,
            cause: why(&one.row).unwrap_or_default(),
        };
        listed.into_iter().map(shown).collect()
    }

    /// The program's own verification.
    pub async fn verify(&self, depth: VerifyDepth) -> VerifyReport {
        verify_mailbox(&self.request(), depth).await.unwrap()
    }

    /// What is at the new mailbox: folder and first words of each message, sorted.
    pub fn arrived(&self) -> Vec<(String, Arc<[u8]>)> {
        let mail = self.destination.dump(USER).into_iter();
        let mut mail: Vec<_> = mail.map(|(path, message)| (path.to_string(), message.bytes)).collect();
        mail.sort();
        mail
    }

    fn reopen(&mut self) {
        self.project = None;
        self.project = Some(Project::open(&self.path).unwrap());
    }

    fn request(&self) -> CopyRequest {
        CopyRequest {
            source: access(&at(self.source.endpoint(), self.ports[0])),
            destination: access(&at(self.destination.endpoint(), self.ports[1])),
            plan: self.plan.clone(),
            ledger: self.project.as_ref().unwrap().ledger(self.mailbox),
            limits: self.limits,
            options: self.options.clone(),
            export_folder: None,
            claims: None,
            under_way: Arc::default(),
        }
    }

    async fn copy(&self, on_progress: &(dyn Fn() + Send + Sync)) -> Result<(), TransferError> {
        let request = self.request();
        let (_controller, control) = copy_control(CancellationToken::new());
        copy_mailbox(&request, control, &|_progress| on_progress()).await.map(|_outcome| ())
    }

    /// The first run. `None` where it was broken off and has no result of its own.
    async fn break_once(&mut self, how: &Break) -> (Outcome, Option<Result<(), TransferError>>) {
        let before = [self.source.traffic(), self.destination.traffic()];
        if let Break::Faults(faults) | Break::Visited(faults) = how {
            for (at, fault) in faults {
                let side = if *at == At::Source { &self.source } else { &self.destination };
                side.faults().push(fault.clone());
            }
        }
        // Counted where changes are refused, and where all is measured.
        let allowance = match how {
            Break::AfterLedgerChanges(count) => Some(*count),
            Break::None => Some(u32::MAX),
            _ => None,
        };
        if let Some(allowance) = allowance {
            LedgerCounter::install(self.project.as_ref().unwrap(), allowance);
        }
        ChangeWatch::start(if let Break::AfterChange(last) = how { *last } else { u32::MAX });
        let (polls, progress) = (AtomicU32::new(0), AtomicU32::new(0));
        let on_progress = || {
            let count = progress.fetch_add(1, Ordering::Relaxed) + 1;
            if matches!(how, Break::Visited(_)) {
                self.destination.deliver(USER, &FolderPath::inbox(), vec![visitor(count)]);
            }
            if matches!(how, Break::AtProgress(last) if *last == count) {
                // Unwinds without the words of a panic.
                resume_unwind(Box::new("broken on purpose"));
            }
        };
        let result = {
            let mut run = pin!(AssertUnwindSafe(self.copy(&on_progress)).catch_unwind());
            let polled = poll_fn(|context| {
                let count = polls.fetch_add(1, Ordering::Relaxed) + 1;
                match run.as_mut().poll(context) {
                    Poll::Ready(result) => Poll::Ready(result.ok()),
                    Poll::Pending if matches!(how, Break::AfterPoll(last) if *last == count) => {
                        Poll::Ready(None)
                    }
                    Poll::Pending => Poll::Pending,
                }
            });
            polled.await
        };
        let changes = ChangeWatch::stop();
        let ledger_changes = allowance.map_or(0, |_| LedgerCounter::count(self.project.as_ref().unwrap()));
        self.project = None;
        self.project = Some(Project::open(&self.path).unwrap());
        let after = [self.source.traffic(), self.destination.traffic()];
        let grown = |count: fn(&Traffic) -> u64| {
            [0, 1].map(|side| u32::try_from(count(&after[side]) - count(&before[side])).unwrap())
        };
        let measure = Measure {
            commands: grown(|traffic| traffic.commands),
            replies: grown(|traffic| traffic.replies),
            received: after.map(|traffic| traffic.most_received_bytes),
            sent: after.map(|traffic| traffic.most_sent_bytes),
            polls: polls.into_inner(),
            progress: progress.into_inner(),
            changes,
            ledger_changes,
        };
        let connections = [0, 1].map(|side| after[side].connections - before[side].connections);
        let was_broken = !matches!(result, Some(Ok(()))) || connections.iter().any(|count| *count > 1);
        (Outcome { was_broken, measure }, result)
    }

    fn check_ledger(&self) -> Result<(), String> {
        let sum: LedgerSum = self.project.as_ref().unwrap().ledger(self.mailbox).sum().unwrap();
        let places = self.places();
        let count =
            self.source.dump(USER).iter().filter(|(path, _)| places.contains_key(path.levels())).count();
        let once = self.wanted(&places).len();
        let is_whole = sum.copied + sum.already_there + sum.repaired == once as u64
            && sum.left_out == (count - once) as u64
            && sum.source_count == count as u64;
        if is_whole { Ok(()) } else { Err(format!("the ledger does not add up: {sum:?}")) }
    }

    /// Where each chosen folder goes, as the practice servers name them.
    fn places(&self) -> BTreeMap<Vec<String>, Vec<String>> {
        self.plan
            .folders
            .iter()
            .filter(|plan| plan.choice == FolderChoice::Copy)
            .map(|plan| {
                (
                    levels(&plan.source.0, &self.scene.source),
                    levels(&plan.destination.0, &self.scene.destination),
                )
            })
            .collect()
    }

    /// What has to be copied: all mail of the chosen folders. Where folders are labels, each message from the folder of
    /// its best label only.
    fn wanted(&self, places: &BTreeMap<Vec<String>, Vec<String>>) -> Vec<(FolderPath, SampleMessage)> {
        let mut mail = self.source.dump(USER);
        mail.retain(|(path, _)| places.contains_key(path.levels()));
        if self.scene.source.quirks.folders_are_labels {
            mail.sort_by_cached_key(|(path, _)| label_order(path));
            let keeps_labels = self.scene.destination.quirks.folders_are_labels;
            let mut seen = BTreeSet::new();
            mail.retain(|(path, message)| {
                let is_first = seen.insert(Arc::clone(&message.bytes));
                is_first || (keeps_labels && path.to_string() != "[Gmail]/All Mail")
            });
        }
        mail
    }

    /// Compares both sides as multisets of folder, bytes, flags and date, as far as the destination keeps them.
    fn compare(&self) -> Result<(), String> {
        let places = self.places();
        let wanted = self.wanted(&places).into_iter().filter_map(|(path, message)| {
            let place = places.get(path.levels())?;
            Some(self.key(place, &message, false))
        });
        let mut wanted = multiset(wanted);
        let found = self.destination.dump(USER).into_iter();
        let used: BTreeSet<&Vec<String>> = places.values().collect();
        let all_mail = FolderPath::parse("[Gmail]/All Mail");
        // A star and Gmail's own judgement are views, and no places.
        let views = ["[Gmail]/All Mail", "[Gmail]/Starred", "[Gmail]/Important"].map(FolderPath::parse);
        let labelled: BTreeSet<Arc<[u8]>> = self
            .destination
            .dump(USER)
            .into_iter()
            .filter(|(path, _)| !views.contains(path))
            .map(|(_, message)| message.bytes)
            .collect();
        // All Mail shows everything; what it alone shows was put there.
        let is_compared = |path: &FolderPath, message: &SampleMessage| {
            !self.scene.destination.quirks.folders_are_labels
                || (used.contains(&path.levels().to_vec())
                    && (*path != all_mail || !labelled.contains(&message.bytes)))
        };
        let found =
            found.filter(|(path, message)| is_compared(path, message) && !message.bytes.starts_with(VISITOR));
        let found = multiset(found.map(|(path, message)| self.key(path.levels(), &message, true)));
        if self.scene.destination.quirks.folders_are_labels {
            // What is folded is there once in each folder, whatever its number was.
            for count in wanted.values_mut() {
                *count = 1;
            }
        }
        let lacking = differing(&wanted, &found);
        let extra = differing(&found, &wanted);
        if lacking.is_empty() && extra.is_empty() {
            return Ok(());
        }
        Err(format!("lacking {lacking:?}, extra {extra:?}"))
    }

    /// What of a message must be the same on both sides.
    fn key(&self, place: &[String], message: &SampleMessage, is_copy: bool) -> String {
        let (destination, quirks) = (&self.scene.destination, &self.scene.destination.quirks);
        let added = if is_copy { quirks.added_header.unwrap_or_default() } else { "" };
        let bytes = message.bytes.strip_prefix(added.as_bytes()).unwrap_or(b"the added header is missing");
        let kept = |flag: &&String| destination.has_free_keywords || flag.starts_with('\\');
        let flags: Vec<&String> = message.flags.iter().filter(kept).collect();
        let digest = <sha2::Sha256 as sha2::Digest>::digest(bytes);
        let digest = data_encoding::HEXLOWER.encode(&digest[..6]);
        format!("{} {digest} {flags:?} {}", place.join("/"), message.internal_date.0)
    }

    /// Lets the program's own verification read the destination. Where the source only estimates sizes, copies that were found
    /// after a break have no bytes to compare with, and their listed size is a guess.
    async fn judge(&self) -> Result<(), String> {
        let is_estimated =
            self.scene.source.quirks.size_excess_divisor.is_some() && !self.scene.wants_whole_proof;
        let may_say = |what: &str| is_estimated && what.contains("bytes instead of");
        let report =
            verify_mailbox(&self.request(), VerifyDepth::Full).await.map_err(|error| error.to_string())?;
        let is_placed = report.counts.not_placed == 0 || !self.scene.wants_whole_proof;
        let is_verified = report.differences.iter().all(|difference| may_say(&difference.what)) && is_placed;
        if is_verified { Ok(()) } else { Err(format!("the verification fails: {report:?}")) }
    }
}

/// Labels from the best to the last: the inbox, those of the owner (the deepest first), sent mail, drafts, all mail.
fn label_order(path: &FolderPath) -> (usize, usize, String) {
    let name = path.to_string();
    let last = ["[Gmail]/Sent Mail", "[Gmail]/Drafts", "[Gmail]/Spam", "[Gmail]/Trash", "[Gmail]/All Mail"];
    let class = match last.iter().position(|own| *own == name) {
        Some(position) => 2 + position,
        None => usize::from(name != "INBOX"),
    };
    (class, usize::MAX - path.levels().len(), name)
}

/// Mail that arrives at the new mailbox by itself.
fn visitor(number: u32) -> SampleMessage {
    let text = format!("Message-ID: <{number}@elsewhere.example>\r\n\r\nText {number}\r\n");
    let bytes = [VISITOR, text.as_bytes()].concat().into();
    SampleMessage { bytes, flags: BTreeSet::new(), internal_date: UnixTime(1_700_000_000) }
}

/// The levels of a folder as the practice servers count them: without the server's prefix.
fn levels(parts: &[String], personality: &Personality) -> Vec<String> {
    let prefix = personality.prefix.trim_end_matches(personality.delimiter);
    match parts {
        [first, rest @ ..] if !prefix.is_empty() && !rest.is_empty() && first == prefix => rest.to_vec(),
        all => all.to_vec(),
    }
}

fn multiset(keys: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

fn differing<'k>(
    one: &'k BTreeMap<String, usize>,
    other: &BTreeMap<String, usize>,
) -> Vec<(&'k String, usize)> {
    let differing = one.iter().filter(|(key, count)| other.get(*key).copied().unwrap_or(0) < **count);
    differing.map(|(key, count)| (key, *count)).take(4).collect()
}
