use std::net::{IpAddr, Ipv4Addr};

use super::hosts::hosts;
use crate::audit::addresses::is_public;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{DnsAnswer, DnsName, Outcome, RecordType};

/// Hosts that are looked at; nobody needs more.
const MAX_HOSTS: usize = 10;
/// Above this many seconds the old address is used for hours after the switch.
const LONG_TTL_SECS: u32 = 3_600;

/// MX records and the hosts behind them (RFC 5321 section 5, RFC 7505, RFC 2181 section 10.3).
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let answer = lookups.ask(&context.facts.domain.dns(), RecordType::Mx);
    match &answer.outcome {
        Outcome::Answer => {
            let hosts = hosts(answer);
            if hosts.iter().any(|host| host.as_str().is_empty()) {
                findings.push(null_mx(context, hosts.len()));
            }
            judge_ttl(context, answer, findings);
            judge_hosts(context, answer, &hosts, findings);
        }
        Outcome::NoData | Outcome::NxDomain => findings.push(without_mx(context)),
        _ => findings.push(
            Draft::unknown(
                "mx.unknown",
                Area::IncomingMail,
                Importance::VeryImportant,
                "Where mail is delivered could not be measured",
                answer,
            )
            .done(lookups),
        ),
    }
}

fn null_mx(context: &Context<'_>, hosts: usize) -> Finding {
    let domain = &context.facts.domain;
    let (status, title, words) = if hosts == 1 {
        (
            Status::Warn,
            format!("{domain} says that it takes no mail"),
            "The record “MX 0 .” tells every sender that no mail is accepted here.",
        )
    } else {
        (
            Status::Fail,
            "“No mail” stands beside mail hosts".to_owned(),
            "The record “MX 0 .” says that no mail is accepted, and other MX records say the opposite. Senders pick one of the two.",
        )
    };
    Draft::new("mx.null", Area::IncomingMail, status, Importance::VeryImportant, title)
        .words(words)
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Remove the record “MX 0 .” if the domain is to receive mail.",
        )
        .rfc(7505, "3")
        .done(&context.lookups)
}

fn without_mx(context: &Context<'_>) -> Finding {
    let lookups = &context.lookups;
    let (addresses, worse) = lookups.addresses(&context.facts.domain.dns());
    let draft = if !addresses.is_empty() {
        Draft::new("mx.missing", Area::IncomingMail, Status::Warn, Importance::Important, "There is no MX record")
            .words("Senders fall back to the address of the web site. Many filters take that for a domain without mail.")
    } else if worse.outcome.is_known() {
        Draft::new(
            "mx.missing",
            Area::IncomingMail,
            Status::Fail,
            Importance::VeryImportant,
            "There is no MX record and no address",
        )
        .words("No sender can find a server that takes mail for this domain.")
    } else {
        let title = "Whether mail can be delivered without an MX record could not be measured";
        return Draft::unknown("mx.missing", Area::IncomingMail, Importance::VeryImportant, title, worse)
            .done(lookups);
    };
    draft
        .remedy(Effort::Low, Changer::YouInTheZone, "Publish an MX record with the name of the mail server.")
        .rfc(5321, "5.1")
        .done(lookups)
}

fn judge_ttl(context: &Context<'_>, answer: &DnsAnswer, findings: &mut Vec<Finding>) {
    let Some(ttl_secs) = answer.ttl_secs else { return };
    let draft = if ttl_secs > LONG_TTL_SECS {
        let hours = ttl_secs.div_ceil(3_600);
        Draft::new(
            "mx.ttl",
            Area::IncomingMail,
            Status::Warn,
            Importance::Important,
            format!("The MX record is remembered for {hours} hours (TTL {ttl_secs})"),
        )
        .words("After the switch some senders go on delivering to the old server for at least this long.")
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Set the waiting time (TTL) of the MX records to 300 a day before the switch.",
        )
        .group(Group::MattersForTheSwitch)
    } else {
        Draft::new(
            "mx.ttl",
            Area::IncomingMail,
            Status::Pass,
            Importance::Minor,
            format!("The MX record is remembered for {} minutes at most", ttl_secs.div_ceil(60)),
        )
        .words("A change of the MX records is seen soon.")
    };
    findings.push(draft.rfc(2181, "5.2").done(&context.lookups));
}

/// What is wrong with hosts, by kind, so that each kind makes one finding.
#[derive(Default)]
struct Faults {
    literals: Vec<DnsName>,
    aliases: Vec<DnsName>,
    nameless: Vec<DnsName>,
    private: Vec<String>,
    good: Vec<DnsName>,
}

fn judge_hosts(context: &Context<'_>, answer: &DnsAnswer, hosts: &[DnsName], findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let mut faults = Faults::default();
    let mut unknown: Option<(DnsName, &DnsAnswer)> = None;
    lookups.begin();
    lookups.ask(&answer.question.name, RecordType::Mx);
    for host in hosts.iter().filter(|host| !host.as_str().is_empty()).take(MAX_HOSTS) {
        if host.as_str().parse::<Ipv4Addr>().is_ok() {
            faults.literals.push(host.clone());
            continue;
        }
        if !is_askable(host) {
            faults.nameless.push(host.clone());
            continue;
        }
        let (addresses, worse) = lookups.addresses(host);
        let alias =
            [RecordType::A, RecordType::Aaaa].iter().any(|kind| !lookups.ask(host, *kind).aliases.is_empty());
        if alias {
            faults.aliases.push(host.clone());
        }
        let private: Vec<&IpAddr> = addresses.iter().filter(|address| !is_public(**address)).collect();
        if addresses.is_empty() && worse.outcome.is_known() {
            faults.nameless.push(host.clone());
        } else if addresses.is_empty() {
            unknown = Some((host.clone(), worse));
        } else if let Some(address) = private.first() {
            faults.private.push(format!("{host} ({address})"));
        } else if !alias {
            faults.good.push(host.clone());
        }
    }
    report_hosts(context, &faults, findings);
    if let Some((host, answer)) = unknown {
        let title = format!("The address of {host} could not be measured");
        findings.push(
            Draft::unknown("mx.host-unknown", Area::IncomingMail, Importance::VeryImportant, &title, answer)
                .done(lookups),
        );
    }
}

fn report_hosts(context: &Context<'_>, faults: &Faults, findings: &mut Vec<Finding>) {
    let fail = |id: &str, title: String| {
        Draft::new(id, Area::IncomingMail, Status::Fail, Importance::Important, title)
            .group(Group::SpeaksForMoving)
    };
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    if !faults.literals.is_empty() {
        push(fail("mx.ip-literal", format!("MX names an address: {}", listed(&faults.literals)))
            .words("An MX record must name a host. Senders that follow the standard cannot deliver to an address written there.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Give the server a name with an A record, and put the name into the MX record.")
            .rfc(5321, "5.1"));
    }
    if !faults.aliases.is_empty() {
        push(fail("mx.alias", format!("MX leads to an alias: {}", listed(&faults.aliases)))
            .words("The host in an MX record must have addresses of its own. Some senders refuse to follow an alias (CNAME) there.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Replace the alias by A and AAAA records, or name its target in the MX record.")
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
    if !faults.good.is_empty() {
        push(
            Draft::new(
                "mx.hosts",
                Area::IncomingMail,
                Status::Pass,
                Importance::Important,
                format!("Mail is delivered to {}", listed(&faults.good)),
            )
            .words("The mail hosts have public addresses of their own.")
            .rfc(5321, "5.1"),
        );
    }
}
