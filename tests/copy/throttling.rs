//! How hard servers are asked: limits of a day, waits that they name, and load that they complain of.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailferry::plan::MessageState;
use mailferry::rehearsal::{
    Action, Dislike, Fault, FolderPath, Personality, SampleFolder, SampleMessage, Trigger,
};
use mailferry::transfer::{CopyOutcome, FolderTrouble, Progress, TransferError, copy_control, copy_mailbox};
use mailferry_test_support::scenes::breaking::in_quick_time;
use mailferry_test_support::scenes::practice_scene::{self, Scene, USER, message, play, play_between};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const DAY_SECONDS: u64 = 86_400;
/// Waits from this length on are looked into while they last; on a busy machine time leaps by some seconds.
const LONG_WAIT_SECONDS: u64 = 30;

/// Messages of about one kilobyte each.
fn kilobytes(count: usize) -> Vec<SampleMessage> {
    (0..count)
        .map(|number| {
            let head = format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\n");
            message(format!("{head}{}\r\n", "x".repeat(1_000 - head.len() - 2)).as_bytes())
        })
        .collect()
}

/// A wait of the copy: how long and why, what had arrived, and what the destination had been asked.
#[derive(Clone, Debug)]
struct Wait {
    seconds: u64,
    words: String,
    arrived: usize,
    commands: u64,
}

/// Copies while waits pass in no time; stops at the wait with this number, counted from 1, if there are so many.
async fn copy_through_waits(scene: &Scene, stop_at: usize) -> Vec<Wait> {
    let waits = Mutex::new(Vec::new());
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let sink = |progress| {
        if let Progress::Waiting { seconds, words, .. } = progress {
            let (arrived, commands) = (scene.arrived().len(), scene.destination.traffic().commands);
            waits.lock().unwrap().push(Wait { seconds, words, arrived, commands });
            sender.send(seconds).unwrap();
        }
    };
    let (controller, control) = copy_control(CancellationToken::new());
    let pass = async {
        let mut count = 0;
        while let Some(seconds) = receiver.recv().await {
            count += 1;
            if count == stop_at {
                controller.stop();
            }
            if seconds < LONG_WAIT_SECONDS {
                // Over as soon as time has passed, which may be now.
                continue;
            }
            // What is asked in spite of the wait is asked now.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let last = waits.lock().unwrap().last().unwrap().commands;
            assert_eq!(scene.destination.traffic().commands, last, "a server that waits is left alone");
            tokio::time::advance(Duration::from_secs(seconds - 1)).await;
        }
    };
    tokio::select! {
        outcome = copy_mailbox(&scene.bench.request, control, &sink) => drop(outcome.unwrap()),
        () = pass => unreachable!("the copy holds the other end"),
    }
    waits.into_inner().unwrap()
}

/// Sign-ins are taken, and only the first command of a connection too many is refused; at once, or when everything else
/// is done.
#[tokio::test]
async fn connections_that_are_refused_behind_their_sign_in_cost_no_message() {
    let list = || Trigger::Command("LIST".to_owned());
    let limit = || Action::Refuse("NO [LIMIT] Too many simultaneous connections".to_owned());
    let delay = || Action::Delay(Duration::from_millis(700));
    for actions in [vec![limit()], vec![Action::Close], vec![delay(), limit()], vec![delay(), Action::Close]]
    {
        for at_source in [true, false] {
            let folder = |number: usize| SampleFolder {
                path: FolderPath::parse(&format!("Folder {number}")),
                special_use: None,
                messages: kilobytes(80),
            };
            let folders = (0..6).map(folder).collect();
            let actions = actions.clone();
            play_between(Personality::dovecot(), Personality::dovecot(), folders, |scene| async move {
                let server = if at_source { &scene.source } else { &scene.destination };
                let before = server.traffic().connections;
                for action in actions.clone() {
                    // Behind the two LISTs of the first connection.
                    server.faults().push(Fault { trigger: list(), action, skip: 2, times: u32::MAX });
                }
                let pairs = AtomicUsize::new(0);
                let sink = |progress| {
                    if let Progress::Pairs { count } = progress {
                        pairs.fetch_max(count, Ordering::SeqCst);
                    }
                };
                let outcome = scene.bench.copy(&sink).await.unwrap();
                assert_eq!(outcome.folder_problems, [], "{actions:?}");
                assert_eq!((scene.bench.sum().copied, scene.bench.sum().to_do), (480, 0), "{actions:?}");
                assert_eq!(pairs.into_inner(), 1, "those that are not let in do not count");
                assert!(server.traffic().connections > before + 1, "others have tried");
            })
            .await;
        }
    }
}

/// A server that is slow to let one connection more in keeps nobody waiting when the others are done.
#[test]
fn a_slow_sign_in_beside_does_not_hold_the_end_up() {
    let folder = |number: usize| SampleFolder {
        path: FolderPath::parse(&format!("Folder {number}")),
        special_use: None,
        messages: kilobytes(80),
    };
    for at_source in [true, false] {
        let folders = (0..6).map(folder).collect();
        in_quick_time(play_between(
            Personality::dovecot(),
            Personality::dovecot(),
            folders,
            |mut scene| async move {
                // However far time runs ahead of a busy machine, it does not come to the end of such a delay.
                let delay = Duration::from_hours(30 * 24);
                let request = &mut scene.bench.request;
                request.source.timeouts.reply = 10 * delay;
                request.destination.timeouts.reply = 10 * delay;
                let server = if at_source { &scene.source } else { &scene.destination };
                let trigger = Trigger::Command("AUTHENTICATE".to_owned());
                server.faults().push(Fault {
                    trigger,
                    action: Action::Delay(delay),
                    skip: 1,
                    times: u32::MAX,
                });
                let before = server.traffic().connections;
                let began = tokio::time::Instant::now();
                scene.bench.copy_all().await;
                assert!(began.elapsed() < delay / 2, "{:?}", began.elapsed());
                assert!(server.traffic().connections > before + 1, "others have tried");
                assert_eq!((scene.bench.sum().copied, scene.bench.sum().to_do), (480, 0));
            },
        ));
    }
}

/// Begun last, the largest folder would keep one connection busy long after the others are done.
#[test]
fn the_largest_folder_is_begun_before_smaller_ones() {
    let folder = |name: &str, count| SampleFolder {
        path: FolderPath::parse(name),
        special_use: None,
        messages: kilobytes(count),
    };
    let folders = vec![folder("Alpha", 3), folder("Beta", 3), folder("Zeta", 30), folder("Eta", 9)];
    let between = Personality::dovecot;
    in_quick_time(play_between(between(), between(), folders, |mut scene| async move {
        scene.bench.request.limits.pairs = 1;
        let begun = Mutex::new(Vec::new());
        let sink = |progress| {
            if let Progress::Folder { folder } = progress {
                begun.lock().unwrap().push(folder.to_string());
            }
        };
        let (_controller, control) = copy_control(CancellationToken::new());
        copy_mailbox(&scene.bench.request, control, &sink).await.unwrap();
        // The first batch of all goes into the first folder of the list, where a second run would be met.
        assert_eq!(begun.into_inner().unwrap(), ["Alpha", "Zeta", "Eta", "Beta"]);
        assert_eq!(scene.arrived().len(), 45);
    }));
}

#[test]
fn a_mailbox_waits_for_the_next_day_when_its_provider_takes_no_more() {
    in_quick_time(play(Personality::dovecot(), kilobytes(50), |mut scene| async move {
        scene.bench.request.limits.upload_bytes_per_day = Some(20_500);
        scene.bench.request.limits.batch_messages = 5;
        let waits = copy_through_waits(&scene, 1).await;
        assert_eq!((waits.len(), waits[0].arrived), (1, 20), "{waits:?}");
        assert!(waits[0].seconds <= DAY_SECONDS, "{waits:?}");
        let words = &waits[0].words;
        assert!(
            words.contains("127.0.0.1") && words.contains("21 kB") && words.contains("00:00 UTC"),
            "{words}"
        );
        assert_eq!((scene.bench.sum().copied, scene.bench.sum().to_do), (20, 30));

        // Begun anew on the same day, nothing more goes out; then the days pass.
        let waits = copy_through_waits(&scene, usize::MAX).await;
        let arrived: Vec<usize> = waits.iter().map(|wait| wait.arrived).collect();
        assert_eq!(arrived, [20, 40], "{waits:?}");
        assert_eq!((scene.bench.sum().copied, scene.arrived().len()), (50, 50));
        scene.assert_settled().await;
    }));
}

#[test]
fn a_source_that_hands_out_no_more_today_is_read_tomorrow() {
    in_quick_time(play(Personality::dovecot(), kilobytes(300), |mut scene| async move {
        scene.bench.request.limits.download_bytes_per_day = Some(210_000);
        let waits = copy_through_waits(&scene, usize::MAX).await;
        assert_eq!(waits.len(), 1, "{waits:?}");
        assert!(waits[0].arrived <= 210 && waits[0].words.contains("delivered the daily limit"), "{waits:?}");
        assert_eq!((scene.bench.sum().copied, scene.arrived().len()), (300, 300));
    }));
}

#[test]
fn the_time_that_a_server_asks_for_is_kept_and_the_copy_continues_by_itself() {
    let mut exchange = Personality::exchange();
    exchange.quirks.added_header = None;
    in_quick_time(play(exchange, kilobytes(60), |scene| async move {
        scene.destination.throttle_for(Duration::from_secs(299));
        let waits = copy_through_waits(&scene, usize::MAX).await;
        assert!(!waits.is_empty() && waits[0].words.contains("Suggested Backoff Time"), "{waits:?}");
        // Some of the 299 seconds had passed when the server was asked: it says what is left.
        let asked: String = waits[0].words.chars().filter(char::is_ascii_digit).collect();
        let asked = Duration::from_millis(asked.parse().unwrap()).as_secs();
        assert!(asked <= 299 && (asked..=asked + 1).contains(&waits[0].seconds), "{waits:?}");
        assert_eq!(waits.len(), 1, "once is enough when the time is kept: {waits:?}");
        assert_eq!(scene.bench.sum().copied, 60);
    }));
}

#[test]
fn a_folder_that_ends_the_connection_is_left_and_the_others_are_copied() {
    let mut closed = Personality::dovecot();
    closed.quirks.hangs_up_at = Some("Shared");
    for is_source in [true, false] {
        let (source, destination) = if is_source {
            (closed.clone(), Personality::dovecot())
        } else {
            (Personality::dovecot(), closed.clone())
        };
        let folder = |name: &str, count| SampleFolder {
            path: FolderPath::parse(name),
            special_use: None,
            messages: kilobytes(count),
        };
        let folders = vec![folder("INBOX", 30), folder("Shared", 5), folder("Work", 7)];
        in_quick_time(play_between(source, destination, folders, |scene| async move {
            let outcome = scene.bench.copy(&|_| {}).await.unwrap();
            let [problem] = outcome.folder_problems.as_slice() else { panic!("{outcome:?}") };
            assert!(problem.words.contains("Share is gone"), "{problem:?}");
            assert_eq!(problem.folder.0, ["Shared"]);
            assert_eq!((scene.bench.sum().copied, scene.arrived().len()), (37, 37));
            assert_eq!(scene.bench.sum().to_do, if is_source { 0 } else { 5 }, "nothing is written off");
        }));
    }
}

#[test]
fn limits_without_a_time_are_waited_for_with_fewer_connections_first() {
    for (command, words) in [
        ("UID FETCH", "NO [LIMIT] UID FETCH Rate limit hit"),
        ("APPEND", "NO [THROTTLED] Account exceeded command or bandwidth limits"),
        ("SELECT", "NO [INUSE] Mailbox in use"),
    ] {
        in_quick_time(play(Personality::dovecot(), kilobytes(60), |scene| async move {
            let side = if command == "UID FETCH" { &scene.source } else { &scene.destination };
            let trigger = Trigger::Command(command.to_owned());
            let fault = Fault { trigger, action: Action::Refuse(words.to_owned()), skip: 0, times: 4 };
            side.faults().push(fault);
            let waits = copy_through_waits(&scene, usize::MAX).await;
            let seconds: Vec<u64> = waits.iter().map(|wait| wait.seconds).collect();
            assert_eq!(seconds, [1, 1, 60, 120], "{command}: {waits:?}");
            assert!(waits.iter().all(|wait| words.ends_with(wait.words.rsplit("] ").next().unwrap())));
            assert_eq!(scene.bench.sum().copied, 60, "{command}");
            assert_eq!(scene.destination.dump(USER).len(), 60);
        }));
    }
}

/// A destination that asks for each message, so that several connections write into one folder, and whose files take one
/// at a time.
fn with_locks() -> Personality {
    let gmail_like = ["IMAP4rev1", "UIDPLUS", "UNSELECT", "NAMESPACE", "SASL-IR", "LITERAL-"];
    let mut personality = Personality::dovecot();
    personality.capabilities = Box::leak(Box::new(gmail_like));
    personality.quirks.locks_folders = true;
    personality
}

#[test]
fn a_folder_that_takes_one_connection_at_a_time_gets_one_and_the_others_keep_theirs() {
    let folder = |number: usize, count| SampleFolder {
        path: FolderPath::parse(&format!("Folder {number}")),
        special_use: None,
        messages: kilobytes(count),
    };
    let folders = vec![folder(1, 300), folder(2, 30), folder(3, 30)];
    in_quick_time(play_between(Personality::dovecot(), with_locks(), folders, |mut scene| async move {
        scene.bench.request.limits.pairs = 3;
        scene.bench.request.limits.near_pairs = 3;
        scene.bench.request.limits.asking_pairs = 3;
        scene.bench.request.limits.shares_folders = true;
        let pairs = Mutex::new(Vec::new());
        let waits = Mutex::new(Vec::new());
        let sink = |progress| match progress {
            Progress::Pairs { count } => pairs.lock().unwrap().push(count),
            Progress::Waiting { seconds, words, .. } => waits.lock().unwrap().push((seconds, words)),
            _ => {}
        };
        let outcome = scene.bench.copy(&sink).await.unwrap();
        assert_eq!(outcome.folder_problems, []);
        assert_eq!((scene.bench.sum().copied, scene.arrived().len()), (360, 360));
        let waits = waits.into_inner().unwrap();
        assert!(!waits.is_empty(), "two connections have met in one folder");
        assert!(waits.iter().all(|(_, words)| words.contains("waiting for lock")), "{waits:?}");
        // Once for each folder at most: behind that it has one connection.
        assert!(waits.len() <= 3, "{waits:?}");
        let pairs = pairs.into_inner().unwrap();
        let with_all = pairs.iter().filter(|count| **count == 3).count();
        assert!(with_all >= 2, "the others keep their connections behind the wait: {pairs:?}");
        scene.assert_settled().await;
    }));
}

/// Copies while waits pass in no time, however many there are. The words of each.
async fn copy_whatever_waits(scene: &Scene) -> (Result<CopyOutcome, TransferError>, Vec<String>) {
    let waits = Mutex::new(Vec::new());
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let sink = |progress| {
        if let Progress::Waiting { seconds, words, .. } = progress {
            waits.lock().unwrap().push(words);
            sender.send(seconds).unwrap();
        }
    };
    let pass = async {
        while let Some(seconds) = receiver.recv().await {
            tokio::time::advance(Duration::from_secs(seconds)).await;
        }
    };
    let outcome = tokio::select! {
        outcome = scene.bench.copy(&sink) => outcome,
        () = pass => unreachable!("the copy holds the other end"),
    };
    (outcome, waits.into_inner().unwrap())
}

static FAILS_AT_ONE: [(Dislike, &str); 1] =
    [(Dislike::Bytes(b"damaged"), "NO [SERVERBUG] Internal error occurred.")];

/// Forty messages, of which the one with UID 20 is the one that a server stumbles over.
fn with_one_damaged() -> Vec<SampleMessage> {
    let mut messages = kilobytes(40);
    messages[19] = message(b"Subject: damaged\r\n\r\nText\r\n");
    messages
}

#[test]
fn a_failure_that_stays_with_one_message_is_no_verdict_about_it() {
    let mut stumbling = Personality::dovecot();
    stumbling.quirks.withholds = Some((b"damaged", "[SERVERBUG] Internal error occurred."));
    for is_source in [true, false] {
        let (source, destination) = if is_source {
            (stumbling.clone(), Personality::dovecot())
        } else {
            (Personality::dovecot(), practice_scene::disliking(&FAILS_AT_ONE))
        };
        let folders =
            vec![SampleFolder { path: FolderPath::inbox(), special_use: None, messages: with_one_damaged() }];
        in_quick_time(play_between(source, destination, folders, |scene| async move {
            let (outcome, waits) = copy_whatever_waits(&scene).await;
            let problems = outcome.unwrap().folder_problems;
            let [problem] = problems.as_slice() else { panic!("{problems:?}") };
            assert_eq!(problem.trouble, FolderTrouble::ServerFails);
            assert!(problem.words.contains("1 message still to do") && problem.words.contains("SERVERBUG"));
            assert!(waits.len() < 5 && waits.iter().all(|wait| wait.contains("SERVERBUG")), "{waits:?}");
            let sum = scene.bench.sum();
            assert_eq!((sum.copied, sum.refused, sum.exported, sum.to_do), (39, 0, 0, 1));
            assert_eq!(scene.state(20).0, MessageState::ToDo);
            assert!(!scene.export_folder().exists(), "nothing is saved that may still be copied");
            let mut arrived: Vec<_> = scene.arrived().into_iter().map(|message| message.bytes).collect();
            let mut expected: Vec<_> = with_one_damaged().into_iter().map(|message| message.bytes).collect();
            expected.remove(19);
            arrived.sort();
            expected.sort();
            assert_eq!(arrived, expected);
        }));
    }
}

#[test]
fn a_server_that_fails_at_everything_has_no_message_written_off() {
    in_quick_time(play(Personality::dovecot(), kilobytes(40), |scene| async move {
        let words = Action::Refuse("NO [SERVERBUG] Internal error occurred.".to_owned());
        scene.destination.faults().push(Fault::always(Trigger::Command("APPEND".to_owned()), words));
        let (outcome, waits) = copy_whatever_waits(&scene).await;
        let error = outcome.unwrap_err();
        assert!((5..10).contains(&waits.len()), "it is waited for a while, and not for ever: {waits:?}");
        assert!(
            matches!(error, TransferError::NotRecovered { .. }) && error.to_string().contains("SERVERBUG")
        );
        let sum = scene.bench.sum();
        assert_eq!((sum.source_count, sum.refused, sum.exported, sum.copied), (40, 0, 0, 0), "{sum:?}");
        scene.destination.faults().clear();
        assert_eq!(scene.bench.copy_all().await, 40);
        assert_eq!(scene.arrived().len(), 40);
    }));
}

/// Few of them, so that they are no crowd: nothing is saved, refused, or called done.
#[test]
fn six_messages_that_meet_a_failing_server_stay_to_do() {
    for words in [
        "NO [SERVERBUG] internal error, try later",
        "NO internal error, try later",
        "NO [UNAVAILABLE] not now",
        "NO Temporary unavailable",
        "NO 451 4.3.0 Temporary system problem",
        "NO [INUSE] Mailbox in use",
    ] {
        in_quick_time(play(Personality::dovecot(), kilobytes(6), |scene| async move {
            let refuse = Action::Refuse(words.to_owned());
            scene.destination.faults().push(Fault::always(Trigger::Command("APPEND".to_owned()), refuse));
            let (outcome, waits) = copy_whatever_waits(&scene).await;
            let error = outcome.unwrap_err();
            assert!(matches!(error, TransferError::NotRecovered { .. }), "{words}: {error}");
            assert!(!waits.is_empty() && waits.len() <= 24, "{words}: {waits:?}");
            let sum = scene.bench.sum();
            assert_eq!((sum.to_do, sum.refused, sum.exported, sum.copied), (6, 0, 0, 0), "{words}: {sum:?}");
            assert!(!scene.export_folder().exists(), "{words}");
            scene.destination.faults().clear();
            assert_eq!(scene.bench.copy_all().await, 6, "{words}");
        }));
    }
}

#[test]
fn a_server_that_asks_for_no_time_at_all_gets_some_and_ever_more() {
    in_quick_time(play(Personality::dovecot(), kilobytes(20), |scene| async move {
        let words = "NO Request is throttled. Suggested Backoff Time: 0 milliseconds".to_owned();
        let trigger = Trigger::Command("APPEND".to_owned());
        scene.destination.faults().push(Fault { trigger, action: Action::Refuse(words), skip: 0, times: 4 });
        let waits = copy_through_waits(&scene, usize::MAX).await;
        let seconds: Vec<u64> = waits.iter().map(|wait| wait.seconds).collect();
        assert_eq!(seconds, [1, 2, 4, 8], "{waits:?}");
        assert_eq!(scene.bench.sum().copied, 20);
    }));
}

#[test]
fn repairs_and_halves_count_for_the_day_as_well() {
    static REFUSED: [(Dislike, &str); 1] = [(Dislike::Bytes(b"damaged"), "NO Not wanted here")];
    in_quick_time(play(practice_scene::disliking(&REFUSED), with_one_damaged(), |mut scene| async move {
        // Enough for every message once, and for no other try of any.
        scene.bench.request.limits.upload_bytes_per_day = Some(39_500);
        scene.bench.request.limits.batch_messages = 5;
        let waits = copy_through_waits(&scene, 1).await;
        assert_eq!(waits.len(), 1, "the halves of a refused batch go over the line as well: {waits:?}");
        assert!(waits[0].words.contains("accepted the daily limit"), "{waits:?}");
        let (outcome, waits) = copy_whatever_waits(&scene).await;
        assert!(outcome.is_ok() && !waits.is_empty());
        assert_eq!((scene.bench.sum().copied, scene.bench.sum().to_do), (39, 0));
        assert_eq!(scene.arrived().len(), 39);
    }));
}
