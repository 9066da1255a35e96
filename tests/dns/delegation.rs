//! The picture of a zone from real servers: a zone above and zones below it that disagree, are signed, or are signed badly.
//! `named` answers for the zones, and two `unbound` check signatures.

use std::net::{Ipv4Addr, SocketAddr};

use mailferry::audit::{AuditReport, Facts, Finding, Status, judge};
use mailferry::dns::Resolver;
use mailferry::survey::{SurveyOptions, run};
use mailferry::values::{Asked, DnsName, DnsQuestion, DomainName, Outcome, RecordType};
use mailferry_test_support::clients::signzone::signed;
use mailferry_test_support::fakes::dns_relay::DnsRelay;
use mailferry_test_support::programs::free_port;
use mailferry_test_support::servers::named::Named;
use mailferry_test_support::servers::unbound::Unbound;
use tokio_util::sync::CancellationToken;

const FIRST: Ipv4Addr = Ipv4Addr::LOCALHOST;
const SECOND: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 5);
const ABOVE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const ONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 4);

/// Long ago, and long ahead of every clock that runs these tests.
const GOOD: (&str, &str) = ("20200101000000", "20380101000000");
const OVER: (&str, &str) = ("20200101000000", "20200201000000");

struct Net {
    port: u16,
    _named: [(Named, DnsRelay); 3],
    _unbound: [Unbound; 2],
}

impl Net {
    fn first(&self) -> Resolver {
        Resolver::at(SocketAddr::from((FIRST, self.port)))
    }

    fn both(&self) -> Resolver {
        self.first().with_second(&Resolver::at(SocketAddr::from((SECOND, self.port))))
    }
}

fn zone(name: &str, serial: u32, records: &str) -> String {
    format!(
        "$ORIGIN {name}.\n$TTL 7200\n@ SOA ns1.{name}. hostmaster.{name}. {serial} 7200 3600 1209600 3600\n{records}\n"
    )
}

fn start() -> Option<Net> {
    let port = free_port();
    let hosts = "ns1 A 127.0.0.3\nns2 A 127.0.0.4\n@ NS ns1\n";
    let plain = format!("{hosts}@ NS ns2\n@ MX 10 mail\nmail A 192.0.2.25\n@ TXT \"v=spf1 mx -all\"");
    let good = signed("signed.test", &zone("signed.test", 1, &plain), GOOD.0, GOOD.1)?;
    let over = signed("broken.test", &zone("broken.test", 1, &plain), OVER.0, OVER.1)?;
    let below = |name: &str| {
        format!(
            "{name} NS ns1.{name}\n{name} NS ns2.{name}\nns1.{name} A 127.0.0.3\nns2.{name} A 127.0.0.4\n"
        )
    };
    let delegations: String = ["signed", "broken", "split", "lame"].iter().map(|name| below(name)).collect();
    let above = zone("test", 1, &format!("@ NS ns1\nns1 A 127.0.0.2\n{delegations}{}\n{}", good.ds, over.ds));
    let above = signed("test", &above, GOOD.0, GOOD.1)?;
    let root = "$TTL 7200\n. SOA ns1.test. hostmaster.test. 1 7200 3600 1209600 3600\n. NS ns1.test.\nns1.test. A 127.0.0.2\ntest. NS ns1.test.\n";
    // The zone itself names a third server, which the zone above does not, and has a text for every name.
    let split = "@ NS ns3\nns3 A 127.0.0.4\n* TXT \"everywhere\"\n@ MX 10 mail\nmail A 192.0.2.25";
    let split = |serial: u32| zone("split.test", serial, &format!("{hosts}{split}"));
    let at = |address: Ipv4Addr, zones: &[(&str, String)]| {
        let named = Named::start_at(free_port(), zones, "")?;
        let relay = DnsRelay::start(address, port, named.port);
        Some((named, relay))
    };
    let named = [
        at(ABOVE, &[(".", root.to_owned()), ("test", above.text)])?,
        at(
            ONE,
            &[
                ("signed.test", good.text.clone()),
                ("broken.test", over.text.clone()),
                ("split.test", split(7)),
            ],
        )?,
        at(OTHER, &[("signed.test", good.text), ("broken.test", over.text), ("split.test", split(9))])?,
    ];
    let stubs: Vec<(&str, Ipv4Addr)> = [
        (".", ABOVE),
        ("test", ABOVE),
        ("signed.test", ONE),
        ("broken.test", ONE),
        ("split.test", ONE),
        ("lame.test", ONE),
    ]
    .into();
    let unbound =
        [Unbound::start(FIRST, port, &above.ds, &stubs)?, Unbound::start(SECOND, port, &above.ds, &stubs)?];
    Some(Net { port, _named: named, _unbound: unbound })
}

async fn facts(domain: &str, resolver: &Resolver) -> Facts {
    let domain = DomainName::parse(domain).unwrap();
    let options = SurveyOptions { probe_label: "nobody-here".to_owned(), ..SurveyOptions::default() };
    run(&domain, &options, resolver, &mut |_| {}, &CancellationToken::new()).await.unwrap()
}

fn finding<'a>(report: &'a AuditReport, id: &str) -> &'a Finding {
    report.findings.iter().find(|finding| finding.id == id).unwrap_or_else(|| panic!("no {id}: {report:#?}"))
}

fn said(report: &AuditReport, id: &str) -> (Status, String) {
    let finding = finding(report, id);
    (finding.status, format!("{} {}", finding.title, finding.words))
}

#[tokio::test]
async fn a_zone_and_the_zone_above_it_disagree() {
    let Some(net) = start() else { return };
    let facts = facts("split.test", &net.first()).await;
    let report = judge(&facts);
    let (status, words) = said(&report, "zone.delegation");
    assert_eq!(status, Status::Warn, "{words}");
    assert!(words.contains("above also names ns2.split.test"), "{words}");
    assert!(words.contains("itself also names ns3.split.test"), "{words}");
    let (status, words) = said(&report, "zone.serial");
    assert_eq!(status, Status::Warn, "{words}");
    assert!(words.contains("7 at 127.0.0.3") && words.contains("9 at 127.0.0.4"), "{words}");
    assert_eq!(said(&report, "zone.authority").0, Status::Pass);
    let (status, words) = said(&report, "zone.wildcard");
    assert_eq!(status, Status::Warn, "{words}");
    assert_eq!(said(&report, "zone.tcp").0, Status::Pass);
    // One book has the answers of the resolver, of the zone above, and of both servers.
    let soa = DnsQuestion::new(DnsName::new("split.test"), RecordType::Soa);
    for asked in [Asked::Resolver, Asked::Server(ONE.into()), Asked::Server(OTHER.into())] {
        assert_eq!(facts.answers.get(&soa.clone().to(asked)).unwrap().outcome, Outcome::Answer, "{asked:?}");
    }
    let ns = DnsQuestion::new(DnsName::new("split.test"), RecordType::Ns).to(Asked::Server(ABOVE.into()));
    let referral = facts.answers.get(&ns).unwrap();
    assert_eq!((&referral.outcome, referral.delegation.len()), (&Outcome::Referral, 2));
    assert_eq!(Facts::from_json(&facts.to_json().unwrap()).unwrap(), facts);
}

#[tokio::test]
async fn a_signed_zone_is_secure_and_its_signatures_last() {
    let Some(net) = start() else { return };
    let report = judge(&facts("signed.test", &net.first()).await);
    for id in
        ["zone.dnssec", "zone.signatures", "zone.algorithms", "zone.nsec3", "zone.delegation", "zone.serial"]
    {
        let (status, words) = said(&report, id);
        assert_eq!(status, Status::Pass, "{id}: {words}");
    }
    assert!(said(&report, "zone.algorithms").1.contains("algorithm 13"));
    // The resolver has it in memory, and the zone's own server says how long it really is kept.
    assert!(said(&report, "mx.ttl").1.contains("TTL 7200"), "{report:#?}");
}

#[tokio::test]
async fn a_broken_zone_is_bogus_only_by_the_word_of_two() {
    let Some(net) = start() else { return };
    let report = judge(&facts("broken.test", &net.both()).await);
    assert_eq!(report.findings.len(), 1, "{report:#?}");
    let (status, words) = said(&report, "zone.dnssec");
    assert_eq!(status, Status::Fail);
    assert!(words.contains("extended error"), "{words}");
    let report = judge(&facts("broken.test", &net.first()).await);
    assert_eq!(report.findings.len(), 1, "{report:#?}");
    let (status, words) = said(&report, "zone.unknown");
    assert_eq!(status, Status::Unknown);
    assert!(words.contains("name a second one"), "{words}");
}

#[tokio::test]
async fn a_dead_delegation_is_one_failure() {
    let Some(net) = start() else { return };
    let report = judge(&facts("lame.test", &net.first()).await);
    assert_eq!(report.findings.len(), 1, "{report:#?}");
    let (status, words) = said(&report, "zone.authority");
    assert_eq!(status, Status::Fail, "{words}");
    assert!(words.contains("ns1.lame.test (127.0.0.3)"), "{words}");
}
