use super::*;

fn answer(check: AnswerCheck) -> Answer {
    Answer {
        name: "x".to_owned(),
        question: "?".to_owned(),
        help: String::new(),
        example: "an example".to_owned(),
        default: None,
        is_required: true,
        check,
    }
}

#[test]
fn hosts_are_taken_only_from_the_right_place() {
    let check = answer(AnswerCheck::Host {
        under: vec!["mx.microsoft".to_owned(), "mail.protection.outlook.com".to_owned()],
        starts_with: Vec::new(),
    });
    assert_eq!(check.check(" Example-Com.o-v1.mx.microsoft. ").unwrap(), "example-com.o-v1.mx.microsoft");
    assert!(matches!(check.check("mx.example.org"), Err(AnswerError::WrongHost { .. })));
    assert!(matches!(check.check("evilmx.microsoft"), Err(AnswerError::WrongHost { .. })));
    assert!(matches!(check.check("mx.microsoft"), Err(AnswerError::WrongHost { .. })));
    assert!(matches!(check.check("0 example.mx.microsoft"), Err(AnswerError::NotAHost { .. })));
    assert!(matches!(check.check("a.mx.microsoft\n$INCLUDE /etc/passwd"), Err(AnswerError::NotAHost { .. })));
    assert!(matches!(check.check("  "), Err(AnswerError::Empty { .. })));
    let first = answer(AnswerCheck::Host { under: Vec::new(), starts_with: vec!["selector1-".to_owned()] });
    assert!(matches!(first.check("selector2-a.example"), Err(AnswerError::WrongStart { .. })));
}

#[test]
fn texts_stay_on_one_line() {
    let check = answer(AnswerCheck::Text { starts_with: vec!["MS=ms".to_owned()] });
    assert_eq!(check.check("\"MS=ms12345678\"").unwrap(), "MS=ms12345678");
    assert!(matches!(check.check("ms12345678"), Err(AnswerError::WrongStart { .. })));
    assert_eq!(check.check("MS=ms1\n@ IN MX 0 evil."), Err(AnswerError::NotPlain));
    assert!(matches!(check.check(&format!("MS=ms{}", "1".repeat(300))), Err(AnswerError::TooLong { .. })));
}

#[test]
fn dkim_keys_are_read_as_consoles_and_zone_files_show_them() {
    let check = answer(AnswerCheck::DkimKey);
    for pasted in [
        "v=DKIM1; k=rsa; p=QUJDREVGR0g=",
        "v=DKIM1;k=rsa;p=QUJD REVG\n  R0g=;",
        "google._domainkey IN TXT ( \"v=DKIM1; k=rsa; p=QUJD\"\n\t\"REVGR0g=\" )",
        "k=rsa; p=QUJDREVGR0g=",
    ] {
        assert_eq!(check.check(pasted).unwrap(), "v=DKIM1; k=rsa; p=QUJDREVGR0g=", "{pasted}");
    }
    for (pasted, why) in [
        ("hello", "a part has no “=”"),
        ("v=DKIM2; p=QUJD", "its version is not DKIM1"),
        ("k=rsa; v=DKIM1; p=QUJD", "v=DKIM1 is not at its beginning"),
        ("v=DKIM1; k=rsa", "the part with p= is missing"),
        ("v=DKIM1; p=", "its p= is empty, which revokes the key"),
        ("v=DKIM1; p=QUJ", "the text after p= is not complete base64"),
    ] {
        assert_eq!(check.check(pasted), Err(AnswerError::NotADkimKey { why: why.to_owned() }), "{pasted}");
    }
}

#[test]
fn labels_and_spf_terms() {
    let label = answer(AnswerCheck::Label);
    assert_eq!(label.check("S2024._domainkey").unwrap(), "s2024");
    assert!(matches!(label.check("a b"), Err(AnswerError::NotALabel { .. })));
    assert!(matches!(label.check("$ORIGIN"), Err(AnswerError::NotALabel { .. })));
    let term = answer(AnswerCheck::SpfTerm);
    assert_eq!(term.check("spf.example.net").unwrap(), "include:spf.example.net");
    assert_eq!(term.check("ip4:192.0.2.0/24").unwrap(), "ip4:192.0.2.0/24");
    assert_eq!(term.check("ip6:2001:db8::1").unwrap(), "ip6:2001:db8::1");
    for bad in ["include:a.example include:b.example", "+all", "v=spf1 -all", "ip4:2001:db8::1", "include:"] {
        assert!(matches!(term.check(bad), Err(AnswerError::NotAnSpfTerm { .. })), "{bad}");
    }
}
