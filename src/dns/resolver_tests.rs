use std::net::UdpSocket;

use super::*;

#[tokio::test]
async fn resolvers_are_read_from_text() {
    for (text, label) in [
        ("192.0.2.53", "192.0.2.53"),
        ("192.0.2.53:5353", "192.0.2.53:5353"),
        ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
        ("2001:db8::53", "2001:db8::53"),
        ("localhost:5353", ":5353"),
    ] {
        let resolver = Resolver::parse(text).await.unwrap();
        assert!(resolver.label().ends_with(label), "{text}: {}", resolver.label());
    }
    for text in ["no host", "192.0.2.1:0", "host:port", ":53", "192.0.2", "a/b:53"] {
        let error = Resolver::parse(text).await.unwrap_err();
        assert!(matches!(error, DnsError::BadAddress(_)), "{text}: {error}");
    }
}

#[tokio::test]
async fn a_closed_port_is_dead_and_said_at_once() {
    let port = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let resolver = Resolver::at(SocketAddr::from(([127, 0, 0, 1], port)));
    let error = resolver.probe().await.unwrap_err().to_string();
    assert!(error.contains(&format!("127.0.0.1:{port}")) && error.contains("another resolver"), "{error}");
}

#[tokio::test]
async fn recorded_answers_never_reach_the_network() {
    let question = DnsQuestion::new(DnsName::new("a.example"), RecordType::A);
    let book = AnswerBook::from(vec![DnsAnswer::empty(question, Outcome::ServFail)]);
    let resolver = Resolver::recorded(book);
    assert_eq!(resolver.query(&DnsName::new("a.example"), RecordType::A).await.outcome, Outcome::ServFail);
    assert!(matches!(
        resolver.query(&DnsName::new("b.example"), RecordType::A).await.outcome,
        Outcome::Broken(_)
    ));
    resolver.probe().await.unwrap();
}

#[test]
fn only_servers_of_the_internet_and_of_a_test_network_are_asked_directly() {
    let resolver = |text: &str| [text.parse::<SocketAddr>().unwrap()];
    for (from, to, way) in [
        ("192.0.2.53:53", "9.9.9.9", Some("9.9.9.9:53")),
        ("127.0.0.1:5353", "9.9.9.9", Some("9.9.9.9:53")),
        ("127.0.0.1:5353", "127.0.0.3", Some("127.0.0.3:5353")),
        ("127.0.0.53:53", "127.0.0.1", None),
        ("192.0.2.53:5353", "127.0.0.1", None),
        ("127.0.0.1:5353", "10.0.0.1", None),
        ("127.0.0.1:5353", "192.168.1.1", None),
        ("127.0.0.1:5353", "100.64.0.1", None),
        ("127.0.0.1:5353", "169.254.1.1", None),
        ("127.0.0.1:5353", "0.0.0.0", None),
        ("127.0.0.1:5353", "255.255.255.255", None),
        ("127.0.0.1:5353", "198.51.100.1", None),
        ("127.0.0.1:5353", "2620:fe::fe", Some("[2620:fe::fe]:53")),
        ("127.0.0.1:5353", "2001:db8::1", None),
        ("127.0.0.1:5353", "fe80::1", None),
        ("127.0.0.1:5353", "fd00::1", None),
        ("127.0.0.1:5353", "::ffff:10.0.0.1", None),
    ] {
        let found = way_to_authority(&resolver(from), to.parse().unwrap());
        assert_eq!(found, way.map(|way| way.parse().unwrap()), "{from} {to}");
    }
}

#[tokio::test]
async fn what_no_way_leads_to_is_said_at_once() {
    let resolver = Resolver::at(SocketAddr::from(([127, 0, 0, 1], 53)));
    let question = DnsQuestion::new(DnsName::new("a.example"), RecordType::Soa);
    for asked in [Asked::Server("10.0.0.1".parse().unwrap()), Asked::Second] {
        assert_eq!(resolver.ask(&question.clone().to(asked)).await.outcome, Outcome::OutOfReach);
    }
    let second = Resolver::at(SocketAddr::from(([127, 0, 0, 2], 53)));
    assert_eq!(resolver.second_label(), None);
    assert_eq!(resolver.with_second(&second).second_label().as_deref(), Some("127.0.0.2"));
}
