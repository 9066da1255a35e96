//! Ready-made letters: removal from a list, and asking the provider for a name (PTR). None is offered until the cause is
//! fixed, because operators turn down repeated requests, and a name that does not lead back is useless. Pure.

use std::net::IpAddr;

use super::list::{AskedList, Listing, catalogue, is_of_domains};
use crate::assets::{DnsList, Removal};
use crate::audit::context::Context;
use crate::audit::evidence::{Receiver, RemovalRequest};
use crate::audit::lookups::{Lookups, is_askable, reverse_name};
use crate::audit::sender::is_generic;
use crate::audit::{CopyValue, Facts, Finding, Status, mx, senders};
use crate::values::{DnsName, RecordData, RecordType};

/// Faults that operators look at before they take anybody off.
const FIRST: [&str; 7] = [
    "ptr.missing",
    "ptr.not-confirmed",
    "ptr.generic",
    "spf.senders-fail",
    "spf.missing",
    "helo.unresolvable",
    "relay.open",
];

/// Adds a text to each finding that one helps, or says what has to be fixed before.
pub(in crate::audit) fn add_letters(facts: &Facts, findings: &mut [Finding]) {
    let open: Vec<String> = findings
        .iter()
        .filter(|finding| finding.status == Status::Fail && FIRST.contains(&finding.id.as_str()))
        .map(|finding| finding.title.clone())
        .collect();
    let context = Context { facts, lookups: Lookups::new(&facts.answers) };
    let addresses = senders::find(&context).addresses;
    for finding in findings.iter_mut().filter(|finding| finding.copy.is_none()) {
        match finding.id.as_str() {
            "ptr.missing" => ask_for_name(&context, &addresses, finding, |names, _| names.is_empty()),
            "ptr.generic" => ask_for_name(&context, &addresses, finding, |names, address| {
                names.iter().any(|name| is_generic(name, address))
            }),
            id => {
                if let Some(list) = id.strip_prefix("blocklist.").and_then(list_of) {
                    ask_for_removal(&context, list, &addresses, &open, finding);
                }
            }
        }
    }
}

/// Writes to receivers that distrust the address or its range what they want to read.
pub(in crate::audit) fn add_requests(facts: &Facts, findings: &[Finding], receivers: &mut [Receiver]) {
    let is_open = |finding: &&Finding| finding.status == Status::Fail && FIRST.contains(&finding.id.as_str());
    let first = findings.iter().find(is_open);
    let context = Context { facts, lookups: Lookups::new(&facts.answers) };
    let addresses = senders::find(&context).addresses;
    let addresses = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let domain = facts.domain.as_ascii();
    let subject = if addresses.is_empty() { format!("the mail server of {domain}") } else { addresses };
    for receiver in receivers.iter_mut().filter(|receiver| receiver.trust.is_about_place()) {
        receiver.request = Some(match first {
            Some(first) => RemovalRequest::WaitsFor(first.title.clone()),
            None => RemovalRequest::Ready(format!(
                "Subject: Mail from {subject} is refused\n\n\
                 Hello,\n\n\
                 {subject} sends the mail of {domain}. You have refused {} of {} messages to your users in 30 days:\n\n    {}\n\n\
                 The address has a name (PTR) that leads there and back, SPF allows it, and we have looked for a cause on our side: […]. \
                 Please accept mail from this address, or tell us what you see.\n\n\
                 postmaster@{domain}\n",
                receiver.refused, receiver.attempts, receiver.reply
            )),
        });
    }
}

fn list_of(id: &str) -> Option<&'static DnsList> {
    catalogue().into_iter().flat_map(|lists| &lists.lists).find(|list| list.id == id)
}

fn ask_for_removal(
    context: &Context<'_>,
    list: &DnsList,
    addresses: &[IpAddr],
    open: &[String],
    finding: &mut Finding,
) {
    let facts = context.facts;
    let asked = AskedList::new(list, facts).filter(|_| matches!(finding.status, Status::Warn | Status::Fail));
    let Some(asked) = asked else { return };
    let is_listed =
        |address: &&IpAddr| matches!(asked.look_up(&context.lookups, **address), Listing::Listed(_));
    let subject = if is_of_domains(list) {
        facts.domain.as_ascii().to_owned()
    } else {
        addresses.iter().filter(is_listed).map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    let (name, to) = match list.removal {
        Removal::Form => ("text for removal", format!("the form at {}", list.lookup)),
        Removal::Provider => ("text for your provider", "your hosting provider’s support".to_owned()),
        // Time ends it; a text would only be in the way.
        Removal::ByItself => return,
    };
    if let Some(first) = open.first() {
        let more = if open.len() > 1 { format!(" (and {} more)", open.len() - 1) } else { String::new() };
        let before = finding.remedy.take().unwrap_or_default();
        finding.remedy = Some(format!(
            "{before} The text for it appears here once this is fixed: {first}{more}. A request before that is turned down, and the next one gets less attention."
        ));
        return;
    }
    let text = format!(
        "For {to}. Send it only after you have found and stopped the cause, and say at […] what it was.\n\n\
         Subject: Removal of {subject} from {}\n\n\
         Hello,\n\n\
         {subject} sends the mail of {} and is on your list. We have looked for the cause: […]. It was stopped on […], \
         and the server has sent no unwanted mail since. Its name (PTR) leads there and back, and SPF allows it.\n\n\
         Please take it off the list, or tell us what you still see.\n\n\
         postmaster@{}\n",
        list.name,
        facts.domain.as_ascii(),
        facts.domain.as_ascii()
    );
    finding.copy = Some(CopyValue { name: name.to_owned(), value: text });
}

/// Asks for the name that each such address should have: a mail host that leads to it already.
fn ask_for_name(
    context: &Context<'_>,
    addresses: &[IpAddr],
    finding: &mut Finding,
    is_meant: impl Fn(&[&DnsName], IpAddr) -> bool,
) {
    let hosts = mx::hosts(context.lookups.ask(&context.facts.domain.dns(), RecordType::Mx));
    let leads_to = |host: &&DnsName, address: IpAddr| {
        is_askable(host) && context.lookups.addresses(host).0.contains(&address)
    };
    let names = |address: IpAddr| -> Vec<&DnsName> {
        let answer = context.lookups.ask(&reverse_name(address), RecordType::Ptr);
        answer.records.iter().filter_map(ptr_name).collect()
    };
    let meant = addresses.iter().copied().filter(|address| is_meant(&names(*address), *address));
    let wishes: Vec<(IpAddr, Option<&DnsName>)> =
        meant.map(|address| (address, hosts.iter().find(|host| leads_to(host, address)))).collect();
    if let Some((address, _)) = wishes.iter().find(|(_, host)| host.is_none()) {
        let family = if address.is_ipv4() { "A" } else { "AAAA" };
        let before = finding.remedy.take().unwrap_or_default();
        finding.remedy = Some(format!(
            "{before} First publish an {family} record that leads to {address}: a name that does not lead back is not believed. The text for your provider appears here then."
        ));
        return;
    }
    let lines: Vec<String> =
        wishes.iter().filter_map(|(address, host)| Some(format!("    {address}   {}.", (*host)?))).collect();
    if lines.is_empty() {
        return;
    }
    let text = format!(
        "Subject: Reverse name (PTR) for {}\n\n\
         Hello,\n\n\
         please set the reverse name of our address so that receivers accept our mail:\n\n{}\n\n\
         The forward record leads to the address already.\n\nThank you.\n",
        wishes.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>().join(", "),
        lines.join("\n")
    );
    finding.copy = Some(CopyValue { name: "text for your provider".to_owned(), value: text });
}

fn ptr_name(record: &RecordData) -> Option<&DnsName> {
    match record {
        RecordData::Ptr(name) => Some(name),
        _ => None,
    }
}
