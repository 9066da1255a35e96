use std::collections::BTreeMap;

use super::*;
use crate::providers::{Catalogue, ProviderId};
use crate::records::{BindOptions, RecordsPlan, Safety, desired, parse_zone_file, render_bind};
use crate::values::{DomainName, UnixTime, WebFile};

const HEAD: &str = "@ NS ns.example.\n@ MX 10 mail\nmail A 203.0.113.10\n\
    @ TXT \"v=spf1 mx -all\"\n_dmarc TXT \"v=DMARC1; p=reject; rua=mailto:d@d.example\"\n";

fn zone(lines: &str) -> CurrentZone {
    parse_zone_file(&format!("{HEAD}{lines}"), &DomainName::parse("d.example").unwrap()).unwrap()
}

fn policy(text: &str) -> WebFile {
    let outcome = WebOutcome::Fetched { media_type: "text/plain".to_owned(), text: text.to_owned() };
    WebFile { url: String::new(), at: UnixTime(0), duration_millis: 0, outcome }
}

fn plan(zone: &CurrentZone) -> RecordsPlan {
    let fastmail = Catalogue::embedded().get(&ProviderId("fastmail".to_owned())).unwrap().clone();
    desired(&fastmail, &BTreeMap::new(), zone, &BTreeSet::new())
}

/// `+ Now name TYPE value` of one group.
fn lines(plan: &RecordsPlan, heading: &str) -> Vec<String> {
    plan.groups
        .iter()
        .filter(|group| group.heading() == heading)
        .flat_map(|group| &group.lines)
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

const ENFORCED: &str = "version: STSv1\r\nmode: enforce\r\nmx: mail.d.example\r\nmax_age: 604800\r\n";

#[test]
fn an_enforcing_policy_with_the_old_host_stops_the_switch_until_it_names_the_new_ones() {
    let mut zone = zone("_mta-sts TXT \"v=STSv1; id=20260101\"\n");
    zone.mta_sts = Some(policy(ENFORCED));
    let held = plan(&zone);
    assert_eq!(held.judgements[1].safety(), Safety::Harmful);
    assert_eq!(held.judgements[1].refused_hosts.len(), 2);
    assert!(held.judgements[0].refused_hosts.is_empty());
    let text = render_bind(&held, &BindOptions { through: SwitchStage::AtTheSwitch, made_at: None });
    assert!(!text.lines().any(|line| line.starts_with('@') && line.contains("in1-smtp")), "{text}");
    assert_eq!(
        lines(&held, "MTA-STS"),
        [
            "- Now _mta-sts TXT v=STSv1; id=20260101",
            "+ Now _mta-sts TXT v=STSv1; id=20260101n1",
            "- Later _mta-sts TXT v=STSv1; id=20260101n1",
            "+ Later _mta-sts TXT v=STSv1; id=20260101l1",
        ]
    );
    let [now, later] = held.files.as_slice() else { panic!("{:?}", held.files) };
    let of = |file: &PlanFile| StsPolicy::parse(&file.text).unwrap();
    assert!(of(now).covers("mail.d.example") && of(now).covers("in1-smtp.messagingengine.com"));
    assert!(!of(later).covers("mail.d.example") && of(later).covers("in2-smtp.messagingengine.com"));
    assert_eq!((of(now).mode, of(now).max_age_secs), (StsMode::Enforce, 86_400));

    zone.mta_sts = Some(policy(&now.text));
    let free = plan(&zone);
    assert!(free.judgements.iter().all(|judgement| judgement.refused_hosts.is_empty()));
    let text = render_bind(&free, &BindOptions { through: SwitchStage::AtTheSwitch, made_at: None });
    assert!(text.lines().any(|line| line.starts_with('@') && line.contains("in1-smtp")), "{text}");
}

#[test]
fn a_policy_that_nobody_read_is_not_called_harmless() {
    let unread = plan(&zone("_mta-sts TXT \"v=STSv1; id=1\"\n"));
    assert_ne!(unread.judgements[1].safety(), Safety::Safe);
    assert!(unread.notes.iter().any(|note| note.contains("was not read")), "{:?}", unread.notes);
    assert_eq!(lines(&unread, "MTA-STS"), ["= Now _mta-sts TXT v=STSv1; id=1"]);
    let mut testing = zone("_mta-sts TXT \"v=STSv1; id=1\"\n");
    testing.mta_sts = Some(policy("version: STSv1\nmode: testing\nmx: mail.d.example\nmax_age: 60\n"));
    assert!(plan(&testing).judgements[1].refused_hosts.is_empty());
}

#[test]
fn what_the_old_server_leaves_is_named() {
    let plan = plan(&zone(
        "_25._tcp.mail TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n\
         _imaps._tcp SRV 0 1 993 mail\n_submission._tcp SRV 0 1 587 mail\n_imap._tcp SRV 0 0 0 .\n\
         _sip._tcp SRV 0 1 5060 sip.example.\nautoconfig CNAME mail\n\
         lists MX 10 mail\n* MX 10 mail\nshop MX 10 shop.example.\n",
    ));
    assert_eq!(
        lines(&plan, "DANE"),
        ["- Later _25._tcp.mail TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"]
    );
    let programs = lines(&plan, "Mail programs");
    for expected in [
        "- AtTheSwitch _imaps._tcp SRV 0 1 993 mail.d.example.",
        "+ AtTheSwitch _imaps._tcp SRV 0 1 993 imap.fastmail.com.",
        "- AtTheSwitch _submission._tcp SRV 0 1 587 mail.d.example.",
        "- AtTheSwitch autoconfig CNAME mail.d.example.",
    ] {
        assert!(programs.iter().any(|line| line == expected), "{expected}: {programs:#?}");
    }
    assert!(!programs.iter().any(|line| line.contains("_imap._tcp")), "a service that is not offered stays");
    assert!(!programs.iter().any(|line| line.contains("_sip")), "what belongs to others is not touched");
    let others = lines(&plan, "Other names");
    assert_eq!(others.len(), 3, "{others:?}");
    for words in ["lists.d.example goes to your old server", "“*.d.example” sends mail"] {
        assert!(plan.notes.iter().any(|note| note.contains(words)), "{words}: {:?}", plan.notes);
    }
    assert!(!plan.notes.iter().any(|note| note.contains("shop.d.example")));
}

#[test]
fn a_delegation_of_the_keys_goes_with_the_switch() {
    let plan = plan(&zone("_domainkey NS keys.example.\n"));
    let keys = lines(&plan, "DKIM");
    assert!(keys.contains(&"- AtTheSwitch _domainkey NS keys.example.".to_owned()), "{keys:?}");
    assert!(
        keys.iter().filter(|line| line.starts_with('+')).all(|line| line.contains("AtTheSwitch")),
        "{keys:?}"
    );
}

#[test]
fn a_service_at_another_host_of_the_domain_is_for_the_owner_to_judge() {
    let plan = plan(&zone("imap A 203.0.113.99\n_imaps._tcp SRV 0 1 993 imap\n"));
    assert!(!lines(&plan, "Mail programs").iter().any(|line| line.contains("_imaps")));
    assert!(
        plan.notes.iter().any(|note| note.contains("“_imaps._tcp” sends mail programs to imap.d.example"))
    );
}
