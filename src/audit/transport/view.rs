//! What all rules about mail hosts share: the mail exchangers and their probes.

use std::net::IpAddr;

use super::probe_command;
use super::probe_targets::exchangers;
use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::{Changer, Effort, Evidence, EvidenceOutcome, Finding};
use crate::values::{DnsName, Greeting, MailHosts, MailService, PortProbe, ProbeSource, Reach};

/// The mail exchangers with their probes.
pub(super) struct View<'a> {
    pub context: &'a Context<'a>,
    /// Names of the mail exchangers, best first.
    pub exchangers: Vec<DnsName>,
    /// What was seen; `None` if nobody looked.
    pub seen: Option<&'a MailHosts>,
    /// Probes of the mail exchangers where they take mail, in the order of the exchangers.
    pub probes: Vec<&'a PortProbe>,
}

/// What a probe that did not get through says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The port was reached.
    Open,
    /// The port is closed, and not only from here.
    Dead,
    /// Whether it is closed cannot be told from here.
    Unknown,
}

impl<'a> View<'a> {
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        let exchangers = exchangers(context.facts);
        let seen = context.facts.mail_hosts.as_ref();
        let all = seen.map(|hosts| hosts.probes.as_slice()).unwrap_or_default();
        let probes = exchangers
            .iter()
            .flat_map(|host| {
                all.iter().filter(move |probe| {
                    probe.target.host == *host && probe.target.service == MailService::Smtp
                })
            })
            .collect();
        Self { context, exchangers, seen, probes }
    }

    /// Probes of ports for mail programs.
    pub(super) fn client_probes(&self) -> Vec<&'a PortProbe> {
        let all = self.seen.map(|hosts| hosts.probes.as_slice()).unwrap_or_default();
        all.iter().filter(|probe| probe.target.service != MailService::Smtp).collect()
    }

    /// Whether a port that was not reached is closed for everybody.
    pub(super) fn standing(&self, probe: &PortProbe) -> Standing {
        if probe.reach.is_open() {
            return Standing::Open;
        }
        let is_pasted = probe.source == ProbeSource::Pasted;
        if matches!(probe.reach, Reach::NoRoute(_)) && !is_pasted {
            return Standing::Unknown;
        }
        if is_pasted || self.is_way_open(probe.target.address) { Standing::Dead } else { Standing::Unknown }
    }

    /// Whether port 25 gets out from here in the family of this address: the host that always answers did, or another.
    fn is_way_open(&self, address: IpAddr) -> bool {
        let is_same = |other: IpAddr| other.is_ipv4() == address.is_ipv4();
        let control = self.seen.map(|hosts| hosts.control.as_slice()).unwrap_or_default();
        control.iter().any(|control| control.reach.is_open() && is_same(control.address))
            || self.probes.iter().any(|other| {
                let is_ours = other.source == ProbeSource::Program && other.reach.is_open();
                is_ours && is_same(other.target.address)
            })
    }

    /// Whether a server has turned this computer away, which says something about this computer first.
    pub(super) fn is_turned_away(probe: &PortProbe) -> bool {
        let code = match (&probe.greeting, &probe.hello) {
            (Greeting::Said { code, .. }, _) if *code >= 400 => *code,
            (_, Some(hello)) if hello.code >= 400 && !matches!(hello.code, 500 | 502) => hello.code,
            _ => return false,
        };
        code >= 400 && probe.source == ProbeSource::Program
    }

    /// A finding about these probes, with what was said as evidence.
    pub(super) fn done(&self, draft: Draft, probes: &[&PortProbe]) -> Finding {
        let mut finding = draft.done(&self.context.lookups);
        finding.evidence.extend(probes.iter().map(|probe| evidence(probe)));
        finding
    }

    /// A line to run elsewhere as the way out.
    pub(super) fn ask_elsewhere(draft: Draft, probes: &[&PortProbe]) -> Draft {
        let targets: Vec<_> = probes.iter().map(|probe| &probe.target).collect();
        let words = "Run the line below on the mail server, or on any computer that may send mail, save what it prints, and give that file to “mailferry audit --probe-output FILE”.";
        draft
            .remedy(Effort::Low, Changer::YouOnTheServer, words)
            .copy("line for the server", probe_command::line(&targets))
    }
}

/// What was said on a connection.
pub(super) fn evidence(probe: &PortProbe) -> Evidence {
    let mut said = probe.reach.to_string();
    if probe.source == ProbeSource::Pasted {
        said.push_str(", pasted");
    }
    Evidence {
        query: format!("{} {}", probe.target.service, probe.target),
        server: format!("{} port {}", probe.target.address, probe.target.port),
        outcome: EvidenceOutcome::Said { said },
        data: probe.transcript.clone(),
        at: probe.at,
        duration_millis: probe.duration_millis,
    }
}

/// Hosts of these probes, each once, with the address where it has several.
pub(super) fn named(probes: &[&PortProbe]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for probe in probes {
        let several = probes.iter().any(|other| {
            other.target.host == probe.target.host && other.target.address != probe.target.address
        });
        let name = if several {
            format!("{} ({})", probe.target.host, probe.target.address)
        } else {
            probe.target.host.to_string()
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Whether a host name is one of the names of a certificate (RFC 6125 section 6.4): a star stands for the leftmost label.
pub(super) fn is_named(host: &str, names: &[String]) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    names.iter().any(|name| covers(name, &host))
}

/// Whether a name or a pattern such as `*.example.org` is this host (RFC 8461 section 4.1 for policies).
pub(super) fn covers(pattern: &str, host: &str) -> bool {
    let pattern = pattern.trim_end_matches('.').to_ascii_lowercase();
    match pattern.strip_prefix("*.") {
        None => pattern == host,
        Some(rest) => host.split_once('.').is_some_and(|(label, parent)| !label.is_empty() && parent == rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_one_label_on_the_left() {
        for (pattern, host, is_covered) in [
            ("mail.example.org", "mail.example.org", true),
            ("Mail.Example.org.", "mail.example.org", true),
            ("*.example.org", "mail.example.org", true),
            ("*.example.org", "a.mail.example.org", false),
            ("*.example.org", "example.org", false),
            ("ma*.example.org", "mail.example.org", false),
            ("*", "mail", false),
        ] {
            assert_eq!(covers(pattern, host), is_covered, "{pattern} {host}");
        }
    }
}
