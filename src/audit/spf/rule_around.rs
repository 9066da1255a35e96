//! Judges what belongs to SPF but is not in the record: Sender ID, bounce domains, names that do not exist.

use super::networks::effective_end_with;
use super::rule::new;
use super::{Mechanism, Qualifier, SpfRecord, published};
use crate::audit::context::Context;
use crate::audit::dmarc::covers_subdomains;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::{Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordType};

/// A name that nobody publishes.
const CONTROL: &str = "mailferry-control-5f1d";

pub(super) fn judge(context: &Context<'_>, answer: &DnsAnswer, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    findings.extend(sender_id(answer).map(|draft| draft.done(lookups)));
    lookups.begin();
    findings.extend(bounce_domains(context).map(|draft| draft.done(lookups)));
    lookups.begin();
    findings.push(made_up_names(context).done(lookups));
}

/// D18. Type 99 is not asked: no receiver looks at it any more (RFC 7208 section 3.1).
fn sender_id(answer: &DnsAnswer) -> Option<Draft> {
    let has_spf = !published(answer).is_empty();
    let is_left =
        answer.texts().any(|text| text.get(..6).is_some_and(|start| start.eq_ignore_ascii_case(b"spf2.0")));
    (has_spf && is_left).then(|| {
        new("spf.sender-id", Status::Warn, Importance::Minor, "A record of Sender ID is left over (spf2.0)")
            .words("Nobody reads it any more; it only makes the answer longer.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Remove it.")
            .rfc(7208, "3.1")
    })
}

/// D20: domains of envelope senders, which receivers check instead of the visible sender's.
fn bounce_domains(context: &Context<'_>) -> Option<Draft> {
    let lookups = &context.lookups;
    let domain = context.facts.domain.as_ascii();
    let mut names: Vec<&str> = context
        .facts
        .messages()
        .iter()
        .filter(|message| message.from_domains.iter().any(|from| from == domain))
        .filter_map(|message| message.return_path.as_ref())
        .filter(|path| !path.is_rewritten && !path.domain.is_empty() && path.domain != domain)
        .map(|path| path.domain.as_str())
        .collect();
    names.sort_unstable();
    names.dedup();
    let (mut none, mut open, mut closed) = (Vec::new(), Vec::new(), Vec::new());
    let mut unknown = None;
    for name in names.into_iter().map(DnsName::new).filter(is_askable).take(8) {
        let answer = lookups.ask(&name, RecordType::Txt);
        if !answer.outcome.is_known() {
            unknown = Some(answer);
            continue;
        }
        match published(answer).as_slice() {
            [text] => match SpfRecord::parse(text) {
                Ok(record) if effective_end_with(lookups, &name, record.clone()) == Some(Qualifier::Pass) => {
                    open.push(name);
                }
                Ok(_) => closed.push(name),
                Err(_error) => none.push(name),
            },
            _ => none.push(name),
        }
    }
    let id = "spf.bounce-domain";
    let draft = if !open.is_empty() {
        new(
            id,
            Status::Fail,
            Importance::Important,
            format!("The envelope sender’s domain lets everybody send: {}", listed(&open)),
        )
        .words("Receivers check SPF there, and everybody passes.")
        .remedy(Effort::Low, Changer::YouInTheZone, "Let that record end in “~all” or “-all”.")
    } else if !none.is_empty() {
        new(id, Status::Warn, Importance::Important, format!("The envelope sender’s domain has no SPF record that works: {}", listed(&none)))
            .words("Your messages go out with it as the envelope sender, so receivers check SPF there and not at your domain.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Publish an SPF record there, or let the server use your domain as the envelope sender.")
    } else if let Some(answer) = unknown {
        Draft::unknown(
            id,
            crate::audit::Area::Spf,
            Importance::Important,
            "Whether the envelope sender’s domain has an SPF record could not be measured",
            answer,
        )
    } else if !closed.is_empty() {
        new(
            id,
            Status::Pass,
            Importance::Minor,
            format!("The envelope sender’s domain has an SPF record: {}", listed(&closed)),
        )
        .words("Receivers check SPF there.")
    } else {
        return None;
    };
    Some(draft.rfc(7208, "2.4"))
}

/// D21: whether forgers may use names that do not exist.
fn made_up_names(context: &Context<'_>) -> Draft {
    let lookups = &context.lookups;
    let id = "spf.made-up-names";
    let answer = lookups.ask(&context.facts.domain.below(CONTROL), RecordType::Txt);
    let is_closed = match published(answer).as_slice() {
        [text] => SpfRecord::parse(text).is_ok_and(|record| {
            record
                .terms
                .first()
                .is_some_and(|term| term.mechanism == Mechanism::All && term.qualifier == Qualifier::Fail)
        }),
        _ => false,
    };
    if !answer.outcome.is_known() {
        return Draft::unknown(
            id,
            crate::audit::Area::Spf,
            Importance::Minor,
            "Whether made-up names below the domain are closed could not be measured",
            answer,
        );
    }
    let draft = if is_closed {
        new(id, Status::Pass, Importance::Minor, "Made-up names below the domain may send no mail")
            .words("A record for all names (*) says “-all”.")
    } else if covers_subdomains(lookups, &context.facts.domain.dns()) {
        new(id, Status::Pass, Importance::Minor, "Made-up names below the domain are protected by DMARC")
            .words("SPF says nothing about them, and need not.")
    } else {
        new(id, Status::Info, Importance::Minor, "Made-up names below the domain are open to forgers")
            .words("Neither SPF nor DMARC says anything about mail from names that do not exist.")
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "A DMARC record with p=quarantine or p=reject closes them, once your own mail passes.",
            )
    };
    draft.rfc(7208, "10.1.2")
}
