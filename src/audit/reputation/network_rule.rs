//! Reports whose network the sending addresses are in: prefix, autonomous system, holder, and abuse contact.

use std::net::IpAddr;

use super::origin::{self, Origin};
use super::rdap::{NetworkRegistration, RdapLookup, RdapSaid, RdapSilence};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, why_unknown};
use crate::audit::senders::Senders;
use crate::audit::{Area, Changer, Effort, Evidence, EvidenceOutcome, Facts, Finding, Importance, Status};
use crate::values::UnixTime;

const ID: &str = "network.holder";

/// One finding about all addresses.
pub(super) fn judge(context: &Context<'_>, senders: &Senders, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    if senders.addresses.is_empty() {
        return;
    }
    lookups.begin();
    let mut lines: Vec<String> = Vec::new();
    let mut silence = None;
    for address in &senders.addresses {
        let origin = origin::find(lookups, *address);
        if let Err(answer) = &origin {
            silence = silence.or(Some(why_unknown(&answer.outcome)));
        }
        let words = describe(origin.ok().flatten().as_ref(), registration_of(context.facts, *address));
        lines.extend(words.map(|words| format!("{address} is in {words}.")));
    }
    let new = |status, title: &str| Draft::new(ID, Area::SendingAddress, status, Importance::Minor, title);
    let mut draft = if lines.is_empty() {
        new(Status::Unknown, "Whose network it is could not be found out")
            .words(silence.unwrap_or_else(|| "No network announces the sending addresses.".to_owned()))
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while, or with another resolver.")
    } else {
        let title = match lines.as_slice() {
            [line] => line.trim_end_matches('.').to_owned(),
            _ => format!("The networks of {} sending addresses", lines.len()),
        };
        new(Status::Info, &title).words(format!(
            "{} These are the people who can change the name (PTR) of the address, and whom complaints about neighbours reach.",
            lines.join(" ")
        ))
    };
    for (address, lookup) in &context.facts.networks {
        draft = draft.evidence(evidence(lookup, &format!("network of {address}"), |network| {
            let mut data =
                vec![format!("{} – {} {} {}", network.first, network.last, network.handle, network.name)];
            data.extend(network.holder.iter().map(|holder| format!("holder: {holder}")));
            data.extend(network.abuse.iter().map(|address| format!("abuse: {address}")));
            data
        }));
    }
    let reference = ("RFC 9083, section 5.4", "https://www.rfc-editor.org/rfc/rfc9083#section-5.4");
    findings.push(draft.reference(reference.0, reference.1).done(lookups));
}

/// What the registry says of the network that an address is in: one answer stands for all addresses of its network.
pub(super) fn registration_of(facts: &Facts, address: IpAddr) -> Option<&NetworkRegistration> {
    let covers = |network: &NetworkRegistration| {
        let bounds = (network.first.parse::<IpAddr>(), network.last.parse::<IpAddr>());
        matches!(bounds, (Ok(first), Ok(last)) if first <= address && address <= last)
    };
    let found = |lookup: &'_ RdapLookup<NetworkRegistration>| matches!(&lookup.said, RdapSaid::Found(_));
    facts.networks.iter().filter(|(_, lookup)| found(lookup)).find_map(|(asked, lookup)| match &lookup.said {
        RdapSaid::Found(network) if *asked == address || covers(network) => Some(network),
        _ => None,
    })
}

fn describe(origin: Option<&Origin>, network: Option<&NetworkRegistration>) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    if let Some(origin) = origin {
        let name = origin.name.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
        parts.push(format!("{} of AS{}{name}", origin.prefix, origin.number));
    }
    if let Some(network) = network {
        let holder = network.holder.as_ref().unwrap_or(&network.name);
        parts.push(format!("the network {} of {holder}", network.name));
        parts.extend(network.abuse.first().map(|address| format!("abuse is reported to {address}")));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// An RDAP answer as evidence.
pub(super) fn evidence<T>(
    lookup: &RdapLookup<T>,
    about: &str,
    lines: impl Fn(&T) -> Vec<String>,
) -> Evidence {
    let (outcome, data) = match &lookup.said {
        RdapSaid::Found(found) => (EvidenceOutcome::Said { said: "answered".to_owned() }, lines(found)),
        RdapSaid::Silent(silence) => (EvidenceOutcome::Said { said: silence_words(silence) }, Vec::new()),
    };
    let query = if lookup.url.is_empty() { format!("RDAP {about}") } else { format!("GET {}", lookup.url) };
    let server = lookup.url.split('/').nth(2).unwrap_or_default().to_owned();
    Evidence { query, server, outcome, data, at: lookup.at, duration_millis: 0 }
}

/// Why a registry says nothing, in plain words.
pub(super) fn silence_words(silence: &RdapSilence) -> String {
    match silence {
        RdapSilence::NoServer => {
            format!("IANA’s table of {} names no server for it", super::rdap::table_date())
        }
        RdapSilence::NotFound => "the registry knows no such entry".to_owned(),
        RdapSilence::Unreached(words) => format!("the registry could not be asked: {words}"),
        RdapSilence::Unreadable(words) => words.clone(),
    }
}

/// A day for people: `2019-05-01`.
pub(super) fn day(time: UnixTime) -> String {
    jiff::Timestamp::from_second(time.0)
        .map_or_else(|_far| "an unknown day".to_owned(), |time| time.to_string().chars().take(10).collect())
}
