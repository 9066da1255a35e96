//! Judges the MX records: whether there are any, null MX, and their order.

use super::hosts::{hosts, sends_nothing};
use super::{certificates, targets};
use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::zone::{LONG_TTL_SECS, Ttl, VERY_LONG_TTL_SECS};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{DnsAnswer, Outcome, RecordType};

/// MX records and the hosts behind them (RFC 5321 section 5, RFC 7505, RFC 2181 section 10.3).
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let answer = lookups.ask(&context.facts.domain.dns(), RecordType::Mx);
    match &answer.outcome {
        Outcome::Answer => {
            let hosts = hosts(answer);
            if hosts.iter().any(|host| host.as_str().is_empty()) {
                findings.push(null_mx(context, hosts.len()));
            }
            judge_ttl(context, answer, findings);
            targets::judge(context, answer, &hosts, findings);
            certificates::judge(context, &hosts, findings);
        }
        Outcome::NoData | Outcome::NxDomain => findings.push(without_mx(context)),
        _ => findings.push(
            Draft::unknown(
                "mx.unknown",
                Area::IncomingMail,
                Importance::VeryImportant,
                "Where mail is delivered could not be measured",
                answer,
            )
            .done(lookups),
        ),
    }
}

/// The one record “0 .”: right for a domain that sends nothing either (RFC 7505).
fn null_mx(context: &Context<'_>, hosts: usize) -> Finding {
    let domain = &context.facts.domain;
    let lookups = &context.lookups;
    let new = |status: Status, title: String| {
        Draft::new("mx.null", Area::IncomingMail, status, Importance::VeryImportant, title).rfc(7505, "3")
    };
    let remedy = "Remove the record “MX 0 .” if the domain is to receive mail.";
    if hosts > 1 {
        return new(Status::Fail, "“No mail” stands beside mail hosts".to_owned())
            .words("The record “MX 0 .” says that no mail is accepted, and other MX records say the opposite. Senders pick one of the two.")
            .remedy(Effort::Low, Changer::YouInTheZone, remedy)
            .done(lookups);
    }
    let texts = lookups.ask(&domain.dns(), RecordType::Txt);
    let title = format!("{domain} says that it takes no mail");
    if sends_nothing(texts) {
        return new(Status::Pass, title)
            .words("The record “MX 0 .” and an SPF record that lets nobody send fit each other: this domain has no mail.")
            .done(lookups);
    }
    if !texts.outcome.is_known() {
        return Draft::unknown(
            "mx.null",
            Area::IncomingMail,
            Importance::VeryImportant,
            &format!("{title}; whether it sends could not be measured"),
            texts,
        )
        .done(lookups);
    }
    new(Status::Warn, title)
        .words("The record “MX 0 .” tells every sender that no mail is accepted here. Nothing says that the domain sends none either, and answers and bounces to its mail go nowhere.")
        .remedy(Effort::Low, Changer::YouInTheZone, format!("{remedy} If it has no mail at all, publish the SPF record “v=spf1 -all”."))
        .copy("SPF record", "v=spf1 -all")
        .done(lookups)
}

fn without_mx(context: &Context<'_>) -> Finding {
    let lookups = &context.lookups;
    let (addresses, worse) = lookups.addresses(&context.facts.domain.dns());
    let draft = if !addresses.is_empty() {
        Draft::new("mx.missing", Area::IncomingMail, Status::Warn, Importance::Important, "There is no MX record")
            .words("Senders fall back to the address of the web site. Many filters take that for a domain without mail.")
    } else if worse.outcome.is_known() {
        Draft::new(
            "mx.missing",
            Area::IncomingMail,
            Status::Fail,
            Importance::VeryImportant,
            "There is no MX record and no address",
        )
        .words("No sender can find a server that takes mail for this domain.")
    } else {
        let title = "Whether mail can be delivered without an MX record could not be measured";
        return Draft::unknown("mx.missing", Area::IncomingMail, Importance::VeryImportant, title, worse)
            .done(lookups);
    };
    let draft = if sends_nothing(lookups.ask(&context.facts.domain.dns(), RecordType::Txt)) {
        draft
            .remedy(Effort::Low, Changer::YouInTheZone, "SPF says that the domain has no mail: say so here too with the record “MX 0 .” (RFC 7505). If it is to receive mail, publish an MX record with the name of the mail server.")
            .copy("MX record", "0 .")
    } else {
        draft.remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Publish an MX record with the name of the mail server.",
        )
    };
    draft.rfc(5321, "5.1").done(lookups)
}

fn judge_ttl(context: &Context<'_>, answer: &DnsAnswer, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    lookups.see(answer);
    let Some(ttl) = Ttl::of(context, answer) else { return };
    let new = |status: Status, importance: Importance, title: String| {
        Draft::new("mx.ttl", Area::IncomingMail, status, importance, title)
    };
    let draft = if ttl.secs() > LONG_TTL_SECS {
        let status = if ttl.secs() > VERY_LONG_TTL_SECS { Status::Fail } else { Status::Warn };
        new(
            status,
            Importance::Important,
            format!("The MX record is remembered for {} (TTL {})", ttl.words(), ttl.secs()),
        )
        .words("After the switch some senders go on delivering to the old server for this long.")
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Set the TTL of the MX records to 300 a day before the switch.",
        )
        .group(Group::MattersForTheSwitch)
    } else if matches!(ttl, Ttl::Exactly(_)) {
        new(
            Status::Pass,
            Importance::Minor,
            format!("The MX record is remembered for {} at most", ttl.words()),
        )
        .words("A change of the MX records is seen soon.")
    } else {
        new(Status::Unknown, Importance::Important, "How long the MX record is remembered could not be measured".to_owned())
            .words(format!("It is {}: a resolver's cache only shows what is left, and no authoritative server could be asked.", ttl.words()))
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again from a network that lets DNS questions through, or look at the TTL in the zone.")
    };
    findings.push(draft.rfc(2181, "5.2").done(lookups));
}
