//! Judges how the SPF record treats everybody it does not name, and how many addresses it allows.

use super::breadth::breadth;
use super::networks::effective_end_with;
use super::rule::new;
use super::strangers::why_strangers_pass;
use super::{CostTree, Qualifier, SpfRecord};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Changer, Effort, Finding, Importance, Status};

/// IPv4 addresses of own terms that nobody minds: a /20.
const SOME_V4: u64 = 1 << 12;
/// From here on strangers are among them.
const MANY_V4: u64 = 1 << 18;
/// IPv6 networks of 64 bits: a /48, which one customer gets.
const SOME_V6: u128 = 1 << 16;
/// A /32, which a whole provider gets.
const MANY_V6: u128 = 1 << 32;

pub(super) fn judge(context: &Context<'_>, record: &SpfRecord, tree: &CostTree, findings: &mut Vec<Finding>) {
    findings.push(end(context, record, tree).done(&context.lookups));
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    let ignored: Vec<&str> = tree
        .nodes
        .iter()
        .filter(|node| node.depth == 0 && node.note.contains("never read"))
        .map(|node| node.term.as_str())
        .collect();
    if !ignored.is_empty() {
        push(
            new(
                "spf.terms-after-all",
                Status::Warn,
                Importance::Important,
                format!("SPF terms after “all” are never read: {}", listed(&ignored)),
            )
            .words("“all” matches everybody, so nothing after it has an effect.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Move “all” to the end, or remove what follows it.")
            .rfc(7208, "5.1"),
        );
    }
    push(how_broad(context, record, tree));
}

/// The end as a sender meets it: behind redirects too.
fn end(context: &Context<'_>, record: &SpfRecord, tree: &CostTree) -> Draft {
    let soften = |draft: Draft| {
        draft
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Let the record end in “~all”, or in “-all” once every sender is known.",
            )
            .rfc(7208, "5.1")
    };
    let by = match (&record.redirect, record.all()) {
        (Some(redirect), None) => format!(" through {}", redirect.text),
        _ => String::new(),
    };
    match effective_end_with(&context.lookups, &context.facts.domain.dns(), record.clone()) {
        Some(Qualifier::Pass) => soften(new("spf.all", Status::Fail, Importance::VeryImportant, format!("SPF lets everybody send (+all{by})"))
            .words("Every server in the world passes. Receivers distrust domains that say so, and forgers like them.")),
        Some(Qualifier::Neutral) => soften(new("spf.all", Status::Warn, Importance::Important, format!("SPF says nothing about other servers (?all{by})"))
            .words("Forged mail is not marked as such.")),
        Some(qualifier) => new("spf.all", Status::Pass, Importance::Important, format!("SPF marks mail from other servers ({qualifier}all{by})"))
            .words("Receivers can tell mail from other servers from yours.")
            .rfc(7208, "5.1"),
        None if record.redirect.is_some() && !tree.unknown.is_empty() => {
            new("spf.all", Status::Unknown, Importance::Important, "How the SPF record ends could not be measured")
                .words(format!("It goes on elsewhere{by}, and DNS did not answer everything: {}.", listed(&tree.unknown)))
                .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while, or with another resolver.")
        }
        None => soften(new("spf.all", Status::Warn, Importance::Important, format!("The SPF record has no end{by}"))
            .words("Without “all”, here or behind “redirect”, receivers treat every other server as neutral, and forged mail is not marked as such.")),
    }
}

/// D15
fn how_broad(context: &Context<'_>, record: &SpfRecord, tree: &CostTree) -> Draft {
    let found = breadth(&context.lookups, &context.facts.domain.dns(), record);
    let widest: Vec<String> = found
        .widest
        .iter()
        .filter(|(_, v4)| *v4 > 1)
        .map(|(term, v4)| format!("{term}: {}", thousands(*v4)))
        .collect();
    let widest = if widest.is_empty() { String::new() } else { format!(" The widest: {}.", listed(&widest)) };
    let size = format!(
        "{} IPv4 addresses and {} IPv6 networks (of 64 bits)",
        thousands(found.v4),
        power(found.v6_networks)
    );
    let strangers = if found.everybody.is_empty() {
        why_strangers_pass(&context.lookups, &context.facts.domain, tree, context.facts.at)
    } else {
        None
    };
    let narrow = "Name the servers that send, address by address or by the smallest range that holds them.";
    let draft = if !found.everybody.is_empty() {
        new(
            "spf.breadth",
            Status::Fail,
            Importance::VeryImportant,
            format!("SPF lets a large part of the world send: {}", listed(&found.everybody)),
        )
        .words(format!(
            "In total, {size} pass. Anyone who rents a server there can send in your name.{widest}"
        ))
        .remedy(Effort::Low, Changer::YouInTheZone, narrow)
    } else if let Some(why) = strangers {
        new("spf.breadth", Status::Fail, Importance::VeryImportant, "SPF lets strangers send")
            .words(format!("Three addresses that nobody uses (RFC 5737) pass: {why}. So does any other server in the world."))
            .remedy(Effort::Low, Changer::YouInTheZone, "Take the term out of the record, or let its name answer for your own servers only.")
    } else if !tree.unknown.is_empty() {
        new(
            "spf.breadth",
            Status::Unknown,
            Importance::Minor,
            "How many addresses may send could not be measured",
        )
        .words(format!("At least {size} pass; DNS did not answer everything: {}.", listed(&tree.unknown)))
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again in a while, or with another resolver.",
        )
    } else if found.own_v4 > MANY_V4 || found.own_v6_networks > MANY_V6 {
        new("spf.breadth", Status::Fail, Importance::Important, format!("SPF lets {} IPv4 addresses send by your own terms", thousands(found.own_v4)))
            .words(format!("That is the range of a whole hoster: all of its customers pass as you. In all, {size} pass.{widest}"))
            .remedy(Effort::Medium, Changer::YouInTheZone, narrow)
    } else if found.own_v4 > SOME_V4 || found.own_v6_networks > SOME_V6 {
        new("spf.breadth", Status::Warn, Importance::Minor, format!("SPF lets {} IPv4 addresses send by your own terms", thousands(found.own_v4)))
            .words(format!("Strangers may be among them. Gmail names wide records as a reason to distrust SPF (4.7.24). In all, {size} pass.{widest}"))
            .remedy(Effort::Medium, Changer::YouInTheZone, narrow)
    } else {
        new("spf.breadth", Status::Pass, Importance::Minor, "SPF lets few addresses send by your own terms")
            .words(format!("In all, with the services that you include, {size} pass.{widest}"))
    };
    draft.rfc(7208, "10.1")
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Large numbers of networks as powers of two, rounded down.
fn power(number: u128) -> String {
    match u64::try_from(number) {
        Ok(number) if number < 1 << 20 => thousands(number),
        _ => format!("2^{}", number.ilog2()),
    }
}
