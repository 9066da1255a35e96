use proptest::prelude::*;

use super::*;
use crate::audit::SpfTreeNode;
use crate::providers::{Catalogue, ProviderId};
use crate::records::spf_terms::{TermKind, terms};
use crate::records::{BindOptions, ExportStage, Format, parse_zone_file, questions, render, render_bind};
use crate::values::{DnsAnswer, Outcome, RecordType};

const ZONE: &str = r#"
@ 86400 MX 10 mail
@ 3600 TXT "v=spf1 mx a:mail.example.org include:servers.mcsv.net ~all"
@ 3600 TXT "some-other-verification=1"
_dmarc 3600 TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.org"
s2024._domainkey 3600 TXT "v=DKIM1; k=rsa; p=QUJD"
mail 3600 A 203.0.113.47
"#;

/// The key of RFC 8463 section A.1.
const ED25519: &str = "v=DKIM1; k=ed25519; p=Gv9m0gA1nJvJ0J0g4v8J0l0m1v1m0gA1nJvJ0J0g4v8=";

fn provider(id: &str) -> Provider {
    Catalogue::embedded().get(&ProviderId(id.to_owned())).unwrap().clone()
}

fn zone(text: &str) -> CurrentZone {
    let domain = DomainName::parse("example.org").unwrap();
    if text.is_empty() { CurrentZone::new(domain) } else { parse_zone_file(text, &domain).unwrap() }
}

fn plan(id: &str, answers: &[(&str, &str)], text: &str) -> RecordsPlan {
    let answers = answers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    desired(&provider(id), &answers, &zone(text), &BTreeSet::new())
}

/// Lines of a group as `sign stage name type value`.
fn lines(plan: &RecordsPlan, heading: &str) -> Vec<String> {
    let group = plan.groups.iter().find(|group| group.heading() == heading).unwrap();
    group
        .lines
        .iter()
        .map(|line| {
            let sign = match line.change {
                Change::Add => '+',
                Change::Remove => '-',
                Change::Keep => '=',
            };
            format!("{sign} {:?} {} {} {}", line.stage, line.name, line.record_type, line.value)
        })
        .collect()
}

#[test]
fn a_zone_that_has_mail_is_switched_in_stages() {
    let plan = plan("fastmail", &[], ZONE);
    assert_eq!(
        lines(&plan, "MX"),
        [
            "- Now @ MX 10 mail.example.org.",
            "+ Now @ MX 10 mail.example.org.",
            "- AtTheSwitch @ MX 10 mail.example.org.",
            "+ AtTheSwitch @ MX 10 in1-smtp.messagingengine.com.",
            "+ AtTheSwitch @ MX 20 in2-smtp.messagingengine.com.",
        ]
    );
    let overlap = "v=spf1 ip4:203.0.113.47 a:mail.example.org include:spf.messagingengine.com include:servers.mcsv.net ~all";
    assert_eq!(
        lines(&plan, "SPF"),
        [
            "- Now @ TXT v=spf1 mx a:mail.example.org include:servers.mcsv.net ~all".to_owned(),
            format!("+ Now @ TXT {overlap}"),
            format!("- Later @ TXT {overlap}"),
            "+ Later @ TXT v=spf1 include:spf.messagingengine.com include:servers.mcsv.net ~all".to_owned(),
        ]
    );
    assert_eq!(
        lines(&plan, "DKIM"),
        [
            "+ Now fm1._domainkey CNAME fm1.example.org.dkim.fmhosted.com.",
            "+ Now fm2._domainkey CNAME fm2.example.org.dkim.fmhosted.com.",
            "+ Now fm3._domainkey CNAME fm3.example.org.dkim.fmhosted.com.",
            "= Now s2024._domainkey TXT v=DKIM1; k=rsa; p=QUJD",
        ]
    );
    assert_eq!(lines(&plan, "DMARC"), ["= Now _dmarc TXT v=DMARC1; p=none; rua=mailto:dmarc@example.org"]);
    assert_eq!(plan.senders.len(), 1);
    assert!(plan.notes.iter().any(|note| note.contains("86400 seconds") && note.contains("24 hours")));
    for line in plan.groups.iter().flat_map(|group| &group.lines) {
        assert!(line.reason.ends_with('.') && line.reason.len() > 10, "{line:?}");
    }
}

#[test]
fn an_empty_zone_gets_everything() {
    let plan = plan("migadu", &[("verification", "hosted-email-verify=abc12345")], "");
    assert_eq!(lines(&plan, "MX").len(), 2);
    assert_eq!(lines(&plan, "SPF"), ["+ Now @ TXT v=spf1 include:spf.migadu.com ~all"]);
    assert_eq!(
        lines(&plan, "DMARC"),
        ["+ Now _dmarc TXT v=DMARC1; p=none; rua=mailto:postmaster@example.org"]
    );
    assert_eq!(lines(&plan, "Ownership"), ["+ Now @ TXT hosted-email-verify=abc12345"]);
}

#[test]
fn a_zone_that_was_switched_stays_as_it_is() {
    let first = plan("fastmail", &[], "");
    let text = render_bind(&first, &BindOptions { through: SwitchStage::AtTheSwitch, made_at: None });
    let second = desired(
        &provider("fastmail"),
        &BTreeMap::new(),
        &parse_zone_file(&text, &DomainName::parse("example.org").unwrap()).unwrap(),
        &BTreeSet::new(),
    );
    let changed =
        second.groups.iter().flat_map(|group| &group.lines).filter(|line| line.change != Change::Keep);
    assert_eq!(changed.collect::<Vec<_>>(), Vec::<&DiffLine>::new());
}

#[test]
fn the_old_mx_stays_while_the_new_host_is_not_known() {
    let waiting = plan("microsoft365", &[], ZONE);
    assert_eq!(lines(&waiting, "MX"), ["= Now @ MX 10 mail.example.org."]);
    assert!(waiting.notes.iter().any(|note| note.contains("MX target of this domain")));
    let bad = plan("microsoft365", &[("mx_host", "mail.evil.example")], ZONE);
    assert_eq!(lines(&bad, "MX"), ["= Now @ MX 10 mail.example.org."]);
    assert!(bad.notes.iter().any(|note| note.contains("cannot be used")), "{:?}", bad.notes);
    let known = plan("microsoft365", &[("mx_host", "example-org.o-v1.mx.microsoft")], ZONE);
    assert!(lines(&known, "MX").contains(&"+ AtTheSwitch @ MX 0 example-org.o-v1.mx.microsoft.".to_owned()));
    let generic = plan("generic-imap", &[], ZONE);
    assert_eq!(lines(&generic, "MX"), ["= Now @ MX 10 mail.example.org."]);
    assert!(lines(&generic, "SPF")[0].starts_with("= Now"));
}

#[test]
fn a_record_in_the_way_goes_at_the_switch() {
    let text = format!("{ZONE}\nautodiscover CNAME mail\nselector1._domainkey TXT \"v=DKIM1; p=QUJD\"\n");
    let target = "selector1-example-org._domainkey.contoso.r-v1.dkim.mail.microsoft";
    let plan = plan("microsoft365", &[("dkim_target_1", target)], &text);
    assert_eq!(
        lines(&plan, "Mail programs"),
        [
            "- AtTheSwitch autodiscover CNAME mail.example.org.",
            "+ AtTheSwitch autodiscover CNAME autodiscover.outlook.com.",
        ]
    );
    let dkim = lines(&plan, "DKIM");
    assert_eq!(dkim[0], "- AtTheSwitch selector1._domainkey TXT v=DKIM1; p=QUJD");
    assert_eq!(dkim[1], format!("+ AtTheSwitch selector1._domainkey CNAME {target}."));
}

#[test]
fn an_alias_beside_other_records_in_a_zone_file_is_told() {
    for (line, name) in [
        ("www CNAME web.example.net.\nwww A 203.0.113.48", "www"),
        ("@ CNAME shop.example.net.", "@"),
        ("autoconfig CNAME a.example.net.\nautoconfig CNAME b.example.net.", "autoconfig"),
        ("lists CNAME a.example.net.\nlists CAA 0 issue \"ca.example\"", "lists"),
    ] {
        let plan = plan("fastmail", &[], &format!("{ZONE}\n{line}\n"));
        let told: Vec<&String> = plan.notes.iter().filter(|note| note.contains("3.6.2")).collect();
        assert!(
            matches!(told[..], [note] if note.contains(&format!("“{name}”"))),
            "{line}: {:?}",
            plan.notes
        );
    }
    // Signatures of an alias stand beside it (RFC 4034 section 4.1), and an alias may be written twice.
    let fine =
        "www CNAME web.example.net.\nwww CNAME web.example.net.\nwww NSEC a.example.org. CNAME RRSIG NSEC";
    let plan = plan("fastmail", &[], &format!("{ZONE}\n{fine}\n"));
    assert!(!plan.notes.iter().any(|note| note.contains("3.6.2")), "{:?}", plan.notes);
}

#[test]
fn an_answer_that_lets_everybody_send_is_refused() {
    for term in ["ip4:0.0.0.0/0", "ip4:128.0.0.0/1", "ip6:::/0", "ip4:203.0.113.7/3"] {
        let error = check_answer(&provider("generic-imap"), "spf_term", term).unwrap_err();
        assert!(matches!(error, AnswerError::SpfTermForEverybody { .. }), "{term}: {error}");
        let plan = plan("generic-imap", &[("mx_host", "mx.example.net"), ("spf_term", term)], ZONE);
        assert!(
            plan.notes.iter().any(|note| note.contains("large part of all addresses")),
            "{:?}",
            plan.notes
        );
        assert!(!lines(&plan, "SPF").iter().any(|line| line.contains(term)), "{:?}", lines(&plan, "SPF"));
    }
    for term in ["ip4:203.0.113.0/24", "ip6:2001:db8::/32", "include:spf.example.net"] {
        assert_eq!(check_answer(&provider("generic-imap"), "spf_term", term).as_deref(), Ok(term));
    }
}

#[test]
fn a_name_is_never_cname_and_txt_at_once() {
    let answers = [
        ("mx_host", "mx.example.net"),
        ("spf_term", "spf.example.net"),
        ("dkim_selector", "mail"),
        ("dkim_key", ED25519),
        ("dkim_target", "mail.dkim.example.net"),
    ];
    let plan = plan("generic-imap", &answers, "");
    assert_eq!(lines(&plan, "DKIM"), [format!("+ Now mail._domainkey TXT {ED25519}")]);
    assert!(plan.notes.iter().any(|note| note.contains("at once")));
    assert_eq!(lines(&plan, "SPF"), ["+ Now @ TXT v=spf1 include:spf.example.net ~all"]);
}

#[test]
fn a_key_can_be_delegated_to_the_provider() {
    let answers = [
        ("mx_host", "mx.example.net"),
        ("spf_term", "spf.example.net"),
        ("dkim_selector", "s1"),
        ("dkim_server", "ns1.dkim.example.net"),
        ("dkim_server_2", "ns2.dkim.example.net"),
    ];
    let fresh = plan("generic-imap", &answers, "");
    assert_eq!(
        lines(&fresh, "DKIM"),
        ["+ Now s1._domainkey NS ns1.dkim.example.net.", "+ Now s1._domainkey NS ns2.dkim.example.net."]
    );
    // One is there already, beside one of the old provider, and the key of another selector is delegated as well.
    let text = "s1._domainkey NS ns1.dkim.example.net.\ns1._domainkey NS ns.old.example.\nold._domainkey NS ns.old.example.\n";
    let later = plan("generic-imap", &answers, text);
    assert_eq!(
        lines(&later, "DKIM"),
        [
            "- AtTheSwitch s1._domainkey NS ns.old.example.",
            "+ AtTheSwitch s1._domainkey NS ns2.dkim.example.net.",
            "= Now s1._domainkey NS ns1.dkim.example.net.",
            "= Now old._domainkey NS ns.old.example.",
        ]
    );
    assert_eq!(later.old_keys, ["old._domainkey"]);
    // Every format writes it, and a key in the place of a delegation is refused with the way out.
    for format in Format::ALL {
        let text =
            render(&fresh, &zone(""), ExportStage::Stage(SwitchStage::Now), format).unwrap_or_default();
        assert!(format == Format::Zone || text.contains("ns2.dkim.example.net"), "{format:?}: {text}");
    }
    let both: Vec<_> = answers.into_iter().chain([("dkim_target", "mail.dkim.example.net")]).collect();
    let both = plan("generic-imap", &both, "");
    assert!(
        both.notes.iter().any(|note| note.contains("cannot hold NS and CNAME records at once")),
        "{:?}",
        both.notes
    );
}

#[test]
fn a_provider_that_can_carry_it_gets_a_first_policy_for_tls() {
    let google = plan("google-workspace", &[], ZONE);
    assert_eq!(
        lines(&google, "TLS-RPT"),
        ["+ Later _smtp._tls TXT v=TLSRPTv1; rua=mailto:postmaster@example.org"]
    );
    assert_eq!(lines(&google, "MTA-STS"), ["+ Later _mta-sts TXT v=STSv1; id=1"]);
    let [file] = google.files.as_slice() else { panic!("{:?}", google.files) };
    assert_eq!(file.stage, SwitchStage::Later);
    assert!(file.text.contains("mode: testing\r\nmx: smtp.google.com\r\n"), "{}", file.text);
    assert!(google.notes.iter().any(|note| note.contains("proposal")), "{:?}", google.notes);
    for format in Format::ALL {
        let text =
            render(&google, &zone(ZONE), ExportStage::Stage(SwitchStage::Later), format).unwrap_or_default();
        let is_there = text.contains("_mta-sts") && text.contains("v=TLSRPTv1");
        assert!(format == Format::Zone || is_there, "{format:?}: {text}");
    }
    // Nothing says that the hosts of this one have the certificates for it.
    let fastmail = plan("fastmail", &[], ZONE);
    assert!(
        !fastmail
            .groups
            .iter()
            .any(|group| group.kind == GroupKind::TlsRpt || group.kind == GroupKind::MtaSts)
    );
}

#[test]
fn what_could_not_be_read_is_said() {
    let mut zone = zone("");
    zone.add_unread(&zone.domain.dns(), RecordType::Txt, Outcome::ServFail);
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    assert!(plan.notes[0].contains("TXT at “@” could not be read"), "{:?}", plan.notes);
}

/// Active lines of the zone text, as `name type`.
fn active(plan: &RecordsPlan) -> Vec<String> {
    let all = BindOptions { through: SwitchStage::Later, made_at: None };
    let text = format!("{}\n@ NS ns.example.\n", render_bind(plan, &all));
    let read = parse_zone_file(&text, &plan.domain).unwrap();
    let mail = read.records.iter().filter(|record| !matches!(record.data, ZoneData::Ns(_)));
    mail.map(|record| format!("{} {}", record.name, record.data.record_type())).collect()
}

#[test]
fn nothing_is_concluded_from_a_question_without_an_answer() {
    let everything = plan("fastmail", &[], "");
    assert!(everything.is_complete());
    let is_of = |line: &str, groups: &[&str]| {
        let heading = match line {
            "@ MX" => "MX",
            "@ TXT" => "SPF",
            "_dmarc TXT" => "DMARC",
            _ => "DKIM",
        };
        groups.contains(&heading)
    };
    for (name, kind, blocked) in [
        ("@", "TXT", &["SPF"][..]),
        ("@", "MX", &["MX", "SPF"]),
        ("_dmarc", "TXT", &["DMARC"]),
        ("_dmarc", "CNAME", &["DMARC"]),
        ("fm2._domainkey", "TXT", &["DKIM"]),
        ("fm2._domainkey", "CNAME", &["DKIM"]),
        ("@", "A", &[]),
        ("elsewhere", "TXT", &[]),
        ("_domainkey", "NS", &[]),
    ] {
        let mut zone = zone("");
        let owner = if name == "@" { zone.domain.dns() } else { zone.domain.below(name) };
        let record_type =
            *[RecordType::Txt, RecordType::Mx, RecordType::Cname, RecordType::A, RecordType::Ns]
                .iter()
                .find(|record_type| record_type.name() == kind)
                .unwrap();
        zone.add_unread(&owner, record_type, Outcome::ServFail);
        let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
        assert_eq!(
            plan.unread.keys().map(|kind| kind.heading()).collect::<BTreeSet<_>>(),
            blocked.iter().copied().collect()
        );
        assert_eq!(plan.is_complete(), blocked.is_empty());
        let expected: Vec<String> =
            active(&everything).into_iter().filter(|line| !is_of(line, blocked)).collect();
        assert_eq!(active(&plan), expected, "{name} {kind}");
        let text = render_bind(&plan, &BindOptions::default());
        for heading in blocked {
            let words = format!("{kind} at “{name}”");
            let (_, unread) = plan.unread.iter().find(|(kind, _)| kind.heading() == *heading).unwrap();
            assert_eq!(*unread, [words.as_str()]);
            assert!(text.contains(&format!("; {heading}: {kind} at \"{name}\" could not be read")), "{text}");
            assert!(plan.notes.iter().any(|note| note.starts_with(&format!("{heading} is not prepared"))));
            let group = plan.groups.iter().find(|group| group.heading() == *heading).unwrap();
            assert!(!plan.is_known(group) && !group.lines.is_empty());
            assert!(group.lines.iter().all(|line| line.reason.starts_with("Not to be published")));
        }
        let stored: RecordsPlan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
        assert_eq!(stored, plan);
    }
}

#[test]
fn what_stands_in_an_unread_group_is_neither_taken_out_nor_written() {
    let mut zone = zone(ZONE);
    zone.add_unread(&zone.domain.dns(), RecordType::Mx, Outcome::Timeout);
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    assert!(!active(&plan).contains(&"@ TXT".to_owned()));
    let text = render_bind(&plan, &BindOptions::default());
    assert!(text.contains("; ? - @"), "{text}");
    assert!(!text.contains("\n; - "), "nothing asks for a record to be taken out: {text}");
    assert!(active(&plan).contains(&"_dmarc TXT".to_owned()));
}

#[test]
fn a_host_of_which_half_the_addresses_are_known_stays_by_name() {
    for (host, relative) in [("mail.example.org", true), ("mx.other.example", false)] {
        let mut zone = zone("@ TXT \"v=spf1 mx -all\"\n");
        zone.add(&zone.domain.dns(), 60, ZoneData::Mx(10, DnsName::new(host)));
        zone.add(&DnsName::new(host), 60, ZoneData::Address("192.0.2.1".parse().unwrap()));
        let spf = |zone: &CurrentZone| {
            lines(&desired(&provider("fastmail"), &BTreeMap::new(), zone, &BTreeSet::new()), "SPF")[1].clone()
        };
        assert!(spf(&zone).contains(" ip4:192.0.2.1 "), "{relative}");
        zone.add_unread(&DnsName::new(host), RecordType::Aaaa, Outcome::ServFail);
        assert!(spf(&zone).contains(&format!(" a:{host} ")) && !spf(&zone).contains("ip4"), "{}", spf(&zone));
    }
}

#[test]
fn a_dmarc_alias_and_a_delegation_are_reported() {
    let plan =
        plan("fastmail", &[], "_dmarc CNAME dmarc.vendor.example.\n_domainkey NS ns41.vendor.example.\n");
    assert_eq!(lines(&plan, "DMARC"), ["= Now _dmarc CNAME dmarc.vendor.example."]);
    assert!(plan.notes.iter().any(|note| note.contains("points at dmarc.vendor.example")));
    assert!(plan.notes.iter().any(|note| note.contains("delegated to ns41.vendor.example")));
}

#[test]
fn international_domains_are_written_as_a_labels() {
    let zone = CurrentZone::new(DomainName::parse("weber-köln.example").unwrap());
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    assert!(lines(&plan, "DKIM")[0].ends_with("fm1.xn--weber-kln-67a.example.dkim.fmhosted.com."));
    assert!(lines(&plan, "DMARC")[0].contains("postmaster@xn--weber-kln-67a.example"));
}

#[test]
fn a_domain_too_long_for_the_provider_is_reported() {
    let long = format!("{0}.{0}.{0}.{1}.example", "a".repeat(63), "b".repeat(40));
    let zone = CurrentZone::new(DomainName::parse(&long).unwrap());
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    assert!(plan.notes.iter().any(|note| note.contains("too long")), "{:?}", plan.notes);
}

#[test]
fn what_must_be_asked_is_known_beforehand() {
    let domain = DomainName::parse("example.org").unwrap();
    let selectors = ["s2024".to_owned()];
    let ask = |id: &str, answers: &[(&str, &str)]| {
        let answers = answers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        questions(&domain, &provider(id), &answers, &selectors)
            .into_iter()
            .map(|question| format!("{} {}", question.name, question.record_type))
            .collect::<Vec<_>>()
    };
    let asked = ask("google-workspace", &[]);
    for expected in [
        "example.org MX",
        "example.org TXT",
        "_dmarc.example.org TXT",
        "s2024._domainkey.example.org TXT",
        "google._domainkey.example.org TXT",
    ] {
        assert!(asked.iter().any(|question| question == expected), "{expected}: {asked:?}");
    }
    let asked = ask("google-workspace", &[("dkim_selector", "g2")]);
    assert!(asked.contains(&"g2._domainkey.example.org CNAME".to_owned()), "{asked:?}");
}

#[test]
fn a_zone_covers_what_was_asked_and_nothing_else() {
    let none = BTreeMap::new();
    let ask = |id: &str, answers: &BTreeMap<String, String>, selectors: &[String]| {
        questions(&zone("").domain, &provider(id), answers, selectors)
    };
    let asked = ask("google-workspace", &none, &[]);
    let mut read = zone("");
    assert!(!read.covers(&asked) && read.covers(&[]));
    for question in &asked {
        assert!(!read.covers(&asked));
        let question = DnsQuestion::new(question.name.clone(), question.record_type);
        read.take(DnsAnswer::empty(question, Outcome::NoData));
    }
    read.add_unread(&read.domain.dns(), RecordType::Txt, Outcome::Timeout);
    assert!(read.covers(&asked));
    let selector = BTreeMap::from([("dkim_selector".to_owned(), "g2".to_owned())]);
    for other in [
        ask("fastmail", &none, &[]),
        ask("google-workspace", &selector, &[]),
        ask("google-workspace", &none, &["s2024".to_owned()]),
    ] {
        assert!(!read.covers(&other));
    }
    let whole = zone(ZONE);
    assert!(whole.covers(&asked), "a zone file answers every question");
    assert_eq!(whole.read_at, None);

    let mut saved = serde_json::to_value(&read).unwrap();
    assert_eq!(serde_json::from_value::<CurrentZone>(saved.clone()).unwrap(), read);
    for later in ["read_at", "asked", "is_whole"] {
        saved.as_object_mut().unwrap().remove(later);
    }
    let saved: CurrentZone = serde_json::from_value(saved).unwrap();
    assert!(!saved.covers(&asked) && saved.read_at.is_none(), "saved by an earlier version");
}

#[test]
fn measured_lookups_are_counted_to_the_end() {
    let node = |depth, term: &str, with_children| SpfTreeNode {
        depth,
        term: term.to_owned(),
        lookups: 1,
        lookups_with_children: with_children,
        running_total: 0,
        is_void: false,
        voids_with_children: 0,
        is_read: true,
        note: String::new(),
    };
    let mut zone = zone("@ TXT \"v=spf1 include:A.example include:b.example -all\"\n");
    let tree =
        [node(0, "include:A.example", 7), node(1, "include:c.example", 6), node(0, "include:b.example", 5)];
    zone.measure_spf(&tree);
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    assert!(plan.notes.iter().any(|note| note.contains("at least 13 lookups")), "{:?}", plan.notes);
}

fn spf_term() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "mx",
        "+mx",
        "-a:x.example",
        "ip4:192.0.2.1",
        "ip4:bad",
        "include:a.example",
        "?include:b.example",
        "redirect=c.example",
        "exp=e",
        "-all",
        "+all",
        "~all",
        "ptr",
        "exists:%{i}.x.example",
        "a/24//64",
        "mx:",
        "ip6:2001:db8::/32",
        "nonsense",
        "a:\u{e4}.example",
        "=\"",
    ])
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    /// Whatever stands in the zone: the plan has one SPF record at most, and its zone text reads back.
    #[test]
    fn any_zone_gives_a_plan_that_reads_back(
        spf in prop::collection::vec(prop::collection::vec(spf_term(), 0..8), 0..3),
        other in "(?s).{0,80}",
        provider_index in 0_usize..6,
    ) {
        let mut zone = zone("");
        for terms in &spf {
            let text = format!("v=spf1 {}", terms.join(" "));
            zone.add(&zone.domain.dns(), 60, ZoneData::Txt(text.into_bytes()));
        }
        zone.add(&zone.domain.dns(), 60, ZoneData::Mx(10, DnsName::new("mail.example.org")));
        zone.add(&zone.domain.below("_dmarc"), 60, ZoneData::Txt(other.clone().into_bytes()));
        zone.add(&zone.domain.below("x._domainkey"), 60, ZoneData::Txt(other.clone().into_bytes()));
        let catalogue = Catalogue::embedded();
        let provider = &catalogue.providers()[provider_index];
        let answers = provider.answers.iter().map(|answer| (answer.name.clone(), other.clone())).collect();
        let plan = desired(provider, &answers, &zone, &BTreeSet::new());
        for through in [SwitchStage::Now, SwitchStage::AtTheSwitch, SwitchStage::Later] {
            let text = render_bind(&plan, &BindOptions { through, made_at: None });
            let read = parse_zone_file(&format!("{text}\n@ NS ns.example.\n"), &zone.domain).unwrap();
            let records = read.texts("@").filter(|(_, text)| text.starts_with("v=spf1")).map(|(_, text)| text).collect::<Vec<_>>();
            prop_assert!(records.len() <= 1, "{}", text);
            let is_new = |record: &&String| !zone.texts("@").any(|(_, old)| old == **record);
            for record in records.iter().filter(is_new) {
                let terms = terms(record);
                prop_assert_eq!(terms.iter().filter(|term| term.kind == TermKind::All).count(), 1, "{}", record);
                prop_assert!(!terms.iter().any(|term| matches!(term.kind, TermKind::Broken(_))), "{}", record);
            }
        }
    }
}

#[test]
fn a_pasted_key_is_read_by_the_judge_of_the_audit() {
    let google = provider("google-workspace");
    let key = DkimKey::parse;
    let good = ED25519.to_owned();
    assert!(key(good.as_bytes()).is_ok());
    let line = format!("other._domainkey.example.org. 3600 IN TXT ( \"{}\" )", good.replace("k=", "\" \"k="));
    for pasted in [good.clone(), format!("\"{good}\""), good.replace("; ", ";\n "), line.clone()] {
        let read =
            check_answer(&google, "dkim_key", &pasted).unwrap_or_else(|error| panic!("{pasted}: {error}"));
        assert!(key(read.as_bytes()).is_ok(), "{read}");
    }
    let half = good.split_at(good.len() - 17).0.to_owned();
    for broken in [half, "v=DKIM1; p=".to_owned(), "https://admin.example".to_owned(), "v=DKIM1".to_owned()] {
        assert!(check_answer(&google, "dkim_key", &broken).is_err(), "{broken}");
    }
    let plan = plan("google-workspace", &[("dkim_key", &line)], "");
    assert!(plan.notes.iter().any(|note| note.contains("selector “other”")), "{:?}", plan.notes);
}

#[test]
fn a_key_line_of_another_selector_or_domain_is_refused() {
    let google = provider("google-workspace");
    let domain = DomainName::parse("example.org").unwrap();
    for (line, selector, is_right) in [
        ("v=DKIM1; p=QUJD", "", true),
        ("google._domainkey IN TXT \"v=DKIM1; p=QUJD\"", "", true),
        ("Google._DomainKey.Example.org. 3600 IN TXT \"v=DKIM1; p=QUJD\"", "", true),
        ("s7._domainkey.example.org. TXT \"v=DKIM1; p=QUJD\"", "s7", true),
        ("mail._domainkey IN TXT \"v=DKIM1; p=QUJD\"", "", false),
        ("google._domainkey IN TXT \"v=DKIM1; p=QUJD\"", "s7", false),
        ("google._domainkey.other.example. IN TXT \"v=DKIM1; p=QUJD\"", "", false),
    ] {
        let answers = [("dkim_key", line), ("dkim_selector", selector)];
        let answers = answers.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        let checked = check_key_line(&google, &domain, &answers);
        assert_eq!(checked.is_ok(), is_right, "{line}");
        if let Err((name, error)) = checked {
            assert_eq!(name, "dkim_key");
            assert!(error.to_string().contains("._domainkey.example.org"), "{error}");
        }
    }
}

#[test]
fn a_withdrawn_key_signs_nothing() {
    let text = "@ MX 10 mail\nmail A 203.0.113.47\n*._domainkey TXT \"v=DKIM1; p=\"\n";
    let plan = plan("fastmail", &[], text);
    let group = plan.groups.iter().find(|group| group.kind == GroupKind::Dkim).unwrap();
    let kept = group.lines.iter().find(|line| line.change == Change::Keep).unwrap();
    assert!(kept.reason.contains("withdrawn"), "{}", kept.reason);
    assert!(!plan.notes.iter().any(|note| note.contains("Keep the old DKIM keys")), "{:?}", plan.notes);
}
