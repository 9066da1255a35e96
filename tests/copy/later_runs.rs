//! Later runs: what is new comes along, what is lost comes back, what people did at the destination stays.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use mailferry::engine::why;
use mailferry::plan::{
    CopyMode, CopyOptions, FolderPath, MessageFilter, MessageState, SpecialUse, shared_destinations,
};
use mailferry::rehearsal::Personality;
use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox as sample_mailbox};
use mailferry::transfer::{
    CopyOutcome, FolderTrouble, TransferError, VerifyDepth, copy_control, copy_mailbox, verify_mailbox,
};
use mailferry::values::Security;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, Seen, mixed_mailbox};
use mailferry_test_support::fakes::counting_proxy::CountingProxy;
use mailferry_test_support::fakes::practice_server::{practice, practice_access};
use mailferry_test_support::quick_time::with_rests;
use mailferry_test_support::scenes::copy_bench::{Bench, assert_same, contents};
use mailferry_test_support::servers::cyrus::{self, Cyrus};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Dovecot without mod-sequences, as many servers are.
const WITHOUT_CONDSTORE: &str = "IMAP4rev1 LITERAL+ UIDPLUS MULTIAPPEND NAMESPACE LIST-STATUS";

/// Two servers and a copy between them that has run once.
struct Pair {
    source: Dovecot,
    destination: Dovecot,
    bench: Bench,
}

impl Pair {
    /// Copies these mails from one server to the other.
    async fn copied(mails: &[Mail], source: &Settings) -> Option<Self> {
        let pair = Self::new(mails, source).await?;
        pair.bench.copy_all().await;
        pair.assert_same();
        Some(pair)
    }

    async fn new(mails: &[Mail], source: &Settings) -> Option<Self> {
        let source = Dovecot::start(&["anna"], source)?;
        let destination = Dovecot::start(&["anna"], &Settings::default())?;
        PlainImap::open(source.clear_port, "anna").store(mails);
        let bench = Bench::new(
            access(source.clear_port, Security::Clear, "anna"),
            access(destination.clear_port, Security::Clear, "anna"),
        )
        .await;
        Some(Self { source, destination, bench })
    }

    fn at_source(&self) -> PlainImap {
        PlainImap::open(self.source.clear_port, "anna")
    }

    fn at_destination(&self) -> PlainImap {
        PlainImap::open(self.destination.clear_port, "anna")
    }

    fn of_source(&self) -> BTreeMap<Seen, usize> {
        contents(self.source.clear_port, '/', "")
    }

    fn of_destination(&self) -> BTreeMap<Seen, usize> {
        contents(self.destination.clear_port, '/', "")
    }

    fn assert_same(&self) {
        assert_same(&self.of_source(), &self.of_destination());
    }

    async fn verify(&self) -> mailferry::transfer::VerifyReport {
        let report = verify_mailbox(&self.bench.request, VerifyDepth::Full).await.unwrap();
        assert_eq!(report.differences, [], "{report:?}");
        report
    }

    async fn run(&self) -> Result<CopyOutcome, TransferError> {
        self.bench.copy(&|_| {}).await
    }
}

fn run_in(client: &mut PlainImap, folder: &str, commands: &[&str]) {
    client.run(&format!("SELECT \"{folder}\""));
    for command in commands {
        client.run(command);
    }
}

/// Removes messages by sequence number.
fn remove(client: &mut PlainImap, folder: &str, set: &str) {
    run_in(client, folder, &[&format!("STORE {set} +FLAGS (\\Deleted)"), "EXPUNGE"]);
}

fn mail(folder: &str, number: usize, date: &str) -> Mail {
    Mail {
        folder: folder.to_owned(),
        flags: Vec::new(),
        date: date.to_owned(),
        bytes: format!(
            "Message-ID: <delta-{number}@weber.example>\r\nSubject: number {number}\r\n\r\n{}\r\n",
            "x".repeat(number % 70)
        )
        .into_bytes(),
    }
}

/// Mail without `\Deleted`, so that nothing goes away but what a test takes away.
fn plain_mailbox(count: usize) -> Vec<Mail> {
    let mut mails = mixed_mailbox(count, '/', "");
    for mail in &mut mails {
        mail.flags.retain(|flag| *flag != "\\Deleted");
    }
    mails
}

#[test]
fn nothing_to_do_costs_six_round_trips_at_most_with_the_destination_looked_at() {
    let mut mails: Vec<Mail> = Vec::new();
    for number in 0..120 {
        mails.push(mail(&format!("Folder {}", number % 12), number, "01-Mar-2023 10:00:00 +0100"));
    }
    for settings in
        [Settings::default(), Settings { capabilities: Some(WITHOUT_CONDSTORE), ..Settings::default() }]
    {
        with_rests(|rests| nothing_to_do_is_counted(&mails, settings, rests));
    }
}

async fn nothing_to_do_is_counted(mails: &[Mail], settings: Settings, rests: watch::Receiver<u64>) {
    let Some(pair) = Pair::copied(mails, &settings).await else { return };
    let from = CountingProxy::bind(pair.source.clear_port).await;
    let to = CountingProxy::bind(pair.destination.clear_port).await;
    let mut request = pair.bench.request.clone();
    request.source = access(from.port, Security::Clear, "anna");
    request.destination = access(to.port, Security::Clear, "anna");
    let (_controller, control) = copy_control(CancellationToken::new());
    tokio::select! {
        outcome = copy_mailbox(&request, control, &|_| {}) => drop(outcome.unwrap()),
        () = from.serve(rests.clone()) => unreachable!("it serves for ever"),
        () = to.serve(rests) => unreachable!("it serves for ever"),
    }
    let turns = (from.turns(), to.turns());
    eprintln!("nothing to do: {turns:?} round trips at the source and at the destination");
    assert!(turns.0 > 1 && turns.0 <= 6 && turns.1 > 1 && turns.1 <= 6, "{turns:?}");
    pair.assert_same();
    assert_eq!(pair.bench.sum().copied, 120);
}

#[tokio::test]
async fn copies_that_are_lost_are_brought_back_before_the_switch() {
    let mails = plain_mailbox(160);
    let Some(pair) = Pair::copied(&mails, &Settings::default()).await else { return };
    // A single one, whose loss another mail hides in the count; some of many; a whole folder; every one of a folder.
    remove(&mut pair.at_destination(), "INBOX", "2");
    let foreign = mail("INBOX", 9_000, "05-Apr-2024 10:00:00 +0000");
    pair.at_destination().store(std::slice::from_ref(&foreign));
    remove(&mut pair.at_destination(), "Sent", "1:3");
    pair.at_destination().run("DELETE \"Old mail\"");
    remove(&mut pair.at_destination(), "Deep/a/b/c", "1:*");
    assert_eq!(pair.run().await.unwrap().folder_problems, []);
    let mut expected = pair.of_source();
    let foreign_at_destination =
        pair.of_destination().into_iter().find(|((_, _, _, date), _)| date.starts_with("2024-04-05"));
    let (foreign_seen, count) = foreign_at_destination.unwrap();
    assert_eq!(count, 1);
    expected.insert(foreign_seen, 1);
    assert_same(&expected, &pair.of_destination());
    pair.verify().await;
    // And the next run has nothing to do.
    assert_eq!(pair.bench.copy_all().await, 0);
    assert_same(&expected, &pair.of_destination());
}

#[tokio::test]
async fn copies_that_people_have_moved_are_not_made_a_second_time() {
    let mut mails = plain_mailbox(160);
    // Twins, of which one is moved.
    mails.push(mail("INBOX", 7, "01-Mar-2023 10:00:00 +0100"));
    mails.push(mail("INBOX", 7, "01-Mar-2023 10:00:00 +0100"));
    let Some(pair) = Pair::copied(&mails, &Settings::default()).await else { return };
    let mut people = pair.at_destination();
    people.run("CREATE Filed");
    people.run("CREATE Junk");
    run_in(&mut people, "INBOX", &["MOVE 1:3 Filed", "MOVE 1 Sent", "MOVE * Junk"]);
    // There and back again: the same folder, another UID.
    run_in(&mut people, "Drafts", &["MOVE 1:2 Filed"]);
    run_in(&mut people, "Filed", &["UID SEARCH ALL"]);
    let filed = people.count("Filed");
    run_in(&mut people, "Filed", &[&format!("MOVE {}:{filed} Drafts", filed - 1)]);
    people.run("RENAME \"Old mail\" \"Older mail\"");
    let before = pair.of_destination();
    for _ in 0..2 {
        assert_eq!(pair.run().await.unwrap().folder_problems, []);
        assert_same(&before, &pair.of_destination());
    }
    let report = pair.verify().await;
    assert!(report.counts.moved_or_removed >= 5, "{report:?}");
    assert_eq!(pair.bench.sum().copied, mails.len() as u64);
    // One that was moved and one that is lost at the same time: only the lost one comes back.
    run_in(&mut people, "INBOX", &["MOVE 1 Filed"]);
    let expected = pair.of_destination();
    remove(&mut people, "INBOX", "1");
    assert_ne!(expected, pair.of_destination());
    pair.run().await.unwrap();
    assert_same(&expected, &pair.of_destination());
}

#[tokio::test]
async fn flags_follow_the_source_before_the_switch_but_not_where_people_have_set_their_own() {
    let bare = Settings { capabilities: Some(WITHOUT_CONDSTORE), ..Settings::default() };
    for settings in [Settings::default(), bare] {
        let mails: Vec<Mail> =
            (0..30).map(|number| mail("INBOX", number, "01-Mar-2023 10:00:00 +0100")).collect();
        let Some(pair) = Pair::copied(&mails, &settings).await else { return };
        run_in(
            &mut pair.at_source(),
            "INBOX",
            &[
                "STORE 1:10 +FLAGS (\\Seen)",
                "STORE 5:6 +FLAGS (\\Flagged Work)",
                "STORE 20 +FLAGS ($Forwarded)",
            ],
        );
        // People have read number 3 with a mark of their own, and number 25, which the source says nothing new about.
        run_in(
            &mut pair.at_destination(),
            "INBOX",
            &["STORE 3 +FLAGS (\\Answered)", "STORE 25 +FLAGS (\\Seen)"],
        );
        assert_eq!(pair.bench.copy_all().await, 0);
        let flags = |port| {
            let mut client = PlainImap::open(port, "anna");
            client.run("EXAMINE INBOX");
            let lines = client.run("FETCH 1:* (FLAGS)");
            let of = |line: &str| {
                let list = line.split_once("FLAGS (").unwrap().1.split_once(')').unwrap().0;
                let mut flags: Vec<String> = list
                    .split(' ')
                    .filter(|flag| !flag.is_empty() && *flag != "\\Recent")
                    .map(str::to_owned)
                    .collect();
                flags.sort();
                flags
            };
            lines
                .iter()
                .filter(|(line, _)| line.contains("FETCH"))
                .map(|(line, _)| of(line))
                .collect::<Vec<_>>()
        };
        let (source, destination) = (flags(pair.source.clear_port), flags(pair.destination.clear_port));
        for (index, (wanted, shown)) in source.iter().zip(&destination).enumerate() {
            match index + 1 {
                3 => assert_eq!(shown, &["\\Answered"]),
                25 => assert_eq!(shown, &["\\Seen"]),
                number => assert_eq!(shown, wanted, "number {number}"),
            }
        }
        // Back again, and on: what was mirrored can be mirrored anew.
        run_in(&mut pair.at_source(), "INBOX", &["STORE 1:2 -FLAGS (\\Seen)", "STORE 5 -FLAGS (Work)"]);
        assert_eq!(pair.bench.copy_all().await, 0);
        let (source, destination) = (flags(pair.source.clear_port), flags(pair.destination.clear_port));
        assert_eq!((&source[..2], &source[4..24]), (&destination[..2], &destination[4..24]));
    }
}

/// After the switch people give a folder another name, or file all of its mail: its copies are found there and not called
/// lost, in the proof and in the copy.
#[tokio::test]
async fn a_folder_that_people_rename_after_the_switch_is_found() {
    for is_filed in [false, true] {
        let mails = plain_mailbox(160);
        let Some(mut pair) = Pair::copied(&mails, &Settings::default()).await else { return };
        pair.bench.request.options.mode = CopyMode::AfterSwitch;
        let count = mails.iter().filter(|mail| mail.folder == "Old mail").count() as u64;
        assert!(count >= 20, "{count}");
        let mut people = pair.at_destination();
        if is_filed {
            people.run("CREATE \"Of old\"");
            run_in(&mut people, "Old mail", &["MOVE 1:* \"Of old\""]);
            people.run("UNSELECT");
        } else {
            people.run("RENAME \"Old mail\" \"Of old\"");
        }
        let expected = pair.of_destination();
        // The proof alone, before any run has seen it.
        let report = pair.verify().await;
        assert_eq!(report.counts.found_elsewhere, count, "{report:?}");
        assert_eq!(report.counts.found_in.get("Of old"), Some(&count), "{report:?}");
        let words = report.counts.words();
        assert!(words.contains(&format!("({count} in Of old)")), "{words}");
        assert_eq!(pair.run().await.unwrap().folder_problems, [], "nothing waits, and nothing is lost");
        assert_same(&expected, &pair.of_destination());
        pair.verify().await;
        if is_filed {
            continue;
        }
        pair.at_source().store(&[mail("Old mail", 8_001, "03-Apr-2024 10:00:00 +0000")]);
        let problems = pair.run().await.unwrap().folder_problems;
        let [problem] = problems.as_slice() else { panic!("{problems:?}") };
        assert_eq!(problem.trouble, FolderTrouble::FolderMoved, "{problem:?}");
        assert!(!problem.words.contains("lost"), "{problem:?}");
        assert_same(&expected, &pair.of_destination());
        assert_eq!(pair.bench.sum().to_do, 1);
    }
}

/// What is lost indeed is told, and what was found is told beside it.
#[tokio::test]
async fn of_a_renamed_folder_only_what_is_nowhere_is_lost() {
    let mails = plain_mailbox(160);
    let Some(mut pair) = Pair::copied(&mails, &Settings::default()).await else { return };
    pair.bench.request.options.mode = CopyMode::AfterSwitch;
    let count = mails.iter().filter(|mail| mail.folder == "Old mail").count();
    let mut people = pair.at_destination();
    people.run("RENAME \"Old mail\" \"Of old\"");
    remove(&mut people, "Of old", "1:3");
    let problems = pair.run().await.unwrap().folder_problems;
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem.trouble, FolderTrouble::CopiesLost, "{problem:?}");
    let left = count - 3;
    let found = format!("3 of its {count} copies are lost; {left} were found ({left} in Of old)");
    assert!(problem.words.contains(&found), "{found}: {problem:?}");
}

#[tokio::test]
async fn after_the_switch_mail_is_added_and_nothing_else_is_touched() {
    let mails = plain_mailbox(160);
    let Some(mut pair) = Pair::copied(&mails, &Settings::default()).await else { return };
    pair.bench.request.options.mode = CopyMode::AfterSwitch;
    let mut people = pair.at_destination();
    remove(&mut people, "INBOX", "1:2");
    run_in(&mut people, "Sent", &["STORE 1:2 +FLAGS (\\Flagged Mine)"]);
    run_in(&mut pair.at_source(), "Sent", &["STORE 1:* +FLAGS (\\Seen Theirs)"]);
    people.run("DELETE \"Old mail\"");
    let mut expected = pair.of_destination();
    let late = mail("INBOX", 8_000, "03-Apr-2024 10:00:00 +0000");
    pair.at_source().store(&[late, mail("Old mail", 8_001, "03-Apr-2024 10:00:00 +0000")]);
    let problems = pair.run().await.unwrap().folder_problems;
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].folder, FolderPath(vec!["Old mail".to_owned()]));
    assert_eq!(problems[0].trouble, FolderTrouble::CopiesLost, "{problems:?}");
    let (late_seen, _) = pair
        .of_source()
        .into_iter()
        .find(|((folder, _, _, date), _)| folder == "INBOX" && date.starts_with("2024-04-03"))
        .unwrap();
    expected.insert(late_seen, 1);
    assert_same(&expected, &pair.of_destination());
    // The mail for the folder that is gone waits, and is told as waiting.
    assert_eq!(pair.bench.sum().to_do, 1);
    // What people have removed stays removed, also when the mode is turned back; what was lost wholesale comes back.
    pair.bench.request.options.mode = CopyMode::BeforeSwitch;
    assert_eq!(pair.run().await.unwrap().folder_problems, []);
    let (source, destination) = (pair.of_source(), pair.of_destination());
    let count = |of: &BTreeMap<Seen, usize>, name: &str| -> usize {
        of.iter().filter(|((folder, ..), _)| folder == name).map(|(_, count)| count).sum()
    };
    assert_eq!(count(&source, "Old mail"), count(&destination, "Old mail"));
    assert_eq!(count(&source, "INBOX"), count(&destination, "INBOX") + 2);
    assert_eq!(pair.bench.sum().to_do, 0);
}

#[tokio::test]
async fn a_sweep_takes_late_mail_from_the_inbox_and_junk_only() {
    let mut mails = plain_mailbox(60);
    mails.push(mail("Spam", 1, "01-Mar-2023 10:00:00 +0100"));
    let Some(mut pair) = Pair::copied(&mails, &Settings::default()).await else { return };
    let date = "03-Apr-2024 10:00:00 +0000";
    pair.at_source().store(&[mail("INBOX", 70, date), mail("Spam", 71, date), mail("Sent", 72, date)]);
    let junk = pair.bench.request.plan.folders.iter().find(|plan| plan.special_use == Some(SpecialUse::Junk));
    let place = junk.unwrap().destination.0.join("/");
    pair.bench.request.options.mode = CopyMode::Sweep;
    let before = pair.of_destination();
    assert_eq!(pair.bench.copy_all().await, 2);
    let added: Vec<String> = pair
        .of_destination()
        .into_iter()
        .filter(|(seen, count)| before.get(seen) != Some(count))
        .map(|((folder, ..), _)| folder)
        .collect();
    let mut expected = ["INBOX".to_owned(), place];
    expected.sort();
    assert_eq!(added, expected);
}

/// States in which a message waits for a choice.
const LEFT: [MessageState; 2] = [MessageState::LeftOut, MessageState::Deferred];

#[tokio::test]
async fn a_filter_leaves_out_with_the_cause_and_takes_in_when_it_changes() {
    let mut mails: Vec<Mail> = Vec::new();
    for number in 0..20 {
        let date = format!("{:02}-Mar-{} 10:00:00 +0000", 1 + number, 2019 + number / 10);
        let mut one = mail("INBOX", number, &date);
        if number % 5 == 0 {
            one.flags.push("\\Flagged");
        }
        mails.push(one);
    }
    let Some(mut pair) = Pair::new(&mails, &Settings::default()).await else { return };
    let causes = |pair: &Pair| -> BTreeMap<String, usize> {
        let ledger = pair.bench.ledger();
        let folders = ledger.folder_totals().unwrap();
        let rows = folders.iter().flat_map(|folder| ledger.rows(folder.id, &LEFT).unwrap());
        rows.fold(BTreeMap::new(), |mut counts, row| {
            *counts.entry(why(&row).unwrap_or_default()).or_default() += 1;
            counts
        })
    };
    let filter = MessageFilter {
        since_secs: Some(1_577_836_800),
        search: Some("NOT FLAGGED".to_owned()),
        ..MessageFilter::default()
    };
    pair.bench.request.options.filter = filter;
    pair.run().await.unwrap();
    assert_eq!((pair.bench.sum().copied, pair.bench.sum().left_out), (8, 12));
    let expected = [("not matched by the search NOT FLAGGED", 2), ("older than 2020-01-01", 10)];
    assert_eq!(causes(&pair), expected.map(|(words, count)| (words.to_owned(), count)).into());
    // A lost copy is brought back under a filter as well.
    remove(&mut pair.at_destination(), "INBOX", "1");
    // The search goes: two more. What was copied stays copied.
    pair.bench.request.options.filter.search = None;
    pair.run().await.unwrap();
    assert_eq!((pair.bench.sum().copied, pair.bench.sum().left_out), (10, 10));
    pair.bench.request.options =
        CopyOptions { trial_messages: Some(13), is_newest_first: true, ..CopyOptions::default() };
    pair.run().await.unwrap();
    assert_eq!(pair.bench.sum().copied, 13);
    assert_eq!(causes(&pair), [("outside the trial of 13 messages per folder".to_owned(), 7)].into());
    // The trial takes the newest that were left: the end of 2019.
    let order = pair.at_destination().order("INBOX");
    let hashes = pair.at_source().order("INBOX");
    let mut last: Vec<usize> =
        order[10..].iter().map(|hash| hashes.iter().position(|known| known == hash).unwrap()).collect();
    last.sort_unstable();
    assert_eq!(last, [7, 8, 9]);
    pair.bench.request.options = CopyOptions::default();
    pair.run().await.unwrap();
    pair.assert_same();
    pair.verify().await;
    // A search that no server can be asked begins nothing; one that the server refuses is told with its words.
    pair.bench.request.options.filter.search = Some("FROM \"x\r\nF9 LOGOUT".to_owned());
    assert!(matches!(pair.run().await, Err(TransferError::Search(_))));
    pair.bench.request.options.filter.search = Some("X-GM-RAW xyzzy".to_owned());
    let problems = pair.run().await.unwrap().folder_problems;
    assert_eq!(problems[0].trouble, FolderTrouble::SearchRefused, "{problems:?}");
    assert!(problems[0].words.contains("X-GM-RAW"), "{problems:?}");
}

#[tokio::test]
async fn the_newest_messages_arrive_first_where_that_is_wanted() {
    let mails: Vec<Mail> =
        (0..600).map(|number| mail("INBOX", number, "01-Mar-2023 10:00:00 +0100")).collect();
    let Some(mut pair) = Pair::new(&mails, &Settings::default()).await else { return };
    pair.bench.request.options.is_newest_first = true;
    pair.bench.copy_all().await;
    pair.assert_same();
    let (source, arrived) = (pair.at_source().order("INBOX"), pair.at_destination().order("INBOX"));
    let position: BTreeMap<&String, usize> =
        source.iter().enumerate().map(|(index, hash)| (hash, index)).collect();
    let arrived: Vec<usize> = arrived.iter().map(|hash| position[hash]).collect();
    // 250 at a time from the end, each portion in the source's order.
    let expected: Vec<usize> = (350..600).chain(100..350).chain(0..100).collect();
    assert_eq!(arrived, expected);
}

#[tokio::test]
async fn two_folders_that_are_merged_keep_every_message_of_both() {
    let date = "01-Mar-2023 10:00:00 +0100";
    let mut mails: Vec<Mail> = (0..20).map(|number| mail("Eins", number, date)).collect();
    // Twins within one folder, and the same mail in both.
    mails.push(mail("Eins", 3, date));
    mails.extend((10..40).map(|number| mail("Zwei", number, date)));
    let Some(mut pair) = Pair::new(&mails, &Settings::default()).await else { return };
    for plan in &mut pair.bench.request.plan.folders {
        if plan.source.name() == "Zwei" {
            plan.destination = FolderPath(vec!["Eins".to_owned()]);
        }
    }
    assert_eq!(shared_destinations(&pair.bench.request.plan, &BTreeMap::new()).len(), 1);
    // The destination has one of them already: it is adopted once, by one of the two.
    pair.at_destination().store(&[mail("Eins", 12, date)]);
    let expected: BTreeMap<Seen, usize> =
        pair.of_source().into_iter().fold(BTreeMap::new(), |mut merged, ((_, hash, flags, date), count)| {
            *merged.entry(("Eins".to_owned(), hash, flags, date)).or_default() += count;
            merged
        });
    for _ in 0..2 {
        pair.run().await.unwrap();
        assert_same(&expected, &pair.of_destination());
    }
    assert_eq!((pair.bench.sum().copied, pair.bench.sum().already_there), (50, 1));
    // One of two equal copies is lost: one comes back.
    let hash = pair.at_destination().order("Eins");
    let twin = hash.iter().position(|one| hash.iter().filter(|other| *other == one).count() == 2).unwrap();
    remove(&mut pair.at_destination(), "Eins", &(twin + 1).to_string());
    pair.run().await.unwrap();
    assert_same(&expected, &pair.of_destination());
}

#[tokio::test]
async fn a_folder_under_several_names_is_copied_once() {
    // As iRedMail sets Dovecot up.
    let extra = "protocol imap {\n  mail_plugins = $mail_plugins mailbox_alias\n}\nplugin {\n  \
                 mailbox_alias_old = Sent\n  mailbox_alias_new = Sent Messages\n  \
                 mailbox_alias_old2 = Sent\n  mailbox_alias_new2 = Sent Items\n}\n";
    let settings = Settings { extra: extra.to_owned(), ..Settings::default() };
    let date = "01-Mar-2023 10:00:00 +0100";
    let mut mails: Vec<Mail> = (0..6).map(|number| mail("Sent", number, date)).collect();
    // Two folders with equal mail are two folders.
    mails.extend((0..3).flat_map(|number| [mail("Eins", number, date), mail("Zwei", number, date)]));
    let Some(pair) = Pair::new(&mails, &settings).await else { return };
    let mut names = pair.at_source();
    for name in ["Sent Messages", "Sent Items"] {
        names.run(&format!("CREATE \"{name}\""));
    }
    assert_eq!(names.count("Sent Items"), 6, "the names are no aliases");
    let bench = Bench::new(pair.bench.request.source.clone(), pair.bench.request.destination.clone()).await;
    assert_eq!(bench.copy_all().await, mails.len() as u64);
    let mut expected = pair.of_source();
    expected.retain(|(folder, ..), _| !["Sent Messages", "Sent Items"].contains(&folder.as_str()));
    assert_same(&expected, &pair.of_destination());
}

/// Drops the future when it was polled so often; `None` where it was not done by then.
async fn dropped_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn a_later_run_that_is_dropped_at_any_point_is_finished_by_the_next() {
    let mails = plain_mailbox(80);
    let Some(pair) = Pair::copied(&mails, &Settings::default()).await else { return };
    pair.at_destination().run("CREATE Filed");
    // What people have filed counts as in its old folder.
    let seen = |port: u16| PlainImap::open(port, "anna").multiset(|name| name.replace("Filed", "INBOX"));
    let (mut drops, mut number) = (0, 500);
    for round in 0..30_usize {
        let mut people = pair.at_destination();
        remove(&mut people, "Sent", "1:2");
        remove(&mut people, "Drafts", "*");
        run_in(&mut people, "INBOX", &["MOVE 1 Filed"]);
        let sign = if round % 2 == 0 { '+' } else { '-' };
        run_in(&mut pair.at_source(), "Deep/a/b/c", &[&format!("STORE 1:4 {sign}FLAGS (\\Answered Round)")]);
        number += 1;
        pair.at_source().store(&[mail("INBOX", number, "03-Apr-2024 10:00:00 +0000")]);
        // Each round ends at another moment.
        let run = dropped_after(2 + round * 2, Box::pin(pair.run())).await;
        drops += usize::from(run.is_none());
        assert_eq!(pair.run().await.unwrap().folder_problems, []);
        let (source, destination) = (seen(pair.source.clear_port), seen(pair.destination.clear_port));
        assert_same(&source, &destination);
    }
    eprintln!("{drops} of 30 later runs were dropped half-way");
    assert!(drops >= 15, "only {drops} runs were dropped half-way");
    pair.verify().await;
}

#[tokio::test]
async fn mail_that_is_deleted_on_both_sides_has_vanished_and_comes_back_nowhere() {
    let mails = plain_mailbox(80);
    let Some(pair) = Pair::copied(&mails, &Settings::default()).await else { return };
    // At the source only: the copies stay. On both sides: gone.
    remove(&mut pair.at_source(), "Sent", "1:3");
    remove(&mut pair.at_destination(), "Sent", "1");
    let expected = pair.of_destination();
    for _ in 0..2 {
        assert_eq!(pair.run().await.unwrap().folder_problems, []);
        assert_same(&expected, &pair.of_destination());
    }
    let sum = pair.bench.sum();
    assert_eq!((sum.copied, sum.vanished, sum.to_do), (mails.len() as u64 - 1, 1, 0), "{sum:?}");
    pair.verify().await;
}

#[tokio::test]
async fn later_runs_into_cyrus_bring_back_follow_and_leave_alone_as_well() {
    let mails: Vec<Mail> =
        (0..40).map(|number| mail("INBOX", number, "01-Mar-2023 10:00:00 +0100")).collect();
    let settings = cyrus::Settings::default();
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let Some(destination) = Cyrus::start(&["anna"], &settings) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let bench = Bench::new(
        access(source.clear_port, Security::Clear, "anna"),
        access(destination.clear_port, Security::Clear, "anna"),
    )
    .await;
    bench.copy_all().await;
    let mut people = PlainImap::open(destination.clear_port, "anna");
    let filed = format!("{}Filed", settings.prefix());
    people.run(&format!("CREATE {filed}"));
    run_in(&mut people, "INBOX", &[&format!("COPY 1:2 {filed}"), "STORE 1:3 +FLAGS (\\Deleted)", "EXPUNGE"]);
    run_in(&mut people, "INBOX", &["STORE 1 +FLAGS (\\Answered)"]);
    let mut owner = PlainImap::open(source.clear_port, "anna");
    run_in(&mut owner, "INBOX", &["STORE 1:10 +FLAGS (\\Seen $Later)"]);
    let outcome = bench.copy(&|_| {}).await.unwrap();
    assert_eq!(outcome.folder_problems, []);
    let rename = |name: &str| name.to_owned();
    let shown = |port: u16| -> BTreeMap<(String, String), Vec<String>> {
        let seen = PlainImap::open(port, "anna").multiset(rename);
        assert!(seen.values().all(|count| *count == 1), "{seen:?}");
        seen.into_keys().map(|(folder, hash, flags, _)| ((folder, hash), flags)).collect()
    };
    let order = owner.order("INBOX");
    let (source, found) = (shown(source.clear_port), shown(destination.clear_port));
    assert_eq!((source.len(), found.len()), (40, 40));
    for (index, hash) in order.iter().enumerate() {
        let wanted = &source[&("INBOX".to_owned(), hash.clone())];
        match index {
            // Filed by people, with the flags of that day.
            0 | 1 => assert!(found.contains_key(&(filed.clone(), hash.clone())), "{index}"),
            3 => assert_eq!(found[&("INBOX".to_owned(), hash.clone())], ["\\Answered"]),
            _ => assert_eq!(&found[&("INBOX".to_owned(), hash.clone())], wanted, "{index}"),
        }
    }
    assert_eq!(bench.copy_all().await, 0);
}

#[tokio::test]
async fn a_later_run_finds_every_copy_at_every_kind_of_server() {
    let kinds: [fn() -> Personality; 6] = [
        Personality::dovecot,
        Personality::courier,
        Personality::gmail,
        Personality::exchange,
        Personality::icloud,
        Personality::yahoo,
    ];
    let options = SampleOptions { attachment_percent: 2, large_attachments: 0, ..SampleOptions::default() };
    for kind in kinds {
        let token = CancellationToken::new();
        let mut folders = sample_mailbox(5, 60, &options);
        // Twins within a folder and across two.
        let twin = folders[0].messages[0].clone();
        folders[0].messages.push(twin.clone());
        folders[1].messages.push(twin);
        let source = practice(Personality::dovecot(), folders, &token).await;
        let destination = practice(kind(), Vec::new(), &token).await;
        let bench = Bench::new(practice_access(&source), practice_access(&destination)).await;
        bench.copy(&|_| {}).await.unwrap_or_else(|error| panic!("{}: {error}", kind().name));
        let (sum, held) = (bench.sum(), destination.dump("anna@weber.example").len());
        let advanced = std::sync::atomic::AtomicU64::new(0);
        for _ in 0..2 {
            bench
                .copy(&|progress| {
                    if let mailferry::transfer::Progress::Advanced { messages, .. } = progress {
                        advanced.fetch_add(messages, std::sync::atomic::Ordering::Relaxed);
                    }
                })
                .await
                .unwrap();
        }
        assert_eq!(advanced.into_inner(), 0, "{}: copied again", kind().name);
        assert_eq!(
            (bench.sum(), destination.dump("anna@weber.example").len()),
            (sum, held),
            "{}",
            kind().name
        );
        token.cancel();
    }
}
