use super::*;
use crate::values::{DomainName, UnixTime};

const NETWORK: &str = r#"{ "objectClassName": "ip network", "handle": "NET-1", "name": "NORDHAFEN-1",
  "startAddress": "198.51.100.0", "endAddress": "198.51.100.255", "country": "DE",
  "entities": [
    { "roles": ["registrant"], "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Nordhafen Hosting GmbH"]]],
      "entities": [{ "roles": ["abuse", "technical"], "vcardArray": ["vcard", [["fn", {}, "text", "Abuse desk"], ["email", {}, "text", "abuse@nordhafen.example"]]] }] }
  ] }"#;
const DOMAIN: &str = r#"{ "objectClassName": "domain", "ldhName": "WEBER.EXAMPLE",
  "events": [ { "eventAction": "registration", "eventDate": "2019-05-01T10:00:00Z" },
              { "eventAction": "expiration", "eventDate": "2027-05-01T10:00:00+02:00" },
              { "eventAction": "last changed", "eventDate": "yesterday" } ],
  "status": ["active", "client transfer prohibited"],
  "entities": [{ "roles": ["registrar"], "vcardArray": ["vcard", [["fn", {}, "text", "Registrar AG"]]] }] }"#;

#[test]
fn networks_and_domains_are_read() {
    let network = read_network(NETWORK.as_bytes()).unwrap();
    assert_eq!(network.holder.as_deref(), Some("Nordhafen Hosting GmbH"));
    assert_eq!(network.abuse, ["abuse@nordhafen.example"]);
    assert_eq!((network.first.as_str(), network.last.as_str()), ("198.51.100.0", "198.51.100.255"));
    let domain = read_domain(DOMAIN.as_bytes()).unwrap();
    assert_eq!(domain.name, "weber.example");
    assert_eq!(domain.registered, Some(UnixTime(1_556_704_800)));
    assert_eq!(domain.expires, Some(UnixTime(1_809_158_400)));
    assert_eq!(domain.states, ["active", "client transfer prohibited"]);
    assert_eq!(domain.registrar.as_deref(), Some("Registrar AG"));
}

#[test]
fn something_else_is_refused_and_large_things_are_cut() {
    assert!(
        matches!(read_network(DOMAIN.as_bytes()), Err(RdapError::OtherClass(class)) if class == "domain")
    );
    assert!(matches!(read_domain(b"<html>"), Err(RdapError::Json(_))));
    assert!(matches!(read_domain(b"[]"), Err(RdapError::OtherClass(_))));
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(read_network(deep.as_bytes()), Err(RdapError::Json(_))));
    let many =
        r#"{"roles":["abuse"],"vcardArray":["vcard",[["email",{},"text","a@b.example"]]]},"#.repeat(500);
    let many = format!(
        r#"{{"objectClassName":"ip network","name":"{}","entities":[{}]}}"#,
        "x".repeat(9_999),
        many.trim_end_matches(',')
    );
    let network = read_network(many.as_bytes()).unwrap();
    assert_eq!((network.name.len(), network.abuse.len()), (MAX_TEXT, 1));
}

#[test]
fn servers_are_found_by_longest_prefix_and_ending() {
    let plan = |domain: &str, addresses: &[&str]| {
        let mut facts = Facts::new(DomainName::parse(domain).unwrap(), UnixTime(1), String::new());
        facts.sending_addresses = addresses.iter().map(|text| text.parse().unwrap()).collect();
        rdap_plan(&facts)
    };
    let found =
        plan("mail.weber.org", &["193.0.6.139", "2a00::1", "8.8.8.8", "198.51.100.77", "2001:db8::1"]);
    let urls: Vec<&str> = found.networks.iter().filter_map(|(_, url)| url.as_deref()).collect();
    assert_eq!(
        urls,
        [
            "https://rdap.db.ripe.net/ip/193.0.6.139",
            "https://rdap.db.ripe.net/ip/2a00::1",
            "https://rdap.arin.net/registry/ip/8.8.8.8",
        ]
    );
    assert_eq!(
        found.domain,
        [
            "https://rdap.publicinterestregistry.org/rdap/domain/mail.weber.org",
            "https://rdap.publicinterestregistry.org/rdap/domain/weber.org"
        ]
    );
    let deep = plan("a.b.c.d.e.com", &[]).domain;
    assert!(deep.len() == MAX_NAMES && deep[MAX_NAMES - 1].ends_with("/domain/e.com"), "{deep:?}");
    assert_eq!(plan("weber.example", &["192.0.2.1"]), RdapPlan::default());
    assert_eq!(table_date(), "2025-11-06");
}
