//! Servers that tell other UIDs for copies than those under which they list them: the copies are found by what they are, and
//! nobody else is blamed for it.

use std::collections::BTreeSet;
use std::time::Duration;

use mailferry::transfer::{Doubler, FolderTrouble, TransferError, VerifyDepth, verify_mailbox};
use mailferry::values::DestinationUid;
use mailferry_test_support::fakes::odd_imap::{Doubled, OddImap, Stored, SwallowedAs, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;

/// What a server tells in place of a UID, with words for it.
type Lie = (&'static str, fn(u32) -> u32);

#[tokio::test]
async fn uids_that_do_not_fit_what_is_listed_are_the_servers_own_trouble() {
    let lies: [Lie; 5] = [
        ("three more", |uid| uid + 3),
        ("always the first", |_| 1),
        ("one less", |uid| (uid - 1).max(1)),
        ("two at a time", |uid| uid + uid % 2),
        ("from far away", |uid| uid + 100_000),
    ];
    for (name, lie) in lies {
        for count in [1, 3, 60] {
            let mail: Vec<Stored> = (1..=count).map(|number| numbered(number, "text")).collect();
            let (source, destination) = (OddImap::start(mail.clone()), OddImap::start([]));
            destination.set(|state| state.told_uid = Some(lie));
            let bench = Bench::new(source.access(), destination.access()).await;
            let outcome = bench.copy(&|_| {}).await.unwrap();
            let case = format!("{name}, {count}: {outcome:?}");
            let troubles: Vec<FolderTrouble> =
                outcome.folder_problems.iter().map(|problem| problem.trouble).collect();
            assert!(troubles.iter().all(|trouble| *trouble == FolderTrouble::WrongUids), "{case}");
            // A single message that is said to be the first is the first.
            assert_eq!(troubles.is_empty(), count == 1 && lie(1) == 1, "{case}");
            let mut there = destination.bodies();
            let mut wanted: Vec<Vec<u8>> = mail.into_iter().map(|mail| mail.bytes).collect();
            there.sort();
            wanted.sort();
            assert_eq!(there, wanted, "{case}");
            let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
            assert_eq!((report.differences.len(), report.counts.not_placed), (0, 0), "{case}: {report:?}");
            assert_eq!(report.counts.bytes_equal, u64::from(count), "{case}: {report:?}");
            // Nothing is sent again, and each copy has a place of its own.
            assert_eq!(bench.copy_all().await, 0, "{case}");
            let folder = bench.ledger().folder_totals().unwrap()[0].id;
            let places: BTreeSet<DestinationUid> =
                bench.ledger().claimed_destination_uids(folder).unwrap().into_iter().collect();
            assert_eq!(places, (1..=count).map(DestinationUid).collect(), "{case}");
        }
    }
}

/// A copy with the UID of another message, and nothing stored: the message is sent once more, and only then given up.
#[tokio::test]
async fn a_message_that_is_taken_under_another_ones_uid_and_not_stored_is_sent_again() {
    for (times, copied, refused) in [(1, 5, 0), (2, 4, 1)] {
        for told in [1, 2, 4] {
            let mail: Vec<Stored> = (1..=5).map(|number| numbered(number, "text")).collect();
            let (source, destination) = (OddImap::start(mail), OddImap::start([]));
            destination.set(|state| state.swallow_as = Some(SwallowedAs { text: "number 3", told, times }));
            let mut bench = Bench::new(source.access(), destination.access()).await;
            bench.request.limits.late_append = Duration::from_millis(100);
            let outcome = bench.copy(&|_| {}).await.unwrap();
            let case = format!("{times} times under {told}: {outcome:?} {:?}", bench.sum());
            let sum = bench.sum();
            assert_eq!((sum.copied, sum.refused, sum.to_do), (copied, refused, 0), "{case}");
            assert_eq!(destination.bodies().len() as u64, copied, "{case}");
            let report = verify_mailbox(&bench.request, VerifyDepth::Full).await.unwrap();
            assert_eq!((report.counts.differences, report.counts.not_placed), (0, 0), "{case}: {report:?}");
            assert_eq!(report.counts.bytes_equal, copied, "{case}: {report:?}");
            assert_eq!(bench.copy_all().await, 0, "{case}");
            // What was given up comes when it is asked for.
            bench.ledger().retry_refused().unwrap();
            assert_eq!(bench.copy_all().await, refused, "{case}");
            assert_eq!(source.bodies(), destination.bodies(), "{case}");
        }
    }
}

/// Whoever stores each message twice is not called another program.
#[tokio::test]
async fn a_server_that_stores_an_append_twice_is_not_taken_for_another_program() {
    for (text, count) in [("number", 12), ("number 7\r", 12), ("number 1\r", 1)] {
        for is_second_told in [false, true] {
            for hides_uids in [false, true] {
                // Nothing shows that more has come behind the last message than was sent.
                if count == 1 && !is_second_told && !hides_uids {
                    continue;
                }
                let mail: Vec<Stored> = (1..=count).map(|number| numbered(number, "text")).collect();
                let (source, destination) = (OddImap::start(mail), OddImap::start([]));
                destination.set(|state| {
                    state.double = Some(Doubled { text, is_second_told });
                    state.hides_uids = hides_uids;
                });
                let mut bench = Bench::new(source.access(), destination.access()).await;
                bench.request.limits.late_append = Duration::from_millis(100);
                bench.request.limits.batch_messages = 4;
                let ended = bench.copy(&|_| {}).await;
                let case = format!("{text:?} {count} {is_second_told} {hides_uids}: {ended:?}");
                let words = match &ended {
                    Ok(outcome) => {
                        let [problem] = outcome.folder_problems.as_slice() else { panic!("{case}") };
                        assert_eq!(problem.trouble, FolderTrouble::StoredTwice, "{case}");
                        problem.words.clone()
                    }
                    Err(error @ TransferError::SecondRun { by, .. }) => {
                        assert_ne!(*by, Doubler::OtherRun, "{case}");
                        error.to_string()
                    }
                    Err(error) => panic!("{case}: {error}"),
                };
                assert!(words.contains("the server store"), "{case}");
                // Only what comes again right after a quiet moment is certainly the server's doing.
                let is_certain = text == "number" && ended.is_ok();
                assert_eq!(!words.contains("another program"), is_certain, "{case}");
            }
        }
    }
}
