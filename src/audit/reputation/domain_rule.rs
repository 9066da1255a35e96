//! Judges the domain, and the names of its sending addresses, by lists of domains.

use super::list::{AskedList, Listing, Silence, asked_lists, is_of_domains};
use super::rule::{importance, new, unknown};
use super::subjects::foreign_names;
use crate::assets::{Code, DnsLists, Impact, ListKind};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::senders::Senders;
use crate::audit::{Changer, Effort, Finding, Group, Importance, Status};
use crate::values::DnsName;

/// Asks each list of domains.
pub(super) fn judge(context: &Context<'_>, lists: &DnsLists, senders: &Senders, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let others = foreign_names(context, senders);
    let block = asked_lists(lists, context.facts, ListKind::Block).filter(|asked| is_of_domains(asked.list));
    for asked in block.chain(asked_lists(lists, context.facts, ListKind::New)) {
        lookups.begin();
        // How new a host's name is says nothing.
        let others = if asked.list.kind == ListKind::New { &[][..] } else { &others };
        let finding = about(context, &asked, others);
        findings.push(finding.reference(&asked.list.name, &asked.list.lookup).done(lookups));
    }
}

fn about(context: &Context<'_>, asked: &AskedList<'_>, others: &[DnsName]) -> Draft {
    let (list, lookups) = (asked.list, &context.lookups);
    if let Err(silence) = asked.self_test_domains(lookups) {
        return unknown(list, &silence).group(Group::TravelsWithYou);
    }
    let own = context.facts.domain.dns();
    let mut hits: Vec<(&DnsName, Vec<&Code>)> = Vec::new();
    let mut clean: Vec<&DnsName> = Vec::new();
    let mut silence: Option<Silence> = None;
    for name in [&own].into_iter().chain(others) {
        match asked.look_up_domain(lookups, name) {
            Listing::Listed(codes) => hits.push((name, codes)),
            Listing::Clean | Listing::NotKept => clean.push(name),
            Listing::Unknown(other) => silence = silence.or(Some(other)),
        }
    }
    if let Some((name, codes)) = hits.first() {
        return found(asked, name, codes, **name == own);
    }
    if let Some(silence) = &silence {
        return unknown(list, silence).group(Group::TravelsWithYou);
    }
    let title = if list.kind == ListKind::New {
        format!("{own} is not new")
    } else {
        format!("{} does not list {}", list.name, listed(&clean))
    };
    new(list, Status::Pass, importance(list), title)
        .words("The list answered its test questions rightly and knows nothing bad.")
}

fn found(asked: &AskedList<'_>, name: &DnsName, codes: &[&Code], is_own: bool) -> Draft {
    let list = asked.list;
    let reasons = codes.iter().map(|code| code.words.as_str()).collect::<Vec<_>>().join("; ");
    if list.kind == ListKind::New {
        return new(list, Status::Warn, Importance::Minor, format!("{name} is new"))
            .group(Group::TravelsWithYou)
            .words(format!("{}: {reasons}. Receivers distrust mail from domains that nobody has heard of; that wears off within weeks.", list.name))
            .remedy(Effort::Low, Changer::Nobody, "Send little at first, and to people who answer.");
    }
    let is_mild = codes.iter().all(|code| code.is_mild);
    let is_abused = codes.iter().all(|code| code.is_abused);
    let status = match list.impact {
        _ if is_mild => Status::Info,
        Impact::High if is_abused => Status::Warn,
        Impact::High => Status::Fail,
        Impact::Medium => Status::Warn,
        Impact::Low => Status::Info,
    };
    let (group, whose) = if is_own {
        (
            Group::TravelsWithYou,
            "It is the domain that is distrusted, so another server or provider would not help.",
        )
    } else {
        (Group::SpeaksForMoving, "It is the name of your sending address, and stays behind when you move.")
    };
    let remedy = if is_abused {
        format!(
            "Find what was broken into (web site, form, mailbox), clean it, change the passwords; then ask for removal at {}.",
            list.lookup
        )
    } else {
        format!("Find and stop the cause first, then ask for removal at {}.", list.lookup)
    };
    new(list, status, importance(list), format!("{name} is listed by {}", list.name))
        .group(group)
        .words(format!(
            "Receivers that use this list refuse or distrust mail that names the domain: {reasons}. {whose}"
        ))
        .remedy(Effort::Medium, Changer::TheListOperator, remedy)
}
