//! Servers that tell other UIDs for copies than those under which they list them: the copies are found by what they are, and
//! nobody else is blamed for it.

use std::collections::BTreeSet;

use mailferry::transfer::{FolderTrouble, VerifyDepth, verify_mailbox};
use mailferry::values::DestinationUid;
use mailferry_test_support::fakes::odd_imap::{OddImap, Stored, numbered};
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
            assert_eq!((report.differences.len(), report.not_placed), (0, 0), "{case}: {report:?}");
            assert_eq!(report.bytes_equal, u64::from(count), "{case}: {report:?}");
            // Nothing is sent again, and each copy has a place of its own.
            assert_eq!(bench.copy_all().await, 0, "{case}");
            let folder = bench.ledger().folder_totals().unwrap()[0].id;
            let places: BTreeSet<DestinationUid> =
                bench.ledger().claimed_destination_uids(folder).unwrap().into_iter().collect();
            assert_eq!(places, (1..=count).map(DestinationUid).collect(), "{case}");
        }
    }
}
