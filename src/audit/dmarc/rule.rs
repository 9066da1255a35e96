use super::Context;
use crate::audit::dmarc::{self, DmarcRecord, Policy, Walk, WalkStep};
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsName, Outcome, RecordType};

/// Report targets that are checked.
const MAX_TARGETS: usize = 6;

/// DMARC (RFC 9989): record, policy, tags, and whether reports arrive (RFC 9990).
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.dns();
    let walk = dmarc::walk(lookups, &domain);
    let Some(own) = walk.steps.first() else { return };
    if own.records > 1 {
        findings.push(
            new(
                "dmarc.several",
                Status::Fail,
                Importance::VeryImportant,
                format!("There are {} DMARC records, one is allowed", own.records),
            )
            .words("Receivers ignore all of them, as if there were none.")
            .remedy(Effort::Low, Changer::YouInTheZone, format!("Leave one TXT record at _dmarc.{domain}."))
            .rfc(9989, "4.10")
            .done(lookups),
        );
    }
    match walk.deciding() {
        Some(step) => {
            if let Some(record) = &step.record {
                judge_record(context, &walk, step, record, findings);
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
            None if own.records > 1 => {}
            None => findings.push(missing(context, own)),
        },
    }
}

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Dmarc, status, importance, title)
}

fn missing(context: &Context<'_>, own: &WalkStep<'_>) -> Finding {
    let domain = context.facts.domain.dns();
    let near_miss = own
        .answer
        .texts()
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .find(|text| text.to_ascii_lowercase().contains("dmarc"));
    let draft = if own.records == 1 {
        new("dmarc.no-policy", Status::Fail, Importance::VeryImportant, "The DMARC record has no policy")
            .words("The tag “p” is missing or wrong, and no reports are asked for, so receivers ignore the record.")
    } else if let Some(text) = near_miss {
        let shown: String = text.chars().take(60).collect();
        new(
            "dmarc.near-miss",
            Status::Fail,
            Importance::VeryImportant,
            "A record looks like DMARC, but is not",
        )
        .words(format!(
            "“{shown}” does not begin with exactly “v=DMARC1;” in capital letters, so receivers ignore it."
        ))
    } else {
        new("dmarc.missing", Status::Fail, Importance::VeryImportant, "There is no DMARC record")
            .words("Large receivers expect one from everybody who sends to many people, and nothing protects the name of the domain from forgers.")
    };
    draft
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            format!(
                "Publish this TXT record at _dmarc.{domain}, and read the reports before asking for more."
            ),
        )
        .copy("DMARC record", format!("v=DMARC1; p=none; rua=mailto:postmaster@{domain}"))
        .rfc(9989, "4.7")
        .done(&context.lookups)
}

fn judge_record(
    context: &Context<'_>,
    walk: &Walk<'_>,
    step: &WalkStep<'_>,
    record: &DmarcRecord,
    findings: &mut Vec<Finding>,
) {
    let lookups = &context.lookups;
    let domain = context.facts.domain.dns();
    let is_inherited = step.domain != domain;
    if is_inherited {
        findings.push(
            new(
                "dmarc.inherited",
                Status::Info,
                Importance::Important,
                format!("The DMARC record of {} applies", step.domain),
            )
            .words("The domain has no record of its own; the one above it decides.")
            .rfc(9989, "4.10.1")
            .done(lookups),
        );
    }
    let policy = if is_inherited { record.policy_below() } else { record.policy };
    judge_policy(context, policy.unwrap_or(Policy::None), record, findings);
    judge_tags(context, record, findings);
    let mode = |is_strict: bool| if is_strict { "exactly the same domain" } else { "the same organisation" };
    findings.push(
        new("dmarc.alignment", Status::Info, Importance::Minor, "What DMARC compares")
            .words(format!(
                "The signature (DKIM) must be of {}, the sender address (SPF) of {} as the visible sender. The organisation is {}.",
                mode(record.is_dkim_strict),
                mode(record.is_spf_strict),
                walk.organisational_domain
            ))
            .rfc(9989, "4.4")
            .done(lookups),
    );
    lookups.begin();
    lookups.ask(&DnsName::new(&format!("_dmarc.{}", step.domain)), RecordType::Txt);
    judge_reports(context, walk, step, record, findings);
}

fn judge_policy(context: &Context<'_>, policy: Policy, record: &DmarcRecord, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.rfc(9989, "4.7").done(&context.lookups));
    match policy {
        Policy::None => {
            let reason = if record.is_policy_implied {
                " The tag “p” is missing or wrong, which counts as none because reports are asked for."
            } else {
                ""
            };
            push(new("dmarc.policy-none", Status::Warn, Importance::Important, "DMARC asks receivers to do nothing (p=none)")
                .words(format!("Forged mail in your name is delivered like any other. As a first step that is right; it is not where to stay.{reason}"))
                .remedy(Effort::Medium, Changer::YouInTheZone, "Read the reports until every server of yours passes, then ask for p=quarantine, later p=reject."));
        }
        Policy::Quarantine | Policy::Reject if record.is_test => {
            push(new("dmarc.test-mode", Status::Warn, Importance::Important, format!("DMARC asks for “{}” but is in test mode (t=y)", policy.word()))
                .words("Receivers apply the policy one step milder than it says. Receivers on the old rules do not know the tag and apply it in full.")
                .remedy(Effort::Low, Changer::YouInTheZone, "Remove t=y once the reports are clean."));
        }
        Policy::Quarantine | Policy::Reject => {
            push(
                new(
                    "dmarc.policy",
                    Status::Pass,
                    Importance::Important,
                    format!("DMARC protects the name of the domain (p={})", policy.word()),
                )
                .words("Receivers know what to do with forged mail."),
            );
        }
    }
    let weaker: Vec<String> = [("sp", record.subdomain_policy), ("np", record.missing_subdomain_policy)]
        .into_iter()
        .filter_map(|(name, below)| {
            below.filter(|below| Some(*below) < record.policy).map(|below| format!("{name}={}", below.word()))
        })
        .collect();
    if !weaker.is_empty() {
        push(
            new(
                "dmarc.subdomain-policy",
                Status::Warn,
                Importance::Minor,
                format!("DMARC is weaker for subdomains ({})", listed(&weaker)),
            )
            .words("Forgers can use invented subdomains.")
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Remove the tag, or make it as strict as “p”.",
            ),
        );
    }
}

fn judge_tags(context: &Context<'_>, record: &DmarcRecord, findings: &mut Vec<Finding>) {
    let mut push = |draft: Draft| findings.push(draft.done(&context.lookups));
    let zone = |draft: Draft, text: &str| draft.remedy(Effort::Low, Changer::YouInTheZone, text.to_owned());
    if !record.old_tags.is_empty() {
        let verb = if record.old_tags.len() == 1 {
            "DMARC tag no longer counts"
        } else {
            "DMARC tags no longer count"
        };
        push(zone(
            new("dmarc.old-tags", Status::Warn, Importance::Minor, format!("{verb} (RFC 9989): {}", listed(&record.old_tags)))
                .words("Receivers on the new rules ignore them and apply the policy to all mail; receivers on the old rules still follow them."),
            "Remove them; use t=y for testing.",
        )
        .reference("RFC 9989, appendix C.5.2", "https://www.rfc-editor.org/rfc/rfc9989#appendix-C.5.2"));
    }
    let ignored: Vec<&String> =
        record.unknown_tags.iter().chain(&record.bad_values).chain(&record.bad_addresses).collect();
    if !ignored.is_empty() {
        push(
            zone(
                new(
                    "dmarc.ignored",
                    Status::Warn,
                    Importance::Minor,
                    format!("Parts of the DMARC record are ignored: {}", listed(&ignored)),
                )
                .words("Receivers skip tags, values and addresses that they do not understand."),
                "Correct or remove them.",
            )
            .rfc(9989, "4.7"),
        );
    }
    if record.psd == Some('y') {
        push(zone(
            new("dmarc.psd", Status::Warn, Importance::Important, "The domain says that it is a public suffix (psd=y)")
                .words("That is meant for registries. For a domain that people write mail from it changes what its subdomains are compared with."),
            "Remove psd=y.",
        )
        .rfc(9989, "4.7"));
    }
}

fn judge_reports(
    context: &Context<'_>,
    walk: &Walk<'_>,
    step: &WalkStep<'_>,
    record: &DmarcRecord,
    findings: &mut Vec<Finding>,
) {
    let lookups = &context.lookups;
    if record.report_domains.is_empty() {
        findings.push(
            new("dmarc.no-reports", Status::Warn, Importance::Minor, "DMARC asks for no reports")
                .words("Reports show who sends in your name and which of your servers do not pass. Without them a stricter policy is a leap in the dark.")
                .remedy(Effort::Low, Changer::YouInTheZone, format!("Add rua=mailto: with an address of yours, such as postmaster@{}.", context.facts.domain.as_ascii()))
                .rfc(9990, "3")
                .done(lookups),
        );
        return;
    }
    let is_inside = |target: &DnsName| {
        [&step.domain, &walk.organisational_domain].into_iter().any(|home| {
            target == home
                || target.as_str().ends_with(&format!(".{home}"))
                || home.as_str().ends_with(&format!(".{target}"))
        })
    };
    let (mut refused, mut agreed, mut unknown) = (Vec::new(), Vec::new(), None);
    for target in record.report_domains.iter().filter(|target| !is_inside(target)).take(MAX_TARGETS) {
        let name = DnsName::new(&format!("{}._report._dmarc.{target}", step.domain));
        let answer = lookups.ask(&name, RecordType::Txt);
        if answer.texts().any(|text| dmarc::is_dmarc(&text)) {
            agreed.push(target.clone());
        } else if matches!(answer.outcome, Outcome::Answer | Outcome::NoData | Outcome::NxDomain) {
            refused.push(target.clone());
        } else {
            unknown = Some(answer);
        }
    }
    let mut push = |draft: Draft| findings.push(draft.rfc(9990, "4").done(lookups));
    if !refused.is_empty() {
        push(new("dmarc.report-target", Status::Fail, Importance::Important, format!("{} did not agree to receive your reports", listed(&refused)))
            .words("Reports go to another domain only if that domain says that it wants them. Receivers drop them until it does.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Ask whoever runs that address to publish this TXT record, or take an address of your own domain.")
            .copy("authorisation record", refused.first().map(|target| format!("{}._report._dmarc.{target}. TXT \"v=DMARC1\"", step.domain)).unwrap_or_default()));
    } else if let Some(answer) = unknown {
        push(Draft::unknown(
            "dmarc.report-target",
            Area::Dmarc,
            Importance::Important,
            "Whether reports are wanted where they go could not be measured",
            answer,
        ));
    } else if !agreed.is_empty() {
        push(
            new(
                "dmarc.report-target",
                Status::Pass,
                Importance::Important,
                format!("{} agreed to receive your reports", listed(&agreed)),
            )
            .words("The authorisation record is there."),
        );
    } else {
        push(
            new(
                "dmarc.report-target",
                Status::Pass,
                Importance::Minor,
                "DMARC reports come to the own domain",
            )
            .words("No authorisation is needed."),
        );
    }
}
