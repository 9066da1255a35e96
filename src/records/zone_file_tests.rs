use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::records::quoted_strings;

fn domain() -> DomainName {
    DomainName::parse("weber-familie.example").unwrap()
}

const ZONE: &str = r#"$TTL 1h
$ORIGIN weber-familie.example.
@ IN SOA ns1.nordhafen.example. hostmaster.nordhafen.example. (
    2026111403 ; serial
    7200 900 1209600 300 )
    NS ns1.nordhafen.example.
@   86400 IN MX 10 mail
    IN 300 MX 20 Backup.Nordhafen.Example.
    TXT ( "v=spf1 mx a:mail.weber-familie.example "
          "~all" ) ; two strings
mail A 203.0.113.47
     AAAA 2001:db8::47
_dmarc 1d TXT "v=DMARC1; p=none"
$ORIGIN _domainkey.weber-familie.example.
s2024 TXT v=DKIM1\;\032p=QUJD
fm1 CNAME fm1.weber-familie.example.dkim.fmhosted.com.
_ports.weber-familie.example. HTTPS 1 . alpn=h2
"#;

#[test]
fn a_zone_file_is_read_as_bind_reads_it() {
    let zone = parse_zone_file(ZONE, &domain()).unwrap();
    let lines = zone
        .records
        .iter()
        .map(|record| {
            format!(
                "{} {} {} {}",
                record.name,
                record.ttl_secs,
                record.data.record_type(),
                record.data.shown()
            )
        })
        .collect::<Vec<_>>();
    assert_eq!(
        lines,
        [
            "@ 3600 NS ns1.nordhafen.example.",
            "@ 86400 MX 10 mail.weber-familie.example.",
            "@ 300 MX 20 backup.nordhafen.example.",
            "@ 3600 TXT v=spf1 mx a:mail.weber-familie.example ~all",
            "mail 3600 A 203.0.113.47",
            "mail 3600 AAAA 2001:db8::47",
            "_dmarc 86400 TXT v=DMARC1; p=none",
            "s2024._domainkey 3600 TXT v=DKIM1; p=QUJD",
            "fm1._domainkey 3600 CNAME fm1.weber-familie.example.dkim.fmhosted.com.",
        ]
    );
    let addresses = &zone.addresses["mail.weber-familie.example"];
    assert!(addresses.contains(&IpAddr::V4(Ipv4Addr::new(203, 0, 113, 47))));
}

#[test]
fn names_are_relative_to_the_domain_without_an_origin() {
    let zone = parse_zone_file("@ MX 0 .\nwww CNAME @\n", &domain()).unwrap();
    assert_eq!(zone.records[0].data, ZoneData::Mx(0, DnsName::new("")));
    assert_eq!(zone.records[1].data, ZoneData::Cname(DnsName::new("weber-familie.example")));
}

#[test]
fn faults_name_their_line() {
    for (text, line) in [
        ("@ MX 10\n", 1),
        ("@ TXT \"a\"\n@ MX ten mail\n", 2),
        ("\n\n@ A 2001:db8::1\n", 3),
        ("@ TXT\n", 1),
        ("$INCLUDE other.zone\n", 1),
        ("$TTL soon\n", 1),
        ("$FOO\n", 1),
        ("@ 3600 IN\n", 1),
        (" IN MX 10 mail\n", 1),
        ("@ TXT (\n\"a\" \"b\"\n)\n@ \"v=spf1\"\n", 4),
    ] {
        assert!(
            matches!(parse_zone_file(text, &domain()), Err(ZoneFileError::Line { line: found, .. }) if found == line),
            "{text:?}: {:?}",
            parse_zone_file(text, &domain())
        );
    }
    assert_eq!(
        parse_zone_file("\n@ TXT \"open", &domain()),
        Err(ZoneFileError::NotClosed { line: 2, what: "a quote" })
    );
    assert_eq!(
        parse_zone_file("@ TXT ( \"a\"\n", &domain()),
        Err(ZoneFileError::NotClosed { line: 1, what: "a parenthesis" })
    );
    assert_eq!(
        parse_zone_file("$ORIGIN other.example.\n@ MX 10 mail\n", &domain()),
        Err(ZoneFileError::OtherDomain(domain()))
    );
}

#[test]
fn lines_that_no_server_would_take_are_named() {
    for (line, word) in [
        ("@ CH TXT \"v=spf1 +all\"", "class CH"),
        ("@ 300 hs A 192.0.2.1", "class HS"),
        ("x 99999999999 A 192.0.2.1", "waiting time"),
        ("x 4294967295 A 192.0.2.1", "waiting time"),
        ("x 300 600 A 192.0.2.1", "waiting time"),
        (&format!("{} A 192.0.2.1", "a".repeat(64)), "longer than the DNS allows"),
        (&format!("{} A 192.0.2.1", vec!["a".repeat(60); 5].join(".")), "longer than the DNS allows"),
    ] {
        let error = parse_zone_file(&format!("@ MX 10 mail\n{line}\n"), &domain()).unwrap_err();
        let ZoneFileError::Line { line: 2, message } = error else { panic!("{line}: {error}") };
        assert!(message.contains(word), "{line}: {message}");
    }
}

#[test]
fn times_are_read_in_seconds_and_units() {
    for (text, secs) in
        [("3600", Some(3600)), ("1h30m", Some(5400)), ("2W", Some(1_209_600)), ("1d12", Some(86_412))]
    {
        assert_eq!(parse_ttl(text), secs, "{text}");
    }
    for text in ["", "h", "1x", "99999999999", "9999999w", "A", "2147483648"] {
        assert_eq!(parse_ttl(text), None, "{text}");
    }
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn text_comes_back_byte_by_byte(text in proptest::collection::vec(any::<u8>(), 0..1200)) {
        let strings = quoted_strings(&text);
        prop_assert!(strings.iter().all(|string| string.is_ascii() && !string.contains('\n')));
        let line = format!("@ TXT ( {} )\n", strings.join("\n  "));
        let zone = parse_zone_file(&line, &domain()).unwrap();
        prop_assert_eq!(&zone.records[0].data, &ZoneData::Txt(text));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(?s).{0,300}") {
        let _outcome = parse_zone_file(&text, &domain());
    }

    #[test]
    fn no_words_of_zone_files_make_the_reader_panic(
        words in proptest::collection::vec(
            prop_oneof![
                Just("@"), Just("\n"), Just(" "), Just("("), Just(")"), Just("\""), Just("\\"), Just("\\25"),
                Just("$ORIGIN"), Just("$TTL"), Just("TXT"), Just("MX"), Just("10"), Just("IN"), Just(";"), Just("."),
            ],
            0..60,
        )
    ) {
        let _outcome = parse_zone_file(&words.concat(), &domain());
    }
}
