//! The project file is not the newest any more: a backup goes on, its log is gone, it was carried elsewhere. Nothing is
//! sent a second time, and nothing is lost.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "tests and their helpers fail loudly"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mailferry::plan::{CopyOptions, DestinationRules, Mailbox, MailboxPlan};
use mailferry::project::Project;
use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox};
use mailferry::rehearsal::{FolderPath, ImapHandle, Personality, SampleFolder, SampleMessage};
use mailferry::transfer::{
    CopyLimits, CopyOutcome, CopyRequest, Progress, copy_control, copy_mailbox, inventory,
};
use mailferry::values::MailboxId;
use mailferry::values::{DomainName, EmailAddress, UnixTime};
use mailferry_test_support::clients::plain_imap::{self, PlainImap, mixed_mailbox as real_mailbox};
use mailferry_test_support::fakes::practice_server::{USER, practice as serve, practice_access as access};
use mailferry_test_support::scenes::breaking::in_quick_time;
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};
use tokio_util::sync::CancellationToken;

/// Mail of a mailbox: folder and bytes, sorted.
type Held = Vec<(String, Arc<[u8]>)>;

/// A project file as it was at some moment: the file, and its log where that is kept.
#[derive(Clone)]
struct State {
    file: Vec<u8>,
    log: Option<Vec<u8>>,
}

fn log_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

impl State {
    fn of(path: &Path, keeps_log: bool) -> Self {
        let log = keeps_log.then(|| std::fs::read(log_of(path)).ok()).flatten();
        Self { file: std::fs::read(path).unwrap(), log }
    }

    /// Lays it down in a folder of its own.
    fn lay(&self) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weber.mailferry");
        std::fs::write(&path, &self.file).unwrap();
        if let Some(log) = &self.log {
            std::fs::write(log_of(&path), log).unwrap();
        }
        (folder, path)
    }
}

/// Two practice servers, and what is to be copied from one to the other.
struct Pair {
    source: ImapHandle,
    destination: ImapHandle,
    plan: MailboxPlan,
    mailbox: MailboxId,
    first: State,
    token: CancellationToken,
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.token.cancel();
    }
}

impl Pair {
    async fn new(destination: Personality, mail: Vec<SampleFolder>) -> Self {
        let token = CancellationToken::new();
        let source = serve(Personality::dovecot(), mail, &token).await;
        let destination = serve(destination, Vec::new(), &token).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weber.mailferry");
        let project = Project::create(&path, &DomainName::parse("weber.example").unwrap(), false).unwrap();
        let anna = Mailbox {
            address: EmailAddress::parse(USER).unwrap(),
            source_user: USER.to_owned(),
            destination_user: USER.to_owned(),
            ways: mailferry::plan::SignInWays::default(),
            is_chosen: true,
        };
        let mailbox = project.add_mailbox(&anna).unwrap();
        drop(project);
        let mut from = access(&source).open().await.unwrap();
        let mut to = access(&destination).open().await.unwrap();
        let plan = inventory(&mut from, &mut to, DestinationRules::default()).await.unwrap();
        Self { source, destination, plan, mailbox, first: State::of(&path, false), token }
    }

    /// Copies to the end from this state, and shows the path of the project whenever progress is reported. The state at
    /// the end.
    async fn go_on(&self, from: &State, on_progress: impl Fn(&Path) + Send + Sync) -> State {
        let (outcome, state) = self.go_on_told(from, |_, path| on_progress(path)).await;
        assert_eq!(outcome.folder_problems, []);
        state
    }

    /// The same, with what is told.
    async fn go_on_told(
        &self,
        from: &State,
        on_progress: impl Fn(&Progress, &Path) + Send + Sync,
    ) -> (CopyOutcome, State) {
        let (_folder, path) = from.lay();
        let project = Project::open(&path).unwrap();
        let request = CopyRequest {
            source: access(&self.source),
            destination: access(&self.destination),
            plan: self.plan.clone(),
            ledger: project.ledger(self.mailbox),
            limits: CopyLimits { batch_messages: 6, spool_bytes: 24_000, ..CopyLimits::default() },
            options: CopyOptions::default(),
            export_folder: None,
            claims: None,
            under_way: Arc::default(),
        };
        let (_controller, control) = copy_control(CancellationToken::new());
        let sink = |progress: Progress| on_progress(&progress, &path);
        let outcome = copy_mailbox(&request, control, &sink).await.unwrap();
        let sum = request.ledger.sum().unwrap();
        assert_eq!((sum.to_do, sum.refused), (0, 0), "{sum:?}");
        drop((request, project));
        (outcome, State::of(&path, false))
    }

    /// The first state as it is without its log while a program has it open.
    fn doubted(&self) -> State {
        let (_folder, path) = self.first.lay();
        let _open = Project::open(&path).unwrap();
        State::of(&path, false)
    }

    /// Copies everything, and returns the states that the project file went through: with its log, and without.
    async fn copied_with_states(&self) -> Vec<State> {
        let states = Mutex::new(Vec::new());
        self.go_on(&self.first, |path| {
            let mut states = states.lock().unwrap();
            states.extend([State::of(path, true), State::of(path, false)]);
        })
        .await;
        states.into_inner().unwrap()
    }

    fn held(&self) -> Held {
        held(&self.destination)
    }
}

fn held(handle: &ImapHandle) -> Held {
    let mut held: Held =
        handle.dump(USER).into_iter().map(|(path, message)| (path.to_string(), message.bytes)).collect();
    held.sort();
    held
}

/// Three folders with equal messages in one and across two.
fn mail() -> Vec<SampleFolder> {
    let options = SampleOptions { attachment_percent: 4, large_attachments: 0, ..SampleOptions::default() };
    let mut folders = mixed_mailbox(11, 200, &options);
    folders.retain(|folder| ["INBOX", "Sent", "Projekte/2024"].contains(&folder.path.to_string().as_str()));
    for folder in &mut folders {
        folder.messages.truncate(22);
    }
    let twin = folders[0].messages[2].clone();
    folders[0].messages.push(twin.clone());
    folders[2].messages.push(twin);
    assert_eq!(folders.len(), 3);
    folders
}

fn new_message(number: u32) -> SampleMessage {
    let text = format!("Message-ID: <{number}@new.example>\r\nSubject: new {number}\r\n\r\nNew\r\n");
    SampleMessage {
        bytes: text.into_bytes().into(),
        flags: BTreeSet::new(),
        internal_date: UnixTime(1_700_000_000),
    }
}

#[test]
fn every_older_state_of_the_file_continues_without_a_second_copy() {
    for personality in [
        Personality::dovecot(),
        Personality::courier(),
        Personality::exchange(),
        Personality::icloud(),
        Personality::yahoo(),
        Personality::gmail(),
    ] {
        let name = personality.name;
        in_quick_time(async {
            let pair = Pair::new(personality, mail()).await;
            let states = pair.copied_with_states().await;
            let whole = pair.held();
            if name != "gmail" {
                assert_eq!(whole.len(), held(&pair.source).len(), "{name}");
            }
            assert!(states.len() > 20, "{name}: {} states", states.len());
            for (number, state) in std::iter::once(&pair.first).chain(&states).enumerate() {
                pair.go_on(state, |_| {}).await;
                let now = pair.held();
                assert_eq!(now.len(), whole.len(), "{name}: state {number} of {} doubles", states.len());
                assert!(now == whole, "{name}: state {number} changes something");
            }
        });
    }
}

#[test]
fn an_older_state_knows_nothing_of_later_mail_and_doubles_none_of_it() {
    in_quick_time(async {
        let pair = Pair::new(Personality::dovecot(), mail()).await;
        let older = pair.go_on(&pair.first, |_| {}).await;
        let arrives = |numbers: std::ops::Range<u32>| {
            pair.source.deliver(USER, &FolderPath::inbox(), numbers.map(new_message).collect());
        };
        arrives(1..40);
        pair.go_on(&older, |_| {}).await;
        // The older copy goes on, with more mail than the newer one has ever seen.
        arrives(40..60);
        // Mail of the new mailbox's own lies between.
        pair.destination.deliver(USER, &FolderPath::inbox(), (100..110).map(new_message).collect());
        pair.go_on(&older, |_| {}).await;
        let mut wanted = held(&pair.source);
        wanted.extend((100..110).map(|number| ("INBOX".to_owned(), new_message(number).bytes)));
        wanted.sort();
        assert!(pair.held() == wanted, "{} instead of {}", pair.held().len(), wanted.len());
    });
}

/// The messages alone, sorted.
fn bytes(held: &Held) -> Vec<Arc<[u8]>> {
    let mut all: Vec<_> = held.iter().map(|(_, bytes)| Arc::clone(bytes)).collect();
    all.sort();
    all
}

#[test]
fn copies_that_people_have_filed_are_found_by_every_older_state() {
    for personality in [Personality::dovecot(), Personality::courier(), Personality::yahoo()] {
        let name = personality.name;
        in_quick_time(async {
            let pair = Pair::new(personality, mail()).await;
            let states = pair.copied_with_states().await;
            let inbox = FolderPath::inbox();
            let all = pair.destination.dump(USER);
            let is_single =
                |bytes: &Arc<[u8]>| all.iter().filter(|(_, one)| one.bytes == *bytes).count() == 1;
            let filed: Vec<SampleMessage> = all
                .iter()
                .filter(|(path, message)| *path == inbox && is_single(&message.bytes))
                .map(|(_, message)| message.clone())
                .take(15)
                .collect();
            assert_eq!(filed.len(), 15);
            for message in &filed {
                pair.destination.take_out(USER, &inbox, &message.bytes);
            }
            pair.destination.deliver(USER, &FolderPath::parse("Sent"), filed[..5].to_vec());
            pair.destination.deliver(USER, &FolderPath::parse("Filed"), filed[5..].to_vec());
            let whole = pair.held();
            assert!(bytes(&whole) == bytes(&held(&pair.source)), "{name}");
            // A run that had not looked at the destination yet has nothing to go by, unless its log is lost.
            for (number, state) in states.iter().enumerate().filter(|(number, _)| *number != 0) {
                pair.go_on(state, |_| {}).await;
                let now = pair.held();
                assert_eq!(now.len(), whole.len(), "{name}: state {number} of {} doubles", states.len());
                assert!(now == whole, "{name}: state {number} changes something");
            }
        });
    }
}

#[test]
fn what_a_killed_program_had_under_way_is_reported_when_it_comes_after_all_is_done() {
    for personality in [Personality::dovecot(), Personality::proton(), Personality::zoho()] {
        let name = personality.name;
        in_quick_time(async {
            let pair = Pair::new(personality, mail()).await;
            let all = held(&pair.source).len() as u64;
            let late = pair.source.dump(USER).into_iter().filter(|(path, _)| *path == FolderPath::inbox());
            let late: Vec<SampleMessage> = late.map(|(_, message)| message).take(3).collect();
            let arrived = Mutex::new(0);
            let last_answer = |progress: &Progress, _: &Path| {
                let Progress::Advanced { messages, .. } = progress else { return };
                let mut arrived = arrived.lock().unwrap();
                *arrived += messages;
                if *arrived == all {
                    pair.destination.deliver(USER, &FolderPath::inbox(), late.clone());
                }
            };
            let (outcome, state) = pair.go_on_told(&pair.doubted(), last_answer).await;
            let words: Vec<&str> = outcome.folder_problems.iter().map(|one| one.words.as_str()).collect();
            assert!(
                words.len() == 1 && words[0].starts_with("3 messages are in this folder twice"),
                "{name}: {words:?}"
            );
            let whole = pair.held();
            assert_eq!(whole.len() as u64, all + 3, "{name}");
            pair.go_on(&state, |_| {}).await;
            assert!(pair.held() == whole, "{name}");
        });
    }
}

// The same with the program and a real server.

fn program(work: &Path, project: &Path, source: &Dovecot, destination: &Dovecot) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mailferry"))
        .arg("copy")
        .args(["--from", &format!("imap://anna@127.0.0.1:{}", source.clear_port)])
        .args(["--to", &format!("imap://anna@127.0.0.1:{}", destination.clear_port)])
        .arg("--from-password-file")
        .arg(work.join("password"))
        .arg("--to-password-file")
        .arg(work.join("password"))
        .arg("--project")
        .arg(project)
        .args(["--verify", "none"])
        .env("HOME", work)
        .env("XDG_CONFIG_HOME", work.join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn arrived(reader: &mut PlainImap) -> usize {
    reader.folders().iter().map(|folder| reader.count(folder)).sum()
}

/// Ends the program like `kill -9` once so many messages are there.
fn kill_at(mut child: Child, messages: usize, reader: &mut PlainImap) {
    while child.try_wait().unwrap().is_none() {
        if arrived(reader) >= messages {
            child.kill().unwrap();
            child.wait().unwrap();
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn killed_programs_whose_log_is_gone_double_nothing_at_a_real_server() {
    kill_twice(false);
}

#[test]
fn killed_programs_whose_file_is_carried_away_double_nothing_at_a_real_server() {
    kill_twice(true);
}

/// A program is killed twice in mid-copy and started at once behind it, without its newest changes.
fn kill_twice(is_carried: bool) {
    const MESSAGES: usize = 3_000;
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    PlainImap::open(source.clear_port, "anna").store(&real_mailbox(MESSAGES, '/', ""));
    let wanted = PlainImap::open(source.clear_port, "anna").multiset(str::to_owned);
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("password"), PASSWORD).unwrap();
    let mut project = work.path().join("one.mailferry");
    let mut reader = PlainImap::open(destination.clear_port, "anna");
    for target in [400, 1_600] {
        kill_at(program(work.path(), &project, &source, &destination), target, &mut reader);
        if is_carried {
            let other = work.path().join(format!("{target}.mailferry"));
            std::fs::copy(&project, &other).unwrap();
            project = other;
        } else {
            std::fs::remove_file(log_of(&project)).unwrap();
        }
    }
    let last = program(work.path(), &project, &source, &destination).wait_with_output().unwrap();
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    let found = reader.multiset(str::to_owned);
    let count = |all: &std::collections::BTreeMap<plain_imap::Seen, usize>| all.values().sum::<usize>();
    assert_eq!(count(&found), count(&wanted), "carried: {is_carried}");
    assert!(found == wanted, "carried: {is_carried}: other messages");
}
