//! SRV records and autoconfiguration: whether mail programs find the servers on their own.

use super::hosts::is_without_mail;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordData, RecordType};

/// A service that mail programs look for.
#[derive(Clone, Copy)]
struct Service {
    label: &'static str,
    /// Whether it is for reading mail, not for sending it.
    is_reading: bool,
}

const SERVICES: [Service; 4] = [
    Service { label: "_imaps._tcp", is_reading: true },
    Service { label: "_imap._tcp", is_reading: true },
    Service { label: "_submissions._tcp", is_reading: false },
    Service { label: "_submission._tcp", is_reading: false },
];

/// What the zone tells mail programs (RFC 6186, RFC 8314).
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    if is_without_mail(context) {
        return;
    }
    lookups.begin();
    let mut found: Vec<Service> = Vec::new();
    let mut dead: Vec<String> = Vec::new();
    let mut unknown: Option<&DnsAnswer> = None;
    for service in SERVICES {
        let answer = lookups.ask(&context.facts.domain.below(service.label), RecordType::Srv);
        if !answer.outcome.is_known() {
            unknown = Some(answer);
        }
        let targets = answer.records.iter().filter_map(|record| match record {
            RecordData::Srv { target, .. } => Some(target),
            _ => None,
        });
        for target in targets {
            // The root says that the service is not offered, which is an answer too.
            found.push(service);
            if !target.as_str().is_empty() && is_dead(context, target) {
                dead.push(format!("{} leads to {target}", service.label));
            }
        }
    }
    for name in ["autoconfig", "autodiscover"] {
        lookups.ask(&context.facts.domain.below(name), RecordType::A);
    }
    let has = |wanted: bool| found.iter().any(|service| service.is_reading == wanted);
    let hosts: Vec<&str> = ["autoconfig", "autodiscover"]
        .into_iter()
        .filter(|name| !lookups.ask(&context.facts.domain.below(name), RecordType::A).records.is_empty())
        .collect();
    let new = |status: Status, importance: Importance, title: &str| {
        Draft::new("mx.clients", Area::IncomingMail, status, importance, title)
    };
    let draft = if !dead.is_empty() {
        new(Status::Fail, Importance::Important, "Mail programs are sent to a host that does not exist")
            .words(format!(
                "{}, which has no address. A mail program that sets itself up fails there.",
                listed(&dead)
            ))
            .remedy(Effort::Low, Changer::YouInTheZone, "Correct the SRV record, or remove it.")
    } else if has(true) && has(false) {
        new(Status::Pass, Importance::Minor, "Mail programs find the servers for reading and sending")
            .words(format!("The zone names {}.", listed(&services(&found))))
    } else if let Some(answer) = unknown {
        Draft::unknown(
            "mx.clients",
            Area::IncomingMail,
            Importance::Minor,
            "Whether mail programs find the servers could not be measured",
            answer,
        )
    } else if !found.is_empty() {
        let missing = if has(true) { "sending" } else { "reading" };
        new(Status::Warn, Importance::Minor, "Mail programs find only one of the two servers")
            .words(format!("The zone names {}, and none for {missing}.", listed(&services(&found))))
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Publish SRV records for both _imaps._tcp and _submissions._tcp.",
            )
    } else if !hosts.is_empty() {
        new(Status::Info, Importance::Minor, "Mail programs may find their settings on a web server").words(
            format!("There are hosts for it: {}. No SRV record names the servers directly.", listed(&hosts)),
        )
    } else {
        new(Status::Info, Importance::Minor, "Mail programs need the server names entered by hand")
            .words("The zone has neither SRV records nor a host for settings.")
    };
    findings.push(draft.rfc(6186, "3").done(lookups));
}

fn services(found: &[Service]) -> Vec<&'static str> {
    let mut names: Vec<&str> = found.iter().map(|service| service.label).collect();
    names.dedup();
    names
}

fn is_dead(context: &Context<'_>, target: &DnsName) -> bool {
    if !is_askable(target) {
        return true;
    }
    let (addresses, worst) = context.lookups.addresses(target);
    addresses.is_empty() && worst.outcome.is_known()
}
