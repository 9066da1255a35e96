//! A destination without room: the run ends, and what has found room before that counts as copied.

use std::time::Duration;

use mailferry::transfer::TransferError;
use mailferry_test_support::fakes::folder_server::{FolderServer, Harm, shelf};
use mailferry_test_support::fakes::odd_imap::{OddImap, Quota, Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;

/// Some servers look at the quota behind a message that they have stored by then.
#[tokio::test]
async fn what_a_full_mailbox_has_taken_before_it_refused_is_copied() {
    for batch in [1, 5, 100] {
        for last in ["number 1\r", "number 4\r", "number 12\r"] {
            for hides_uids in [false, true] {
                let mail: Vec<Stored> = (1..=12).map(|number| numbered(number, "text")).collect();
                let (source, destination) = (OddImap::start(mail), OddImap::start([]));
                destination.set(|state| {
                    state.quota = Quota::FullAfter(last);
                    state.hides_uids = hides_uids;
                });
                let mut bench = Bench::new(source.access(), destination.access()).await;
                bench.request.limits.late_append = Duration::from_millis(100);
                bench.request.limits.batch_messages = batch;
                let ended = bench.copy(&|_| {}).await;
                let case = format!("{batch} {last:?} {hides_uids}: {ended:?}");
                assert!(matches!(ended, Err(TransferError::DestinationFull { .. })), "{case}");
                let (sum, there) = (bench.sum(), destination.bodies().len() as u64);
                assert_eq!((sum.copied, sum.to_do), (there, 12 - there), "{case}");
                assert_eq!(bench.in_flight(), 0, "{case}");
                destination.set(|state| state.quota = Quota::Free);
                assert_eq!(bench.copy_all().await, 12 - there, "{case}");
                assert_eq!(destination.bodies(), source.bodies(), "{case}");
                bench.assert_verified(12).await;
            }
        }
    }
}

/// A run that ends in one folder looks for what another run, or another connection, has left without an answer elsewhere.
#[tokio::test]
async fn what_is_without_an_answer_is_counted_before_a_run_ends_for_lack_of_room() {
    let mail = |numbers: std::ops::RangeInclusive<u32>| numbers.map(|number| numbered(number, "text"));
    let source = FolderServer::start(vec![shelf(b"INBOX", mail(1..=3)), shelf(b"Work", mail(11..=16))]);
    let destination = FolderServer::start(vec![shelf(b"INBOX", []), shelf(b"Work", [])]);
    let mut bench = Bench::new(source.access(), destination.access()).await;
    bench.request.limits.max_breaks = 0;
    destination.harm(|word, name, _| (word == "APPEND" && name == b"Work").then_some(Harm::Cut));
    assert!(bench.copy(&|_| {}).await.is_err());
    let unanswered = bench.in_flight();
    assert!(unanswered > 1, "{unanswered}");
    source.deliver("INBOX", numbered(4, "text"));
    // All but one of them had arrived.
    for number in 11..=16 {
        if number != 12 {
            destination.deliver("Work", numbered(number, "text"));
        }
    }
    destination.harm(|word, name, _| {
        (word == "APPEND" && name == b"INBOX").then_some(Harm::No("[OVERQUOTA] no room"))
    });
    let ended = bench.copy(&|_| {}).await;
    assert!(matches!(ended, Err(TransferError::DestinationFull { .. })), "{ended:?}");
    let (sum, there) = (bench.sum(), destination.counts().into_iter().map(|(_, count)| count).sum::<usize>());
    assert_eq!((sum.copied, sum.to_do), (there as u64, 10 - there as u64), "{sum:?}");
    destination.harm(|_, _, _| None);
    bench.copy_all().await;
    assert_eq!(destination.counts(), source.counts());
    bench.assert_verified(10).await;
}
