//! Finds records of the old server that would stop mail or mislead programs after the switch: MTA-STS, DANE, services, and mail of
//! names below the domain.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::current_zone::{CurrentZone, ZoneData, ZoneRecord};
use super::desired::Lines;
use super::{Change, SwitchStage};
use crate::audit::{StsMode, StsPolicy};
use crate::providers::Provider;
use crate::values::{DnsName, WebOutcome};

/// How long the policy is remembered that is in force during the switch, in seconds: a day.
const STS_SECS: u64 = 86_400;

/// A file on a web server that belongs to a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// When it is put there.
    pub stage: SwitchStage,
    /// Where.
    pub url: String,
    /// Its text.
    pub text: String,
    /// Why, in one sentence.
    pub reason: String,
}

/// The old and the new mail hosts.
pub(super) struct Hosts<'a> {
    pub zone: &'a CurrentZone,
    pub old: &'a [DnsName],
    pub new: &'a [DnsName],
}

/// What is known of the policy of MTA-STS (RFC 8461).
pub(super) enum Sts {
    /// No record, so senders look for no policy.
    Absent,
    /// There is a record, and its policy was not read.
    Unknown,
    /// The policy.
    Known(StsPolicy),
}

impl Hosts<'_> {
    fn sts_record(&self) -> Option<(&ZoneRecord, String)> {
        self.zone.texts("_mta-sts").find(|(_, text)| text.starts_with("v=STSv1"))
    }

    /// The policy of today.
    pub fn sts(&self) -> Sts {
        if self.sts_record().is_none() {
            let is_unread = self.zone.unread.iter().any(|unread| unread.name == "_mta-sts");
            return if is_unread { Sts::Unknown } else { Sts::Absent };
        }
        match self.zone.mta_sts.as_ref().map(|file| &file.outcome) {
            Some(WebOutcome::Fetched { text, .. }) => StsPolicy::parse(text).map_or(Sts::Unknown, Sts::Known),
            _ => Sts::Unknown,
        }
    }

    /// New hosts that senders would refuse to deliver to, as an enforcing policy does not name them (RFC 8461 section 5).
    pub fn refused(&self) -> Vec<DnsName> {
        match self.sts() {
            Sts::Known(policy) if policy.mode == StsMode::Enforce => {
                self.new.iter().filter(|host| !policy.covers(host.as_str())).cloned().collect()
            }
            _ => Vec::new(),
        }
    }

    fn is_old_address(&self, address: IpAddr) -> bool {
        self.old
            .iter()
            .filter_map(|host| self.zone.addresses.get(host.as_str()))
            .any(|addresses| addresses.contains(&address))
    }

    fn is_old_host(&self, host: &DnsName) -> bool {
        self.old.contains(host)
            || self.zone.addresses.get(host.as_str()).is_some_and(|addresses| {
                !addresses.is_empty() && addresses.iter().all(|address| self.is_old_address(*address))
            })
    }

    /// The record with a new id, and the policy file of each stage.
    pub fn sts_lines(&self, lines: &mut Lines) -> Vec<PlanFile> {
        let Some((record, text)) = self.sts_record() else { return Vec::new() };
        if self.new.is_empty() {
            lines.keep(record, "Stays until the new hosts are known.");
            return Vec::new();
        }
        let url = format!("https://mta-sts.{}/.well-known/mta-sts.txt", self.zone.domain);
        let Sts::Known(policy) = self.sts() else {
            lines.keep(record, "Its policy file could not be read, so nothing is changed.");
            lines.note(format!(
                "There is an MTA-STS record, and {url} was not read: if its mode is “enforce”, add every new MX \
                 host to it, and give the record a new id, before the switch. Otherwise mail stops."
            ));
            return Vec::new();
        };
        let is_covered = self.new.iter().all(|host| policy.covers(host.as_str()));
        let mut files = Vec::new();
        let mut last = text.clone();
        let mut step =
            |stage: SwitchStage, letter: char, file: String, reason: &str, why: &str, lines: &mut Lines| {
                let next = with_new_id(&text, letter);
                let old = ZoneRecord { data: ZoneData::Txt(last.clone().into_bytes()), ..record.clone() };
                lines.remove(&old, stage, "The next line takes its place.");
                lines.text(Change::Add, stage, "_mta-sts", &next, reason);
                last = next;
                files.push(PlanFile { stage, url: url.clone(), text: file, reason: why.to_owned() });
            };
        if is_covered {
            lines.keep(record, "Its policy names the new hosts already.");
        } else {
            let patterns = policy.patterns.iter().cloned();
            let all: Vec<String> = patterns.chain(self.new.iter().map(ToString::to_string)).collect();
            step(
                SwitchStage::Now,
                'n',
                policy_text(&policy, &all),
                "A new id makes senders fetch the policy again, which names old and new hosts: change the file first.",
                "Names the old and the new hosts, so that mail goes through on both sides of the switch.",
                lines,
            );
            if policy.mode == StsMode::Enforce {
                let days = policy.max_age_secs.div_ceil(86_400);
                lines.note(format!(
                    "Your MTA-STS policy is enforced and does not name the new hosts: publish the new policy file and the \
                     new id first. Senders keep the old one for up to {days} days where they do not see the new id; the \
                     switch waits until the policy names the new hosts, then read the zone again."
                ));
            }
        }
        if policy.patterns.iter().any(|pattern| !self.new.iter().any(|host| host.as_str() == pattern)) {
            let only: Vec<String> = self.new.iter().map(ToString::to_string).collect();
            step(
                SwitchStage::Later,
                'l',
                policy_text(&policy, &only),
                "The policy names the new hosts only, once the old server receives nothing any more.",
                "Names the new hosts only.",
                lines,
            );
        }
        files
    }

    /// Certificates that the old hosts are bound to (DANE, RFC 7672), which nobody renews once the server is gone.
    pub fn dane_lines(&self, lines: &mut Lines) {
        for record in &self.zone.records {
            let Some(host) = record.name.strip_prefix("_25._tcp.") else { continue };
            if !matches!(record.data, ZoneData::Tlsa(_)) {
                continue;
            }
            let host = if host == "@" { self.zone.domain.dns() } else { self.zone.domain.below(host) };
            if self.old.contains(&host) {
                let reason = "Binds the certificate of your old server, which takes late mail until then.";
                lines.remove(record, SwitchStage::Later, reason);
            } else {
                lines.keep(record, "Belongs to a host that the switch does not touch.");
            }
        }
    }

    /// Services of the old server that mail programs look up.
    pub fn service_lines(&self, provider: &Provider, placed: &BTreeSet<String>, lines: &mut Lines) {
        for record in self.zone.records.iter().filter(|record| !placed.contains(&record.name)) {
            match &record.data {
                ZoneData::Srv { host, .. } if !host.as_str().is_empty() => {
                    self.service(record, host, provider, lines);
                }
                ZoneData::Cname(host) if is_settings_name(&record.name) && self.is_old_host(host) => {
                    lines.remove(record, SwitchStage::AtTheSwitch, SETTINGS);
                }
                ZoneData::Address(address)
                    if is_settings_name(&record.name) && self.is_old_address(*address) =>
                {
                    lines.remove(record, SwitchStage::AtTheSwitch, SETTINGS);
                }
                _ => {}
            }
        }
    }

    fn service(&self, record: &ZoneRecord, host: &DnsName, provider: &Provider, lines: &mut Lines) {
        if !self.is_old_host(host) {
            // Another host of the domain may be the old server under another address; only the owner knows.
            if self.zone.relative(host).is_some() && is_mail_service(&record.name) {
                lines.note(format!(
                    "“{}” sends mail programs to {host}: if that is your old server, change it at the switch.",
                    record.name
                ));
            }
            return;
        }
        if self.new.is_empty() {
            lines.keep(record, "Stays until the new hosts are known.");
            return;
        }
        let reason = "Sends mail programs to the old server, where no new mail arrives any more.";
        lines.remove(record, SwitchStage::AtTheSwitch, reason);
        let imap = provider.imap.as_ref().map(|fact| &fact.value);
        if let (Some(imap), "_imaps._tcp") = (imap, record.name.as_str())
            && imap.port == 993
        {
            let data = ZoneData::Srv { priority: 0, weight: 1, port: 993, host: DnsName::new(&imap.host) };
            let new = ZoneRecord { data, ..record.clone() };
            let reason = format!("Sends mail programs to {}.", provider.in_a_sentence());
            lines.push(Change::Add, SwitchStage::AtTheSwitch, new, &reason);
        }
    }

    /// Names below the domain, and wildcards, whose mail goes to the old server: the provider does not take it by itself.
    pub fn subdomain_lines(&self, lines: &mut Lines) {
        for record in self.zone.records.iter().filter(|record| record.name != "@") {
            let ZoneData::Mx(_, host) = &record.data else { continue };
            if !self.is_old_host(host) {
                lines.keep(record, "Goes to a host that the switch does not touch.");
                continue;
            }
            lines.keep(record, "Mail of this name still goes to your old server.");
            let domain = &self.zone.domain;
            lines.note(if record.name.starts_with('*') {
                format!(
                    "“{}.{domain}” sends mail of every other name to your old server. It is lost once that server \
                     stops: take the record out, or set the names up at the provider.",
                    record.name
                )
            } else {
                format!(
                    "Mail for addresses at {}.{domain} goes to your old server and is lost once that stops: set the name \
                     up at the provider, or take its MX record out.",
                    record.name
                )
            });
        }
    }
}

const SETTINGS: &str = "Gives mail programs the settings of the old server.";

fn is_mail_service(name: &str) -> bool {
    ["_imap", "_imaps", "_pop3", "_pop3s", "_submission", "_submissions", "_autodiscover"]
        .iter()
        .any(|service| name.strip_suffix("._tcp") == Some(*service))
}

fn is_settings_name(name: &str) -> bool {
    matches!(name, "autoconfig" | "autodiscover")
}

/// The record with another id, of letters and digits, at most 32 (RFC 8461 section 3.1).
fn with_new_id(text: &str, letter: char) -> String {
    let id: String = text
        .split(';')
        .filter_map(|part| part.trim().strip_prefix("id="))
        .flat_map(|id| id.trim().chars().filter(char::is_ascii_alphanumeric))
        .take(30)
        .collect();
    format!("v=STSv1; id={id}{letter}1")
}

fn policy_text(policy: &StsPolicy, patterns: &[String]) -> String {
    let mode = match policy.mode {
        StsMode::Enforce => "enforce",
        StsMode::Testing => "testing",
        StsMode::Absent => "none",
    };
    let mut text = format!("version: STSv1\r\nmode: {mode}\r\n");
    for pattern in patterns {
        let _infallible = write!(text, "mx: {pattern}\r\n");
    }
    let _infallible = write!(text, "max_age: {}\r\n", policy.max_age_secs.min(STS_SECS));
    text
}

#[cfg(test)]
#[path = "leftovers_tests.rs"]
mod tests;
