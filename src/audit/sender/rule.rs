//! Judges the sending addresses: PTR names that lead back (forward-confirmed reverse DNS).

use std::net::IpAddr;

use super::generic_names::is_generic;
use super::{class, greeting, ipv6, operator_page, port25};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::{is_askable, reverse_name};
use crate::audit::mx;
use crate::audit::senders::{self, FoundBy, Senders};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordData, RecordType, counted_as};

/// Names of one address that are confirmed; receivers look at a few at most.
const MAX_NAMES: usize = 5;

/// The addresses that send, their names (RFC 1912 section 2.1), and what receivers conclude from them.
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
    class::judge(context, &found, findings);
    greeting::judge(context, &found, findings);
    ipv6::judge(context, &senders, &found, findings);
    port25::judge(context, findings);
    operator_page::judge(context, findings);
}

fn describe(context: &Context<'_>, senders: &Senders) -> Finding {
    let names = listed(&senders.addresses);
    let new = |status: Status, title: String| {
        Draft::new("sender.address", Area::SendingAddress, status, Importance::Important, title)
    };
    let name_them = "Name the address that sends your mail and run the audit again.";
    let draft = match (senders.addresses.is_empty(), senders.found_by) {
        (true, _) if mx::is_without_mail(context) => {
            new(Status::NotApplicable, "The domain sends no mail".to_owned())
                .words("Its SPF record lets nobody send, and it takes no mail either.")
        }
        (true, FoundBy::Owner) => new(Status::Unknown, format!("{} cannot be seen from outside", listed(&senders.private)))
            .words("Only the public address with which your server appears on the Internet has a reputation.")
            .remedy(Effort::Low, Changer::Nobody, "Name the public address that sends your mail and run the audit again."),
        (true, _) => new(Status::Unknown, "No sending address is known".to_owned())
            .words("Neither the SPF record nor the MX records lead to a single server, so the address that sends your mail is not known.")
            .remedy(Effort::Low, Changer::Nobody, name_them),
        (false, FoundBy::Owner) => new(Status::Info, format!("Mail is sent from {names}"))
            .words("These are the addresses that you named."),
        (false, FoundBy::Evidence) => new(Status::Info, format!("Mail is sent from {names}"))
            .words("Seen in your mail log, in replies of receivers or in DMARC reports."),
        (false, FoundBy::Spf) if !senders.agreed.is_empty() => new(Status::Pass, format!("Mail is sent from {names}"))
            .words(format!("The SPF record and the MX records agree on {}. Name the addresses yourself if others send too.", listed(&senders.agreed))),
        (false, FoundBy::Spf) => new(Status::Info, format!("Mail is probably sent from {names}"))
            .words("Taken from the single hosts in your SPF record. Name the addresses yourself if others send too."),
        (false, FoundBy::Mx) => new(Status::Warn, format!("Mail is perhaps sent from {names}"))
            .words("A guess from the hosts that receive your mail; the sending address may be another one.")
            .remedy(Effort::Low, Changer::Nobody, name_them),
    };
    let draft = if senders.left_out > 0 {
        let words = format!("{} more were found and not checked.", senders.left_out);
        draft.more_words(&words)
    } else {
        draft
    };
    draft.done(&context.lookups)
}

/// One sending address with its name.
pub(super) struct Named<'a> {
    pub address: IpAddr,
    pub name: NameState<'a>,
    /// How many names it has.
    pub names: usize,
}

/// The result of looking for the name of an address.
pub(super) enum NameState<'a> {
    /// There is none.
    Missing,
    /// There is one, and it does not lead back.
    Unconfirmed(&'a DnsName),
    /// Name and address agree (RFC 8601 section 2.7.3).
    Confirmed(&'a DnsName),
    /// Something was not answered.
    Unknown(&'a DnsAnswer),
}

/// All sending addresses with their names.
#[derive(Default)]
pub(super) struct Found<'a>(pub Vec<Named<'a>>);

/// The first sending address that has a name which leads back.
pub(super) fn first_named<'a>(context: &Context<'a>) -> Option<Named<'a>> {
    let mut found = Found::default();
    for address in senders::find(context).addresses.into_iter().take(MAX_NAMES) {
        look(context, address, &mut found);
    }
    found.0.into_iter().find(|named| matches!(named.name, NameState::Confirmed(_)))
}

fn look<'a>(context: &Context<'a>, address: IpAddr, found: &mut Found<'a>) {
    let answer = context.lookups.ask(&reverse_name(address), RecordType::Ptr);
    let names: Vec<&DnsName> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Ptr(name) => Some(name),
            _ => None,
        })
        .collect();
    let name = match names.first() {
        _ if !answer.outcome.is_known() => NameState::Unknown(answer),
        None => NameState::Missing,
        Some(first) => confirmed(context, address, &names, first),
    };
    found.0.push(Named { address, name, names: names.len() });
}

fn confirmed<'a>(
    context: &Context<'a>,
    address: IpAddr,
    names: &[&'a DnsName],
    first: &'a DnsName,
) -> NameState<'a> {
    let record_type = if address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
    let mut unanswered = None;
    for name in names.iter().filter(|name| is_askable(name)).take(MAX_NAMES) {
        let forward = context.lookups.ask(name, record_type);
        if forward.records.iter().filter_map(RecordData::address).any(|back| back == address) {
            return NameState::Confirmed(name);
        }
        if !forward.outcome.is_known() {
            unanswered = Some(forward);
        }
    }
    unanswered.map_or(NameState::Unconfirmed(first), NameState::Unknown)
}

fn report(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.group(Group::SpeaksForMoving).done(&context.lookups));
    let new = |id: &str, status: Status, importance: Importance, title: String| {
        Draft::new(id, Area::SendingAddress, status, importance, title)
    };
    let (mut nameless, mut unconfirmed, mut generic) = (Vec::new(), Vec::new(), Vec::new());
    let (mut good, mut several, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for Named { address, name, names } in &found.0 {
        match name {
            NameState::Missing => nameless.push(*address),
            NameState::Unconfirmed(name) => unconfirmed.push(format!("{address} ({name})")),
            NameState::Confirmed(name) if is_generic(name, *address) => {
                generic.push(format!("{address} is called {name}"));
            }
            NameState::Confirmed(name) => good.push(format!("{address} ({name})")),
            NameState::Unknown(answer) => unknown.push((address, *answer)),
        }
        if *names > 1 {
            several.push(format!("{address} ({names} names)"));
        }
    }
    if !nameless.is_empty() {
        push(new("ptr.missing", Status::Fail, Importance::VeryImportant, format!("{} without a name (PTR): {}", counted_as(nameless.len(), "sending address", "sending addresses"), listed(&nameless)))
            .words("Large receivers refuse or distrust mail from an address that has no name in the DNS.")
            .remedy(Effort::Medium, Changer::YourHoster, "Set the reverse name (PTR) of the address to the name of your mail server in your hosting provider’s panel, or ask for it.")
            .rfc(1912, "2.1"));
    }
    if !unconfirmed.is_empty() {
        push(new("ptr.not-confirmed", Status::Fail, Importance::VeryImportant, format!("The name does not lead back: {}", listed(&unconfirmed)))
            .words("The address has a name, but the name does not have this address. Receivers treat such a name as made up.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Publish an A or AAAA record with the address under the name, or have the reverse name set to one that has it.")
            .rfc(8601, "2.7.3"));
    }
    if !generic.is_empty() {
        push(new("ptr.generic", Status::Warn, Importance::Important, format!("The name looks like a customer line: {}", listed(&generic)))
            .words("Names made from the digits of the address or from words like “dyn” and “pool” make receivers think of home connections.")
            .remedy(Effort::Medium, Changer::YourHoster, "Have the reverse name set to the name of your mail server.")
            .rfc(1912, "2.1"));
    }
    if !several.is_empty() {
        push(
            new(
                "ptr.several",
                Status::Info,
                Importance::Minor,
                format!("More than one name: {}", listed(&several)),
            )
            .words(
                "Receivers pick one of the names, not always the same one. One name per address is enough.",
            )
            .rfc(1912, "2.1"),
        );
    }
    if !good.is_empty() {
        push(
            new(
                "ptr.confirmed",
                Status::Pass,
                Importance::VeryImportant,
                format!("Name and address agree: {}", listed(&good)),
            )
            .words("The reverse name leads back to the address.")
            .rfc(8601, "2.7.3"),
        );
    }
    if let Some((_, answer)) = unknown.first() {
        let names: Vec<&IpAddr> = unknown.iter().map(|(address, _)| *address).collect();
        let title = format!("The name could not be measured: {}", listed(&names));
        push(Draft::unknown("ptr.unknown", Area::SendingAddress, Importance::VeryImportant, &title, answer));
    }
}
