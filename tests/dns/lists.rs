//! Lists, neighbours and registries at real servers: zones with the lists' true codes at `named`, RDAP over HTTPS.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailferry::audit::{CellState, Facts, RdapPlan, RdapSaid, RdapSilence, Status, judge, lists_on_request};
use mailferry::dns::Resolver;
use mailferry::survey::{
    ListKeys, Politeness, SurveyError, SurveyOptions, ask_neighbours, ask_registries_at, run,
};
use mailferry::values::{DnsAnswer, DnsQuestion, DomainName, Outcome, RecordType, Secret, UnixTime};
use mailferry::web::Web;
use mailferry_test_support::fakes::https_server::HttpsServer;
use mailferry_test_support::servers::named::Named;
use tokio_util::sync::CancellationToken;

const DOMAIN: &str = "@ MX 10 mail\n@ TXT \"v=spf1 mx -all\"\nmail A 192.0.2.77\nns A 127.0.0.1\n";
const KEY: &str = "k3yk3yk3yk3yk3y";
const IPV6_TEST: &str = "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 A 127.0.0.2\n";

/// What each list has on it, beside its test entries.
fn zones() -> Vec<(&'static str, String)> {
    let test = "2.0.0.127 A 127.0.0.2\n";
    let clean = |zone| (zone, test.to_owned());
    let listed = |zone, lines: &str| (zone, format!("{test}{lines}"));
    let neighbours = [70, 71, 72, 73, 74, 75, 76, 78, 79, 80, 81, 200]
        .map(|last: u8| format!("{last}.2.0.192 A 127.0.0.3\n"))
        .concat();
    vec![
        ("weber.test", DOMAIN.to_owned()),
        ("2.0.192.in-addr.arpa", "77 PTR mail.weber.test.\n81 PTR ip-192-0-2-81.cheap.test.\n".to_owned()),
        (
            "zen.spamhaus.org",
            format!("2.0.0.127 A 127.0.0.2\n2.0.0.127 A 127.0.0.10\n{IPV6_TEST}{neighbours}"),
        ),
        (
            "zen.dq.spamhaus.net",
            format!(
                "2.0.0.127.{KEY} A 127.0.0.2\n77.2.0.192.{KEY} A 127.0.0.4\n\
                 77.2.0.192.{KEY} TXT \"see https://check.test/?key={KEY}\"\n"
            ),
        ),
        ("dbl.dq.spamhaus.net", format!("dbltest.com.{KEY} A 127.255.255.251\n")),
        clean("bl.spamcop.net"),
        listed("bl.mailspike.net", "77.2.0.192 A 127.0.0.12\n"),
        listed("psbl.surriel.com", "77.2.0.192 A 127.0.0.1\n"),
        listed("bl.blocklist.de", "77.2.0.192 A 127.0.0.9\n"),
        listed("dnsbl-1.uceprotect.net", "90.2.0.192 A 127.0.0.2\n"),
        listed("dnsbl-2.uceprotect.net", "*.2.0.192 A 127.0.0.2\n"),
        listed("dnsbl-3.uceprotect.net", "*.2.0.192 A 127.0.0.2\n*.2.0.192 TXT \"AS64500 is listed\"\n"),
        // A list that has died and lists the world.
        ("ips.backscatterer.org", "* A 127.0.0.2\n".to_owned()),
        // One that answers for an advertisement.
        ("bl.nordspam.com", "* A 146.112.61.108\n".to_owned()),
        ("dbl.spamhaus.org", "dbltest.com A 127.0.1.2\nweber.test A 127.0.1.102\n".to_owned()),
        ("multi.surbl.org", "test.surbl.org A 127.0.0.254\nweber.test A 127.0.0.72\n".to_owned()),
        ("multi.uribl.com", "* A 127.0.0.1\n* TXT \"refused: 192.0.2.53\"\n".to_owned()),
        ("list.dnswl.org", "77.2.0.192 A 127.0.5.1\n".to_owned()),
        (
            "origin.asn.cymru.com",
            "*.2.0.192 TXT \"64500 | 192.0.2.0/24 | DE | ripencc | 2019-05-01\"\n".to_owned(),
        ),
        ("asn.cymru.com", "AS64500 TXT \"64500 | DE | ripencc | 2019-05-01 | NORDHAFEN, DE\"\n".to_owned()),
    ]
}

fn start() -> Option<(Named, Resolver)> {
    let zones = zones();
    let mut zones: Vec<(&str, &str)> = zones.iter().map(|(name, text)| (*name, text.as_str())).collect();
    zones.push((".", ""));
    let named = Named::start(&zones, "")?;
    let resolver = Resolver::at(SocketAddr::from(([127, 0, 0, 1], named.port)));
    Some((named, resolver))
}

async fn facts(options: &SurveyOptions, resolver: &Resolver) -> Facts {
    let domain = DomainName::parse("weber.test").unwrap();
    run(&domain, options, resolver, &mut |_| {}, &CancellationToken::new()).await.unwrap()
}

const AT_ONCE: Politeness = Politeness { questions: 480, pause: Duration::ZERO };

#[tokio::test]
async fn lists_answer_as_their_codes_say() {
    let Some((_named, resolver)) = start() else { return };
    let report = judge(&facts(&SurveyOptions::default(), &resolver).await);
    for (id, status, words) in [
        ("blocklist.spamhaus-zen", Status::Pass, ""),
        ("blocklist.spamcop", Status::Pass, ""),
        ("blocklist.mailspike", Status::Warn, "a bad reputation"),
        ("blocklist.psbl", Status::Unknown, "127.0.0.1, which is no entry"),
        ("blocklist.blocklist-de", Status::Info, "attacking"),
        ("blocklist.uceprotect-2", Status::Info, "the address range, not you"),
        ("blocklist.uceprotect-3", Status::Info, "your whole provider, not you"),
        ("blocklist.backscatterer", Status::Unknown, "lists every address"),
        ("blocklist.nordspam", Status::Unknown, "146.112.61.108"),
        ("blocklist.spamhaus-dbl", Status::Warn, "others abuse"),
        ("blocklist.surbl", Status::Warn, "used for phishing; stands in spam"),
        ("blocklist.uribl", Status::Unknown, "your resolver is public or asks too much"),
        ("allowlist.dnswl", Status::Pass, "low trust"),
        ("network.holder", Status::Info, ""),
        ("neighbours.listed", Status::NotApplicable, "only if you ask for it"),
    ] {
        let finding = report.findings.iter().find(|finding| finding.id == id).unwrap();
        assert_eq!(finding.status, status, "{id}: {} {}", finding.title, finding.words);
        assert!(finding.words.contains(words), "{id}: {}", finding.words);
    }
    let network = report.findings.iter().find(|finding| finding.id == "network.holder").unwrap();
    assert!(network.title.contains("192.0.2.0/24 of AS64500 (NORDHAFEN, DE)"), "{}", network.title);
    let uribl = report.findings.iter().find(|finding| finding.id == "blocklist.uribl").unwrap();
    assert!(
        uribl.evidence.iter().any(|one| one.data.iter().any(|line| line.contains("192.0.2.53"))),
        "the list’s own words are there: {:?}",
        uribl.evidence
    );
    assert_eq!(lists_on_request(), ["barracuda"]);
}

#[tokio::test]
async fn a_key_goes_to_the_list_and_nowhere_else() {
    let Some((_named, resolver)) = start() else { return };
    let mut keys = ListKeys::default();
    assert!(keys.insert("spamhaus", Secret::new(KEY)));
    let options = SurveyOptions { keys, ..SurveyOptions::default() };
    let mut facts = facts(&options, &resolver).await;
    ask_neighbours(&mut facts, AT_ONCE, &resolver, &options.keys, &mut |_| {}, &CancellationToken::new())
        .await
        .unwrap();
    let report = judge(&facts);
    let finding = |id: &str| report.findings.iter().find(|finding| finding.id == id).unwrap();
    assert!(
        finding("blocklist.spamhaus-zen").words.contains("malware"),
        "{:?}",
        finding("blocklist.spamhaus-zen")
    );
    assert!(finding("blocklist.spamhaus-dbl").words.contains("the key is not valid"));
    let kept = [
        facts.to_json().unwrap(),
        serde_json::to_string(&report).unwrap(),
        format!("{:?} {:?}", resolver.trace(), options),
    ];
    for text in kept {
        assert!(!text.to_ascii_lowercase().contains(KEY), "the key is kept or shown");
    }
    let shown = facts.to_json().unwrap();
    assert!(shown.contains("77.2.0.192.your-key.zen.dq.spamhaus.net"), "{shown}");
    assert!(shown.contains("https://check.test/?key=your-key"), "{shown}");
}

#[tokio::test]
async fn neighbours_are_asked_within_the_budget_and_only_at_lists_that_work() {
    let Some((_named, resolver)) = start() else { return };
    let (options, cancel) = (SurveyOptions::default(), CancellationToken::new());
    let mut facts = facts(&options, &resolver).await;
    let before = facts.clone();
    let count = AtomicUsize::new(0);
    let mut tell = |_| {
        count.fetch_add(1, Ordering::Relaxed);
    };
    ask_neighbours(&mut facts, AT_ONCE, &resolver, &options.keys, &mut tell, &cancel).await.unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 480);
    let report = judge(&facts);
    let [range] = report.ranges.as_slice() else { panic!("{:?}", report.ranges) };
    assert_eq!(
        (range.range.as_str(), range.own_index, range.neighbours().count()),
        ("192.0.2.0/24", 77, 120)
    );
    assert_eq!(range.lists_asked, ["Spamhaus ZEN", "SpamCop", "UCEPROTECT level 1"]);
    assert_eq!((range.count(CellState::HighImpact), range.count(CellState::LowerImpact)), (12, 1));
    let cell = range.cells.iter().find(|cell| cell.index == 81).unwrap();
    assert!(cell.state == CellState::HighImpact && cell.has_generic_name, "{cell:?}");
    let finding = report.findings.iter().find(|finding| finding.id == "neighbours.listed").unwrap();
    assert_eq!(
        (finding.status, finding.title.as_str()),
        (Status::Warn, "13 of 120 neighbours in 192.0.2.0/24 are listed")
    );
    assert_eq!(Facts::from_json(&facts.to_json().unwrap()).unwrap(), facts);

    cancel.cancel();
    let mut again = before.clone();
    let slow = Politeness { pause: Duration::from_hours(1), ..AT_ONCE };
    let outcome = ask_neighbours(&mut again, slow, &resolver, &options.keys, &mut |_| {}, &cancel).await;
    assert!(matches!(outcome, Err(SurveyError::Cancelled)));
    assert_eq!(again, before, "nothing remains of a cancelled one");
}

const NETWORK: &str = r#"{"objectClassName":"ip network","handle":"N1","name":"NORD-1","startAddress":"192.0.2.0","endAddress":"192.0.2.255",
"entities":[{"roles":["registrant"],"vcardArray":["vcard",[["fn",{},"text","Nordhafen Hosting GmbH"]]]},
{"roles":["abuse"],"vcardArray":["vcard",[["email",{},"text","abuse@nordhafen.test"]]]}]}"#;

/// Where the test's own server stands in for the registries.
static PORT: AtomicUsize = AtomicUsize::new(0);

fn test_servers(_facts: &Facts) -> RdapPlan {
    let base = format!("https://localhost:{}", PORT.load(Ordering::Relaxed));
    RdapPlan {
        networks: vec![
            ("192.0.2.77".parse().unwrap(), Some(format!("{base}/moved/ip/192.0.2.77"))),
            ("198.51.100.1".parse().unwrap(), Some(format!("{base}/busy"))),
            ("203.0.113.1".parse().unwrap(), None),
        ],
        domain: vec![format!("{base}/domain/mail.weber.test"), format!("{base}/domain/weber.test")],
    }
}

#[tokio::test]
async fn registries_are_asked_over_https() {
    let domain = r#"{"objectClassName":"domain","ldhName":"weber.test","events":[{"eventAction":"registration","eventDate":"2010-01-01T00:00:00Z"}]}"#;
    let (server, trust) = HttpsServer::start(move |path| match path {
        "/moved/ip/192.0.2.77" => (301, "/ip/192.0.2.77".to_owned()),
        "/ip/192.0.2.77" => (200, NETWORK.to_owned()),
        "/domain/weber.test" => (200, domain.to_owned()),
        "/busy" => (429, String::new()),
        _ => (404, String::new()),
    })
    .await;
    PORT.store(usize::from(server.port), Ordering::Relaxed);
    let web = Web::with_tls(trust).unwrap();
    let mut facts =
        Facts::new(DomainName::parse("weber.test").unwrap(), UnixTime(1_700_000_000), String::new());
    facts.sending_addresses = vec!["192.0.2.77".parse().unwrap(), "192.0.2.78".parse().unwrap()];
    // A zone that says nothing is not judged further.
    let mx = DnsQuestion::new(facts.domain.dns(), RecordType::Mx);
    facts.answers.insert(DnsAnswer::empty(mx, Outcome::NoData));
    ask_registries_at(&mut facts, &web, test_servers).await;
    let said = |address: &str| facts.networks[&address.parse().unwrap()].said.clone();
    assert!(
        matches!(said("192.0.2.77"), RdapSaid::Found(network) if network.abuse == ["abuse@nordhafen.test"])
    );
    assert!(
        matches!(said("198.51.100.1"), RdapSaid::Silent(RdapSilence::Unreached(words)) if words.contains("429"))
    );
    assert_eq!(said("203.0.113.1"), RdapSaid::Silent(RdapSilence::NoServer));
    let lookup = facts.registration.clone().unwrap();
    assert!(
        lookup.url.ends_with("/domain/weber.test") && matches!(lookup.said, RdapSaid::Found(_)),
        "{lookup:?}"
    );

    let report = judge(&facts);
    let finding = |id: &str| report.findings.iter().find(|finding| finding.id == id).unwrap();
    assert_eq!(finding("domain.registration").status, Status::Pass);
    let words = &finding("network.holder").words;
    assert!(
        words.matches("Nordhafen Hosting GmbH").count() == 2,
        "one answer stands for its network: {words}"
    );
    let evidence = &finding("network.holder").evidence;
    assert!(
        evidence.iter().any(|one| one.query.starts_with("GET https://") && one.outcome.words() == "answered")
    );
    assert_eq!(Facts::from_json(&facts.to_json().unwrap()).unwrap(), facts);
}

#[tokio::test]
async fn a_registry_that_nobody_vouches_for_is_not_believed() {
    let (server, _trust) = HttpsServer::start(|_| (200, NETWORK.to_owned())).await;
    let (_other, trust) = HttpsServer::start(|_| (200, String::new())).await;
    let web = Web::with_tls(trust).unwrap();
    let fetched = web.get_registration(&format!("https://localhost:{}/ip/192.0.2.77", server.port)).await;
    assert!(fetched.is_err(), "a certificate of a stranger");
}
