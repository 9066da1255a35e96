use std::net::IpAddr;

use super::Context;
use super::spf_proposal::cheaper_record;
use crate::audit::draft::{Draft, listed};
use crate::audit::senders::{self, FoundBy};
use crate::audit::spf::{
    self, CostTree, MAX_LOOKUPS, MAX_VOID_LOOKUPS, Mechanism, Qualifier, SpfQuery, SpfRecord, SpfResult,
};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Picture, Status};
use crate::values::{DnsAnswer, RecordType, counted, counted_as};

/// A record above this is close to what fits beside the other TXT records in one datagram.
const LONG_RECORD_BYTES: usize = 450;

/// SPF (RFC 7208): one record, its grammar, its price, its end, and whether the real senders pass.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
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
    let records = spf::published(answer);
    match records.as_slice() {
        [] => findings.push(missing(context, answer)),
        [text] => match SpfRecord::parse(text) {
            Ok(record) => judge_record(context, text, &record, findings),
            Err(error) => findings.push(
                new("spf.syntax", Status::Fail, Importance::VeryImportant, "The SPF record has an error")
                    .words(format!(
                        "Receivers stop reading at the first error and treat SPF as broken: {error}."
                    ))
                    .remedy(Effort::Low, Changer::YouInTheZone, "Correct the term, or take it out.")
                    .rfc(7208, "4.6")
                    .done(lookups),
            ),
        },
        several => findings.push(
            new(
                "spf.several",
                Status::Fail,
                Importance::VeryImportant,
                format!("There are {} SPF records, one is allowed", several.len()),
            )
            .words("Receivers cannot know which record counts, and treat SPF as broken for every message.")
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Put all terms into one record and remove the others.",
            )
            .rfc(7208, "4.5")
            .done(lookups),
        ),
    }
}

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Spf, status, importance, title)
}

fn missing(context: &Context<'_>, answer: &DnsAnswer) -> Finding {
    let near_miss = answer.texts().map(|text| String::from_utf8_lossy(&text).into_owned()).find(|text| {
        let plain = text
            .trim_start_matches(|character: char| !character.is_ascii_alphanumeric())
            .to_ascii_lowercase();
        plain.starts_with("v=spf")
            || plain.starts_with("v = spf")
            || plain.starts_with("spf1")
            || plain.starts_with("spf2.0")
    });
    let draft = match near_miss {
        Some(text) => {
            let shown: String = text.chars().take(60).collect();
            new("spf.near-miss", Status::Fail, Importance::VeryImportant, "A record looks like SPF, but is not")
                .words(format!("“{shown}” does not begin with exactly “v=spf1” and a blank, so receivers see no SPF record at all."))
                .remedy(Effort::Low, Changer::YouInTheZone, "Let the record begin with “v=spf1 ”.")
                .rfc(7208, "4.5")
        }
        None => new("spf.missing", Status::Fail, Importance::VeryImportant, "There is no SPF record")
            .words("Nothing says which servers may send mail of this domain. Large receivers refuse or distrust such mail.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Publish an SPF record that names the servers that send for you.")
            .rfc(7208, "3"),
    };
    draft.done(&context.lookups)
}

fn judge_record(context: &Context<'_>, text: &[u8], record: &SpfRecord, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.dns();
    let senders = senders::find(context);
    lookups.begin();
    lookups.ask(&domain, RecordType::Txt);
    let client = senders.addresses.first().map(|address| spf::Client {
        ip: *address,
        local: "postmaster".to_owned(),
        sender_domain: domain.as_str().to_owned(),
        helo: "unknown".to_owned(),
        at_secs: context.facts.at.0,
    });
    let tree = spf::cost_tree(lookups, &domain, record, client.as_ref());
    judge_cost(context, record, &tree, findings);
    judge_parts(context, &tree, findings);
    lookups.begin();
    lookups.ask(&domain, RecordType::Txt);
    judge_end(context, record, &tree, findings);
    judge_form(context, text, record, findings);
    judge_senders(context, &senders, findings);
}

fn judge_cost(context: &Context<'_>, record: &SpfRecord, tree: &CostTree, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| {
        findings.push(draft.picture(Picture::SpfTree(tree.nodes.clone())).done(&context.lookups));
    };
    let count = if tree.is_cut { format!("more than {}", tree.lookups) } else { tree.lookups.to_string() };
    let spare = "Drop services that no longer send for you, and replace “a” and “mx” by the addresses themselves (ip4:, ip6:), which cost nothing.";
    if tree.lookups > MAX_LOOKUPS {
        let proposal = cheaper_record(context, record, tree.lookups);
        let draft = new("spf.too-many-lookups", Status::Fail, Importance::VeryImportant, format!("SPF needs {count} DNS lookups, receivers stop at {MAX_LOOKUPS}"))
            .words(format!(
                "Receivers may ask DNS {MAX_LOOKUPS} more questions while reading your SPF record. Yours needs {count}, so strict receivers \
                 stop and treat SPF as broken, for every message whose server is not found before."
            ))
            .rfc(7208, "4.6.4");
        push(match proposal {
            Some(proposal) => draft
                .remedy(Effort::Low, Changer::YouInTheZone, "Publish this record: it lets the same servers send and names yours by address, which costs nothing. Better still, drop services that no longer send for you.")
                .copy("SPF record", proposal),
            None => draft.remedy(Effort::Low, Changer::YouInTheZone, spare),
        });
    } else if !tree.unknown.is_empty() {
        push(
            new(
                "spf.lookups-unknown",
                Status::Unknown,
                Importance::Important,
                "What the SPF record costs could not be measured",
            )
            .words(format!(
                "At least {} are needed, but DNS did not answer everything: {}.",
                counted_lookups(tree.lookups),
                listed(&tree.unknown)
            ))
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Run the audit again in a while, or with another resolver.",
            ),
        );
    } else if tree.lookups + 1 >= MAX_LOOKUPS {
        push(
            new(
                "spf.lookups",
                Status::Warn,
                Importance::Important,
                format!("SPF needs {count} of {MAX_LOOKUPS} DNS lookups"),
            )
            .words("One more service, or a change at one of those you include, and receivers stop reading.")
            .remedy(Effort::Low, Changer::YouInTheZone, spare)
            .rfc(7208, "4.6.4"),
        );
    } else {
        push(
            new(
                "spf.lookups",
                Status::Pass,
                Importance::Important,
                format!("SPF needs {count} of {MAX_LOOKUPS} DNS lookups"),
            )
            .words("Receivers can read the whole record.")
            .rfc(7208, "4.6.4"),
        );
    }
}

fn judge_parts(context: &Context<'_>, tree: &CostTree, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| {
        findings.push(draft.picture(Picture::SpfTree(tree.nodes.clone())).done(&context.lookups));
    };
    if tree.voids > MAX_VOID_LOOKUPS {
        push(new("spf.void-lookups", Status::Fail, Importance::Important, format!("{} SPF lookups come back empty, receivers stop at {MAX_VOID_LOOKUPS}", tree.voids))
            .words("Terms that lead to names without records look like an attack, so receivers may stop and treat SPF as broken.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the terms that lead nowhere.")
            .rfc(7208, "4.6.4"));
    } else if tree.voids > 0 {
        push(
            new(
                "spf.void-lookups",
                Status::Warn,
                Importance::Minor,
                format!(
                    "{} back empty",
                    if tree.voids == 1 {
                        "One SPF lookup comes".to_owned()
                    } else {
                        format!("{} SPF lookups come", tree.voids)
                    }
                ),
            )
            .words("A term leads to a name without records. It lets nobody send, and it costs.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the term.")
            .rfc(7208, "4.6.4"),
        );
    }
    if !tree.errors.is_empty() {
        push(
            new(
                "spf.broken-part",
                Status::Fail,
                Importance::VeryImportant,
                "A part of the SPF record cannot be used",
            )
            .words(format!("Receivers that get this far treat SPF as broken: {}.", listed(&tree.errors)))
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Remove the term, or ask the service behind it for the right one.",
            )
            .rfc(7208, "5.2"),
        );
    }
}

fn counted_lookups(count: u32) -> String {
    counted(u64::from(count), "lookup")
}

fn judge_end(context: &Context<'_>, record: &SpfRecord, tree: &CostTree, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    let soften = |draft: Draft| {
        draft
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Let the record end in “~all”, or in “-all” once every sender is known.",
            )
            .rfc(7208, "5.1")
    };
    match (record.all().map(|term| term.qualifier), &record.redirect) {
        (Some(Qualifier::Pass), _) => push(soften(new("spf.all", Status::Fail, Importance::VeryImportant, "SPF lets everybody send (+all)")
            .words("Every server in the world passes. Receivers distrust domains that say so, and forgers like them."))),
        (Some(Qualifier::Neutral), _) => push(soften(new("spf.all", Status::Warn, Importance::Important, "SPF says nothing about other servers (?all)")
            .words("Forged mail is not marked as such."))),
        (None, None) => push(soften(new("spf.all", Status::Warn, Importance::Important, "The SPF record has no end")
            .words("Without “all” or “redirect”, receivers treat every other server as neutral, and forged mail is not marked as such."))),
        (Some(qualifier), _) => push(new("spf.all", Status::Pass, Importance::Important, format!("SPF marks mail from other servers ({qualifier}all)"))
            .words("Mail from servers that the record does not name can be told from yours.")
            .rfc(7208, "5.1")),
        (None, Some(redirect)) => push(new("spf.all", Status::Pass, Importance::Minor, format!("SPF goes on in another record ({})", redirect.text))
            .words("The other record decides about servers that this one does not name.")
            .rfc(7208, "6.1")),
    }
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
                format!("SPF terms behind “all” are never read: {}", listed(&ignored)),
            )
            .words("“all” matches everybody, so nothing behind it has an effect.")
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Move “all” to the end, or remove what stands behind it.",
            )
            .rfc(7208, "5.1"),
        );
    }
}

fn judge_form(context: &Context<'_>, text: &[u8], record: &SpfRecord, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    if record.terms.iter().any(|term| matches!(term.mechanism, Mechanism::Ptr(_))) {
        push(
            new("spf.ptr", Status::Warn, Importance::Important, "SPF uses “ptr”")
                .words("The standard asks not to use it: it is slow, and some receivers skip it or give up.")
                .remedy(
                    Effort::Low,
                    Changer::YouInTheZone,
                    "Replace “ptr” by the addresses of the servers (ip4:, ip6:).",
                )
                .rfc(7208, "5.5"),
        );
    }
    if text.len() > LONG_RECORD_BYTES {
        push(new("spf.size", Status::Warn, Importance::Minor, format!("The SPF record is long ({} bytes)", text.len()))
            .words("Together with the other TXT records of the domain it may not fit into one datagram, and receivers whose network blocks DNS over TCP then see none.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Keep the record under 450 bytes.")
            .rfc(7208, "3.4"));
    }
    if !record.unknown_modifiers.is_empty() {
        push(
            new(
                "spf.modifiers",
                Status::Info,
                Importance::Minor,
                format!("SPF has modifiers of other standards: {}", listed(&record.unknown_modifiers)),
            )
            .words("They are allowed and have no effect on delivery.")
            .rfc(7208, "6"),
        );
    }
}

/// Whether each real sender passes, as a receiver would find out.
fn judge_senders(context: &Context<'_>, senders: &senders::Senders, findings: &mut Vec<Finding>) {
    // Hosts taken from the record itself would prove nothing.
    if senders.addresses.is_empty() || senders.found_by == FoundBy::Spf {
        return;
    }
    let lookups = &context.lookups;
    lookups.begin();
    let domain = context.facts.domain.as_ascii().to_owned();
    let mut passing: Vec<IpAddr> = Vec::new();
    let mut others: Vec<String> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for address in &senders.addresses {
        let query = SpfQuery {
            ip: *address,
            domain: domain.clone(),
            sender: format!("postmaster@{domain}"),
            helo: String::new(),
            at: context.facts.at,
        };
        match spf::check_with(lookups, &query) {
            Some(verdict) if verdict.result == SpfResult::Pass => passing.push(*address),
            Some(verdict) if verdict.result == SpfResult::TempError => {
                unknown.push(format!("{address} ({})", verdict.explanation));
            }
            Some(verdict) => {
                others.push(format!("{address} gets “{}” ({})", verdict.result, verdict.explanation));
            }
            None => unknown.push(format!("{address} (not asked to the end)")),
        }
    }
    let mut push = |draft: Draft| findings.push(draft.rfc(7208, "2.6").done(lookups));
    if !others.is_empty() {
        let is_sure = matches!(senders.found_by, FoundBy::Owner | FoundBy::Evidence);
        let status = if is_sure { Status::Fail } else { Status::Info };
        let draft = new(
            "spf.senders-fail",
            status,
            Importance::VeryImportant,
            format!("SPF does not let {} send", counted_as(others.len(), "address", "addresses")),
        )
        .words(format!(
            "{}: {}.",
            if is_sure {
                "Mail from there does not pass"
            } else {
                "These servers receive your mail; if they send it too, it does not pass"
            },
            others.join("; ")
        ));
        push(if is_sure {
            draft.remedy(Effort::Low, Changer::YouInTheZone, "Add the addresses to the SPF record.")
        } else {
            draft
        });
    }
    if !passing.is_empty() {
        push(
            new(
                "spf.senders",
                Status::Pass,
                Importance::VeryImportant,
                format!("SPF lets {} send", listed(&passing)),
            )
            .words("A receiver that checks mail from there gets the result “pass”."),
        );
    }
    if !unknown.is_empty() {
        push(
            new(
                "spf.senders-unknown",
                Status::Unknown,
                Importance::VeryImportant,
                "Whether SPF lets your servers send could not be measured",
            )
            .words(format!("DNS did not answer everything: {}.", unknown.join("; ")))
            .remedy(
                Effort::Low,
                Changer::Nobody,
                "Run the audit again in a while, or with another resolver.",
            ),
        );
    }
}
