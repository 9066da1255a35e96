use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::providers::{Catalogue, Provider, ProviderId};
use crate::records::{BindOptions, desired, open_questions, parse_zone_file, render_bind, stage_words};
use crate::values::{DnsAnswer, DnsQuestion, DomainName, Outcome, RecordData, RecordType, TxtStrings};

/// The zone of a domain whose old server is 203.0.113.10.
const HEAD: &str = "@ NS ns.example.\n@ MX 10 mail\nmail A 203.0.113.10\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:d@d.example\"\n";

fn fastmail() -> Provider {
    Catalogue::embedded().get(&ProviderId("fastmail".to_owned())).unwrap().clone()
}

fn txt(name: &str, text: &str) -> DnsAnswer {
    DnsAnswer {
        records: vec![RecordData::Txt(TxtStrings::new(vec![text.as_bytes().to_vec()]))],
        ..DnsAnswer::empty(DnsQuestion::new(DnsName::new(name), RecordType::Txt), Outcome::Answer)
    }
}

fn empty(name: &str, record_type: RecordType) -> DnsAnswer {
    DnsAnswer::empty(DnsQuestion::new(DnsName::new(name), record_type), Outcome::NxDomain)
}

/// A whole zone, and what the names elsewhere say that its records lead to.
fn zone(lines: &str) -> CurrentZone {
    let domain = DomainName::parse("d.example").unwrap();
    let mut zone = parse_zone_file(&format!("{HEAD}{lines}"), &domain).unwrap();
    for answer in [
        txt("spf.messagingengine.com", "v=spf1 ip4:103.168.172.128/27 ip4:202.12.124.128/27 ?all"),
        txt("servers.mcsv.net", "v=spf1 ip4:205.201.128.0/20 ip4:198.2.128.0/18 ?all"),
        txt(
            "expensive.example",
            "v=spf1 a:a.example a:b.example a:c.example a:d2.example a:e.example ip4:198.51.100.9 -all",
        ),
        txt("more.example", "v=spf1 a:a.example a:b.example a:c.example ip4:198.51.100.10 -all"),
        empty("gone.example", RecordType::Txt),
        empty("a.example", RecordType::Txt),
        txt("_dmarc.example", "unrelated"),
        empty("_dmarc.example", RecordType::Txt),
    ] {
        zone.answers.insert(answer);
    }
    for host in [
        "a.example",
        "b.example",
        "c.example",
        "d2.example",
        "e.example",
        "in1-smtp.messagingengine.com",
        "in2-smtp.messagingengine.com",
    ] {
        for record_type in [RecordType::A, RecordType::Aaaa] {
            let question = DnsQuestion::new(DnsName::new(host), record_type);
            let outcome = if record_type == RecordType::A { Outcome::Answer } else { Outcome::NoData };
            let records = if record_type == RecordType::A {
                vec![RecordData::A([192, 0, 2, 200].into())]
            } else {
                Vec::new()
            };
            zone.answers.insert(DnsAnswer { records, ..DnsAnswer::empty(question, outcome) });
        }
    }
    zone
}

fn plan_of(zone: &CurrentZone) -> RecordsPlan {
    desired(&fastmail(), &BTreeMap::new(), zone, &BTreeSet::new())
}

/// The SPF record that a stage leaves in the zone, as the zone text of the stage has it.
fn spf_after(plan: &RecordsPlan, stage: SwitchStage) -> Vec<String> {
    let text = render_bind(plan, &BindOptions { through: stage, made_at: None });
    let zone = parse_zone_file(&format!("{text}\n@ NS ns.example.\n"), &plan.domain).unwrap();
    zone.texts("@").map(|(_, text)| text).filter(|text| text.to_lowercase().contains("v=spf1")).collect()
}

fn safeties(plan: &RecordsPlan) -> Vec<Safety> {
    plan.judgements.iter().map(StageJudgement::safety).collect()
}

/// Every record that is published passes the audit's own reader, and nobody who sends today is worse off by it.
fn assert_harmless(lines: &str) -> RecordsPlan {
    let plan = plan_of(&zone(lines));
    assert_eq!(safeties(&plan), [Safety::Safe; 3], "{lines}: {:#?}", plan.judgements);
    for stage in SwitchStage::ALL {
        let records = spf_after(&plan, stage);
        assert_eq!(records.len(), 1, "{lines}: {records:?}");
        crate::audit::spf::SpfRecord::parse(records[0].as_bytes()).unwrap();
    }
    plan
}

#[test]
fn terms_that_the_evaluator_calls_errors_are_named_and_never_copied() {
    for (term, instead) in [
        ("a:203.0.113.10", Some("ip4:203.0.113.10")),
        ("include:servers.mcsv.net,", Some("include:servers.mcsv.net")),
        ("a/33", None),
        ("include:localhost", None),
        ("foo=%zz", None),
        ("include:gone.example", None),
        ("include:d.example", None),
        ("ip4:0.0.0.0/0", None),
        ("ip6:::/0", None),
        ("ipv4:198.51.100.7", Some("ip4:198.51.100.7")),
        ("ip4:198.51.100.7/40", None),
        ("exp=a.example exp=b.example", None),
    ] {
        let plan = assert_harmless(&format!("@ TXT \"v=spf1 {term} -all\"\n"));
        let left = plan.left_out.first().unwrap_or_else(|| panic!("{term} is not named"));
        assert!(term.contains(&left.term), "{left:?}");
        assert_eq!(left.instead.as_deref(), instead, "{term}");
        assert!(plan.notes.iter().any(|note| note.contains(&format!("“{}” is not copied", left.term))));
        for stage in SwitchStage::ALL {
            let record = &spf_after(&plan, stage)[0];
            let is_there = record.split(' ').any(|word| word == left.term);
            assert!(!is_there || left.term.starts_with("exp="), "{record}");
        }
    }
}

#[test]
fn the_old_server_keeps_its_right_where_no_record_named_it() {
    for lines in [
        "",
        "@ TXT \" v=spf1 mx -all\"\n",
        "@ TXT \"v=spf1 +all\"\n",
        "@ TXT \"v=spf1 ?all\"\n",
        "@ TXT \"v=spf1 mx:d.example -all\"\n",
        "@ TXT \"v=spf1 redirect=_spf.d.example\"\n_spf TXT \"v=spf1 mx:d.example include:servers.mcsv.net -all\"\n",
    ] {
        let plan = assert_harmless(lines);
        let now = &spf_after(&plan, SwitchStage::Now)[0];
        assert!(now.contains("ip4:203.0.113.10"), "{lines}: {now}");
        let later = &spf_after(&plan, SwitchStage::Later)[0];
        assert!(!later.contains("203.0.113.10"), "{lines}: {later}");
    }
}

#[test]
fn the_old_server_keeps_its_right_where_the_record_of_today_is_broken() {
    for text in [
        "v=spf1 mx, -all",
        "v=spf1 mxinclude:servers.mcsv.net -all",
        "v=spf1 \\226\\128\\147all",
        "v=spf1 redirect=_round.d.example",
        "v=spf1 include:gone.example -all",
    ] {
        let lines = format!(
            "@ TXT \"{text}\"\n_round TXT \"v=spf1 redirect=_back.d.example\"\n_back TXT \"v=spf1 redirect=_round.d.example\"\n"
        );
        let plan = assert_harmless(&lines);
        assert!(spf_after(&plan, SwitchStage::Now)[0].contains("ip4:203.0.113.10"), "{text}");
        let of_server = plan.judgements[0].senders.iter();
        let of_server = of_server.filter(|sender| matches!(sender.role, SenderRole::OldServer(_)));
        let results: Vec<_> = of_server.map(|sender| (sender.before, sender.after)).collect();
        assert_eq!(results, [(SpfResult::PermError, SpfResult::Pass)], "{text}");
    }
}

#[test]
fn what_lets_everybody_send_is_named_wherever_it_stands() {
    for (lines, term) in [
        ("@ TXT \"v=spf1 mx ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all\"\n", "ip4:0.0.0.0/1"),
        ("@ TXT \"v=spf1 mx ip4:128.0.0.0/1 -all\"\n", "ip4:128.0.0.0/1"),
        ("@ TXT \"v=spf1 mx ip6:2000::/3 -all\"\n", "ip6:2000::/3"),
        ("@ TXT \"v=spf1 mx/0 -all\"\n", "mx/0"),
        ("@ TXT \"v=spf1 a:mail.d.example/4 -all\"\n", "a:mail.d.example/4"),
        ("@ TXT \"v=spf1 mx exists:mail.d.example -all\"\n", "exists:mail.d.example"),
        (
            "@ TXT \"v=spf1 mx redirect=_open.d.example\"\n_open TXT \"v=spf1 ip4:198.51.100.9 +all\"\n",
            "redirect=_open.d.example",
        ),
        (
            "@ TXT \"v=spf1 include:_open.d.example -all\"\n_open TXT \"v=spf1 ip4:203.0.113.10 ip4:0.0.0.0/2 -all\"\n",
            "include:_open.d.example",
        ),
    ] {
        let plan = assert_harmless(lines);
        assert!(plan.left_out.iter().any(|left| left.term == term), "{lines}: {:?}", plan.left_out);
        for stage in SwitchStage::ALL {
            let record = &spf_after(&plan, stage)[0];
            for strange in ["0.0.0.", "128.0.0.", "ip6::", "2000::", term] {
                assert!(!record.contains(strange), "{record}");
            }
            assert_eq!(record.contains("ip4:203.0.113.10"), stage < SwitchStage::Later, "{record}");
        }
    }
}

#[test]
fn a_redirect_to_a_strict_end_stays_strict() {
    let plan = assert_harmless(
        "@ TXT \"v=spf1 redirect=_spf.d.example\"\n_spf TXT \"v=spf1 ip4:203.0.113.10 -all\"\n",
    );
    assert!(spf_after(&plan, SwitchStage::Now)[0].ends_with(" -all"));
}

#[test]
fn a_web_site_below_the_domain_is_a_sender_of_its_own() {
    let plan = assert_harmless("@ A 198.51.100.80\n@ TXT \"v=spf1 a mx -all\"\n");
    assert!(plan.senders.iter().any(|sender| sender.term == "a" && sender.is_kept), "{:?}", plan.senders);
    let later = &spf_after(&plan, SwitchStage::Later)[0];
    assert_eq!(later, "v=spf1 include:spf.messagingengine.com a -all");
    let judged = plan.judgement(SwitchStage::Later).unwrap();
    let site =
        judged.senders.iter().find(|sender| sender.address == IpAddr::from([198, 51, 100, 80])).unwrap();
    assert_eq!((site.before, site.after), (SpfResult::Pass, SpfResult::Pass));
}

#[test]
fn one_lookup_too_many_makes_the_stage_wait() {
    let plan = plan_of(&zone(
        "@ TXT \"v=spf1 ip4:203.0.113.10 include:expensive.example include:more.example -all\"\n",
    ));
    assert_eq!(safeties(&plan), [Safety::Harmful; 3]);
    assert!(plan.is_harmful());
    let judged = plan.judgement(SwitchStage::Now).unwrap();
    assert!(judged.worse().all(|sender| sender.role == SenderRole::Term("include:more.example".to_owned())));
    assert!(judged.worse().any(|sender| sender.after == SpfResult::PermError));
    let words = stage_words(judged);
    assert!(
        words.starts_with("Now: wait.") && words.contains("permerror") && !words.contains("safe"),
        "{words}"
    );
    // The zone text leaves the record of today, and the old hosts, in force.
    for stage in SwitchStage::ALL {
        assert_eq!(
            spf_after(&plan, stage),
            ["v=spf1 ip4:203.0.113.10 include:expensive.example include:more.example -all"],
            "{stage:?}"
        );
        let text = render_bind(&plan, &BindOptions { through: stage, made_at: None });
        assert!(!text.lines().any(|line| !line.starts_with(';') && line.contains("in1-smtp")), "{text}");
        assert!(!text.contains("safe"), "{text}");
    }
    let dropped = BTreeSet::from(["include:more.example".to_owned()]);
    let plan = desired(
        &fastmail(),
        &BTreeMap::new(),
        &zone("@ TXT \"v=spf1 ip4:203.0.113.10 include:expensive.example include:more.example -all\"\n"),
        &dropped,
    );
    assert_eq!(safeties(&plan), [Safety::Safe; 3], "{:#?}", plan.judgements);
}

#[test]
fn a_record_over_the_limit_is_not_safe_because_that_of_today_is_broken_too() {
    // Eleven lookups with the provider, or a term that nobody can read: receivers answer permerror before and after.
    let many = (0..10).map(|number| format!("a:h{number}.d.example ")).collect::<Vec<_>>().concat();
    let hosts =
        (0..10).map(|number| format!("h{number} A 203.0.113.{}\n", 20 + number)).collect::<Vec<_>>().concat();
    for today in
        [format!("v=spf1 {many}include:more.example -all"), format!("v=spf1 {many}include:gone.example -all")]
    {
        let plan = plan_of(&zone(&format!("@ TXT \"{today}\"\n{hosts}")));
        let judged = plan.judgement(SwitchStage::Now).unwrap();
        assert_eq!(judged.safety(), Safety::Harmful, "{:#?}", plan.judgements);
        assert!(!judged.broken_spf.is_empty(), "{judged:?}");
        let words = stage_words(judged);
        assert!(words.starts_with("Now: wait.") && words.contains("permerror"), "{words}");
        assert_eq!(
            spf_after(&plan, SwitchStage::Now),
            [today],
            "the broken record is not replaced by another one"
        );
    }
}

#[test]
fn what_cannot_be_measured_is_not_called_safe() {
    let mut zone = zone("@ TXT \"v=spf1 mx include:nobody-asked.example -all\"\n");
    let plan = plan_of(&zone);
    assert_eq!(safeties(&plan), [Safety::Unproven; 3]);
    assert!(stage_words(&plan.judgements[0]).contains("not proven"));
    zone.answers.insert(DnsAnswer::empty(
        DnsQuestion::new(DnsName::new("nobody-asked.example"), RecordType::Txt),
        Outcome::ServFail,
    ));
    assert_eq!(safeties(&plan_of(&zone)), [Safety::Unproven; 3]);
}

#[test]
fn a_policy_of_the_domain_above_is_not_weakened() {
    let domain = DomainName::parse("team.d.example").unwrap();
    let mut zone = parse_zone_file("@ NS ns.example.\n@ MX 10 mail\nmail A 203.0.113.10\n", &domain).unwrap();
    zone.answers = self::zone("").answers;
    zone.answers.insert(txt("_dmarc.d.example", "v=DMARC1; p=reject; sp=reject"));
    let plan = plan_of(&zone);
    let change = plan.judgements[0].dmarc.unwrap();
    assert_eq!((change.before, change.after), (Some(Policy::Reject), Some(Policy::Reject)));
    let dmarc = plan.groups.iter().find(|group| group.kind == GroupKind::Dmarc).unwrap();
    assert!(dmarc.lines[0].value.starts_with("v=DMARC1; p=reject"), "{:?}", dmarc.lines);
}

fn term() -> impl Strategy<Value = String> {
    let valid = prop::sample::select(vec![
        "a",
        "mx",
        "mx:d.example",
        "a:mail.d.example",
        "ip4:203.0.113.10",
        "ip4:203.0.113.0/24",
        "ip4:198.51.100.80",
        "include:servers.mcsv.net",
        "include:expensive.example",
        "include:_spf.d.example",
        "exists:%{i}._e.d.example",
        "ptr",
        "?ip4:198.51.100.81",
        "-ip4:198.51.100.82",
        "~mx",
        "a/28",
        "ip6:2001:db8::10",
    ])
    .prop_map(str::to_owned);
    let broken = prop::sample::select(vec![
        "a:203.0.113.10",
        "include:servers.mcsv.net,",
        "a/33",
        "include:localhost",
        "foo=%zz",
        "include:gone.example",
        "include:d.example",
        "ip4:0.0.0.0/0",
        "mx:",
        "all:x",
        "=",
        "redirect=",
        "include:",
    ])
    .prop_map(str::to_owned);
    prop_oneof![3 => valid, 1 => broken]
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(500))]

    /// Whatever record stands in the zone: what a stage publishes parses, the provider passes, and nobody who sends today is
    /// worse off, or the stage waits and leaves the record of today in force.
    #[test]
    fn no_record_makes_a_stage_that_does_harm(
        terms in prop::collection::vec(term(), 0..9),
        end in prop::sample::select(vec!["-all", "~all", "?all", "+all", "", "redirect=_spf.d.example"]),
        lead in prop::sample::select(vec!["v=spf1 ", " v=spf1 ", "V=SPF1 ", "v=spf1; "]),
    ) {
        let record = format!("{lead}{} {end}", terms.join(" "));
        let zone = zone(&format!(
            "@ A 198.51.100.80\n_spf TXT \"v=spf1 ip4:198.51.100.90 mx:d.example -all\"\n@ TXT \"{record}\"\n"
        ));
        let plan = plan_of(&zone);
        for judgement in &plan.judgements {
            let published = spf_after(&plan, judgement.stage);
            prop_assert_eq!(published.len(), 1, "{:?}", published);
            let is_waiting =
                plan.judgements.iter().any(|other| other.stage <= judgement.stage && other.safety() == Safety::Harmful);
            if is_waiting {
                let is_of_today = published[0].trim() == record.trim();
                prop_assert!(is_of_today || plan.judgements[0].safety() != Safety::Harmful, "{}", published[0]);
                continue;
            }
            prop_assert!(crate::audit::spf::SpfRecord::parse(published[0].as_bytes()).is_ok(), "{}", published[0]);
            prop_assert!(judgement.worse().next().is_none());
            prop_assert!(
                judgement.safety() == Safety::Unproven
                    || judgement.senders.iter().any(|sender| sender.role == SenderRole::Provider && sender.after == SpfResult::Pass),
                "{:?}", judgement
            );
        }
    }
}

/// Records of whole zones: several mail hosts, SPF of all kinds and none, policies, aliases, delegations, wildcards.
const LINES: [&str; 18] = [
    "@ MX 20 backup.example.",
    "@ A 198.51.100.80",
    "mail AAAA 2001:db8::10",
    "@ TXT \"v=spf1 mx -all\"",
    "@ TXT \"v=spf1 a mx ip4:198.51.100.7 include:servers.mcsv.net ~all\"",
    "@ TXT \"v=spf1 redirect=_spf.d.example\"",
    "_spf TXT \"v=spf1 ip4:198.51.100.90 mx:d.example -all\"",
    "@ TXT \" v=spf1 a:mail.d.example -all\"",
    "@ TXT \"v=spf1 a/33 include:localhost foo=%zz -all\"",
    "@ TXT \"v=spf1 ip4:0.0.0.0/0 ?all\"",
    "@ TXT \"site-verification=1\"",
    "_dmarc TXT \"v=DMARC1; p=none\"",
    "s1._domainkey CNAME s1.nordhafen.example.",
    "_domainkey NS ns1.nordhafen.example.",
    "* MX 10 mail",
    "autodiscover CNAME mail",
    "_imaps._tcp SRV 0 1 993 mail",
    "_25._tcp.mail TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000",
];

/// The zone with answers to everything that the plan for this provider leads to: texts allow one network, hosts have an
/// address in it, and nothing else exists.
fn answered(provider: &Provider, typed: &BTreeMap<String, String>, mut zone: CurrentZone) -> CurrentZone {
    for _ in 0..20 {
        let open = open_questions(provider, typed, &zone);
        if open.is_empty() {
            break;
        }
        for question in open {
            let name = question.name.as_str();
            zone.answers.insert(match question.record_type {
                RecordType::Txt if !name.starts_with("_dmarc.") => {
                    txt(name, "v=spf1 ip4:203.0.113.192/28 -all")
                }
                RecordType::A => DnsAnswer {
                    records: vec![RecordData::A([203, 0, 113, 193].into())],
                    ..DnsAnswer::empty(question.clone(), Outcome::Answer)
                },
                record_type => empty(name, record_type),
            });
        }
    }
    zone
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(500))]

    /// The same for whole zones and every provider: what a stage publishes parses, the provider passes where its terms are
    /// known, and nobody who sends today is worse off before the last stage, or the stage waits and says so.
    #[test]
    fn no_zone_and_no_provider_make_a_stage_that_does_harm(
        chosen in prop::collection::btree_set(0..LINES.len(), 0..9),
        provider in 0..60_usize,
    ) {
        let catalogue = Catalogue::embedded();
        let takers: Vec<&Provider> =
            catalogue.providers().iter().filter(|provider| provider.no_copy.is_none()).collect();
        let provider = takers[provider % takers.len()];
        let typed: BTreeMap<String, String> = provider
            .answers
            .iter()
            .filter(|answer| !answer.name.starts_with("dkim"))
            .map(|answer| (answer.name.clone(), answer.example.clone()))
            .collect();
        let lines: Vec<&str> = chosen.iter().map(|index| LINES[*index]).collect();
        let zone = answered(provider, &typed, zone(&format!("{}\n", lines.join("\n"))));
        let plan = desired(provider, &typed, &zone, &BTreeSet::new());
        prop_assert_eq!(plan.judgements.len(), 3);
        for judgement in &plan.judgements {
            let published = spf_after(&plan, judgement.stage);
            let is_waiting =
                plan.judgements.iter().any(|other| other.stage <= judgement.stage && other.safety() == Safety::Harmful);
            if is_waiting {
                continue;
            }
            prop_assert!(judgement.worse().next().is_none(), "{}: {:?}", provider.id, judgement);
            prop_assert!(!judgement.is_dmarc_weaker(), "{}: {:?}", provider.id, judgement);
            if provider.spf_mechanisms.is_empty() {
                continue;
            }
            prop_assert_eq!(published.len(), 1, "{}: {:?}", provider.id, published);
            prop_assert!(crate::audit::spf::SpfRecord::parse(published[0].as_bytes()).is_ok(), "{}", published[0]);
            prop_assert!(
                judgement.safety() == Safety::Unproven
                    || judgement.senders.iter().any(|sender| sender.role == SenderRole::Provider && sender.after == SpfResult::Pass),
                "{}: {:?}", provider.id, judgement
            );
        }
    }
}

#[test]
fn what_was_seen_is_tried_against_the_plan() {
    let mut zone = zone("@ TXT \"v=spf1 ip4:203.0.113.10 ip4:198.51.100.7 -all\"\n");
    let scanner: IpAddr = "198.51.100.7".parse().unwrap();
    let forger: IpAddr = "192.0.2.66".parse().unwrap();
    zone.seen.insert(scanner, SeenSender { messages: 12, dkim: 2 });
    zone.seen.insert(forger, SeenSender { messages: 400, dkim: 0 });
    zone.seen.insert("203.0.113.10".parse().unwrap(), SeenSender { messages: 4000, dkim: 4000 });
    let plan = plan_of(&zone);
    assert_eq!(safeties(&plan), [Safety::Safe; 3], "{:#?}", plan.judgements);
    let run = crate::records::dry_run(&plan.judgements[2]).unwrap();
    assert_eq!((run.messages, run.pass, run.lost), (412, 12, Vec::new()), "the old server is given up");

    let dropped = BTreeSet::from(["ip4:198.51.100.7".to_owned()]);
    let plan = desired(&fastmail(), &BTreeMap::new(), &zone, &dropped);
    let judged = &plan.judgements[0];
    assert_eq!(judged.safety(), Safety::Safe, "the owner has dropped it, and is told what that costs");
    let words = crate::records::dry_run_words(judged).unwrap();
    assert!(words.contains("12 messages from 198.51.100.7 would get “fail”; 10 would fail DMARC"), "{words}");
}

#[test]
fn a_wildcard_is_no_record_of_its_own() {
    let mut zone = CurrentZone::new(DomainName::parse("d.example").unwrap());
    let alias = |name: &str| DnsAnswer {
        aliases: vec![DnsName::new("d.example")],
        ..DnsAnswer::empty(DnsQuestion::new(DnsName::new(name), RecordType::Txt), Outcome::NoData)
    };
    for name in ["_dmarc.d.example", "_mta-sts.d.example", "nobody.d.example"] {
        zone.take(alias(name));
    }
    zone.fold_wildcards("nobody");
    let shown: Vec<String> =
        zone.records.iter().map(|record| format!("{} {}", record.name, record.data.shown())).collect();
    assert_eq!(shown, ["* d.example."]);
    let plan = plan_of(&zone);
    let dmarc = plan.groups.iter().find(|group| group.kind == GroupKind::Dmarc).unwrap();
    assert!(dmarc.lines.iter().all(|line| line.record_type == "TXT"), "{:?}", dmarc.lines);
    assert!(dmarc.lines.iter().any(|line| line.change == Change::Add));
}
