//! Finds the keys that a domain publishes, and says how their selectors became known.

use super::is_key_record;
use super::rule_keys::{Found, report};
use super::selectors::{Selectors, ToldBy, key_name, selectors};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, why_unknown};
use crate::audit::no_mail::is_no_mail;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, Outcome, RecordType, counted_as};

/// DKIM keys (RFC 6376) of real, named and well-known selectors. Finding none is unknown: selectors cannot be listed.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.as_ascii();
    let selectors = selectors(context);
    let mut found = Found::default();
    let mut questions = Vec::new();
    let mut told = Vec::new();
    let mut answered = 0;
    for candidate in &selectors.candidates {
        let name = key_name(&candidate.name, domain);
        let answer = lookups.ask(&name, RecordType::Txt);
        answered += usize::from(answer.outcome.is_known());
        let texts: Vec<Vec<u8>> = answer.texts().filter(|text| is_key_record(text)).collect();
        let is_dangling =
            answer.outcome.is_void() && !answer.aliases.is_empty() && !selectors.is_aliased_everywhere;
        if texts.is_empty() && candidate.told == ToldBy::List && !is_dangling {
            continue;
        }
        if !texts.is_empty() {
            told.push(candidate.told);
        }
        questions.push(name);
        found.add(candidate, answer, &texts);
    }
    // Only what was found is evidence; sixty empty answers would bury it.
    lookups.begin();
    for name in &questions {
        lookups.ask(name, RecordType::Txt);
    }
    report(context, &found, findings);
    lookups.begin();
    let tree = lookups.ask(&context.facts.domain.below("_domainkey"), RecordType::Txt);
    judge_tree(context, tree, found.keys > 0, findings);
    if found.keys > 0 {
        findings.push(how_known(context, &told));
    } else if is_no_mail(context) {
        findings.push(
            new(
                "dkim.none-found",
                Status::NotApplicable,
                Importance::Minor,
                "A domain without mail needs no DKIM key",
            )
            .words("The domain says that it neither takes nor sends mail.")
            .done(lookups),
        );
    } else {
        findings.push(none_found(context, &selectors, answered, &found, tree));
    }
}

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Dkim, status, importance, title)
}

/// Whether the name above all keys exists, as it must where a key does (RFC 8020).
fn judge_tree(context: &Context<'_>, tree: &DnsAnswer, has_keys: bool, findings: &mut Vec<Finding>) {
    let draft = match (&tree.outcome, has_keys) {
        (Outcome::NxDomain, true) => new(
            "dkim.tree",
            Status::Warn,
            Importance::Minor,
            "The name servers deny “_domainkey”, although a key lies below it",
        )
        .words("A name exists as soon as something lies below it. Resolvers that take the servers at their word see no key, and signatures do not verify there.")
        .remedy(Effort::Medium, Changer::YouInTheZone, "Ask whoever runs the name servers to update them (RFC 8020), or publish any TXT record at _domainkey.")
        .rfc(8020, "2"),
        (Outcome::NxDomain, false) => new("dkim.tree", Status::Info, Importance::Minor, "Nothing lies below “_domainkey”")
            .words("The name servers say that there is no DKIM key under any name. Some servers say so wrongly, so this proves nothing.")
            .rfc(8020, "2"),
        (Outcome::Answer | Outcome::NoData, _) => new("dkim.tree", Status::Pass, Importance::Minor, "Something lies below “_domainkey”")
            .words("The name above all keys exists.")
            .rfc(8020, "2"),
        _ => Draft::unknown("dkim.tree", Area::Dkim, Importance::Minor, "Whether anything lies below “_domainkey” could not be measured", tree),
    };
    findings.push(draft.done(&context.lookups));
}

/// How the selectors became known. Only mail knows which ones are in use.
fn how_known(context: &Context<'_>, told: &[ToldBy]) -> Finding {
    let draft = if told.contains(&ToldBy::Mail) {
        new("dkim.selectors", Status::Pass, Importance::Minor, "The selectors are those of real mail")
            .words("Your own messages say which keys are in use.")
    } else if told.contains(&ToldBy::Owner) {
        new("dkim.selectors", Status::Pass, Importance::Minor, "The selectors are those that you named")
            .words("There may be others that you did not name.")
    } else {
        new("dkim.selectors", Status::Info, Importance::Minor, "Keys were found under common names")
            .words("Whether your mail is signed with them, and whether there are others, only a message tells.")
            .remedy(Effort::Low, Changer::Nobody, "Give a message that you sent and that came back or was received elsewhere (--evidence FILE.eml).")
    };
    draft.rfc(6376, "3.1").done(&context.lookups)
}

fn none_found(
    context: &Context<'_>,
    selectors: &Selectors,
    answered: usize,
    found: &Found<'_>,
    tree: &DnsAnswer,
) -> Finding {
    let words = if selectors.is_list_skipped || (answered == 0 && !selectors.candidates.is_empty()) {
        format!(
            "Nobody answered for the names of keys, so none could be looked for. {}",
            why_unknown(&tree.outcome)
        )
    } else if selectors.is_wildcard {
        "Every name below “_domainkey” has a key record, so common names prove nothing.".to_owned()
    } else {
        let silent = selectors.candidates.len().saturating_sub(answered);
        let silent = match silent {
            0 => String::new(),
            silent => format!(" {} got no answer.", counted_as(silent, "name", "names")),
        };
        let named = if found.missing.is_empty() { "" } else { " and under those that mail or you named" };
        format!(
            "Keys are stored under a name (selector) that only signed mail reveals. None was found under {}{named}.{silent}",
            counted_as(selectors.listed, "common name", "common names")
        )
    };
    new("dkim.none-found", Status::Unknown, Importance::VeryImportant, "No DKIM key was found, which proves nothing")
        .words(words)
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Give a message that you sent (--evidence FILE.eml), or look for s= in its DKIM-Signature header and name that selector.",
        )
        .rfc(6376, "3.1")
        .done(&context.lookups)
}
