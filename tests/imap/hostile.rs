//! Servers that lie, stall, flood or break off: always an error, never a panic, a hang or unbounded memory.

use std::future::poll_fn;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use mailferry::imap::{Access, BodyReply, Ending, IdleSessions, ImapError, Session, SignInError, Timeouts};
use mailferry::net::TrustPolicy;
use mailferry::values::{Endpoint, Secret, Security, UidValidity};

/// Longer than any answer takes on a busy computer; silence is waited for in [`Spoken::and_silence`].
const PATIENCE: Duration = Duration::from_mins(10);

/// What a server has heard and said.
#[derive(Clone, Default)]
struct Spoken(Arc<Counts>);

#[derive(Default)]
struct Counts {
    /// Commands; whoever has an answer finds its command counted.
    heard: AtomicUsize,
    /// Answers, each counted when it is on the line. The client may have it before.
    said: AtomicUsize,
}

impl Spoken {
    /// Waits until the server has answered the command that comes now, and then on a clock that leaps to the end of the
    /// wait. All commands before were answered.
    async fn and_silence<T>(&self, wait: impl Future<Output = T>) -> T {
        let (before, mut wait) = (self.0.heard.load(Ordering::SeqCst), pin!(wait));
        let early = poll_fn(|context| match wait.as_mut().poll(context) {
            Poll::Ready(waited) => Poll::Ready(Some(waited)),
            Poll::Pending if self.0.said.load(Ordering::SeqCst) > before => Poll::Ready(None),
            Poll::Pending => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
        });
        if let Some(waited) = early.await {
            return waited;
        }
        tokio::time::pause();
        let waited = wait.await;
        tokio::time::resume();
        waited
    }
}

/// What the server does at a command whose text holds the key.
type Script = &'static [(&'static str, &'static str)];

/// A server that answers by script; `{tag}` stands for the command's tag. Anything else is answered with OK.
fn serve(greeting: &'static str, script: Script) -> Access {
    serve_counted(greeting, script).0
}

fn serve_counted(greeting: &'static str, script: Script) -> (Access, Spoken) {
    let spoken = Spoken::default();
    let count = spoken.clone();
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let reader = BufReader::new(stream.try_clone().unwrap());
            let _greeted = stream.write_all(greeting.as_bytes());
            for line in reader.lines() {
                let Ok(line) = line else { break };
                count.0.heard.fetch_add(1, Ordering::SeqCst);
                let tag = line.split(' ').next().unwrap_or_default().to_owned();
                let answer = script.iter().find(|(key, _)| line.contains(key)).map(|(_, answer)| *answer);
                let answer = match answer {
                    Some("close") => break,
                    Some("flood") => {
                        while stream.write_all(&[b'x'; 8_192]).is_ok() {}
                        break;
                    }
                    Some(answer) => answer.replace("{tag}", &tag),
                    None => format!("{tag} OK done\r\n"),
                };
                if stream.write_all(answer.as_bytes()).is_err() {
                    break;
                }
                count.0.said.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let access = Access {
        endpoint: Endpoint::new("127.0.0.1", port, Security::Clear).unwrap(),
        trust: TrustPolicy::default(),
        user: "anna".to_owned(),
        secret: Secret::new("secret-of-anna"),
        timeouts: Timeouts { connect: PATIENCE, reply: PATIENCE, ..Timeouts::default() },
        idle: IdleSessions::default(),
        options: mailferry::imap::AccessOptions::default(),
        tokens: None,
    };
    (access, spoken)
}

async fn session(script: Script) -> Session {
    counted_session(script).await.0
}

async fn counted_session(script: Script) -> (Session, Spoken) {
    let (access, spoken) = serve_counted("* OK ready\r\n", script);
    (access.open().await.unwrap(), spoken)
}

#[tokio::test]
async fn greetings_that_are_none() {
    for greeting in
        ["* BYE too many connections\r\n", "220 smtp.example ESMTP\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n"]
    {
        let error = serve(greeting, &[]).open().await.unwrap_err();
        assert!(matches!(error, SignInError::Imap(ImapError::TurnedAway(_))), "{greeting}: {error}");
    }
    let mut mute = serve("", &[]);
    // Reached in time, but never answered.
    mute.timeouts.reply = Duration::from_secs(1);
    let error = mute.open().await.unwrap_err();
    assert!(matches!(error, SignInError::Imap(ImapError::Silent { seconds: 1 })), "{error}");
}

#[tokio::test]
async fn a_sign_in_counts_only_after_a_list() {
    let error = serve("* OK\r\n", &[("LIST", "{tag} BAD User is authenticated but not connected.\r\n")])
        .open()
        .await
        .unwrap_err();
    assert!(matches!(error, SignInError::NotConnected { .. }), "{error}");
    let closed = serve("* OK\r\n", &[("LOGIN", "close")]).open().await.unwrap_err();
    assert!(matches!(closed, SignInError::ServerBusy { .. }), "{closed}");
    let disabled =
        serve("* OK\r\n", &[("CAPABILITY", "* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n{tag} OK\r\n")]);
    assert!(matches!(disabled.open().await.unwrap_err(), SignInError::LoginDisabled));
    let echo = serve("* OK\r\n", &[("LOGIN", "{tag} NO what?\r\n")]).open().await.unwrap_err();
    assert!(matches!(&echo, SignInError::Refused { words } if words == "what?"), "{echo}");
}

#[tokio::test]
async fn the_trace_holds_no_password() {
    let mut session = session(&[]).await;
    let lines: Vec<String> = session.trace().lines().map(str::to_owned).collect();
    assert!(lines.iter().any(|line| line.contains("LOGIN …")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("secret-of-anna")));
    assert!(!format!("{session:?}").contains("secret-of-anna"));
}

#[tokio::test]
async fn floods_and_silence_end_the_connection() {
    let mut flooded = session(&[("NOOP", "flood")]).await;
    let error = flooded.noop().await.unwrap_err();
    assert!(matches!(error, ImapError::Hostile(_)), "{error}");
    let (mut silent, spoken) = counted_session(&[("NOOP", "* OK still thinking\r\n")]).await;
    let error = spoken.and_silence(silent.noop()).await.unwrap_err();
    assert!(matches!(error, ImapError::Silent { .. }), "{error}");
    let mut huge = session(&[("EXAMINE", "* LIST () NIL {999999999999}\r\n")]).await;
    let error = huge.examine("INBOX").await.unwrap_err();
    assert!(matches!(error, ImapError::Hostile(_)), "{error}");
    let mut bye = session(&[("NOOP", "* BYE going down\r\n{tag} OK done\r\n"), ("EXAMINE", "close")]).await;
    bye.noop().await.unwrap();
    let error = bye.examine("INBOX").await.unwrap_err();
    assert!(matches!(&error, ImapError::Closed(Some(words)) if words == "going down"), "{error}");
}

#[tokio::test]
async fn odd_answers_are_survived() {
    let mut odd = session(&[
        ("EXAMINE", "* OK [ALERT]\u{e9}\r\n* 3 EXISTS\r\n* WHAT IS THIS\r\n* OK [UIDVALIDITY 7] ok\r\n* FLAGS ((((\r\n{tag} OK [READ-ONLY]\r\n"),
        (
            "UID FETCH",
            "* 1 FETCH (FLAGS (\\Seen) UID 5)\r\n* 2 FETCH (UID 6 BODY[] NIL)\r\n* 3 FETCH (X-NEW {2}\r\n)) UID 9 BODY[] {2}\r\nhi)\r\n{tag} OK\r\n",
        ),
    ])
    .await;
    let opened = odd.examine("INBOX").await.unwrap();
    assert_eq!((opened.exists, opened.uid_validity, opened.uid_next), (3, UidValidity(7), None));
    let mut requests = odd.ask_bodies(&[5, 6, 9]);
    assert_eq!(
        odd.next_body(&mut requests[0]).await.unwrap(),
        BodyReply::Message { uid: 9, bytes: b"hi".to_vec() }
    );
    assert_eq!(odd.next_body(&mut requests[0]).await.unwrap(), BodyReply::End);
    assert!(odd.examine("a\r\nX LOGOUT").await.is_err());
}

#[tokio::test]
async fn a_message_that_breaks_off_is_never_taken_for_whole() {
    let (mut broken, spoken) =
        counted_session(&[("UID FETCH", "* 1 FETCH (UID 5 BODY[] {100}\r\nonly this")]).await;
    let mut requests = broken.ask_bodies(&[5]);
    assert!(spoken.and_silence(broken.next_body(&mut requests[0])).await.is_err());
    // No bytes at an offset within the message: gone, not complete.
    let mut shrinking = session(&[
        ("<0.196608>", "* 1 FETCH (UID 5 BODY[]<0> {5}\r\nhello)\r\n{tag} OK\r\n"),
        ("<196608.", "* 1 FETCH (UID 5 BODY[]<196608> {3}\r\nend)\r\n{tag} OK\r\n"),
        ("<5.", "{tag} OK\r\n"),
    ])
    .await;
    let mut reading = Session::ask_pieces(5, 0, 1_000_000);
    while shrinking.next_piece(&mut reading).await.unwrap().is_some() {}
    assert_eq!(reading.ending(), Ending::Nothing);
}

#[tokio::test]
async fn a_listing_that_is_cut_short_is_no_listing() {
    let mut limited = session(&[(
        "UID FETCH",
        "* 1 FETCH (UID 5)\r\n{tag} OK [MESSAGELIMIT 1000 23221] FETCH completed\r\n",
    )])
    .await;
    let error = limited.fetch_uids(1).await.unwrap_err();
    assert!(matches!(&error, ImapError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("MESSAGELIMIT"), "{error}");
}
