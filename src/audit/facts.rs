//! The facts of one audit: everything that was measured, as plain data that can be saved and judged again.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::comparison::EarlierAudit;
use super::evidence::{EvidenceFacts, EvidenceParts};
use super::message::MessageFacts;
use super::reputation::{DomainRegistration, Neighbourhood, NetworkRegistration, RdapLookup};
use super::verdict::{Overrule, OwnerAnswers};
use crate::values::{
    AnswerBook, DnsAnswer, DnsName, DnsQuestion, DomainName, MailHosts, RecordType, UnixTime, WebFile,
    printable_json,
};

/// Version of the facts that this program writes. Older ones are read; newer ones are refused.
pub const FACTS_VERSION: u32 = 1;

/// Stands in where no label was drawn.
const PROBE_LABEL: &str = "mailferry-control-5f1d";

fn fixed_probe_label() -> String {
    PROBE_LABEL.to_owned()
}

/// Everything that was measured about one domain. Plain data: can be saved, sent, and judged again without a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// See [`FACTS_VERSION`].
    pub version: u32,
    /// The domain that was asked about.
    pub domain: DomainName,
    /// When the survey began.
    pub at: UnixTime,
    /// The resolver that was asked, in words.
    pub resolver: String,
    /// A second resolver, whose word on signatures (DNSSEC) was heard as well; in words.
    pub second_resolver: Option<String>,
    /// A label that nobody publishes, drawn for this survey: what answers below it answers for every name.
    #[serde(default = "fixed_probe_label")]
    pub probe_label: String,
    /// The name with which the sending server greets (HELO, EHLO), where it is known.
    pub helo: Option<DnsName>,
    /// DKIM selectors that the owner named.
    pub selectors: Vec<String>,
    /// Addresses that the owner says send the domain's mail; where empty, rules guess from SPF and MX.
    pub sending_addresses: Vec<IpAddr>,
    /// Every answer, whatever its outcome.
    pub answers: AnswerBook,
    /// What the owner's logs, bounces and reports say; `None` if none were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceFacts>,
    /// The same by where it was read, if it comes from files and from mailboxes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_parts: Option<Box<EvidenceParts>>,
    /// What the owner says of the operation.
    #[serde(default, skip_serializing_if = "OwnerAnswers::is_empty")]
    pub owner: OwnerAnswers,
    /// What the owner decided against the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overrule: Option<Overrule>,
    /// Ids of lists that the owner wishes to be asked although they are not asked by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requested_lists: Vec<String>,
    /// Operators whose lists were asked with a key of the owner's. The key itself is kept nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keyed_operators: Vec<String>,
    /// What was heard about neighbours; empty if nobody wished it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub neighbourhoods: Vec<Neighbourhood>,
    /// What registries say of the networks of sending addresses (RDAP).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<IpAddr, RdapLookup<NetworkRegistration>>,
    /// What the registry says of the domain (RDAP); `None` if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<RdapLookup<DomainRegistration>>,
    /// What was seen at the mail hosts; `None` if nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_hosts: Option<MailHosts>,
    /// The policy file of MTA-STS; `None` if it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mta_sts: Option<WebFile>,
    /// Files of web servers, whatever the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub web_files: Vec<WebFile>,
    /// What the audit before this one found; `None` for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<EarlierAudit>,
}

/// Why saved facts cannot be read.
#[derive(Debug, Error)]
pub enum FactsError {
    /// The file comes from a newer version of the program.
    #[error(
        "they were saved by a newer version of Mailferry (format {found}, known up to {FACTS_VERSION}): update the program"
    )]
    Newer {
        /// The version that the file names.
        found: u32,
    },
    /// The file is not JSON, or not of this shape.
    #[error("it is not JSON with the facts of an audit")]
    Unreadable(#[from] serde_json::Error),
}

impl Facts {
    /// Facts before anything was asked.
    pub fn new(domain: DomainName, at: UnixTime, resolver: String) -> Self {
        Self {
            version: FACTS_VERSION,
            domain,
            at,
            resolver,
            second_resolver: None,
            probe_label: fixed_probe_label(),
            helo: None,
            selectors: Vec::new(),
            sending_addresses: Vec::new(),
            answers: AnswerBook::default(),
            evidence: None,
            evidence_parts: None,
            owner: OwnerAnswers::default(),
            overrule: None,
            requested_lists: Vec::new(),
            keyed_operators: Vec::new(),
            neighbourhoods: Vec::new(),
            networks: BTreeMap::new(),
            registration: None,
            mail_hosts: None,
            mta_sts: None,
            web_files: Vec::new(),
            earlier: None,
        }
    }

    /// Takes what was read as evidence, instead of what was read before.
    pub fn set_evidence(&mut self, parts: EvidenceParts) {
        self.evidence = parts.whole();
        self.evidence_parts = parts.is_of_both().then(|| Box::new(parts));
    }

    /// What was read as evidence, by where it was read.
    pub fn parts_of_evidence(&self) -> EvidenceParts {
        match &self.evidence_parts {
            Some(parts) => (**parts).clone(),
            None => EvidenceParts::of_one_place(self.evidence.clone()),
        }
    }

    /// Reads saved facts.
    pub fn from_json(text: &str) -> Result<Self, FactsError> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let Version { version } = serde_json::from_str(text)?;
        if version > FACTS_VERSION {
            return Err(FactsError::Newer { found: version });
        }
        Ok(serde_json::from_str(text)?)
    }

    /// The form that [`Self::from_json`] reads, indented for people and for `diff`. What others have put into their records
    /// turns no line around where it is shown (Unicode TR 36).
    pub fn to_json(&self) -> Result<String, FactsError> {
        Ok(printable_json(&serde_json::to_string_pretty(self)?).into_owned())
    }

    /// What the owner's messages tell; empty if none were given.
    pub fn messages(&self) -> &[MessageFacts] {
        self.evidence.as_ref().map_or(&[], |evidence| &evidence.messages)
    }

    /// Messages of the domain that came back to its own mailboxes.
    pub fn came_home(&self) -> &[MessageFacts] {
        self.evidence.as_ref().map_or(&[], |evidence| &evidence.came_home)
    }

    /// The result of fetching a file, if it was tried.
    pub fn web_file(&self, url: &str) -> Option<&WebFile> {
        self.web_files.iter().find(|file| file.url == url)
    }

    /// The answer to one question, if it was asked.
    pub fn answer(&self, name: &DnsName, record_type: RecordType) -> Option<&DnsAnswer> {
        self.answers.get(&DnsQuestion::new(name.clone(), record_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_survive_a_file_and_newer_ones_are_refused() {
        let domain = DomainName::parse("weber-köln.example").unwrap();
        let mut facts = Facts::new(domain, UnixTime(1), "127.0.0.1".to_owned());
        facts.sending_addresses = vec!["2001:db8::1".parse().unwrap()];
        let json = facts.to_json().unwrap();
        assert_eq!(Facts::from_json(&json).unwrap(), facts);
        let newer = json.replace("\"version\": 1", "\"version\": 9");
        assert!(matches!(Facts::from_json(&newer), Err(FactsError::Newer { found: 9 })));
        // What turns lines around is escaped, and comes back as it was.
        let odd = Facts { resolver: "1\u{202e}.2\u{2066} \"x\\".to_owned(), ..facts };
        let json = odd.to_json().unwrap();
        assert!(json.contains("1\\u202e.2\\u2066") && !json.contains(['\u{202e}', '\u{2066}']), "{json}");
        assert_eq!(Facts::from_json(&json).unwrap(), odd);
        assert!(matches!(Facts::from_json("{\"version\":1}"), Err(FactsError::Unreadable(_))));
        assert!(matches!(Facts::from_json("SQLite"), Err(FactsError::Unreadable(_))));
    }
}
