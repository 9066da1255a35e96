//! Judges the messages that the owner gave.

use super::facts::MessageFacts;
use super::{rule_form, rule_home, rule_signatures, rule_way};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Finding, Importance, Status};
use crate::values::counted_as;

/// What real messages tell: signatures, the receiver's own results, the way, and the form. Silent without messages.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    rule_home::judge(context, findings);
    let messages = context.facts.messages();
    if messages.is_empty() {
        return;
    }
    let domain = context.facts.domain.as_ascii();
    let (own, foreign): (Vec<&MessageFacts>, Vec<&MessageFacts>) =
        messages.iter().partition(|message| message.is_of(domain));
    if !foreign.is_empty() {
        let names: Vec<&str> = foreign.iter().map(|message| message.name.as_str()).collect();
        let draft = if own.is_empty() {
            new(
                "message.foreign",
                Status::Unknown,
                Importance::Minor,
                format!("No message is from {}", context.facts.domain),
            )
            .words(format!(
                "The visible sender (From) of {} is of another domain, so nothing is learnt about this one.",
                listed(&names)
            ))
        } else {
            let count = counted_as(foreign.len(), "message is", "messages are");
            new("message.foreign", Status::Info, Importance::Minor, format!("{count} of other domains"))
                .words(format!("Not looked at further: {}.", listed(&names)))
        };
        findings.push(draft.done(&context.lookups));
    }
    if own.is_empty() {
        return;
    }
    rule_signatures::judge(context, &own, findings);
    rule_way::judge(context, &own, findings);
    rule_form::judge(context, &own, findings);
}

pub(super) fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Messages, status, importance, title)
}
