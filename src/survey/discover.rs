//! Finds the IMAP server of a domain: SRV records, autoconfig files, then common host names.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::{join_all, join4};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::autoconfig;
use crate::dns::Resolver;
use crate::values::{DnsName, DomainName, Endpoint, RecordData, RecordType, Security};
use crate::web::Web;

/// Time to find out whether a port is open.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// Most host names whose ports are tried.
const MAX_HOSTS: usize = 6;
/// Addresses tried per host and port.
const MAX_ADDRESSES: usize = 2;

/// An IMAP server that was found, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundServer {
    /// The server.
    pub server: Endpoint,
    /// `SRV record _imaps._tcp`, `autoconfig file`, `MX name`.
    pub found_by: String,
}

/// Looks for the IMAP server of a domain: SRV records (RFC 6186), autoconfig files, then usual names and MX hosts with an
/// open IMAP port. Best first, each server once; empty if none was found.
///
/// Without `web` it asks only the DNS: it fetches no file and tries no port.
pub async fn discover(domain: &DomainName, resolver: &Resolver, web: Option<&Web>) -> Vec<FoundServer> {
    let (tls, start_tls, files, names) = join4(
        from_srv(domain, resolver, "_imaps._tcp", Security::Tls),
        from_srv(domain, resolver, "_imap._tcp", Security::StartTls),
        from_autoconfig(domain, web),
        from_names(domain, resolver, web.is_some()),
    )
    .await;
    let mut found: Vec<FoundServer> = Vec::new();
    for candidate in tls.into_iter().chain(start_tls).chain(files).chain(names) {
        if !found.iter().any(|known| known.server == candidate.server) {
            found.push(candidate);
        }
    }
    found
}

async fn from_srv(
    domain: &DomainName,
    resolver: &Resolver,
    service: &str,
    security: Security,
) -> Vec<FoundServer> {
    let answer = resolver.query(&domain.below(service), RecordType::Srv).await;
    let mut records: Vec<(u16, u16, u16, &DnsName)> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            // A target of “.” says that the service is not offered (RFC 6186 section 3.4).
            RecordData::Srv { priority, weight, port, target }
                if !target.as_str().is_empty() && *port > 0 =>
            {
                Some((*priority, u16::MAX - weight, *port, target))
            }
            _ => None,
        })
        .collect();
    records.sort();
    records
        .into_iter()
        .filter_map(|(_, _, port, target)| Endpoint::new(target.as_str(), port, security).ok())
        .map(|server| FoundServer { server, found_by: format!("SRV record {service}") })
        .collect()
}

async fn from_autoconfig(domain: &DomainName, web: Option<&Web>) -> Vec<FoundServer> {
    let Some(web) = web else { return Vec::new() };
    let name = domain.as_ascii();
    let urls = [
        format!("https://autoconfig.{name}/mail/config-v1.1.xml"),
        format!("https://{name}/.well-known/autoconfig/mail/config-v1.1.xml"),
    ];
    let files = join_all(urls.iter().map(|url| web.get(url, domain))).await;
    let mut found = Vec::new();
    for (url, file) in urls.iter().zip(files) {
        match file {
            Ok(xml) => found.extend(
                autoconfig::imap_servers(&xml, domain)
                    .into_iter()
                    .map(|server| FoundServer { server, found_by: "autoconfig file".to_owned() }),
            ),
            // Most domains have none.
            Err(error) => tracing::debug!(%url, %error, "no autoconfig file"),
        }
    }
    found
}

async fn from_names(domain: &DomainName, resolver: &Resolver, may_connect: bool) -> Vec<FoundServer> {
    let mut names: Vec<(DnsName, &str)> =
        vec![(domain.below("imap"), "usual name"), (domain.below("mail"), "usual name")];
    let answer = resolver.query(&domain.dns(), RecordType::Mx).await;
    for record in &answer.records {
        if let RecordData::Mx { exchange, .. } = record
            && !exchange.as_str().is_empty()
            && !names.iter().any(|(name, _)| name == exchange)
        {
            names.push((exchange.clone(), "MX name"));
        }
    }
    names.truncate(MAX_HOSTS);
    let tries = names.iter().map(|(name, found_by)| try_host(name, found_by, resolver, may_connect));
    join_all(tries).await.into_iter().flatten().collect()
}

async fn try_host(
    name: &DnsName,
    found_by: &str,
    resolver: &Resolver,
    may_connect: bool,
) -> Option<FoundServer> {
    let mut addresses: Vec<IpAddr> = Vec::new();
    for record_type in [RecordType::A, RecordType::Aaaa] {
        let answer = resolver.query(name, record_type).await;
        addresses.extend(answer.records.iter().filter_map(|record| match record {
            RecordData::A(address) => Some(IpAddr::V4(*address)),
            RecordData::Aaaa(address) => Some(IpAddr::V6(*address)),
            _ => None,
        }));
    }
    if addresses.is_empty() {
        return None;
    }
    let found = |port, security, words: String| {
        Endpoint::new(name.as_str(), port, security)
            .ok()
            .map(|server| FoundServer { server, found_by: words })
    };
    if !may_connect {
        return found(993, Security::Tls, format!("{found_by}, not tried"));
    }
    for (port, security) in [(993, Security::Tls), (143, Security::StartTls)] {
        let tries =
            addresses.iter().take(MAX_ADDRESSES).map(|address| is_open(SocketAddr::new(*address, port)));
        if join_all(tries).await.contains(&true) {
            return found(port, security, format!("{found_by}, port {port} is open"));
        }
    }
    None
}

async fn is_open(address: SocketAddr) -> bool {
    matches!(timeout(CONNECT_TIME, TcpStream::connect(address)).await, Ok(Ok(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{AnswerBook, DnsAnswer, DnsQuestion, Outcome};

    fn answer(name: &str, record_type: RecordType, records: Vec<RecordData>) -> DnsAnswer {
        let question = DnsQuestion::new(DnsName::new(name), record_type);
        DnsAnswer { records, ..DnsAnswer::empty(question, Outcome::Answer) }
    }

    fn srv(priority: u16, weight: u16, target: &str) -> RecordData {
        RecordData::Srv { priority, weight, port: 993, target: DnsName::new(target) }
    }

    #[tokio::test]
    async fn srv_records_come_first_and_by_priority() {
        let book: AnswerBook = [
            answer(
                "_imaps._tcp.weber.example",
                RecordType::Srv,
                vec![
                    srv(20, 0, "b.weber.example"),
                    srv(10, 1, "a.weber.example"),
                    srv(10, 5, "c.weber.example"),
                ],
            ),
            answer("_imap._tcp.weber.example", RecordType::Srv, vec![srv(0, 0, ".")]),
            answer(
                "weber.example",
                RecordType::Mx,
                vec![RecordData::Mx { preference: 5, exchange: DnsName::new("mx.weber.example") }],
            ),
            answer("mx.weber.example", RecordType::A, vec![RecordData::A([192, 0, 2, 1].into())]),
        ]
        .into_iter()
        .collect();
        let domain = DomainName::parse("weber.example").unwrap();
        let found = discover(&domain, &Resolver::recorded(book), None).await;
        let shown: Vec<(String, &str)> =
            found.iter().map(|found| (found.server.host.clone(), found.found_by.as_str())).collect();
        let host = |name: &str| format!("{name}.weber.example");
        assert_eq!(
            shown,
            [
                (host("c"), "SRV record _imaps._tcp"),
                (host("a"), "SRV record _imaps._tcp"),
                (host("b"), "SRV record _imaps._tcp"),
                (host("mx"), "MX name, not tried")
            ]
        );
    }
}
