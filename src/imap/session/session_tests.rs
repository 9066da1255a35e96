use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::waiting::AFTER_BAD;
use super::*;
use crate::imap::commands::fetch::BodyReply;
use crate::imap::protocol::limits::Limits;
use crate::imap::transport::pace::{LEAST_SPEED, LOOK_EVERY};
use crate::imap::transport::stream::Transport;

async fn connected() -> (Session, TcpStream) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ours, theirs) = tokio::join!(TcpStream::connect(address), listener.accept());
    let gate = Gate::new(Wire::new(Transport::Clear(ours.unwrap())), Limits::default());
    (Session::new(gate, Timeouts::default(), ServerFacts::default()), theirs.unwrap().0)
}

static SLEEP_AT_REST: AtomicU64 = AtomicU64::new(0);
static SLEEP_WHILE_WAITING: AtomicU64 = AtomicU64::new(0);

fn ahead(seconds: &AtomicU64) -> SystemTime {
    SystemTime::now() + Duration::from_secs(seconds.load(Ordering::SeqCst))
}

#[tokio::test]
async fn a_connection_that_slept_at_rest_is_not_used_again() {
    let (mut session, mut server) = connected().await;
    session.suspend_detector = SuspendDetector::new(|| ahead(&SLEEP_AT_REST));
    assert!(session.is_alive());
    SLEEP_AT_REST.store(3_600, Ordering::SeqCst);
    assert!(!session.is_alive(), "not even when the server seems to be there");
    server.write_all(b"F1 OK done\r\n").await.unwrap();
    let error = session.noop().await.unwrap_err();
    assert!(matches!(error, ImapError::Slept { seconds: 3_590..=3_600 }), "{error}");
    assert!(error.is_connection_lost());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_sleeps_while_it_waits_is_given_up_at_once() {
    let (mut session, mut server) = connected().await;
    session.suspend_detector = SuspendDetector::new(|| ahead(&SLEEP_WHILE_WAITING));
    let began = Instant::now();
    let server_side = async {
        let mut buffer = [0; 100];
        let read = server.read(&mut buffer).await.unwrap();
        assert!(buffer[..read].ends_with(b"NOOP\r\n"));
        SLEEP_WHILE_WAITING.store(8 * 3_600, Ordering::SeqCst);
        // Never answers: it has forgotten us.
        std::future::pending::<()>().await;
    };
    let error = tokio::select! {
        outcome = session.noop() => outcome.unwrap_err(),
        () = server_side => unreachable!(),
    };
    assert!(matches!(error, ImapError::Slept { .. }), "{error}");
    assert!(began.elapsed() <= 2 * LOOK_EVERY, "not after the two minutes that a silent server gets");
}

/// A server that reads one command and then says these bytes again and again, a second apart.
async fn dripping(mut server: TcpStream, first: &[u8], drip: &[u8], times: u32) {
    let mut buffer = [0; 200];
    let _command = server.read(&mut buffer).await.unwrap();
    server.write_all(first).await.unwrap();
    for _ in 0..times {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if server.write_all(drip).await.is_err() {
            break;
        }
    }
    std::future::pending::<()>().await;
}

#[tokio::test(start_paused = true)]
async fn a_drip_ends_whatever_it_is_made_of() {
    let line = [b'x'; 80];
    for (first, drip) in [
        (&b"* 1 FETCH (UID 1 BODY[] {1000000}\r\n"[..], &line[..]),
        (b"* OK ", &line),
        (b"", b"* 1 EXISTS\r\n* 1 EXISTS\r\n"),
        (b"", b"* OK still there\r\n* OK and there\r\n"),
        (b"", b"* XYZZY nobody asked for this, and it comes for ever\r\n"),
        (b"", b"* 1 FETCH (FLAGS ())\r\n* 1 FETCH (FLAGS ())\r\n"),
        (b"", b"F9 OK done\r\n"),
    ] {
        let (mut session, server) = connected().await;
        let began = Instant::now();
        let error = tokio::select! {
            outcome = session.run("LIST", "LIST \"\" *", |_| {}) => outcome.unwrap_err(),
            () = dripping(server, first, drip, u32::MAX) => unreachable!(),
        };
        let words = String::from_utf8_lossy(drip);
        assert!(matches!(error, ImapError::TooSlow { seconds: 120, .. }), "{words}: {error}");
        let took = began.elapsed().as_secs();
        assert!((115..=135).contains(&took), "{words}: {took} s");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_line_is_waited_for() {
    let (mut session, mut server) = connected().await;
    let piece = vec![b'x'; usize::try_from(LEAST_SPEED + 1).unwrap()];
    let mut request = session.ask_bodies(&[1]).remove(0);
    let serve = async {
        let first = format!("* 1 FETCH (UID 1 BODY[] {{{}}}\r\n", piece.len() * 1_000);
        server.write_all(first.as_bytes()).await.unwrap();
        for _ in 0..1_000 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            server.write_all(&piece).await.unwrap();
        }
        server.write_all(b")\r\nF1 OK done\r\n").await.unwrap();
    };
    let (message, ()) = tokio::join!(session.next_body(&mut request), serve);
    let BodyReply::Message { uid: 1, bytes } = message.unwrap() else { panic!("no message") };
    assert_eq!(bytes.len(), piece.len() * 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_bad_without_a_tag_ends_the_wait_soon_and_its_words_are_kept() {
    let (mut session, server) = connected().await;
    let began = Instant::now();
    let error = tokio::select! {
        outcome = session.noop() => outcome.unwrap_err(),
        () = dripping(server, b"* BAD [CLIENTBUG] Line too long\r\n", b"", 0) => unreachable!(),
    };
    assert!(
        matches!(&error, ImapError::NotUnderstood(words) if words == "[CLIENTBUG] Line too long"),
        "{error}"
    );
    assert!(!error.is_connection_lost(), "the next connection would meet the same");
    assert!(began.elapsed() <= AFTER_BAD + LOOK_EVERY, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_bad_without_a_tag_does_no_harm_where_the_answer_follows() {
    let (mut session, server) = connected().await;
    let completion = tokio::select! {
        outcome = session.run("NOOP", "NOOP", |_| {}) => outcome.unwrap(),
        () = dripping(server, b"* BAD what?\r\n* BAD never mind\r\n", b"F1 OK done\r\n", 1) => unreachable!(),
    };
    assert_eq!(completion.words, "done");
    assert_eq!(session.limit(), session.timeouts.reply);
}

#[tokio::test]
async fn a_server_that_says_bad_and_closes_is_quoted() {
    let (mut session, mut server) = connected().await;
    server.write_all(b"* BAD no such thing\r\n").await.unwrap();
    let mut buffer = [0; 100];
    let (error, ()) = tokio::join!(session.noop(), async {
        let _command = server.read(&mut buffer).await.unwrap();
        drop(server);
    });
    assert!(matches!(error, Err(ImapError::Closed(Some(words))) if words == "no such thing"));
}

#[tokio::test]
async fn a_tag_with_neither_ok_nor_no_nor_bad_is_a_refusal_in_its_words() {
    let (mut session, mut server) = connected().await;
    server.write_all(b"F1 MAYBE later\r\nF2\r\n").await.unwrap();
    for words in ["MAYBE later", ""] {
        let error = session.noop().await.unwrap_err();
        let refusal = error.refusal().unwrap();
        assert_eq!((refusal.status, refusal.words.as_str()), (Status::Bad, words));
    }
}

/// Sends lines that `line` makes, without end, until the other side is gone.
async fn flood(mut server: TcpStream, line: impl Fn(u32) -> String) {
    let mut number = 0;
    loop {
        let lines: String = (number..number + 500).map(&line).collect();
        number += 500;
        if server.write_all(lines.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn no_more_answers_about_messages_are_taken_than_a_folder_has_messages() {
    for line in [
        (|_| "* 5 FETCH (FLAGS (\\Seen))\r\n".to_owned()) as fn(u32) -> String,
        |number| format!("* {} FETCH (UID {0} RFC822.SIZE 10 FLAGS ())\r\n", number + 1),
        |number| format!("* SEARCH {0} {0} {0}\r\n", number + 1),
        |number| format!("* 1 FETCH (UID {} BODY[] \"x\")\r\n", number % 9 + 1),
    ] {
        for question in 0..4 {
            if question == 2 && !line(0).contains("SEARCH") {
                // Flags that nobody asked for are dropped as they come.
                continue;
            }
            let (mut session, mut server) = connected().await;
            server.write_all(b"* 3 EXISTS\r\n").await.unwrap();
            let words = line(0);
            let ask = async {
                match question {
                    0 => session.fetch_uids(1).await.map(drop),
                    1 => session.fetch_flags::<u32>().await.map(drop),
                    2 => session.uids_larger_than::<u32>(9).await.map(drop),
                    _ => {
                        let mut request = session.ask_bodies(&[1, 2, 3]).remove(0);
                        loop {
                            match session.next_body(&mut request).await {
                                Ok(BodyReply::End) => break Ok(()),
                                Ok(_) => {}
                                Err(error) => break Err(error),
                            }
                        }
                    }
                }
            };
            let ended = tokio::select! {
                ended = ask => ended,
                () = flood(server, line) => unreachable!("the other side is there"),
            };
            assert!(matches!(ended, Err(ImapError::Hostile(_))), "{words} {question}: {ended:?}");
            // All that could be gathered of it.
            let received = session.counters().received;
            assert!(received < 2 << 20, "{words} {question}: {received}");
        }
    }
}

#[tokio::test]
async fn a_large_folder_may_list_each_message_twice() {
    let (mut session, mut server) = connected().await;
    let serve = async {
        server.write_all(b"* 30000 EXISTS\r\n").await.unwrap();
        for _ in 0..2 {
            for uid in 1..=30_000 {
                let line = format!("* {uid} FETCH (UID {uid})\r\n");
                server.write_all(line.as_bytes()).await.unwrap();
            }
        }
        server.write_all(b"F1 OK done\r\n").await.unwrap();
    };
    let (uids, ()) = tokio::join!(session.fetch_uids(1), serve);
    assert_eq!(uids.unwrap().len(), 30_000);
}
