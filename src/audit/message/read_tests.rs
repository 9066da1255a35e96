use super::super::BodyCheck;
use super::*;
use crate::audit::dkim::{DkimKey, verifies};

/// The message of RFC 8463 appendix A.3, signed with Ed25519 and with RSA.
pub(in crate::audit) const RFC_8463: &str = include_str!("../../../tests/cases/messages/rfc8463.eml");
const ED25519: &[u8] = b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const RSA: &[u8] = b"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB";

#[test]
fn the_signatures_of_rfc_8463_verify() {
    let facts = read_message("rfc8463.eml", RFC_8463.as_bytes());
    assert_eq!(facts.from_domains, ["football.example.com"]);
    assert_eq!(facts.signatures.len(), 2);
    for (signature, record) in facts.signatures.iter().zip([ED25519, RSA]) {
        assert_eq!(signature.fault, None);
        assert_eq!(signature.body, BodyCheck::Same);
        assert!(signature.is_from_oversigned);
        let key = DkimKey::parse(record).unwrap();
        assert!(verifies(&key, &signature.signed.0, &signature.signature.0), "{}", signature.algorithm);
    }
}

#[test]
fn a_changed_header_or_body_breaks_the_right_half() {
    let key = DkimKey::parse(RSA).unwrap();
    let rsa = |text: &str| read_message("m", text.as_bytes()).signatures.pop().unwrap();
    let fits = |signature: &crate::audit::message::Signature| {
        verifies(&key, &signature.signed.0, &signature.signature.0)
    };
    let body = rsa(&RFC_8463.replace("We lost", "We won"));
    assert_eq!((body.body, fits(&body)), (BodyCheck::Changed, true));
    let appended = rsa(&format!("{RFC_8463}\n-- \nlist\n"));
    assert!(matches!(appended.body, BodyCheck::Appended { .. }) && fits(&appended));
    let header = rsa(&RFC_8463.replace("Is dinner", "Was dinner"));
    assert_eq!((header.body, fits(&header)), (BodyCheck::Same, false));
    let marked = rsa(&RFC_8463.replace("Subject: ", "Subject: [list] "));
    assert!(!fits(&marked));
    let without = marked.signed_without_mark.unwrap();
    assert!(verifies(&key, &without.0, &marked.signature.0));
    let second_from = rsa(&RFC_8463.replace("From: Joe", "From: x@evil.example\nFrom: Joe"));
    assert!(!fits(&second_from));
}

#[test]
fn what_the_way_tells_is_read() {
    let text = "Return-Path: <SRS0=x=y=a.example=anna@f.example>\n\
                Authentication-Results: mx.b.example; spf=pass smtp.mailfrom=f.example; dkim=pass header.d=a.example\n\
                Received: from f.example ([192.0.2.1]) by mx.b.example with ESMTPS; Mon, 2 Nov 2026 09:00:00 +0000\n\
                ARC-Seal: i=1; a=rsa-sha256; cv=none; d=f.example; s=x; b=x\n\
                ARC-Authentication-Results: i=1; f.example; spf=fail smtp.mailfrom=a.example\n\
                DKIM2-Signature: x\nList-Unsubscribe: <mailto:x@a.example>, <https://a.example/u>\n\
                List-Unsubscribe-Post: List-Unsubscribe=One-Click\n\
                From: a@a.example\nFrom: b@a.example\nDate: nonsense\nMessage-ID: x\n\nbody\0\n";
    let facts = read_message("m.eml", text.as_bytes());
    let path = facts.return_path.unwrap();
    assert!(path.is_rewritten && path.domain == "f.example");
    assert_eq!((facts.results.len(), facts.results[0].hops_above), (1, 0));
    assert_eq!((facts.arc[0].sealer.as_str(), facts.arc[0].methods.len()), ("f.example", 1));
    assert!(facts.has_dkim2 && facts.list.is_one_click && facts.list.has_web_unsubscribe);
    assert_eq!((facts.form.from, facts.form.nuls, facts.form.is_date_readable), (2, 1, false));
    assert_eq!(facts.form.doubled, ["From"]);
    assert!(!facts.form.is_message_id_whole);
}

#[test]
fn a_hostile_message_is_read_within_bounds() {
    let mut text =
        "DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=AAAA; b=AAAA\r\n".repeat(100_000);
    text.push_str("From: a@a.example\r\n\r\n");
    let facts = read_message("m.eml", text.as_bytes());
    assert!(facts.form.is_cut);
    assert_eq!(facts.signatures.len(), MAX_SIGNATURES);
    assert!(serde_json::to_string(&facts).unwrap().len() < 100_000);
    let nested = "Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n".repeat(50_000);
    assert!(read_message("m.eml", nested.as_bytes()).signatures.is_empty());
}

#[test]
fn messages_are_distinguished_from_other_files() {
    assert!(looks_like_message(RFC_8463.as_bytes()));
    assert!(looks_like_message(b"From anna Mon\nReceived: x\nSubject: y\n\n"));
    for other in
        ["Nov  2 09:00:00 mail postfix/smtp[1]: x", "<?xml version=\"1.0\"?>", "PK\x03\x04", "From: x\n", ""]
    {
        assert!(!looks_like_message(other.as_bytes()), "{other}");
    }
}
