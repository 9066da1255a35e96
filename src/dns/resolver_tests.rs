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
