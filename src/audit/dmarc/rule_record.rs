//! Judges the DMARC record that applies, tag by tag.

use super::near_miss::is_invisible;
use super::proposal::{Proposal, nearest};
use super::record::{DmarcRecord, KNOWN_TAGS, Policy};
use super::rule::new;
use super::walk::{Walk, WalkStep};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Changer, Effort, Finding, Importance, Status};

pub(super) fn judge(
    context: &Context<'_>,
    walk: &Walk<'_>,
    step: &WalkStep<'_>,
    record: &DmarcRecord,
    findings: &mut Vec<Finding>,
) {
    let domain = context.facts.domain.dns();
    let is_inherited = step.domain != domain;
    let mut drafts = Vec::new();
    if is_inherited {
        drafts.push(
            new(
                "dmarc.inherited",
                Status::Info,
                Importance::Important,
                format!("The DMARC record of {} applies", step.domain),
            )
            .words("The domain has no record of its own; the one above it decides.")
            .rfc(9989, "4.10.1"),
        );
    }
    let policy = if is_inherited { record.policy_below() } else { record.policy };
    drafts.push(policy_draft(policy.unwrap_or(Policy::None), step, record));
    drafts.extend(weaker(step, record));
    // What stands in a registry's record is not for the owner to change.
    if record.psd != Some('y') || !is_inherited {
        drafts.extend(old_tags(step, record));
        drafts.extend(ignored(step, record));
    }
    if record.psd == Some('y') && !is_inherited {
        drafts.push(
            with_copy(
                new("dmarc.psd", Status::Warn, Importance::Important, "The domain says that it is a public suffix (psd=y)")
                    .words("That is meant for registries. For a domain that people write mail from it changes what its subdomains are compared with."),
                "Remove psd=y.",
                Proposal::of(&step.text).without(&["psd"]),
            )
            .rfc(9989, "4.7"),
        );
    }
    drafts.push(alignment(walk, record));
    drafts.extend(strict_streams(context, record));
    findings.extend(drafts.into_iter().map(|draft| draft.done(&context.lookups)));
}

/// A remedy, with the record that carries it out where our own reader finds nothing wrong with that.
fn with_copy(draft: Draft, remedy: &str, proposal: Proposal) -> Draft {
    let draft = draft.remedy(Effort::Low, Changer::YouInTheZone, remedy);
    match proposal.corrected().text() {
        Some(record) => draft.copy("DMARC record", record),
        None => draft,
    }
}

/// The record as it was meant; where no policy can be read, with the one that receivers assume.
fn meant(step: &WalkStep<'_>) -> Proposal {
    let proposal = Proposal::of(&step.text).corrected();
    if proposal.get("p").and_then(Policy::parse).is_some() { proposal } else { proposal.with("p", "none") }
}

fn policy_draft(policy: Policy, step: &WalkStep<'_>, record: &DmarcRecord) -> Draft {
    let draft = match policy {
        Policy::None if record.is_policy_implied => {
            let reason = match (record.stated_policy, record.wrong_policies.first()) {
                (Some(stated), Some(wrong)) => format!(
                    "“{wrong}” is not a policy, and a record with such a tag counts as p=none, whatever else it says (p={}).",
                    stated.word()
                ),
                _ => "The tag “p” is missing or wrong, which counts as none because reports are asked for.".to_owned(),
            };
            let is_lost = record.stated_policy.is_some_and(|stated| stated > Policy::None);
            let status = if is_lost { Status::Fail } else { Status::Warn };
            with_copy(
                new("dmarc.policy-none", status, Importance::Important, "DMARC asks receivers to do nothing, because of a mistake")
                    .words(format!("Forged mail in your name is delivered like any other. {reason}")),
                "Publish the record as it was meant.",
                meant(step),
            )
        }
        Policy::None => new("dmarc.policy-none", Status::Warn, Importance::Important, "DMARC asks receivers to do nothing (p=none)")
            .words("Forged mail in your name is delivered like any other. As a first step that is right; it is not where to stay.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Read the reports until every server of yours passes, then ask for p=quarantine, later p=reject."),
        Policy::Quarantine | Policy::Reject if record.is_test => with_copy(
            new("dmarc.test-mode", Status::Warn, Importance::Important, format!("DMARC asks for “{}” but is in test mode (t=y)", policy.word()))
                .words(format!(
                    "Receivers on the new rules apply the policy one step milder: {}. Receivers on the old rules do not know the tag and apply it in full.",
                    policy.milder().word()
                )),
            "Remove t=y once the reports are clean.",
            Proposal::of(&step.text).without(&["t"]),
        ),
        Policy::Quarantine | Policy::Reject => new(
            "dmarc.policy",
            Status::Pass,
            Importance::Important,
            format!("DMARC protects the name of the domain (p={})", policy.word()),
        )
        .words("Receivers know what to do with forged mail."),
    };
    draft.rfc(9989, "4.7")
}

/// F7
fn weaker(step: &WalkStep<'_>, record: &DmarcRecord) -> Option<Draft> {
    let tags = [("sp", record.subdomain_policy), ("np", record.missing_subdomain_policy)];
    let weaker: Vec<(&str, Policy)> = tags
        .into_iter()
        .filter_map(|(name, below)| Some((name, below.filter(|below| Some(*below) < record.policy)?)))
        .collect();
    let shown: Vec<String> = weaker.iter().map(|(name, below)| format!("{name}={}", below.word())).collect();
    (!weaker.is_empty()).then(|| {
        let names: Vec<&str> = weaker.iter().map(|(name, _)| *name).collect();
        with_copy(
            new(
                "dmarc.subdomain-policy",
                Status::Warn,
                Importance::Minor,
                format!("DMARC is weaker for subdomains ({})", listed(&shown)),
            )
            .words("Forgers can use invented subdomains."),
            "Remove the tag, or make it as strict as “p”.",
            Proposal::of(&step.text).without(&names),
        )
        .rfc(9989, "4.7")
    })
}

/// F6
fn old_tags(step: &WalkStep<'_>, record: &DmarcRecord) -> Option<Draft> {
    let verb = match record.old_tags.len() {
        0 => return None,
        1 => "DMARC tag no longer counts",
        _ => "DMARC tags no longer count",
    };
    let is_enforced = record.policy > Some(Policy::None);
    let old = match record.percent {
        Some(0) if is_enforced => "Receivers on the old rules refuse nobody because of pct=0, while receivers on the new rules apply the policy to all mail: what was meant as a trial is in force there.".to_owned(),
        Some(percent) if percent < 100 && is_enforced => {
            format!("Receivers on the old rules apply the policy to {percent}% of the mail that does not pass; receivers on the new rules to all of it.")
        }
        _ => "Receivers on the new rules ignore them; receivers on the old rules still follow them.".to_owned(),
    };
    let is_trap = record.percent == Some(0) && is_enforced;
    let (status, importance) =
        if is_trap { (Status::Fail, Importance::Important) } else { (Status::Warn, Importance::Minor) };
    Some(
        with_copy(
            new(
                "dmarc.old-tags",
                status,
                importance,
                format!("{verb} (RFC 9989): {}", listed(&record.old_tags)),
            )
            .words(old),
            "Publish the record without them; use t=y for testing.",
            Proposal::of(&step.text).without(&["pct", "rf", "ri"]),
        )
        .reference("RFC 9989, appendix C.5.2", "https://www.rfc-editor.org/rfc/rfc9989#appendix-C.5.2"),
    )
}

/// F12, F13: what receivers skip.
fn ignored(step: &WalkStep<'_>, record: &DmarcRecord) -> Option<Draft> {
    let mut skipped: Vec<String> = record
        .unknown_tags
        .iter()
        .map(|tag| match nearest(tag, &KNOWN_TAGS).filter(|known| known != tag) {
            _ if tag.contains(is_invisible) => {
                let plain: String = tag.chars().filter(|character| !is_invisible(*character)).collect();
                format!("{plain} (with an invisible character in it)")
            }
            Some(known) => format!("{tag} (“{known}” is meant?)"),
            None => tag.clone(),
        })
        .collect();
    for value in &record.bad_values {
        match value.strip_suffix('=').filter(|name| matches!(*name, "rua" | "ruf")) {
            Some(name) => skipped.push(format!("{name} without an address")),
            None => skipped.push(value.clone()),
        }
    }
    skipped.extend(record.bad_addresses.iter().map(|address| format!("{address} (no mailto: address)")));
    if record.has_failure_options && record.failure_domains.is_empty() {
        skipped.push("fo (it says when to send reports to “ruf”, which is missing)".to_owned());
    }
    // What the reader did not take goes, but for names, policies and addresses, which are corrected.
    let mut useless: Vec<&str> =
        record.bad_values.iter().filter_map(|tag| tag.split_once('=')).map(|(name, _)| name.trim()).collect();
    useless.retain(|name| !matches!(*name, "sp" | "np" | "rua" | "ruf"));
    if record.failure_domains.is_empty() {
        useless.push("fo");
    }
    (!skipped.is_empty()).then(|| {
        with_copy(
            new(
                "dmarc.ignored",
                Status::Warn,
                Importance::Minor,
                format!("Parts of the DMARC record are ignored: {}", listed(&skipped)),
            )
            .words("Receivers skip tags, values and addresses that they do not understand."),
            "Correct or remove them.",
            Proposal::of(&step.text).without(&useless),
        )
        .rfc(9989, "4.7")
    })
}

fn alignment(walk: &Walk<'_>, record: &DmarcRecord) -> Draft {
    let mode = |is_strict: bool| if is_strict { "exactly the same domain" } else { "the same organisation" };
    new("dmarc.alignment", Status::Info, Importance::Minor, "What DMARC compares")
        .words(format!(
            "The signature (DKIM) must be of {}, the sender address (SPF) of {} as the visible sender. The organisation is {}.",
            mode(record.is_dkim_strict),
            mode(record.is_spf_strict),
            walk.organisational_domain
        ))
        .rfc(9989, "4.4")
}

/// F9: messages that a strict mode breaks.
fn strict_streams(context: &Context<'_>, record: &DmarcRecord) -> Option<Draft> {
    if !record.is_dkim_strict && !record.is_spf_strict {
        return None;
    }
    let domain = context.facts.domain.as_ascii();
    let own = context
        .facts
        .messages()
        .iter()
        .filter(|message| message.from_domains.iter().any(|from| from == domain));
    let mut is_any = false;
    let mut broken = Vec::new();
    for message in own {
        is_any = true;
        let is_below = |name: &str| name.ends_with(&format!(".{domain}"));
        let is_signed = message.signatures.iter().any(|signature| signature.domain == domain);
        let is_signed_below = message.signatures.iter().any(|signature| is_below(&signature.domain));
        if record.is_dkim_strict && !is_signed && is_signed_below {
            broken.push(format!("{} is signed by a subdomain, which adkim=s does not count", message.name));
        }
        let bounce = message.return_path.as_ref().map_or("", |path| path.domain.as_str());
        if record.is_spf_strict && is_below(bounce) {
            broken.push(format!(
                "{} has its envelope sender at {bounce}, which aspf=s does not count",
                message.name
            ));
        }
    }
    is_any.then(|| {
        let draft = if broken.is_empty() {
            new(
                "dmarc.strict",
                Status::Pass,
                Importance::Minor,
                "The strict modes of DMARC fit your messages",
            )
            .words("Signatures and envelope senders are of the domain itself.")
        } else {
            new(
                "dmarc.strict",
                Status::Warn,
                Importance::Important,
                "A strict mode of DMARC does not fit your messages",
            )
            .words(format!("{}.", broken.join("; ")))
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Remove adkim=s and aspf=s, or let every service send under the domain itself.",
            )
        };
        draft.rfc(9989, "4.4")
    })
}
