//! The zone as it is read for the records: what was asked, what got no answer, and when.

use std::collections::{BTreeMap, BTreeSet};

use mailferry::audit::spf::SpfResult;
use mailferry::dns::Resolver;
use mailferry::providers::{Catalogue, Provider, ProviderId};
use mailferry::records::{
    BindOptions, CurrentZone, GroupKind, SwitchStage, desired, parse_zone_file, questions, render_bind,
};
use mailferry::rehearsal::{DnsServer, Zones};
use mailferry::survey::{SurveyError, ZoneReading, current_zone};
use mailferry::values::{DomainName, UnixTime};
use tokio_util::sync::CancellationToken;

const ZONE: &str = "
@ 60 SOA ns hostmaster 1 2 3 4 60
@ 60 NS ns
@ 60 MX 10 mail
@ 60 TXT \"v=spf1 mx -all\"
mail 60 A 192.0.2.1
ns 60 A 192.0.2.2
";

fn provider(id: &str) -> Provider {
    Catalogue::embedded().get(&ProviderId(id.to_owned())).unwrap().clone()
}

fn reading<'a>(
    domain: &'a DomainName,
    provider: &'a Provider,
    answers: &'a BTreeMap<String, String>,
) -> ZoneReading<'a> {
    ZoneReading {
        domain,
        provider,
        answers,
        selectors: &[],
        probe_label: "nobody-has-published-this",
        audit: None,
        is_fresh: false,
        at: UnixTime(77),
    }
}

/// Reads the zone of example.org while every question about the broken names ends in SERVFAIL.
async fn read(broken: &[&str]) -> CurrentZone {
    let domain = DomainName::parse("example.org").unwrap();
    let mut zones = Zones::practice().unwrap();
    zones.add("example.org", ZONE).unwrap();
    for name in broken {
        zones.break_name(&domain.below(name)).unwrap();
    }
    let server = DnsServer::bind(zones).await.unwrap();
    let resolver = Resolver::parse(&server.address().to_string()).await.unwrap();
    let cancel = CancellationToken::new();
    let work = async {
        let none = BTreeMap::new();
        let zone = current_zone(&reading(&domain, &provider("fastmail"), &none), &resolver).await;
        cancel.cancel();
        zone.unwrap()
    };
    tokio::join!(work, server.serve(cancel.clone())).0
}

#[tokio::test]
async fn a_domain_that_does_not_exist_has_no_zone() {
    let domain = DomainName::parse("nobody-has-this.example.org").unwrap();
    let mut zones = Zones::practice().unwrap();
    zones.add("example.org", ZONE).unwrap();
    let server = DnsServer::bind(zones).await.unwrap();
    let resolver = Resolver::parse(&server.address().to_string()).await.unwrap();
    let cancel = CancellationToken::new();
    let work = async {
        let none = BTreeMap::new();
        let zone = current_zone(&reading(&domain, &provider("fastmail"), &none), &resolver).await;
        cancel.cancel();
        zone
    };
    let (read, _ended) = tokio::join!(work, server.serve(cancel.clone()));
    assert!(matches!(read, Err(SurveyError::NoSuchDomain(missing)) if missing == domain));
}

#[tokio::test]
async fn the_zone_brings_what_the_judge_needs() {
    let zone = read(&[]).await;
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    let old =
        plan.judgements[0].senders.iter().find(|sender| sender.address.to_string() == "192.0.2.1").unwrap();
    assert_eq!((old.before, old.after), (SpfResult::Pass, SpfResult::Pass));
    assert!(mailferry::records::open_questions(&provider("fastmail"), &BTreeMap::new(), &zone).is_empty());
}

#[tokio::test]
async fn a_zone_remembers_when_it_was_read_and_what_was_asked() {
    let zone = read(&[]).await;
    assert_eq!(zone.read_at, Some(UnixTime(77)));
    assert_eq!(zone.unread, []);
    let ask = |id: &str| questions(&zone.domain, &provider(id), &BTreeMap::new(), &[]);
    assert!(zone.covers(&ask("fastmail")));
    assert!(!zone.covers(&ask("microsoft365")), "other names are needed there");
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    assert!(plan.is_complete(), "{:?}", plan.unread);
}

#[tokio::test]
async fn what_got_no_answer_was_asked_all_the_same_and_is_not_written() {
    let zone = read(&["_dmarc", "fm1._domainkey"]).await;
    assert!(zone.covers(&questions(&zone.domain, &provider("fastmail"), &BTreeMap::new(), &[])));
    let plan = desired(&provider("fastmail"), &BTreeMap::new(), &zone, &BTreeSet::new());
    assert_eq!(plan.unread.keys().copied().collect::<Vec<_>>(), [GroupKind::Dkim, GroupKind::Dmarc]);
    let text = render_bind(&plan, &BindOptions { through: SwitchStage::AtTheSwitch, made_at: None });
    let written = parse_zone_file(&text, &zone.domain).unwrap();
    assert!(written.records.iter().all(|record| record.name == "@"), "{text}");
    assert!(written.records.len() >= 3, "MX and SPF are known: {text}");
}
