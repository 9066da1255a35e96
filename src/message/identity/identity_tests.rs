use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;

const PLAIN: &str = "Received: by a\r\nFrom: Anna <anna@example.org>\r\nTo: b@example.org\r\n\
    Subject: Hello there\r\nDate: Mon, 3 Mar 2025 10:00:00 +0100\r\nMessage-ID: <1@example.org>\r\n\r\nbody";

#[test]
fn what_servers_rewrite_does_not_matter() {
    let key = identity_key(PLAIN.as_bytes());
    for same in [
        // Filtered and in another order, as HEADER.FIELDS gives it.
        "DATE: Mon, 3 Mar 2025 10:00:00 +0100\r\nMESSAGE-ID: <1@example.org>\r\nFrom: Anna <anna@example.org>\r\nSubject: Hello there\r\n\r\n",
        // Folded, with tabs and trailing blanks, and with bare line feeds.
        "From: Anna\n\t<anna@example.org> \nSubject:  Hello\n  there \t\nDate: Mon,  3 Mar 2025 10:00:00 +0100\nMessage-Id:\n <1@example.org>\n\n",
        // The same moment in another zone and without a weekday.
        "From: Anna <anna@example.org>\r\nSubject: Hello there\r\nDate: 3 Mar 2025 09:00:00 GMT\r\nMessage-ID: <1@example.org>\r\n",
        // To and Cc rewritten, which counts only without a Message-ID.
        "To: somebody else\r\nFrom: Anna <anna@example.org>\r\nSubject: Hello there\r\nDate: 3 Mar 2025 09:00:00 +0000 (UTC)\r\nMessage-ID: <1@example.org>\r\n",
    ] {
        assert_eq!(identity_key(same.as_bytes()), key, "{same}");
    }
}

#[test]
fn raw_eight_bit_and_question_marks_are_one_class() {
    let raw = identity_key(b"Subject: Gr\xc3\xbc\xc3\x9fe\r\n");
    assert_eq!(identity_key(b"Subject: Gr??e\r\n"), raw);
    assert_eq!(identity_key(b"Subject: Gr?e\r\n"), raw);
    assert_eq!(identity_key(b"Subject: Gr\x00e\r\n"), raw);
    assert_ne!(identity_key(b"Subject: Gre\r\n"), raw);
}

#[test]
fn what_tells_messages_apart_matters() {
    let key = identity_key(PLAIN.as_bytes());
    for (old, new) in [
        ("<1@example.org>", "<2@example.org>"),
        ("10:00:00", "10:00:01"),
        ("Hello there", "Hello  There"),
        ("Anna", "Hanna"),
    ] {
        assert_ne!(identity_key(PLAIN.replace(old, new).as_bytes()), key, "{new}");
    }
    // Drafts have no Message-ID: the recipients tell them apart.
    let draft = identity_key(b"From: a\r\nTo: b\r\n\r\n");
    assert_ne!(identity_key(b"From: a\r\nTo: c\r\n\r\n"), draft);
    assert_ne!(identity_key(b"From: a\r\nCc: b\r\n\r\n"), draft);
    // What stands in the body is no header.
    assert_eq!(identity_key(b"From: a\r\nTo: b\r\n\r\nSubject: x\r\n"), draft);
}

#[test]
fn the_recipe_stays_the_same() {
    // Keys are stored in project files: a change of this value needs a new recipe word and a re-match.
    let hex = HEXLOWER.encode(&identity_key(PLAIN.as_bytes()).0);
    assert_eq!(hex, "b97d5c85a33155dbadea8fda1e0cbe15b55bce485ab427c300317cc78be96fcf");
}

#[test]
fn a_field_without_end_is_bounded() {
    let mut long = b"Subject: ".to_vec();
    long.resize(50_000_000, b'x');
    assert_ne!(identity_key(&long), identity_key(b"Subject: x"));
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _key = identity_key(&bytes);
    }

    #[test]
    fn a_filtered_block_gives_the_same_key(subject in "[ -~]{0,80}", id in "[a-z0-9]{1,20}") {
        let whole = format!("Received: x\r\nX-Other: y\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\r\nbody");
        let filtered = format!("Message-ID: <{id}>\r\nSubject: {subject}\r\n\r\n");
        prop_assert_eq!(identity_key(whole.as_bytes()), identity_key(filtered.as_bytes()));
    }
}
