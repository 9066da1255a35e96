//! Runs the rules about mail hosts and TLS in their order.

use super::certificate::Promise;
use super::mta_sts_policy::Mode;
use super::view::View;
use super::{certificate, dane, hosts, mailboxes, mta_sts, starttls, tls_rpt};
use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::RecordType;

/// The mail hosts as senders meet them, and what the zone promises about TLS.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Also tells the survey that it is needed.
    context.lookups.ask(&context.facts.domain.dns(), RecordType::Mx);
    let view = View::new(context);
    if view.exchangers.is_empty() {
        // No mail comes here, or nobody knows where: other findings say so once.
        return;
    }
    for host in &view.exchangers {
        context.lookups.addresses(host);
    }
    mailboxes::ask(context);
    let promised = mta_sts::judge(context, findings);
    let enforced = promised.policy.as_ref().is_some_and(|policy| policy.mode == Mode::Enforce);
    if view.seen.is_none() {
        context.lookups.begin();
        findings.push(not_looked_at(context));
    } else if !view.probes.is_empty() {
        context.lookups.begin();
        hosts::judge(&view, findings);
        starttls::judge(&view, findings);
        certificate::judge(&view, Promise { is_enforced: enforced }, findings);
    }
    mailboxes::judge(&view, findings);
    let dane = dane::judge(&view, findings);
    if let Some(policy) = &promised.policy {
        mta_sts::judge_hosts(&view, policy, findings);
        dane::against_mta_sts(&view, &dane, policy, findings);
    }
    let has_promise = dane.is_any() || promised.policy.is_some_and(|policy| policy.mode != Mode::Absent);
    tls_rpt::judge(context, has_promise, findings);
}

fn not_looked_at(context: &Context<'_>) -> Finding {
    Draft::new(
        "tls.not-probed",
        Area::Transport,
        Status::Unknown,
        Importance::Minor,
        "The mail hosts were not looked at",
    )
    .words("This audit asked the DNS only. Whether the hosts can be reached, greet, and protect mail with TLS is not known.")
    .remedy(Effort::Low, Changer::Nobody, "Run the audit again without “--no-probe”.")
    .done(&context.lookups)
}
