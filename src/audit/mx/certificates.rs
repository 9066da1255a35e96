//! CAA records: which authorities may issue certificates for the mail hosts.

use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::lookups::is_askable;
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, RecordData, RecordType};

/// Hosts whose rules for certificates are checked.
const MAX_HOSTS: usize = 8;

/// What the zone says about who may issue a certificate for one host.
enum Rule<'a> {
    /// Nothing: everybody may.
    Anybody,
    /// Only these, or nobody where the list is empty.
    Only(Vec<String>),
    Unknown(&'a DnsAnswer),
}

/// Which authorities may issue certificates for the mail hosts (RFC 8659).
pub(super) fn judge(context: &Context<'_>, hosts: &[DnsName], findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let mut locked: Vec<String> = Vec::new();
    let mut limited: Vec<String> = Vec::new();
    let mut open: Vec<&DnsName> = Vec::new();
    let mut unknown: Option<(&DnsName, &DnsAnswer)> = None;
    for host in hosts.iter().filter(|host| is_askable(host)).take(MAX_HOSTS) {
        match rule_for(context, host) {
            Rule::Anybody => open.push(host),
            Rule::Only(authorities) if authorities.is_empty() => locked.push(host.to_string()),
            Rule::Only(authorities) => limited.push(format!("{host}: {}", listed(&authorities))),
            Rule::Unknown(answer) => unknown = Some((host, answer)),
        }
    }
    let new = |status: Status, importance: Importance, title: String| {
        Draft::new("mx.caa", Area::IncomingMail, status, importance, title)
    };
    let draft = if !locked.is_empty() {
        new(
            Status::Fail,
            Importance::Important,
            format!("Nobody may issue a certificate for {}", listed(&locked)),
        )
        .words(
            "The zone forbids every authority to issue one (CAA). The present certificate cannot be renewed.",
        )
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Name the authority that issues the certificate of your mail server in a CAA record.",
        )
    } else if let Some((host, answer)) = unknown {
        let title = format!("Who may issue a certificate for {host} could not be measured");
        Draft::unknown("mx.caa", Area::IncomingMail, Importance::Minor, &title, answer)
    } else if !limited.is_empty() {
        new(
            Status::Pass,
            Importance::Minor,
            "Only named authorities may issue certificates for the mail hosts".to_owned(),
        )
        .words(format!("{}.", listed(&limited)))
    } else if !open.is_empty() {
        new(
            Status::Info,
            Importance::Minor,
            "Every authority may issue certificates for the mail hosts".to_owned(),
        )
        .words("That is usual. CAA records would name the ones that may.")
    } else {
        return;
    };
    findings.push(draft.rfc(8659, "3").done(lookups));
}

/// The closest CAA records at or above a host (RFC 8659 section 3).
fn rule_for<'a>(context: &Context<'a>, host: &DnsName) -> Rule<'a> {
    let mut above = Some(host.clone());
    while let Some(name) = above.filter(|name| !name.as_str().is_empty()) {
        let answer = context.lookups.ask(&name, RecordType::Caa);
        if !answer.outcome.is_known() {
            return Rule::Unknown(answer);
        }
        let issuers: Vec<&str> = answer
            .records
            .iter()
            .filter_map(|record| match record {
                RecordData::Caa { tag, value, .. } if tag.eq_ignore_ascii_case("issue") => {
                    Some(value.as_str())
                }
                _ => None,
            })
            .collect();
        if !answer.records.is_empty() {
            // Records without an `issue` forbid nothing (section 4.2).
            if issuers.is_empty() {
                return Rule::Anybody;
            }
            let names = issuers.iter().map(|value| value.split(';').next().unwrap_or_default().trim());
            return Rule::Only(names.filter(|name| !name.is_empty()).map(str::to_owned).collect());
        }
        above = name.parent();
    }
    Rule::Anybody
}
