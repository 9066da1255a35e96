//! Judges STARTTLS: offered, working, and with current versions of TLS.

use super::view::{View, named};
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{PortProbe, TlsFailure, TlsOutcome, TlsVersion};

/// STARTTLS, the handshake, and the versions of TLS (RFC 3207, 8996, 9325).
pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    view.context.lookups.begin();
    findings.extend(offered(view));
    findings.extend(handshake(view));
    findings.extend(versions(view));
}

fn with<'a>(view: &View<'a>, is_wanted: impl Fn(&TlsOutcome) -> bool) -> Vec<&'a PortProbe> {
    view.probes.iter().copied().filter(|probe| is_wanted(&probe.tls)).collect()
}

fn offered(view: &View<'_>) -> Option<Finding> {
    let draft = |status, title: String| {
        Draft::new("tls.starttls", Area::Transport, status, Importance::Important, title).rfc(3207, "4")
    };
    let injected = with(view, |tls| *tls == TlsOutcome::Injected);
    if !injected.is_empty() {
        let title = format!("{} mixes clear text into the change to TLS", listed(&named(&injected)));
        let draft = draft(Status::Fail, title)
            .words("Bytes in clear text followed the reply to STARTTLS. Either somebody on the network injects them, or the server has a hole that allows it. Careful senders hang up.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Update the mail server, and look for a firewall or virus scanner that changes SMTP on its way.")
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &injected));
    }
    let without = with(view, |tls| matches!(tls, TlsOutcome::NotOffered | TlsOutcome::Refused { .. }));
    if !without.is_empty() {
        let refuses = without.iter().any(|probe| matches!(probe.tls, TlsOutcome::Refused { .. }));
        let title = if refuses {
            format!("{} offers STARTTLS and then refuses it", listed(&named(&without)))
        } else {
            format!("{} does not offer STARTTLS", listed(&named(&without)))
        };
        let draft = draft(Status::Fail, title)
            .words("Mail to it travels in clear text, and anyone on the way can read it. Some senders deliver nothing without TLS.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Give the mail server a certificate for its host name and switch STARTTLS on (Postfix: smtpd_tls_chain_files and smtpd_tls_security_level = may).")
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &without));
    }
    let good = with(view, |tls| matches!(tls, TlsOutcome::Failed { .. } | TlsOutcome::Done(_)));
    let unknown: Vec<&PortProbe> = view
        .probes
        .iter()
        .copied()
        .filter(|probe| probe.reach.is_open() && probe.tls == TlsOutcome::NotTried)
        .collect();
    if good.is_empty() && !unknown.is_empty() {
        let draft = draft(
            Status::Unknown,
            format!("Whether {} offers STARTTLS could not be measured", listed(&named(&unknown))),
        )
        .words("The conversation ended before that. This is neither a good nor a bad result.");
        return Some(view.done(View::ask_elsewhere(draft, &unknown), &unknown));
    }
    let draft = draft(Status::Pass, "Every mail host that was reached offers STARTTLS".to_owned())
        .words("Senders can protect mail on its way.");
    (!good.is_empty()).then(|| view.done(draft, &good))
}

fn handshake(view: &View<'_>) -> Option<Finding> {
    let draft = |status, title: String| {
        Draft::new("tls.handshake", Area::Transport, status, Importance::Important, title).rfc(3207, "4.1")
    };
    let failed = with(
        view,
        |tls| matches!(tls, TlsOutcome::Failed { failure, .. } if *failure != TlsFailure::Timeout),
    );
    let late = with(view, |tls| matches!(tls, TlsOutcome::Failed { failure: TlsFailure::Timeout, .. }));
    if let Some(first) = failed.first() {
        let is_old = matches!(&first.tls, TlsOutcome::Failed { failure: TlsFailure::NothingInCommon, .. });
        let words = if is_old {
            "The server has no version or cipher in common with a present-day program: it speaks nothing newer than TLS 1.1, or only ciphers that are given up. Senders fall back to clear text, and careful ones do not deliver."
        } else {
            "STARTTLS is offered, but no encrypted connection results. Senders try again in clear text or hold the mail back."
        };
        let draft = draft(Status::Fail, format!("TLS with {} fails", listed(&named(&failed))))
            .words(words)
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Look in the log of the mail server: usually the certificate or its key cannot be read, or TLS 1.2 is turned off.")
            .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &failed));
    }
    if !late.is_empty() {
        let draft =
            draft(Status::Unknown, format!("The TLS handshake with {} took too long", listed(&named(&late))))
                .words(
                    "The handshake was given up after some seconds. This is neither a good nor a bad result.",
                );
        return Some(view.done(View::ask_elsewhere(draft, &late), &late));
    }
    let good = with(view, |tls| matches!(tls, TlsOutcome::Done(_)));
    let draft = draft(Status::Pass, "TLS works at every mail host that offers it".to_owned())
        .words("The handshake works with forward secrecy and an authenticated cipher. Weaker ciphers were not tested.");
    (!good.is_empty()).then(|| view.done(draft, &good))
}

fn versions(view: &View<'_>) -> Option<Finding> {
    const NOT_TESTED: &str =
        "Whether TLS 1.0 and 1.1 are still spoken was not tested: this program cannot speak them.";
    let done = with(view, |tls| matches!(tls, TlsOutcome::Done(_)));
    let version = |probe: &&&PortProbe| probe.tls_facts().map(|facts| (facts.version, facts.speaks_tls12));
    let draft = |status, importance, title: String| {
        Draft::new("tls.versions", Area::Transport, status, importance, title).rfc(9325, "3.1.1")
    };
    let old: Vec<&PortProbe> = done
        .iter()
        .filter(|probe| version(probe).is_some_and(|(version, _)| version == TlsVersion::Old))
        .copied()
        .collect();
    if !old.is_empty() {
        let draft = draft(
            Status::Fail,
            Importance::Important,
            format!("{} speaks only TLS 1.1 or older", listed(&named(&old))),
        )
        .words("These versions are given up (RFC 8996). Programs of today refuse them.")
        .remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            "Update the mail server and its TLS library, and switch TLS 1.2 and 1.3 on.",
        )
        .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &old));
    }
    let new_only: Vec<&PortProbe> = done
        .iter()
        .filter(|probe| version(probe).is_some_and(|(_, speaks)| speaks == Some(false)))
        .copied()
        .collect();
    if !new_only.is_empty() {
        let draft = draft(
            Status::Warn,
            Importance::Minor,
            format!("{} speaks TLS 1.3 only", listed(&named(&new_only))),
        )
        .words("Senders that know TLS 1.2 only fall back to clear text.")
        .remedy(
            Effort::Low,
            Changer::YouOnTheServer,
            "Allow TLS 1.2 as well; it is safe with present-day ciphers.",
        )
        .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &new_only));
    }
    let without13: Vec<&PortProbe> = done
        .iter()
        .filter(|probe| version(probe).is_some_and(|(version, _)| version == TlsVersion::Tls12))
        .copied()
        .collect();
    if !without13.is_empty() {
        let draft = draft(
            Status::Warn,
            Importance::Minor,
            format!("{} does not speak TLS 1.3", listed(&named(&without13))),
        )
        .words(format!("TLS 1.2 is safe where it is set up well; 1.3 needs less care. {NOT_TESTED}"))
        .remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            "Update the mail server and its TLS library when that is convenient.",
        )
        .group(Group::SpeaksForMoving);
        return Some(view.done(draft, &without13));
    }
    let is_sure = done.iter().any(|probe| version(&probe).is_some_and(|(_, speaks)| speaks.is_some()));
    let draft = if is_sure {
        draft(Status::Pass, Importance::Minor, "The mail hosts speak TLS 1.3 and 1.2".to_owned())
            .words(NOT_TESTED)
    } else {
        draft(
            Status::Unknown,
            Importance::Minor,
            "Whether the mail hosts speak TLS 1.2 could not be measured".to_owned(),
        )
        .words(format!("TLS 1.3 works; a second check with TLS 1.2 alone did not succeed. {NOT_TESTED}"))
    };
    (!done.is_empty()).then(|| view.done(draft, &done))
}
