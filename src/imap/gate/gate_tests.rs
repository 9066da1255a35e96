use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

async fn walk(server: &'static [u8], limits: Limits) -> (Vec<u8>, Vec<String>, Option<&'static str>) {
    let (ours, mut theirs) = tokio::io::duplex(1 << 20);
    theirs.write_all(server).await.unwrap();
    drop(theirs);
    let mut gate = Gate::new(ours, limits);
    let mut parsed = Vec::new();
    let mut aside = Vec::new();
    let _outcome = gate.read_to_end(&mut parsed).await;
    while let Some(reply) = gate.take_aside() {
        aside.push(String::from_utf8_lossy(&reply).into_owned());
    }
    (parsed, aside, gate.verdict())
}

#[tokio::test]
async fn replies_are_held_whole_in_their_order() {
    let (parsed, aside, verdict) = walk(
        b"* OK [ALERT]\xc3\xa9\r\n* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n* NAMESPACE NIL NIL NIL\r\n\
          * LIST () \"/\" {3}\r\na\nb\r\nA1 OK done\r\n",
        Limits::default(),
    )
    .await;
    assert!(parsed.is_empty());
    assert_eq!(
        aside,
        [
            "* OK [ALERT]é\r\n",
            "* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n",
            "* NAMESPACE NIL NIL NIL\r\n",
            "* LIST () \"/\" {3}\r\na\nb\r\n",
            "A1 OK done\r\n"
        ]
    );
    assert_eq!(verdict, None);
}

#[test]
fn the_parser_gets_only_what_it_takes() {
    let deep = format!("* 1 FETCH (BODYSTRUCTURE {}\r\n", "(".repeat(5_000)).into_bytes();
    for line in
        [&b"* 1 FETCH (UID x)\r\n"[..], b"* 1 FETCH (UID 5 FLAGS (\\Seen b{d))\r\n", b"* 1 EXISTS\r\n", &deep]
    {
        assert!(read_fetch(line).is_none(), "{}", String::from_utf8_lossy(line));
    }
    assert!(read_fetch(b"* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n").is_some());
}

#[tokio::test]
async fn what_nobody_keeps_is_left_out() {
    let long = KEPT_LITERAL_BYTES + 1;
    let mut server = format!("* 1 FETCH (UID 7 BODY[] {{{long}}}\r\n").into_bytes();
    server.resize(server.len() + long, b'(');
    server.extend_from_slice(b" FLAGS (\\Seen))\r\nA1 OK done\r\n");
    let (ours, mut theirs) = tokio::io::duplex(1 << 16);
    let mut gate = Gate::new(ours, Limits::default());
    let mut parsed = Vec::new();
    let (wrote, read) = tokio::join!(
        async {
            theirs.write_all(&server).await?;
            drop(theirs);
            io::Result::Ok(())
        },
        gate.read_to_end(&mut parsed)
    );
    wrote.unwrap();
    read.unwrap();
    assert!(parsed.is_empty());
    assert_eq!(gate.take_aside().unwrap(), b"* 1 FETCH (UID 7 BODY[] NIL FLAGS (\\Seen))\r\n");
    assert_eq!(gate.take_aside().unwrap(), b"A1 OK done\r\n");
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
        literals_per_reply: 2,
        reply_bytes_per_command: 150,
        bytes_per_command: 600,
    };
    let long_replies = [&b"* X "[..], &[b'x'; 80], b"\r\n"].concat().repeat(2).leak();
    let long_message = [&b"* 1 FETCH (BODY[] {700}\r\n"[..], &[b'x'; 700]].concat().leak();
    let long_line = vec![b'a'; 200].leak();
    for (bytes, words) in [
        (&*long_line, "a line without end"),
        (&*long_replies, "replies without end to one command"),
        (&*long_message, "data without end to one command"),
        (b"* 1 FETCH (BODY[] {1001}\r\n", "a literal beyond all bounds"),
        (b"* X {0}\r\n{0}\r\n{0}\r\n\r\n", "too many literals in one reply"),
        (
            b"* 1 EXISTS\r\n* 1 EXISTS\r\n* 1 EXISTS\r\n* 1 EXISTS\r\n* 1 EXISTS\r\n* 1 EXISTS\r\n",
            "too many replies to one command",
        ),
    ] {
        assert_eq!(walk(bytes, small).await.2, Some(words));
    }
    let (_, _, verdict) = walk(b"* LIST () NIL {9999999}\r\n", Limits::default()).await;
    assert_eq!(verdict, Some("a large reply that is not message data"));
}

#[tokio::test]
async fn a_large_literal_streams_through() {
    let body = vec![b'('; HELD_BYTES * 3];
    let mut reply = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n", body.len()).into_bytes();
    reply.extend_from_slice(&body);
    reply.extend_from_slice(b")\r\n");
    let reply: &'static [u8] = reply.leak();
    let (ours, mut theirs) = tokio::io::duplex(4096);
    let mut gate = Gate::new(ours, Limits::default());
    let mut parsed = Vec::new();
    let (wrote, read) = tokio::join!(
        async {
            theirs.write_all(reply).await?;
            drop(theirs);
            io::Result::Ok(())
        },
        gate.read_to_end(&mut parsed)
    );
    wrote.unwrap();
    read.unwrap();
    assert!(parsed == reply);
    assert_eq!(gate.counters().received, reply.len() as u64);
}
