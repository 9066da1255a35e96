use std::net::IpAddr;

use super::Context;
use crate::audit::block_list::{self, BlockList, Impact, Judges, Listing};
use crate::audit::draft::{Draft, listed};
use crate::audit::senders::{self, FoundBy};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};

/// Block lists: one finding per list, after a self-test. A refusal is unknown, never clean.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let senders = senders::find(context);
    let lists = match block_list::catalogue() {
        Ok(lists) => lists,
        Err(error) => {
            let title = "The catalogue of block lists cannot be read";
            let draft = Draft::new(
                "blocklist.catalogue",
                Area::BlockLists,
                Status::Unknown,
                Importance::Important,
                title,
            );
            findings.push(draft.words(format!("No list was asked: {error}")).done(lookups));
            return;
        }
    };
    for list in &lists {
        lookups.begin();
        let finding = if senders.addresses.is_empty() {
            new(list, Status::NotApplicable, Importance::Minor, format!("{} was not asked", list.name))
                .words("No sending address is known that could be asked about.")
        } else {
            match list.self_test(lookups) {
                Err(words) => unknown(list, &words),
                Ok(()) => judge_list(context, list, &senders.addresses, senders.found_by),
            }
        };
        findings.push(finding.reference(&list.name, &list.lookup).done(lookups));
    }
}

fn new(list: &BlockList, status: Status, importance: Importance, title: String) -> Draft {
    Draft::new(&format!("blocklist.{}", list.id), Area::BlockLists, status, importance, title)
        .group(Group::SpeaksForMoving)
}

fn unknown(list: &BlockList, words: &str) -> Draft {
    new(list, Status::Unknown, importance(list), format!("{} gives no answer", list.name))
        .words(format!("Nothing can be said: {words}. This is not a clean result."))
        .remedy(
            Effort::Low,
            Changer::Nobody,
            format!("Ask from your own mail server, or look the address up at {}.", list.lookup),
        )
}

fn importance(list: &BlockList) -> Importance {
    match list.impact {
        Impact::High => Importance::VeryImportant,
        Impact::Medium => Importance::Important,
        Impact::Low => Importance::Minor,
    }
}

fn judge_list(context: &Context<'_>, list: &BlockList, addresses: &[IpAddr], found_by: FoundBy) -> Draft {
    let (mut hits, mut clean, mut silent) = (Vec::new(), Vec::new(), Vec::new());
    let mut reasons: Vec<String> = Vec::new();
    let mut is_policy_only = true;
    for address in addresses {
        match list.look_up(&context.lookups, *address) {
            Listing::Listed { words, is_policy } => {
                hits.push(*address);
                is_policy_only &= is_policy;
                for word in words {
                    if !reasons.contains(&word) {
                        reasons.push(word);
                    }
                }
            }
            Listing::Clean => clean.push(*address),
            Listing::NotKept => {}
            Listing::Unknown(words) => silent.push(words),
        }
    }
    if !hits.is_empty() {
        return found(list, &hits, &reasons, is_policy_only, found_by);
    }
    if let Some(words) = silent.first() {
        return unknown(list, words);
    }
    if clean.is_empty() {
        return new(
            list,
            Status::NotApplicable,
            Importance::Minor,
            format!("{} keeps no IPv6 addresses", list.name),
        )
        .words("All known sending addresses are IPv6.");
    }
    let what = if list.judges == Judges::Range { "the range of " } else { "" };
    new(list, Status::Pass, importance(list), format!("{} does not list {what}{}", list.name, listed(&clean)))
        .words("The list answered its test questions rightly and knows nothing bad.")
}

fn found(
    list: &BlockList,
    hits: &[IpAddr],
    reasons: &[String],
    is_policy_only: bool,
    found_by: FoundBy,
) -> Draft {
    let names = listed(hits);
    let guess = if found_by == FoundBy::Mx {
        " Whether mail is really sent from there is a guess; name the sending address to be sure."
    } else {
        ""
    };
    let reasons = reasons.join("; ");
    if list.judges == Judges::Range {
        let status = if list.impact == Impact::Low { Status::Info } else { Status::Warn };
        return new(list, status, Importance::Minor, format!("Neighbours of {names} are listed by {}", list.name))
            .words(format!("The list judges the address range, not you: {reasons}. Few receivers refuse mail for that alone, but it shows the company your address is in.{guess}"))
            .remedy(Effort::High, Changer::YourHoster, "Only your hosting provider can clean the range up. Another address, or another provider, can.");
    }
    let status = match list.impact {
        Impact::High => Status::Fail,
        Impact::Medium => Status::Warn,
        Impact::Low => Status::Info,
    };
    let (changer, remedy) = if is_policy_only {
        (
            Changer::YourHoster,
            format!(
                "Have the address taken off at {}, or ask your hosting provider for one that is meant for mail servers.",
                list.lookup
            ),
        )
    } else {
        (
            Changer::TheListOperator,
            format!("Find and stop the cause first, then ask for removal at {}.", list.lookup),
        )
    };
    new(list, status, importance(list), format!("{names} is listed by {}", list.name))
        .words(format!("Receivers that use this list refuse or distrust mail from there: {reasons}.{guess}"))
        .remedy(Effort::Medium, changer, remedy)
}
