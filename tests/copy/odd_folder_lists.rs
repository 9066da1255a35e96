//! Folders as servers have them: lists that leave the inbox out, names of any bytes, and names that say nothing.

use mailferry::imap::ImapError;
use mailferry::plan::{DestinationRules, FolderChoice};
use mailferry::transfer::{TransferError, inventory};
use mailferry_test_support::fakes::folder_server::{FolderServer, Harm, shelf, written};
use mailferry_test_support::fakes::odd_imap::{OddImap, Stored, numbered};
use mailferry_test_support::scenes::copy_bench::Bench;

fn mails(first: u32, count: u32) -> Vec<Stored> {
    (first..first + count).map(|number| numbered(number, "text")).collect()
}

fn empty_destination() -> FolderServer {
    FolderServer::start(vec![shelf(b"INBOX", [])])
}

#[tokio::test]
async fn an_inbox_that_no_list_shows_is_copied_all_the_same() {
    for others in [Vec::new(), vec![shelf(b"Work", mails(10, 2))]] {
        let count = 3 + others.len() * 2;
        let source = FolderServer::start([vec![written(b"INBOX", b"", mails(1, 3))], others].concat_all());
        let destination = empty_destination();
        let bench = Bench::new(source.access(), destination.access()).await;
        assert_eq!(bench.copy_all().await, count as u64);
        assert!(destination.counts().contains(&("INBOX".to_owned(), 3)), "{:?}", destination.counts());
    }
}

trait ConcatAll<T> {
    fn concat_all(self) -> Vec<T>;
}

impl<T> ConcatAll<T> for [Vec<T>; 2] {
    fn concat_all(self) -> Vec<T> {
        self.into_iter().flatten().collect()
    }
}

#[tokio::test]
async fn a_mailbox_without_any_folder_is_no_finished_copy() {
    let source = FolderServer::start(Vec::new());
    let destination = empty_destination();
    let (from, to) = (source.access(), destination.access());
    let (mut source_session, mut destination_session) =
        (from.open().await.unwrap(), to.open().await.unwrap());
    let planned = inventory(&mut source_session, &mut destination_session, DestinationRules::default()).await;
    let error = planned.unwrap_err();
    let TransferError::Server { source: ImapError::NoFolders(words), .. } = &error else { panic!("{error}") };
    assert!(words.contains("no such folder"), "{words}");

    // A list that has become empty since the plan was made.
    let filled = FolderServer::start(vec![shelf(b"INBOX", mails(1, 2))]);
    let mut bench = Bench::new(filled.access(), to.clone()).await;
    bench.request.source = source.access();
    let error = bench.copy(&|_| {}).await.unwrap_err();
    assert!(matches!(&error, TransferError::Server { source: ImapError::NoFolders(_), .. }), "{error}");

    // An inbox that the server counts and that is empty is a finished copy.
    let empty = FolderServer::start(vec![written(b"INBOX", b"", [])]);
    let bench = Bench::new(empty.access(), to).await;
    assert_eq!(bench.copy_all().await, 0);
}

#[tokio::test]
async fn an_inbox_that_is_refused_beside_other_folders_is_reported_and_they_are_copied() {
    let source = FolderServer::start(vec![shelf(b"Work", mails(1, 2))]);
    let destination = empty_destination();
    let bench = Bench::new(source.access(), destination.access()).await;
    let outcome = bench.copy(&|_| {}).await.unwrap();
    let [problem] = outcome.folder_problems.as_slice() else { panic!("{outcome:?}") };
    assert!(problem.folder.is_inbox() && problem.words.contains("no such folder"), "{problem:?}");
    assert_eq!(bench.sum().copied, 2);
}

#[tokio::test]
async fn names_go_back_byte_for_byte_and_arrive_readable() {
    let latin: &[u8] = b"B\xfcro";
    let source = FolderServer::start(vec![
        shelf(b"INBOX", mails(1, 1)),
        shelf(latin, mails(2, 1)),
        written(b"Sent Items", b"Sent Items", mails(3, 1)),
        written(b"Old (2019) mail", b"Old (2019) mail", mails(4, 1)),
        shelf(b"&foo", mails(5, 1)),
        shelf("Straße".as_bytes(), mails(6, 1)),
        written(b"a \"quoted\" one", b"\"a \"quoted\" one\"", mails(7, 1)),
        written(b"two\r\nlines", b"{10}\r\ntwo\r\nlines", mails(8, 1)),
    ]);
    let destination = empty_destination();
    let bench = Bench::new(source.access(), destination.access()).await;
    assert!(
        bench.request.plan.folders.iter().all(|folder| folder.messages == 1),
        "{:#?}",
        bench.request.plan
    );
    assert_eq!(bench.copy_all().await, 8);
    let expected = [
        "&-foo",
        "B&APw-ro",
        "INBOX",
        "Old (2019) mail",
        "Sent Items",
        "Stra&AN8-e",
        "a \"quoted\" one",
        "twolines",
    ];
    assert_eq!(destination.counts(), expected.map(|name| (name.to_owned(), 1)), "{:?}", source.commands());
    assert_eq!(bench.copy_all().await, 0, "the ledger knows them again");
}

#[tokio::test]
async fn a_name_that_cannot_be_sent_is_that_folder_s_trouble() {
    let source = FolderServer::start(vec![
        shelf(b"INBOX", mails(1, 2)),
        written(b"two\r\nlines", b"{10}\r\ntwo\r\nlines", mails(8, 1)),
        shelf(b"Work", mails(3, 2)),
    ]);
    source.announce("IMAP4rev1 UIDPLUS");
    let destination = empty_destination();
    let bench = Bench::new(source.access(), destination.access()).await;
    let outcome = bench.copy(&|_| {}).await.unwrap();
    let [problem] = outcome.folder_problems.as_slice() else { panic!("{outcome:?}") };
    assert!(problem.words.contains("line break"), "{problem:?}");
    assert_eq!(bench.sum().copied, 4);
    let expected = [("INBOX".to_owned(), 2), ("Work".to_owned(), 2)];
    assert_eq!(destination.counts(), expected, "no empty folder is made for what was not read");
}

/// A server that announces Gmail's extension and tells nothing of it is an ordinary one: nothing stays behind.
#[tokio::test]
async fn gmail_s_extension_without_its_numbers_leaves_nothing_out() {
    for has_all in [false, true] {
        let mut shelves = vec![shelf(b"INBOX", mails(1, 3)), shelf(b"A", mails(10, 3))];
        if has_all {
            let mut all = shelf(b"All", [mails(1, 3), mails(10, 3), mails(20, 2)].concat());
            all.attributes = "\\All";
            shelves.push(all);
        }
        let source = FolderServer::start(shelves);
        source.announce("IMAP4rev1 LITERAL+ UIDPLUS X-GM-EXT-1");
        let destination = empty_destination();
        let bench = Bench::new(source.access(), destination.access()).await;
        for _run in 0..3 {
            bench.copy_all().await;
            let there: usize = destination.counts().into_iter().map(|(_, count)| count).sum();
            assert_eq!(there, if has_all { 8 } else { 6 }, "{:?}, {:?}", destination.counts(), bench.sum());
        }
    }
}

#[tokio::test]
async fn folders_with_gmail_s_names_hold_mail_at_a_plain_server() {
    let source = FolderServer::start(vec![
        shelf(b"INBOX", mails(1, 1)),
        shelf(b"[Gmail]/All Mail", mails(2, 3)),
        shelf(b"[Gmail]/Important", mails(5, 1)),
        shelf(b"Calendar", mails(6, 1)),
        shelf(b"Sync Issues", mails(7, 1)),
        shelf(b"Folders", mails(8, 1)),
        shelf(b"Labels", mails(9, 1)),
        shelf(b"All Mail", mails(10, 1)),
        shelf(b"Bulk Mail", mails(11, 1)),
    ]);
    let destination = empty_destination();
    let bench = Bench::new(source.access(), destination.access()).await;
    let plan = &bench.request.plan;
    assert!(plan.folders.iter().all(|folder| folder.choice == FolderChoice::Copy), "{plan:#?}");
    assert_eq!(bench.copy_all().await, 11);
    assert!(destination.counts().contains(&("[Gmail]/All Mail".to_owned(), 3)));
}

#[tokio::test]
async fn a_folder_that_refuses_its_counts_is_copied_or_told_and_the_rest_continues() {
    let source = FolderServer::start(vec![
        shelf(b"INBOX", mails(1, 2)),
        shelf(b"Uncounted", mails(3, 2)),
        shelf(b"Closed", mails(5, 2)),
    ]);
    source.harm(|word, name, _| match (word, name) {
        ("STATUS", b"Uncounted") => Some(Harm::No("not now")),
        ("STATUS" | "EXAMINE" | "SELECT", b"Closed") => Some(Harm::No("[NOPERM] keep out")),
        _ => None,
    });
    let destination = empty_destination();
    let bench = Bench::new(source.access(), destination.access()).await;
    let outcome = bench.copy(&|_| {}).await.unwrap();
    let [problem] = outcome.folder_problems.as_slice() else { panic!("{outcome:?}") };
    assert_eq!((problem.folder.to_string(), bench.sum().copied), ("Closed".to_owned(), 4));
    assert!(problem.words.contains("keep out"), "{problem:?}");
    let expected = [("INBOX".to_owned(), 2), ("Uncounted".to_owned(), 2)];
    assert_eq!(destination.counts(), expected, "no empty folder is made for what was not read");
}

/// A server that counts messages without end is asked for a bounded part of them.
#[tokio::test]
async fn messages_that_are_only_counted_are_not_looked_for_without_end() {
    let source = OddImap::start(mails(1, 5));
    source.set(|state| state.counts = Some(u32::MAX));
    let destination = OddImap::start([]);
    let bench = Bench::new(source.access(), destination.access()).await;
    let outcome = bench.copy(&|_| {}).await.unwrap();
    assert_eq!(destination.bodies(), source.bodies());
    let asked = source.state.lock().unwrap().commands.iter().filter(|line| line.contains("FETCH")).count();
    // Some listings of forty requests each.
    assert!(asked < 400, "{asked} requests; {outcome:?}");
    assert!(outcome.folder_problems[0].words.contains("more messages than it lists"), "{outcome:?}");
}
