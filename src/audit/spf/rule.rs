//! Finds the SPF record of a domain, or what is there instead.

use std::net::IpAddr;

use super::merge::merged;
use super::near_miss::{corrected, near_miss};
use super::senders_of::own_senders;
use super::{Client, SpfRecord, cost_tree, published};
use super::{rule_around, rule_cost, rule_dangling, rule_end, rule_form, rule_senders};
use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::mx;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, RecordType};

/// SPF (RFC 7208): one record, its grammar, its price, its end, its breadth, and whether the real senders pass.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let answer = lookups.ask(&context.facts.domain.dns(), RecordType::Txt);
    if !answer.outcome.is_known() {
        findings.push(
            Draft::unknown(
                "spf.unknown",
                Area::Spf,
                Importance::VeryImportant,
                "Whether there is an SPF record could not be measured",
                answer,
            )
            .done(lookups),
        );
        return;
    }
    let records = published(answer);
    match records.as_slice() {
        [] => findings.push(missing(context, answer)),
        [text] => match SpfRecord::parse(text) {
            Ok(record) => judge_record(context, text, &record, findings),
            Err(error) => {
                let draft =
                    new("spf.syntax", Status::Fail, Importance::VeryImportant, "The SPF record has an error")
                        .words(format!(
                            "Receivers stop reading at the first error and treat SPF as broken: {error}."
                        ))
                        .rfc(7208, "4.6");
                let draft = match corrected(&String::from_utf8_lossy(text)) {
                    Some(record) => draft
                        .remedy(Effort::Low, Changer::YouInTheZone, "Publish the corrected record.")
                        .copy("SPF record", record),
                    None => {
                        draft.remedy(Effort::Low, Changer::YouInTheZone, "Correct the term, or take it out.")
                    }
                };
                findings.push(draft.done(lookups));
                // Terms that are glued together are often the error.
                findings.extend(rule_form::strings(context).map(|draft| draft.done(lookups)));
            }
        },
        several => {
            let draft = new(
                "spf.several",
                Status::Fail,
                Importance::VeryImportant,
                format!("There are {} SPF records, one is allowed", several.len()),
            )
            .words("Receivers cannot know which record counts, and treat SPF as broken for every message.")
            .rfc(7208, "4.5");
            let draft = match merged(several) {
                Some(record) => draft
                    .remedy(Effort::Low, Changer::YouInTheZone, "Put this record in their place: it allows every sender that one of them names, and has the mildest of their endings.")
                    .copy("SPF record", record),
                None => draft.remedy(Effort::Low, Changer::YouInTheZone, "Put all terms into one record and remove the others. They have errors, refusals or modifiers, so only you can say what is meant."),
            };
            findings.push(draft.done(lookups));
        }
    }
    rule_around::judge(context, answer, findings);
}

pub(super) fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Spf, status, importance, title)
}

fn missing(context: &Context<'_>, answer: &DnsAnswer) -> Finding {
    let mut texts = answer.texts().map(|text| String::from_utf8_lossy(&text).into_owned());
    let found = texts.find_map(|text| near_miss(&text).map(|found| (text, found)));
    let draft = if let Some((text, found)) = found {
        let shown: String = text.chars().take(80).collect();
        let draft = new(
            "spf.near-miss",
            Status::Fail,
            Importance::VeryImportant,
            "A record looks like SPF, but is not",
        )
        .words(format!("Receivers see no SPF record in “{shown}”: {}.", found.odd))
        .rfc(7208, "4.5");
        match found.cleaned {
            Some(record) => draft
                .remedy(Effort::Low, Changer::YouInTheZone, "Put the cleaned record in its place.")
                .copy("SPF record", record),
            None => draft.remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Start the record with “v=spf1” and a plain space, and correct its terms.",
            ),
        }
    } else {
        let FirstRecord { record, words } = first_record(context);
        new("spf.missing", Status::Fail, Importance::VeryImportant, "There is no SPF record")
            .words("Nothing says which servers may send mail of this domain. Large receivers refuse or distrust such mail.")
            .remedy(Effort::Low, Changer::YouInTheZone, format!("Publish this record as TXT at the domain itself: {words}"))
            .copy("SPF record", record)
            .rfc(7208, "3")
    };
    draft.done(&context.lookups)
}

/// A record for a domain that has none.
struct FirstRecord {
    record: String,
    /// What it says, and what to add.
    words: &'static str,
}

fn first_record(context: &Context<'_>) -> FirstRecord {
    let given: Vec<String> = context
        .facts
        .sending_addresses
        .iter()
        .map(|address| format!("{}:{address}", if address.is_ipv4() { "ip4" } else { "ip6" }))
        .collect();
    if !given.is_empty() {
        let record = format!("v=spf1 {} ~all", given.join(" "));
        return FirstRecord {
            record,
            words: "it lets the addresses send that you named. Add services that send in your name before you publish it.",
        };
    }
    let answer = context.lookups.ask(&context.facts.domain.dns(), RecordType::Mx);
    let takes_mail = mx::hosts(answer).iter().any(|host| !host.as_str().is_empty());
    if takes_mail || !answer.outcome.is_known() {
        FirstRecord {
            record: "v=spf1 mx ~all".to_owned(),
            words: "it lets the servers send that receive your mail. Add every other server and service that sends in your name before you publish it.",
        }
    } else {
        FirstRecord {
            record: "v=spf1 -all".to_owned(),
            words: "it says that the domain sends no mail. If it does, name the servers in place of “-all”.",
        }
    }
}

fn judge_record(context: &Context<'_>, text: &[u8], record: &SpfRecord, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.dns();
    let senders = own_senders(context, record);
    lookups.begin();
    lookups.ask(&domain, RecordType::Txt);
    let client = senders.hosts.iter().flat_map(|host| &host.addresses).next().map(|address| Client {
        ip: *address,
        local: "postmaster".to_owned(),
        sender_domain: domain.as_str().to_owned(),
        helo: "unknown".to_owned(),
        at_secs: context.facts.at.0,
    });
    let has_v6_sender = senders.hosts.iter().flat_map(|host| &host.addresses).any(IpAddr::is_ipv6);
    let tree = cost_tree(lookups, &domain, record, client.as_ref());
    rule_cost::judge_cost(context, record, &tree, findings);
    rule_cost::judge_parts(context, &tree, has_v6_sender, findings);
    lookups.begin();
    lookups.ask(&domain, RecordType::Txt);
    rule_end::judge(context, record, &tree, findings);
    rule_form::judge(context, text, record, &tree, findings);
    rule_senders::judge(context, &senders, findings);
    rule_dangling::judge(context, &tree, findings);
}
