//! DANE for SMTP: TLSA records, their signatures, and whether the certificates match.

use super::certificate::is_current;
use super::mta_sts::{Kept, keeps};
use super::mta_sts_policy::{Mode, Policy};
use super::view::{Standing, View, is_named, named};
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{
    ChainCertificate, DnsAnswer, DnsName, HexBytes, Outcome, PortProbe, RecordData, RecordType, TlsOutcome,
};

/// One TLSA record (RFC 6698 section 2).
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tlsa {
    usage: u8,
    selector: u8,
    matching: u8,
    data: Vec<u8>,
}

impl Tlsa {
    /// Whether a mail server may act on it (RFC 7672 section 3.1): usages 2 and 3, known digests of the right length.
    fn is_usable(&self) -> bool {
        let is_long_enough = match self.matching {
            0 => !self.data.is_empty(),
            1 => self.data.len() == 32,
            2 => self.data.len() == 64,
            _ => false,
        };
        matches!(self.usage, 2 | 3) && self.selector <= 1 && is_long_enough
    }

    /// Whether it means this certificate. `None` if the record holds the whole of it, which facts do not keep.
    fn means(&self, certificate: &ChainCertificate) -> Option<bool> {
        let hexadecimal = || HexBytes::new(self.data.clone()).to_string();
        match (self.selector, self.matching) {
            (0, 1) => Some(certificate.sha256.0.as_slice() == self.data),
            (1, 1) => Some(certificate.key_sha256.0.as_slice() == self.data),
            (0, 2) => Some(certificate.sha512 == hexadecimal()),
            (1, 2) => Some(certificate.key_sha512 == hexadecimal()),
            _ => None,
        }
    }
}

/// What is published for one mail host.
struct Published<'a> {
    host: &'a DnsName,
    answer: &'a DnsAnswer,
    /// Whether MX, address and TLSA records are signed, and a resolver has checked that; `None` if it cannot be told.
    is_secure: Option<bool>,
    records: Vec<Tlsa>,
}

impl Published<'_> {
    fn usable(&self) -> impl Iterator<Item = &Tlsa> {
        self.records.iter().filter(|record| record.is_usable())
    }
}

/// What senders that know DANE make of the domain.
pub(super) struct Promised {
    /// Hosts whose usable records are signed.
    hosts: Vec<DnsName>,
}

impl Promised {
    /// Whether anything is promised, so that reports about failures are worth having.
    pub(super) fn is_any(&self) -> bool {
        !self.hosts.is_empty()
    }
}

/// TLSA records of the mail hosts (RFC 7672), and the certificates that they mean.
pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) -> Promised {
    let lookups = &view.context.lookups;
    lookups.begin();
    let mx = lookups.ask(&view.context.facts.domain.dns(), RecordType::Mx);
    let published: Vec<Published<'_>> =
        view.exchangers.iter().map(|host| published(view, mx, host)).collect();
    if published.is_empty() {
        return Promised { hosts: Vec::new() };
    }
    findings.push(answers(view, &published));
    let with: Vec<&Published<'_>> = published.iter().filter(|one| !one.records.is_empty()).collect();
    if with.is_empty() {
        if published.iter().all(|one| one.answer.outcome.is_known()) {
            findings.push(
                Draft::new("dane.secure", Area::Transport, Status::Info, Importance::Minor, "DANE is not used")
                    .words("With signed TLSA records, senders would insist on TLS and on your certificate. That requires a signed zone (DNSSEC) and care at each renewal.")
                    .rfc(7672, "2.2")
                    .done(lookups),
            );
        }
        return Promised { hosts: Vec::new() };
    }
    findings.push(secure(view, &with));
    findings.push(usages(view, &with));
    findings.push(matches_host(view, &with));
    findings.push(rollover(view, &with));
    let promised = with.iter().filter(|one| one.is_secure == Some(true) && one.usable().next().is_some());
    Promised { hosts: promised.map(|one| one.host.clone()).collect() }
}

fn published<'a>(view: &View<'a>, mx: &DnsAnswer, host: &'a DnsName) -> Published<'a> {
    let lookups = &view.context.lookups;
    let name = DnsName::new(&format!("_25._tcp.{host}"));
    let answer = lookups.ask(&name, RecordType::Tlsa);
    let records: Vec<Tlsa> = answer
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Tlsa { usage, selector, matching, data } => Some(Tlsa {
                usage: *usage,
                selector: *selector,
                matching: *matching,
                data: data.as_bytes().to_vec(),
            }),
            _ => None,
        })
        .collect();
    let is_secure = (!records.is_empty()).then(|| is_secure(view, [mx, answer], host)).flatten();
    Published { host, answer, is_secure, records }
}

/// Whether the whole way through the DNS is signed, as far as the resolver says (RFC 7672 section 2.2).
fn is_secure(view: &View<'_>, answers: [&DnsAnswer; 2], host: &DnsName) -> Option<bool> {
    let lookups = &view.context.lookups;
    let v4 = lookups.ask(host, RecordType::A);
    let v6 = lookups.ask(host, RecordType::Aaaa);
    let addresses = [v4, v6].into_iter().filter(|answer| answer.outcome == Outcome::Answer);
    if answers.into_iter().chain(addresses).all(|answer| answer.is_authentic) {
        return Some(true);
    }
    // A resolver that has vouched for anything checks signatures, so that its silence says something.
    let does_check = view.context.facts.answers.iter().any(|answer| answer.is_authentic);
    does_check.then_some(false)
}

/// Whether the servers of the zone can be asked for TLSA at all: senders that know DANE wait where they cannot.
fn answers(view: &View<'_>, published: &[Published<'_>]) -> Finding {
    let lookups = &view.context.lookups;
    let broken: Vec<&Published<'_>> = published
        .iter()
        .filter(|one| {
            one.answer.outcome == Outcome::ServFail && lookups.addresses(one.host).1.outcome.is_known()
        })
        .collect();
    let draft = |status, importance, title: String| {
        Draft::new("dane.answers", Area::Transport, status, importance, title).rfc(7672, "2.1.1")
    };
    if let Some(first) = broken.first() {
        let hosts: Vec<&DnsName> = broken.iter().map(|one| one.host).collect();
        return draft(Status::Warn, Importance::Important, format!("The question for TLSA records of {} breaks", listed(&hosts)))
            .words(format!("The address of {} is answered, and the question for its TLSA records is not. Senders that know DANE hold mail back until that question is answered, be it with “no such record”.", first.host))
            .remedy(Effort::Medium, Changer::YourHoster, "Ask whoever runs the name servers to answer questions of all types; old load balancers and firewalls are the usual cause.")
            .done(lookups);
    }
    if let Some(unknown) = published.iter().find(|one| !one.answer.outcome.is_known()) {
        let title = format!("Whether {} has TLSA records could not be measured", unknown.host);
        return Draft::unknown("dane.answers", Area::Transport, Importance::Minor, &title, unknown.answer)
            .done(lookups);
    }
    draft(Status::Pass, Importance::Minor, "The question for TLSA records is answered".to_owned())
        .words("Senders that know DANE are not held up.")
        .done(lookups)
}

fn secure(view: &View<'_>, with: &[&Published<'_>]) -> Finding {
    let lookups = &view.context.lookups;
    let draft = |status, importance, title: String| {
        Draft::new("dane.secure", Area::Transport, status, importance, title).rfc(7672, "2.2")
    };
    let of = |state: Option<bool>| -> Vec<&DnsName> {
        with.iter().filter(|one| one.is_secure == state).map(|one| one.host).collect()
    };
    let (insecure, unknown) = (of(Some(false)), of(None));
    if !insecure.is_empty() {
        return draft(Status::Warn, Importance::Minor, format!("The TLSA records of {} are not signed", listed(&insecure)))
            .words("Senders that know DANE heed TLSA records only where the MX record, the address and the TLSA record are all signed (DNSSEC). These are ignored.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Switch DNSSEC on for every zone on the way, or remove the TLSA records.")
            .done(lookups);
    }
    if !unknown.is_empty() {
        return draft(Status::Unknown, Importance::Minor, format!("Whether the TLSA records of {} are signed could not be measured", listed(&unknown)))
            .words("The resolver that was asked does not say that it checks signatures. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again with a resolver that checks DNSSEC.")
            .done(lookups);
    }
    draft(Status::Pass, Importance::Minor, "The TLSA records are signed from the MX record on".to_owned())
        .words(
            "The resolver has checked the signatures (DNSSEC), so senders that know DANE heed the records.",
        )
        .done(lookups)
}

fn usages(view: &View<'_>, with: &[&Published<'_>]) -> Finding {
    let lookups = &view.context.lookups;
    let draft = |status, importance, title: String| {
        Draft::new("dane.usage", Area::Transport, status, importance, title).rfc(7672, "3.1")
    };
    let remedy = "Publish “3 1 1” with the SHA-256 of the server's public key; it stays the same when the certificate is renewed with the same key.";
    let useless: Vec<&DnsName> =
        with.iter().filter(|one| one.usable().next().is_none()).map(|one| one.host).collect();
    if !useless.is_empty() {
        return draft(Status::Fail, Importance::Important, format!("No TLSA record of {} can be used for mail", listed(&useless)))
            .words("Usages 0 and 1 are not meant for mail, and digests must have their full length. Senders that know DANE then insist on TLS, and check nothing.")
            .remedy(Effort::Low, Changer::YouInTheZone, remedy)
            .done(lookups);
    }
    let odd = |record: &Tlsa| {
        !record.is_usable() || (record.usage, record.selector) == (3, 0) || record.matching == 0
    };
    let strange: Vec<String> = with
        .iter()
        .flat_map(|one| one.records.iter().filter(|record| odd(record)).map(|record| (one.host, record)))
        .map(|(host, record)| format!("{host}: {} {} {}", record.usage, record.selector, record.matching))
        .collect();
    if !strange.is_empty() {
        return draft(Status::Warn, Importance::Minor, format!("TLSA records of an unusual kind: {}", listed(&strange)))
            .words("Mail servers ignore usages 0 and 1. A record of the whole certificate (selector 0) must be changed at each renewal, which is easily forgotten.")
            .remedy(Effort::Low, Changer::YouInTheZone, remedy)
            .done(lookups);
    }
    draft(Status::Pass, Importance::Minor, "The TLSA records are of a kind that mail servers use".to_owned())
        .words("They mean the server's key, or an authority in its chain.")
        .done(lookups)
}

/// Whether a certificate chain fits the records of its host; `None` if nothing can be compared.
fn fits(published: &Published<'_>, probe: &PortProbe, domain: &DnsName) -> Option<bool> {
    let facts = match &probe.tls {
        TlsOutcome::Done(facts) => facts,
        TlsOutcome::NotTried => return None,
        TlsOutcome::Failed { failure, .. } if *failure == crate::values::TlsFailure::Timeout => return None,
        _ => return Some(false),
    };
    let own = facts.chain.first()?;
    let names_fit = is_named(probe.target.host.as_str(), &own.names) || is_named(domain.as_str(), &own.names);
    let verdicts: Vec<Option<bool>> = published
        .usable()
        .map(|record| {
            if record.usage == 3 {
                // The server's own key: names and dates do not count (RFC 7672 section 3.1.1).
                return record.means(own);
            }
            // An authority in the chain: names and dates count (section 3.1.2).
            let means: Vec<Option<bool>> =
                facts.chain.iter().filter(|one| one.is_reached).map(|one| record.means(one)).collect();
            if means.contains(&Some(true)) {
                return Some(names_fit && is_current(own, probe.at));
            }
            means.into_iter().find(Option::is_none).unwrap_or(Some(false))
        })
        .collect();
    if verdicts.contains(&Some(true)) {
        Some(true)
    } else {
        verdicts.into_iter().find(Option::is_none).unwrap_or(Some(false))
    }
}

fn matches_host(view: &View<'_>, with: &[&Published<'_>]) -> Finding {
    let domain = view.context.facts.domain.dns();
    let (mut good, mut bad, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for probe in view.probes.iter().copied() {
        let Some(published) = with.iter().find(|one| *one.host == probe.target.host) else { continue };
        if published.usable().next().is_none() {
            continue;
        }
        let is_open = view.standing(probe) == Standing::Open;
        match is_open.then(|| fits(published, probe, &domain)).flatten() {
            Some(true) => good.push(probe),
            Some(false) => bad.push((probe, *published)),
            None => unknown.push(probe),
        }
    }
    let draft = |status, importance, title: String| {
        Draft::new("dane.match", Area::Transport, status, importance, title).rfc(7672, "2.2")
    };
    if let Some((first, published)) = bad.first() {
        let probes: Vec<&PortProbe> = bad.iter().map(|(probe, _)| *probe).collect();
        let is_heeded = bad.iter().any(|(_, published)| published.is_secure == Some(true));
        let (status, importance, words) = if is_heeded {
            (
                Status::Fail,
                Importance::VeryImportant,
                "Senders that know DANE, many providers in Germany and the Netherlands among them, hold mail back and return it in the end.",
            )
        } else {
            (
                Status::Warn,
                Importance::Important,
                "Nobody uses the records while they are unsigned. As soon as they are signed, senders that know DANE hold mail back.",
            )
        };
        let title = format!("{} does not fit its TLSA records", listed(&named(&probes)));
        let draft = draft(status, importance, title).words(words);
        let own = first.tls_facts().and_then(|facts| facts.chain.first());
        let draft = match own {
            Some(own) => {
                let digest = HexBytes::new(own.key_sha256.0.to_vec());
                draft
                    .remedy(Effort::Low, Changer::YouInTheZone, format!("Publish the key that {} uses now in addition to the existing records, and remove those once nothing uses them any more.", published.host))
                    .copy("TLSA record", format!("_25._tcp.{}. IN TLSA 3 1 1 {digest}", published.host))
            }
            None => draft.remedy(
                Effort::Medium,
                Changer::YouOnTheServer,
                "Switch STARTTLS on, or remove the TLSA records.",
            ),
        };
        return view.done(draft, &probes);
    }
    if unknown.is_empty() && !good.is_empty() {
        let draft =
            draft(Status::Pass, Importance::Minor, "Every mail host fits its TLSA records".to_owned())
                .words("The key or the authority in the records is what the hosts show, at every address.");
        return view.done(draft, &good);
    }
    let draft = draft(
        Status::Unknown,
        Importance::Important,
        "Whether the mail hosts fit their TLSA records could not be measured".to_owned(),
    )
    .words("No certificate was seen that could be compared. This is neither a good nor a bad result.");
    if unknown.is_empty() {
        view.done(draft, &[])
    } else {
        view.done(View::ask_elsewhere(draft, &unknown), &unknown)
    }
}

fn rollover(view: &View<'_>, with: &[&Published<'_>]) -> Finding {
    let single: Vec<&DnsName> =
        with.iter().filter(|one| one.usable().count() == 1).map(|one| one.host).collect();
    let draft = |status, title: String| {
        Draft::new("dane.rollover", Area::Transport, status, Importance::Minor, title).rfc(7671, "8.1")
    };
    let draft = if single.is_empty() {
        draft(Status::Pass, "There is a TLSA record for the next key".to_owned())
            .words("A change of the key need not break anything.")
    } else {
        draft(Status::Warn, format!("{} has one TLSA record only", listed(&single)))
            .words("When the key changes, mail is held back until the new record is known everywhere.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Publish the digest of the next key, or of the authority (2 1 1), some days before the key changes.")
    };
    draft.done(&view.context.lookups)
}

/// Both promises on one host (RFC 8461 section 2): a sender goes by DANE where it can, by MTA-STS otherwise.
pub(super) fn against_mta_sts(
    view: &View<'_>,
    dane: &Promised,
    policy: &Policy,
    findings: &mut Vec<Finding>,
) {
    if dane.hosts.is_empty() || policy.mode == Mode::Absent {
        return;
    }
    let lookups = &view.context.lookups;
    lookups.begin();
    let mx = lookups.ask(&view.context.facts.domain.dns(), RecordType::Mx);
    let domain = view.context.facts.domain.dns();
    let (mut apart, mut unknown, mut both) = (Vec::new(), Vec::new(), Vec::new());
    for probe in view.probes.iter().copied().filter(|probe| dane.hosts.contains(&probe.target.host)) {
        let Some(host) = view.exchangers.iter().find(|host| **host == probe.target.host) else { continue };
        let published = published(view, mx, host);
        let by_policy = if policy.covers(host.as_str()) { keeps(view, probe) } else { Kept::No };
        let is_open = view.standing(probe) == Standing::Open;
        match (is_open.then(|| fits(&published, probe, &domain)).flatten(), by_policy) {
            (Some(true), Kept::No) | (Some(false), Kept::Yes) => apart.push(probe),
            (None, _) | (_, Kept::Unknown) => unknown.push(probe),
            _ => both.push(probe),
        }
    }
    let draft = |status, importance, title: String| {
        Draft::new("tls.dane-and-mta-sts", Area::Transport, status, importance, title).rfc(8461, "2")
    };
    let without: Vec<&DnsName> = view.exchangers.iter().filter(|host| !dane.hosts.contains(host)).collect();
    let draft = if !apart.is_empty() {
        let (status, importance) = match policy.mode {
            Mode::Enforce => (Status::Fail, Importance::VeryImportant),
            _ => (Status::Warn, Importance::Important),
        };
        let draft = draft(status, importance, format!("DANE and MTA-STS contradict each other at {}", listed(&named(&apart))))
            .words("The host keeps one of the two promises and breaks the other, so some senders deliver and others do not, and tests with one sender mislead.")
            .remedy(Effort::Medium, Changer::YouOnTheServer, "Fix the one that fails: the findings about DANE and about the certificates for MTA-STS say what is wrong.");
        view.done(draft, &apart)
    } else if !unknown.is_empty() || both.is_empty() {
        let draft = draft(
            Status::Unknown,
            Importance::Minor,
            "Whether DANE and MTA-STS agree could not be measured".to_owned(),
        )
        .words("Not every host could be checked. This is neither a good nor a bad result.");
        view.done(draft, &unknown)
    } else if !without.is_empty() || policy.mode == Mode::Testing {
        let what = if without.is_empty() {
            "MTA-STS is only tested".to_owned()
        } else {
            format!("{} has no TLSA records that count", listed(&without))
        };
        let draft = draft(
            Status::Warn,
            Importance::Minor,
            "One of DANE and MTA-STS is weaker than the other".to_owned(),
        )
        .words(format!(
            "{what}, so senders that know only one of the two protect your mail less than others."
        ))
        .remedy(
            Effort::Medium,
            Changer::YouInTheZone,
            "Bring both to the same strength when that is convenient.",
        );
        view.done(draft, &both)
    } else {
        let draft = draft(Status::Pass, Importance::Minor, "DANE and MTA-STS agree".to_owned())
            .words("Every mail host keeps both promises, or fails both in the same way.");
        view.done(draft, &both)
    };
    findings.push(draft);
}
