//! Judges sending addresses by block and allow lists: one finding per list, after a self-test. A refusal counts as unknown,
//! never as clean.

use std::net::IpAddr;

use super::list::{self, AskedList, Listing, Silence, asked_lists, is_of_domains};
use super::{domain_rule, network_rule, range_rule, registration_rule};
use crate::assets::{Asked, Code, DnsList, Impact, Judges, ListKind, Removal};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::senders::{self, FoundBy, Senders};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};

/// Everything about reputation.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let senders = senders::find(context);
    let lists = match list::catalogue() {
        Ok(lists) => lists,
        Err(error) => {
            let title = "The catalogue of lists cannot be read";
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
    for asked in asked_lists(lists, context.facts, ListKind::Block).filter(|asked| !is_of_domains(asked.list))
    {
        lookups.begin();
        let finding = about_addresses(context, &asked, &senders);
        findings.push(finding.reference(&asked.list.name, &asked.list.lookup).done(lookups));
    }
    for list in lists.lists.iter().filter(|list| is_left_to_the_owner(list, context)) {
        lookups.begin();
        findings.push(on_request(list).reference(&list.name, &list.lookup).done(lookups));
    }
    for asked in asked_lists(lists, context.facts, ListKind::Allow) {
        lookups.begin();
        let finding = about_trust(context, &asked, &senders);
        findings.push(finding.reference(&asked.list.name, &asked.list.lookup).done(lookups));
    }
    domain_rule::judge(context, lists, &senders, findings);
    network_rule::judge(context, &senders, findings);
    range_rule::judge(context, &senders, findings);
    registration_rule::judge(context, findings);
}

fn is_left_to_the_owner(list: &DnsList, context: &Context<'_>) -> bool {
    list.asked == Asked::OnRequest && !context.facts.requested_lists.contains(&list.id)
}

pub(super) fn new(list: &DnsList, status: Status, importance: Importance, title: String) -> Draft {
    let kind = match list.kind {
        ListKind::Block => "blocklist",
        ListKind::Allow => "allowlist",
        ListKind::New => "newdomains",
    };
    Draft::new(&format!("{kind}.{}", list.id), Area::BlockLists, status, importance, title)
        .group(Group::SpeaksForMoving)
}

pub(super) fn unknown(list: &DnsList, silence: &Silence) -> Draft {
    new(list, Status::Unknown, importance(list), format!("{} gives no answer", list.name))
        .words(format!(
            "Nothing can be said: {}. This is not a clean result. Its terms: {}",
            silence.words(),
            list.use_terms
        ))
        .remedy(Effort::Low, Changer::Nobody, silence.way_out(list))
}

fn on_request(list: &DnsList) -> Draft {
    new(list, Status::NotApplicable, Importance::Minor, format!("{} was not asked", list.name))
        .words(format!("It is queried only if you ask for it. Its terms: {}", list.use_terms))
}

pub(super) fn importance(list: &DnsList) -> Importance {
    match list.impact {
        Impact::High => Importance::VeryImportant,
        Impact::Medium => Importance::Important,
        Impact::Low => Importance::Minor,
    }
}

/// What a list says about several addresses.
#[derive(Default)]
struct Heard<'a> {
    hits: Vec<IpAddr>,
    codes: Vec<&'a Code>,
    clean: Vec<IpAddr>,
    silence: Option<Silence>,
}

/// Tests the list for each family that is asked about, then asks.
fn hear<'a>(context: &Context<'_>, asked: &AskedList<'a>, addresses: &[IpAddr]) -> Heard<'a> {
    let lookups = &context.lookups;
    let mut heard = Heard::default();
    for is_ipv4 in [true, false] {
        let of_family: Vec<IpAddr> =
            addresses.iter().copied().filter(|one| one.is_ipv4() == is_ipv4 && asked.keeps(*one)).collect();
        if of_family.is_empty() {
            continue;
        }
        if let Err(silence) = asked.self_test(lookups, is_ipv4) {
            heard.silence = heard.silence.or(Some(silence));
            continue;
        }
        for address in of_family {
            match asked.look_up(lookups, address) {
                Listing::Listed(codes) => {
                    heard.hits.push(address);
                    for code in codes {
                        if heard.codes.iter().all(|known| known.pattern != code.pattern) {
                            heard.codes.push(code);
                        }
                    }
                }
                Listing::Clean => heard.clean.push(address),
                Listing::NotKept => {}
                Listing::Unknown(silence) => heard.silence = heard.silence.or(Some(silence)),
            }
        }
    }
    heard
}

fn about_addresses(context: &Context<'_>, asked: &AskedList<'_>, senders: &Senders) -> Draft {
    let list = asked.list;
    if senders.addresses.is_empty() {
        return new(list, Status::NotApplicable, Importance::Minor, format!("{} was not asked", list.name))
            .words("No sending address is known that could be asked about.");
    }
    let heard = hear(context, asked, &senders.addresses);
    if !heard.hits.is_empty() {
        return found(list, &heard, senders.found_by);
    }
    if let Some(silence) = &heard.silence {
        return unknown(list, silence);
    }
    if heard.clean.is_empty() {
        let family = if list.has_ipv4 { "IPv6" } else { "IPv4" };
        return new(
            list,
            Status::NotApplicable,
            Importance::Minor,
            format!("{} keeps no {family} addresses", list.name),
        )
        .words(format!("All known sending addresses are {family}."));
    }
    let what = match list.judges {
        Judges::Range => "the range of ",
        Judges::Provider => "the provider of ",
        Judges::Address | Judges::Domain => "",
    };
    let clean = listed(&heard.clean);
    new(list, Status::Pass, importance(list), format!("{} does not list {what}{clean}", list.name))
        .words("The list answered its test questions rightly and knows nothing bad.")
}

fn found(list: &DnsList, heard: &Heard<'_>, found_by: FoundBy) -> Draft {
    let names = listed(&heard.hits);
    let guess = if found_by == FoundBy::Mx {
        " Whether mail is really sent from there is a guess; name the sending address to be sure."
    } else {
        ""
    };
    let reasons = heard.codes.iter().map(|code| code.words.as_str()).collect::<Vec<_>>().join("; ");
    match list.judges {
        Judges::Range => {
            return new(list, Status::Info, Importance::Minor, format!("Neighbours of {names} are listed by {}", list.name))
                .words(format!("The list judges the address range, not you: {reasons}. Hardly any receiver refuses mail for that alone, but it shows the company your address is in.{guess}"))
                .remedy(Effort::High, Changer::YourHoster, "Only your hosting provider can clean the range up. Another address, or another provider, can.");
        }
        Judges::Provider => {
            return new(list, Status::Info, Importance::Minor, format!("The provider of {names} is listed by {}", list.name))
                .words(format!("The list judges your whole provider, not you: {reasons}. It says nothing about your address, and hardly any receiver refuses mail for it.{guess}"))
                .remedy(Effort::High, Changer::YourHoster, "There is nothing to do. Do not pay for removal: the listing expires on its own.");
        }
        Judges::Address | Judges::Domain => {}
    }
    let is_policy = heard.codes.iter().all(|code| code.is_policy);
    let ends = |wanted: Removal| heard.codes.iter().all(|code| code.ends.unwrap_or(list.removal) == wanted);
    let status = match list.impact {
        Impact::High if is_policy && !ends(Removal::Provider) => Status::Warn,
        Impact::High => Status::Fail,
        Impact::Medium => Status::Warn,
        Impact::Low => Status::Info,
    };
    let (changer, remedy) = if is_policy {
        (
            Changer::YourHoster,
            format!(
                "Have the address taken off at {}, or ask your hosting provider for one that is meant for mail servers.",
                list.lookup
            ),
        )
    } else if ends(Removal::ByItself) {
        (
            Changer::YouOnTheServer,
            format!("Find and stop the cause; the entry then ends by itself. {} says more.", list.lookup),
        )
    } else if ends(Removal::Provider) {
        (
            Changer::YourHoster,
            format!("Only your hosting provider can end the entry. {} says more.", list.lookup),
        )
    } else {
        (
            Changer::TheListOperator,
            format!("Find and stop the cause first, then ask for removal at {}.", list.lookup),
        )
    };
    let range = if heard.codes.iter().any(|code| code.covers_ranges) {
        " Such an entry can cover the whole range around the address; the list’s own words in the evidence say so."
    } else {
        ""
    };
    let who = match list.impact {
        Impact::Low => "Few receivers use this list",
        Impact::Medium | Impact::High => "Receivers that use this list refuse or distrust mail from there",
    };
    new(list, status, importance(list), format!("{names} is listed by {}", list.name))
        .words(format!("{who}: {reasons}.{range}{guess}"))
        .remedy(Effort::Medium, changer, remedy)
}

/// To be on an allow list helps; to be on none is normal.
fn about_trust(context: &Context<'_>, asked: &AskedList<'_>, senders: &Senders) -> Draft {
    let list = asked.list;
    let heard = hear(context, asked, &senders.addresses);
    let neutral = |status, title: String| new(list, status, Importance::Minor, title);
    if !heard.hits.is_empty() {
        let reasons = heard.codes.iter().map(|code| code.words.as_str()).collect::<Vec<_>>().join("; ");
        return neutral(
            Status::Pass,
            format!("{} knows {} as a good sender", list.name, listed(&heard.hits)),
        )
        .words(format!("Some receivers trust by this list: {reasons}."));
    }
    if let Some(silence) = &heard.silence {
        return unknown(list, silence);
    }
    if heard.clean.is_empty() {
        return neutral(Status::NotApplicable, format!("{} was not asked", list.name))
            .words("It keeps none of the known sending addresses.");
    }
    neutral(Status::Info, format!("{} is on no page of {}", listed(&heard.clean), list.name))
        .words("That is normal. Being on an allow list helps a little with some receivers.")
}
