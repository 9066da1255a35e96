use proptest::prelude::*;

use super::*;

#[test]
fn only_an_exact_version_makes_a_record() {
    for (text, expected) in [
        ("v=DMARC1; p=none", true),
        ("v=DMARC1", true),
        ("v = DMARC1 ;p=none", true),
        ("v=dmarc1; p=none", false),
        ("v=DMARC1x; p=none", false),
        ("V=DMARC1; p=none", false),
        (" p=none; v=DMARC1", false),
    ] {
        assert_eq!(is_dmarc(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn tags_are_read_and_what_is_ignored_is_named() {
    let record = DmarcRecord::parse(
        b"v=DMARC1; p=Reject;sp=none; np=bogus; t=y; adkim=s; aspf=r; psd=n; pct=50; ri=86400; xx=1; fo=1:d;\
          rua=mailto:a@one.example!10m, MAILTO:b@two.example,https://c.example; rubbish",
    );
    // `np` is wrong, so the record counts as “none” (RFC 9989 section 4.10.1); old receivers do not know the tag.
    assert_eq!((record.policy, record.stated_policy), (Some(Policy::None), Some(Policy::Reject)));
    assert_eq!(record.old_policy(), Some(Policy::Reject));
    assert_eq!((record.percent, record.wrong_policies.as_slice()), (Some(50), &["np=bogus".to_owned()][..]));
    assert_eq!((record.subdomain_policy, record.missing_subdomain_policy), (Some(Policy::None), None));
    assert!(record.is_test && record.is_dkim_strict && !record.is_spf_strict && record.is_policy_implied);
    assert_eq!(record.psd, Some('n'));
    assert_eq!(record.old_tags, ["pct", "ri"]);
    assert_eq!(record.unknown_tags, ["rubbish", "xx"]);
    assert_eq!(record.bad_values, ["np=bogus"]);
    assert_eq!(record.bad_addresses, ["https://c.example"]);
    assert_eq!(record.report_domains, [DnsName::new("one.example"), DnsName::new("two.example")]);
}

#[test]
fn a_missing_policy_counts_as_none_only_with_reports() {
    assert_eq!(DmarcRecord::parse(b"v=DMARC1; rua=mailto:a@b.example").policy, Some(Policy::None));
    assert_eq!(
        DmarcRecord::parse(b"v=DMARC1; p=nonsense; rua=mailto:a@b.example").policy,
        Some(Policy::None)
    );
    assert_eq!(DmarcRecord::parse(b"v=DMARC1; sp=reject").policy, None);
}

#[test]
fn a_tag_twice_or_a_wrong_subdomain_policy_takes_the_record_away() {
    let policy = |text: &str| DmarcRecord::parse(text.as_bytes()).policy;
    assert_eq!(policy("v=DMARC1; p=reject; p=none; rua=mailto:a@b.example"), None);
    assert_eq!(policy("v=DMARC1; p=reject; sp=rejct"), None);
    assert_eq!(policy("v=DMARC1; p=reject; sp=rejct; rua=mailto:a@b.example"), Some(Policy::None));
    let record = DmarcRecord::parse(b"v=DMARC1; p=reject; rua=; ruf=;");
    assert_eq!(record.bad_values, ["rua=", "ruf="]);
    assert!(record.bad_addresses.is_empty());
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}", tags in "v=DMARC1(; ?(p|sp|np|rua|ruf|fo|t|psd)=?(mailto:)?[a-zé@!?,:.]{0,12}){0,8}") {
        let _record = DmarcRecord::parse(text.as_bytes());
        let _record = DmarcRecord::parse(tags.as_bytes());
    }
}
