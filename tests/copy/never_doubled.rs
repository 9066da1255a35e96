//! What is at the destination already is never sent a second time, whatever happened to the folders on either side.

use std::collections::BTreeSet;
use std::sync::Arc;

use mailferry::plan::{CopyMode, MessageFilter};
use mailferry::project::FolderId;
use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox};
use mailferry::rehearsal::{
    Action, Fault, FolderPath, ImapHandle, Personality, SampleFolder, SampleMessage, Trigger,
};
use mailferry::transfer::FolderTrouble;
use mailferry::values::{SourceUid, UidValidity};
use mailferry_test_support::clients::plain_imap;
use mailferry_test_support::fakes::odd_imap::{OddImap, numbered};
use mailferry_test_support::fakes::practice_server::{USER, practice as serve, practice_access as access};
use mailferry_test_support::scenes::breaking::in_quick_time;
use mailferry_test_support::scenes::copy_bench::{self, Bench};
use mailferry_test_support::servers::dovecot;
use tokio_util::sync::CancellationToken;

/// Mail of a mailbox: folder and bytes, sorted.
type Held = Vec<(String, Arc<[u8]>)>;

/// Two practice servers and the copy between them.
struct Pair {
    source: ImapHandle,
    destination: ImapHandle,
    bench: Bench,
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
        let bench = Bench::new(access(&source), access(&destination)).await;
        Self { source, destination, bench, token }
    }

    /// All mail of the source is copied.
    async fn copied(destination: Personality, mail: Vec<SampleFolder>) -> Self {
        let pair = Self::new(destination, mail).await;
        pair.bench.copy_all().await;
        pair
    }

    async fn copy(&self) -> Vec<(FolderTrouble, String)> {
        let outcome = self.bench.copy(&|_| {}).await.unwrap();
        outcome.folder_problems.into_iter().map(|problem| (problem.trouble, problem.words)).collect()
    }

    fn held(&self) -> Held {
        held(&self.destination)
    }

    /// The number of a folder in the ledger, by its path at the source.
    fn folder(&self, name: &str) -> FolderId {
        let all = self.bench.ledger().folder_totals().unwrap();
        all.iter().find(|known| known.source.to_string() == name).unwrap().id
    }

    /// People move the first messages of a folder.
    fn people_move(&self, from: &str, to: &str, count: usize) {
        let from = FolderPath::parse(from);
        let mail = self.destination.dump(USER).into_iter();
        let mail: Vec<SampleMessage> =
            mail.filter(|(path, _)| *path == from).map(|(_, message)| message).take(count).collect();
        for message in &mail {
            self.destination.take_out(USER, &from, &message.bytes);
        }
        self.destination.deliver(USER, &FolderPath::parse(to), mail);
    }

    /// The destination folder counts as made anew when it is opened next.
    fn make_anew(&self, name: &str) {
        self.bench.ledger().fence_destination(self.folder(name), UidValidity(77)).unwrap();
    }
}

fn held(handle: &ImapHandle) -> Held {
    let mut held: Held =
        handle.dump(USER).into_iter().map(|(path, message)| (path.to_string(), message.bytes)).collect();
    held.sort();
    held
}

/// Two folders whose names are the same on both sides.
fn mail() -> Vec<SampleFolder> {
    let options = SampleOptions { attachment_percent: 0, large_attachments: 0, ..SampleOptions::default() };
    let mut folders = mixed_mailbox(3, 120, &options);
    folders.retain(|folder| ["INBOX", "Sent"].contains(&folder.path.to_string().as_str()));
    for folder in &mut folders {
        folder.messages.truncate(24);
        let mut seen = BTreeSet::new();
        folder.messages.retain(|message| seen.insert(Arc::clone(&message.bytes)));
    }
    assert!(folders.len() == 2 && folders.iter().all(|folder| folder.messages.len() > 8));
    folders
}

// What takes part later.

#[tokio::test]
async fn what_is_there_already_is_recognised_after_a_trial_and_after_a_filter_as_well() {
    let filter = MessageFilter { max_bytes: Some(1), ..MessageFilter::default() };
    for (trial, filter) in [(Some(3), MessageFilter::default()), (None, filter)] {
        let mut pair = Pair::new(Personality::dovecot(), mail()).await;
        for folder in mail() {
            pair.destination.deliver(USER, &folder.path, folder.messages);
        }
        let before = pair.held();
        pair.bench.request.options.trial_messages = trial;
        pair.bench.request.options.filter = filter;
        assert_eq!(pair.copy().await, []);
        pair.bench.request.options = mailferry::plan::CopyOptions::default();
        assert_eq!(pair.copy().await, []);
        assert!(pair.held() == before, "{} instead of {}", pair.held().len(), before.len());
        assert_eq!(pair.bench.sum().already_there, before.len() as u64);
    }
}

#[tokio::test]
async fn messages_that_a_short_listing_left_out_are_looked_for_when_they_are_listed() {
    let all: Vec<_> = (1..=6).map(|number| numbered(number, "hello")).collect();
    let (source, destination) = (OddImap::start(all.clone()), OddImap::start(all));
    let bench = Bench::new(source.access(), destination.access()).await;
    source.set(|state| state.unlisted = BTreeSet::from([6]));
    let outcome = bench.copy(&|_| {}).await.unwrap();
    assert_eq!(outcome.folder_problems.len(), 1, "{outcome:?}");
    assert_eq!(bench.sum().source_count, 5);
    source.set(|state| state.unlisted.clear());
    bench.copy(&|_| {}).await.unwrap();
    assert_eq!(bench.sum().already_there, 6, "{:?}", bench.sum());
    assert_eq!(source.bodies(), destination.bodies());
}

#[tokio::test]
async fn a_new_message_that_is_not_listed_is_not_made_up_for_by_old_rows() {
    let source = OddImap::start((1..=10).map(|number| numbered(number, "hello")));
    let destination = OddImap::start([]);
    let bench = Bench::new(source.access(), destination.access()).await;
    bench.copy_all().await;
    source.set(|state| {
        state.messages.retain(|uid, _| *uid > 3);
        state.messages.extend((11..=13).map(|number| (number, numbered(number, "new"))));
        state.without_facts.insert(12);
    });
    bench.copy(&|_| {}).await.unwrap();
    let mut wanted: Vec<_> = (1..=10).map(|number| numbered(number, "hello").bytes).collect();
    wanted.extend((11..=13).map(|number| numbered(number, "new").bytes));
    wanted.sort();
    assert_eq!(destination.bodies(), wanted);
}

// Copies that people have moved.

#[test]
fn moved_copies_are_not_made_again_while_the_other_folder_cannot_be_searched() {
    in_quick_time(async {
        for words in ["NO Mailbox is damaged", "NO [INUSE] Mailbox in use"] {
            let pair = Pair::copied(Personality::dovecot(), mail()).await;
            pair.people_move("INBOX", "Archive", 5);
            let before = pair.held();
            // The inbox is opened twice, and then the first of the other folders.
            let refusal = Action::Refuse(words.to_owned());
            pair.destination.faults().push(Fault::at(Trigger::Command("EXAMINE".to_owned()), 3, refusal));
            let problems = pair.copy().await;
            let is_busy = words.contains("INUSE");
            assert_eq!(problems.is_empty(), is_busy, "{problems:?}");
            assert!(problems.iter().all(|(trouble, _)| *trouble == FolderTrouble::CopiesInDoubt));
            assert!(pair.held() == before, "{words}: doubled");
            assert_eq!(pair.copy().await, []);
            assert!(pair.held() == before, "{words}: doubled later");
            // What is lost indeed still comes back.
            let lost = before.iter().find(|(folder, _)| folder == "INBOX").unwrap();
            pair.destination.take_out(USER, &FolderPath::inbox(), &lost.1);
            assert_eq!(pair.copy().await, []);
            assert!(pair.held() == before, "{words}: not brought back");
        }
    });
}

#[test]
fn copies_that_were_moved_into_a_folder_that_was_not_compared_yet_are_not_made_again() {
    in_quick_time(async {
        let mut folders = mail();
        let sent = folders.iter().position(|folder| folder.path.to_string() == "Sent").unwrap();
        // The other folder has equal mail of its own, which waits to be copied.
        let inbox = folders[1 - sent].messages.clone();
        folders[sent].messages.extend(inbox.iter().take(2).cloned());
        let pair = Pair::new(Personality::dovecot(), folders.clone()).await;
        let close = Fault { skip: 1, ..Fault::always(Trigger::Command("SELECT".to_owned()), Action::Close) };
        pair.destination.faults().push(close);
        let outcome = pair.bench.copy(&|_| {}).await.unwrap();
        assert!(!outcome.folder_problems.is_empty(), "a folder that is never opened is left: {outcome:?}");
        pair.destination.faults().clear();
        let first = pair.held();
        assert!(!first.is_empty() && first.iter().all(|(folder, _)| folder == &first[0].0), "one is copied");
        let (from, to) = if first[0].0 == "INBOX" { ("INBOX", "Sent") } else { ("Sent", "INBOX") };
        pair.people_move(from, to, 5);
        for _run in 0..3 {
            pair.copy().await;
        }
        // Equal mail that waited for the other folder may have taken a moved copy as its own; each is there as often as it
        // is at the source all the same.
        assert_eq!(bytes(&pair.held()), bytes(&held(&pair.source)));
    });
}

/// The messages alone, sorted.
fn bytes(held: &Held) -> Vec<Arc<[u8]>> {
    let mut all: Vec<_> = held.iter().map(|(_, bytes)| Arc::clone(bytes)).collect();
    all.sort();
    all
}

#[tokio::test]
async fn copies_that_exchange_has_written_anew_are_recognised_when_filed_and_when_numbered_anew() {
    let pair = Pair::copied(Personality::exchange(), mail()).await;
    let source: BTreeSet<usize> = held(&pair.source).iter().map(|(_, bytes)| bytes.len()).collect();
    assert!(pair.held().iter().any(|(_, bytes)| !source.contains(&bytes.len())), "sizes change");
    pair.people_move("INBOX", "Filed", 6);
    let before = pair.held();
    assert_eq!(pair.copy().await, []);
    assert!(pair.held() == before, "doubled when filed");
    pair.make_anew("Sent");
    assert_eq!(pair.copy().await, []);
    assert!(pair.held() == before, "doubled when numbered anew");
}

#[tokio::test]
async fn our_copies_are_recognised_in_another_size_after_they_were_forgotten() {
    // A server that says nothing of its name, and gives messages another size.
    let personality = Personality { greeting: "ready", id: &[], ..Personality::exchange() };
    let pair = Pair::copied(personality, mail()).await;
    let before = pair.held();
    pair.make_anew("Sent");
    assert_eq!(pair.copy().await, []);
    assert!(pair.held() == before, "doubled");
}

// Folders that were made anew.

#[tokio::test]
async fn a_folder_that_was_created_again_and_holds_other_mail_is_reported_and_not_filled_again() {
    let pair = Pair::copied(Personality::dovecot(), mail()).await;
    let sent = FolderPath::parse("Sent");
    // Another program has put every subject in other words.
    pair.destination.tamper(USER, &sent, |bytes| {
        String::from_utf8_lossy(bytes).replacen("Subject: ", "Subject: Re: ", 1).into_bytes()
    });
    pair.make_anew("Sent");
    let before = pair.held();
    for _run in 0..2 {
        let problems = pair.copy().await;
        assert!(matches!(problems.as_slice(), [(FolderTrouble::CopiesInDoubt, _)]), "{problems:?}");
        assert!(pair.held() == before, "doubled");
    }
    // The way out that the words name: an empty folder is filled.
    for (_, message) in before.iter().filter(|(folder, _)| folder == "Sent") {
        pair.destination.take_out(USER, &sent, message);
    }
    assert_eq!(pair.copy().await, []);
    assert!(pair.held() == held(&pair.source), "filled again");
}

#[tokio::test]
async fn after_the_switch_a_source_folder_that_was_created_again_brings_nothing_back() {
    let source = OddImap::start((1..=8).map(|number| numbered(number, "hello")));
    let destination = OddImap::start([]);
    let mut bench = Bench::new(source.access(), destination.access()).await;
    bench.copy_all().await;
    destination.set(|state| drop(state.messages.remove(&3)));
    bench.request.options.mode = CopyMode::AfterSwitch;
    bench.copy_all().await;
    let before = destination.bodies();
    source.set(|state| state.uid_validity = 8);
    for _run in 0..2 {
        let problems = bench.copy(&|_| {}).await.unwrap().folder_problems;
        assert!(
            matches!(problems.as_slice(), [one] if one.trouble == FolderTrouble::CopiesInDoubt),
            "{problems:?}"
        );
        assert!(destination.bodies() == before, "what people have removed came back");
    }
    // Before the switch everything is compared and mirrored.
    bench.request.options.mode = CopyMode::BeforeSwitch;
    bench.copy_all().await;
    assert_eq!(source.bodies(), destination.bodies());
}

// Messages that the owner has moved at the source.

/// Two real servers that can move messages, and what is in one of their folders: Message-IDs, sorted.
struct Movers {
    source: dovecot::Dovecot,
    destination: dovecot::Dovecot,
    bench: Bench,
}

impl Movers {
    async fn copied() -> Option<Self> {
        let settings = dovecot::Settings::default();
        let source = dovecot::Dovecot::start(&["anna"], &settings)?;
        let destination = dovecot::Dovecot::start(&["anna"], &settings)?;
        let mails: Vec<plain_imap::Mail> = (1..=12)
            .map(|number| plain_imap::Mail {
                folder: "INBOX".to_owned(),
                flags: Vec::new(),
                date: "01-Mar-2023 10:00:00 +0100".to_owned(),
                bytes: numbered(number, &"x".repeat(number as usize)).bytes,
            })
            .collect();
        plain_imap::PlainImap::open(source.clear_port, "anna").store(&mails);
        let mut at_source = plain_imap::PlainImap::open(source.clear_port, "anna");
        at_source.run("CREATE Filed");
        let way = |port| dovecot::access(port, mailferry::values::Security::Clear, "anna");
        let bench = Bench::new(way(source.clear_port), way(destination.clear_port)).await;
        bench.copy_all().await;
        Some(Self { source, destination, bench })
    }

    fn assert_same(&self) {
        let held = |port| copy_bench::contents(port, '/', "");
        copy_bench::assert_same(&held(self.source.clear_port), &held(self.destination.clear_port));
    }
}

#[tokio::test]
async fn copies_follow_messages_that_were_moved_at_the_source() {
    let Some(pair) = Movers::copied().await else { return };
    let mut owner = plain_imap::PlainImap::open(pair.source.clear_port, "anna");
    owner.run("SELECT INBOX");
    owner.run("MOVE 2:5 Filed");
    // A copy in another folder is no move.
    owner.run("COPY 1 Filed");
    let at_destination = || plain_imap::PlainImap::open(pair.destination.clear_port, "anna");
    for _run in 0..2 {
        pair.bench.copy_all().await;
        pair.assert_same();
    }
    let sum = pair.bench.sum();
    assert_eq!((sum.source_count, sum.copied, sum.already_there, sum.to_do), (13, 9, 4, 0), "{sum:?}");
    // And back again; but a copy that somebody has marked stays where it is, and the message is copied once more.
    let mut people = at_destination();
    people.run("SELECT Filed");
    people.run("STORE 1 +FLAGS (\\Flagged)");
    let before = at_destination().count("INBOX") + at_destination().count("Filed");
    owner.run("SELECT Filed");
    owner.run("MOVE 1:4 INBOX");
    pair.bench.copy_all().await;
    assert_eq!(at_destination().count("Filed"), 2, "the marked one, and the copied one");
    assert_eq!(at_destination().count("INBOX") + at_destination().count("Filed"), before + 1);
}

#[tokio::test]
async fn a_run_that_broke_off_while_copies_followed_doubles_nothing() {
    let Some(pair) = Movers::copied().await else { return };
    let mut owner = plain_imap::PlainImap::open(pair.source.clear_port, "anna");
    owner.run("SELECT INBOX");
    owner.run("MOVE 2:5 Filed");
    // As such a run leaves things: the messages are listed, the copies are moved, and nobody wrote that down.
    let ledger = pair.bench.ledger();
    let mut session = pair.bench.request.source.open().await.unwrap();
    let opened = session.examine("Filed").await.unwrap();
    let path = mailferry::plan::FolderPath(vec!["Filed".to_owned()]);
    let filed = ledger.folder("Filed", &path, &path, opened.uid_validity).unwrap();
    let rows: Vec<mailferry::project::SourceMessage> = (1..=4)
        .map(|uid| {
            let bytes = numbered(uid + 1, &"x".repeat(uid as usize + 1)).bytes;
            mailferry::project::SourceMessage {
                uid: SourceUid(uid),
                size: bytes.len() as u64,
                internal_date: "01-Mar-2023 10:00:00 +0100".to_owned(),
                flags: Vec::new(),
                identity: mailferry::message::identity_key(&bytes),
            }
        })
        .collect();
    ledger.add_messages(filed, &rows).unwrap();
    ledger.expect_moved(filed).unwrap();
    let mut people = plain_imap::PlainImap::open(pair.destination.clear_port, "anna");
    people.run("SELECT INBOX");
    people.run("MOVE 2:5 Filed");
    for _run in 0..3 {
        pair.bench.copy(&|_| {}).await.unwrap();
        pair.assert_same();
    }
    let sum = pair.bench.sum();
    assert_eq!((sum.to_do, sum.already_there, sum.vanished), (0, 4, 4), "{sum:?}");
}
