//! The proof after a copy: where it looks, what it reads for it, and what it may read in a day.

use std::sync::Mutex;
use std::time::Duration;

use mailferry::rehearsal::{FolderPath, Personality, SampleMessage};
use mailferry::transfer::{
    Progress, VerifyDepth, VerifyReport, copy_control, verify_mailbox, verify_mailbox_controlled,
};
use mailferry::values::{Side, SourceUid};
use mailferry_test_support::fakes::odd_imap::{OddImap, ReadingRefused, Stored, numbered};
use mailferry_test_support::scenes::breaking::in_quick_time;
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::scenes::practice_scene::{Scene, USER, message, play};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Messages of about one kilobyte each.
fn kilobytes(count: usize) -> Vec<SampleMessage> {
    (0..count)
        .map(|number| {
            let head = format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\n");
            message(format!("{head}{}\r\n", "x".repeat(1_000 - head.len() - 2)).as_bytes())
        })
        .collect()
}

/// Puts a message of the new inbox into another folder, as a junk filter or a person does.
fn file(scene: &Scene, mail: &SampleMessage, folder: &str) {
    scene.destination.take_out(USER, &FolderPath::inbox(), &mail.bytes);
    scene.destination.deliver(USER, &FolderPath::parse(folder), vec![mail.clone()]);
}

#[test]
fn a_copy_that_a_junk_filter_has_moved_is_not_missing() {
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let mails = kilobytes(12);
        in_quick_time(play(Personality::dovecot(), mails.clone(), |scene| async move {
            scene.bench.copy_all().await;
            file(&scene, &mails[2], "Junk");
            file(&scene, &mails[3], "Spam");
            file(&scene, &mails[5], "Projekte/2024");
            let report = verify_mailbox(&scene.bench.request, depth).await.unwrap();
            assert_eq!((report.counts.found_elsewhere, report.counts.in_junk), (3, 2), "{report:?}");
            assert!(report.is_verified(), "{report:?}");
            let words = report.counts.words();
            assert!(
                words.contains("3 copies are in another folder") && words.contains("2 of them in"),
                "{words}"
            );
            // Two messages cannot both be the one that is there.
            scene.destination.take_out(USER, &FolderPath::parse("Junk"), &mails[2].bytes);
            let report = verify_mailbox(&scene.bench.request, depth).await.unwrap();
            assert_eq!((report.counts.found_elsewhere, report.counts.differences), (2, 1), "{report:?}");
            assert_eq!(report.differences[0].what, "no longer at the destination");
        }));
    }
}

/// Proves in full while waits pass in no time: what was found, and for how long and why it waited.
async fn prove_through_waits(scene: &Scene) -> (VerifyReport, Vec<(u64, String)>) {
    let waits = Mutex::new(Vec::new());
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let sink = |progress| {
        if let Progress::Waiting { seconds, words, .. } = progress {
            waits.lock().unwrap().push((seconds, words));
            sender.send(seconds).unwrap();
        }
    };
    let (_controller, control) = copy_control(CancellationToken::new());
    let pass = async {
        while let Some(seconds) = receiver.recv().await {
            tokio::time::advance(Duration::from_secs(seconds)).await;
        }
    };
    let report = tokio::select! {
        report = verify_mailbox_controlled(&scene.bench.request, VerifyDepth::Full, control, &sink) => report.unwrap().unwrap(),
        () = pass => unreachable!("the proof holds the other end"),
    };
    (report, waits.into_inner().unwrap())
}

#[test]
fn a_full_proof_reads_in_a_day_what_the_new_provider_allows() {
    in_quick_time(play(Personality::dovecot(), kilobytes(50), |mut scene| async move {
        scene.bench.copy_all().await;
        scene.bench.request.limits.verify_bytes_per_day = Some(20_500);
        let (report, waits) = prove_through_waits(&scene).await;
        assert_eq!(
            (report.counts.checked, report.counts.bytes_equal, report.counts.differences),
            (50, 50, 0),
            "{report:?}"
        );
        assert_eq!(waits.len(), 2, "{waits:?}");
        assert!(
            waits.iter().all(|(seconds, words)| *seconds <= 86_400 && words.contains("21 kB")),
            "{waits:?}"
        );
    }));
}

#[test]
fn a_full_proof_of_older_mail_reads_in_a_day_what_the_source_allows() {
    let mails = kilobytes(50);
    in_quick_time(play(Personality::dovecot(), mails.clone(), |mut scene| async move {
        scene.destination.deliver(USER, &FolderPath::inbox(), mails);
        scene.bench.copy_all().await;
        assert_eq!(scene.bench.sum().already_there, 50);
        scene.bench.request.limits.download_bytes_per_day = Some(30_500);
        let (report, waits) = prove_through_waits(&scene).await;
        assert_eq!(
            (report.counts.checked, report.counts.bytes_equal, report.counts.differences),
            (50, 50, 0),
            "{report:?}"
        );
        assert_eq!(waits.len(), 1, "{waits:?}");
    }));
}

/// A copy between odd servers, done.
async fn copied(count: u32, change: impl Fn(&mut Stored), destination: &OddImap) -> (OddImap, Bench) {
    let source = OddImap::start((1..=count).map(|number| {
        let mut message = numbered(number, "hello");
        change(&mut message);
        message
    }));
    let bench = Bench::new(source.access(), destination.access()).await;
    assert_eq!(bench.copy_all().await, u64::from(count));
    (source, bench)
}

#[tokio::test]
async fn flags_that_the_destination_cannot_keep_are_named_with_their_messages() {
    let destination = OddImap::start([]);
    destination.set(|state| state.permanent_flags = Some("\\Seen"));
    let flagged = |message: &mut Stored| message.flags = "\\Seen \\Flagged $Work".to_owned();
    let (_source, bench) = copied(6, flagged, &destination).await;
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let report = verify_mailbox(&bench.request, depth).await.unwrap();
        assert!(report.is_verified(), "{report:?}");
        let words = report.counts.words();
        assert!(
            words.contains("cannot keep these flags: $work (6 messages), \\flagged (6 messages)"),
            "{words}"
        );
    }
}

#[tokio::test]
async fn what_a_server_does_to_every_message_is_said_once() {
    let destination = OddImap::start([]);
    destination.set(|state| (state.added, state.own_date) = (b"\r\n", Some("02-Feb-2024 10:00:00 +0000")));
    let (_source, bench) = copied(150, |_| {}, &destination).await;
    for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
        let report = verify_mailbox(&bench.request, depth).await.unwrap();
        assert_eq!((report.differences.as_slice(), report.counts.other_dates), (&[][..], 150), "{depth:?}");
        assert!(report.is_verified(), "{report:?}");
        let words = report.counts.words();
        assert!(
            words.contains("150 copies have a different date") && !words.contains("or differ"),
            "{words}"
        );
    }
    // One that is cut is told all the same.
    destination.set(|state| {
        let cut = state.messages.get_mut(&7).unwrap();
        cut.bytes.truncate(cut.bytes.len() - 6);
    });
    let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!((report.counts.differences, report.differences[0].uid), (1, SourceUid(7)), "{report:?}");
}

#[tokio::test]
async fn a_source_that_only_estimates_sizes_is_no_reason_to_doubt_intact_copies() {
    for is_there_before in [false, true] {
        let destination = OddImap::start([]);
        let source = OddImap::start((1..=20).map(|number| numbered(number, "hello")));
        source.set(|state| {
            let listed = |message: &Stored| (message.bytes.len() + 9) as u64;
            state.sizes = state.messages.iter().map(|(uid, message)| (*uid, listed(message))).collect();
        });
        let bench = Bench::new(source.access(), destination.access()).await;
        bench.copy_all().await;
        if is_there_before {
            // What the ledger knows of lengths is forgotten with the run that has read them.
            let all: Vec<(SourceUid, u64)> = (1..=20).map(|uid| (SourceUid(uid), 9_999)).collect();
            let folder = bench.ledger().folder_totals().unwrap()[0].id;
            bench.ledger().learn_lengths(folder, &all).unwrap();
        }
        let read = |server: &OddImap| {
            let state = server.state.lock().unwrap();
            state.commands.iter().filter(|command| command.contains("BODY.PEEK[]")).count()
        };
        let report = verify_mailbox(&bench.request, VerifyDepth::Quick).await.unwrap();
        assert!(report.is_verified() && report.counts.resized == 0, "{report:?}");
        assert_eq!(read(&destination) > 0, is_there_before, "known lengths need no look at the bytes");
        let before = read(&destination);
        let report = verify_mailbox(&bench.request, VerifyDepth::Quick).await.unwrap();
        assert!(report.is_verified() && read(&destination) == before, "{report:?}");
    }
}

/// The hash of the ledger is that of what was read; only the source knows whether that was the message.
#[tokio::test]
async fn a_full_proof_reads_the_source_anew_and_does_not_call_cut_mail_whole() {
    let destination = OddImap::start([]);
    let (source, bench) = copied(5, |_| {}, &destination).await;
    let before = source.state.lock().unwrap().commands.len();
    let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!((report.counts.bytes_equal, report.counts.differences), (5, 0), "{report:?}");
    let commands: Vec<String> = source.state.lock().unwrap().commands[before..].to_vec();
    assert!(
        commands.iter().any(|command| command.contains("BODY.PEEK[]<0.")),
        "by another method: {commands:?}"
    );
    // As if the source had handed out only a part when it was copied.
    source.set(|state| state.messages.get_mut(&3).unwrap().bytes.extend_from_slice(b"the end\r\n"));
    let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!((report.counts.bytes_equal, report.counts.differences), (4, 1), "{report:?}");
    assert!(report.differences[0].what.contains("that the source returns now"), "{report:?}");
    // What the source does not have any more is said apart.
    source.set(|state| drop(state.messages.remove(&4)));
    let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
    assert_eq!(
        (report.counts.bytes_equal, report.counts.as_read, report.counts.differences),
        (3, 1, 1),
        "{report:?}"
    );
}

/// Every method agrees on the cut message, so that only the size that was listed speaks against it.
#[tokio::test]
async fn a_message_that_every_method_cuts_is_not_called_whole() {
    for (count, cut, whole) in [(20_u32, 7_u32, 50_000_u64), (20, 7, 3_000_000), (1, 1, 50_000)] {
        let destination = OddImap::start([]);
        let source = OddImap::start((1..=count).map(|number| numbered(number, "hello")));
        source.set(|state| state.sizes = [(cut, whole)].into());
        let bench = Bench::new(source.access(), destination.access()).await;
        bench.copy_all().await;
        for depth in [VerifyDepth::Quick, VerifyDepth::Full] {
            let report = verify_mailbox(&bench.request, depth).await.unwrap();
            assert!(!report.is_verified(), "{report:?}");
            let found: Vec<u32> = report.differences.iter().map(|one| one.uid.0).collect();
            assert_eq!(found, [cut], "{report:?}");
            assert!(report.differences[0].what.contains("may be truncated"), "{report:?}");
        }
    }
}

/// What a source refuses is not what it does not have any more.
#[tokio::test]
async fn a_source_that_refuses_in_a_full_proof_leaves_it_open() {
    for words in ["[NOPERM] not for you", "[CANNOT] no", "no"] {
        for is_opening in [false, true] {
            let destination = OddImap::start([]);
            let (source, bench) = copied(6, |_| {}, &destination).await;
            source.set(|state| state.refuse_reading = Some(ReadingRefused { words, is_opening }));
            let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
            let case = format!("{words} {is_opening}: {report:?}");
            assert!(!report.is_verified(), "{case}");
            assert_eq!(
                (report.counts.unread, report.counts.checked, report.counts.as_read),
                (6, 0, 0),
                "{case}"
            );
            assert_eq!((report.left[0].side, report.counts.differences), (Side::Source, 0), "{case}");
            assert!(report.left[0].words.contains(words), "{case}");
            let told = report.counts.words();
            assert!(!told.contains("no longer return") && !told.contains("all agree"), "{told}");
            source.set(|state| state.refuse_reading = None);
            let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
            assert!(report.is_verified() && report.counts.bytes_equal == 6, "{report:?}");
        }
    }
}

/// Bodies of equal length in each other's place: during the copy, at either side afterwards, and at the source for good.
#[tokio::test]
async fn bodies_of_equal_length_that_are_swapped_pass_no_full_proof() {
    let swap = |server: &OddImap, is_swapped: bool| {
        server.set(|state| state.swapped = is_swapped.then_some((2, 5)));
    };
    // Whether they are swapped while they are copied, and when it is proven, at the source and at the destination.
    for (while_copied, at_source, at_destination) in
        [(true, false, false), (true, true, false), (false, true, false), (false, false, true)]
    {
        let mail: Vec<Stored> = (1..=6).map(|number| numbered(number, "text")).collect();
        let (source, destination) = (OddImap::start(mail), OddImap::start([]));
        swap(&source, while_copied);
        let bench = Bench::new(source.access(), destination.access()).await;
        assert_eq!(bench.copy_all().await, 6);
        swap(&source, at_source);
        swap(&destination, at_destination);
        let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
        let case = format!("{while_copied} {at_source} {at_destination}: {report:?}");
        let differing: Vec<u32> = report.differences.iter().map(|one| one.uid.0).collect();
        assert_eq!((differing, report.counts.bytes_equal), (vec![2, 5], 4), "{case}");
        assert!(!report.is_verified(), "{case}");
    }
}
