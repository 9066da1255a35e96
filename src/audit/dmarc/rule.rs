//! Finds the DMARC record of a domain, or what is there instead.

use super::applied::{by_new_rules, by_old_rules};
use super::near_miss::{NearMiss, near_miss};
use super::proposal::{Proposal, merged};
use super::walk::{Walk, WalkStep, walk};
use super::{is_dmarc, rule_record, rule_reports};
use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::lookups::is_askable;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordType};

/// DMARC (RFC 9989, RFC 7489): record, policy, tags, and whether reports arrive (RFC 9990).
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.dns();
    let walk = walk(lookups, &domain);
    let Some(own) = walk.steps.first() else { return };
    if own.records > 1 {
        findings.push(several(own).done(lookups));
    }
    judge_alias(context, own, findings);
    match walk.deciding() {
        Some(step) => {
            if let Some(record) = &step.record {
                rule_record::judge(context, &walk, step, record, findings);
                lookups.begin();
                lookups.ask(&DnsName::new(&format!("_dmarc.{}", step.domain)), RecordType::Txt);
                rule_reports::judge(context, &walk, step, record, findings);
            }
        }
        None => match walk.steps.iter().find(|step| !step.answer.outcome.is_known()) {
            Some(step) => findings.push(
                Draft::unknown(
                    "dmarc.unknown",
                    Area::Dmarc,
                    Importance::VeryImportant,
                    "Whether there is a DMARC record could not be measured",
                    step.answer,
                )
                .done(lookups),
            ),
            None if own.records > 1 || is_dangling(own) => {}
            None => findings.push(missing(context, own)),
        },
    }
    judge_rules(context, &walk, findings);
}

pub(super) fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Dmarc, status, importance, title)
}

fn several(own: &WalkStep<'_>) -> Draft {
    let texts: Vec<String> = own
        .answer
        .texts()
        .filter(|text| is_dmarc(text))
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .collect();
    let draft = new(
        "dmarc.several",
        Status::Fail,
        Importance::VeryImportant,
        format!("There are {} DMARC records, one is allowed", own.records),
    )
    .words("Receivers ignore all of them, as if there were none.")
    .rfc(9989, "4.10");
    match merged(&texts) {
        Some(record) => draft
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                format!("Put this record at _dmarc.{} in their place: the strictest policy, with the report addresses of all.", own.domain),
            )
            .copy("DMARC record", record),
        None => draft.remedy(
            Effort::Low,
            Changer::YouInTheZone,
            format!("Leave one TXT record at _dmarc.{}.", own.domain),
        ),
    }
}

/// Whether `_dmarc` is an alias that leads to nothing.
fn is_dangling(own: &WalkStep<'_>) -> bool {
    !own.answer.aliases.is_empty() && own.answer.outcome.is_void()
}

/// F15: who keeps the record, where it is not the owner.
fn judge_alias(context: &Context<'_>, own: &WalkStep<'_>, findings: &mut Vec<Finding>) {
    let Some(target) = own.answer.aliases.last() else { return };
    let draft = if is_dangling(own) {
        new("dmarc.alias", Status::Fail, Importance::VeryImportant, format!("_dmarc.{} is an alias that leads to nothing", own.domain))
            .words(format!("The record should be at {target}, and there is none. No other record can exist next to an alias (CNAME)."))
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                format!("Remove the CNAME at _dmarc.{} first, then publish this TXT record in its place; or ask whoever runs {target} to publish it again.", own.domain),
            )
            .copy("DMARC record", first_record(context))
    } else {
        new("dmarc.alias", Status::Info, Importance::Minor, format!("Somebody else keeps your DMARC record: {target}"))
            .words("The name is an alias. Whoever runs its target can change your policy, which is common with services that read reports.")
    };
    findings.push(draft.rfc(9989, "4.7").done(&context.lookups));
}

/// What a domain without a record begins with.
fn first_record(context: &Context<'_>) -> String {
    format!("v=DMARC1; p=none; rua=mailto:postmaster@{}", context.facts.domain.as_ascii())
}

/// A text that is meant to be the record, and why it is not.
struct Misplaced {
    text: String,
    near_miss: NearMiss,
}

/// Looks for a text that is meant to be the record: at its place, or at the domain itself.
fn misplaced(context: &Context<'_>, own: &WalkStep<'_>) -> Option<Misplaced> {
    let here = own.answer.texts().map(|text| String::from_utf8_lossy(&text).into_owned());
    let found = here
        .filter(|text| !is_dmarc(text.as_bytes()))
        .find_map(|text| Some(Misplaced { near_miss: near_miss(&text)?, text }));
    found
        .or_else(|| {
            let apex = context.lookups.ask(&context.facts.domain.dns(), RecordType::Txt);
            apex.texts().map(|text| String::from_utf8_lossy(&text).into_owned()).find_map(|text| {
                let mut found =
                    near_miss(&text).filter(|_| text.trim_start().to_ascii_lowercase().starts_with('v'))?;
                found.odd = format!("it stands at {} instead of _dmarc.{}", own.domain, own.domain);
                found.cleaned = found.cleaned.or_else(|| Proposal::of(&text).corrected().text());
                Some(Misplaced { text, near_miss: found })
            })
        })
        .or_else(|| doubled(context, own))
}

/// A record whose name got the domain twice: in a zone file a dot at the end was forgotten, or a web form added it.
fn doubled(context: &Context<'_>, own: &WalkStep<'_>) -> Option<Misplaced> {
    let name = DnsName::new(&format!("_dmarc.{}.{}", own.domain, own.domain));
    let answer = is_askable(&name).then(|| context.lookups.ask(&name, RecordType::Txt))?;
    let mut texts = answer.texts().map(|text| String::from_utf8_lossy(&text).into_owned());
    let text = texts.find(|text| is_dmarc(text.as_bytes()))?;
    let odd = format!("it stands at {name}, where the domain is written twice");
    let cleaned = Proposal::of(&text).corrected().text();
    Some(Misplaced { text, near_miss: NearMiss { odd, cleaned } })
}

fn missing(context: &Context<'_>, own: &WalkStep<'_>) -> Finding {
    let domain = context.facts.domain.dns();
    let publish = |draft: Draft, record: Option<String>| {
        match record {
        Some(record) => draft
            .remedy(Effort::Low, Changer::YouInTheZone, format!("Publish this TXT record at _dmarc.{domain} in its place. It has your own policy and addresses."))
            .copy("DMARC record", record),
        None => draft
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                format!("Publish this TXT record at _dmarc.{domain}, and read the reports before asking for more."),
            )
            .copy("DMARC record", first_record(context)),
    }
    };
    let draft = if let Some(record) = own.parsed.as_ref().filter(|_| own.records == 1) {
        let proposal = Proposal::of(&own.text).corrected().text();
        match &record.twice {
            Some(name) => publish(
                new(
                    "dmarc.twice",
                    Status::Fail,
                    Importance::VeryImportant,
                    format!("The DMARC record has the tag “{name}” twice"),
                )
                .words("Receivers ignore a record in which a tag is repeated, as if there were none."),
                proposal,
            ),
            None => publish(
                new(
                    "dmarc.no-policy",
                    Status::Fail,
                    Importance::VeryImportant,
                    "The DMARC record has no policy that counts",
                )
                .words(no_policy_words(record)),
                proposal.or_else(|| Proposal::of(&own.text).corrected().with("p", "none").text()),
            ),
        }
    } else if let Some(Misplaced { text, near_miss: found }) = misplaced(context, own) {
        let shown: String = text.chars().take(80).collect();
        publish(
            new(
                "dmarc.near-miss",
                Status::Fail,
                Importance::VeryImportant,
                "A record looks like DMARC, but is not",
            )
            .words(format!("Receivers see no DMARC record in “{shown}”: {}.", found.odd)),
            found.cleaned,
        )
    } else {
        let spf = own
            .answer
            .texts()
            .any(|text| text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"v=spf1")));
        let place = if spf {
            format!(" At _dmarc.{domain} stands an SPF record, which means nothing there.")
        } else {
            String::new()
        };
        publish(
            new("dmarc.missing", Status::Fail, Importance::VeryImportant, "There is no DMARC record").words(format!(
                "Large receivers expect one from everybody who sends to many people, and nothing protects the name of the domain from forgers.{place}"
            )),
            None,
        )
    };
    draft.rfc(9989, "4.7").done(&context.lookups)
}

fn no_policy_words(record: &super::DmarcRecord) -> String {
    let wrong = record.wrong_policies.first();
    match (record.stated_policy, wrong) {
        (Some(_), Some(wrong)) => format!(
            "“{wrong}” is not a policy, and no reports are asked for, so receivers ignore the whole record."
        ),
        _ => "The tag “p” is missing or wrong, and no reports are asked for, so receivers ignore the record."
            .to_owned(),
    }
}

fn rules_unknown(answer: &DnsAnswer) -> Draft {
    Draft::unknown(
        "dmarc.rules",
        Area::Dmarc,
        Importance::Minor,
        "Whether receivers on the old and on the new rules do the same could not be measured",
        answer,
    )
}

/// F2: where receivers on the old rules and on the new ones do not do the same.
fn judge_rules(context: &Context<'_>, walk: &Walk<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.dns();
    lookups.begin();
    if let Some(step) = walk.steps.iter().find(|step| !step.answer.outcome.is_known()) {
        // Without a record that counts, one finding says that nothing is known.
        findings.extend(walk.deciding().map(|_| rules_unknown(step.answer).done(lookups)));
        return;
    }
    let draft = match by_old_rules(lookups, &domain) {
        Err(answer) => rules_unknown(answer),
        Ok(old) => {
            let new_rules = by_new_rules(walk, &domain);
            if old.is_same(&new_rules) {
                if new_rules.policy.is_none() {
                    return;
                }
                new(
                    "dmarc.rules",
                    Status::Pass,
                    Importance::Minor,
                    "Receivers on the old and on the new rules do the same",
                )
                .words(format!("A receiver on either {}.", new_rules.words()))
            } else {
                new("dmarc.rules", Status::Warn, Importance::Important, "Receivers on the old and on the new rules do not do the same")
                    .words(format!(
                        "A receiver on the old rules (RFC 7489, public suffix list) {}. A receiver on the new rules (RFC 9989, tree walk) {}. Both kinds will be around for years.",
                        old.words(),
                        new_rules.words()
                    ))
                    .remedy(
                        Effort::Low,
                        Changer::YouInTheZone,
                        format!("Publish a record at _dmarc.{domain} without mistakes and without pct, t and psd: both read it alike."),
                    )
            }
        }
    };
    findings.push(draft.rfc(9989, "4.10").done(lookups));
}
