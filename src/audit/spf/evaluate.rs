//! `check_host()` of RFC 7208 section 4, with a trace. If an answer is not known yet, it stops and names what is missing.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::macros::{Client, MacroString, Place};
use super::record::{self, DualCidr, Mechanism, Qualifier, SpfRecord};
use super::{MAX_HOSTS, MAX_LOOKUPS, MAX_VOID_LOOKUPS};
use crate::audit::Lookups;
use crate::audit::lookups::{is_askable, reverse_name};
use crate::values::{AnswerBook, DnsAnswer, DnsName, DnsQuestion, Outcome, RecordData, RecordType, UnixTime};

/// The seven results of RFC 7208 section 2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SpfResult {
    /// There is no record.
    None,
    /// The owner says nothing about this address.
    Neutral,
    /// The address may send.
    Pass,
    /// The address may not send.
    Fail,
    /// The address probably may not send.
    SoftFail,
    /// DNS did not answer; nothing is known.
    TempError,
    /// The record cannot be used.
    PermError,
}

impl fmt::Display for SpfResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::SoftFail => "softfail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        })
    }
}

/// What is checked: the arguments of `check_host()`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpfQuery {
    /// Address of the sending server. IPv4 addresses mapped into IPv6 count as IPv4.
    pub ip: IpAddr,
    /// The domain whose record is read first.
    pub domain: String,
    /// `MAIL FROM`, or empty for a bounce; without a local part it is `postmaster` (section 4.3).
    pub sender: String,
    /// Name given in HELO or EHLO; empty if unknown.
    pub helo: String,
    /// Moment of the check, for `%{t}`.
    pub at: UnixTime,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpfVerdict {
    /// The result.
    pub result: SpfResult,
    /// Why, in one sentence.
    pub explanation: String,
    /// The text that the owner of the domain publishes for refused senders (`exp=`).
    pub published_explanation: Option<String>,
    /// Lookups that counted towards the limit of ten.
    pub lookups: u32,
    /// Lookups that came back empty.
    pub void_lookups: u32,
    /// What was done, line by line, indented by depth.
    pub trace: Vec<String>,
}

/// One step of a check: done, or in need of answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpfStep {
    /// Finished.
    Done(SpfVerdict),
    /// These questions must be asked first; then the check is run again from the start.
    Needs(BTreeSet<DnsQuestion>),
}

/// Runs a check as far as the answers go.
pub fn check(book: &AnswerBook, query: &SpfQuery) -> SpfStep {
    let lookups = Lookups::new(book);
    match check_with(&lookups, query) {
        Some(verdict) => SpfStep::Done(verdict),
        None => SpfStep::Needs(lookups.into_missing()),
    }
}

/// [`check`] for rules, which share their lookups; `None` if answers are missing.
pub(in crate::audit) fn check_with(lookups: &Lookups<'_>, query: &SpfQuery) -> Option<SpfVerdict> {
    let (local, sender_domain) = match query.sender.rsplit_once('@') {
        Some(("", domain)) => ("postmaster", domain),
        Some(parts) => parts,
        None if query.sender.is_empty() => ("postmaster", query.domain.as_str()),
        None => ("postmaster", query.sender.as_str()),
    };
    let client = Client {
        ip: query.ip.to_canonical(),
        local: local.to_owned(),
        sender_domain: sender_domain.to_owned(),
        helo: if query.helo.is_empty() { "unknown".to_owned() } else { query.helo.clone() },
        at_secs: query.at.0,
    };
    let mut evaluation = Evaluation { lookups, client, terms: 0, voids: 0, depth: 0, trace: Vec::new() };
    let domain = DnsName::new(&query.domain);
    let (result, explanation, text) = match evaluation.check_host(&domain) {
        Ok(checked) => {
            let text = match (checked.result, &checked.explanation) {
                (SpfResult::Fail, Some((text, domain))) => evaluation.published_text(text, domain).ok()?,
                _ => None,
            };
            (checked.result, checked.why, text)
        }
        Err(Stop::Pending) => return None,
        Err(Stop::Temporary(words)) => (SpfResult::TempError, words, None),
        Err(Stop::Permanent(words)) => (SpfResult::PermError, words, None),
    };
    Some(SpfVerdict {
        result,
        explanation,
        published_explanation: text,
        lookups: evaluation.terms,
        void_lookups: evaluation.voids,
        trace: evaluation.trace,
    })
}

/// The SPF records among the TXT records of a name, as bytes.
pub(in crate::audit) fn published(answer: &DnsAnswer) -> Vec<Vec<u8>> {
    answer.texts().filter(|text| record::is_spf(text)).collect()
}

/// Why an evaluation ends early.
enum Stop {
    Pending,
    Temporary(String),
    Permanent(String),
}

/// What `check_host()` gives back, with the explanation that would be shown.
struct Checked {
    result: SpfResult,
    why: String,
    explanation: Option<(MacroString, DnsName)>,
}

struct Evaluation<'l, 'a> {
    lookups: &'l Lookups<'a>,
    client: Client,
    terms: u32,
    voids: u32,
    depth: usize,
    trace: Vec<String>,
}

impl<'a> Evaluation<'_, 'a> {
    fn note(&mut self, words: impl fmt::Display) {
        let line = format!("{:indent$}{words}", "", indent = self.depth * 2);
        self.trace.push(line);
    }

    /// The answer, or a stop: not known yet, or not to be had.
    fn ask(&self, name: &DnsName, record_type: RecordType) -> Result<&'a DnsAnswer, Stop> {
        let answer = self.lookups.try_ask(name, record_type).ok_or(Stop::Pending)?;
        if answer.outcome.is_known() {
            Ok(answer)
        } else {
            Err(Stop::Temporary(format!("DNS did not answer {}: {}", answer.question, answer.outcome)))
        }
    }

    fn check_host(&mut self, domain: &DnsName) -> Result<Checked, Stop> {
        let none = |why: String| Checked { result: SpfResult::None, why, explanation: None };
        if !is_askable(domain) || !domain.as_str().contains('.') || domain.as_str().contains(['[', ']']) {
            return Ok(none(format!("“{domain}” is not a domain that can have an SPF record")));
        }
        let answer = self.ask(domain, RecordType::Txt)?;
        let records = published(answer);
        let text = match records.as_slice() {
            [] => {
                self.note(format_args!("{domain}: no SPF record ({})", answer.outcome));
                return Ok(none(format!("{domain} has no SPF record")));
            }
            [text] => text,
            several => {
                return Err(Stop::Permanent(format!(
                    "{domain} has {} SPF records, one is allowed",
                    several.len()
                )));
            }
        };
        self.note(format_args!("{domain}: {}", String::from_utf8_lossy(text).escape_debug()));
        let record = SpfRecord::parse(text)
            .map_err(|error| Stop::Permanent(format!("the SPF record of {domain} has an error: {error}")))?;
        self.depth += 1;
        let checked = self.evaluate(domain, record);
        self.depth = self.depth.saturating_sub(1);
        checked
    }

    fn evaluate(&mut self, domain: &DnsName, record: SpfRecord) -> Result<Checked, Stop> {
        for term in &record.terms {
            if term.mechanism.costs_lookup() {
                self.count(&term.text)?;
            }
            let is_match = self.matches(domain, &term.mechanism)?;
            let words = if is_match { "matches" } else { "no match" };
            let cost = if term.mechanism.costs_lookup() {
                format!(" (lookup {} of {MAX_LOOKUPS})", self.terms)
            } else {
                String::new()
            };
            self.note(format_args!("{}: {words}{cost}", term.text));
            if is_match {
                let result = match term.qualifier {
                    Qualifier::Pass => SpfResult::Pass,
                    Qualifier::Fail => SpfResult::Fail,
                    Qualifier::SoftFail => SpfResult::SoftFail,
                    Qualifier::Neutral => SpfResult::Neutral,
                };
                let why = format!("{} matches “{}” in the record of {domain}", self.client.ip, term.text);
                let explanation = record.explanation.map(|text| (text, domain.clone()));
                return Ok(Checked { result, why, explanation });
            }
        }
        let Some(redirect) = record.redirect else {
            let why = format!("nothing in the record of {domain} matches {}", self.client.ip);
            return Ok(Checked { result: SpfResult::Neutral, why, explanation: None });
        };
        self.count(&redirect.text)?;
        self.note(&redirect.text);
        let target = self.expand(&redirect.target, domain)?;
        let checked = self.check_host(&target)?;
        if checked.result == SpfResult::None {
            return Err(Stop::Permanent(format!("“{}” leads to no SPF record", redirect.text)));
        }
        Ok(checked)
    }

    fn count(&mut self, term: &str) -> Result<(), Stop> {
        self.terms += 1;
        if self.terms > MAX_LOOKUPS {
            let line = format!("{term}: lookup {} of {MAX_LOOKUPS}", self.terms);
            self.note(line);
            return Err(Stop::Permanent(format!(
                "more than {MAX_LOOKUPS} lookups are needed; “{term}” is one too many"
            )));
        }
        Ok(())
    }

    fn count_void(&mut self, answer: &DnsAnswer) -> Result<(), Stop> {
        if answer.outcome.is_void() {
            self.voids += 1;
            let line = format!("{}: {} (empty lookup {})", answer.question, answer.outcome, self.voids);
            self.note(line);
        }
        if self.voids > MAX_VOID_LOOKUPS {
            return Err(Stop::Permanent(format!("more than {MAX_VOID_LOOKUPS} lookups come back empty")));
        }
        Ok(())
    }

    fn matches(&mut self, domain: &DnsName, mechanism: &Mechanism) -> Result<bool, Stop> {
        match mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Ip4(network) => Ok(matches!(self.client.ip, IpAddr::V4(ip) if network.contains(&ip))),
            Mechanism::Ip6(network) => Ok(matches!(self.client.ip, IpAddr::V6(ip) if network.contains(&ip))),
            Mechanism::Include(target) => {
                let target = self.expand(&target.0, domain)?;
                let checked = self.check_host(&target)?;
                match checked.result {
                    SpfResult::Pass => Ok(true),
                    SpfResult::None => {
                        Err(Stop::Permanent(format!("include:{target} leads to no SPF record")))
                    }
                    _ => Ok(false),
                }
            }
            Mechanism::A(target, cidr) => {
                let target = self.target(target.as_ref().map(|spec| &spec.0), domain)?;
                let Some(answer) = self.own_addresses(&target)? else { return Ok(false) };
                self.count_void(answer)?;
                Ok(self.is_among(answer, *cidr))
            }
            Mechanism::Mx(target, cidr) => {
                let target = self.target(target.as_ref().map(|spec| &spec.0), domain)?;
                self.matches_mx(&target, *cidr)
            }
            Mechanism::Ptr(target) => {
                let target = self.target(target.as_ref().map(|spec| &spec.0), domain)?;
                let names = self.validated_names(true)?;
                Ok(names.iter().any(|name| is_under(name, &target)))
            }
            Mechanism::Exists(target) => {
                let target = self.expand(&target.0, domain)?;
                if !is_askable(&target) {
                    return Ok(false);
                }
                // Always A, also for IPv6 senders (section 5.7).
                let answer = self.ask(&target, RecordType::A)?;
                self.count_void(answer)?;
                Ok(answer.outcome == Outcome::Answer)
            }
        }
    }

    fn matches_mx(&mut self, target: &DnsName, cidr: DualCidr) -> Result<bool, Stop> {
        if !is_askable(target) {
            return Ok(false);
        }
        let answer = self.ask(target, RecordType::Mx)?;
        self.count_void(answer)?;
        let hosts: Vec<&DnsName> = answer
            .records
            .iter()
            .filter_map(|record| match record {
                RecordData::Mx { exchange, .. } => Some(exchange),
                _ => None,
            })
            .collect();
        if hosts.len() > MAX_HOSTS {
            return Err(Stop::Permanent(format!(
                "{target} has {} mail hosts, SPF allows {MAX_HOSTS}",
                hosts.len()
            )));
        }
        for host in hosts {
            if let Some(addresses) = self.own_addresses(host)?
                && self.is_among(addresses, cidr)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Addresses of the sender's family; `None` for names that DNS cannot carry, which exist nowhere.
    fn own_addresses(&self, host: &DnsName) -> Result<Option<&'a DnsAnswer>, Stop> {
        if !is_askable(host) {
            return Ok(None);
        }
        let record_type = if self.client.ip.is_ipv4() { RecordType::A } else { RecordType::Aaaa };
        self.ask(host, record_type).map(Some)
    }

    fn is_among(&self, answer: &DnsAnswer, cidr: DualCidr) -> bool {
        let length = if self.client.ip.is_ipv4() { cidr.v4 } else { cidr.v6 };
        answer.records.iter().filter_map(RecordData::address).any(|address| {
            ipnet::IpNet::new(address, length).is_ok_and(|network| network.contains(&self.client.ip))
        })
    }

    /// Names of the sender's address that lead back to it (section 5.5); DNS errors only make the list shorter.
    fn validated_names(&mut self, is_counted: bool) -> Result<Vec<DnsName>, Stop> {
        let answer = match self.ask(&reverse_name(self.client.ip), RecordType::Ptr) {
            Ok(answer) => answer,
            Err(Stop::Temporary(_)) => return Ok(Vec::new()),
            Err(stop) => return Err(stop),
        };
        if is_counted {
            self.count_void(answer)?;
        }
        let mut names = Vec::new();
        for record in answer.records.iter().take(MAX_HOSTS) {
            let RecordData::Ptr(name) = record else { continue };
            match self.own_addresses(name) {
                Ok(Some(addresses)) if self.is_among(addresses, DualCidr { v4: 32, v6: 128 }) => {
                    names.push(name.clone());
                }
                Ok(_) | Err(Stop::Temporary(_)) => {}
                Err(stop) => return Err(stop),
            }
        }
        Ok(names)
    }

    fn target(&mut self, spec: Option<&MacroString>, domain: &DnsName) -> Result<DnsName, Stop> {
        spec.map_or_else(|| Ok(domain.clone()), |spec| self.expand(spec, domain))
    }

    fn expand(&mut self, text: &MacroString, domain: &DnsName) -> Result<DnsName, Stop> {
        let validated = self.validated_name(text, domain)?;
        Ok(DnsName::new(&text.expand_domain(&self.client, domain.as_str(), &validated)))
    }

    /// The value of `%{p}` (section 7.3): the domain itself, else a name below it, else any, else `unknown`.
    fn validated_name(&mut self, text: &MacroString, domain: &DnsName) -> Result<String, Stop> {
        let unknown = || "unknown".to_owned();
        if !text.uses_validated_name() {
            return Ok(unknown());
        }
        let names = self.validated_names(false)?;
        let best = names
            .iter()
            .find(|name| *name == domain)
            .or_else(|| names.iter().find(|name| is_under(name, domain)))
            .or_else(|| names.first());
        Ok(best.map_or_else(unknown, |name| name.as_str().to_owned()))
    }

    /// The text behind `exp=`; anything wrong with it means that there is none (section 6.2).
    fn published_text(&mut self, target: &MacroString, domain: &DnsName) -> Result<Option<String>, Stop> {
        let target = self.expand(target, domain)?;
        if !is_askable(&target) {
            return Ok(None);
        }
        let answer = match self.ask(&target, RecordType::Txt) {
            Ok(answer) => answer,
            Err(Stop::Pending) => return Err(Stop::Pending),
            Err(_) => return Ok(None),
        };
        let texts: Vec<Vec<u8>> = answer.texts().collect();
        let [text] = texts.as_slice() else { return Ok(None) };
        let Ok(text) = std::str::from_utf8(text) else { return Ok(None) };
        let Ok(text) = MacroString::parse(text, Place::Explanation) else { return Ok(None) };
        let validated = self.validated_name(&text, domain)?;
        Ok(Some(text.expand(&self.client, domain.as_str(), &validated)))
    }
}

fn is_under(name: &DnsName, domain: &DnsName) -> bool {
    name == domain
        || name
            .as_str()
            .strip_suffix(domain.as_str())
            .is_some_and(|rest| rest.ends_with('.') && !domain.as_str().is_empty())
}
