//! Judges the hosts that MX records name: missing, aliases, addresses, private networks.

use std::net::IpAddr;

use crate::audit::addresses::is_public;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::zone::without_doubled_domain;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordData, RecordType, counted_as};

/// Hosts that are checked; nobody needs more.
const MAX_HOSTS: usize = 16;

/// What is wrong with hosts, by kind, so that each kind makes one finding.
#[derive(Default)]
struct Faults<'a> {
    literals: Vec<DnsName>,
    /// As it stands, and as it was meant.
    dotless: Vec<(DnsName, DnsName)>,
    aliases: Vec<DnsName>,
    nameless: Vec<DnsName>,
    private: Vec<String>,
    /// Hosts without an IPv4 address.
    only_ipv6: Vec<DnsName>,
    unknown: Option<(DnsName, &'a DnsAnswer)>,
    good: Vec<DnsName>,
    /// Addresses of each host that has some.
    addresses: Vec<(DnsName, Vec<IpAddr>)>,
}

/// The hosts that MX records name (RFC 5321 section 5.1, RFC 2181 section 10.3).
pub(super) fn judge(
    context: &Context<'_>,
    answer: &DnsAnswer,
    hosts: &[DnsName],
    findings: &mut Vec<Finding>,
) {
    let lookups = &context.lookups;
    let mut faults = Faults::default();
    lookups.begin();
    lookups.see(answer);
    let hosts: Vec<&DnsName> = hosts.iter().filter(|host| !host.as_str().is_empty()).collect();
    for host in hosts.iter().take(MAX_HOSTS) {
        look(context, host, &mut faults);
    }
    report(context, &faults, findings);
    judge_families(context, &faults, findings);
    judge_doubles(context, answer, &faults, findings);
    if let Some(left_out) = hosts.len().checked_sub(MAX_HOSTS).filter(|left_out| *left_out > 0) {
        findings.push(
            new(
                "mx.many",
                Status::Info,
                Importance::Minor,
                format!("{} were not looked at", counted_as(left_out, "mail host", "mail hosts")),
            )
            .words(format!(
                "The domain names {} mail hosts, and the first {MAX_HOSTS} were looked at.",
                hosts.len()
            ))
            .done(lookups),
        );
    }
}

fn look<'a>(context: &Context<'a>, host: &DnsName, faults: &mut Faults<'a>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.dns();
    let before_domain = host.as_str().strip_suffix(domain.as_str()).and_then(|rest| rest.strip_suffix('.'));
    // A name server puts the domain behind a name without a dot at its end, also behind an address.
    let is_literal = |text: &str| text.parse::<IpAddr>().is_ok();
    if is_literal(host.as_str()) || before_domain.is_some_and(is_literal) {
        faults.literals.push(host.clone());
        return;
    }
    if !is_askable(host) {
        faults.nameless.push(host.clone());
        return;
    }
    let (addresses, worst) = lookups.addresses(host);
    let answers = [RecordType::A, RecordType::Aaaa].map(|record_type| lookups.ask(host, record_type));
    if answers.iter().any(|answer| !answer.aliases.is_empty()) {
        faults.aliases.push(host.clone());
    }
    let private = addresses.iter().find(|address| !is_public(**address));
    if addresses.is_empty() && worst.outcome.is_known() {
        match meant(context, host, before_domain) {
            Some(meant) => faults.dotless.push((host.clone(), meant)),
            None => faults.nameless.push(host.clone()),
        }
    } else if addresses.is_empty() {
        faults.unknown = Some((host.clone(), worst));
    } else if let Some(address) = private {
        faults.private.push(format!("{host} ({address})"));
    } else {
        if lookups.ask(host, RecordType::A).outcome.is_void() {
            faults.only_ipv6.push(host.clone());
        }
        if answers.iter().all(|answer| answer.aliases.is_empty()) {
            faults.good.push(host.clone());
        }
    }
    if !addresses.is_empty() {
        faults.addresses.push((host.clone(), addresses));
    }
}

/// The host that was meant by a name at which nothing is, where a dot at its end was forgotten.
fn meant(context: &Context<'_>, host: &DnsName, before_domain: Option<&str>) -> Option<DnsName> {
    if let Some(meant) = without_doubled_domain(host, &context.facts.domain.dns()) {
        return Some(meant);
    }
    // The host of somebody else, with the owner's domain behind it.
    let foreign = DnsName::new(before_domain?);
    let is_host = foreign.labels().count() >= 2 && is_askable(&foreign);
    (is_host && !context.lookups.addresses(&foreign).0.is_empty()).then_some(foreign)
}

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::IncomingMail, status, importance, title)
}

fn report(context: &Context<'_>, faults: &Faults<'_>, findings: &mut Vec<Finding>) {
    let fail = |id: &str, title: String| new(id, Status::Fail, Importance::Important, title);
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    if !faults.literals.is_empty() {
        push(fail("mx.ip-literal", format!("MX names an address: {}", listed(&faults.literals)))
            .words("An MX record must name a host. Senders that follow the standard cannot deliver to an address written there.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Give the server a name with an A record, and put the name into the MX record.")
            .rfc(5321, "5.1"));
    }
    if let Some((host, meant)) = faults.dotless.first() {
        let hosts: Vec<&DnsName> = faults.dotless.iter().map(|(host, _)| host).collect();
        push(fail("mx.missing-dot", format!("A dot is missing at the end: MX names {}", listed(&hosts)))
            .words(format!("In a zone file a name without a dot at its end gets the domain appended. “{host}” does not exist; “{meant}” was meant."))
            .remedy(Effort::Low, Changer::YouInTheZone, format!("Write “{meant}.” with a dot at the end, or leave the domain out."))
            .copy("host", format!("{meant}."))
            .rfc(1035, "5.1"));
    }
    if !faults.aliases.is_empty() {
        push(fail("mx.alias", format!("MX leads to an alias: {}", listed(&faults.aliases)))
            .words("The host in an MX record must have addresses of its own. Some senders refuse to follow an alias (CNAME) there.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Replace the alias with A and AAAA records, or name its target in the MX record.")
            .rfc(2181, "10.3"));
    }
    if !faults.nameless.is_empty() {
        push(
            fail("mx.no-address", format!("MX names hosts without an address: {}", listed(&faults.nameless)))
                .words(
                    "Mail that senders try to deliver there waits, and comes back if no other host takes it.",
                )
                .remedy(
                    Effort::Low,
                    Changer::YouInTheZone,
                    "Publish an address for the host, or remove it from the MX records.",
                )
                .rfc(5321, "5.1"),
        );
    }
    if !faults.private.is_empty() {
        push(
            fail(
                "mx.private-address",
                format!("MX leads into a private network: {}", listed(&faults.private)),
            )
            .words("The address cannot be reached from outside.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Publish the public address of the server.")
            .rfc(6890, "2.2.2"),
        );
    }
    if let Some((host, answer)) = &faults.unknown {
        let title = format!("The addresses of {host} could not be measured");
        push(Draft::unknown(
            "mx.host-unknown",
            Area::IncomingMail,
            Importance::VeryImportant,
            &title,
            answer,
        ));
    }
    if !faults.good.is_empty() {
        push(
            new(
                "mx.hosts",
                Status::Pass,
                Importance::Important,
                format!("Mail is delivered to {}", listed(&faults.good)),
            )
            .words("The mail hosts have public addresses of their own.")
            .rfc(5321, "5.1"),
        );
    }
}

/// Whether senders without IPv6 find a host.
fn judge_families(context: &Context<'_>, faults: &Faults<'_>, findings: &mut Vec<Finding>) {
    if faults.only_ipv6.is_empty() {
        return;
    }
    let is_all = faults.unknown.is_none() && faults.only_ipv6.len() == faults.addresses.len();
    let (status, importance, words) = if is_all {
        (
            Status::Fail,
            Importance::VeryImportant,
            "Many senders have no IPv6. Their mail waits, and comes back.",
        )
    } else {
        (Status::Warn, Importance::Minor, "Senders without IPv6 can only use the other hosts.")
    };
    let title = format!("No IPv4 address: {}", listed(&faults.only_ipv6));
    findings.push(
        new("mx.ipv6-only", status, importance, title)
            .words(words)
            .remedy(
                Effort::Medium,
                Changer::YouInTheZone,
                "Publish an IPv4 address for the host, or add a host that has one.",
            )
            .rfc(5321, "5.1")
            .done(&context.lookups),
    );
}

/// Whether several records lead to the same place.
fn judge_doubles(
    context: &Context<'_>,
    answer: &DnsAnswer,
    faults: &Faults<'_>,
    findings: &mut Vec<Finding>,
) {
    let named: Vec<&DnsName> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Mx { exchange, .. } => Some(exchange),
            _ => None,
        })
        .collect();
    if named.len() < 2 {
        return;
    }
    let twice = named
        .iter()
        .enumerate()
        .filter(|(index, name)| named.iter().take(*index).any(|other| other == *name));
    let mut doubles: Vec<String> = twice.map(|(_, name)| format!("{name} is named twice")).collect();
    let sorted = |addresses: &[IpAddr]| {
        let mut addresses = addresses.to_vec();
        addresses.sort();
        addresses
    };
    for (index, (host, addresses)) in faults.addresses.iter().enumerate() {
        let same = faults.addresses.iter().take(index).find(|(_, other)| sorted(other) == sorted(addresses));
        doubles.extend(same.map(|(other, _)| format!("{other} and {host} are the same machine")));
    }
    let draft = if !doubles.is_empty() {
        new("mx.duplicates", Status::Warn, Importance::Minor, "Several MX records lead to the same place")
            .words(format!(
                "{}. When that machine is away, the other record does not help.",
                listed(&doubles)
            ))
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the record that adds nothing.")
    } else if let Some((host, answer)) = &faults.unknown {
        let title = format!("Whether {host} is a machine of its own could not be measured");
        Draft::unknown("mx.duplicates", Area::IncomingMail, Importance::Minor, &title, answer)
    } else {
        new("mx.duplicates", Status::Pass, Importance::Minor, "Each MX record names a machine of its own")
            .words("When one is away, the others take the mail.")
    };
    findings.push(draft.rfc(5321, "5.1").done(&context.lookups));
}
