//! The proof after a copy: where it looks, what it reads for it, and what it may read in a day.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::large_futures,
    reason = "tests and their helpers fail loudly"
)]

#[path = "support/breaking.rs"]
mod breaking;
#[path = "support/copy_bench.rs"]
mod copy_bench;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/plain_imap.rs"]
mod plain_imap;
#[path = "support/practice_scene.rs"]
mod practice_scene;
mod support;

use std::sync::Mutex;
use std::time::Duration;

use breaking::in_quick_time;
use mailferry::rehearsal::{FolderPath, Personality, SampleMessage};
use mailferry::transfer::{Depth, Progress, VerifyReport, copy_control, prove_mailbox, verify_mailbox};
use practice_scene::{Scene, USER, message, play};
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
    for depth in [Depth::Quick, Depth::Full] {
        let mails = kilobytes(12);
        in_quick_time(play(Personality::dovecot(), mails.clone(), |scene| async move {
            scene.bench.copy_all().await;
            file(&scene, &mails[2], "Junk");
            file(&scene, &mails[3], "Spam");
            file(&scene, &mails[5], "Projekte/2024");
            let report = verify_mailbox(&scene.bench.request, depth).await.unwrap();
            assert_eq!((report.found_elsewhere, report.in_junk), (3, 2), "{report:?}");
            assert!(report.is_proof(depth), "{report:?}");
            let words = report.summary(depth).words();
            assert!(words.contains("3 lie in another folder") && words.contains("2 of them in"), "{words}");
            // Two messages cannot both be the one that is there.
            scene.destination.take_out(USER, &FolderPath::parse("Junk"), &mails[2].bytes);
            let report = verify_mailbox(&scene.bench.request, depth).await.unwrap();
            assert_eq!((report.found_elsewhere, report.difference_count), (2, 1), "{report:?}");
            assert_eq!(report.differences[0].what, "no longer at the destination");
        }));
    }
}

/// Proves in full while waits pass in no time: what was found, and for how long and why it waited.
async fn prove_through_waits(scene: &Scene) -> (VerifyReport, Vec<(u64, String)>) {
    let waits = Mutex::new(Vec::new());
    let (sender, mut receiver) = mpsc::unbounded_channel();
    let sink = |progress| {
        if let Progress::Waiting { seconds, words } = progress {
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
        report = prove_mailbox(&scene.bench.request, Depth::Full, control, &sink) => report.unwrap().unwrap(),
        () = pass => unreachable!("the proof holds the other end"),
    };
    (report, waits.into_inner().unwrap())
}

#[test]
fn a_full_proof_reads_in_a_day_what_the_new_provider_allows() {
    in_quick_time(play(Personality::dovecot(), kilobytes(50), |mut scene| async move {
        scene.bench.copy_all().await;
        scene.bench.request.limits.proof_bytes_per_day = Some(20_500);
        let (report, waits) = prove_through_waits(&scene).await;
        assert_eq!((report.checked, report.bytes_equal, report.difference_count), (50, 50, 0), "{report:?}");
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
        assert_eq!((report.checked, report.bytes_equal, report.difference_count), (50, 50, 0), "{report:?}");
        assert_eq!(waits.len(), 1, "{waits:?}");
    }));
}
