//! Life on the wire: TLS that begins clean, compression that a hostile server cannot turn against us, listings that
//! are cut, and connections that rest.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::{Compress, FlushCompress};
use mailferry::imap::{Body, Compression, ImapError, KEEP_ALIVE_EVERY, NewMessage, SignInError, Timeouts};
use mailferry::rehearsal::{Action, Fault, Personality, Trigger};
use mailferry::transfer::Progress;
use mailferry::values::{Fingerprint, Security};
use mailferry_test_support::fakes::odd_imap::{FetchLimit, OddImap, Stored};
use mailferry_test_support::fakes::scripted_imap::{Does, Scripted};
use mailferry_test_support::quick_time::in_quick_time;
use mailferry_test_support::scenes::copy_bench::{Bench, contents};
use mailferry_test_support::scenes::practice_scene::{good, play};
use mailferry_test_support::servers::any_server::{Kind, REAL};
use mailferry_test_support::servers::dovecot::{Dovecot, Settings, access};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut pack = Compress::new(flate2::Compression::best(), false);
    let mut packed = Vec::with_capacity(bytes.len() / 100 + 4_096);
    let status = pack.compress_vec(bytes, &mut packed, FlushCompress::Sync).unwrap();
    assert!(packed.len() < packed.capacity(), "{status:?}");
    packed
}

#[tokio::test]
async fn a_small_flood_that_unpacks_into_a_large_one_meets_the_same_bounds() {
    for (unpacked, words) in [
        (b"* ".iter().copied().chain(std::iter::repeat_n(b'a', 60 << 20)).collect::<Vec<u8>>(), "line"),
        (b"* 1 FETCH (BODY[] {999999999}\r\n".to_vec(), "literal"),
    ] {
        let packed = deflated(&unpacked);
        assert!(packed.len() < 100_000, "{}", packed.len());
        drop(unpacked);
        let server = Scripted::start("IMAP4rev1 COMPRESS=DEFLATE", move |command| {
            if command.starts_with("COMPRESS") { Does::Sends(packed.clone()) } else { Does::Nothing }
        });
        let mut anna = server.access();
        anna.options.compression = Compression::Always;
        let mut session = anna.open_new().await.unwrap();
        assert!(session.is_compressed());
        let error = session.examine("INBOX").await.unwrap_err();
        assert!(matches!(&error, ImapError::Hostile(what) if what.contains(words)), "{error}");
        // The counters are those of the unpacked bytes, which end shortly behind the bound.
        assert!(session.counters().received < 2 << 20, "{:?}", session.counters());
    }
}

#[tokio::test]
async fn compression_begins_behind_the_consent_and_only_with_it() {
    // What stands right behind the consent is packed already.
    let early = deflated(b"* OK [ALERT] hello\r\n");
    let server = Scripted::start("IMAP4rev1 COMPRESS=DEFLATE ID NAMESPACE", move |command| match command {
        "COMPRESS DEFLATE" => Does::Sends(early.clone()),
        _ => Does::Nothing,
    });
    let mut anna = server.access();
    anna.options.compression = Compression::Always;
    assert!(anna.open_new().await.unwrap().is_compressed());
    assert_eq!(server.commands().last().map(String::as_str), Some("COMPRESS DEFLATE"));

    let refusing = Scripted::start("IMAP4rev1 COMPRESS=DEFLATE", |command| match command {
        "COMPRESS DEFLATE" => Does::Says("{tag} NO [COMPRESSIONACTIVE] already\r\n".to_owned()),
        "NOOP" => Does::Says("* 3 EXISTS\r\n{tag} OK still plain\r\n".to_owned()),
        _ => Does::Nothing,
    });
    let mut anna = refusing.access();
    anna.options.compression = Compression::Always;
    let mut session = anna.open_new().await.unwrap();
    assert!(!session.is_compressed());
    session.noop().await.unwrap();
    // On loopback nobody asks for it.
    drop(refusing.access().open_new().await.unwrap());
    let asked = refusing.commands().iter().filter(|command| command.starts_with("COMPRESS")).count();
    assert_eq!(asked, 1);
}

/// A server behind STARTTLS that promises other things before TLS than after.
fn starttls_server(before: &'static str, after: &'static str) -> (u16, Fingerprint) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate: CertificateDer<'static> = made.cert.der().clone();
    let fingerprint = Fingerprint(Sha256::digest(&certificate).into());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, config) = (stream.unwrap(), Arc::clone(&config));
            std::thread::spawn(move || drop(behind_tls(&mut stream, config, before, after)));
        }
    });
    (port, fingerprint)
}

fn behind_tls(
    stream: &mut TcpStream,
    config: Arc<rustls::ServerConfig>,
    before: &str,
    after: &str,
) -> std::io::Result<()> {
    stream.write_all(format!("* OK [CAPABILITY {before}] ready\r\n").as_bytes())?;
    let mut line = String::new();
    // Byte by byte, so that nothing of the handshake is read along.
    while !line.ends_with('\n') {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.push(char::from(byte[0]));
    }
    assert_eq!(line.trim_end(), "S1 STARTTLS");
    stream.write_all(b"S1 OK go ahead\r\n")?;
    let connection = rustls::ServerConnection::new(config).unwrap();
    let mut tls = rustls::StreamOwned::new(connection, stream.try_clone()?);
    let mut buffer = [0; 4_096];
    loop {
        let read = tls.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        for line in String::from_utf8_lossy(&buffer[..read]).lines() {
            let (tag, command) = line.split_once(' ').unwrap_or((line, ""));
            let untagged =
                if command == "CAPABILITY" { format!("* CAPABILITY {after}\r\n") } else { String::new() };
            tls.write_all(format!("{untagged}{tag} OK done\r\n").as_bytes())?;
        }
        tls.flush()?;
    }
}

#[tokio::test]
async fn what_a_server_promised_before_tls_is_forgotten() {
    let (port, fingerprint) =
        starttls_server("IMAP4rev1 STARTTLS LITERAL+ AUTH=EVIL MULTIAPPEND", "IMAP4rev1 UIDPLUS");
    let mut anna = access(port, Security::StartTls, "anna");
    anna.trust.pinned = Some(fingerprint);
    let session = anna.open_new().await.unwrap();
    let capabilities = session.capabilities();
    assert!(capabilities.has("UIDPLUS"));
    for promised in ["AUTH=EVIL", "LITERAL+", "MULTIAPPEND", "STARTTLS"] {
        assert!(!capabilities.has(promised), "{promised}");
    }
    assert!(session.server_words().contains("TLS 1.3"), "{}", session.server_words());
}

#[tokio::test]
async fn clear_text_after_starttls_ends_the_connection_before_anything_is_sent() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"* OK ready\r\n").unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        // In one piece, as somebody on the way would do it.
        stream.write_all(b"S1 OK go ahead\r\nF1 OK [CAPABILITY AUTH=PLAIN] welcome\r\n").unwrap();
        let mut rest = Vec::new();
        drop(reader.read_to_end(&mut rest));
        (line, rest)
    });
    let error = access(port, Security::StartTls, "anna").open_new().await.unwrap_err();
    assert!(matches!(error, SignInError::Imap(ImapError::StartTlsInjected)), "{error}");
    let (line, rest) = heard.join().unwrap();
    assert_eq!((line.as_str(), rest.as_slice()), ("S1 STARTTLS\r\n", &b""[..]));
}

fn messages(count: u32) -> impl Iterator<Item = Stored> {
    (0..count).map(|number| Stored {
        bytes: format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\nbody {number}\r\n")
            .into_bytes(),
        flags: "\\Seen".to_owned(),
        date: "01-Mar-2024 10:00:00 +0000".to_owned(),
    })
}

#[tokio::test]
async fn folders_above_a_servers_limit_are_listed_whole() {
    for (limit, is_told, announced) in [
        (1_000, false, "IMAP4rev1"),
        (1_000, true, "IMAP4rev1"),
        (1_000, true, "IMAP4rev1 MESSAGELIMIT=1000"),
        (70, true, "IMAP4rev1 MESSAGELIMIT=70"),
        (100, true, "IMAP4rev1"),
    ] {
        let server = OddImap::start(messages(2_345));
        server.set(|state| {
            state.most_per_fetch = Some(FetchLimit { most: limit, is_told });
            state.capabilities = announced;
            // Gaps, so that numbers and UIDs differ.
            state.messages =
                std::mem::take(&mut state.messages).into_iter().map(|(uid, one)| (uid * 3, one)).collect();
        });
        let mut session = server.access().open_new().await.unwrap();
        session.examine("INBOX").await.unwrap();
        let expected: Vec<u32> = (1..=2_345).map(|number| number * 3).collect();
        assert!(session.fetch_uids(1).await.unwrap() == expected, "{limit} {is_told} {announced}");
        let newest = session.fetch_uids(6_001).await.unwrap();
        assert!(newest == expected[2_000..], "{limit} {is_told} {announced}: {}", newest.len());
        let flags: BTreeMap<u32, Vec<String>> = session.fetch_flags().await.unwrap().into_iter().collect();
        assert!(flags.len() == 2_345 && flags[&3] == ["\\Seen"], "{limit} {is_told} {announced}");
        let mut listed = Vec::new();
        session
            .fetch_facts(&expected, &["MESSAGE-ID"], |facts| {
                listed.extend(facts.into_iter().map(|facts| facts.uid));
                Ok::<(), ImapError>(())
            })
            .await
            .unwrap();
        assert!(announced == "IMAP4rev1" || listed == expected, "{limit} {is_told} {announced}");
    }
}

#[tokio::test]
async fn a_copy_from_a_server_that_cuts_its_answers_is_whole_and_never_searches() {
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let server = OddImap::start(messages(1_700));
    server.set(|state| {
        state.most_per_fetch = Some(FetchLimit { most: 1_000, is_told: false });
        state.capabilities = "IMAP4rev1 ESEARCH";
    });
    let bench = Bench::new(server.access(), access(destination.clear_port, Security::Clear, "anna")).await;
    assert_eq!(bench.copy_all().await, 1_700);
    let copies = contents(destination.clear_port, '/', "");
    let hashes: BTreeMap<&str, usize> =
        copies.iter().map(|((_, hash, ..), count)| (hash.as_str(), *count)).collect();
    let expected: BTreeMap<String, usize> = server
        .bodies()
        .iter()
        .map(|body| (data_encoding::HEXLOWER.encode(&Sha256::digest(body)), 1))
        .collect();
    assert!(hashes == expected.iter().map(|(hash, count)| (hash.as_str(), *count)).collect());
    server.set(|state| {
        let searches = state.commands.iter().filter(|command| command.contains("SEARCH")).count();
        assert_eq!(searches, 0, "answers to SEARCH are unsorted, cut or missing at many servers");
    });
}

/// Longer than a practice server lets a client be silent, which is half an hour.
const LONG_WORK: Duration = Duration::from_hours(1);

#[test]
fn a_resting_connection_is_kept_alive_while_the_other_side_works() {
    in_quick_time(play(Personality::dovecot(), Vec::new(), |scene| async move {
        let work = || tokio::time::sleep(LONG_WORK);
        let anna = &scene.bench.request.destination;
        let commands = || scene.destination.traffic().commands;
        let mut kept = anna.open_new().await.unwrap();
        let before = commands();
        let done = kept
            .keep_alive_during(KEEP_ALIVE_EVERY, async {
                work().await;
                7
            })
            .await;
        assert_eq!(done, 7);
        // Twenty-four times the length of the pause, less what goes by between looks at the clock.
        assert!((16..=24).contains(&(commands() - before)), "{} commands", commands() - before);
        kept.noop().await.unwrap();
        let mut forgotten = anna.open_new().await.unwrap();
        work().await;
        let lost = forgotten.noop().await.unwrap_err();
        assert!(lost.is_connection_lost(), "{lost}");
        // Keeping alive a connection that is gone does not disturb the work.
        let done = forgotten
            .keep_alive_during(KEEP_ALIVE_EVERY, async {
                work().await;
                8
            })
            .await;
        assert_eq!(done, 8);
    }));
}

#[test]
fn the_destination_stays_while_a_slow_source_is_listed() {
    let breaks = |keep_alive: Duration| {
        let breaks = AtomicUsize::new(0);
        in_quick_time(play(Personality::dovecot(), (0..20).map(good).collect(), |mut scene| {
            let breaks = &breaks;
            async move {
                let slow = Fault {
                    trigger: Trigger::Command("UID FETCH".to_owned()),
                    action: Action::Delay(LONG_WORK),
                    skip: 0,
                    times: 1,
                };
                scene.source.faults().push(slow);
                scene.bench.request.source.timeouts.reply = 10 * LONG_WORK;
                scene.bench.request.limits.keep_alive = keep_alive;
                let count = |progress| {
                    let is_break = matches!(progress, Progress::Reconnecting { .. });
                    breaks.fetch_add(usize::from(is_break), Ordering::SeqCst);
                };
                scene.bench.copy(&count).await.unwrap();
                assert_eq!((scene.bench.sum().copied, scene.arrived().len()), (20, 20));
            }
        }));
        breaks.into_inner()
    };
    assert_eq!(breaks(KEEP_ALIVE_EVERY), 0, "the connection was kept alive");
    assert!(breaks(100 * LONG_WORK) > 0, "without that it is lost, and made anew");
}

#[test]
fn a_server_may_take_its_time_to_store_what_it_was_sent() {
    let append = |bytes: usize| {
        let appended = Mutex::new(None);
        in_quick_time(play(Personality::dovecot(), Vec::new(), |scene| {
            let appended = &appended;
            async move {
                let action = Action::Delay(Duration::from_secs(12));
                let trigger = Trigger::Command("APPEND".to_owned());
                scene.destination.faults().push(Fault { trigger, action, skip: 0, times: 1 });
                let mut anna = scene.bench.request.destination.clone();
                anna.timeouts = Timeouts {
                    connect: Duration::from_mins(1),
                    reply: Duration::from_secs(4),
                    ..Timeouts::default()
                };
                let mut session = anna.open_new().await.unwrap();
                let body = Body::Memory(b"x".repeat(bytes).into());
                let message = NewMessage { flags: Vec::new(), internal_date: String::new(), body };
                let outcome = match session.send_append("INBOX", &mut [message], &|_| {}).await {
                    Ok(request) => session.answer(request).await.map(drop),
                    Err(error) => Err(error),
                };
                *appended.lock().unwrap() = Some(outcome);
            }
        }));
        appended.into_inner().unwrap().unwrap()
    };
    let large = append(1 << 20);
    assert!(large.is_ok(), "sixteen seconds more for a megabyte: {large:?}");
    assert!(matches!(append(10), Err(ImapError::Silent { .. })), "a small message is stored at once");
}

#[tokio::test]
async fn a_folder_that_was_opened_for_reading_takes_mail_as_well() {
    let practice = Kind::Practice(Personality::courier);
    for kind in REAL.into_iter().chain([practice]) {
        let Some(server) = kind.start() else { continue };
        let mut session = access(server.port, Security::Clear, kind.user()).open().await.unwrap();
        session.examine("INBOX").await.unwrap();
        let body = Body::Memory(b"Subject: one\r\n\r\none\r\n".to_vec().into());
        let message = NewMessage { flags: Vec::new(), internal_date: String::new(), body };
        let appended = session.send_append("INBOX", &mut [message], &|_| {}).await.unwrap();
        let said = session.answer(appended).await.unwrap();
        assert!(said.is_ok(), "{}: {said:?}", kind.name());
        assert_eq!(session.examine("INBOX").await.unwrap().exists, 1, "{}", kind.name());
    }
}

#[tokio::test]
async fn names_go_back_as_they_came_in_both_encodings() {
    let server = Scripted::start("IMAP4rev1", |command| {
        match command {
        "LIST \"\" \"*\"" => Does::Says(
            "* LIST () \"/\" \"Gel\u{f6}scht & mehr\"\r\n* LIST () \"/\" Gel&APY-scht\r\n* LIST () \"/\" {9}\r\nB\u{fc}ro \"x\"\r\n* LIST () \"/\" INBOX\r\n{tag} OK\r\n"
                .to_owned(),
        ),
        _ => Does::Nothing,
    }
    });
    let mut session = server.access().open_new().await.unwrap();
    let folders = session.list_folders().await.unwrap();
    let names: BTreeMap<&str, &str> =
        folders.iter().map(|folder| (folder.raw.as_str(), folder.name.as_str())).collect();
    assert_eq!(names["Gel&APY-scht"], "Gel\u{f6}scht");
    assert_eq!(names["Gel\u{f6}scht & mehr"], "Gel\u{f6}scht & mehr");
    assert_eq!(names["B\u{fc}ro \"x\""], "B\u{fc}ro \"x\"");
    for folder in &folders {
        session.examine(&folder.raw).await.unwrap();
    }
    let commands = server.commands();
    for name in ["\"Gel&APY-scht\"", "\"Gel\u{f6}scht & mehr\"", "\"B\u{fc}ro \\\"x\\\"\""] {
        assert!(commands.contains(&format!("EXAMINE {name}")), "{commands:#?}");
    }
}

#[tokio::test]
async fn names_and_headers_go_in_utf8_only_where_a_server_speaks_nothing_else() {
    let list = "* LIST () \"/\" \"Gelöscht & alt\"\r\n* LIST () \"/\" INBOX\r\n{tag} OK\r\n";
    let letter = |subject: &str| NewMessage {
        flags: Vec::new(),
        internal_date: String::new(),
        body: Body::Memory(format!("Subject: {subject}\r\n\r\nText\r\n").into_bytes().into()),
    };
    for (capabilities, agrees, is_used) in [
        ("IMAP4rev1 ENABLE LITERAL+ MULTIAPPEND UTF8=ONLY", true, true),
        ("IMAP4rev1 ENABLE LITERAL+ MULTIAPPEND UTF8=ACCEPT", true, false),
        ("IMAP4rev1 ENABLE LITERAL+ MULTIAPPEND UTF8=ACCEPT", false, false),
        ("IMAP4rev1 ENABLE LITERAL+ MULTIAPPEND UTF8=ACCEPT X-GM-EXT-1", true, false),
    ] {
        let server = Scripted::start(capabilities, move |command| match command {
            "ENABLE UTF8=ACCEPT" if agrees => Does::Says("* ENABLED UTF8=ACCEPT\r\n{tag} OK\r\n".to_owned()),
            "ENABLE UTF8=ACCEPT" => Does::Says("{tag} NO not now\r\n".to_owned()),
            "LIST \"\" \"*\"" if is_used => Does::Says(list.to_owned()),
            "LIST \"\" \"*\"" => Does::Says(list.replace("Gelöscht & alt", "Gel&APY-scht &- alt")),
            _ => Does::Nothing,
        });
        let mut session = server.access().open_new().await.unwrap();
        let folders = session.list_folder_names().await.unwrap();
        let folder = folders.iter().find(|folder| folder.raw != "INBOX").unwrap();
        // The ledger knows the folder under one spelling, whatever the server agrees to.
        assert_eq!((folder.raw.as_str(), folder.name.as_str()), ("Gel&APY-scht &- alt", "Gelöscht & alt"));
        let raw = folder.raw.clone();
        session.examine(&raw).await.unwrap();
        let request =
            session.send_append(&raw, &mut [letter("Grüße"), letter("plain")], &|_| {}).await.unwrap();
        assert!(session.answer(request).await.unwrap().is_ok());
        session.noop().await.unwrap();
        let commands = server.commands();
        let has = |text: &str| commands.iter().any(|command| command == text);
        if is_used {
            assert!(has("EXAMINE \"Gelöscht & alt\""), "{commands:#?}");
            assert!(has("APPEND \"Gelöscht & alt\" () UTF8 (~{26+}"), "{commands:#?}");
            assert!(
                commands.iter().any(|line| line.contains("() {24+}")),
                "the other one is ASCII: {commands:#?}"
            );
        } else {
            assert!(has("EXAMINE \"Gel&APY-scht &- alt\""), "{commands:#?}");
            assert!(has("APPEND \"Gel&APY-scht &- alt\" () {26+}"), "{commands:#?}");
        }
        assert_eq!(has("ENABLE UTF8=ACCEPT"), capabilities.contains("UTF8=ONLY"));
    }
}

/// `*` and `%` disagree on some servers (FirstClass): a folder has children, says the list, and lists none of them.
#[tokio::test]
async fn children_that_the_whole_list_leaves_out_are_asked_for() {
    let server = Scripted::start("IMAP4rev1", |command| {
        let list = |names: &[(&str, &str)]| {
            let line = |(name, told): &(&str, &str)| format!("* LIST ({told}) \"/\" \"{name}\"\r\n");
            Does::Says(names.iter().map(line).collect::<String>() + "{tag} OK listed\r\n")
        };
        match command {
            "LIST \"\" \"*\"" => {
                list(&[("INBOX", ""), ("Work", "\\HasChildren"), ("Old", "\\HasChildren"), ("Old/2019", "")])
            }
            "LIST \"\" \"Work/%\"" => list(&[("Work", "\\Noselect"), ("Work/Deep", "\\HasChildren")]),
            "LIST \"\" \"Work/Deep/%\"" => list(&[("Work/Deep/Deeper", "\\HasChildren")]),
            "LIST \"\" \"Work/Deep/Deeper/%\"" => Does::Says("{tag} NO nothing there\r\n".to_owned()),
            _ => Does::Nothing,
        }
    });
    let mut session = server.access().open_new().await.unwrap();
    let folders = session.list_folder_names().await.unwrap();
    let mut names: Vec<&str> = folders.iter().map(|folder| folder.raw.as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["INBOX", "Old", "Old/2019", "Work", "Work/Deep", "Work/Deep/Deeper"]);
    // What the whole list has told of a folder stands.
    assert!(folders.iter().all(mailferry::imap::Folder::is_selectable), "{folders:?}");
    let asked = server.commands().iter().filter(|command| command.starts_with("LIST \"\" \"")).count();
    assert_eq!(asked, 4, "{:?}", server.commands());
}
