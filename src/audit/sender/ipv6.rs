//! Judges sending over IPv6, where large receivers are stricter.

use super::rule::{Found, NameState};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::senders::Senders;
use crate::audit::spf::{SpfQuery, SpfResult, check_with};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};

/// Whether mail that leaves over IPv6 is accepted: large receivers want a name and a passing SPF or DKIM there, and
/// are stricter than over IPv4.
pub(super) fn judge(
    context: &Context<'_>,
    senders: &Senders,
    found: &Found<'_>,
    findings: &mut Vec<Finding>,
) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.as_ascii();
    lookups.begin();
    let (mut faults, mut unsure, mut good) = (Vec::new(), Vec::new(), Vec::new());
    for named in found.0.iter().filter(|named| named.address.is_ipv6()) {
        let address = named.address;
        let query = SpfQuery {
            ip: address,
            domain: domain.to_owned(),
            sender: format!("postmaster@{domain}"),
            helo: String::new(),
            at: context.facts.at,
        };
        let spf = check_with(lookups, &query).map(|verdict| verdict.result);
        let mut lacks = Vec::new();
        if matches!(named.name, NameState::Missing | NameState::Unconfirmed(_)) {
            lacks.push("has no name that leads back".to_owned());
        }
        match spf {
            Some(SpfResult::Pass) => {}
            None | Some(SpfResult::TempError) => unsure.push(address),
            Some(result) => lacks.push(format!("gets “{result}” from SPF")),
        }
        if !lacks.is_empty() {
            faults.push(format!("{address} {}", lacks.join(" and ")));
        } else if matches!(named.name, NameState::Unknown(_)) {
            unsure.push(address);
        } else {
            good.push(address);
        }
    }
    let new = |status: Status, title: String| {
        Draft::new("sender.ipv6", Area::SendingAddress, status, Importance::VeryImportant, title)
    };
    let draft = if !faults.is_empty() {
        new(Status::Fail, format!("Mail over IPv6 is not accepted: {}", listed(&faults)))
            .words("The server has IPv6 and sends over it where the receiver has it too. Google, Microsoft and others refuse such mail without a name and a passing SPF or DKIM.")
            .remedy(Effort::Medium, Changer::YouInTheZone, format!("Have the address named (PTR) by your hoster and add {} to the SPF record, or let the server send over IPv4 only.", terms(senders)))
    } else if !unsure.is_empty() {
        new(
            Status::Unknown,
            format!("Whether mail over IPv6 is accepted could not be measured: {}", listed(&unsure)),
        )
        .words("The name or the SPF record got no answer. This is neither a good nor a bad result.")
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again in a while, or with another resolver.",
        )
    } else if !good.is_empty() {
        new(Status::Pass, format!("Mail over IPv6 has a name and passes SPF: {}", listed(&good)))
            .words("Receivers are stricter with IPv6, and this address has what they want.")
    } else {
        return;
    };
    findings.push(
        draft
            .reference("Google: Email sender guidelines", "https://support.google.com/a/answer/81126")
            .done(lookups),
    );
}

fn terms(senders: &Senders) -> String {
    let terms: Vec<String> = senders
        .addresses
        .iter()
        .filter(|address| address.is_ipv6())
        .map(|address| format!("ip6:{address}"))
        .collect();
    listed(&terms)
}
