use super::*;

struct Zone {
    existing: Vec<String>,
    old_hosts: Vec<DnsName>,
    addresses: BTreeMap<String, BTreeSet<IpAddr>>,
    dropped: BTreeSet<String>,
    lookups: BTreeMap<String, u32>,
}

impl Zone {
    fn with(existing: &[&str]) -> Self {
        Self {
            existing: existing.iter().map(|text| (*text).to_owned()).collect(),
            old_hosts: vec![DnsName::new("mail.example.org")],
            addresses: ["example.org", "mail.example.org"]
                .map(|host| (host.to_owned(), BTreeSet::from([IpAddr::from([203, 0, 113, 10])])))
                .into(),
            dropped: BTreeSet::new(),
            lookups: BTreeMap::new(),
        }
    }

    fn merged(&self) -> SpfMerge {
        merge(&SpfInput {
            domain: &DomainName::parse("example.org").unwrap(),
            existing: &self.existing,
            old_hosts: &self.old_hosts,
            addresses: &self.addresses,
            provider_terms: &["include:spf.messagingengine.com".to_owned()],
            provider_name: "Fastmail",
            dropped: &self.dropped,
            lookups: &self.lookups,
            more_own: &[],
            more_kept: &[],
            useless: &BTreeMap::new(),
            redirected_end: None,
        })
    }
}

#[test]
fn records_are_merged_into_one() {
    let provider = "include:spf.messagingengine.com";
    for (existing, now, later) in [
        (vec![], "v=spf1 § ~all", None),
        (vec!["v=spf1 -all"], "v=spf1 § -all", None),
        (vec!["v=spf1 a mx -all"], "v=spf1 a ip4:203.0.113.10 § -all", Some("v=spf1 § -all")),
        (vec!["v=spf1 § -all"], "v=spf1 § -all", None),
        (vec!["V=SPF1 INCLUDE:spf.MessagingEngine.com ~all"], "v=spf1 § ~all", None),
        (vec!["v=spf1 include:servers.mcsv.net ?all"], "v=spf1 § include:servers.mcsv.net ~all", None),
        (vec!["v=spf1 a +all"], "v=spf1 a § ~all", Some("v=spf1 § ~all")),
        (vec!["v=spf1 a:mail.example.org"], "v=spf1 a:mail.example.org § ~all", Some("v=spf1 § ~all")),
        (vec!["v=spf1 redirect=_spf.example.net"], "v=spf1 § include:_spf.example.net ~all", None),
        (
            vec!["v=spf1 a -all", "v=spf1 a include:sendgrid.net ~all"],
            "v=spf1 a § include:sendgrid.net ~all",
            Some("v=spf1 § include:sendgrid.net ~all"),
        ),
        (vec!["v=spf1 a -all include:late.example"], "v=spf1 a § -all", Some("v=spf1 § -all")),
        (vec!["v=spf1 redirect=a.example -all"], "v=spf1 § -all", None),
        (vec!["v=spf1 ipv4:192.0.2.1 ip4:198.51.100.7 -all"], "v=spf1 § ip4:198.51.100.7 -all", None),
        (
            vec!["v=spf1 a exp=why.example.org -all"],
            "v=spf1 a § -all exp=why.example.org",
            Some("v=spf1 § -all exp=why.example.org"),
        ),
        (
            vec!["v=spf1 -ip4:192.0.2.9 a ip4:192.0.2.0/24 -all"],
            "v=spf1 § -ip4:192.0.2.9 a ip4:192.0.2.0/24 -all",
            Some("v=spf1 § -ip4:192.0.2.9 ip4:192.0.2.0/24 -all"),
        ),
    ] {
        let existing = existing.iter().map(|text| text.replace('§', provider)).collect::<Vec<_>>();
        // “V=SPF1” has a § of its own.
        let existing =
            existing.iter().map(|text| text.replace("V=Sinclude:spf.messagingengine.comF1", "v=spf1"));
        let zone = Zone::with(&existing.collect::<Vec<_>>().iter().map(String::as_str).collect::<Vec<_>>());
        let merged = zone.merged();
        assert_eq!(merged.now, now.replace('§', provider), "{:?}", zone.existing);
        assert_eq!(merged.later, later.map(|text| text.replace('§', provider)), "{:?}", zone.existing);
    }
}

#[test]
fn every_change_has_its_reason() {
    for (existing, words) in [
        (vec!["v=spf1 +all"], "lets everybody send"),
        (vec!["v=spf1 ?all"], "asks for nothing"),
        (vec!["v=spf1 a"], "left open"),
        (vec!["v=spf1 a -all", "v=spf1 -all"], "2 SPF records become one"),
        (vec!["v=spf1 mx -all"], "“mx” is written out"),
        (vec!["v=spf1 redirect=a.example"], "becomes an include"),
    ] {
        let reasons = Zone::with(&existing).merged().reasons.join("; ");
        assert!(reasons.contains(words), "{existing:?}: {reasons}");
    }
    assert_eq!(Zone::with(&["v=spf1 -all"]).merged().reasons, Vec::<String>::new());
    let left = Zone::with(&["v=spf1 ipv4:192.0.2.1 -all"]).merged().left_out;
    assert_eq!(
        (left[0].term.as_str(), left[0].instead.as_deref()),
        ("ipv4:192.0.2.1", Some("ip4:192.0.2.1"))
    );
}

#[test]
fn the_old_server_is_known_by_its_addresses() {
    let mut zone = Zone::with(&["v=spf1 mx ip4:203.0.113.0/24 ip4:198.51.100.7 -all"]);
    let addresses = ["203.0.113.47", "2001:db8::47"].map(|text| text.parse::<IpAddr>().unwrap());
    zone.addresses.insert("mail.example.org".to_owned(), BTreeSet::from(addresses));
    let merged = zone.merged();
    assert_eq!(
        merged.now,
        "v=spf1 ip4:203.0.113.47 ip6:2001:db8::47 ip4:203.0.113.0/24 include:spf.messagingengine.com ip4:198.51.100.7 -all"
    );
    assert_eq!(merged.later.unwrap(), "v=spf1 include:spf.messagingengine.com ip4:198.51.100.7 -all");
    assert_eq!(merged.senders.len(), 1);
    assert_eq!(merged.senders[0].who, "An address without a name");
}

#[test]
fn senders_stay_until_they_are_dropped() {
    let mut zone = Zone::with(&["v=spf1 include:servers.mcsv.net include:spf.rechnungsdienst.example -all"]);
    let merged = zone.merged();
    let names = merged.senders.iter().map(|sender| (sender.who.as_str(), sender.is_kept)).collect::<Vec<_>>();
    assert_eq!(names, [("Mailchimp", true), ("", true)]);
    zone.dropped.insert("INCLUDE:servers.mcsv.net".to_owned());
    let merged = zone.merged();
    assert_eq!(merged.now, "v=spf1 include:spf.messagingengine.com include:spf.rechnungsdienst.example -all");
    assert!(!merged.senders[0].is_kept && merged.senders[1].is_kept);
}

#[test]
fn a_record_over_the_limit_is_reported() {
    let includes = (0..10).map(|number| format!("include:s{number}.example")).collect::<Vec<_>>().join(" ");
    let mut zone = Zone::with(&[&format!("v=spf1 {includes} -all")]);
    assert!(zone.merged().notes[0].contains("at least 11 lookups"));
    for number in 0..10 {
        zone.lookups.insert(format!("include:s{number}.example"), 2);
    }
    zone.lookups.insert("include:spf.messagingengine.com".to_owned(), 1);
    assert!(zone.merged().notes[0].contains("needs 21 lookups"));
    let long = (0..30).map(|number| format!("ip4:198.51.100.{number}")).collect::<Vec<_>>().join(" ");
    let notes = Zone::with(&[&format!("v=spf1 {long} -all")]).merged().notes;
    assert!(notes.len() == 1 && notes[0].contains("bytes long"), "{notes:?}");
}
