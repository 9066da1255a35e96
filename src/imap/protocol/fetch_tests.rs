use super::*;

fn item(reply: &[u8]) -> FetchItem {
    let Reply::Fetch(item) = read(reply.to_vec()) else { panic!("no message data") };
    *item
}

#[test]
fn everything_that_is_asked_for_is_read() {
    let item = item(
        b"* 4 FETCH (FLAGS (\\Seen a{b) UID 9 RFC822.SIZE 77 INTERNALDATE \" 1-Jan-2024 10:00:00 +0000\" BODY[HEADER.FIELDS (DATE \"X\")] {4}\r\nDate X-GM-LABELS (\"\\\\Inbox\" {3}\r\na b) X-GM-MSGID 1278455344230334865)\r\n",
    );
    assert_eq!(item.uid, Some(9));
    assert_eq!(item.flags.as_deref(), Some(&["\\Seen".to_owned(), "a{b".to_owned()][..]));
    assert_eq!((item.size, item.header.as_deref()), (Some(77), Some(&b"Date"[..])));
    assert_eq!(item.internal_date.as_deref(), Some(" 1-Jan-2024 10:00:00 +0000"));
    assert_eq!(item.gmail_labels.as_deref(), Some(&["\\Inbox".to_owned(), "a b".to_owned()][..]));
    assert_eq!((item.gmail_message, item.body), (Some(1_278_455_344_230_334_865), None));
}

#[test]
fn bodies_are_read_whatever_surrounds_them() {
    let long = "y)".repeat(KEPT_IN_PLACE);
    for (body, reply) in [
        ("a\r\nb)", "* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n".to_owned()),
        ("hi", "* 3 FETCH (X-NEW {2}\r\n)) UID 7 BODY[] {2}\r\nhi)\r\n".to_owned()),
        ("q \"x", "* 3 FETCH (BODY[] \"q \\\"x\" UID 7)\r\n".to_owned()),
        ("hi", "* 3 FETCH (BODY[HEADER.FIELDS ({4}\r\nDATE)] {1}\r\nd BODY[]{2}\r\nhi UID 7)\r\n".to_owned()),
        (&*long, format!("* 1 FETCH (BODY[] {{{}}}\r\n{long} UID 7)\r\n", long.len())),
        (
            &*long,
            format!("* 1 FETCH (UID 7 ENVELOPE (\"a)\" (NIL)) BODY[] {{{}}}\r\n{long})\r\n", long.len()),
        ),
    ] {
        let item = item(reply.as_bytes());
        assert_eq!((item.uid, item.body.as_deref()), (Some(7), Some(body.as_bytes())), "{reply}");
    }
    let piece = item(b"* 5 FETCH (UID 6 BODY[]<1048576> {3}\r\nend)\r\n");
    assert_eq!((piece.origin, piece.body.as_deref()), (Some(1_048_576), Some(&b"end"[..])));
    assert_eq!(item(b"* 6 FETCH (UID 6 BODY[] NIL)\r\n").body, None);
}

#[test]
fn what_nobody_asked_for_is_walked_over_however_deep_it_goes() {
    for deep in ["(1 ", "(", "(\"x\" ", "( {2}\r\n)) "] {
        let reply = format!(
            "* 1 FETCH (BODYSTRUCTURE {}{} UID 3 FLAGS (a))\r\n",
            deep.repeat(200_000),
            ")".repeat(200_000)
        );
        let item = item(reply.as_bytes());
        assert_eq!((item.uid, item.flags), (Some(3), Some(vec!["a".to_owned()])), "{deep}");
    }
}

#[test]
fn replies_that_break_off_end_somewhere() {
    for reply in [
        "* 1 FETCH",
        "* 1 FETCH (",
        "* 1 FETCH (UID",
        "* 1 FETCH (UID 5",
        "* 1 FETCH (FLAGS (((",
        "* 1 FETCH (BODY[] {9}\r\nabc",
        "* 1 FETCH (BODY[] \"ab\\",
        "* 1 FETCH (BODY[(",
        "* 1 FETCH (UID )",
        "* 1 FETCH ( ( ( )",
        "* 1 FETCH (UID 99999999999 X)",
        "* 1 FETCH (BODY[] {18446744073709551615}\r\nx)",
    ] {
        assert_eq!(item(reply.as_bytes()).body, None, "{reply}");
    }
}

#[test]
fn sizes_that_no_message_can_have_tell_nothing() {
    for (told, size) in [
        ("4294967295", 4_294_967_295),
        ("4294967296", 0),
        ("9223372036854775807", 0),
        ("18446744073709551615", 0),
        ("99999999999999999999999", 0),
        ("-1", 0),
        ("NIL", 0),
    ] {
        assert_eq!(item(format!("* 1 FETCH (UID 1 RFC822.SIZE {told})\r\n").as_bytes()).size, Some(size));
    }
    assert_eq!(item(b"* 1 FETCH (UID 1)\r\n").size, None);
}

#[test]
fn the_parser_and_the_walk_read_the_same() {
    let long = "y)".repeat(KEPT_IN_PLACE);
    for reply in [
        "* 4 FETCH (FLAGS (\\Seen $Label1) UID 9 RFC822.SIZE 77 INTERNALDATE \" 1-Jan-2024 10:00:00 +0000\" BODY[HEADER] {4}\r\nDate)\r\n".to_owned(),
        "* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS ())\r\n".to_owned(),
        "* 5 FETCH (UID 6 BODY[]<1048576> {3}\r\nend)\r\n".to_owned(),
        "* 6 FETCH (UID 6 BODY[] NIL)\r\n".to_owned(),
        "* 6 FETCH (UID 6 BODY[] \"\")\r\n".to_owned(),
        format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{long} FLAGS (\\Seen))\r\n", long.len()),
    ] {
        let mut walker = Walker { reply: reply.as_bytes(), at: begin(reply.as_bytes()) };
        let attributes: Vec<(String, Value)> = std::iter::from_fn(|| walker.next_attribute()).collect();
        assert!(attributes.iter().all(|(name, value)| is_plain(name, value, reply.as_bytes())), "{reply}");
        let is_long = reply.len() > KEPT_IN_PLACE;
        assert_eq!(parsed(reply.as_bytes(), !is_long), Some(taken(reply.as_bytes(), &attributes)), "{reply}");
    }
}

#[test]
fn what_the_parser_must_not_meet_is_left_to_the_walk() {
    for (name, value) in [
        ("FLAGS", &b"(a (b))"[..]),
        ("BODYSTRUCTURE", b"(1 (1))"),
        ("ENVELOPE", b"NIL"),
        ("RFC822.SIZE", b"99999999999"),
        ("UID", b""),
        ("X-GM-LABELS", b"(a)"),
        ("BODY[]", b"\"q \\\"x\""),
    ] {
        assert!(!is_plain(name, &Value::Plain(0..value.len()), value), "{name}");
    }
}
