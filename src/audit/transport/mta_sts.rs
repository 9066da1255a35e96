//! MTA-STS: the record, the policy file, and whether the mail hosts meet the policy.

use super::certificate::is_current;
use super::mta_sts_policy::{Mode, Policy, record_id};
use super::view::{Standing, View, is_named, named};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{
    Area, Changer, Effort, Evidence, EvidenceOutcome, Facts, Finding, Group, Importance, Lookups, Status,
};
use crate::values::{DnsName, PortProbe, RecordType, TlsOutcome, WebFile, WebOutcome};

/// A policy is to be remembered at least this long, in seconds: a week.
const MIN_MAX_AGE_SECS: u64 = 604_800;

/// Lines of a policy file that are shown.
const MAX_LINES: usize = 24;

/// What senders that know MTA-STS make of the domain (RFC 8461).
pub(super) struct Promised {
    /// The policy in force, if there is one.
    pub policy: Option<Policy>,
}

/// The record and the policy file. What they promise about hosts is judged by [`judge_hosts`].
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) -> Promised {
    let lookups = &context.lookups;
    lookups.begin();
    let nothing = Promised { policy: None };
    match record(context.facts, lookups) {
        Record::Useless(finding) => {
            findings.push(*finding);
            return nothing;
        }
        Record::Good(finding) => findings.push(*finding),
    }
    lookups.begin();
    // The survey fetches the file from these addresses.
    let (addresses, worse) = lookups.addresses(&policy_host(context.facts));
    let draft = |status, importance, title: &str| {
        Draft::new("mta-sts.policy-file", Area::Transport, status, importance, title).rfc(8461, "3.3")
    };
    let fail = |title: &str, words: String| {
        draft(Status::Fail, Importance::Important, title).words(words).remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            format!("Serve the policy at https://{}/.well-known/mta-sts.txt as text/plain, with a valid certificate for that name and without a redirect.", policy_host(context.facts)),
        )
    };
    let Some(file) = &context.facts.mta_sts else {
        let finding = if addresses.is_empty() && worse.outcome.is_known() {
            fail(
                "The policy of MTA-STS has no server",
                format!(
                    "The record announces a policy, and {} has no address. Senders go on as if there were none.",
                    policy_host(context.facts)
                ),
            )
        } else {
            draft(Status::Unknown, Importance::Important, "The policy of MTA-STS was not fetched")
                .words("The record announces a policy; this audit did not fetch it. This is neither a good nor a bad result.")
                .remedy(Effort::Low, Changer::Nobody, "Run the audit again without “--no-probe”.")
        };
        findings.push(finding.done(lookups));
        return nothing;
    };
    let done = |draft: Draft| with_file(draft.done(lookups), file);
    let trouble = match &file.outcome {
        WebOutcome::Fetched { media_type, text } => match Policy::parse(text) {
            Ok(policy) => {
                let is_text = media_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/plain"));
                findings.push(done(if is_text { draft(Status::Pass, Importance::Minor, "The policy of MTA-STS can be fetched")
                        .words("It comes over HTTPS with a valid certificate, as it should.") } else { draft(Status::Warn, Importance::Minor, "The policy of MTA-STS is not served as text/plain")
                        .words("Some senders take no other kind, and go on as if there were no policy.")
                        .remedy(Effort::Low, Changer::YouOnTheServer, "Let the web server send “Content-Type: text/plain” with it.") }));
                judge_mode(&policy, file, context, findings);
                return Promised { policy: Some(policy) };
            }
            Err(why) => fail("The policy of MTA-STS cannot be read", format!("In the file {why}. Senders go on as if there were no policy.")),
        },
        WebOutcome::Timeout | WebOutcome::NotReached { .. } => {
            draft(Status::Unknown, Importance::Important, "The policy of MTA-STS could not be fetched")
                .words("The web server was not reached from where the audit ran. Where senders do not reach it either, they go on as if there were no policy.")
                .remedy(Effort::Low, Changer::Nobody, "Run the audit again in a while.")
        }
        WebOutcome::Redirected { .. } => fail("The policy of MTA-STS is redirected", "Senders may not follow, and go on as if there were no policy.".to_owned()),
        WebOutcome::Status { code } => fail(&format!("The policy of MTA-STS gives status {code}"), "Senders go on as if there were no policy.".to_owned()),
        WebOutcome::TooLarge => fail("The policy of MTA-STS is too large", "Senders read 64 KiB at most, and go on as if there were no policy.".to_owned()),
        WebOutcome::NotTrusted { .. } => fail("The server of the MTA-STS policy has no valid certificate", "Senders believe the policy only over a connection that they can trust, and go on as if there were none.".to_owned()),
    };
    findings.push(done(trouble));
    nothing
}

/// The host that serves the policy (RFC 8461 section 3.3).
pub(super) fn policy_host(facts: &Facts) -> DnsName {
    DnsName::new(&format!("mta-sts.{}", facts.domain.as_ascii()))
}

/// Whether the zone announces a policy, so that it is worth fetching.
pub(super) fn is_announced(facts: &Facts) -> bool {
    let Some(answer) = facts.answer(&record_name(facts), RecordType::Txt) else { return false };
    answer.texts().filter(|text| text.starts_with(b"v=STSv1")).count() == 1
}

fn record_name(facts: &Facts) -> DnsName {
    DnsName::new(&format!("_mta-sts.{}", facts.domain.as_ascii()))
}

enum Record {
    Good(Box<Finding>),
    /// Absent, broken or unknown: senders go on without.
    Useless(Box<Finding>),
}

fn record(facts: &Facts, lookups: &Lookups<'_>) -> Record {
    let answer = lookups.ask(&record_name(facts), RecordType::Txt);
    let draft = |status, importance, title: &str| {
        Draft::new("mta-sts.record", Area::Transport, status, importance, title).rfc(8461, "3.1")
    };
    if !answer.outcome.is_known() {
        let title = "Whether MTA-STS is used could not be measured";
        let draft = Draft::unknown("mta-sts.record", Area::Transport, Importance::Minor, title, answer);
        return Record::Useless(Box::new(draft.done(lookups)));
    }
    // Senders look for “v=STSv1” in this case alone; what is written otherwise was meant to be one.
    let records: Vec<String> = answer
        .texts()
        .map(|text| String::from_utf8_lossy(&text).into_owned())
        .filter(|text| text.to_ascii_lowercase().contains("stsv1"))
        .collect();
    let bad = |title: &str, words: String| {
        draft(Status::Fail, Importance::Important, title)
            .words(words)
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                format!("Publish one record at {}.", record_name(facts)),
            )
            .copy("MTA-STS record", format!("v=STSv1; id={}", facts.at.0))
            .done(lookups)
    };
    match records.as_slice() {
        [] => {
            let draft = draft(Status::Info, Importance::Minor, "MTA-STS is not used")
                .words("With it, senders would insist on TLS and a valid certificate when they deliver to you. It is worth a thought after the move; before it, it only adds something that must be changed at the switch.");
            Record::Useless(Box::new(draft.done(lookups)))
        }
        [only] => match record_id(only) {
            Ok(_) => Record::Good(Box::new(
                draft(Status::Pass, Importance::Minor, "The record of MTA-STS is in order")
                    .words("It tells senders that there is a policy, and when it has changed.")
                    .done(lookups),
            )),
            Err(why) => Record::Useless(Box::new(bad(
                "The record of MTA-STS is broken",
                format!("In the record, {why}. Senders go on as if there were no policy."),
            ))),
        },
        _ => Record::Useless(Box::new(bad(
            "There are several records of MTA-STS",
            "Senders go on as if there were none.".to_owned(),
        ))),
    }
}

fn with_file(mut finding: Finding, file: &WebFile) -> Finding {
    let data = match &file.outcome {
        WebOutcome::Fetched { text, .. } => text.lines().take(MAX_LINES).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    finding.evidence.push(Evidence {
        query: format!("GET {}", file.url),
        server: file.url.split('/').nth(2).unwrap_or_default().to_owned(),
        outcome: EvidenceOutcome::Said { said: file.outcome.to_string() },
        data,
        at: file.at,
        duration_millis: file.duration_millis,
    });
    finding
}

/// Mode, time, and what comes of it at the switch.
fn judge_mode(policy: &Policy, file: &WebFile, context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let draft = |status, title: String| {
        Draft::new("mta-sts.mode", Area::Transport, status, Importance::Minor, title).rfc(8461, "3.2")
    };
    let is_short = policy.max_age_secs < MIN_MAX_AGE_SECS;
    let age = |secs: u64| format!("{} days", secs / 86_400);
    let wanted = Policy {
        mode: Mode::Enforce,
        max_age_secs: policy.max_age_secs.max(MIN_MAX_AGE_SECS),
        ..policy.clone()
    };
    let mode = match policy.mode {
        Mode::Enforce if !is_short => draft(Status::Pass, format!("MTA-STS is enforced and remembered for {}", age(policy.max_age_secs)))
            .words("Senders that know MTA-STS deliver only over TLS to hosts with a valid certificate."),
        Mode::Enforce => draft(Status::Warn, format!("MTA-STS is remembered for {} seconds only", policy.max_age_secs))
            .words("Anyone who can block the record for that long removes the protection.")
            .remedy(Effort::Low, Changer::YouOnTheServer, "Raise max_age to a week or more, and give the record a new id. Wait with that until after a switch of the mail server.")
            .copy("MTA-STS policy", wanted.text()),
        Mode::Testing => draft(Status::Warn, "MTA-STS is only tested".to_owned())
            .words("Senders report what would fail, and deliver anyway.")
            .remedy(Effort::Low, Changer::YouOnTheServer, "When the reports show no failures, set mode to enforce and give the record a new id. Wait with that until after a switch of the mail server.")
            .copy("MTA-STS policy", wanted.text()),
        Mode::Absent => draft(Status::Info, "MTA-STS is being taken back".to_owned())
            .words("The policy says mode none, so senders forget it. Remove the record after the longest time that an older policy was to be remembered."),
    };
    findings.push(with_file(mode.done(lookups), file));
    if policy.mode == Mode::Enforce {
        let tested = Policy { mode: Mode::Testing, max_age_secs: 86_400, ..policy.clone() };
        let draft = Draft::new(
            "mta-sts.switch",
            Area::Transport,
            Status::Warn,
            Importance::VeryImportant,
            "The enforced policy of MTA-STS names today's mail hosts",
        )
        .words(format!("Senders remember it for up to {}, and refuse to deliver to any host that it does not name. After the switch that is the new provider, so mail would stop.", age(policy.max_age_secs)))
        .remedy(Effort::Medium, Changer::YouOnTheServer, "Before the switch serve the policy below, or one that names the new mail hosts as well, give the record a new id, and wait until the old policy is forgotten everywhere.")
        .copy("MTA-STS policy for the switch", tested.text())
        .group(Group::MattersForTheSwitch)
        .rfc(8461, "8.2");
        findings.push(with_file(draft.done(lookups), file));
    }
}

/// Whether each mail host keeps what the policy promises.
pub(super) fn judge_hosts(view: &View<'_>, policy: &Policy, findings: &mut Vec<Finding>) {
    if policy.mode == Mode::Absent || view.exchangers.is_empty() {
        return;
    }
    findings.push(covered(view, policy));
    findings.extend(certificates(view, policy));
}

/// How bad a broken promise is, and whether it is enforced.
fn weight(policy: &Policy) -> (Status, Importance, bool) {
    if policy.mode == Mode::Enforce {
        (Status::Fail, Importance::VeryImportant, true)
    } else {
        (Status::Warn, Importance::Important, false)
    }
}

/// Whether the policy names every mail host.
fn covered(view: &View<'_>, policy: &Policy) -> Finding {
    let (status, importance, is_enforced) = weight(policy);
    let lookups = &view.context.lookups;
    lookups.begin();
    lookups.ask(&view.context.facts.domain.dns(), RecordType::Mx);
    let draft = |id: &str, status, importance, title: String| {
        Draft::new(id, Area::Transport, status, importance, title)
    };
    let left_out: Vec<&DnsName> =
        view.exchangers.iter().filter(|host| !policy.covers(host.as_str())).collect();
    let covered = if left_out.is_empty() {
        draft(
            "mta-sts.mx-covered",
            Status::Pass,
            Importance::Minor,
            "The policy of MTA-STS names every mail host".to_owned(),
        )
        .words("No sender has to leave one out.")
    } else {
        let mut complete = policy.clone();
        complete.patterns.extend(left_out.iter().map(ToString::to_string));
        let words = if is_enforced {
            "Senders that keep the policy refuse to deliver there: mail is held back and returned when no other host takes it."
        } else {
            "As soon as the policy is enforced, senders refuse to deliver there."
        };
        draft(
            "mta-sts.mx-covered",
            status,
            importance,
            format!("The policy of MTA-STS leaves out {}", listed(&left_out)),
        )
        .words(words)
        .remedy(
            Effort::Low,
            Changer::YouOnTheServer,
            "Name the host in the policy, or take it out of the MX records, and give the record a new id.",
        )
        .copy("MTA-STS policy", complete.text())
    };
    let covered = covered.rfc(8461, "4.1").done(lookups);
    match &view.context.facts.mta_sts {
        Some(file) => with_file(covered, file),
        None => covered,
    }
}

/// Whether every mail host shows a certificate that the policy is content with.
fn certificates(view: &View<'_>, policy: &Policy) -> Option<Finding> {
    let (status, importance, is_enforced) = weight(policy);
    view.context.lookups.begin();
    let draft = |id: &str, status, importance, title: String| {
        Draft::new(id, Area::Transport, status, importance, title)
    };
    let verdicts: Vec<(&PortProbe, Kept)> =
        view.probes.iter().map(|probe| (*probe, keeps(view, probe))).collect();
    let of = |wanted: Kept| -> Vec<&PortProbe> {
        verdicts.iter().filter(|(_, kept)| *kept == wanted).map(|(probe, _)| *probe).collect()
    };
    let (good, bad, unknown) = (of(Kept::Yes), of(Kept::No), of(Kept::Unknown));
    if !bad.is_empty() {
        let words = if is_enforced {
            "The policy is enforced, so senders that keep it do not deliver there: they want TLS and a valid certificate for the name in the MX record."
        } else {
            "As soon as the policy is enforced, senders will not deliver there: they want TLS and a valid certificate for the name in the MX record."
        };
        let draft = draft("mta-sts.certificates", status, importance, format!("{} does not keep the policy of MTA-STS", listed(&named(&bad))))
            .words(words)
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Get a certificate from a public authority for the name in the MX record; until then set the policy to testing.")
            .copy("MTA-STS policy", Policy { mode: Mode::Testing, ..policy.clone() }.text())
            .rfc(8461, "4.2");
        Some(view.done(draft, &bad))
    } else if unknown.is_empty() && !good.is_empty() {
        let draft = draft(
            "mta-sts.certificates",
            Status::Pass,
            Importance::Minor,
            "Every mail host keeps the policy of MTA-STS".to_owned(),
        )
        .words("TLS works, and the certificates are valid for the names in the MX records.")
        .rfc(8461, "4.2");
        Some(view.done(draft, &good))
    } else if view.seen.is_some() {
        let draft = draft(
            "mta-sts.certificates",
            Status::Unknown,
            Importance::Important,
            "Whether the mail hosts keep the policy of MTA-STS could not be measured".to_owned(),
        )
        .words("Not every host could be checked. This is neither a good nor a bad result.")
        .rfc(8461, "4.2");
        Some(view.done(View::ask_elsewhere(draft, &unknown), &unknown))
    } else {
        None
    }
}

/// Whether a host keeps a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Yes,
    No,
    Unknown,
}

/// Whether a sender that checks certificates by the usual authorities would deliver (RFC 8461 section 4.2).
pub(super) fn keeps(view: &View<'_>, probe: &PortProbe) -> Kept {
    if view.standing(probe) != Standing::Open {
        return Kept::Unknown;
    }
    match &probe.tls {
        TlsOutcome::Done(facts) => {
            let Some(own) = facts.chain.first() else { return Kept::Unknown };
            let is_good = facts.trust.is_trusted()
                && is_named(probe.target.host.as_str(), &own.names)
                && is_current(own, probe.at);
            if is_good { Kept::Yes } else { Kept::No }
        }
        TlsOutcome::NotOffered | TlsOutcome::Refused { .. } | TlsOutcome::Injected => Kept::No,
        TlsOutcome::Failed { failure, .. } if *failure != crate::values::TlsFailure::Timeout => Kept::No,
        TlsOutcome::Failed { .. } | TlsOutcome::NotTried => Kept::Unknown,
    }
}
