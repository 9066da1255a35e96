use proptest::prelude::*;

use super::*;

/// What a part decodes to (RFC 2045 section 6), written for the tests alone.
fn decoded(head: &[u8], body: &[u8]) -> Vec<u8> {
    match transfer_encoding(head).as_str() {
        "base64" => {
            let plain: Vec<u8> = body
                .iter()
                .copied()
                .filter(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
                .collect();
            BASE64.decode(&plain).unwrap()
        }
        "quoted-printable" => {
            let mut plain = Vec::new();
            let mut rest = body;
            while let Some((byte, after)) = rest.split_first() {
                rest = if let Some(after) = rest.strip_prefix(b"=\r\n") {
                    after
                } else if *byte == b'=' {
                    let code = std::str::from_utf8(&rest[1..3]).unwrap();
                    plain.push(u8::from_str_radix(code, 16).unwrap());
                    &rest[3..]
                } else {
                    plain.push(*byte);
                    after
                };
            }
            plain
        }
        _ => body.to_vec(),
    }
}

fn all_decoded(message: &[u8]) -> Vec<Vec<u8>> {
    let part = |leaf: Leaf| decoded(&message[leaf.head], &message[leaf.body]);
    leaves(message).into_iter().map(part).collect()
}

fn has_long_line(message: &[u8]) -> bool {
    message.split(|byte| *byte == b'\n').any(|line| line.len() > 999)
}

fn two_parts(first_head: &str, first: &[u8]) -> Vec<u8> {
    let mut message =
        b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n".to_vec();
    message.extend_from_slice(first_head.as_bytes());
    message.extend_from_slice(b"\r\n");
    message.extend_from_slice(first);
    message.extend_from_slice(b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nshort\r\n--b--\r\n");
    message
}

#[test]
fn only_the_part_with_the_long_line_is_encoded_anew() {
    let long = format!("äöü = {}\r\n.\r\n tail ", "x".repeat(12_000));
    for (head, name) in [
        ("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n", "quoted-printable"),
        ("Content-Type: application/json\r\n", "base64"),
    ] {
        let message = two_parts(head, long.as_bytes());
        let repaired = long_lines(&message).unwrap();
        assert!(!has_long_line(&repaired), "{name}");
        assert_eq!(all_decoded(&repaired), [long.clone().into_bytes(), b"short".to_vec()]);
        let text = String::from_utf8(repaired).unwrap();
        assert_eq!(text.matches("Content-Transfer-Encoding").count(), 1);
        assert!(text.contains(&format!("Content-Transfer-Encoding: {name}\r\n")));
        assert!(text.contains("\r\n\r\nshort\r\n--b--"), "the other part stays as it is");
        assert_eq!(long_lines(text.as_bytes()), None);
    }
}

#[test]
fn encoded_parts_with_long_lines_are_only_wrapped() {
    let data = vec![7_u8; 3_000];
    let base64 = two_parts("Content-Transfer-Encoding: BASE64\r\n", BASE64.encode(&data).as_bytes());
    let repaired = long_lines(&base64).unwrap();
    assert!(!has_long_line(&repaired));
    assert_eq!(all_decoded(&repaired), [data, b"short".to_vec()]);

    let quoted = "=C3=A4".repeat(400) + "=\r\nsoft\r\nhard";
    let message = two_parts("Content-Transfer-Encoding: quoted-printable\r\n", quoted.as_bytes());
    let repaired = long_lines(&message).unwrap();
    assert!(!has_long_line(&repaired));
    assert_eq!(all_decoded(&repaired), all_decoded(&message));
}

#[test]
fn nul_bytes_become_part_of_an_encoding() {
    let message = b"Subject: nul\0l\r\n\r\nbefore\0after\r\n";
    let repaired = nul_bytes(message).unwrap();
    assert_eq!(
        String::from_utf8(repaired.clone()).unwrap(),
        "Subject: nul?l\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nbefore=00after\r\n"
    );
    assert_eq!(all_decoded(&repaired), [b"before\0after\r\n".to_vec()]);
    assert_eq!(nul_bytes(&repaired), None);
    let base64 = two_parts("Content-Transfer-Encoding: base64\r\n", b"AA\0EC");
    assert_eq!(all_decoded(&nul_bytes(&base64).unwrap()), [vec![0, 1, 2], b"short".to_vec()]);
}

#[test]
fn what_is_signed_is_left() {
    let inner = two_parts("Content-Type: text/plain\r\n", "x".repeat(2_000).as_bytes());
    let signed = String::from_utf8(inner).unwrap().replace("multipart/mixed", "multipart/signed");
    assert_eq!(long_lines(signed.as_bytes()), None);
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn content_stays_the_same(content in prop::collection::vec(any::<u8>(), 0..3_000), is_text: bool) {
        // A delimiter inside would be another structure.
        prop_assume!(!content.windows(3).any(|three| three == b"--b"));
        let head = if is_text { "Content-Type: text/plain\r\n" } else { "Content-Type: image/png\r\n" };
        let message = two_parts(head, &content);
        for repaired in [long_lines(&message), nul_bytes(&message)].into_iter().flatten() {
            prop_assert_eq!(all_decoded(&repaired), all_decoded(&message));
        }
    }

    #[test]
    fn no_bytes_are_too_odd(message in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = (long_lines(&message), nul_bytes(&message));
    }
}
