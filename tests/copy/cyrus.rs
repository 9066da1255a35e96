//! The copy between Dovecot and Cyrus in both directions, read back by a plain client of the tests' own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use mailferry::engine::reason_words;
use mailferry::plan::MessageState;
use mailferry::rehearsal::{FolderPath, ImapAccount, ImapServer, Personality, SampleFolder, SampleMessage};
use mailferry::transfer::TransferError;
use mailferry::values::{EmailAddress, Secret, Security, UnixTime};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, Seen, large_message, mixed_mailbox};
use mailferry_test_support::scenes::copy_bench::{Bench, assert_same, contents};
use mailferry_test_support::servers::cyrus::{self, Cyrus};
use mailferry_test_support::servers::dovecot::{self, Dovecot, PASSWORD, access};
use tokio_util::sync::CancellationToken;

/// Every hierarchy that Cyrus can be set up with.
fn namespaces() -> [cyrus::Settings; 4] {
    [('/', true), ('.', true), ('/', false), ('.', false)].map(|(separator, has_alternate_namespace)| {
        cyrus::Settings { separator, has_alternate_namespace, ..cyrus::Settings::default() }
    })
}

fn in_cyrus(server: &Cyrus, settings: &cyrus::Settings) -> BTreeMap<Seen, usize> {
    contents(server.clear_port, settings.separator, &settings.prefix())
}

fn in_dovecot(server: &Dovecot) -> BTreeMap<Seen, usize> {
    contents(server.clear_port, '/', "")
}

/// One message that is like any other but for its bytes.
fn mail(folder: &str, flags: &[&'static str], bytes: &[u8]) -> Mail {
    let date = "01-Mar-2023 10:00:00 +0100".to_owned();
    Mail { folder: folder.to_owned(), flags: flags.to_vec(), date, bytes: bytes.to_vec() }
}

async fn bench(from: u16, to: u16) -> Bench {
    Bench::new(access(from, Security::Clear, "anna"), access(to, Security::Clear, "anna")).await
}

#[tokio::test]
async fn dovecot_to_cyrus_arrives_as_the_same_multiset_in_every_namespace() {
    let mut mails = mixed_mailbox(200, '/', "");
    // Each folder spells a keyword as its first message did; both spellings are kept apart by folder.
    mails.push(mail("Keywords/small", &["auftrag-9"], b"Subject: a\r\n\r\na\r\n"));
    mails.push(mail("Keywords/capital", &["Auftrag-9", "$MDNSent"], b"Subject: b\r\n\r\nb\r\n"));
    mails.push(mail("INBOX", &["\\Seen"], &large_message(5 << 20)));
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mails);
    for settings in namespaces() {
        let Some(destination) = Cyrus::start(&["anna"], &settings) else { return };
        let bench = bench(source.clear_port, destination.clear_port).await;
        assert_eq!(bench.copy_all().await, mails.len() as u64, "{settings:?}");
        assert_same(&in_dovecot(&source), &in_cyrus(&destination, &settings));
        assert_eq!(bench.copy_all().await, 0, "{settings:?}");
        assert_same(&in_dovecot(&source), &in_cyrus(&destination, &settings));
        bench.assert_verified(mails.len()).await;
    }
}

#[tokio::test]
async fn cyrus_to_dovecot_arrives_as_the_same_multiset_from_every_namespace() {
    for settings in namespaces() {
        let Some(source) = Cyrus::start(&["anna"], &settings) else { return };
        let Some(destination) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
        let mut mails = mixed_mailbox(200, settings.separator, &settings.prefix());
        mails.push(mail("INBOX", &["\\Seen"], &large_message(5 << 20)));
        PlainImap::open(source.clear_port, "anna").store(&mails);
        let bench = bench(source.clear_port, destination.clear_port).await;
        assert_eq!(bench.copy_all().await, mails.len() as u64, "{settings:?}");
        assert_same(&in_cyrus(&source, &settings), &in_dovecot(&destination));
        assert_eq!(bench.copy_all().await, 0, "{settings:?}");
        assert_same(&in_cyrus(&source, &settings), &in_dovecot(&destination));
        bench.assert_verified(mails.len()).await;
    }
}

#[tokio::test]
async fn tls_and_starttls_to_cyrus_carry_the_copy_once_its_certificate_is_pinned() {
    let plain = cyrus::Settings::default();
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let mails = mixed_mailbox(60, '/', "");
    PlainImap::open(source.clear_port, "anna").store(&mails);
    for security in [Security::Tls, Security::StartTls] {
        let Some(destination) = Cyrus::start(&["anna"], &plain) else { return };
        let port = if security == Security::Tls { destination.tls_port } else { destination.clear_port };
        let mut way_in = access(port, security, "anna");
        assert!(way_in.open().await.is_err(), "an unknown certificate was believed");
        way_in.trust.pinned = Some(destination.fingerprint());
        let bench = Bench::new(access(source.clear_port, Security::Clear, "anna"), way_in).await;
        assert_eq!(bench.copy_all().await, mails.len() as u64);
        assert_same(&in_dovecot(&source), &in_cyrus(&destination, &plain));
    }
}

#[tokio::test]
async fn a_delimiter_of_the_other_side_inside_a_name_makes_no_level_and_no_collision() {
    let mails = [
        mail("Angebote v1.2", &[], b"Subject: one\r\n\r\none\r\n"),
        mail("Angebote v1_2", &[], b"Subject: two\r\n\r\ntwo\r\n"),
        mail("Angebote v1", &[], b"Subject: three\r\n\r\nthree\r\n"),
        mail("Archiv/a.b/c", &[], b"Subject: four\r\n\r\nfour\r\n"),
    ];
    // Maildir keeps levels apart by dots of its own; sdbox has room for them in names.
    let boxes = dovecot::Settings { format: "sdbox", ..dovecot::Settings::default() };
    let dotted = cyrus::Settings { separator: '.', ..cyrus::Settings::default() };
    let Some(source) = Dovecot::start(&["anna"], &boxes) else { return };
    let Some(destination) = Cyrus::start(&["anna"], &dotted) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let bench = bench(source.clear_port, destination.clear_port).await;
    assert_eq!(bench.copy_all().await, 4);
    bench.assert_verified(4).await;
    let arrived = in_cyrus(&destination, &dotted);
    let folders: BTreeSet<&str> = arrived.keys().map(|(folder, ..)| folder.as_str()).collect();
    assert_eq!(folders.len(), 4, "{folders:?}");
    assert!(!folders.contains("Angebote v1/2"), "{folders:?}");
}

#[tokio::test]
async fn names_that_differ_only_in_how_an_accent_is_written_stay_two_folders() {
    // “Büro” with one code point for its second letter, and with two as macOS writes it. Dovecot and Cyrus keep them
    // apart, others do not, and people see one name.
    let mails = [
        mail("B&APw-ro", &[], b"Subject: composed\r\n\r\none\r\n"),
        mail("Bu&Awg-ro", &[], b"Subject: decomposed\r\n\r\ntwo\r\n"),
    ];
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = Cyrus::start(&["anna"], &cyrus::Settings::default()) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let bench = bench(source.clear_port, destination.clear_port).await;
    assert_eq!(bench.copy_all().await, 2);
    let arrived = contents(destination.clear_port, '/', "");
    let folders: Vec<&str> = arrived.keys().map(|(folder, ..)| folder.as_str()).collect();
    assert_eq!(folders, ["B&APw-ro", "B&APw-ro 2"]);
    bench.assert_verified(2).await;
}

/// Messages that did not arrive as they were: how many, and with which words.
fn problems(bench: &Bench) -> Vec<(MessageState, String, u64)> {
    let all = bench.ledger().problems().unwrap().into_iter();
    all.map(|problem| (problem.state, reason_words(&problem.reason), problem.count)).collect()
}

#[tokio::test]
async fn a_header_that_cyrus_refuses_stops_no_other_message() {
    let plain = cyrus::Settings::default();
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = Cyrus::start(&["anna"], &plain) else { return };
    let mut mails = mixed_mailbox(120, '/', "");
    for (place, bytes) in [
        (7, &b"Message-ID: <one@weber.example>\r\nno colon in this line\r\nSubject: x\r\n\r\nx\r\n"[..]),
        (71, b"Subject: y\r\n>From anna@weber.example Tue Mar  7 10:00:00 2023\r\n\r\ny\r\n"),
    ] {
        mails.insert(place, mail("INBOX", &["\\Seen", "Projekt-7"], bytes));
    }
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let bench = bench(source.clear_port, destination.clear_port).await;
    assert_eq!(bench.copy_all().await, mails.len() as u64);
    let sum = bench.sum();
    assert_eq!((sum.copied, sum.to_do), (mails.len() as u64 - 2, 0), "{sum:?}");
    assert_eq!(sum.refused + sum.repaired + sum.exported, 2, "{sum:?}");
    let found = problems(&bench);
    assert_eq!(found.iter().map(|(.., count)| count).sum::<u64>(), 2, "{found:?}");
    assert!(found.iter().all(|(_, words, _)| words.to_lowercase().contains("header")), "{found:?}");
    let arrived = in_cyrus(&destination, &plain);
    assert_eq!(arrived.values().sum::<usize>() as u64, sum.copied + sum.repaired);
    assert_eq!(bench.copy_all().await, 0, "a refusal is settled");
}

#[tokio::test]
async fn nul_characters_that_cyrus_refuses_are_recorded_with_its_words() {
    let plain = cyrus::Settings::default();
    let Some(destination) = Cyrus::start(&["anna"], &plain) else { return };
    let message = |bytes: &[u8]| SampleMessage {
        bytes: Arc::from(bytes),
        flags: BTreeSet::from(["\\Seen".to_owned()]),
        internal_date: UnixTime(1_678_183_200),
    };
    let mut messages: Vec<SampleMessage> =
        (0..9).map(|index| message(format!("Subject: {index}\r\n\r\n{index}\r\n").as_bytes())).collect();
    // Dovecot hides NULs from IMAP; the practice server hands out what it was given.
    messages.insert(4, message(b"Subject: nul\r\n\r\nbefore\0after\r\n"));
    let account = ImapAccount {
        address: EmailAddress::parse("anna@weber.example").unwrap(),
        password: Secret::new(PASSWORD),
        folders: vec![SampleFolder { path: FolderPath::inbox(), special_use: None, messages }],
    };
    let server = ImapServer::bind(Personality::dovecot(), vec![account], 7).await.unwrap();
    let port = server.handle().endpoint().port;
    let cancel = CancellationToken::new();
    let work = async {
        let source = access(port, Security::Clear, "anna@weber.example");
        let bench = Bench::new(source, access(destination.clear_port, Security::Clear, "anna")).await;
        assert_eq!(bench.copy_all().await, 10);
        let sum = bench.sum();
        assert_eq!((sum.copied, sum.refused + sum.repaired + sum.exported), (9, 1), "{sum:?}");
        let found = problems(&bench);
        assert!(matches!(found.as_slice(), [(_, words, 1)] if words.contains("NUL")), "{found:?}");
        assert_eq!(bench.copy_all().await, 0, "a refusal is settled");
        let arrived = in_cyrus(&destination, &plain).values().sum::<usize>();
        assert_eq!(arrived as u64, sum.copied + sum.repaired);
        cancel.cancel();
    };
    tokio::join!(server.serve(cancel.clone()), work);
}

#[tokio::test]
async fn a_full_mailbox_at_cyrus_stops_the_copy_and_more_room_lets_it_continue() {
    let small = cyrus::Settings { quota_kib: Some(300), ..cyrus::Settings::default() };
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(destination) = Cyrus::start(&["anna"], &small) else { return };
    let mails = mixed_mailbox(120, '/', "");
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let mut bench = bench(source.clear_port, destination.clear_port).await;
    // Some batches fit, and one does not.
    bench.request.limits.batch_messages = 5;
    let error = bench.copy(&|_| {}).await.unwrap_err();
    let TransferError::DestinationFull { words } = &error else { panic!("{error}") };
    assert!(words.to_lowercase().contains("quota"), "{words}");
    let sum = bench.sum();
    assert_eq!((sum.refused, sum.source_count), (0, mails.len() as u64), "{sum:?}");
    assert!(sum.to_do > 0 && sum.copied > 0, "{sum:?}");
    assert_eq!(in_cyrus(&destination, &small).values().sum::<usize>() as u64, sum.copied);

    PlainImap::open(destination.clear_port, cyrus::ADMIN).run("SETQUOTA user/anna ()");
    bench.copy_all().await;
    assert_same(&in_dovecot(&source), &in_cyrus(&destination, &small));
    bench.assert_verified(mails.len()).await;
}
