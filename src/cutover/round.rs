//! Asks everybody once: every server in charge of the zone, and the resolvers. All are asked at the same time, so that one that is
//! down does not hold up the others.

use std::net::IpAddr;
use std::time::Duration;

use futures::future::{join, join_all};
use serde::{Deserialize, Serialize};

use super::CutoverError;
use super::proof::ProofRecord;
use crate::dns::Resolver;
use crate::values::{
    Asked, DnsAnswer, DnsName, DnsQuestion, DomainName, Outcome, RecordData, RecordType, UnixTime,
};

/// Servers of a zone that are asked; a referral over UDP has room for about as many.
const MOST_SERVERS: usize = 13;
/// Addresses of one server that are asked, of each family.
const MOST_ADDRESSES: usize = 4;
/// Addresses that are asked in one look, whatever a project file from elsewhere names.
const MOST_ASKED: usize = 2 * MOST_ADDRESSES * MOST_SERVERS;
/// A server in charge knows its answer. One lost packet is forgiven.
const SERVER_TIME: Duration = Duration::from_millis(1_500);
/// A resolver may have to ask others first.
const RESOLVER_TIME: Duration = Duration::from_millis(1_800);

/// An address of a server in charge of the zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AuthoritativeServer {
    /// Its name, as the NS record has it.
    pub name: DnsName,
    /// Where it is asked.
    pub address: IpAddr,
}

/// What came back in one look.
#[derive(Clone, Debug)]
pub struct Round {
    /// When it began.
    pub at: UnixTime,
    /// Servers in charge.
    pub servers: Vec<ServerAnswers>,
    /// Resolvers, each with its MX answer.
    pub resolvers: Vec<ResolverAnswer>,
}

/// What a server in charge said.
#[derive(Clone, Debug)]
pub struct ServerAnswers {
    /// Which one.
    pub server: AuthoritativeServer,
    /// About the version of the zone.
    pub soa: DnsAnswer,
    /// About the mail hosts.
    pub mx: DnsAnswer,
    /// About SPF, DKIM and DMARC, in the order of the records that were asked for.
    pub proof: Vec<DnsAnswer>,
}

/// What a resolver said.
#[derive(Clone, Debug)]
pub struct ResolverAnswer {
    /// The resolver in words.
    pub label: String,
    /// About the mail hosts.
    pub mx: DnsAnswer,
    /// About SPF, DKIM and DMARC, in the order of the records that were asked for.
    pub proof: Vec<DnsAnswer>,
}

/// The servers in charge of the zone that the domain is in, as the resolver finds them.
///
/// # Errors
/// [`CutoverError::NoSuchDomain`], or [`CutoverError::NoServers`] where none has an address.
pub async fn find_servers(
    domain: &DomainName,
    resolver: &Resolver,
) -> Result<Vec<AuthoritativeServer>, CutoverError> {
    let mut zone = domain.dns();
    let answer = loop {
        let answer = resolver.query(&zone, RecordType::Ns).await;
        if answer.outcome == Outcome::NxDomain {
            return Err(CutoverError::NoSuchDomain(domain.clone()));
        }
        // A domain without servers of its own is a part of the zone above.
        match zone.parent() {
            Some(above) if answer.outcome == Outcome::NoData && !above.as_str().is_empty() => zone = above,
            _ => break answer,
        }
    };
    let names = answer.records.iter().filter_map(|record| match record {
        RecordData::Ns(name) => Some(name.clone()),
        _ => None,
    });
    let found = join_all(names.take(MOST_SERVERS).map(|name| addresses(name, resolver))).await;
    let servers: Vec<_> = found.into_iter().flatten().collect();
    if servers.is_empty() {
        return Err(CutoverError::NoServers { domain: domain.clone(), outcome: answer.outcome });
    }
    Ok(servers)
}

async fn addresses(name: DnsName, resolver: &Resolver) -> Vec<AuthoritativeServer> {
    let (v4, v6) = join(resolver.query(&name, RecordType::A), resolver.query(&name, RecordType::Aaaa)).await;
    let of = |answer: DnsAnswer| {
        let address = |record| match record {
            RecordData::A(address) => Some(IpAddr::from(address)),
            RecordData::Aaaa(address) => Some(IpAddr::from(address)),
            _ => None,
        };
        answer.records.into_iter().filter_map(address).take(MOST_ADDRESSES)
    };
    of(v4).chain(of(v6)).map(|address| AuthoritativeServer { name: name.clone(), address }).collect()
}

/// Whom a look asks about what.
#[derive(Clone, Copy, Debug)]
pub struct Looked<'a> {
    /// The domain.
    pub domain: &'a DomainName,
    /// What is asked for beside the mail hosts.
    pub proof: &'a [ProofRecord],
    /// Servers in charge.
    pub servers: &'a [AuthoritativeServer],
    /// Resolvers. The first one also says from where servers are reached; without any nobody is asked.
    pub resolvers: &'a [Resolver],
}

/// Asks every server and every resolver about everything at the same time; comes back in under 2 s, whoever is down.
/// `answered` hears of each that is done.
pub async fn look(looked: Looked<'_>, at: UnixTime, answered: &(dyn Fn() + Sync)) -> Round {
    let Looked { domain, proof, servers, resolvers } = looked;
    let Some(first) = resolvers.first() else {
        return Round { at, servers: Vec::new(), resolvers: Vec::new() };
    };
    let name = domain.dns();
    let of_servers = join_all(servers.iter().take(MOST_ASKED).map(|server| {
        // A memory and permits of its own: neither an earlier answer nor a dead neighbour stands in its way.
        let wire = first.fresh();
        let question = |kind| DnsQuestion::new(name.clone(), kind).to(Asked::Server(server.address));
        let (soa, mx) = (question(RecordType::Soa), question(RecordType::Mx));
        async move {
            let about_proof = join_all(proof.iter().map(|record| {
                let question = DnsQuestion::new(record.name.clone(), record.record_type);
                ask(&wire, question.to(Asked::Server(server.address)), SERVER_TIME)
            }));
            let about_route = join(ask(&wire, soa, SERVER_TIME), ask(&wire, mx, SERVER_TIME));
            let ((soa, mx), proof) = join(about_route, about_proof).await;
            answered();
            ServerAnswers { server: server.clone(), soa, mx, proof }
        }
    }));
    let of_resolvers = join_all(resolvers.iter().map(|resolver| {
        let wire = resolver.fresh();
        let question = DnsQuestion::new(name.clone(), RecordType::Mx);
        async move {
            let about_proof = join_all(proof.iter().map(|record| {
                ask(&wire, DnsQuestion::new(record.name.clone(), record.record_type), RESOLVER_TIME)
            }));
            let (mx, proof) = join(ask(&wire, question, RESOLVER_TIME), about_proof).await;
            answered();
            ResolverAnswer { label: wire.label().to_owned(), mx, proof }
        }
    }));
    let (servers, resolvers) = join(of_servers, of_resolvers).await;
    Round { at, servers, resolvers }
}

async fn ask(wire: &Resolver, question: DnsQuestion, time: Duration) -> DnsAnswer {
    let answer = tokio::time::timeout(time, wire.ask(&question)).await;
    answer.unwrap_or_else(|_elapsed| DnsAnswer::empty(question.clone(), Outcome::Timeout))
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn thirteen_servers_that_are_all_silent_cost_less_than_two_seconds() {
        let resolver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = resolver.local_addr().unwrap().port();
        let sockets: Vec<_> = (0..13_u8)
            .map(|number| UdpSocket::bind((Ipv4Addr::new(127, 0, 7, number + 1), port)).unwrap())
            .collect();
        let servers: Vec<_> = sockets
            .iter()
            .map(|socket| AuthoritativeServer {
                name: DnsName::new("ns.example"),
                address: socket.local_addr().unwrap().ip(),
            })
            .collect();
        let domain = DomainName::parse("weber.example").unwrap();
        let wire = Resolver::at(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let began = tokio::time::Instant::now();
        let count = AtomicUsize::new(0);
        let proof = crate::cutover::proof_tests::three_records();
        let looked = Looked { domain: &domain, proof: &proof, servers: &servers, resolvers: &[wire] };
        let round = look(looked, UnixTime(1), &|| {
            count.fetch_add(1, Ordering::Relaxed);
        })
        .await;
        assert_eq!(count.load(Ordering::Relaxed), 14, "each is heard of once");
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        assert_eq!(round.servers.len(), 13);
        assert!(round.servers.iter().all(|one| one.mx.outcome == Outcome::Timeout));
        assert!(round.servers.iter().all(|one| one.proof.len() == 3));
        // Each was asked at once, about all five, and once more: none waited for another.
        for socket in &sockets {
            socket.set_nonblocking(true).unwrap();
            let mut buffer = [0; 512];
            let asked = std::iter::from_fn(|| socket.recv(&mut buffer).ok()).count();
            assert_eq!(asked, 10);
        }
    }

    #[tokio::test]
    async fn without_a_resolver_nobody_is_asked() {
        let domain = DomainName::parse("weber.example").unwrap();
        let looked = Looked { domain: &domain, proof: &[], servers: &[], resolvers: &[] };
        let round = look(looked, UnixTime(1), &|| {}).await;
        assert!(round.servers.is_empty() && round.resolvers.is_empty());
    }
}
