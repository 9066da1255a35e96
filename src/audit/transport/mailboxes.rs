//! Judges the servers for mail programs: whether passwords travel only over TLS.

use super::probe_targets::{SERVICE_RECORDS, server_names, service_name};
use super::view::{View, is_named};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{MailService, PortProbe, RecordType, TlsOutcome};

/// Asks where mail programs are sent to, so that a probe can look there.
pub(super) fn ask(context: &Context<'_>) {
    for (label, _) in SERVICE_RECORDS {
        context.lookups.ask(&service_name(context.facts, label), RecordType::Srv);
    }
    for host in server_names(context.facts) {
        context.lookups.addresses(&host);
    }
}

/// Whether mail programs can sign in over TLS only (RFC 8314).
pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let probes = view.client_probes();
    if probes.is_empty() {
        return;
    }
    view.context.lookups.begin();
    let open: Vec<&PortProbe> = probes.iter().copied().filter(|probe| probe.reach.is_open()).collect();
    let draft = |status, importance, title: String| {
        Draft::new("tls.mail-programs", Area::Transport, status, importance, title).rfc(8314, "3")
    };
    if open.is_empty() {
        let draft = draft(Status::Unknown, Importance::Minor, "No port for mail programs was reached".to_owned())
            .words("Ports 143, 465, 587 and 993 of the mail hosts did not answer. Your mailboxes may be on other hosts, or open inside a network only. This is neither a good nor a bad result.");
        findings.push(view.done(draft, &probes));
        return;
    }
    let with = |is_wanted: &dyn Fn(&PortProbe) -> bool| -> Vec<&PortProbe> {
        open.iter().copied().filter(|probe| is_wanted(probe)).collect()
    };
    let shown = |probes: &[&PortProbe]| {
        let names: Vec<String> =
            probes.iter().map(|probe| format!("{} port {}", probe.target.host, probe.target.port)).collect();
        listed(&names)
    };
    let clear = with(&|probe| takes_passwords(probe) && !matches!(probe.tls, TlsOutcome::Done(_)));
    let early = with(&|probe| takes_passwords(probe));
    let broken = with(&|probe| is_tls_broken(probe));
    let untrusted = with(&|probe| {
        probe.tls_facts().is_some_and(|facts| {
            let own = facts.chain.first();
            !facts.trust.is_trusted()
                || own.is_none_or(|own| !is_named(probe.target.host.as_str(), &own.names))
        })
    });
    let works = |service: MailService| {
        open.iter().any(|probe| probe.target.service == service && matches!(probe.tls, TlsOutcome::Done(_)))
    };
    let finding = if !clear.is_empty() {
        let draft = draft(Status::Fail, Importance::VeryImportant, format!("Passwords are taken in clear text at {}", shown(&clear)))
            .words("Mail programs may send their password unprotected, and anyone on the way can read it. Whoever has it can send spam in your name.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Switch TLS on and sign-in without TLS off (Dovecot: disable_plaintext_auth = yes; Postfix: smtpd_tls_auth_only = yes).")
            .group(Group::SpeaksForMoving);
        view.done(draft, &clear)
    } else if !broken.is_empty() {
        let draft = draft(Status::Fail, Importance::Important, format!("TLS fails at {}", shown(&broken)))
            .words("Mail programs cannot sign in there.")
            .remedy(
                Effort::Medium,
                Changer::YouOnTheServer,
                "Look in the log of the server: usually the certificate or its key cannot be read.",
            )
            .group(Group::SpeaksForMoving);
        view.done(draft, &broken)
    } else if !early.is_empty() {
        let draft = draft(Status::Warn, Importance::Important, format!("Sign-in is offered before TLS at {}", shown(&early)))
            .words("A mail program that is set up wrongly sends its password in clear text, and nobody notices.")
            .remedy(Effort::Low, Changer::YouOnTheServer, "Switch sign-in without TLS off (Dovecot: disable_plaintext_auth = yes; Postfix: smtpd_tls_auth_only = yes).")
            .group(Group::SpeaksForMoving);
        view.done(draft, &early)
    } else if !untrusted.is_empty() {
        let draft = draft(Status::Warn, Importance::Important, format!("Mail programs are warned about the certificate at {}", shown(&untrusted)))
            .words("No known authority confirms who it is, or it is for another name. People learn to click such warnings away.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Get a certificate from a public authority for the name that mail programs use.")
            .group(Group::SpeaksForMoving);
        view.done(draft, &untrusted)
    } else if works(MailService::Imaps) && works(MailService::Submissions) {
        let draft = draft(
            Status::Pass,
            Importance::Minor,
            "Mail programs are protected by TLS from the first byte".to_owned(),
        )
        .words("Ports 993 and 465 work with a trusted certificate.");
        view.done(draft, &open)
    } else {
        let draft = draft(Status::Warn, Importance::Minor, "Mail programs are not offered TLS from the first byte everywhere".to_owned())
            .words("Ports 993 and 465 are recommended today; with STARTTLS on 143 and 587, an attacker on the network can try to keep a program in clear text.")
            .remedy(Effort::Low, Changer::YouOnTheServer, "Open ports 993 (IMAP) and 465 (submission) with the same certificate.")
            .group(Group::SpeaksForMoving);
        view.done(draft, &open)
    };
    findings.push(finding);
}

/// Whether a password may be sent before TLS.
fn takes_passwords(probe: &PortProbe) -> bool {
    let Some(hello) = &probe.hello else { return false };
    match probe.target.service {
        MailService::Imap => !hello.offers("LOGINDISABLED"),
        MailService::Submission => hello.offers("AUTH"),
        MailService::Smtp | MailService::Submissions | MailService::Imaps => false,
    }
}

fn is_tls_broken(probe: &PortProbe) -> bool {
    matches!(probe.tls, TlsOutcome::Failed { .. } | TlsOutcome::Refused { .. } | TlsOutcome::Injected)
}
