//! The practice servers before independent judges: async-imap's own client, hickory's resolver, BIND's zone checker.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::future::Future;
use std::process::Command;
use std::time::{Duration, Instant};

use async_imap::Session;
use futures::TryStreamExt;
use hickory_resolver::Resolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RecordType;
use mailferry::rehearsal::sample::{SampleOptions, mixed_mailbox};
use mailferry::rehearsal::{
    FolderPath, ImapAccount, ImapHandle, ImapServer, Personality, Practice, PracticeOptions, SampleMessage,
    Trouble, practice_zone_files,
};
use mailferry::values::{EmailAddress, Endpoint, Secret};
use mailferry_test_support::programs;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

const USER: &str = "anna@weber-familie.example";

async fn connect(endpoint: &Endpoint) -> TcpStream {
    TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await.unwrap()
}

async fn sign_in(endpoint: &Endpoint, password: &str) -> Session<TcpStream> {
    let mut client = async_imap::Client::new(connect(endpoint).await);
    client.read_response().await.unwrap().unwrap();
    client.login(USER, password).await.map_err(|(error, _)| error).unwrap()
}

/// Runs work beside the servers of a practice world and ends both.
async fn in_practice<Work: Future<Output = ()>>(
    options: PracticeOptions,
    work: impl FnOnce(Practice) -> Work,
) {
    let (practice, servers) = Practice::start(&options).await.unwrap();
    let cancel = CancellationToken::new();
    let work = async {
        work(practice).await;
        cancel.cancel();
    };
    tokio::join!(servers.serve(cancel.clone()), work);
}

/// Folder, bytes, flags and date with the number of such messages.
fn multiset(messages: Vec<(FolderPath, SampleMessage)>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (path, message) in messages {
        let digest = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest(&message.bytes));
        let key = format!("{path} {digest} {:?} {}", message.flags, message.internal_date.0);
        *counts.entry(key).or_insert(0) += 1;
    }
    counts
}

#[tokio::test]
async fn async_imap_reads_a_practice_mailbox() {
    let options = PracticeOptions { messages: 120, ..PracticeOptions::default() };
    in_practice(options, |practice| async move {
        let mut session = sign_in(&practice.source, "old-anna").await;
        let capabilities = session.capabilities().await.unwrap();
        assert!(capabilities.has_str("MULTIAPPEND") && capabilities.has_str("UIDPLUS"));
        let id = session.id([("name", Some("test"))]).await.unwrap().unwrap();
        assert_eq!(id.get("name").map(String::as_str), Some("Dovecot"));
        let names: Vec<_> = session.list(Some(""), Some("*")).await.unwrap().try_collect().await.unwrap();
        assert!(names.iter().any(|name| name.name() == "Projekte/2024/K&APw-che &- Bad"));
        let mut read = 0;
        for name in &names {
            if name.attributes().contains(&async_imap::types::NameAttribute::NoSelect) {
                continue;
            }
            let mailbox = session.examine(name.name()).await.unwrap();
            let status = session.status(name.name(), "(MESSAGES UIDNEXT UIDVALIDITY)").await.unwrap();
            assert_eq!(
                (mailbox.exists, mailbox.uid_next, mailbox.uid_validity),
                (status.exists, status.uid_next, status.uid_validity)
            );
            let uids = session.uid_search("ALL").await.unwrap();
            assert_eq!(uids.len(), usize::try_from(mailbox.exists).unwrap());
            let query = "(UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])";
            let fetched: Vec<_> = session.uid_fetch("1:*", query).await.unwrap().try_collect().await.unwrap();
            for message in &fetched {
                assert!(uids.contains(&message.uid.unwrap()) && message.internal_date().is_some());
                assert_eq!(message.body().unwrap().len(), usize::try_from(message.size.unwrap()).unwrap());
            }
            read += fetched.len();
        }
        assert_eq!(read, 120);
        session.logout().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn async_imap_changes_a_practice_mailbox() {
    in_practice(PracticeOptions { messages: 20, ..PracticeOptions::default() }, |practice| async move {
        let client = async_imap::Client::new(connect(&practice.destination).await);
        let refused = client.login(USER, "old-anna").await.map_err(|(error, _)| error).unwrap_err();
        assert!(refused.to_string().contains("Authentication failed"), "{refused}");
        let mut session = sign_in(&practice.destination, "new-anna").await;
        session.create("Projekte/Entw&APw-rfe").await.unwrap();
        session.subscribe("Projekte/Entw&APw-rfe").await.unwrap();
        let date = Some("\"17-Jul-1996 02:44:25 -0700\"");
        let text = "Subject: x\r\n\r\nGrüße\r\n";
        session.append("Projekte/Entw&APw-rfe", Some("(\\Seen Steuer)"), date, text).await.unwrap();
        session.select("Projekte/Entw&APw-rfe").await.unwrap();
        let stored: Vec<_> =
            session.uid_store("1", "+FLAGS (\\Deleted)").await.unwrap().try_collect().await.unwrap();
        assert_eq!(stored[0].flags().count(), 4, "with \\Recent");
        session.rename("Projekte/Entw&APw-rfe", "Neu").await.unwrap();
        let mailbox = session.select("Neu").await.unwrap();
        assert_eq!(mailbox.exists, 1);
        let gone: Vec<_> = session.expunge().await.unwrap().try_collect().await.unwrap();
        assert_eq!(gone, [1]);
        session.delete("Neu").await.unwrap();
        session.logout().await.unwrap();
        assert_eq!(practice.destination_server.dump(USER), []);
    })
    .await;
}

/// Appends every message with batches of a hundred, all sent before the first reply is read back.
async fn copy_in(handle: &ImapHandle, folders: &[mailferry::rehearsal::SampleFolder]) {
    let (read_half, mut write_half) = tokio::io::split(connect(&handle.endpoint()).await);
    let mut replies = BufReader::new(read_half).lines();
    let mut batches = 0;
    let write = async {
        write_half.write_all(format!("in LOGIN {USER} geheim\r\n").as_bytes()).await.unwrap();
        for (number, folder) in folders.iter().enumerate() {
            write_half.write_all(format!("c{number} CREATE F{number}\r\n").as_bytes()).await.unwrap();
            for batch in folder.messages.chunks(100) {
                batches += 1;
                let mut command = format!("b APPEND F{number}").into_bytes();
                for message in batch {
                    let flags = message.flags.iter().cloned().collect::<Vec<_>>().join(" ");
                    let mut head = String::new();
                    write!(head, " ({flags}) {{{}+}}\r\n", message.bytes.len()).unwrap();
                    command.extend_from_slice(head.as_bytes());
                    command.extend_from_slice(&message.bytes);
                }
                command.extend_from_slice(b"\r\n");
                write_half.write_all(&command).await.unwrap();
            }
        }
        write_half.write_all(b"out LOGOUT\r\n").await.unwrap();
    };
    let read = async {
        let mut saved = 0;
        while let Some(line) = replies.next_line().await.unwrap() {
            assert!(!line.contains(" BAD ") && !line.contains(" NO "), "{line}");
            saved += usize::from(line.starts_with("b OK [APPENDUID "));
        }
        saved
    };
    let ((), saved) = tokio::join!(write, read);
    assert_eq!(saved, batches);
}

#[tokio::test]
async fn five_thousand_messages_go_in_and_come_out() {
    let folders = mixed_mailbox(42, 5_000, &SampleOptions { duplicates: 40, ..SampleOptions::default() });
    let bytes: usize =
        folders.iter().flat_map(|folder| &folder.messages).map(|message| message.bytes.len()).sum();
    let account = ImapAccount {
        address: EmailAddress::parse(USER).unwrap(),
        password: Secret::new("geheim"),
        folders: Vec::new(),
    };
    let server = ImapServer::bind(Personality::dovecot(), vec![account], 1).await.unwrap();
    let handle = server.handle();
    let work = async {
        let start = Instant::now();
        copy_in(&handle, &folders).await;
        let written = start.elapsed();
        let mut session = sign_in(&handle.endpoint(), "geheim").await;
        let mut read = 0;
        for number in 0..folders.len() {
            session.examine(format!("F{number}")).await.unwrap();
            let fetched: Vec<_> =
                session.uid_fetch("1:*", "(FLAGS BODY.PEEK[])").await.unwrap().try_collect().await.unwrap();
            read += fetched.len();
        }
        assert_eq!(read, 5_000);
        eprintln!(
            "{bytes} bytes: in {written:?}, out with async-imap {:?}",
            start.elapsed().saturating_sub(written)
        );
        let expected = folders.iter().zip(0..).flat_map(|(folder, number)| {
            let path = FolderPath::parse(&format!("F{number}"));
            folder.messages.iter().map(move |message| (path.clone(), message.clone()))
        });
        let undated = |messages: Vec<(FolderPath, SampleMessage)>| {
            messages.into_iter().map(|(path, message)| {
                (path, SampleMessage { internal_date: mailferry::values::UnixTime(0), ..message })
            })
        };
        let stored = multiset(undated(handle.dump(USER)).collect());
        assert!(
            stored == multiset(undated(expected.collect()).collect()),
            "what is stored differs from what was sent"
        );
    };
    tokio::select! {
        () = server.serve(CancellationToken::new()) => panic!("the server ended by itself"),
        () = work => {}
    }
}

#[tokio::test]
async fn a_resolver_sees_the_practice_world() {
    in_practice(PracticeOptions { messages: 10, ..PracticeOptions::default() }, |practice| async move {
        let mut connections = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
        for connection in &mut connections {
            connection.port = practice.resolver.port();
        }
        let server = NameServerConfig::new(practice.resolver.ip(), true, connections);
        let config = ResolverConfig::from_parts(None, vec![], vec![server]);
        let resolver =
            Resolver::builder_with_config(config, TokioRuntimeProvider::default()).build().unwrap();
        let ask = async |name: &str, record_type| {
            let found = resolver.lookup(format!("{name}."), record_type).await;
            found.map(|lookup| {
                lookup.answers().iter().map(|record| record.data.to_string()).collect::<Vec<_>>()
            })
        };
        assert_eq!(
            ask("weber-familie.example", RecordType::MX).await.unwrap(),
            ["10 mail.weber-familie.example."]
        );
        let texts = ask("newsletter._domainkey.weber-familie.example", RecordType::TXT).await.unwrap();
        assert!(texts[0].len() > 400, "{texts:?}");
        let services = ask("_imaps._tcp.weber-familie.example", RecordType::SRV).await.unwrap();
        assert_eq!(services, [format!("0 1 {} imap.weber-familie.example.", practice.source.port)]);
        assert_eq!(ask("2.0.0.127.bl.spamcop.net", RecordType::A).await.unwrap(), ["127.0.0.2"]);
        assert!(ask("nix.weber-familie.example", RecordType::A).await.unwrap_err().is_nx_domain());
        let denied = ask("mail.weber-familie.example", RecordType::AAAA).await.unwrap_err();
        assert!(denied.is_no_records_found() && !denied.is_nx_domain(), "{denied}");
        let broken = ask("k1._domainkey.weber-familie.example", RecordType::TXT).await.unwrap_err();
        assert!(!broken.is_no_records_found(), "{broken}");
    })
    .await;
}

#[tokio::test]
async fn a_kept_destination_is_the_same_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let keep = Some(folder.path().join("practice/destination"));
    let options = PracticeOptions { messages: 20, keep, ..PracticeOptions::default() };
    let state = &std::cell::RefCell::new(None);
    in_practice(options.clone(), |practice| async move {
        let mut session = sign_in(&practice.destination, "new-anna").await;
        session.create("Projekte").await.unwrap();
        for number in 0..3 {
            session
                .append("Projekte", Some("(\\Seen)"), None, format!("Subject: {number}\r\n\r\n"))
                .await
                .unwrap();
        }
        session.select("Projekte").await.unwrap();
        session
            .uid_store("2", "+FLAGS.SILENT (\\Deleted)")
            .await
            .unwrap()
            .try_collect::<Vec<_>>()
            .await
            .unwrap();
        session.uid_expunge("2").await.unwrap().try_collect::<Vec<_>>().await.unwrap();
        let mailbox = session.select("Projekte").await.unwrap();
        state.replace(Some((mailbox.uid_validity, mailbox.uid_next, practice.destination_server.dump(USER))));
    })
    .await;
    in_practice(options, |practice| async move {
        let mut session = sign_in(&practice.destination, "new-anna").await;
        let mailbox = session.select("Projekte").await.unwrap();
        let now = Some((mailbox.uid_validity, mailbox.uid_next, practice.destination_server.dump(USER)));
        assert_eq!((mailbox.exists, &now), (2, &*state.borrow()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mbsync_copies_from_one_practice_server_to_the_other() {
    let Some(mbsync) = programs::require_program("mbsync", "isync") else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = PracticeOptions { messages: 60, ..PracticeOptions::default() };
    in_practice(options, |practice| async move {
        let account = |name: &str, endpoint: &Endpoint, password: &str| {
            format!(
                "IMAPAccount {name}\nHost {}\nPort {}\nUser {USER}\nPass {password}\nSSLType None\nAuthMechs LOGIN\n\n\
                 IMAPStore {name}\nAccount {name}\n\n",
                endpoint.host, endpoint.port
            )
        };
        let mut config = account("old", &practice.source, "old-anna");
        config.push_str(&account("new", &practice.destination, "new-anna"));
        config.push_str("Channel all\nFar :old:\nNear :new:\nPatterns * !Drafts\nCreate Near\nSync Pull\nCopyArrivalDate yes\n");
        writeln!(config, "SyncState {}/", folder.path().display()).unwrap();
        let file = folder.path().join("mbsyncrc");
        std::fs::write(&file, config).unwrap();
        let output = tokio::task::spawn_blocking(move || programs::run(Command::new(mbsync).arg("-c").arg(file).arg("-a")));
        let output = output.await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // mbsync keeps no keywords and marks what it copied with a header of its own; dates and places it keeps.
        let places = |messages: Vec<(FolderPath, SampleMessage)>| {
            let mut places: Vec<_> = messages.into_iter().map(|(path, message)| (path, message.internal_date)).collect();
            places.sort();
            places
        };
        assert_eq!(places(practice.destination_server.dump(USER)), places(practice.source_server.dump(USER)));
    })
    .await;
}

#[test]
fn bind_accepts_the_practice_zones() {
    let Some(checker) = programs::require_program("named-checkzone", "bind9-utils") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (origin, text) in practice_zone_files() {
        let file = folder.path().join(format!("{origin}zone"));
        std::fs::write(&file, text).unwrap();
        let output = programs::run(Command::new(&checker).args(["-i", "local", origin]).arg(&file));
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && words.contains("OK"), "{words}");
    }
}

#[tokio::test]
async fn trouble_on_purpose_is_felt_by_a_client_and_ends() {
    const MESSAGE: &str = "Subject: neu\r\n\r\nText\r\n";
    let options = PracticeOptions { messages: 40, ..PracticeOptions::default() };
    in_practice(options, |practice| async move {
        let stored = || practice.destination_server.dump(USER).len();
        let mut session = sign_in(&practice.destination, "new-anna").await;
        for (trouble, words) in [
            (Trouble::DestinationFull, "OVERQUOTA"),
            (Trouble::DestinationBusy { time: Duration::from_mins(1) }, "UNAVAILABLE"),
        ] {
            practice.make_trouble(trouble).unwrap();
            let error = session.append("INBOX", None, None, MESSAGE).await.unwrap_err();
            assert!(format!("{error:?}").contains(words), "{error:?}");
            practice.make_trouble(Trouble::DestinationHasRoom).unwrap();
        }
        practice.make_trouble(Trouble::DestinationBusy { time: Duration::ZERO }).unwrap();
        session.append("INBOX", None, None, MESSAGE).await.unwrap();
        assert_eq!(stored(), 1);
        practice.make_trouble(Trouble::RepliesLost { times: 1 }).unwrap();
        assert!(session.append("INBOX", None, None, MESSAGE).await.is_err());
        assert_eq!(stored(), 2, "the reply was lost, the message was not");
        let mut session = sign_in(&practice.destination, "new-anna").await;
        practice.make_trouble(Trouble::ConnectionsBreak).unwrap();
        // A command that was under way may still be answered before the connection goes.
        while session.noop().await.is_ok() {
            tokio::task::yield_now().await;
        }
        sign_in(&practice.destination, "new-anna").await.noop().await.unwrap();
    })
    .await;
}
