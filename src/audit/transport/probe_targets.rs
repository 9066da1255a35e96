//! Chooses the hosts and ports to probe, from what the DNS says.

use std::net::IpAddr;

use super::mta_sts::{is_announced, policy_host};
use crate::audit::Facts;
use crate::audit::addresses::is_public;
use crate::audit::lookups::is_askable;
use crate::audit::mx::hosts;
use crate::values::{DnsName, MailService, ProbeTarget, RecordData, RecordType};

/// Most mail exchangers that are probed.
const MAX_HOSTS: usize = 10;

/// Most addresses of one host that are probed.
const MAX_ADDRESSES: usize = 4;

/// Most hosts for mail programs that are probed, per service.
const MAX_SERVERS: usize = 3;

/// Names of service records (RFC 6186 section 3, RFC 8314 section 5.1) and what they are about.
pub(in crate::audit) const SERVICE_RECORDS: [(&str, MailService); 4] = [
    ("_imaps._tcp", MailService::Imaps),
    ("_imap._tcp", MailService::Imap),
    ("_submissions._tcp", MailService::Submissions),
    ("_submission._tcp", MailService::Submission),
];

/// A network that stands in for the Internet where servers cannot have the ports and addresses that the world gives them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StandIns {
    /// The port used instead of 25.
    pub smtp_port: u16,
    /// The port used instead of 443.
    pub https_port: u16,
    /// Whether private and loopback addresses are checked. On the Internet they are not: a zone would choose which
    /// computers next to the owner are knocked at.
    pub takes_private: bool,
}

impl Default for StandIns {
    fn default() -> Self {
        Self { smtp_port: MailService::Smtp.port(), https_port: 443, takes_private: false }
    }
}

impl StandIns {
    /// Whether an address may be connected to.
    pub(in crate::audit) fn takes(self, address: IpAddr) -> bool {
        self.takes_private || is_public(address) && !is_documentation(address)
    }
}

/// Ranges that are written about and belong to nobody (RFC 5737, 3849).
fn is_documentation(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, third, _] = v4.octets();
            matches!((first, second, third), (192, 0, 2) | (198, 51, 100) | (203, 0, 113))
        }
        IpAddr::V6(v6) => matches!(v6.segments(), [0x2001, 0xdb8, ..]),
    }
}

/// Where the policy of MTA-STS is fetched from; empty if the zone announces none.
pub fn policy_addresses(facts: &Facts, stand_ins: StandIns) -> Vec<IpAddr> {
    if is_announced(facts) {
        addresses(facts, &policy_host(facts)).filter(|address| stand_ins.takes(*address)).collect()
    } else {
        Vec::new()
    }
}

/// Ports to look at, given what the DNS has said so far.
pub fn probe_targets(facts: &Facts, stand_ins: StandIns) -> Vec<ProbeTarget> {
    let mut targets = Vec::new();
    let exchangers = exchangers(facts);
    for host in &exchangers {
        add(facts, &mut targets, host, MailService::Smtp, stand_ins.smtp_port);
    }
    let servers = named_servers(facts);
    for NamedPort { host, service, port } in &servers {
        add(facts, &mut targets, host, *service, *port);
    }
    if servers.is_empty() {
        // A domain with its own server usually runs everything on it.
        let domain = facts.domain.dns();
        let below = format!(".{domain}");
        let own = exchangers.iter().filter(|host| **host == domain || host.as_str().ends_with(&below));
        for host in own {
            for (_, service) in SERVICE_RECORDS {
                add(facts, &mut targets, host, service, service.port());
            }
        }
    }
    targets.retain(|target| stand_ins.takes(target.address));
    targets.sort();
    targets.dedup();
    targets
}

/// The mail exchangers that can be asked for, best first.
pub(super) fn exchangers(facts: &Facts) -> Vec<DnsName> {
    let Some(answer) = facts.answer(&facts.domain.dns(), RecordType::Mx) else { return Vec::new() };
    let is_literal = |host: &DnsName| host.as_str().parse::<IpAddr>().is_ok();
    let named = hosts(answer).into_iter().filter(|host| is_askable(host) && !is_literal(host));
    named.take(MAX_HOSTS).collect()
}

/// A port that a service record names.
struct NamedPort {
    host: DnsName,
    service: MailService,
    port: u16,
}

/// The hosts that service records name for mail programs.
fn named_servers(facts: &Facts) -> Vec<NamedPort> {
    let mut servers = Vec::new();
    for (label, service) in SERVICE_RECORDS {
        let name = service_name(facts, label);
        let records = facts.answer(&name, RecordType::Srv).into_iter().flat_map(|answer| &answer.records);
        let named = records.filter_map(|record| match record {
            RecordData::Srv { port, target, .. } if is_askable(target) && *port > 0 => {
                Some(NamedPort { host: target.clone(), service, port: *port })
            }
            _ => None,
        });
        servers.extend(named.take(MAX_SERVERS));
    }
    servers
}

/// The owner name of a service record of the domain.
pub(super) fn service_name(facts: &Facts, label: &str) -> DnsName {
    DnsName::new(&format!("{label}.{}", facts.domain.as_ascii()))
}

/// Hosts for mail programs whose addresses have to be asked for.
pub(super) fn server_names(facts: &Facts) -> Vec<DnsName> {
    let mut names: Vec<DnsName> = named_servers(facts).into_iter().map(|named| named.host).collect();
    names.sort();
    names.dedup();
    names
}

fn add(facts: &Facts, targets: &mut Vec<ProbeTarget>, host: &DnsName, service: MailService, port: u16) {
    let found = addresses(facts, host).take(MAX_ADDRESSES);
    targets.extend(found.map(|address| ProbeTarget { host: host.clone(), address, port, service }));
}

/// Addresses of a host, as far as they were asked for.
pub(in crate::audit) fn addresses(facts: &Facts, host: &DnsName) -> impl Iterator<Item = IpAddr> {
    [RecordType::A, RecordType::Aaaa]
        .into_iter()
        .filter_map(|record_type| facts.answer(host, record_type))
        .flat_map(|answer| answer.records.iter().filter_map(RecordData::address))
}
