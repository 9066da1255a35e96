use std::future::poll_fn;

use tokio::io::{AsyncWriteExt, ReadBuf};

use super::*;
use crate::imap::protocol::asked::Wish;

/// A gate behind which everything is asked for that is ever asked for.
fn asking<S: AsyncRead + AsyncWrite + Unpin>(wire: S, limits: Limits) -> Gate<S> {
    let mut gate = Gate::new(wire, limits);
    for command in ["UID FETCH 1:* (UID BODY.PEEK[])", "LIST \"\" *", "NAMESPACE", "ID NIL", "SEARCH ALL"] {
        gate.asked().begin(&Wish::of(command));
    }
    gate
}

async fn all_of<S: AsyncRead + AsyncWrite + Unpin>(gate: &mut Gate<S>) -> io::Result<Vec<String>> {
    let mut replies = Vec::new();
    while let Some(reply) = poll_fn(|context| gate.poll_reply(context)).await? {
        replies.push(String::from_utf8_lossy(&reply).into_owned());
    }
    Ok(replies)
}

async fn walk(server: &[u8], limits: Limits, is_asked: bool) -> (Vec<String>, Option<&'static str>) {
    let (ours, mut theirs) = tokio::io::duplex(1 << 22);
    theirs.write_all(server).await.unwrap();
    drop(theirs);
    let mut gate = if is_asked { asking(ours, limits) } else { Gate::new(ours, limits) };
    let replies = all_of(&mut gate).await;
    assert_eq!(replies.is_err(), gate.verdict().is_some());
    (replies.unwrap_or_default(), gate.verdict())
}

#[tokio::test]
async fn replies_are_held_whole_in_their_order() {
    let (replies, verdict) = walk(
        b"* OK [ALERT]\xc3\xa9\r\n* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n* NAMESPACE NIL NIL NIL\r\n\
          * LIST () \"/\" {3}\r\na\nb\r\n* NO see {5}\r\nA1 OK done\r\n",
        Limits::default(),
        true,
    )
    .await;
    assert_eq!(
        replies,
        [
            "* OK [ALERT]é\r\n",
            "* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n",
            "* NAMESPACE NIL NIL NIL\r\n",
            "* LIST () \"/\" {3}\r\na\nb\r\n",
            "* NO see {5}\r\n",
            "A1 OK done\r\n"
        ]
    );
    assert_eq!(verdict, None);
}

#[tokio::test]
async fn what_nobody_asked_for_is_dropped_with_its_literals() {
    let server =
        b"* LIST () NIL {3}\r\na\nb\r\n* 1 FETCH (FLAGS (a) BODYSTRUCTURE (NIL) BODY[] {4}\r\nabcd)\r\n\
                   * XYZZY {2}\r\n(( x\r\n* 3 EXISTS\r\n* ID NIL\r\n* SEARCH 1\r\nF1 OK done\r\n";
    let (replies, verdict) = walk(server, Limits::default(), false).await;
    assert_eq!((replies, verdict), (vec!["* 3 EXISTS\r\n".to_owned(), "F1 OK done\r\n".to_owned()], None));
    // Flags were asked for, and a message comes.
    let (ours, mut theirs) = tokio::io::duplex(4_096);
    theirs.write_all(b"* 1 FETCH (UID 7 BODY[] {4}\r\nabcd FLAGS ())\r\n").await.unwrap();
    drop(theirs);
    let mut gate = Gate::new(ours, Limits::default());
    gate.asked().begin(&Wish::of("UID FETCH 1:* (UID FLAGS)"));
    assert_eq!(all_of(&mut gate).await.unwrap(), ["* 1 FETCH (UID 7 BODY[] NIL FLAGS ())\r\n"]);
}

#[tokio::test]
async fn lists_nested_too_deep_end_the_connection_in_every_reply() {
    for begin in [
        "* 1 FETCH (UID 1 BODYSTRUCTURE ",
        "* 1 FETCH (UID 1 BODY[] {2}\r\n)) BODY ",
        "* LIST () NIL ",
        "* STATUS a ",
        "* NAMESPACE ",
        "* ID ",
        "* FLAGS ",
        "* XYZZY ",
        "* 5 XYZZY ",
    ] {
        for step in ["(", "(1 ", "(\"TEXT\" \"(\" NIL ", "(a (b) ", "({2}\r\n)) "] {
            let line = format!("{begin}{}\r\n", step.repeat(if step.contains('{') { 60 } else { 5_000 }));
            for is_asked in [true, false] {
                let (_, verdict) =
                    walk(line.as_bytes(), Limits { literals_per_reply: 100, ..Limits::default() }, is_asked)
                        .await;
                let is_deep = verdict == Some("lists nested too deeply");
                assert!(is_deep || step.contains('{'), "{begin}{step} {verdict:?}");
            }
        }
    }
    // Words for people may hold any number of them.
    for text in ["* OK ", "* BYE ", "F1 NO ", "+ "] {
        let line = format!("{text}{}\r\n", "(".repeat(5_000));
        assert_eq!(walk(line.as_bytes(), Limits::default(), false).await, (vec![line], None));
    }
}

#[tokio::test]
async fn what_nobody_keeps_is_left_out() {
    let long = KEPT_LITERAL_BYTES + 1;
    let mut server = format!("* 1 FETCH (UID 7 BODY[] {{{long}}}\r\n").into_bytes();
    server.resize(server.len() + long, b'(');
    server.extend_from_slice(b" FLAGS (\\Seen))\r\nA1 OK done\r\n");
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut gate = asking(ours, Limits::default());
    let (wrote, read) = tokio::join!(
        async {
            theirs.write_all(&server).await?;
            drop(theirs);
            io::Result::Ok(())
        },
        all_of(&mut gate)
    );
    wrote.unwrap();
    assert_eq!(read.unwrap(), ["* 1 FETCH (UID 7 BODY[] NIL FLAGS (\\Seen))\r\n", "A1 OK done\r\n"]);
    // Memory stays with what is read at once.
    assert!(gate.input.capacity() < 4 * READ_BYTES);
}

#[tokio::test]
async fn what_goes_beyond_the_limits_ends_the_connection() {
    let small = Limits {
        line_bytes: 100,
        literal_bytes: 1000,
        replies_per_command: 5,
        other_replies_per_command: 5,
        unasked_per_command: 3,
        unasked_bytes_per_command: 120,
        literals_per_reply: 2,
        reply_bytes_per_command: 150,
        bytes_per_command: 600,
    };
    let long_replies = [&b"* LIST "[..], &[b'x'; 80], b"\r\n"].concat().repeat(2);
    let unasked = [&b"* X "[..], &[b'x'; 80], b"\r\n"].concat().repeat(2);
    let long_message = [&b"* 1 FETCH (BODY[] {700}\r\n"[..], &[b'x'; 700]].concat();
    for (bytes, words) in [
        (&[b'a'; 200][..], "an endless line"),
        (&long_replies, "endless replies to one command"),
        (&long_message, "endless data for one command"),
        (b"* 1 FETCH (BODY[] {1001}\r\n", "an oversized literal"),
        (b"* 1 FETCH (BODY[] {99999999999999999999999}\r\n", "an oversized literal"),
        (b"* LIST {0}\r\n{0}\r\n{0}\r\n\r\n", "too many literals in one reply"),
        (&b"* 1 EXISTS\r\n".repeat(6), "too many replies to one command"),
        (&b"* X\r\n".repeat(4), "endless unrequested replies"),
        (&unasked, "endless unrequested replies"),
        (b"* X {121}\r\n", "endless unrequested replies"),
    ] {
        assert_eq!(walk(bytes, small, true).await.1, Some(words));
    }
    let unasked = b"* 1 FETCH (BODY[] {121}\r\n";
    assert_eq!(walk(unasked, small, false).await.1, Some("endless unrequested replies"));
    let (_, verdict) = walk(b"* LIST () NIL {9999999}\r\n", Limits::default(), true).await;
    assert_eq!(verdict, Some("a large reply that is not message data"));
    // Many literals, each of which is kept alone.
    let many = [&b" BODY[] {4000000}\r\n"[..], &vec![b'x'; 4_000_000]].concat().repeat(5);
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut gate = asking(ours, Limits::default());
    let (_wrote, read) = tokio::join!(
        async {
            theirs.write_all(b"* 1 FETCH (UID 7").await?;
            theirs.write_all(&many).await?;
            theirs.write_all(b")\r\n").await?;
            drop(theirs);
            io::Result::Ok(())
        },
        all_of(&mut gate)
    );
    let reply = read.unwrap().remove(0);
    assert!(reply.len() < KEPT_REPLY_BYTES && reply.ends_with("BODY[] NIL)\r\n"));
}

#[tokio::test]
async fn a_large_literal_comes_whole_in_whatever_pieces_it_is_sent() {
    let body = vec![b'('; HELD_BYTES * 3];
    let mut reply = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n", body.len()).into_bytes();
    reply.extend_from_slice(&body);
    reply.extend_from_slice(b")\r\n");
    for size in [4_096, 1 << 17] {
        let (ours, mut theirs) = tokio::io::duplex(size);
        let mut gate = asking(ours, Limits::default());
        let (wrote, read) = tokio::join!(
            async {
                theirs.write_all(&reply).await?;
                drop(theirs);
                io::Result::Ok(())
            },
            all_of(&mut gate)
        );
        wrote.unwrap();
        assert!(read.unwrap().concat().as_bytes() == reply);
        assert_eq!(gate.counters().received, reply.len() as u64);
    }
}

/// Says something and takes nothing any more.
struct TurnedAway(&'static [u8]);

impl AsyncRead for TurnedAway {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        buffer.put_slice(std::mem::take(&mut self.0));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TurnedAway {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn the_last_words_of_a_server_are_read_when_it_takes_nothing_more() {
    let mut gate = Gate::new(TurnedAway(b"* BYE too much\r\n"), Limits::default());
    gate.queue(b"F1 NOOP\r\n");
    let words = poll_fn(|context| gate.poll_reply(context)).await.unwrap();
    assert_eq!(words.unwrap(), b"* BYE too much\r\n");
    let error = poll_fn(|context| gate.poll_reply(context)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}

/// Most bytes that a gate holds while it walks over all of this, and whether it goes to its end.
async fn held(commands: &[&str], server: Vec<u8>) -> (usize, Option<&'static str>, Vec<String>) {
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut gate = Gate::new(ours, Limits::default());
    for command in commands {
        gate.asked().begin(&Wish::of(command));
    }
    let feed = async {
        let _until_given_up = theirs.write_all(&server).await;
        drop(theirs);
    };
    let (mut most, mut replies) = (0, Vec::new());
    let read = async {
        loop {
            let polled = poll_fn(|context| {
                let polled = gate.poll_reply(context);
                most = most.max(gate.input.capacity() + gate.reply.bytes.capacity());
                polled
            })
            .await;
            let Ok(Some(reply)) = polled else { break };
            most = most.max(reply.capacity());
            if replies.len() < 10 {
                replies.push(String::from_utf8_lossy(&reply).into_owned());
            }
        }
        gate.verdict()
    };
    let verdict = tokio::select! {
        biased;
        verdict = read => verdict,
        () = async { feed.await; std::future::pending::<()>().await } => unreachable!(),
    };
    (most, verdict, replies)
}

#[tokio::test]
async fn unrequested_message_data_uses_no_memory() {
    let body = |about: &str, bytes: usize| {
        let mut reply = format!("* 1 FETCH ({about} {{{bytes}}}\r\n").into_bytes();
        reply.resize(reply.len() + bytes, b'x');
        reply.extend_from_slice(b")\r\n");
        reply
    };
    let whole = ["UID FETCH 5:9 (UID BODY.PEEK[])"];
    let piece = ["UID FETCH 7 (UID BODY.PEEK[]<0.1000>)", "UID FETCH 7 (UID BODY.PEEK[]<1000.1000>)"];
    for (commands, about) in [
        (&whole[..], "UID 4 BODY[]"),
        (&whole, "FLAGS () UID 10 BODY[]"),
        (&whole, "UID 7 BODY[TEXT]"),
        (&whole, "UID 7 BODY[HEADER]"),
        (&whole, "UID 7 BODY[]<0>"),
        (&piece, "UID 7 BODY[]<5>"),
        (&piece, "UID 8 BODY[]<0>"),
        (&piece, "UID 7 BODY[1]<0>"),
        (&["UID FETCH 1:* (UID FLAGS)"], "UID 7 BODY[]"),
        (&["UID FETCH 1:* (UID BODY.PEEK[HEADER.FIELDS (DATE)])"], "UID 7 BODY[]"),
    ] {
        let (most, verdict, replies) = held(commands, body(about, 3 << 20)).await;
        assert!(most < 4 * READ_BYTES, "{about}: {most}");
        assert!(verdict.is_none() && replies[0].contains("NIL"), "{about}: {replies:?}");
        // Without end they end the connection.
        let (most, verdict, _) = held(commands, body(about, 1 << 20).repeat(20)).await;
        assert!(most < 4 * READ_BYTES && verdict.is_some(), "{about}: {most} {verdict:?}");
        let (most, verdict, _) = held(commands, body(about, 10).repeat(20_000)).await;
        assert!(most < 4 * READ_BYTES && verdict.is_some(), "{about}: {most} {verdict:?}");
    }
}

#[tokio::test]
async fn no_more_of_a_piece_is_held_than_was_asked_for() {
    let commands = ["UID FETCH 7 (UID BODY.PEEK[]<0.1000>)", "UID FETCH 7 (UID BODY.PEEK[]<1000.500>)"];
    for (about, bytes, is_held) in [
        ("UID 7 BODY[]<0>", 1_000, true),
        ("UID 7 BODY[]<0>", 1_001, false),
        ("UID 7 BODY[]<1000>", 501, false),
        ("UID 7 BODY[]<1000.500>", 500, true),
        ("UID 7 BODY[]", 3 << 20, false),
        ("UID 7 BODY[]<0>", 3 << 20, false),
        ("BODY[]<0>", 3 << 20, false),
    ] {
        let mut server = format!("* 1 FETCH ({about} {{{bytes}}}\r\n").into_bytes();
        server.resize(server.len() + bytes, b'x');
        server.extend_from_slice(b")\r\nF1 OK done\r\n");
        let (most, verdict, replies) = held(&commands, server).await;
        assert!(most < 4 * READ_BYTES && verdict.is_none(), "{about} {bytes}: {most} {verdict:?}");
        assert_eq!(replies[0].contains("NIL X-TOO-LONG"), !is_held, "{about} {bytes}: {replies:?}");
        assert_eq!(replies[1], "F1 OK done\r\n");
    }
}
