//! Parsers that other programs may call, and what must hold for any bytes that they are given.

use mailferry::audit::dkim::{DkimKey, is_key_record};
use mailferry::audit::dmarc::{DmarcRecord, is_dmarc};
use mailferry::audit::evidence::EvidenceFacts;
use mailferry::audit::message::{MessageFacts, looks_like_message, read_message};
use mailferry::audit::spf::SpfRecord;
use mailferry::audit::{Facts, judge, read_domain, read_network};
use mailferry::providers::{Catalogue, parse_answers};
use mailferry::records::{parse_zone_file, quoted_strings};
use mailferry::values::{DomainName, EmailAddress, Endpoint, Fingerprint, UnixTime};
use mailferry_test_inputs::Target;

/// The targets that need nothing private.
pub const TARGETS: &[Target] = &[
    Target { name: "audit: SPF", examples: SPF, read: spf },
    Target { name: "audit: DKIM", examples: DKIM, read: dkim },
    Target { name: "audit: DMARC", examples: DMARC, read: dmarc },
    Target { name: "audit: message", examples: MESSAGES, read: message },
    Target { name: "audit: facts JSON", examples: FACTS, read: facts },
    Target { name: "audit: registration data (RDAP)", examples: RDAP, read: rdap },
    Target { name: "records: zone file", examples: ZONES, read: zone },
    Target { name: "records: quoted strings", examples: SPF, read: quoted },
    Target { name: "providers: TOML", examples: PROVIDERS, read: provider },
    Target { name: "providers: answers", examples: ANSWERS, read: answers },
    Target { name: "values: names", examples: NAMES, read: names },
];

const SPF: &[&[u8]] = &[
    b"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.example.org a:mail.%{d} -all",
    b"v=spf1 mx//64 exists:%{ir}.%{l1r+-}._spf.%{d2} ?all redirect=_spf.example.org exp=why.%{h}",
];

const DKIM: &[&[u8]] = &[
    b"v=DKIM1; k=rsa; t=y:s; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
    b"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    b"p=",
];

const DMARC: &[&[u8]] = &[
    b"v=DMARC1; p=quarantine; sp=reject; adkim=s; aspf=r; rua=mailto:a@example.org!10m,mailto:b@example.net; pct=50",
    b"v=DMARC1;p=none;np=reject;psd=n;t=y;ruf=mailto:x@y.example;fo=1:d:s",
];

const MESSAGES: &[&[u8]] = &[
    include_bytes!("../../cases/messages/rfc8463.eml"),
    b"Received: from a.example (a.example [192.0.2.1]) by b.example with ESMTPS (version=TLS1_3); 2 Nov 2026 09:00:00 +0000\r\n\
      Authentication-Results: b.example; spf=pass smtp.mailfrom=a@example.org; dkim=fail (x) reason=\"y;z\"\r\n\
      DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/simple; d=example.org; s=s1; t=1; x=2; l=3; i=@a.example.org;\r\n\
      \th=From : Subject:From; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n\
      ARC-Seal: i=1; cv=none; d=b.example\r\nARC-Authentication-Results: i=1; b.example; spf=pass\r\n\
      From: \"A (b)\" <a@example.org>\r\nDate: Mon, 2 Nov 2026 09:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n\
      Subject: [x] y\r\nList-Unsubscribe: <https://a.example>\r\n\r\nbody\r\n\r\n-- \r\n",
    b"From anna Mon Nov  2\nReturn-Path: <SRS0=a=b=example.org=c@f.example>\nFrom: a@example.org\n\nx",
];

const FACTS: &[&[u8]] = &[
    b"{\"version\":1,\"domain\":\"example.org\",\"at\":1700000000,\"resolver\":\"192.0.2.53:53\",\"selectors\":[\"s1\"],\
      \"sending_addresses\":[\"192.0.2.1\"],\"answers\":[]}",
    b"{\"version\":99}",
];

const RDAP: &[&[u8]] = &[
    br#"{"objectClassName":"ip network","handle":"N","name":"N-1","startAddress":"198.51.100.0","endAddress":"198.51.100.255","country":"DE","entities":[{"roles":["registrant"],"vcardArray":["vcard",[["version",{},"text","4.0"],["fn",{},"text","Nordhafen GmbH"]]],"entities":[{"roles":["abuse"],"vcardArray":["vcard",[["email",{},"text","abuse@a.example"]]]}]}]}"#,
    br#"{"objectClassName":"domain","ldhName":"A.EXAMPLE","events":[{"eventAction":"registration","eventDate":"2019-05-01T10:00:00Z"},{"eventAction":"expiration","eventDate":"2027-05-01T10:00:00+02:00"}],"status":["active"],"entities":[{"roles":["registrar"],"vcardArray":["vcard",[["fn",{},"text","R"]]]}]}"#,
];

const ZONES: &[&[u8]] = &[
    b"$ORIGIN example.org.\n$TTL 1h\n@ IN SOA ns hostmaster ( 1 2 3 4 5 ) ; comment\n@ MX 10 mail\nmail A 192.0.2.1\n\
      @ TXT ( \"v=spf1 \" \"-all\" )\nsel._domainkey 300 IN CNAME x.example.net.\n",
    b"example.org. 3600 IN MX 0 .\n\\046x TXT \"a\\\"b\\000\"\n",
];

const PROVIDERS: &[&[u8]] = &[include_bytes!("../../../assets/providers/generic-imap.toml")];

const ANSWERS: &[&[u8]] = &[b"tenant = \"example-org\"\nkey = 'x'\n[selectors]\na = 1\n"];

const NAMES: &[&[u8]] = &[
    b"example.org",
    b"b\xc3\xbccher.example",
    b"anna.weber+tag@xn--bcher-kva.example",
    b"\"a b\"@example.org",
    b"imap.example.org:993",
    b"[2001:db8::1]:143",
    b"AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99",
];

fn spf(bytes: &[u8]) {
    if let Ok(record) = SpfRecord::parse(bytes) {
        assert!(format!("{record:?}").len() < bytes.len() * 200 + 2_000);
    }
}

fn dkim(bytes: &[u8]) {
    let _is_key = is_key_record(bytes);
    if let Err(words) = DkimKey::parse(bytes) {
        assert!(words.len() <= bytes.len() * 4 + 400);
    }
}

fn dmarc(bytes: &[u8]) {
    let _is_dmarc = is_dmarc(bytes);
    let record = DmarcRecord::parse(bytes);
    assert!(format!("{record:?}").len() < bytes.len() * 100 + 4_000);
}

fn message(bytes: &[u8]) {
    let _is_message = looks_like_message(bytes);
    let read = read_message("m.eml", bytes);
    let json = serde_json::to_string(&read).unwrap();
    // The signed header may be kept twice for each of eight signatures, in Base64.
    assert!(json.len() <= bytes.len() * 80 + 16_000, "{} bytes became {}", bytes.len(), json.len());
    assert_eq!(serde_json::from_str::<MessageFacts>(&json).unwrap(), read);
    let mut facts = Facts::new(DomainName::parse("example.org").unwrap(), UnixTime(1), "none".to_owned());
    facts.evidence = Some(EvidenceFacts { messages: vec![read], ..EvidenceFacts::default() });
    assert!(!judge(&facts).findings.is_empty());
}

fn facts(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(facts) = Facts::from_json(text) else { return };
    let again = facts.to_json().unwrap();
    assert_eq!(Facts::from_json(&again).unwrap(), facts);
    let _report = judge(&facts);
}

/// Whatever a registry sends, what is kept of it is small.
fn rdap(input: &[u8]) {
    if let Ok(domain) = read_domain(input) {
        assert!(serde_json::to_string(&domain).unwrap().len() <= 200_000);
    }
    if let Ok(network) = read_network(input) {
        assert!(serde_json::to_string(&network).unwrap().len() <= 200_000);
    }
}

fn zone(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let domain = DomainName::parse("example.org").unwrap();
    match parse_zone_file(&text, &domain) {
        Ok(zone) => assert!(zone.records.len() <= bytes.len()),
        Err(error) => assert!(error.to_string().len() <= bytes.len() * 4 + 1_000),
    }
}

fn quoted(bytes: &[u8]) {
    let strings = quoted_strings(bytes);
    // Every byte may become `\255`, and each string has its quotes.
    assert!(strings.iter().map(String::len).sum::<usize>() <= bytes.len() * 4 + strings.len() * 2);
    assert!(strings.iter().all(|string| string.is_ascii() && !string.contains(['\n', '\r'])));
}

fn provider(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = Catalogue::load(&[("fuzzed.toml", &text)]) {
        assert!(error.to_string().len() <= text.len() * 4 + 4_000);
    }
}

fn answers(bytes: &[u8]) {
    thread_local!(static CATALOGUE: Catalogue = Catalogue::embedded());
    let text = String::from_utf8_lossy(bytes);
    CATALOGUE.with(|catalogue| {
        let _read = parse_answers(&catalogue.providers()[0], &text);
    });
}

fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(domain) = DomainName::parse(&text) {
        assert!(domain.as_ascii().len() <= 253 && domain.as_ascii().is_ascii());
        assert_eq!(DomainName::parse(domain.as_ascii()).unwrap().as_ascii(), domain.as_ascii());
    }
    if let Ok(address) = EmailAddress::parse(&text) {
        assert_eq!(EmailAddress::parse(&address.to_string()).unwrap(), address);
    }
    if let Ok(endpoint) = Endpoint::parse(&text) {
        assert!(endpoint.port > 0);
    }
    if let Ok(fingerprint) = text.parse::<Fingerprint>() {
        assert_eq!(fingerprint.to_string().parse::<Fingerprint>().unwrap(), fingerprint);
    }
}
