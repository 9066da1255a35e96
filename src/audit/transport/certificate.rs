//! Judges the certificates of mail hosts: names, trust, dates, keys.

use super::view::{View, is_named, named};
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{ChainCertificate, ChainTrust, KeyKind, PortProbe, SignatureHash, TlsFacts, UnixTime};

/// Certificates are renewed this long before they run out, in seconds: 21 days.
const SOON_SECS: i64 = 21 * 86_400;

/// The shortest RSA key that is still good (RFC 9325 section 4.5).
const MIN_RSA_BITS: u32 = 2_048;

/// The smallest curve that is still good.
const MIN_EC_BITS: u32 = 224;

/// How much senders make of certificates in this domain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Promise {
    /// A policy of MTA-STS is enforced, so that a bad certificate stops mail.
    pub is_enforced: bool,
}

/// Names, trust, dates and strength of the certificates of the mail hosts (RFC 7817, 9325).
pub(super) fn judge(view: &View<'_>, promise: Promise, findings: &mut Vec<Finding>) {
    view.context.lookups.begin();
    let seen: Vec<Seen<'_>> = view
        .probes
        .iter()
        .filter_map(|probe| {
            let facts = probe.tls_facts()?;
            Some(Seen { probe, facts, own: facts.chain.first()? })
        })
        .collect();
    if seen.is_empty() {
        findings.extend(unknown(view));
        return;
    }
    findings.push(names(view, promise, &seen));
    findings.push(trust(view, promise, &seen));
    findings.push(expiry(view, &seen));
    findings.push(strength(view, &seen));
}

#[derive(Clone, Copy)]
struct Seen<'a> {
    probe: &'a PortProbe,
    facts: &'a TlsFacts,
    own: &'a ChainCertificate,
}

fn probes<'a>(seen: &[Seen<'a>]) -> Vec<&'a PortProbe> {
    seen.iter().map(|seen| seen.probe).collect()
}

fn which<'a>(seen: &[Seen<'a>], is_wanted: impl Fn(&Seen<'a>) -> bool) -> Vec<Seen<'a>> {
    seen.iter().filter(|seen| is_wanted(seen)).copied().collect()
}

/// Hosts were reached, and none showed a certificate that can be judged.
fn unknown(view: &View<'_>) -> Option<Finding> {
    let open: Vec<&PortProbe> = view.probes.iter().copied().filter(|probe| probe.reach.is_open()).collect();
    let draft = Draft::new(
        "tls.certificate",
        Area::Transport,
        Status::Unknown,
        Importance::Minor,
        "No certificate of a mail host was seen",
    )
    .words("No mail host got as far as presenting one. The other findings say why. This is neither a good nor a bad result.");
    (!open.is_empty()).then(|| view.done(draft, &open))
}

fn names(view: &View<'_>, promise: Promise, seen: &[Seen<'_>]) -> Finding {
    let wrong = which(seen, |seen| !is_named(seen.probe.target.host.as_str(), &seen.own.names));
    let draft = |status, importance, title: String| {
        Draft::new("tls.names", Area::Transport, status, importance, title).rfc(7817, "3")
    };
    let Some(first) = wrong.first() else {
        let title = "The certificates are for the names of the mail hosts".to_owned();
        let draft =
            draft(Status::Pass, Importance::Minor, title).words("A sender that checks names is content.");
        return view.done(draft, &probes(seen));
    };
    let (status, importance, words) = if promise.is_enforced {
        (
            Status::Fail,
            Importance::VeryImportant,
            "Your policy of MTA-STS is enforced, so senders that keep it do not deliver to a host whose certificate is for another name.",
        )
    } else {
        (
            Status::Warn,
            Importance::Minor,
            "Most senders encrypt without looking at the name. Those that check it do not deliver, and somebody in between could take the place of the host.",
        )
    };
    let for_whom = if first.own.names.is_empty() { "nobody".to_owned() } else { listed(&first.own.names) };
    let title = format!("The certificate of {} is for {for_whom}", listed(&named(&probes(&wrong))));
    let draft = draft(status, importance, title)
        .words(words)
        .remedy(
            Effort::Medium,
            Changer::YouOnTheServer,
            format!("Get a certificate that names {}, the name in the MX record.", first.probe.target.host),
        )
        .group(Group::SpeaksForMoving);
    view.done(draft, &probes(&wrong))
}

fn trust(view: &View<'_>, promise: Promise, seen: &[Seen<'_>]) -> Finding {
    let bad = which(seen, |seen| !seen.facts.trust.is_trusted());
    let draft = |status, importance, title: String| {
        Draft::new("tls.trust", Area::Transport, status, importance, title).rfc(5280, "6")
    };
    let Some(first) = bad.first() else {
        let title = "The usual authorities vouch for the certificates of the mail hosts".to_owned();
        let draft = draft(Status::Pass, Importance::Minor, title)
            .words("A sender that checks certificates is content.");
        return view.done(draft, &probes(seen));
    };
    let is_enforced = promise.is_enforced;
    let (status, importance, words) = match (&first.facts.trust, is_enforced) {
        (_, true) => (
            Status::Fail,
            Importance::VeryImportant,
            "Your policy of MTA-STS is enforced, so senders that keep it do not deliver to a host whose certificate no known authority confirms.",
        ),
        (ChainTrust::Expired | ChainTrust::Revoked, false) => (
            Status::Fail,
            Importance::Important,
            "Most senders encrypt anyway. Those that check certificates do not deliver.",
        ),
        (_, false) => (
            Status::Warn,
            Importance::Minor,
            "Most senders encrypt anyway, and with DANE this is even correct. Those that check certificates by the usual authorities do not deliver.",
        ),
    };
    let title =
        format!("The certificate of {} is not trusted: {}", listed(&named(&probes(&bad))), first.facts.trust);
    let draft = draft(status, importance, title)
        .words(words)
        .remedy(Effort::Medium, Changer::YouOnTheServer, "Get a certificate from a public authority, for example by ACME, and let the server send the intermediate certificates along.")
        .group(Group::SpeaksForMoving);
    view.done(draft, &probes(&bad))
}

fn expiry(view: &View<'_>, seen: &[Seen<'_>]) -> Finding {
    let left = |seen: &Seen<'_>| seen.own.not_after.0.saturating_sub(seen.probe.at.0);
    let early = |seen: &Seen<'_>| seen.own.not_before > seen.probe.at;
    let draft = |status, importance, title: String| {
        Draft::new("tls.expiry", Area::Transport, status, importance, title).rfc(5280, "4.1.2.5")
    };
    let remedy = "Renew the certificate, let the server load it, and see to it that this happens by itself.";
    let bad = which(seen, |seen| left(seen) < 0 || early(seen));
    if let Some(first) = bad.first() {
        let what = if early(first) {
            "is not valid yet".to_owned()
        } else {
            format!("has run out {} ago", days(-left(first)))
        };
        let draft = draft(
            Status::Fail,
            Importance::Important,
            format!("The certificate of {} {what}", listed(&named(&probes(&bad)))),
        )
        .words("Senders that check certificates do not deliver; mail programs warn their users.")
        .remedy(Effort::Low, Changer::YouOnTheServer, remedy)
        .group(Group::SpeaksForMoving);
        return view.done(draft, &probes(&bad));
    }
    let soon = which(seen, |seen| left(seen) <= SOON_SECS);
    if let Some(first) = soon.first() {
        let title = format!(
            "The certificate of {} runs out in {}",
            listed(&named(&probes(&soon))),
            days(left(first))
        );
        let draft = draft(Status::Warn, Importance::Important, title)
            .words(
                "Certificates that renew automatically are newer than that, so the renewal may have stopped.",
            )
            .remedy(Effort::Low, Changer::YouOnTheServer, remedy)
            .group(Group::SpeaksForMoving);
        return view.done(draft, &probes(&soon));
    }
    let least = seen.iter().map(left).min().unwrap_or(0);
    let title = format!("The certificates of the mail hosts are valid for {} and more", days(least));
    view.done(
        draft(Status::Pass, Importance::Minor, title).words("Nothing is about to run out."),
        &probes(seen),
    )
}

/// Seconds as whole days for people.
fn days(secs: i64) -> String {
    match secs / 86_400 {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Whether the certificate still holds at this time.
pub(super) fn is_current(own: &ChainCertificate, at: UnixTime) -> bool {
    own.not_before <= at && at <= own.not_after
}

fn strength(view: &View<'_>, seen: &[Seen<'_>]) -> Finding {
    let is_short = |own: &ChainCertificate| match own.key {
        KeyKind::Rsa => own.key_bits < MIN_RSA_BITS,
        KeyKind::Ec => own.key_bits < MIN_EC_BITS,
        KeyKind::Edwards | KeyKind::Other => false,
    };
    // The signature of a root says nothing: it is trusted by itself.
    let signatures = |seen: &Seen<'_>| -> Vec<SignatureHash> {
        let signed = seen.facts.chain.iter().filter(|one| one.subject != one.issuer);
        signed.map(|one| one.signature).collect()
    };
    let has =
        |seen: &Seen<'_>, hashes: &[SignatureHash]| signatures(seen).iter().any(|hash| hashes.contains(hash));
    let draft = |status, importance, title: String| {
        Draft::new("tls.strength", Area::Transport, status, importance, title).rfc(9325, "4.5")
    };
    let remedy = "Make a new key (RSA with 2048 bits or more, or P-256) and get a new certificate for it.";
    let weak =
        which(seen, |seen| is_short(seen.own) || has(seen, &[SignatureHash::Md5, SignatureHash::Sha1]));
    if let Some(first) = weak.first() {
        let what = if is_short(first.own) {
            format!("has a key of {} bits ({})", first.own.key_bits, first.own.key)
        } else {
            "is signed with a hash that is broken".to_owned()
        };
        let title = format!("The certificate of {} {what}", listed(&named(&probes(&weak))));
        let draft = draft(Status::Fail, Importance::Important, title)
            .words("Current programs do not accept it as protection; some do not connect.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, remedy)
            .group(Group::SpeaksForMoving);
        return view.done(draft, &probes(&weak));
    }
    let thin = which(seen, |seen| has(seen, &[SignatureHash::Sha224]));
    if !thin.is_empty() {
        let title = format!("The certificate of {} is signed with SHA-224", listed(&named(&probes(&thin))));
        let draft = draft(Status::Warn, Importance::Minor, title)
            .words("The hash is shorter than what is required today.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, remedy)
            .group(Group::SpeaksForMoving);
        return view.done(draft, &probes(&thin));
    }
    let kinds: Vec<String> = seen.iter().fold(Vec::new(), |mut kinds, seen| {
        let kind = format!("{} with {} bits", seen.own.key, seen.own.key_bits);
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
        kinds
    });
    let title = format!("The keys of the mail hosts are strong: {}", listed(&kinds));
    view.done(
        draft(Status::Pass, Importance::Minor, title).words("Keys and signatures meet today's requirements."),
        &probes(seen),
    )
}
