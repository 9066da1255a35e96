use proptest::prelude::*;

use super::*;

fn repaired(message: &[u8]) -> String {
    String::from_utf8(repair(message).unwrap()).unwrap()
}

#[test]
fn headers_in_order_are_left() {
    for message in [
        &b"From: a@b\r\nSubject: =?utf-8?B?w6Q=?=\r\n folded\r\n\r\nraw \xe4\r\n"[..],
        b"From: \"From me\" <a@b>\n\nFrom here\n",
        b"X : old style\r\n\r\n",
        b"",
    ] {
        assert_eq!(repair(message), None, "{:?}", String::from_utf8_lossy(message));
    }
}

#[test]
fn lines_that_are_no_fields_are_put_in_order() {
    for (message, expected) in [
        (
            &b"From anna@weber.example Tue Mar  7 10:00:00 2023\r\nSubject: x\r\n\r\ny\r\n"[..],
            "Subject: x\r\n\r\ny\r\n",
        ),
        (
            b"Subject: y\r\n>From anna@weber.example Tue Mar  7 10:00:00 2023\r\n\r\ny\r\n",
            "Subject: y\r\nX-Original-Line: >From anna@weber.example Tue Mar  7 10:00:00 2023\r\n\r\ny\r\n",
        ),
        (
            b"Subject: long\r\nwithout a blank\r\nTo: a@b\r\n\r\ny\r\n",
            "Subject: long\r\n without a blank\r\nTo: a@b\r\n\r\ny\r\n",
        ),
        (b"Subject: a\r\n   \r\n b\r\n\r\n", "Subject: a\r\n b\r\n\r\n"),
        (b" lost fold\r\nA: b\r\n\r\n", "X-Original-Line: lost fold\r\nA: b\r\n\r\n"),
    ] {
        assert_eq!(repaired(message), expected);
        assert_eq!(repair(expected.as_bytes()), None, "{expected}");
    }
}

#[test]
fn raw_bytes_are_encoded_where_they_are_and_nowhere_else() {
    for (message, expected) in [
        (
            "Subject: Grüße  aus Köln\r\nX: y\r\n\r\nä\r\n",
            "Subject: =?utf-8?B?R3LDvMOfZQ==?=  aus =?utf-8?B?S8O2bG4=?=\r\nX: y\r\n\r\nä\r\n",
        ),
        (
            "From: \"Weber, Jürgen\" <j@w.example>, b@c\r\n\r\n",
            "From: =?utf-8?B?V2ViZXIsIErDvHJnZW4=?= <j@w.example>, b@c\r\n\r\n",
        ),
        (
            "To: Jürgen <j@w.example> (Büro)\r\n\r\n",
            "To: =?utf-8?B?SsO8cmdlbg==?= <j@w.example> (=?utf-8?B?QsO8cm8=?=)\r\n\r\n",
        ),
        (
            "Content-Disposition: attachment; filename=\"Är ger.pdf\"; size=3\r\n\r\n",
            "Content-Disposition: attachment; filename*=utf-8''%C3%84r%20ger.pdf; size=3\r\n\r\n",
        ),
        (
            "To: <jürgen@w.example>\r\n\r\n",
            "To: <j??rgen@w.example>\r\nX-Original-To: =?utf-8?B?PGrDvHJnZW5Ady5leGFtcGxlPg==?=\r\n\r\n",
        ),
    ] {
        assert_eq!(repaired(message.as_bytes()), expected);
    }
    let latin = b"Content-Type: text/plain; charset=iso-8859-15\r\nSubject: \xa4\r\n\r\n";
    assert!(repaired(latin).contains("=?iso-8859-15?B?pA==?="));
    let unknown = b"Subject: \xa4\r\n\r\n";
    assert!(repaired(unknown).contains("=?windows-1252?B?pA==?="));
}

#[test]
fn lines_that_are_far_too_long_are_folded() {
    let ids: Vec<String> = (0..200).map(|number| format!("<{number}@weber.example>")).collect();
    let message = format!("References: {}\r\nSubject: {}\r\n\r\n", ids.join(" "), "x".repeat(1_500));
    let text = repaired(message.as_bytes());
    assert!(text.lines().all(|line| line.len() <= 998), "{text}");
    let (references, subject) = text.split_once("\r\nSubject:").unwrap();
    assert_eq!(references.replace("\r\n", ""), format!("References: {}", ids.join(" ")));
    assert!(subject.contains("=?utf-8?B?"));
    assert_eq!(repair(text.as_bytes()), None);
}

#[test]
fn a_name_is_never_parted_by_a_fold() {
    let text = repaired(format!("a   :{}\r\n\r\n", "ä".repeat(40)).as_bytes());
    assert!(text.starts_with("a   :=?utf-8?B?"), "{text}");
    assert_eq!(repair(text.as_bytes()), None, "{text}");
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn a_repaired_header_needs_no_repair_and_the_body_stays(
        head in "([A-Za-z>:; \"<@(ä\u{1}]{0,40}\r\n){0,8}",
        body in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let head = head.replace("\r\n\r\n", "\r\nx\r\n");
        let head = head.trim_start_matches("\r\n");
        let message = [head.as_bytes(), b"\r\n", &body].concat();
        if let Some(once) = repair(&message) {
            prop_assert!(once.ends_with(&body));
            let (repaired_head, _) = split_head(&once);
            prop_assert!(!repaired_head.iter().any(|byte| is_bad(*byte) && !matches!(byte, b'\r' | b'\n')));
            prop_assert_eq!(repair(&once), None, "{:?}", String::from_utf8_lossy(&once));
        }
    }
}
