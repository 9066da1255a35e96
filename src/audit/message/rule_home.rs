//! Messages of the domain that came back to its own mailboxes. Lists and forwarders change what they pass on, and anybody can
//! write the name of the domain into a message, so only a valid signature means anything.

use super::facts::MessageFacts;
use super::rule::new;
use super::rule_signatures::{Verdict, verify};
use crate::audit::context::Context;
use crate::audit::draft::listed;
use crate::audit::{Changer, Effort, Finding, Importance, Status};
use crate::values::counted;

/// Silent if no such message was read.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let messages = context.facts.came_home();
    if messages.is_empty() {
        return;
    }
    let lookups = &context.lookups;
    lookups.begin();
    let domain = context.facts.domain.as_ascii();
    let (mut good, mut selectors, mut unknown) = (0_usize, Vec::new(), Vec::new());
    for message in messages {
        let mut passes = false;
        for signature in message.signatures.iter().filter(|signature| signature.domain == domain) {
            match verify(lookups, signature) {
                Verdict::Passes => {
                    passes = true;
                    if !selectors.contains(&signature.selector) {
                        selectors.push(signature.selector.clone());
                    }
                }
                Verdict::Unknown(words) if !unknown.contains(&words) => unknown.push(words),
                Verdict::Unknown(_) | Verdict::Useless(_) | Verdict::Broken(_) => {}
            }
        }
        good += usize::from(passes);
    }
    let all = counted(messages.len() as u64, "message");
    let seals = sealed(messages);
    let finding = |status, title: String| new("message.came-home", status, Importance::Minor, title);
    let draft = if good > 0 {
        finding(Status::Pass, format!("Your signatures hold on the way: {good} of {all} in your mailboxes"))
            .words(format!(
                "Mail of yours went through servers of others, came back, and still verifies with {}. The rest was changed on the way, or never came from you.{seals}",
                listed(&selectors)
            ))
    } else if !unknown.is_empty() {
        finding(Status::Unknown, format!("Whether {all} in your mailboxes verify could not be measured"))
            .words(format!("DNS did not answer: {}.{seals}", unknown.join("; ")))
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while, or with another resolver.")
    } else {
        finding(Status::Info, format!("No signature of yours verifies on {all} in your mailboxes"))
            .words(format!(
                "That is nothing against your server: lists and forwarders change what they pass on, and anybody can write your name into a message. Send a message to a mailbox elsewhere and give it as it arrived, to know.{seals}"
            ))
    };
    findings.push(draft.rfc(6376, "6.1").done(lookups));
}

/// Who left ARC seals on them.
fn sealed(messages: &[MessageFacts]) -> String {
    let mut sealers: Vec<&str> = Vec::new();
    for set in messages.iter().flat_map(|message| &message.arc) {
        if !sealers.contains(&set.sealer.as_str()) && sealers.len() < 5 {
            sealers.push(&set.sealer);
        }
    }
    if sealers.is_empty() {
        return String::new();
    }
    format!(
        " ARC seals of {} say what these servers saw before they passed it on; nothing is to be done with them.",
        listed(&sealers)
    )
}
