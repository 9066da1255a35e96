//! The trouble of one folder stays with that folder, in every phase: it is named, and the rest goes on.

use std::time::Duration;

use mailferry::plan::{FolderChoice, LeftOutBecause};
use mailferry::transfer::{CountWishes, FolderTrouble, Progress, VerifyDepth, count, verify_mailbox};
use mailferry::values::Side;
use mailferry_test_support::fakes::folder_server::{FolderServer, Harm, Shelf, shelf};
use mailferry_test_support::fakes::odd_imap::{Stored, numbered};
use mailferry_test_support::quick_time;
use mailferry_test_support::scenes::copy_bench::Bench;

fn mails(first: u32, count: u32) -> Vec<Stored> {
    (first..first + count).map(|number| numbered(number, "text")).collect()
}

/// The inbox and folders from A on, each with two messages.
fn folders(names: &[&str]) -> Vec<Shelf> {
    let all = ["INBOX"].into_iter().chain(names.iter().copied());
    (0..).zip(all).map(|(number, name)| shelf(name.as_bytes(), mails(number * 2 + 1, 2))).collect()
}

fn empty() -> FolderServer {
    FolderServer::start(vec![shelf(b"INBOX", [])])
}

#[tokio::test]
async fn a_goodbye_while_folders_are_counted_leaves_that_folder_out() {
    for word_of_harm in ["STATUS", "EXAMINE"] {
        for is_polite in [true, false] {
            let source = FolderServer::start(folders(&["A", "Bad", "C"]));
            source.harm(move |word, name, _| {
                // What is counted is opened where the server does not tell sizes.
                let is_harm = name == b"Bad" && (word == word_of_harm || word == "EXAMINE");
                is_harm.then_some(if is_polite { Harm::Bye("share is gone") } else { Harm::Cut })
            });
            let destination = empty();
            {
                let counted =
                    count(&source.access(), &destination.access(), &CountWishes::default(), &|_| {})
                        .await
                        .unwrap();
                let left: Vec<&String> = counted.left.keys().collect();
                assert_eq!(left, ["Bad"], "{word_of_harm}");
                assert!(!is_polite || counted.left["Bad"].contains("share is gone"), "{:?}", counted.left);
                let messages: u64 = counted.plan.folders.iter().map(|folder| folder.messages).sum();
                assert!(messages >= 6, "{:#?}", counted.plan);
            }
        }
    }
}

async fn bench_of(source: &FolderServer, destination: &FolderServer) -> Bench {
    let bench = Bench::new(source.access(), destination.access()).await;
    assert_eq!(bench.request.plan.folders.len(), source.counts().len());
    bench
}

/// Copies, and checks that this folder alone is told of.
async fn tells_of(bench: &Bench, folder: &str, words: &str) {
    let outcome = bench.copy(&|_| {}).await.unwrap();
    let [problem] = outcome.folder_problems.as_slice() else { panic!("{outcome:?}") };
    assert_eq!(problem.folder.to_string(), folder);
    assert!(problem.words.contains(words), "{problem:?}");
}

#[tokio::test]
async fn a_goodbye_at_one_folder_of_the_source_ends_nothing_else() {
    for commands in [&["STATUS", "EXAMINE"][..], &["EXAMINE"]] {
        let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C", "Worse"])), empty());
        {
            let bench = bench_of(&source, &destination).await;
            source.harm(|word, name, _| {
                (commands.contains(&word) && name == b"Bad").then_some(Harm::Bye("share is gone"))
            });
            tells_of(&bench, "Bad", "share is gone").await;
            assert_eq!(bench.sum().copied, 8);
            let names: Vec<String> = destination.counts().into_iter().map(|(name, _)| name).collect();
            assert!(
                ["A", "C", "INBOX", "Worse"].iter().all(|name| names.iter().any(|one| one == name)),
                "{names:?}"
            );
            // Later runs ask for the flags of every folder.
            source.deliver("Worse", numbered(99, "new"));
            tells_of(&bench, "Bad", "share is gone").await;
            assert_eq!(bench.sum().copied, 9);
        }
    }
}

#[tokio::test]
async fn a_folder_that_ends_the_connection_in_a_later_run_ends_nothing_else() {
    let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
    let bench = bench_of(&source, &destination).await;
    assert_eq!(bench.copy_all().await, 8);
    source.deliver("C", numbered(91, "new"));
    source.harm(|word, name, _| (word == "EXAMINE" && name == b"Bad").then_some(Harm::Bye("share is gone")));
    bench.copy(&|_| {}).await.unwrap();
    assert_eq!(bench.sum().copied, 9);
}

#[tokio::test]
async fn a_goodbye_at_the_making_of_one_folder_ends_nothing_else() {
    for is_polite in [true, false] {
        let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
        {
            let mut bench = bench_of(&source, &destination).await;
            destination.harm(move |word, name, _| {
                let harm = if is_polite { Harm::Bye("internal error") } else { Harm::Cut };
                (word == "CREATE" && name == b"Bad").then_some(harm)
            });
            tells_of(&bench, "Bad", if is_polite { "internal error" } else { "connection" }).await;
            assert_eq!(bench.sum().copied, 6);
            // Left out by hand, it is no trouble any more.
            for folder in &mut bench.request.plan.folders {
                if folder.source_raw == "Bad" {
                    folder.choice = FolderChoice::LeaveOut(LeftOutBecause::YouChose);
                }
            }
            assert_eq!(bench.copy_all().await, 0);
        }
    }
}

#[tokio::test]
async fn a_goodbye_at_one_folder_of_the_destination_ends_nothing_else() {
    let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
    {
        let bench = bench_of(&source, &destination).await;
        assert_eq!(bench.copy_all().await, 8);
        source.deliver("Bad", numbered(90, "new"));
        source.deliver("C", numbered(91, "new"));
        destination.harm(|word, name, _| {
            let is_harm = ["STATUS", "SELECT", "EXAMINE"].contains(&word) && name == b"Bad";
            is_harm.then_some(Harm::Bye("index is broken"))
        });
        tells_of(&bench, "Bad", "index is broken").await;
        assert_eq!(bench.sum().copied, 9);
    }
}

/// The same where the server says nothing when it ends the connection.
#[tokio::test]
async fn a_destination_that_hangs_up_at_one_folder_ends_nothing_else() {
    for bad in ["Bad", "INBOX"] {
        for is_new in [false, true] {
            let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
            let bench = bench_of(&source, &destination).await;
            let before = if is_new { 0 } else { bench.copy_all().await };
            if !is_new {
                source.deliver(bad, numbered(90, "new"));
                source.deliver("C", numbered(91, "new"));
            }
            let is_bad = move |word: &str, name: &[u8]| word == "SELECT" && name == bad.as_bytes();
            destination.harm(move |word, name, _| is_bad(word, name).then_some(Harm::Cut));
            tells_of(&bench, bad, "").await;
            let expected = if is_new { 6 } else { before + 1 };
            assert_eq!(bench.sum().copied, expected, "{bad}, {is_new}");
            destination.harm(|_, _, _| None);
            bench.copy_all().await;
            assert_eq!(bench.sum().copied, if is_new { 8 } else { 10 }, "{bad}, {is_new}");
        }
    }
}

#[tokio::test]
async fn a_folder_that_vanishes_after_the_plan_is_reported() {
    let (source, destination) = (FolderServer::start(folders(&["A", "Gone", "C"])), empty());
    {
        let bench = bench_of(&source, &destination).await;
        source.remove("Gone");
        tells_of(&bench, "Gone", "no such folder").await;
        assert_eq!(bench.sum().copied, 6);
    }
}

#[tokio::test]
async fn a_verification_continues_behind_a_folder_that_ends_the_connection() {
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
        {
            let bench = bench_of(&source, &destination).await;
            assert_eq!(bench.copy_all().await, 8);
            destination.harm(|word, name, _| {
                (["SELECT", "EXAMINE"].contains(&word) && name == b"Bad")
                    .then_some(Harm::Bye("index is broken"))
            });
            let report = verify_mailbox(&bench.request, depth).await.unwrap();
            assert_eq!((report.counts.checked, report.counts.differences), (6, 0), "{report:?}");
            let [left] = report.left.as_slice() else { panic!("{report:?}") };
            assert_eq!((left.folder.to_string(), left.copies), ("Bad".to_owned(), 2), "{report:?}");
            assert!(left.words.contains("index is broken"), "{report:?}");
            assert!(!report.is_verified());
        }
    }
}

/// The server fails at one folder: the others do not wait for it, and it is tried again behind them.
#[tokio::test]
async fn a_folder_at_which_the_destination_fails_lets_the_others_go_first() {
    for word_of_harm in ["SELECT", "CREATE"] {
        let source = FolderServer::start(folders(&["A", "B", "C"]));
        let there = if word_of_harm == "SELECT" { vec!["INBOX", "A", "B", "C"] } else { vec!["INBOX", "B"] };
        let destination = FolderServer::start(there.iter().map(|name| shelf(name.as_bytes(), [])).collect());
        let fails = std::sync::atomic::AtomicU32::new(0);
        // All folders are made at once, then what was refused alone, and then when the folder's turn comes.
        let most = if word_of_harm == "SELECT" { 1 } else { 3 };
        destination.harm(move |word, name, _| {
            let is_harm = word == word_of_harm
                && name == b"A"
                && fails.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < most;
            is_harm.then_some(Harm::No("[SERVERBUG] internal error"))
        });
        let bench = Bench::new(source.access(), destination.access()).await;
        assert_eq!(bench.copy_all().await, 8, "{word_of_harm}");
        let counts: Vec<(String, usize)> =
            ["A", "B", "C", "INBOX"].map(|name| (name.to_owned(), 2)).into_iter().collect();
        assert_eq!(destination.counts(), counts, "{word_of_harm}");
        let commands = destination.commands();
        let last = commands.iter().rfind(|line| line.starts_with("APPEND")).unwrap();
        assert!(last.contains("\"A\""), "{word_of_harm}: {commands:?}");
    }
}

/// The connection ends at every message of one folder, whichever it is: that is the folder's trouble, and no verdict about
/// any message.
#[tokio::test]
async fn a_goodbye_at_each_message_of_one_folder_says_nothing_about_the_messages() {
    let cases = [("APPEND", true, 7), ("APPEND", false, 1), ("UID", false, 2), ("UID", true, 5)];
    for (word_of_harm, is_polite, messages) in cases {
        let mut all = folders(&["A", "C"]);
        all.push(shelf(b"Bad", mails(100, messages)));
        let (source, destination) = (FolderServer::start(all), empty());
        let mut bench = bench_of(&source, &destination).await;
        bench.request.limits.late_append = Duration::from_millis(20);
        let exports = tempfile::tempdir().unwrap();
        bench.request.export_folder = Some(exports.path().join("exported"));
        let server = if word_of_harm == "UID" { &source } else { &destination };
        server.harm(move |word, name, _| {
            let harm = if is_polite { Harm::Bye("disk is sick") } else { Harm::Cut };
            (word == word_of_harm && name == b"Bad").then_some(harm)
        });
        let outcome = bench.copy(&|_| {}).await;
        let outcome =
            outcome.unwrap_or_else(|error| panic!("{word_of_harm} {is_polite} {messages}: {error}"));
        let case = format!("{word_of_harm}, {is_polite}, {messages}: {outcome:?}, {:?}", bench.sum());
        let [problem] = outcome.folder_problems.as_slice() else { panic!("{case}") };
        assert_eq!(problem.folder.to_string(), "Bad", "{case}");
        assert_eq!(problem.trouble, FolderTrouble::ConnectionLost, "{case}");
        assert!(!is_polite || problem.words.contains("disk is sick"), "{case}");
        let sum = bench.sum();
        assert_eq!((sum.copied, sum.refused, sum.exported, sum.repaired), (6, 0, 0, 0), "{case}");
        assert!(!exports.path().join("exported").exists(), "{case}");
        // The server is well again.
        server.harm(|_, _, _| None);
        bench.copy_all().await;
        assert_eq!(bench.sum().copied, 6 + u64::from(messages), "{case}");
        let there = destination.counts().into_iter().find(|(name, _)| name == "Bad").unwrap();
        assert_eq!(there.1, messages as usize, "{case}");
    }
}

/// The server fails at some folders for ever: they are waited for by name, a few times, and the rest is done.
#[test]
fn folders_that_never_open_are_waited_for_by_name_and_left() {
    for words in ["[SERVERBUG] broken index", "[INUSE] somebody is at it", "[UNAVAILABLE] not now"] {
        quick_time::in_quick_time(async {
            let source = FolderServer::start(folders(&["A", "B", "C"]));
            let there = ["INBOX", "A", "B", "C"];
            let destination =
                FolderServer::start(there.iter().map(|name| shelf(name.as_bytes(), [])).collect());
            destination.harm(move |word, name, _| {
                let is_harm = word == "SELECT" && [b"A", b"B"].iter().any(|bad| name == *bad);
                is_harm.then_some(Harm::No(words))
            });
            let (mut from, mut to) = (source.access(), destination.access());
            // Time leaps, and the servers do not leap with it.
            from.timeouts.reply = Duration::from_hours(24);
            to.timeouts.reply = from.timeouts.reply;
            let bench = Bench::new(from, to).await;
            let waits = std::sync::Mutex::new(Vec::new());
            let sink = |progress| {
                if let Progress::Waiting { words, .. } = progress {
                    waits.lock().unwrap().push(words);
                }
            };
            let outcome = bench.copy(&sink).await.unwrap();
            let told: Vec<String> =
                outcome.folder_problems.iter().map(|one| one.folder.to_string()).collect();
            assert_eq!(told, ["A", "B"], "{outcome:?}");
            assert!(outcome.folder_problems.iter().all(|one| one.words.contains(words)), "{outcome:?}");
            let waits = waits.into_inner().unwrap();
            assert_eq!(waits.len(), 3, "{waits:?}");
            assert!(waits.iter().all(|wait| wait.contains("folder A") && wait.contains(words)), "{waits:?}");
            assert_eq!((bench.sum().copied, bench.sum().to_do), (4, 4));
            destination.harm(|_, _, _| None);
            assert_eq!(bench.copy_all().await, 4);
        });
    }
}

/// A command of the proof that is refused for no reason that passes is asked once more; then its folder is told of.
#[tokio::test]
async fn a_verification_asks_once_more_and_continues_behind_a_folder_that_is_refused() {
    let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
    let bench = bench_of(&source, &destination).await;
    assert_eq!(bench.copy_all().await, 6);
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        for harm in [(|| Harm::Bad("what")) as fn() -> Harm, || Harm::No("no")] {
            let left = std::sync::atomic::AtomicU32::new(1);
            destination.harm(move |word, _, _| {
                let is_first = word == "UID" && left.swap(0, std::sync::atomic::Ordering::Relaxed) == 1;
                is_first.then(harm)
            });
            let report = verify_mailbox(&bench.request, depth).await.unwrap();
            assert_eq!((report.counts.checked, report.counts.differences), (6, 0), "{report:?}");
            destination.harm(move |word, _, _| (word == "UID").then(harm));
            let report = verify_mailbox(&bench.request, depth).await.unwrap();
            let told: Vec<String> = report.left.iter().map(|one| one.folder.to_string()).collect();
            assert_eq!(told, ["INBOX", "A", "B"], "{report:?}");
            assert_eq!(
                (report.counts.checked, report.counts.unread, report.counts.differences),
                (0, 6, 0),
                "{report:?}"
            );
            assert!(!report.is_verified());
        }
    }
}

/// A command that is refused, and how.
type Refusal = (&'static str, fn() -> Harm);

/// A source that refuses to open a folder, or to hand its messages out, has not let them be compared: that is no proof. What
/// it does not have any more is compared with what was read.
#[tokio::test]
async fn copies_whose_source_is_refused_are_not_called_proven() {
    let refusals: [Refusal; 4] = [
        ("EXAMINE", || Harm::No("[NOPERM] not yours any more")),
        ("EXAMINE", || Harm::Bad("what")),
        ("UID", || Harm::No("not today")),
        ("UID", || Harm::Bad("what")),
    ];
    for (refused, harm) in refusals {
        let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
        let bench = bench_of(&source, &destination).await;
        assert_eq!(bench.copy_all().await, 6);
        source.harm(move |word, name, _| (word == refused && name == b"A").then(harm));
        let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
        let [left] = report.left.as_slice() else { panic!("{refused}: {report:?}") };
        assert_eq!((left.folder.to_string(), left.copies), ("A".to_owned(), 2), "{report:?}");
        assert_eq!(
            (left.side, report.counts.checked, report.counts.bytes_equal),
            (Side::Source, 4, 4),
            "{report:?}"
        );
        assert!(!report.is_verified());
    }
    for is_folder in [true, false] {
        let (source, destination) = (FolderServer::start(folders(&["A", "B"])), empty());
        let bench = bench_of(&source, &destination).await;
        assert_eq!(bench.copy_all().await, 6);
        if is_folder {
            source.remove("A");
        } else {
            source.take_out("A", 1);
            source.take_out("A", 2);
        }
        let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
        assert_eq!(
            (report.counts.checked, report.counts.bytes_equal, report.counts.as_read),
            (6, 4, 2),
            "{report:?}"
        );
        assert!(report.is_verified());
    }
}

/// Each way in which a connection ends at one folder, at its opening and while its messages are read, on either side: the
/// folder is named, its copies count as not compared, and the others are.
#[test]
fn a_verification_leaves_a_folder_at_which_connections_end_and_compares_the_others() {
    type Case = (Side, VerifyDepth, &'static [&'static str]);
    let cases: [Case; 6] = [
        (Side::Destination, VerifyDepth::Quick, &["SELECT", "EXAMINE"]),
        (Side::Destination, VerifyDepth::Quick, &["UID"]),
        (Side::Destination, VerifyDepth::Full, &["SELECT", "EXAMINE"]),
        (Side::Destination, VerifyDepth::Full, &["UID"]),
        (Side::Source, VerifyDepth::Full, &["SELECT", "EXAMINE"]),
        (Side::Source, VerifyDepth::Full, &["UID"]),
    ];
    let harms: [fn() -> Harm; 3] = [|| Harm::Bye("index is broken"), || Harm::Cut, || Harm::Silence];
    quick_time::in_quick_time(async {
        let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
        let (mut from, mut to) = (source.access(), destination.access());
        // Time leaps, and the servers do not leap with it.
        from.timeouts.reply = Duration::from_mins(15);
        to.timeouts.reply = from.timeouts.reply;
        let bench = Bench::new(from, to).await;
        assert_eq!(bench.copy_all().await, 8);
        for (side, depth, words) in cases {
            for (number, harm) in harms.into_iter().enumerate() {
                let server = if side == Side::Source { &source } else { &destination };
                server.harm(move |word, name, _| (words.contains(&word) && name == b"Bad").then(harm));
                let report = verify_mailbox(&bench.request, depth).await;
                let case = format!("{side:?}, {depth:?}, {words:?}, {number}: {report:?}");
                let report = report.unwrap_or_else(|_| panic!("{case}"));
                assert_eq!((report.counts.checked, report.counts.differences), (6, 0), "{case}");
                assert_eq!(
                    report.counts.bytes_equal,
                    if depth == VerifyDepth::Full { 6 } else { 0 },
                    "{case}"
                );
                let [left] = report.left.as_slice() else { panic!("{case}") };
                assert_eq!((left.folder.to_string(), left.side, left.copies), ("Bad".to_owned(), side, 2));
                assert!(!left.words.is_empty() && (number > 0 || left.words.contains("index is broken")));
                assert!(!report.is_verified(), "{case}");
                let told = report.counts.words();
                assert!(told.starts_with("6 copies were") && told.contains("(2 in Bad)"), "{told}");
                assert!(!told.contains("missing"), "{told}");
                server.harm(|_, _, _| None);
            }
        }
        assert!(verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap().is_verified());
    });
}

/// What is in a folder that is there and shut nobody knows; only what was in one that is gone is missing.
#[tokio::test]
async fn copies_in_a_folder_that_is_shut_are_not_called_missing() {
    let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
    let bench = bench_of(&source, &destination).await;
    assert_eq!(bench.copy_all().await, 8);
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        for harm in [(|| Harm::No("is broken")) as fn() -> Harm, || Harm::Bad("is broken")] {
            destination.harm(move |word, name, _| {
                (["SELECT", "EXAMINE"].contains(&word) && name == b"Bad").then(harm)
            });
            let report = verify_mailbox(&bench.request, depth).await.unwrap();
            assert_eq!(
                (report.counts.checked, report.counts.differences, report.counts.not_placed),
                (6, 0, 0),
                "{report:?}"
            );
            let [left] = report.left.as_slice() else { panic!("{report:?}") };
            assert_eq!((left.folder.to_string(), left.copies), ("Bad".to_owned(), 2), "{report:?}");
            assert!(left.words.contains("is broken") && !report.is_verified(), "{report:?}");
        }
    }
    destination.harm(|_, _, _| None);
    destination.remove("Bad");
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let report = verify_mailbox(&bench.request, depth).await.unwrap();
        assert_eq!((report.counts.checked, report.counts.differences), (8, 2), "{report:?}");
        assert!(report.left.is_empty(), "{report:?}");
    }
}

/// A folder at which the connection ends does not keep the proof from looking for a lost copy in the others.
#[test]
fn a_search_for_lost_copies_passes_by_a_folder_that_ends_the_connection() {
    quick_time::in_quick_time(async {
        let source = FolderServer::start(folders(&["A"]));
        let destination = FolderServer::start(vec![shelf(b"INBOX", []), shelf(b"Other", mails(50, 2))]);
        let (mut from, mut to) = (source.access(), destination.access());
        from.timeouts.reply = Duration::from_hours(24);
        to.timeouts.reply = from.timeouts.reply;
        let bench = Bench::new(from, to).await;
        assert_eq!(bench.copy_all().await, 4);
        destination.take_out("A", 1);
        for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
            for word_of_harm in ["EXAMINE", "UID"] {
                destination.harm(move |word, name, _| {
                    (word == word_of_harm && name == b"Other").then_some(Harm::Bye("index is broken"))
                });
                let report = verify_mailbox(&bench.request, depth).await.unwrap();
                assert_eq!((report.counts.checked, report.counts.differences), (4, 1), "{report:?}");
                assert_eq!(report.differences[0].what, "no longer at the destination");
            }
        }
    });
}

/// Once is no trouble; each time is that of the folder alone.
#[test]
fn a_source_folder_that_is_created_again_each_time_ends_nothing_else() {
    for times in [1, u32::MAX] {
        quick_time::in_quick_time(async {
            let (source, destination) = (FolderServer::start(folders(&["A", "Bad", "C"])), empty());
            let (mut from, mut to) = (source.access(), destination.access());
            from.timeouts.reply = Duration::from_hours(24);
            to.timeouts.reply = from.timeouts.reply;
            let bench = Bench::new(from, to).await;
            let seen = std::sync::atomic::AtomicU32::new(0);
            source.harm(move |word, name, _| {
                let is_harm = word == "EXAMINE" && name == b"Bad";
                // Not at the listing, which is the first.
                let before =
                    if is_harm { seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) } else { 0 };
                (is_harm && before >= 1 && before - 1 < times).then_some(Harm::MadeAnew)
            });
            let outcome = bench.copy(&|_| {}).await.unwrap();
            let told: Vec<(String, FolderTrouble, Side)> = outcome
                .folder_problems
                .iter()
                .map(|one| (one.folder.to_string(), one.trouble, one.side))
                .collect();
            if times == 1 {
                assert_eq!((told.len(), bench.sum().copied), (0, 8), "{outcome:?}");
            } else {
                assert_eq!(told, [("Bad".to_owned(), FolderTrouble::MadeAnew, Side::Source)]);
                assert!(outcome.folder_problems[0].words.contains("UIDVALIDITY"), "{outcome:?}");
                assert_eq!(bench.sum().copied, 6);
            }
        });
    }
}
