use std::net::IpAddr;

use super::generic_names::is_generic;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::{is_askable, reverse_name};
use crate::audit::senders::{self, FoundBy, Senders};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordData, RecordType, counted_as};

/// Names of one address that are confirmed; receivers look at a few at most.
const MAX_NAMES: usize = 5;

/// Names of the sending addresses: PTR (RFC 1912 section 2.1) with forward confirmation (RFC 8601 section 2.7.3).
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let senders = senders::find(context);
    findings.push(describe(context, &senders));
    if senders.addresses.is_empty() {
        return;
    }
    lookups.begin();
    let mut found = Found::default();
    for address in &senders.addresses {
        look(context, *address, &mut found);
    }
    report(context, &found, findings);
}

fn describe(context: &Context<'_>, senders: &Senders) -> Finding {
    let names = listed(&senders.addresses);
    let importance = Importance::Important;
    let draft = match (senders.addresses.is_empty(), senders.found_by) {
        (true, FoundBy::Owner) => {
            Draft::new("sender.address", Area::SendingAddress, Status::Unknown, importance, format!("{} cannot be seen from outside", listed(&senders.private)))
                .words("Only the public address with which your server appears on the Internet has a reputation.")
                .remedy(Effort::Low, Changer::Nobody, "Name the public address that sends your mail and run the audit again.")
        }
        (true, _) => {
            Draft::new("sender.address", Area::SendingAddress, Status::Unknown, importance, "No sending address is known")
                .words("Neither the SPF record nor the MX records lead to a single server, so the address that sends your mail is not known.")
                .remedy(Effort::Low, Changer::Nobody, "Name the address that sends your mail and run the audit again.")
        }
        (false, FoundBy::Owner) => {
            Draft::new("sender.address", Area::SendingAddress, Status::Info, importance, format!("Mail is sent from {names}"))
                .words("These are the addresses that you named.")
        }
        (false, FoundBy::Evidence) => {
            Draft::new("sender.address", Area::SendingAddress, Status::Info, importance, format!("Mail is sent from {names}"))
                .words("Seen in your mail log, in replies of receivers or in DMARC reports.")
        }
        (false, FoundBy::Spf) => {
            Draft::new("sender.address", Area::SendingAddress, Status::Info, importance, format!("Mail is probably sent from {names}"))
                .words("Taken from the single hosts in your SPF record. Name the addresses yourself if others send too.")
        }
        (false, FoundBy::Mx) => {
            Draft::new("sender.address", Area::SendingAddress, Status::Info, importance, format!("Mail is perhaps sent from {names}"))
                .words("A guess from the hosts that receive your mail; the sending address may be another one. Name it to be sure.")
        }
    };
    draft.done(&context.lookups)
}

/// Addresses by what their names look like.
#[derive(Default)]
struct Found<'a> {
    nameless: Vec<IpAddr>,
    unconfirmed: Vec<String>,
    generic: Vec<String>,
    good: Vec<String>,
    several: Vec<String>,
    unknown: Vec<(String, &'a DnsAnswer)>,
}

fn look<'a>(context: &Context<'a>, address: IpAddr, found: &mut Found<'a>) {
    let answer = context.lookups.ask(&reverse_name(address), RecordType::Ptr);
    if !answer.outcome.is_known() {
        found.unknown.push((address.to_string(), answer));
        return;
    }
    let names: Vec<&DnsName> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Ptr(name) => Some(name),
            _ => None,
        })
        .collect();
    let Some(first) = names.first() else {
        found.nameless.push(address);
        return;
    };
    if names.len() > 1 {
        found.several.push(format!("{address} ({} names)", names.len()));
    }
    let mut confirmed: Option<&DnsName> = None;
    let mut unanswered = None;
    for name in names.iter().filter(|name| is_askable(name)).take(MAX_NAMES) {
        let record_type = if address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        let forward = context.lookups.ask(name, record_type);
        if forward.records.iter().filter_map(crate::audit::lookups::address_of).any(|back| back == address) {
            confirmed = confirmed.or(Some(name));
        } else if !forward.outcome.is_known() {
            unanswered = Some(forward);
        }
    }
    match (confirmed, unanswered) {
        (Some(name), _) if is_generic(name, address) => {
            found.generic.push(format!("{address} is called {name}"));
        }
        (Some(name), _) => found.good.push(format!("{address} ({name})")),
        (None, Some(forward)) => found.unknown.push((format!("{address} ({first})"), forward)),
        (None, None) => found.unconfirmed.push(format!("{address} ({first})")),
    }
}

fn report(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.group(Group::SpeaksForMoving).done(&context.lookups));
    let new = |id: &str, status: Status, importance: Importance, title: String| {
        Draft::new(id, Area::SendingAddress, status, importance, title)
    };
    if !found.nameless.is_empty() {
        push(new("ptr.missing", Status::Fail, Importance::VeryImportant, format!("{} without a name (PTR): {}", counted_as(found.nameless.len(), "sending address", "sending addresses"), listed(&found.nameless)))
            .words("Large receivers refuse or distrust mail from an address that has no name in the DNS.")
            .remedy(Effort::Medium, Changer::YourHoster, "Set the reverse name (PTR) of the address to the name of your mail server in your hosting provider’s panel, or ask for it.")
            .rfc(1912, "2.1"));
    }
    if !found.unconfirmed.is_empty() {
        push(new("ptr.not-confirmed", Status::Fail, Importance::VeryImportant, format!("The name does not lead back: {}", listed(&found.unconfirmed)))
            .words("The address has a name, but the name does not have this address. Receivers take such a name for made up.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Publish an A or AAAA record with the address under the name, or have the reverse name set to one that has it.")
            .rfc(8601, "2.7.3"));
    }
    if !found.generic.is_empty() {
        push(new("ptr.generic", Status::Warn, Importance::Important, format!("The name looks like a customer line: {}", listed(&found.generic)))
            .words("Names made from the digits of the address or from words like “dyn” and “pool” make receivers think of home connections.")
            .remedy(Effort::Medium, Changer::YourHoster, "Have the reverse name set to the name of your mail server.")
            .rfc(1912, "2.1"));
    }
    if !found.several.is_empty() {
        push(
            new(
                "ptr.several",
                Status::Info,
                Importance::Minor,
                format!("More than one name: {}", listed(&found.several)),
            )
            .words(
                "Receivers pick one of the names, not always the same one. One name per address is enough.",
            )
            .rfc(1912, "2.1"),
        );
    }
    if !found.good.is_empty() {
        push(
            new(
                "ptr.confirmed",
                Status::Pass,
                Importance::VeryImportant,
                format!("Name and address agree: {}", listed(&found.good)),
            )
            .words("The reverse name leads back to the address.")
            .rfc(8601, "2.7.3"),
        );
    }
    if let Some((_, answer)) = found.unknown.first() {
        let names: Vec<&String> = found.unknown.iter().map(|(name, _)| name).collect();
        let title = format!("The name could not be measured: {}", listed(&names));
        push(Draft::unknown("ptr.unknown", Area::SendingAddress, Importance::VeryImportant, &title, answer));
    }
}
