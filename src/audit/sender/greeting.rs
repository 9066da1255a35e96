//! Judges the name in the server's greeting (HELO) and that name's own SPF record.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::rule::{Found, NameState, Named};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::message::border_hops;
use crate::audit::spf::{SpfQuery, SpfResult, check_with};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsName, RecordData, RecordType};

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::SendingAddress, status, importance, title)
}

/// The name with which the server greets (RFC 5321 section 4.1.1.1), and its own SPF record (RFC 7208 section 10.1.3).
pub(super) fn judge(context: &Context<'_>, found: &Found<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let told = told(context, found);
    match &told {
        Some(told) => findings.push(greeting(context, told, found)),
        None => findings.push(
            new(
                "sender.helo",
                Status::Unknown,
                Importance::Minor,
                "The name with which your server greets is not known",
            )
            .words("It is in the “Received” lines of mail that you have sent.")
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Name it and run the audit again (--helo NAME), or give a message as it arrived elsewhere (--evidence FILE.eml).",
            )
            .rfc(5321, "4.1.1.1")
            .done(lookups),
        ),
    }
    // Most servers greet with the name of their address, so that one is checked where nobody has told.
    let guessed = found.0.iter().find_map(|named| match named.name {
        NameState::Confirmed(name) => Some(name),
        _ => None,
    });
    let name = told.as_ref().map(|told| &told.name).or(guessed);
    if let Some(name) = name.filter(|name| is_askable(name) && name.labels().count() > 1) {
        findings.push(spf_of(context, name, told.is_some(), found));
    }
}

/// The name in the greeting, and who says so.
struct Told {
    name: DnsName,
    by: &'static str,
}

/// The owner knows best, then receivers that wrote it down, then refusals and bounces.
fn told(context: &Context<'_>, found: &Found<'_>) -> Option<Told> {
    let facts = context.facts;
    if let Some(name) = &facts.helo {
        return Some(Told { name: name.clone(), by: "You named it." });
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for hop in border_hops(facts.messages(), facts.domain.as_ascii()) {
        let is_ours = found.0.iter().any(|named| Some(named.address) == hop.address);
        if let Some(helo) = hop.helo.as_deref().filter(|_| is_ours) {
            *counts.entry(helo).or_default() += 1;
        }
    }
    if let Some(name) = most_frequent(counts) {
        return Some(Told { name, by: "Receivers wrote it into your messages." });
    }
    let names = facts.evidence.iter().flat_map(|evidence| &evidence.helo_names);
    // Bounces come from other people's servers too, under their names.
    let is_own = |name: &str| {
        let is_below = name.strip_suffix(facts.domain.as_ascii());
        let is_ptr =
            |named: &Named<'_>| matches!(named.name, NameState::Confirmed(ptr) if ptr.as_str() == name);
        is_below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            || found.0.iter().any(is_ptr)
            || is_from_inside(&DnsName::new(name))
    };
    let counts = names.map(|(name, times)| (name.as_str(), *times)).filter(|(name, _)| is_own(name));
    let name = most_frequent(counts.collect())?;
    Some(Told { name, by: "Seen in refusals, bounces or reports." })
}

/// Of those that are equally frequent the first by name, so that the same facts give the same name.
fn most_frequent(counts: BTreeMap<&str, u64>) -> Option<DnsName> {
    let most = counts.into_iter().max_by_key(|(name, times)| (*times, Reverse(*name)));
    most.map(|(name, _)| DnsName::new(name))
}

/// Whether a name means something inside a house only.
fn is_from_inside(name: &DnsName) -> bool {
    let last = name.labels().next_back();
    name.labels().count() < 2
        || matches!(last, Some("localhost" | "local" | "localdomain" | "lan" | "internal"))
}

fn greeting(context: &Context<'_>, told: &Told, found: &Found<'_>) -> Finding {
    let lookups = &context.lookups;
    let name = &told.name;
    let remedy = "Set the name of the server to the reverse name (PTR) of its address; in Postfix that is myhostname or smtp_helo_name.";
    let is_full = !is_from_inside(name) && is_askable(name) && !name.as_str().starts_with('[');
    let id = "sender.helo";
    let draft = if is_full {
        let (addresses, worst) = lookups.addresses(name);
        let sending: Vec<_> = found.0.iter().map(|named| named.address).collect();
        let is_one_of = sending.iter().any(|address| addresses.contains(address));
        let is_ptr =
            found.0.iter().any(|named| matches!(named.name, NameState::Confirmed(ptr) if ptr == name));
        if is_ptr {
            new(
                id,
                Status::Pass,
                Importance::Important,
                format!("The server greets with the name of its address: {name}"),
            )
            .words("Greeting, name and address agree.")
        } else if is_one_of {
            new(
                id,
                Status::Pass,
                Importance::Minor,
                format!("The server greets with {name}, which leads to it"),
            )
            .words("The reverse name of the address is another one; receivers accept that.")
        } else if !addresses.is_empty() {
            new(
                id,
                Status::Warn,
                Importance::Important,
                format!("The server greets with {name}, which leads elsewhere"),
            )
            .words(format!(
                "The name has {}, and mail is sent from {}.",
                listed(&addresses),
                listed(&sending)
            ))
            .remedy(Effort::Low, Changer::YouOnTheServer, remedy)
        } else if worst.outcome.is_known() {
            new(
                id,
                Status::Fail,
                Importance::Important,
                format!("The server greets with {name}, which does not exist"),
            )
            .words("Many receivers refuse a greeting with a name that has no address.")
            .remedy(Effort::Low, Changer::YouOnTheServer, remedy)
        } else {
            let title =
                format!("Whether {name}, with which the server greets, leads to it could not be measured");
            Draft::unknown(id, Area::SendingAddress, Importance::Important, &title, worst)
        }
    } else {
        new(
            id,
            Status::Fail,
            Importance::Important,
            format!("The server greets with “{name}”, which is not an Internet host name"),
        )
        .words("Many receivers refuse a server that does not say who it is.")
        .remedy(Effort::Low, Changer::YouOnTheServer, remedy)
    };
    draft.more_words(told.by).rfc(5321, "4.1.1.1").done(lookups)
}

fn spf_of(context: &Context<'_>, name: &DnsName, is_told: bool, found: &Found<'_>) -> Finding {
    let lookups = &context.lookups;
    lookups.begin();
    let texts = lookups.ask(name, RecordType::Txt);
    let (mut passing, mut others, mut unsure) = (Vec::new(), Vec::new(), Vec::new());
    let mut is_without = false;
    for named in &found.0 {
        let record_type = if named.address.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        let is_this = lookups.ask(name, record_type).records.iter().filter_map(RecordData::address);
        // A guessed name is the greeting of its own addresses only.
        if !is_told && !is_this.into_iter().any(|address| address == named.address) {
            continue;
        }
        let query = SpfQuery {
            ip: named.address,
            domain: name.as_str().to_owned(),
            sender: format!("postmaster@{name}"),
            helo: name.as_str().to_owned(),
            at: context.facts.at,
        };
        match check_with(lookups, &query).map(|verdict| verdict.result) {
            Some(SpfResult::Pass) => passing.push(named.address),
            Some(SpfResult::None) => is_without = true,
            None | Some(SpfResult::TempError) => unsure.push(named.address),
            Some(result) => others.push(format!("{} gets “{result}”", named.address)),
        }
    }
    let id = "sender.helo-spf";
    let draft = if !others.is_empty() {
        new(
            id,
            Status::Fail,
            Importance::Important,
            format!("The SPF record of {name} does not let the server greet with that name"),
        )
        .words(format!(
            "{}. Receivers that check the greeting refuse it, and bounces are checked that way everywhere.",
            listed(&others)
        ))
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            format!("Publish the SPF record “v=spf1 a -all” at {name}."),
        )
        .copy("SPF record", "v=spf1 a -all")
    } else if !unsure.is_empty() || !texts.outcome.is_known() {
        Draft::unknown(
            id,
            Area::SendingAddress,
            Importance::Minor,
            &format!("Whether the SPF record of {name} holds could not be measured"),
            texts,
        )
    } else if is_without {
        new(id, Status::Warn, Importance::Minor, format!("{name} has no SPF record of its own"))
            .words("Bounces have no sender, so receivers check the name in the greeting instead. Without a record they learn nothing.")
            .remedy(Effort::Low, Changer::YouInTheZone, format!("Publish the SPF record “v=spf1 a -all” at {name}."))
            .copy("SPF record", "v=spf1 a -all")
    } else {
        new(
            id,
            Status::Pass,
            Importance::Minor,
            format!("The SPF record of {name} lets the server greet with that name"),
        )
        .words(format!("Passes: {}.", listed(&passing)))
    };
    draft.rfc(7208, "10.1.3").done(lookups)
}
