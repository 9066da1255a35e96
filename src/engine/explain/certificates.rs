//! Certificates that no known authority has signed, and certificates that differ from the approved one.

use super::sentence;
use crate::engine::api::command::Command;
use crate::engine::api::snapshot::ApprovedCertificate;
use crate::engine::api::snapshot::CertificateView;
use crate::engine::api::snapshot::SignInState;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::net::CertificateFacts;
use crate::project::Pin;
use crate::values::Fingerprint;
use crate::values::Side;

/// The flag that approves exactly this certificate.
fn flag(side: Side, fingerprint: Fingerprint) -> String {
    let name = match side {
        Side::Source => "--from-fingerprint",
        Side::Destination => "--to-fingerprint",
    };
    format!("In the window, or with {name} {fingerprint}")
}

/// First contact: no known authority has signed the certificate, and the user has not approved it.
pub(super) fn not_known(attempt: &Attempt, facts: &CertificateFacts) -> (SignInState, UserError) {
    let server = &attempt.server;
    let view = view_of(attempt, facts, None);
    let error = UserError::new(
        format!("The certificate of {} is not trusted", server.host),
        sentence(&view.problem),
    )
    .or(
        "Trust this certificate",
        "For this server only, and only after you have compared the fingerprint with the server's own",
        Command::TrustCertificate { server: server.clone(), fingerprint: facts.fingerprint },
    )
    .or_else("Trust it from the command line", &flag(attempt.side, facts.fingerprint))
    .or_else("Use the name the certificate was issued for", &facts.names.join(", "))
    .about_certificate(view.clone());
    (SignInState::CertificateNotKnown(Box::new(view)), error)
}

/// The server shows another certificate than the approved one.
pub(super) fn changed(
    attempt: &Attempt,
    approved: Fingerprint,
    facts: &CertificateFacts,
) -> (SignInState, UserError) {
    let server = &attempt.server;
    let pin = attempt.pins.of(server).filter(|pin| pin.fingerprint == approved);
    let view = view_of(attempt, facts, Some((approved, pin)));
    let error = UserError::new(
        format!("{} shows a different certificate", server.host),
        format!(
            "It is not the one you approved{}. Either it was renewed, or somebody is intercepting the connection. {} Nothing was sent to it.",
            view.approved.as_ref().and_then(ApprovedCertificate::day).map_or_else(String::new, |day| format!(" on {day}")),
            sentence(&vouched_words(facts)),
        ),
    )
    .or_else(
        "Compare the new fingerprint with the one on the server itself",
        "Or ask the server's admin whether the certificate was renewed",
    )
    .or_else("Approve the new one, and only that one, if it is the server's", &flag(attempt.side, facts.fingerprint))
    .about_certificate(view.clone());
    (SignInState::CertificateNotKnown(Box::new(view)), error)
}

fn vouched_words(facts: &CertificateFacts) -> String {
    match &facts.problem {
        None => "The new one is signed by a public authority, but your approval covers only the old one"
            .to_owned(),
        Some(problem) => format!("About the new one: {problem}"),
    }
}

fn view_of(
    attempt: &Attempt,
    facts: &CertificateFacts,
    approved: Option<(Fingerprint, Option<Pin>)>,
) -> CertificateView {
    CertificateView {
        server: attempt.server.clone(),
        fingerprint: facts.fingerprint,
        names: facts.names.clone(),
        issuer: facts.issuer.clone(),
        valid_from: facts.not_before,
        valid_until: facts.not_after,
        problem: facts.problem.clone().unwrap_or_else(|| "it is signed by a public authority".to_owned()),
        approved: approved.map(|(fingerprint, pin)| ApprovedCertificate {
            fingerprint,
            at: pin.as_ref().map(|pin| pin.approved_at),
            issuer: pin.as_ref().and_then(|pin| pin.issuer.clone()),
            valid_until: pin.and_then(|pin| pin.valid_until),
        }),
    }
}
