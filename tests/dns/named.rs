//! The audit against a real name server.

use std::net::SocketAddr;

use mailferry::audit::spf::SpfResult;
use mailferry::audit::{AuditReport, EvidenceOutcome, Finding, Group, Outcome, Picture, Status, judge};
use mailferry::dns::{DnsError, Resolver};
use mailferry::survey::{SurveyError, SurveyOptions, discover, run, spf_check};
use mailferry::values::{DnsName, DomainName, RecordType};
use mailferry_test_support::programs;
use mailferry_test_support::servers::named::Named;
use tokio_util::sync::CancellationToken;

/// A small domain with the usual troubles.
const WEBER: &str = r#"
@          MX    10 mail
@          TXT   "v=spf1 mx a:mail.weber.test include:a.provider.test include:b.provider.test " "include:c.provider.test ?all"
@          TXT   "some-verification=1"
ns         A     127.0.0.1
mail       A     192.0.2.77
imap       CNAME mail
_imaps._tcp SRV  10 1 10993 mail
_dmarc     TXT   "v=DMARC1; p=none; pct=100; rua=mailto:weber@reports.provider.test"
default._domainkey TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC2UwAIaU7L4Khn9FkftJnsILlwUI9rjd6aG+JgW2y/quzghKCLlY0G10JXUa99D1KUr+KNPQA2NiyP4xZFDP/FYPkODvs79Sv1BJP8bw5G4zbiPIKFsUo3NtFHZDdQEaNqNLhKLKWGqImDpSyiLTj1/stvG2kmrvC01Xcxnf1lkQIDAQAB"
s1._domainkey CNAME s1.keys.provider.test.
"#;

const PROVIDER: &str = r#"
a          TXT   "v=spf1 include:a1.provider.test include:a2.provider.test mx:weber.test -all"
a1         TXT   "v=spf1 ip4:198.51.100.0/24 -all"
a2         TXT   "v=spf1 a:nobody.provider.test -all"
b          TXT   "v=spf1 exists:%{ir}.list.provider.test a:ns.weber.test -all"
c          TXT   "v=spf1 mx:weber.test a:mail.weber.test -all"
s1.keys    TXT   "v=DKIM1; p="
"#;

/// The zone above: it delegates one zone well, and one to an address that nobody can ask.
const ROOT: &str = "
weber.test.    NS ns.weber.test.
ns.weber.test. A  127.0.0.1
lame.test.     NS ns.lame.test.
ns.lame.test.  A  192.0.2.53
";

/// RFC 5782 section 5, and the neighbours of the server.
const LIST: &str = "2.0.0.127 A 127.0.0.2\n2.0.0.127 TXT \"test\"\n";

fn start() -> Option<(Named, Resolver)> {
    let many: Vec<String> =
        (0..40).map(|number| format!("big TXT \"{number} {}\"\n", "x".repeat(200))).collect();
    let weber = format!("{WEBER}\n{}", many.concat());
    let range = format!("{LIST}77.2.0.192 A 127.0.0.2\n77.2.0.192 TXT \"Net 192.0.2.0/24 is listed\"\n");
    let refusing = "2.0.0.127 A 127.255.255.254\n77.2.0.192 A 127.255.255.254\n";
    let dead = programs::free_port();
    let forward = format!(
        "zone \"lame.test\" {{ type forward; forward only; forwarders {{ 127.0.0.1 port {dead}; }}; }};"
    );
    let zones = [
        (".", ROOT),
        ("weber.test", weber.as_str()),
        ("provider.test", PROVIDER),
        ("private.test", ""),
        ("2.0.192.in-addr.arpa", "77 PTR mail.weber.test.\n"),
        ("zen.spamhaus.org", refusing),
        ("bl.spamcop.net", LIST),
        ("dnsbl-2.uceprotect.net", range.as_str()),
    ];
    let named = Named::start(&zones, &forward)?;
    let resolver = Resolver::at(SocketAddr::from(([127, 0, 0, 1], named.port)));
    Some((named, resolver))
}

async fn audit(domain: &str, resolver: &Resolver) -> AuditReport {
    let domain = DomainName::parse(domain).unwrap();
    let options = SurveyOptions { selectors: vec!["default".to_owned()], ..SurveyOptions::default() };
    let facts = run(&domain, &options, resolver, &mut |_| {}, &CancellationToken::new()).await.unwrap();
    judge(&facts)
}

fn finding<'a>(report: &'a AuditReport, id: &str) -> &'a Finding {
    report.findings.iter().find(|finding| finding.id == id).unwrap_or_else(|| panic!("no {id}: {report:#?}"))
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "most of it is the list of what is expected")]
async fn a_small_domain_with_the_usual_troubles() {
    let Some((_named, resolver)) = start() else { return };
    let report = audit("weber.test", &resolver).await;
    let found: Vec<(&str, Status)> =
        report.findings.iter().map(|finding| (finding.id.as_str(), finding.status)).collect();
    let is_list =
        |id: &str| ["blocklist.", "allowlist.", "newdomains."].iter().any(|kind| id.starts_with(kind));
    let (lists, others): (Vec<_>, Vec<_>) = found.into_iter().partition(|(id, _)| is_list(id));
    // Lists that this name server does not know have no test entry, and say nothing.
    let known: Vec<_> = lists.iter().filter(|(_, status)| *status != Status::Unknown).collect();
    assert_eq!(
        known,
        [
            &("blocklist.uceprotect-2", Status::Info),
            &("allowlist.dnswl", Status::Info),
            &("allowlist.mailspike-good", Status::Info),
            &("blocklist.spamcop", Status::Pass),
            &("blocklist.history", Status::NotApplicable),
            &("blocklist.sem-ipv6", Status::NotApplicable),
            &("blocklist.barracuda", Status::NotApplicable),
        ]
    );
    assert!(lists.contains(&("blocklist.spamhaus-zen", Status::Unknown)) && lists.len() > 20, "{lists:?}");
    assert_eq!(
        others,
        [
            ("spf.too-many-lookups", Status::Fail),
            ("dmarc.report-target", Status::Fail),
            ("dmarc.report-mailbox", Status::Fail),
            ("zone.servers", Status::Warn),
            ("spf.all", Status::Warn),
            ("dkim.short-key", Status::Warn),
            ("dmarc.policy-none", Status::Warn),
            ("zone.ipv6", Status::Warn),
            ("mx.clients", Status::Warn),
            ("sender.helo-spf", Status::Warn),
            ("spf.void-lookups", Status::Warn),
            ("dmarc.old-tags", Status::Warn),
            ("sender.port-25", Status::Unknown),
            ("sender.helo", Status::Unknown),
            ("network.holder", Status::Unknown),
            ("dkim.age", Status::Unknown),
            ("tls.not-probed", Status::Unknown),
            ("zone.dnssec", Status::Info),
            ("mx.caa", Status::Info),
            ("spf.macros", Status::Info),
            ("spf.made-up-names", Status::Info),
            ("dkim.kinds", Status::Info),
            ("dkim.revoked", Status::Info),
            ("dkim.alias", Status::Info),
            ("dmarc.alignment", Status::Info),
            ("mta-sts.record", Status::Info),
            ("dane.secure", Status::Info),
            ("tls-rpt.record", Status::Info),
            ("ptr.confirmed", Status::Pass),
            ("zone.exists", Status::Pass),
            ("zone.delegation", Status::Pass),
            ("zone.authority", Status::Pass),
            ("mx.hosts", Status::Pass),
            ("sender.address", Status::Pass),
            ("spf.free-domain", Status::Pass),
            ("zone.server-names", Status::Pass),
            ("zone.tcp", Status::Pass),
            ("zone.timers", Status::Pass),
            ("zone.negative-ttl", Status::Pass),
            ("zone.wildcard", Status::Pass),
            ("zone.denial", Status::Pass),
            ("zone.ttl", Status::Pass),
            ("mx.ttl", Status::Pass),
            ("sender.class", Status::Pass),
            ("sender.shared", Status::Pass),
            ("spf.breadth", Status::Pass),
            ("spf.size", Status::Pass),
            ("spf.strings", Status::Pass),
            ("dkim.tree", Status::Pass),
            ("dkim.selectors", Status::Pass),
            ("dmarc.rules", Status::Pass),
            ("dane.answers", Status::Pass),
            ("domain.registration", Status::NotApplicable),
            ("bimi.record", Status::NotApplicable),
            ("neighbours.listed", Status::NotApplicable),
        ]
    );
    // mx, a, include a (a1, a2 with one, mx), include b (exists, a), include c (mx, a).
    let spf = finding(&report, "spf.too-many-lookups");
    assert!(spf.title.contains("13 DNS lookups"), "{}", spf.title);
    let Some(Picture::SpfTree(nodes)) = &spf.picture else { panic!("no picture") };
    assert_eq!(nodes.iter().filter(|node| node.lookups == 1 && !node.is_read).count(), 3);
    assert!(
        nodes.iter().any(|node| node.is_void && node.depth == 2 && node.term == "a:nobody.provider.test")
    );
    let a = nodes.iter().find(|node| node.term == "include:a.provider.test").unwrap();
    assert_eq!((a.lookups, a.lookups_with_children, a.running_total), (1, 5, 3));
    let raw = spf.evidence.first().unwrap();
    assert_eq!(
        (raw.query.as_str(), &raw.outcome),
        ("TXT weber.test", &EvidenceOutcome::Dns(Outcome::Answer))
    );
    assert!(
        raw.data.iter().any(|line| line.contains("include:b.provider.test \" \"include:c")),
        "{:?}",
        raw.data
    );
    assert!(raw.server.starts_with("127.0.0.1:"));
    let range = finding(&report, "blocklist.uceprotect-2");
    assert_eq!(range.group, Group::GoodToKnow, "a list that judges the range is no alarm");
    assert!(
        range.evidence.iter().any(|evidence| evidence.data.iter().any(|line| line.contains("192.0.2.0/24")))
    );
    assert!(finding(&report, "blocklist.spamhaus-zen").words.contains("public resolver"));
}

#[tokio::test]
async fn what_could_not_be_asked_is_unknown() {
    let Some((_named, resolver)) = start() else { return };
    for (domain, outcome) in [("lame.test", Outcome::ServFail), ("private.test", Outcome::Refused)] {
        let report = audit(domain, &resolver).await;
        // One note for one cause; the other rules ask nothing.
        let [finding] = report.findings.as_slice() else { panic!("{domain}: {report:#?}") };
        assert_eq!(
            (finding.id.as_str(), finding.status, finding.group),
            ("zone.unknown", Status::Unknown, Group::CouldNotBeMeasured),
            "{domain}"
        );
        assert!(
            finding.evidence.iter().any(|evidence| evidence.outcome == EvidenceOutcome::Dns(outcome.clone())),
            "{domain}: {finding:#?}"
        );
        assert_eq!(
            report.count(Status::Fail) + report.count(Status::Warn) + report.count(Status::Pass),
            0,
            "{domain}"
        );
    }
}

#[tokio::test]
async fn a_dead_resolver_is_an_error_with_a_way_out() {
    let resolver = Resolver::at(SocketAddr::from(([127, 0, 0, 1], programs::free_port())));
    let domain = DomainName::parse("weber.test").unwrap();
    let outcome =
        run(&domain, &SurveyOptions::default(), &resolver, &mut |_| {}, &CancellationToken::new()).await;
    let Err(error @ SurveyError::Dns(DnsError::Dead { .. })) = outcome else { panic!("{outcome:?}") };
    assert!(error.to_string().contains("name another resolver"), "{error}");
}

#[tokio::test]
async fn long_answers_come_over_tcp_and_once() {
    let Some((_named, resolver)) = start() else { return };
    let name = DnsName::new("big.weber.test");
    let answer = resolver.query(&name, RecordType::Txt).await;
    assert_eq!(
        (answer.outcome.clone(), answer.records.len(), answer.ttl_secs),
        (Outcome::Answer, 40, Some(300))
    );
    assert_eq!(resolver.query(&name, RecordType::Txt).await, answer);
    assert_eq!(resolver.trace().len(), 1);
    let alias = resolver.query(&DnsName::new("IMAP.weber.test."), RecordType::A).await;
    assert_eq!(alias.aliases, [DnsName::new("mail.weber.test")]);
    let missing = resolver.query(&DnsName::new("no.weber.test"), RecordType::A).await;
    let empty = resolver.query(&DnsName::new("_tcp.weber.test"), RecordType::A).await;
    assert_eq!((missing.outcome, empty.outcome), (Outcome::NxDomain, Outcome::NoData));
}

#[tokio::test]
async fn spf_is_checked_as_a_receiver_does() {
    let Some((_named, resolver)) = start() else { return };
    for (domain, ip, result) in [
        ("weber.test", "192.0.2.77", SpfResult::Pass),
        ("weber.test", "198.51.100.9", SpfResult::Pass),
        ("weber.test", "203.0.113.1", SpfResult::PermError),
        ("a1.provider.test", "203.0.113.1", SpfResult::Fail),
        ("ns.weber.test", "203.0.113.1", SpfResult::None),
        ("lame.test", "203.0.113.1", SpfResult::TempError),
    ] {
        let verdict = spf_check(domain, ip.parse().unwrap(), "", "", &resolver).await.unwrap();
        assert_eq!(verdict.result, result, "{domain} {ip}: {verdict:#?}");
    }
}

#[tokio::test]
async fn the_imap_server_is_found_by_srv() {
    let Some((_named, resolver)) = start() else { return };
    let found = discover(&DomainName::parse("weber.test").unwrap(), &resolver, None).await;
    let best = found.first().unwrap();
    assert_eq!(
        (best.server.to_string().as_str(), best.found_by.as_str()),
        ("mail.weber.test:10993", "SRV record _imaps._tcp")
    );
}
