//! Copies that other programs have made, and servers that store what they are sent with another size: recognised by what
//! the messages say, while messages that only share their headers stay apart.

use std::collections::BTreeMap;

use mailferry::values::Security;
use mailferry_test_support::clients::mbsync;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::scenes::copy_bench::Bench;
use mailferry_test_support::servers::dovecot::{self, Dovecot, Settings};

fn mail(bytes: Vec<u8>) -> Mail {
    let date = "01-Mar-2023 10:00:00 +0100".to_owned();
    Mail { folder: "INBOX".to_owned(), flags: Vec::new(), date, bytes }
}

fn numbered(number: usize) -> Vec<u8> {
    let body = "text of its own\r\n".repeat(number % 7 + 1);
    format!("Message-ID: <{number}@x.example>\r\nDate: Wed, 1 Mar 2023 10:00:00 +0100\r\nFrom: a@x.example\r\nSubject: {number}\r\n\r\n{number} {body}")
        .into_bytes()
}

/// A draft as it was saved for the nth time: the same headers, and mostly the same size.
fn draft(body: &str) -> Vec<u8> {
    format!("Message-ID: <draft@x.example>\r\nDate: Wed, 1 Mar 2023 10:00:00 +0100\r\nFrom: a@x.example\r\nSubject: draft\r\n\r\n{body}\r\n")
        .into_bytes()
}

/// As mbsync stores it.
fn with_tuid(number: usize, bytes: &[u8]) -> Vec<u8> {
    [format!("X-TUID: {number:012}\r\n").as_bytes(), bytes].concat()
}

/// Bodies in the inbox, each as often as it is there.
fn bodies(port: u16) -> BTreeMap<Vec<u8>, usize> {
    let mut reader = PlainImap::open(port, "anna");
    reader.run("EXAMINE INBOX");
    let mut found = BTreeMap::new();
    if reader.count("INBOX") > 0 {
        reader.run("EXAMINE INBOX");
        for (_, literal) in reader.run("FETCH 1:* (BODY.PEEK[TEXT])") {
            *found.entry(literal.trim_ascii_end().to_vec()).or_default() += usize::from(!literal.is_empty());
        }
    }
    found.remove(&Vec::new());
    found
}

fn text(bytes: &[u8]) -> Vec<u8> {
    let at = bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap();
    bytes[at + 4..].trim_ascii_end().to_vec()
}

/// Copies what the source holds to where something is already, and compares the bodies of both sides.
async fn assert_each_once(at_source: &[Vec<u8>], there: &[Vec<u8>]) -> Option<u64> {
    let source = Dovecot::start(&["anna"], &Settings::default())?;
    let destination = Dovecot::start(&["anna"], &Settings::default())?;
    let store = |port, mails: &[Vec<u8>]| {
        let mails: Vec<Mail> = mails.iter().cloned().map(mail).collect();
        PlainImap::open(port, "anna").store(&mails);
    };
    store(source.clear_port, at_source);
    store(destination.clear_port, there);
    let way = |port| dovecot::access(port, Security::Clear, "anna");
    let bench = Bench::new(way(source.clear_port), way(destination.clear_port)).await;
    for _run in 0..2 {
        bench.copy_all().await;
        let (wanted, found) = (bodies(source.clear_port), bodies(destination.clear_port));
        assert_eq!(wanted.values().sum::<usize>(), at_source.len());
        assert!(found == wanted, "{} instead of {}", found.values().sum::<usize>(), at_source.len());
    }
    Some(bench.sum().already_there)
}

#[tokio::test]
async fn copies_of_mbsync_are_not_sent_again() {
    let mails: Vec<Vec<u8>> = (0..498).map(numbered).collect();
    let there: Vec<Vec<u8>> =
        mails.iter().enumerate().map(|(number, mail)| with_tuid(number, mail)).collect();
    let Some(recognised) = assert_each_once(&mails, &there).await else { return };
    assert_eq!(recognised, 498);
}

/// mbsync itself has copied half of the mailbox before, once from account to account and once by way of a Maildir on a disk.
#[tokio::test]
async fn a_mailbox_that_mbsync_has_begun_is_only_completed() {
    for is_by_disk in [false, true] {
        let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
        let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
        let account = |port| mbsync::Account { port, user: "anna", prefix: "" };
        let (from, to) = (account(source.clear_port), account(destination.clear_port));
        let mails: Vec<Mail> = (0..120)
            .map(|number| Mail {
                folder: ["INBOX", "Archive"][number % 2].to_owned(),
                flags: if number % 3 == 0 { vec!["\\Seen"] } else { Vec::new() },
                ..mail(numbered(number))
            })
            .collect();
        let (before, later) = mails.split_at(80);
        PlainImap::open(source.clear_port, "anna").store(before);
        let begun = if is_by_disk {
            let maildir = tempfile::tempdir().unwrap();
            mbsync::pull(from, maildir.path()).and_then(|()| mbsync::push(maildir.path(), to))
        } else {
            mbsync::copy(from, to)
        };
        let Some(()) = begun else { return };
        PlainImap::open(source.clear_port, "anna").store(later);
        let way = |port| dovecot::access(port, Security::Clear, "anna");
        let bench = Bench::new(way(source.clear_port), way(destination.clear_port)).await;
        for _run in 0..2 {
            bench.copy_all().await;
            let held = |port| {
                let mut reader = PlainImap::open(port, "anna");
                let mut texts: BTreeMap<(String, Vec<u8>, Vec<String>), usize> = BTreeMap::new();
                for folder in reader.folders() {
                    for held in reader.messages(&folder) {
                        *texts.entry((folder.clone(), text(&held.bytes), held.flags)).or_default() += 1;
                    }
                }
                texts
            };
            let (wanted, found) = (held(source.clear_port), held(destination.clear_port));
            assert_eq!(wanted.values().sum::<usize>(), 120);
            assert!(found == wanted, "by disk: {is_by_disk}, {} messages", found.values().sum::<usize>());
        }
        assert_eq!((bench.sum().already_there, bench.sum().copied), (80, 40), "by disk: {is_by_disk}");
    }
}

#[tokio::test]
async fn copies_with_another_end_and_of_uneven_sizes_are_recognised() {
    let mails: Vec<Vec<u8>> = (0..60).map(numbered).collect();
    let there: Vec<Vec<u8>> = mails
        .iter()
        .enumerate()
        .map(|(number, mail)| [with_tuid(number, mail).as_slice(), &b"\r\n".repeat(number % 4)].concat())
        .take(40)
        .collect();
    let Some(recognised) = assert_each_once(&mails, &there).await else { return };
    assert_eq!(recognised, 40);
}

#[tokio::test]
async fn messages_that_only_share_their_headers_are_not_taken_for_one_another() {
    let drafts = ["one", "two", "six", "and a longer one"].map(draft);
    // One of them is there as it is, one as another program has stored it.
    let there = [drafts[2].clone(), with_tuid(7, &drafts[1])];
    let Some(recognised) = assert_each_once(&drafts, &there).await else { return };
    assert_eq!(recognised, 2);
}

#[tokio::test]
async fn list_mail_with_and_without_a_footer_stays_two() {
    let plain: Vec<Vec<u8>> = (0..30).map(numbered).collect();
    let footed = |mail: &Vec<u8>| [mail.as_slice(), b"-- \r\nlist footer\r\n"].concat();
    let there: Vec<Vec<u8>> = plain.iter().map(footed).collect();
    let Some(source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let store = |port, mails: &[Vec<u8>]| {
        let mails: Vec<Mail> = mails.iter().cloned().map(mail).collect();
        PlainImap::open(port, "anna").store(&mails);
    };
    store(source.clear_port, &plain);
    store(destination.clear_port, &there);
    let way = |port| dovecot::access(port, Security::Clear, "anna");
    let bench = Bench::new(way(source.clear_port), way(destination.clear_port)).await;
    for _run in 0..2 {
        bench.copy_all().await;
        let found = bodies(destination.clear_port);
        assert!(plain.iter().chain(&there).all(|mail| found.get(&text(mail)) == Some(&1)));
        assert_eq!(found.values().sum::<usize>(), 60);
    }
}
