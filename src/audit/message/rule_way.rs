//! The route of real messages: what the receiver found, which host delivered them, and what changed on the way.

use std::net::IpAddr;

use super::facts::{Folder, Hop, MessageFacts, MethodResult};
use super::rule::new;
use super::rule_signatures::{Verdict, verify};
use crate::audit::addresses::is_public;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::{Changer, Effort, Finding, Importance, Status};
use crate::values::DnsName;

pub(super) fn judge(context: &Context<'_>, messages: &[&MessageFacts], findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    findings.push(results(messages).done(lookups));
    lookups.begin();
    let draft = first_hop(context, messages);
    findings.push(draft.done(lookups));
    lookups.begin();
    findings.push(folder(messages).done(lookups));
    findings.extend(private_names(messages).map(|draft| draft.done(lookups)));
    findings.extend(rewritten(context, messages).map(|draft| draft.done(lookups)));
    findings.extend(chains(messages).into_iter().map(|draft| draft.done(lookups)));
    let changed = changed(context, messages);
    findings.extend(changed.map(|draft| draft.done(lookups)));
}

/// Addresses that handed messages of a domain to their receivers, each once.
pub(in crate::audit) fn border_addresses(messages: &[MessageFacts], domain: &str) -> Vec<IpAddr> {
    let mut addresses = Vec::new();
    for message in messages.iter().filter(|message| message.from_domains.iter().any(|from| from == domain)) {
        let address = border(message).and_then(|border| border.hop.address);
        addresses.extend(address.filter(|address| !addresses.contains(address)));
    }
    addresses
}

/// The hops at which receivers took messages of a domain over.
pub(in crate::audit) fn border_hops<'a>(
    messages: &'a [MessageFacts],
    domain: &'a str,
) -> impl Iterator<Item = &'a Hop> {
    let own = messages.iter().filter(move |message| message.is_of(domain));
    own.filter_map(|message| border(message).map(|border| border.hop))
}

/// Where the receiver took a message over.
pub(in crate::audit) struct Border<'a> {
    /// How many hops are above it.
    pub(in crate::audit) hops_above: usize,
    pub(in crate::audit) hop: &'a Hop,
}

/// Finds the border: the last hop from a public address.
pub(in crate::audit) fn border(message: &MessageFacts) -> Option<Border<'_>> {
    let mut hops = message.received.iter().enumerate();
    let (hops_above, hop) = hops.find(|(_, hop)| hop.address.is_some_and(is_public))?;
    Some(Border { hops_above, hop })
}

/// Results that the receiver itself wrote. What stands below the border, anybody may have written.
pub(in crate::audit) fn trusted(message: &MessageFacts) -> Vec<&MethodResult> {
    let border = border(message).map_or(0, |border| border.hops_above);
    message
        .results
        .iter()
        .filter(|results| results.hops_above <= border)
        .flat_map(|results| &results.methods)
        .filter(|method| matches!(method.method.as_str(), "spf" | "dkim" | "dmarc"))
        .collect()
}

/// I1
fn results(messages: &[&MessageFacts]) -> Draft {
    let (mut bad, mut partly, mut good, mut silent) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for message in messages {
        let methods = trusted(message);
        let receiver = message.results.first().map_or("", |results| results.receiver.as_str());
        let of = |name: &str| -> Vec<&str> {
            methods
                .iter()
                .filter(|method| method.method == name)
                .map(|method| method.result.as_str())
                .collect()
        };
        let passes = |name: &str| of(name).contains(&"pass");
        let shown: Vec<String> =
            methods.iter().map(|method| format!("{}={}", method.method, method.result)).collect();
        let text = format!("{} at {receiver}: {}", message.name, listed(&shown));
        if methods.is_empty() {
            silent.push(message.name.as_str());
        } else if of("dmarc").contains(&"fail") || !(passes("spf") || passes("dkim")) {
            bad.push(text);
        } else if passes("spf") && passes("dkim") && (passes("dmarc") || of("dmarc").is_empty()) {
            good.push(text);
        } else {
            partly.push(text);
        }
    }
    let draft = if !bad.is_empty() {
        new(
            "message.results",
            Status::Fail,
            Importance::VeryImportant,
            "A receiver does not believe that your mail is yours",
        )
        .words(format!("{}.", bad.join("; ")))
        .remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            "Look at the findings on SPF, DKIM and DMARC: one of them says why.",
        )
    } else if !partly.is_empty() {
        new(
            "message.results",
            Status::Warn,
            Importance::Important,
            "A receiver found only part of the proof that your mail is yours",
        )
        .words(format!(
            "{}. One of SPF and DKIM is enough for DMARC; with both, mail survives forwarding and changes.",
            partly.join("; ")
        ))
        .remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            "Look at the findings on SPF and DKIM for the part that is missing.",
        )
    } else if !good.is_empty() {
        new(
            "message.results",
            Status::Pass,
            Importance::VeryImportant,
            "Receivers believe that your mail is yours",
        )
        .words(format!("{}.", good.join("; ")))
    } else {
        new("message.results", Status::Unknown, Importance::Important, "What receivers found is not recorded")
            .words(format!("No receiver left its results (Authentication-Results) in {}. A copy from your own “Sent” folder has none.", listed(&silent)))
            .remedy(Effort::Low, Changer::Nobody, "Send a message to a mailbox elsewhere, and give the message as it arrived there.")
    };
    draft.rfc(8601, "2.2")
}

/// I2: where receivers put the messages. What stands below the border, anybody may have written.
fn folder(messages: &[&MessageFacts]) -> Draft {
    let (mut spam, mut promotions, mut inbox) = (Vec::new(), Vec::new(), Vec::new());
    for message in messages {
        let border = border(message).map_or(0, |border| border.hops_above);
        // Where two filters disagree, the worse one counts: a reader's filter sits behind the provider's.
        let worst = message
            .placements
            .iter()
            .filter(|placement| placement.hops_above <= border)
            .max_by_key(|placement| placement.folder);
        let Some(worst) = worst else { continue };
        let text = format!("{} ({})", message.name, worst.said);
        match worst.folder {
            Folder::Spam => spam.push(text),
            Folder::Promotions => promotions.push(text),
            Folder::Inbox => inbox.push(text),
        }
    }
    let new = |status, importance, title: &str| new("message.folder", status, importance, title);
    if !spam.is_empty() {
        new(Status::Fail, Importance::VeryImportant, "A receiver put your mail into the spam folder")
            .words(format!("{}. The server took the message, and few people will ever see it.", spam.join("; ")))
            .remedy(Effort::Medium, Changer::YouOnTheServer, "First fix what the other findings name. Then ask the recipient to mark the message as not spam, and send another one.")
    } else if !promotions.is_empty() {
        new(Status::Warn, Importance::Minor, "A receiver takes your mail for advertising")
            .words(format!("{}. It is shown, but not where personal mail is.", promotions.join("; ")))
            .remedy(Effort::Low, Changer::YouOnTheServer, "Send personal mail from another address than newsletters, and without their marks (List-Unsubscribe, many pictures).")
    } else if !inbox.is_empty() {
        new(Status::Pass, Importance::VeryImportant, "Receivers put your mail into the inbox")
            .words(format!("{}.", inbox.join("; ")))
    } else {
        new(Status::Unknown, Importance::Important, "It is not known which folder your mail goes to")
            .words("No receiver's filter recorded it. A copy from your own “Sent” folder has none.")
            .remedy(Effort::Low, Changer::Nobody, "Send a message to a mailbox elsewhere, see whether it is in the inbox there, and give the message as it arrived.")
    }
}

/// I5: the server that handed the message to the receiver.
fn first_hop(context: &Context<'_>, messages: &[&MessageFacts]) -> Draft {
    let (mut bad, mut good, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for message in messages {
        let Some((hop, address)) = border(message).and_then(|border| Some((border.hop, border.hop.address?)))
        else {
            continue;
        };
        let helo = hop.helo.as_deref().unwrap_or_default();
        let (mut faults, mut is_measured) = (Vec::new(), true);
        if !hop.is_encrypted {
            faults.push("the connection was not encrypted".to_owned());
        }
        let name = DnsName::new(helo);
        if !helo.contains('.') || helo.starts_with('[') || !is_askable(&name) {
            faults.push(format!("it greets as “{helo}”, which is no full host name"));
        } else {
            let (addresses, worse) = context.lookups.addresses(&name);
            let leads_back = addresses.contains(&address);
            is_measured = leads_back || worse.outcome.is_known();
            if !is_measured {
                unknown.push(format!("{}: where “{helo}” leads ({})", message.name, worse.outcome));
            } else if !leads_back {
                faults.push(format!("it greets as “{helo}”, which does not lead to {address}"));
            }
        }
        let text = format!("{}: {address}", message.name);
        if faults.is_empty() && is_measured {
            good.push(format!("{text} greets as “{helo}”"));
        } else if !faults.is_empty() {
            bad.push(format!("{text}: {}", faults.join(", ")));
        }
    }
    let draft = if !bad.is_empty() {
        new("message.first-hop", Status::Warn, Importance::Important, "The server that delivered your mail makes a bad impression")
            .words(format!("{}.", bad.join("; ")))
            .remedy(Effort::Low, Changer::YouOnTheServer, "Let the server greet with its full name, whose address is its own, and use STARTTLS where it is offered.")
    } else if !unknown.is_empty() {
        new(
            "message.first-hop",
            Status::Unknown,
            Importance::Important,
            "Whether the greeting of your server fits could not be measured",
        )
        .words(format!("DNS did not answer: {}.", unknown.join("; ")))
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again in a while, or with another resolver.",
        )
    } else if !good.is_empty() {
        new(
            "message.first-hop",
            Status::Pass,
            Importance::Important,
            "The server that delivered your mail introduced itself well",
        )
        .words(format!("Encrypted, and with a name that leads back to it: {}.", good.join("; ")))
    } else {
        new(
            "message.first-hop",
            Status::Unknown,
            Importance::Important,
            "The messages do not show which server delivered them",
        )
        .words("No Received field names a public address. A copy from your own “Sent” folder has none.")
        .remedy(Effort::Low, Changer::Nobody, "Give a message as it arrived at a mailbox elsewhere.")
    };
    draft.rfc(5321, "4.1.1.1")
}

/// I5: names from inside that everybody can read.
fn private_names(messages: &[&MessageFacts]) -> Option<Draft> {
    let mut inside: Vec<String> = Vec::new();
    for message in messages {
        for hop in
            message.received.iter().filter(|hop| hop.address.is_some_and(|address| !is_public(address)))
        {
            let shown = match (&hop.helo, hop.address) {
                (Some(helo), Some(address)) => format!("{helo} ({address})"),
                (None, Some(address)) => address.to_string(),
                _ => continue,
            };
            let is_local = hop.address.is_some_and(|address| address.is_loopback());
            if !is_local && !inside.contains(&shown) {
                inside.push(shown);
            }
        }
    }
    (!inside.is_empty()).then(|| {
        new("message.private-names", Status::Info, Importance::Minor, format!("Your mail shows names from inside: {}", listed(&inside)))
            .words("Receivers do not mind. To keep internal names private, let the server drop its first Received field.")
            .rfc(5321, "4.4")
    })
}

/// I7
fn rewritten(context: &Context<'_>, messages: &[&MessageFacts]) -> Option<Draft> {
    let domain = context.facts.domain.as_ascii();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for message in messages {
        let Some(path) = &message.return_path else { continue };
        let fails = trusted(message)
            .iter()
            .any(|method| method.method == "spf" && matches!(method.result.as_str(), "fail" | "softfail"));
        let hops = message.received.iter().filter(|hop| hop.address.is_some_and(is_public)).count();
        if path.is_rewritten {
            with.push(message.name.as_str());
        } else if path.domain == domain && hops > 1 && fails {
            without.push(message.name.as_str());
        }
    }
    if !without.is_empty() {
        return Some(
            new("message.forwarded", Status::Warn, Importance::Important, format!("Forwarded under your name, so that SPF fails: {}", listed(&without)))
                .words("A server in between passed the message on without changing the envelope sender (SRS). Its address is not in your SPF record, and it need not be: the signature (DKIM) has to carry such mail.")
                .remedy(Effort::Medium, Changer::Nobody, "Sign every message, end SPF with “~all”, and ask the forwarders to rewrite the sender (SRS).")
                .rfc(7208, "2.4"),
        );
    }
    (!with.is_empty()).then(|| {
        new(
            "message.forwarded",
            Status::Pass,
            Importance::Minor,
            format!("Forwarded with a rewritten sender (SRS): {}", listed(&with)),
        )
        .words("The forwarder answers for the envelope sender, so SPF says nothing bad about you.")
        .rfc(7208, "2.4")
    })
}

/// I8
fn chains(messages: &[&MessageFacts]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let sealed: Vec<String> = messages
        .iter()
        .filter(|message| !message.arc.is_empty())
        .map(|message| {
            let sets: Vec<String> = message
                .arc
                .iter()
                .map(|set| {
                    let methods: Vec<String> = set
                        .methods
                        .iter()
                        .map(|method| format!("{}={}", method.method, method.result))
                        .collect();
                    format!(
                        "{} by {} (chain {}; saw {})",
                        set.instance,
                        set.sealer,
                        set.chain,
                        listed(&methods)
                    )
                })
                .collect();
            format!("{}: {}", message.name, sets.join(", "))
        })
        .collect();
    if !sealed.is_empty() {
        drafts.push(
            new("message.arc", Status::Info, Importance::Minor, "Servers on the way left ARC seals")
                .words(format!("Each seal says what its server saw before it changed the message; a receiver may believe those it knows. {}. Nothing is to be done: ARC is on its way out, and a sender needs none.", sealed.join("; ")))
                .rfc(8617, "4"),
        );
    }
    let newer: Vec<&str> =
        messages.iter().filter(|message| message.has_dkim2).map(|message| message.name.as_str()).collect();
    if !newer.is_empty() {
        drafts.push(
            new(
                "message.dkim2",
                Status::Info,
                Importance::Minor,
                format!("There is a DKIM2 signature: {}", listed(&newer)),
            )
            .words(
                "It belongs to a draft for a successor to DKIM. It does no harm, and is not checked here.",
            ),
        );
    }
    drafts
}

/// I6: two copies of one message, of which one verifies and one does not.
fn changed(context: &Context<'_>, messages: &[&MessageFacts]) -> Option<Draft> {
    let verdict = |message: &MessageFacts| {
        message.signatures.iter().map(|signature| verify(&context.lookups, signature)).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for (index, one) in messages.iter().enumerate() {
        for other in messages.iter().skip(index + 1) {
            if one.message_id.is_none() || one.message_id != other.message_id {
                continue;
            }
            let (first, second) = (verdict(one), verdict(other));
            let passes = |verdicts: &[Verdict]| verdicts.contains(&Verdict::Passes);
            let breaks =
                |verdicts: &[Verdict]| verdicts.iter().any(|verdict| matches!(verdict, Verdict::Broken(_)));
            let (whole, broken) = match (passes(&first), breaks(&second), passes(&second), breaks(&first)) {
                (true, true, false, _) => (one, other),
                (false, _, true, true) => (other, one),
                _ => continue,
            };
            let servers: Vec<&str> = broken
                .received
                .iter()
                .filter(|hop| !whole.received.contains(hop))
                .filter_map(|hop| hop.by.as_deref())
                .collect();
            found.push(format!(
                "{} verifies and {} does not; only the second went through {}",
                whole.name,
                broken.name,
                if servers.is_empty() { "an unknown server".to_owned() } else { listed(&servers) }
            ));
        }
    }
    (!found.is_empty()).then(|| {
        new("message.changed", Status::Warn, Importance::Important, "A server on the way breaks your signatures")
            .words(format!("{}.", found.join("; ")))
            .remedy(Effort::Medium, Changer::YouOnTheServer, "If the server is yours, let it sign after its filters and footers; if not, nothing on your side.")
            .rfc(6376, "6.1")
    })
}
