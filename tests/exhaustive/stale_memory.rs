//! A copy to real servers that goes on with a memory that is not the newest, while the owner files, deletes and receives
//! mail: every message is there once. Or beside another copy of the same mail: at most what both had under way when they met
//! is there twice, and that is told.
//!
//! An ordinary run takes a few states of the project file for each server, `MAILFERRY_EXHAUSTIVE=1` one after every
//! change.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use mailferry::plan::{CopyOptions, DestinationRules, Mailbox, MailboxPlan, SignInWays};
use mailferry::project::Project;
use mailferry::transfer::{
    CopyLimits, CopyOutcome, CopyRequest, TransferError, copy_control, copy_mailbox, inventory,
};
use mailferry::values::MailboxId;
use mailferry::values::{DomainName, EmailAddress, Security};
use mailferry_test_inputs::seeds;
use mailferry_test_support::clients::plain_imap::{self, Mail, PlainImap, mixed_mailbox};
use mailferry_test_support::scenes::breaking::{ChangeWatch, FileState};
use mailferry_test_support::servers::courier::Courier;
use mailferry_test_support::servers::cyrus::{self, Cyrus};
use mailferry_test_support::servers::dovecot::{self, Dovecot, access};
use tokio_util::sync::CancellationToken;

/// Messages at the source, before some of them are doubled.
const MESSAGES: usize = 30;
/// Moments of the first run whose memory comes back, in an ordinary run: so many for each server.
const MOMENTS: u32 = 6;
/// Messages that go together.
const BATCH: usize = 5;
/// How often a first run is polled before a second one begins beside it.
const BEGINNINGS: [u32; 4] = [0, 40, 90, 160];
/// How often a copy is taken up again before it counts as stuck.
const RUNS: u32 = 5;
/// How mail of the owner's own begins.
const VISITOR: &[u8] = b"Subject: visitor\r\n";

/// What is remembered where the copy goes on.
#[derive(Clone, Copy, Debug)]
enum Memory {
    /// An older state with its log.
    Older,
    /// An older state without its log.
    WithoutLog,
    /// An older state in one file under another name in another folder.
    Elsewhere,
}

const MEMORIES: [Memory; 3] = [Memory::Older, Memory::WithoutLog, Memory::Elsewhere];

/// How often a message with these bytes is there, by their SHA-256.
type Contents = BTreeMap<String, usize>;

/// The copy into one account of the destination, with a project file of its own.
struct Copy {
    from: u16,
    to: u16,
    user: String,
    mailbox: MailboxId,
    plan: MailboxPlan,
    path: PathBuf,
    folder: tempfile::TempDir,
}

impl Copy {
    async fn new(from: u16, to: u16, user: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weber.mailferry");
        let project = Project::create(&path, &DomainName::parse("weber.example").unwrap(), false).unwrap();
        let mailbox = Mailbox {
            address: EmailAddress::parse("anna@weber.example").unwrap(),
            source_user: "anna".to_owned(),
            destination_user: user.to_owned(),
            ways: SignInWays::default(),
            is_chosen: true,
        };
        let mailbox = project.add_mailbox(&mailbox).unwrap();
        let mut source = access(from, Security::Clear, "anna").open().await.unwrap();
        let mut destination = access(to, Security::Clear, user).open().await.unwrap();
        let plan = inventory(&mut source, &mut destination, DestinationRules::default()).await.unwrap();
        Self { from, to, user: user.to_owned(), mailbox, plan, path, folder }
    }

    fn request(&self, project: &Arc<Project>) -> CopyRequest {
        CopyRequest {
            source: access(self.from, Security::Clear, "anna"),
            destination: access(self.to, Security::Clear, &self.user),
            plan: self.plan.clone(),
            ledger: project.ledger(self.mailbox),
            // Several batches, and no long wait for an append whose connection has broken.
            limits: CopyLimits {
                batch_messages: BATCH,
                late_append: Duration::from_millis(500),
                ..CopyLimits::default()
            },
            options: CopyOptions::default(),
            claims: None,
            export_folder: None,
            under_way: Arc::default(),
        }
    }

    /// Copies as a new start of the program would.
    async fn copy(&self) -> Result<(), TransferError> {
        self.copy_told().await.map(|_outcome| ())
    }

    /// The same, and what it tells.
    async fn copy_told(&self) -> Result<CopyOutcome, TransferError> {
        let project = Project::open(&self.path).unwrap();
        let (_controller, control) = copy_control(CancellationToken::new());
        copy_mailbox(&self.request(&project), control, &|_progress| {}).await
    }

    /// Messages that the project has still to do.
    fn to_do(&self) -> u64 {
        Project::open(&self.path).unwrap().ledger(self.mailbox).sum().unwrap().to_do
    }

    /// Every row of the ledger, for whoever reads of a failure.
    fn rows(&self) -> String {
        let rows = |connection: &rusqlite::Connection| -> Vec<String> {
            let text = "SELECT format('folder %d uid %d state %d at %s (%s) reason %s %s sha256 %s', folder_id, uid, state,
                destination_uid, destination_uid_validity, reason, detail, lower(hex(sha256))) FROM message";
            let mut statement = connection.prepare(text).unwrap();
            statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        Project::open(&self.path).unwrap().with_connection_of_test(rows).unwrap().join("\n")
    }

    /// Copies until it is done.
    async fn finish(&self) {
        let mut last = None;
        for _run in 0..RUNS {
            match self.copy().await {
                Ok(()) => return,
                Err(error) => last = Some(error),
            }
        }
        panic!("never done: {last:?}");
    }

    /// The first run, which ends after so many changes; what the project file was after so many others. How many changes
    /// there were.
    async fn run_until(&self, state: u32, end: u32) -> (Option<FileState>, u32) {
        ChangeWatch::start(end);
        ChangeWatch::keep(&self.path, state);
        let ended = AssertUnwindSafe(self.copy()).catch_unwind().await;
        let changes = ChangeWatch::stop();
        if let Ok(result) = ended {
            result.unwrap();
        }
        (ChangeWatch::kept(), changes)
    }

    fn go_on_with(&mut self, state: &FileState, memory: Memory) {
        match memory {
            Memory::Older => state.put(&self.path),
            Memory::WithoutLog => state.in_one_file().put(&self.path),
            Memory::Elsewhere => {
                self.folder = tempfile::tempdir().unwrap();
                self.path = self.folder.path().join("carried.mailferry");
                state.in_one_file().put(&self.path);
            }
        }
    }

    fn reader(&self) -> PlainImap {
        PlainImap::open(self.to, &self.user)
    }

    /// Everything at the destination but the owner's own mail.
    fn contents(&self) -> Contents {
        let mut found = contents(&mut self.reader());
        for number in 0..3 {
            let visitor = plain_imap::digest(&visitor(number));
            found.retain(|content, _| *content != visitor);
        }
        found
    }

    /// The owner files every third message of the inbox, deletes every fourth of the others, and gets mail. Returns what
    /// was deleted.
    fn act(&self, filed: &str) -> Contents {
        let mut client = self.reader();
        client.run("SELECT INBOX");
        // In this session, since appends of the broken run may still arrive and come before others in the next one.
        let inbox = client.selected_order();
        let numbers = |is_wanted: fn(usize) -> bool| -> Vec<usize> {
            (1..=inbox.len()).filter(|number| is_wanted(*number)).collect()
        };
        let mut deleted = Contents::new();
        let is_filed = |number: usize| number % 3 == 1;
        let is_deleted = |number: usize| number % 4 == 2 && number % 3 != 1;
        for number in numbers(is_deleted) {
            *deleted.entry(inbox[number - 1].clone()).or_default() += 1;
        }
        let filed_numbers = set(&numbers(is_filed));
        if !filed_numbers.is_empty() {
            client.try_create(filed).unwrap();
            client.run(&format!("COPY {filed_numbers} \"{filed}\""));
        }
        let gone: Vec<usize> =
            (1..=inbox.len()).filter(|number| is_filed(*number) || is_deleted(*number)).collect();
        if !gone.is_empty() {
            client.run(&format!("STORE {} +FLAGS.SILENT (\\Deleted)", set(&gone)));
            client.run("EXPUNGE");
        }
        let mail = |number| Mail {
            folder: "INBOX".to_owned(),
            flags: Vec::new(),
            date: "01-Mar-2024 10:00:00 +0000".to_owned(),
            bytes: visitor(number),
        };
        client.store(&(0..3).map(mail).collect::<Vec<_>>());
        deleted
    }
}

fn visitor(number: usize) -> Vec<u8> {
    [VISITOR, format!("Message-ID: <{number}@elsewhere.example>\r\n\r\n{number}\r\n").as_bytes()].concat()
}

fn set(numbers: &[usize]) -> String {
    numbers.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
}

fn contents(client: &mut PlainImap) -> Contents {
    let mut found = Contents::new();
    for ((_folder, hash, _flags, _date), count) in client.multiset(str::to_owned) {
        *found.entry(hash).or_default() += count;
    }
    found
}

/// Each message of `source` is there as often, but for what was deleted, which may be there again or not.
fn compare(source: &Contents, found: &Contents, deleted: &Contents) -> Result<(), String> {
    for (content, count) in source {
        let there = found.get(content).copied().unwrap_or(0);
        let least = count.saturating_sub(deleted.get(content).copied().unwrap_or(0));
        if there < least || there > *count {
            return Err(format!("{content} is there {there} times, and {count} times at the source"));
        }
    }
    match found.keys().find(|content| !source.contains_key(*content)) {
        Some(stranger) => Err(format!("nobody has put {stranger} there")),
        None => Ok(()),
    }
}

/// A mailbox with doubles, drafts without Message-ID, nested folders and keywords.
fn mails() -> Vec<Mail> {
    let mut mails = mixed_mailbox(MESSAGES, '/', "");
    for mail in &mut mails {
        // The owner below removes with EXPUNGE what is marked, and only that.
        mail.flags.retain(|flag| *flag != "\\Deleted");
    }
    mails
}

/// How many accounts a server needs: one for the measure, one for each case.
fn users() -> Vec<String> {
    let count = if seeds::is_exhaustive() { 400 } else { 2 + MOMENTS };
    (0..count).map(|number| format!("anna{number}")).collect()
}

/// Goes on with states of the first run into accounts of this server.
async fn remember(name: &str, from: u16, to: u16, filed: &str) {
    let source = contents(&mut PlainImap::open(from, "anna"));
    let mut users = users().into_iter();
    let measured = Copy::new(from, to, &users.next().unwrap()).await;
    let (_state, changes) = measured.run_until(u32::MAX, u32::MAX).await;
    compare(&source, &measured.contents(), &Contents::new()).unwrap();
    let moments = if seeds::is_exhaustive() { changes } else { MOMENTS };
    let (mut cases, mut failures) = (0, Vec::new());
    for (moment, user) in (0..moments).zip(users) {
        let state = changes * moment / moments;
        let memory = MEMORIES[moment as usize % MEMORIES.len()];
        let end = if moment % 2 == 0 { u32::MAX } else { state + (changes - state) / 2 };
        let acts = moment % 4 < 2 || seeds::is_exhaustive();
        let mut copy = Copy::new(from, to, &user).await;
        let Some(kept) = copy.run_until(state, end.max(state + 1)).await.0 else { continue };
        cases += 1;
        copy.go_on_with(&kept, memory);
        let deleted = if acts { copy.act(filed) } else { Contents::new() };
        copy.finish().await;
        let found = copy.contents();
        if let Err(error) = compare(&source, &found, &deleted) {
            let rows = copy.rows();
            failures.push(format!("{memory:?} of {state}, ended at {end}, acts {acts}: {error}\n{rows}"));
        }
        copy.copy().await.unwrap();
        assert_eq!(copy.contents(), found, "{name}: a further run changes what is there");
    }
    eprintln!("{name}: {cases} of {changes} states of the project file");
    assert!(failures.is_empty(), "{name}: {} of {cases} fail:\n{}", failures.len(), failures.join("\n"));
    assert!(cases * 3 >= moments * 2, "{name}: only {cases} of {moments} states were kept");
}

/// Whether a run tells that another one is at it, or has been.
fn is_told(told: &Result<CopyOutcome, TransferError>) -> bool {
    match told {
        Ok(outcome) => outcome.folder_problems.iter().any(|one| one.words.contains("in this folder twice")),
        Err(error) => matches!(error, TransferError::SecondRun { .. }),
    }
}

/// Two computers that know nothing of each other copy into one account, the second beginning at several moments of the
/// first. A destination that asks for each message gets several connections, each with a batch.
async fn meet(name: &str, (from, to): (u16, u16), connections: usize) {
    let source = contents(&mut PlainImap::open(from, "anna"));
    let (mut most, mut met) = (0, 0);
    for (start, user) in BEGINNINGS.into_iter().zip(users()) {
        let (one, two) = (Copy::new(from, to, &user).await, Copy::new(from, to, &user).await);
        let (mut polls, begun) = (0, tokio::sync::Notify::new());
        let mut first = std::pin::pin!(one.copy_told());
        let counted = std::future::poll_fn(|context| {
            let polled = first.as_mut().poll(context);
            polls += 1;
            if polls > start || polled.is_ready() {
                begun.notify_one();
            }
            polled
        });
        let second = async {
            begun.notified().await;
            two.copy_told().await
        };
        let told = futures::future::join(counted, second).await;
        let surplus = |found: &Contents| -> usize {
            found.iter().map(|(content, count)| count - source.get(content).unwrap_or(&0)).sum()
        };
        let doubled = surplus(&one.contents());
        most = most.max(doubled);
        met += usize::from(is_told(&told.0) || is_told(&told.1));
        assert!(doubled <= BATCH * connections, "{name}, {start}: {doubled} doubled: {told:?}");
        assert!(doubled == 0 || is_told(&told.0) || is_told(&told.1), "{name}, {start}: {told:?}");
        for (run, told) in [(&one, &told.0), (&two, &told.1)] {
            assert!(told.is_err() || run.to_do() == 0, "{name}, {start}: says that it is done: {told:?}");
            run.finish().await;
        }
        for run in [&one, &two] {
            run.copy().await.unwrap();
        }
        let found = one.contents();
        assert_eq!(surplus(&found), doubled, "{name}, {start}: later runs double more");
        let lost = source.iter().find(|(content, count)| found.get(*content) < Some(*count));
        assert_eq!(lost, None, "{name}, {start}");
    }
    eprintln!(
        "{name}: two writers at {} moments, {met} told of it, at most {most} doubled",
        BEGINNINGS.len()
    );
}

fn source() -> Option<Dovecot> {
    let source = Dovecot::start(&["anna"], &dovecot::Settings::default())?;
    PlainImap::open(source.clear_port, "anna").store(&mails());
    Some(source)
}

fn names(users: &[String]) -> Vec<&str> {
    users.iter().map(String::as_str).collect()
}

#[tokio::test]
async fn an_older_memory_doubles_nothing_at_dovecot() {
    let Some(source) = source() else { return };
    let settings = dovecot::Settings::default();
    let Some(destination) = Dovecot::start(&names(&users()), &settings) else { return };
    remember("dovecot", source.clear_port, destination.clear_port, "Abgelegt").await;
}

#[tokio::test]
async fn an_older_memory_doubles_nothing_at_cyrus() {
    let Some(source) = source() else { return };
    let settings = cyrus::Settings::default();
    let Some(destination) = Cyrus::start(&names(&users()), &settings) else { return };
    remember("cyrus", source.clear_port, destination.clear_port, "Abgelegt").await;
}

#[tokio::test]
async fn an_older_memory_doubles_nothing_at_courier() {
    let Some(source) = source() else { return };
    let Some(destination) = Courier::start(&names(&users())) else { return };
    remember("courier", source.clear_port, destination.clear_port, "INBOX.Abgelegt").await;
}

#[tokio::test]
async fn two_computers_meet_at_dovecot() {
    let Some(source) = source() else { return };
    let settings = dovecot::Settings::default();
    let Some(destination) = Dovecot::start(&names(&users()), &settings) else { return };
    meet("dovecot", (source.clear_port, destination.clear_port), 1).await;
}

#[tokio::test]
async fn two_computers_meet_at_cyrus() {
    let Some(source) = source() else { return };
    let settings = cyrus::Settings::default();
    let Some(destination) = Cyrus::start(&names(&users()), &settings) else { return };
    meet("cyrus", (source.clear_port, destination.clear_port), 1).await;
}

#[tokio::test]
async fn two_computers_meet_at_courier() {
    let Some(source) = source() else { return };
    let Some(destination) = Courier::start(&names(&users())) else { return };
    meet("courier", (source.clear_port, destination.clear_port), 3).await;
}
