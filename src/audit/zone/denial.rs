//! Judges answers for names that nobody published: wildcards, and wrong NXDOMAIN above existing names.

use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::no_mail::is_no_mail;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, Outcome, RecordType};

/// Whether a name above others is denied although it has to exist (RFC 8020 section 2).
pub(in crate::audit) fn judge_denial(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let above = context.facts.domain.below("_domainkey");
    let found = lookups.answered_below(&above, RecordType::Txt);
    let Some(selector) = found.first() else { return };
    lookups.begin();
    lookups.ask(selector, RecordType::Txt);
    let answer = lookups.ask(&above, RecordType::Txt);
    let id = "zone.denial";
    let draft = match &answer.outcome {
        Outcome::NxDomain => Draft::new(id, Area::Zone, Status::Warn, Importance::Important, format!("The zone says that {above} does not exist"))
            .words(format!("There is a record at {selector}, below it. Resolvers conclude from the denial that there is nothing below, and then do not find your DKIM key."))
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have the name server fixed; it must answer “no such record” (NODATA) for names that have others below them."),
        Outcome::Answer | Outcome::NoData => Draft::new(id, Area::Zone, Status::Pass, Importance::Minor, "Names above others are not denied")
            .words(format!("{above} exists, as there are records below it.")),
        _ => Draft::unknown(id, Area::Zone, Importance::Minor, &format!("Whether {above} exists could not be measured"), answer),
    };
    findings.push(draft.rfc(8020, "2").done(lookups));
}

/// A name that nobody publishes, at one level of the zone.
fn sibling(context: &Context<'_>, level: &str) -> DnsName {
    let label = &context.facts.probe_label;
    let prefix = if level.is_empty() { label.clone() } else { format!("{label}.{level}") };
    context.facts.domain.below(&prefix)
}

/// Whether all that an answer says is that nobody may send: SPF that ends at once with “-all”, or a DKIM key that is none.
/// That is what a domain without mail is advised to say of every name. An alias repeats whatever stands at its target, and
/// below `_dmarc` neither has a place.
fn only_refuses(is_no_mail: bool, level: &str, answer: &DnsAnswer) -> bool {
    if !is_no_mail || level == "_dmarc" || !answer.aliases.is_empty() {
        return false;
    }
    let refuses = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).to_ascii_lowercase();
        let words: Vec<&str> = text.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        match words.as_slice() {
            ["v=spf1", "-all"] => true,
            words => {
                let is_key = words.contains(&"v=dkim1") || words == ["p="];
                is_key && words.iter().all(|word| matches!(*word, "v=dkim1" | "p=") || word.starts_with("k="))
            }
        }
    };
    let mut texts = answer.texts().peekable();
    texts.peek().is_some() && texts.all(|text| refuses(&text))
}

/// Whether a record that stands for every name answers where policies are looked for (RFC 4592).
pub(super) fn judge_wildcards(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let is_no_mail = is_no_mail(context);
    lookups.begin();
    let policies: Vec<(&str, &DnsAnswer)> = ["", "_domainkey", "_dmarc"]
        .into_iter()
        .map(|level| (level, lookups.ask(&sibling(context, level), RecordType::Txt)))
        .collect();
    let hosts: Vec<&DnsAnswer> = [RecordType::Mx, RecordType::A]
        .into_iter()
        .map(|record_type| lookups.ask(&sibling(context, ""), record_type))
        .collect();
    let is_policy = |answer: &DnsAnswer| {
        let says = |text: &[u8], start: &[u8]| {
            text.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start))
        };
        answer
            .texts()
            .any(|text| [&b"v=spf1"[..], b"v=DMARC1", b"v=DKIM1"].iter().any(|start| says(&text, start)))
    };
    let level_name = |level: &str| {
        if level.is_empty() {
            format!("*.{}", context.facts.domain)
        } else {
            format!("*.{level}.{}", context.facts.domain)
        }
    };
    let shadowing: Vec<String> = policies
        .iter()
        .filter(|(level, answer)| is_policy(answer) && !only_refuses(is_no_mail, level, answer))
        .map(|(level, _)| level_name(level))
        .collect();
    let refusing: Vec<String> = policies
        .iter()
        .filter(|(level, answer)| only_refuses(is_no_mail, level, answer))
        .map(|(level, _)| level_name(level))
        .collect();
    let texts: Vec<String> = policies
        .iter()
        .filter(|(level, answer)| {
            answer.outcome == Outcome::Answer && !only_refuses(is_no_mail, level, answer)
        })
        .map(|(level, _)| level_name(level))
        .collect();
    let others: Vec<RecordType> = hosts
        .iter()
        .filter(|answer| answer.outcome == Outcome::Answer)
        .map(|answer| answer.question.record_type)
        .collect();
    let unknown = policies.iter().map(|(_, answer)| *answer).chain(hosts.iter().copied());
    let unknown = unknown.into_iter().find(|answer| !answer.outcome.is_known());
    let id = "zone.wildcard";
    let draft = if !shadowing.is_empty() {
        Draft::new(id, Area::Zone, Status::Fail, Importance::Important, format!("A policy is published for every name: {}", listed(&shadowing)))
            .words("A random name answers with SPF, DKIM or DMARC text. Receivers find policies where you have published none, and missing records cannot be told from present ones.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Publish the record at the names that need it, and remove the one at “*”.")
    } else if !texts.is_empty() {
        Draft::new(id, Area::Zone, Status::Warn, Importance::Minor, format!("A text stands at every name: {}", listed(&texts)))
            .words("A random name answers with text, and so does every name that receivers look up, unless it has records of its own.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove the TXT record at “*”, or the alias there.")
    } else if !refusing.is_empty() {
        Draft::new(id, Area::Zone, Status::Info, Importance::Minor, format!("Mail from every other name is refused: {}", listed(&refusing)))
            .words("A random name answers that nobody may send from it (v=spf1 -all), or that there is no key (p=), as the domain itself does. That keeps forgers off names that you do not use.")
    } else if !others.is_empty() {
        Draft::new(id, Area::Zone, Status::Info, Importance::Minor, format!("Every name has records of type {}", listed(&others)))
            .words("A random name answers. Mail to any subdomain then seems deliverable, and spelling mistakes lead somewhere.")
    } else if let Some(answer) = unknown {
        Draft::unknown(
            id,
            Area::Zone,
            Importance::Minor,
            "Whether records stand for every name could not be measured",
            answer,
        )
    } else {
        Draft::new(id, Area::Zone, Status::Pass, Importance::Minor, "No record stands for every name")
            .words("A random name does not answer, so what was found was published on purpose.")
    };
    findings.push(draft.rfc(4592, "2").done(lookups));
}
