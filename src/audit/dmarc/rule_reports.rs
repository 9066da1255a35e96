//! Whether DMARC reports arrive (RFC 9990, RFC 9991).

use super::is_dmarc;
use super::record::DmarcRecord;
use super::rule::new;
use super::walk::{Walk, WalkStep};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::mx;
use crate::audit::no_mail::is_no_mail;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordType};

/// Report targets that are checked.
const MAX_TARGETS: usize = 6;

pub(super) fn judge(
    context: &Context<'_>,
    walk: &Walk<'_>,
    step: &WalkStep<'_>,
    record: &DmarcRecord,
    findings: &mut Vec<Finding>,
) {
    let lookups = &context.lookups;
    if record.report_domains.is_empty() {
        findings.push(without_reports(context, step).done(lookups));
    }
    let aggregate = Targets { tag: "rua", what: "reports", domains: &record.report_domains };
    judge_targets(context, walk, step, &aggregate, "dmarc.report-target", findings);
    judge_mailboxes(context, record, findings);
    let failure = Targets { tag: "ruf", what: "failure reports", domains: &record.failure_domains };
    judge_targets(context, walk, step, &failure, "dmarc.failure-target", findings);
}

fn without_reports(context: &Context<'_>, step: &WalkStep<'_>) -> Draft {
    if is_no_mail(context) {
        return new("dmarc.no-reports", Status::Info, Importance::Minor, "DMARC asks for no reports")
            .words("The domain has no mail, so reports would only tell about forgers.")
            .rfc(9990, "3");
    }
    let draft = new("dmarc.no-reports", Status::Warn, Importance::Minor, "DMARC asks for no reports")
        .words("Reports show who sends in your name and which of your servers do not pass. Without them a stricter policy is a leap in the dark.")
        .remedy(Effort::Low, Changer::YouInTheZone, format!("Add rua=mailto: with an address of yours, such as postmaster@{}.", context.facts.domain.as_ascii()))
        .rfc(9990, "3");
    let address = format!("mailto:postmaster@{}", context.facts.domain.as_ascii());
    let is_own = step.domain == context.facts.domain.dns();
    let proposal = super::proposal::Proposal::of(&step.text).corrected();
    // An address that was only written wrongly is the one that was meant.
    let proposal = if proposal.get("rua").is_some() { proposal } else { proposal.with("rua", &address) };
    match proposal.text().filter(|_| is_own) {
        Some(record) => draft.copy("DMARC record", record),
        None => draft,
    }
}

/// Where one kind of reports goes.
struct Targets<'a> {
    tag: &'a str,
    what: &'a str,
    domains: &'a [DnsName],
}

/// F11: whether targets abroad agreed (RFC 9990 section 4).
fn judge_targets(
    context: &Context<'_>,
    walk: &Walk<'_>,
    step: &WalkStep<'_>,
    targets: &Targets<'_>,
    id: &str,
    findings: &mut Vec<Finding>,
) {
    if targets.domains.is_empty() {
        return;
    }
    let lookups = &context.lookups;
    let is_inside = |target: &DnsName| {
        [&step.domain, &walk.organisational_domain].into_iter().any(|home| {
            target == home
                || target.as_str().ends_with(&format!(".{home}"))
                || home.as_str().ends_with(&format!(".{target}"))
        })
    };
    let abroad: Vec<&DnsName> = targets.domains.iter().filter(|target| !is_inside(target)).collect();
    let (mut refused, mut agreed) = (Vec::new(), Vec::new());
    let mut unknown: Option<&DnsAnswer> = None;
    for target in abroad.iter().copied().filter(|target| is_askable(target)).take(MAX_TARGETS) {
        let name = DnsName::new(&format!("{}._report._dmarc.{target}", step.domain));
        let answer = lookups.ask(&name, RecordType::Txt);
        if answer.texts().any(|text| is_dmarc(&text)) {
            agreed.push(target.clone());
        } else if answer.outcome.is_known() {
            refused.push(target.clone());
        } else {
            unknown = Some(answer);
        }
    }
    let what = targets.what;
    let more = match abroad.len().saturating_sub(MAX_TARGETS) {
        0 => String::new(),
        more => format!(" {more} more in “{}” were not looked at.", targets.tag),
    };
    let draft = if !refused.is_empty() {
        new(id, Status::Fail, Importance::Important, format!("{} did not agree to receive your {what}", listed(&refused)))
            .words(format!("Reports go to another domain only if that domain says that it wants them. Receivers drop them until it does.{more}"))
            .remedy(Effort::Medium, Changer::YouInTheZone, "Ask whoever runs that domain to publish this TXT record, or take an address of your own domain.")
            .copy("authorisation record", refused.first().map(|target| format!("{}._report._dmarc.{target}. TXT \"v=DMARC1\"", step.domain)).unwrap_or_default())
    } else if let Some(answer) = unknown {
        let title = format!("Whether {what} are wanted where they go could not be measured");
        Draft::unknown(id, Area::Dmarc, Importance::Important, &title, answer)
    } else if !agreed.is_empty() {
        new(
            id,
            Status::Pass,
            Importance::Important,
            format!("{} agreed to receive your {what}", listed(&agreed)),
        )
        .words(format!("The authorisation record is there.{more}"))
    } else {
        new(id, Status::Pass, Importance::Minor, format!("DMARC {what} come to the own domain"))
            .words("No authorisation is needed.")
    };
    findings.push(draft.rfc(9990, "4").done(lookups));
}

/// F10: whether the domains of the addresses take mail.
fn judge_mailboxes(context: &Context<'_>, record: &DmarcRecord, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let mut closed = Vec::new();
    let mut unknown = None;
    let mut is_any = false;
    for target in record.report_domains.iter().filter(|target| is_askable(target)).take(MAX_TARGETS) {
        is_any = true;
        let answer = lookups.ask(target, RecordType::Mx);
        if !answer.outcome.is_known() {
            unknown = Some(answer);
            continue;
        }
        let hosts = mx::hosts(answer);
        if hosts.iter().any(|host| host.as_str().is_empty()) {
            closed.push(format!("{target} takes no mail (null MX)"));
        } else if hosts.is_empty() {
            let (addresses, worse) = lookups.addresses(target);
            if addresses.is_empty() && worse.outcome.is_known() {
                closed.push(format!("{target} has no mail host"));
            }
        }
    }
    let draft = if !closed.is_empty() {
        new(
            "dmarc.report-mailbox",
            Status::Fail,
            Importance::Important,
            "DMARC reports go where no mail is taken",
        )
        .words(format!("{}.", listed(&closed)))
        .remedy(Effort::Low, Changer::YouInTheZone, "Name an address in “rua” that somebody reads.")
    } else if let Some(answer) = unknown {
        Draft::unknown(
            "dmarc.report-mailbox",
            Area::Dmarc,
            Importance::Minor,
            "Whether mail is taken where reports go could not be measured",
            answer,
        )
    } else if is_any {
        new("dmarc.report-mailbox", Status::Pass, Importance::Minor, "Mail is taken where DMARC reports go")
            .words("The domain of the address has a mail host.")
    } else {
        return;
    };
    findings.push(draft.rfc(9990, "3").done(lookups));
}
