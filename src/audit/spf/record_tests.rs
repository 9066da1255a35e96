use proptest::prelude::*;

use super::*;

#[test]
fn only_an_exact_version_makes_a_record() {
    for (text, expected) in [
        ("v=spf1", true),
        ("V=SPF1 -all", true),
        ("v=spf10", false),
        ("v=spf1\t-all", false),
        (" v=spf1 -all", false),
        ("v=spf1-all", false),
        ("v=spf", false),
        ("", false),
    ] {
        assert_eq!(is_spf(text.as_bytes()), expected, "{text:?}");
    }
}

#[test]
fn good_records_are_read_whole() {
    for text in [
        "v=spf1",
        "v=spf1  a   -all ",
        "v=spf1 ip4:1.2.3.4 ip4:1.2.3.0/24 ip4:1.1.1.1/0 ip6:2001:db8::/32 ip6:::1.1.1.1/0 ip6:CAFE::/128 ?all",
        "v=spf1 a a/24 a//64 a/24//64 a:h.example/0//0 A:foo:bar/baz.example.com mx mx:a.example/24 -ALL",
        "v=spf1 a:mail.example.com moo.cow=far_out=man:dog/cat ip4:1.2.3.4 -all",
        "v=spf1 ptr ptr:a.example exists:%{ir}.%{l1r+-}._spf.%{d} include:a.example.",
        "v=spf1 redirect=a.example exp=why.%{d} ra=postmaster rp=100 rr=all x=%{i}",
        "v=spf1 all -all",
    ] {
        assert!(SpfRecord::parse(text.as_bytes()).is_ok(), "{text}: {:?}", SpfRecord::parse(text.as_bytes()));
    }
    let record = SpfRecord::parse(b"v=spf1 ~a:x.example/24//64 ra=postmaster ?all").unwrap();
    assert_eq!(record.unknown_modifiers, ["ra=postmaster"]);
    assert_eq!(record.all().map(|term| term.qualifier), Some(Qualifier::Neutral));
    assert!(matches!(
        record.terms.first(),
        Some(Term {
            qualifier: Qualifier::SoftFail,
            mechanism: Mechanism::A(Some(_), DualCidr { v4: 24, v6: 64 }),
            ..
        })
    ));
}

#[test]
fn wrong_records_say_where() {
    for (text, position) in [
        ("v=spf1 -all:foobar", 9),
        ("v=spf1 -all/8", 9),
        ("v=spf1 all.", 8),
        ("v=spf1 a/33", 8),
        ("v=spf1 a//129", 8),
        ("v=spf1 a/024", 8),
        ("v=spf1 a/", 8),
        ("v=spf1 a:", 10),
        ("v=spf1 a:museum", 10),
        ("v=spf1 a:example.com:8080", 10),
        ("v=spf1 a:111.222.33.44", 10),
        ("v=spf1 mx:a.example/x", 11),
        ("v=spf1 ptr:", 12),
        ("v=spf1 ptr/0", 12),
        ("v=spf1 include", 16),
        ("v=spf1 include:a.example/24", 16),
        ("v=spf1 exists", 15),
        ("v=spf1 exists:%{x}", 15),
        ("v=spf1 exists:a%{c}.example", 16),
        ("v=spf1 ip4", 8),
        ("v=spf1 ip4:1.2.3", 8),
        ("v=spf1 ip4:1.2.3.4:8080", 8),
        ("v=spf1 ip4:1.1.1.1/33", 8),
        ("v=spf1 ip4:1.1.1.1/032", 8),
        ("v=spf1 ip4:1.1.1.1//32", 8),
        ("v=spf1 ip6:::1.1.1.1//33", 8),
        ("v=spf1 ip6:::1/129", 8),
        ("v=spf1 ipv4:1.2.3.4", 8),
        ("v=spf1 foo:bar", 8),
        ("v=spf1 -all redirect=a.example redirect=b.example", 32),
        ("v=spf1 exp=a.example exp=b.example", 22),
        ("v=spf1 redirect=", 17),
        ("v=spf1 exp=", 12),
        ("v=spf1 +redirect=a.example", 9),
        ("v=spf1 moo.cow/far_out=man:dog/cat", 8),
        ("v=spf1 -all foo=%abc", 17),
        ("v=spf1 a:ctrl.example\rptr -all", 22),
        ("v=spf1 a:caf\u{e9}.example", 13),
    ] {
        assert_eq!(
            SpfRecord::parse(text.as_bytes()).map_err(|error| error.position),
            Err(position),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,120}", terms in "v=spf1( [-~?+]?(a|mx|ip4|ip6|ptr|exists|include|all|redirect)[:=/]{0,2}[%{}a-z0-9./:]{0,12}){0,6}") {
        let _parsed = SpfRecord::parse(text.as_bytes());
        let _parsed = SpfRecord::parse(terms.as_bytes());
    }
}
