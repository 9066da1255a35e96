//! A copy that goes on after a break asks what went away meanwhile, and not for a list of everything (RFC 7162).

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use mailferry::imap::KnownUids;
use mailferry::transfer::Progress;
use mailferry::values::Security;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, Seen};
use mailferry_test_support::scenes::copy_bench::{Bench, contents};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};
use tokio::sync::Notify;

/// What Dovecot says of itself, without QRESYNC.
const WITHOUT_QRESYNC: &str =
    "IMAP4rev1 LITERAL+ UIDPLUS MULTIAPPEND NAMESPACE LIST-STATUS ENABLE UNSELECT CONDSTORE";

fn mail(number: usize) -> Mail {
    Mail {
        folder: "INBOX".to_owned(),
        flags: vec!["\\Seen"],
        date: "01-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!(
            "Message-ID: <q-{number}@weber.example>\r\nSubject: {number}\r\n\r\nText {number}\r\n"
        )
        .into_bytes(),
    }
}

/// A forwarder that keeps what clients say.
fn recorder(target: u16) -> (u16, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let said = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&said);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(client) = client else { return };
            let Ok(server) = TcpStream::connect(("127.0.0.1", target)) else { continue };
            let ways = [
                (client.try_clone().unwrap(), server.try_clone().unwrap(), Some(Arc::clone(&heard))),
                (server, client, None),
            ];
            for (mut from, mut to, heard) in ways {
                std::thread::spawn(move || {
                    let mut buffer = vec![0; 64 << 10];
                    while let Ok(count @ 1..) = from.read(&mut buffer) {
                        if let Some(heard) = &heard {
                            heard.lock().unwrap().extend_from_slice(&buffer[..count]);
                        }
                        if to.write_all(&buffer[..count]).is_err() {
                            break;
                        }
                    }
                    _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    (port, said)
}

/// Copies until the first messages have arrived, and no further.
async fn copy_in_part(bench: &Bench) {
    let begun = Notify::new();
    let tell = |progress| {
        if matches!(progress, Progress::Advanced { .. }) {
            begun.notify_one();
        }
    };
    tokio::select! {
        outcome = bench.copy(&tell) => panic!("it came to its end: {outcome:?}"),
        () = begun.notified() => {}
    }
    assert!(bench.sum().to_do > 0, "{:?}", bench.sum());
}

fn subjects(port: u16) -> BTreeMap<Seen, usize> {
    contents(port, '/', "")
}

async fn go_on(source: &Settings) -> Option<String> {
    let source = Dovecot::start(&["anna"], source)?;
    let destination = Dovecot::start(&["anna"], &Settings::default())?;
    PlainImap::open(source.clear_port, "anna").store(&(0..1_200).map(mail).collect::<Vec<_>>());
    let (port, said) = recorder(source.clear_port);
    let bench = Bench::new(
        access(port, Security::Clear, "anna"),
        access(destination.clear_port, Security::Clear, "anna"),
    )
    .await;
    copy_in_part(&bench).await;
    // Some of what waits goes away, and some of what was copied; new mail arrives.
    let before = subjects(source.clear_port);
    let mut client = PlainImap::open(source.clear_port, "anna");
    client.run("SELECT INBOX");
    client.run("STORE 1:7,500,1150:1200 +FLAGS.SILENT (\\Deleted)");
    client.run("EXPUNGE");
    client.store(&(2_000..2_005).map(mail).collect::<Vec<_>>());
    let now = subjects(source.clear_port);
    said.lock().unwrap().clear();
    bench.copy(&|_| {}).await.unwrap();
    let sum = bench.sum();
    assert_eq!((sum.source_count, sum.to_do, sum.refused), (1_205, 0, 0), "{sum:?}");
    let arrived = subjects(destination.clear_port);
    let gone = arrived.keys().filter(|seen| !now.contains_key(*seen)).count() as u64;
    assert_eq!(sum.vanished + gone, 59, "what went away was copied before, or is told of: {sum:?}");
    assert!(arrived.values().all(|count| *count == 1), "nothing is there twice");
    assert!(now.keys().all(|seen| arrived.contains_key(seen)), "all that is there was copied");
    assert!(arrived.keys().all(|seen| now.contains_key(seen) || before.contains_key(seen)));
    let said = said.lock().unwrap().clone();
    Some(String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_continues_asks_what_went_away() {
    let Some(said) = go_on(&Settings::default()).await else { return };
    assert!(said.contains("ENABLE QRESYNC") && said.contains("VANISHED)"), "{said}");
    assert!(!said.contains("UID FETCH 1:* (UID)"), "no list of everything: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_extension_the_plain_way_gives_the_same() {
    let settings = Settings { capabilities: Some(WITHOUT_QRESYNC), ..Settings::default() };
    let Some(said) = go_on(&settings).await else { return };
    assert!(!said.contains("QRESYNC"), "{said}");
}

#[tokio::test]
async fn what_does_not_add_up_is_listed_whole() {
    let Some(server) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let mut client = PlainImap::open(server.clear_port, "anna");
    client.store(&(0..20).map(mail).collect::<Vec<_>>());
    let mut session = access(server.clear_port, Security::Clear, "anna").open().await.unwrap();
    let folders = session.list_folders_with_changes().await.unwrap();
    let modseq = folders.iter().find_map(|folder| folder.status?.highest_modseq).unwrap();
    client.run("SELECT INBOX");
    client.run("STORE 3,9:10 +FLAGS.SILENT (\\Deleted)");
    client.run("EXPUNGE");
    client.store(&[mail(50)]);
    session.ask_qresync().await.unwrap();
    let known: Vec<u32> = (1..=20).collect();
    let found = session.uids_since("INBOX", KnownUids { modseq, uids: &known }).await.unwrap();
    let expected: Vec<u32> = (1..=21).filter(|uid| ![3, 9, 10].contains(uid)).collect();
    assert_eq!(found.unwrap().1, expected);
    // One that was never known about, or that went away unseen, and nothing adds up any more.
    let lacking: Vec<u32> = (2..=20).collect();
    assert_eq!(session.uids_since("INBOX", KnownUids { modseq, uids: &lacking }).await.unwrap(), None);
    // From now on removals come by UID; the counts follow them.
    client.run("STORE 1 +FLAGS.SILENT (\\Deleted)");
    client.run("EXPUNGE");
    session.noop().await.unwrap();
    assert_eq!(session.fetch_uids(1).await.unwrap().len(), expected.len() - 1);
}
