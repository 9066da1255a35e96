//! How far the copy is as a job, where it went, and where it went before.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Project, ProjectError};
use crate::plan::{LedgerSum, SpeedPoint, VerifySummary};
use crate::providers::ProviderId;
use crate::values::MailboxId;
use crate::values::{Endpoint, UnixTime};

/// How far the copy is as a job; progress itself is the ledger's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyJob {
    /// What it does.
    pub phase: CopyJobPhase,
    /// When it was first started.
    pub started_at: Option<UnixTime>,
    /// When it came to its end.
    pub finished_at: Option<UnixTime>,
    /// Whether every mailbox was copied to its end, whatever a verification said of it.
    #[serde(default)]
    pub is_copied: bool,
    /// The newest copy that came to its end in every mailbox; a later run that does not come so far leaves it.
    #[serde(default)]
    pub whole: Option<WholeCopy>,
    /// What the verification after the copy said, in words.
    pub verification: Option<String>,
    /// The same in figures; files of older versions have none.
    #[serde(default)]
    pub verification_counts: Option<VerifySummary>,
    /// Between which servers it runs; `None` before it was first started.
    #[serde(default)]
    pub route: Option<CopyRoute>,
    /// Messages of each folder that the newest run was limited to, where it was a trial.
    #[serde(default)]
    pub trial: Option<u32>,
    /// Whether the newest run only proves what was copied before.
    #[serde(default)]
    pub is_verifying: bool,
    /// Mailboxes that have come to their end.
    #[serde(default)]
    pub done: BTreeSet<MailboxId>,
    /// Bytes per second over time, in milliseconds since 1970, oldest first.
    #[serde(default)]
    pub speeds: Vec<SpeedPoint>,
    /// Copies between other servers that this one has taken the place of, oldest first.
    #[serde(default)]
    pub earlier: Vec<EarlierCopy>,
}

/// A copy that came to its end in every mailbox: what had reached the old server before it began is at the new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeCopy {
    /// When it began.
    pub began_at: UnixTime,
    /// When it ended.
    pub finished_at: UnixTime,
    /// Whether it was compared and agreed.
    pub is_verified: bool,
}

/// Between which servers mail was copied, as they were called then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyRoute {
    /// The server that mail was read from.
    pub source: Endpoint,
    /// The provider that mail was written to.
    pub provider: ProviderId,
    /// Its name.
    pub provider_name: String,
    /// Its server.
    pub destination: Endpoint,
}

impl CopyRoute {
    /// Whether both servers are these, whatever the port and the name of the provider.
    pub fn is_between(&self, source: Option<&Endpoint>, destination: Option<&Endpoint>) -> bool {
        let is_at = |known: &Endpoint, now: Option<&Endpoint>| {
            now.is_some_and(|now| now.host.eq_ignore_ascii_case(&known.host) && is_same_port(known, now))
        };
        is_at(&self.source, source) && is_at(&self.destination, destination)
    }
}

/// The two usual ports of IMAP lead to the same mail.
fn is_same_port(one: &Endpoint, other: &Endpoint) -> bool {
    let is_usual = |port: u16| port == 143 || port == 993;
    one.port == other.port || (is_usual(one.port) && is_usual(other.port))
}

/// A copy that another one has taken the place of, because other servers were chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierCopy {
    /// Between which servers.
    pub route: CopyRoute,
    /// When it was first started.
    pub started_at: Option<UnixTime>,
    /// When it came to its end; `None` where it did not.
    pub finished_at: Option<UnixTime>,
    /// How many mailboxes took part.
    pub mailboxes: usize,
    /// What became of their messages.
    pub sum: LedgerSum,
    /// What the verification said, in words.
    pub verification: Option<String>,
}

/// Phases of the copy that outlive the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CopyJobPhase {
    /// Never started.
    #[default]
    NotStarted,
    /// Runs. Found at opening, it means that the program ended meanwhile, properly or not: the copy is to continue.
    Running,
    /// Paused by the user.
    Paused,
    /// Stopped by the user.
    Stopped,
    /// Every row was in a final state.
    Finished,
}

impl Project {
    /// How far the copy is as a job.
    pub fn copy_job(&self) -> Result<CopyJob, ProjectError> {
        Ok(self.document("copy-job")?.unwrap_or_default())
    }

    /// Keeps how far the copy is as a job.
    pub fn set_copy_job(&self, job: &CopyJob) -> Result<(), ProjectError> {
        self.set_document("copy-job", Some(job))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Security;

    fn at(host: &str, port: u16) -> Endpoint {
        Endpoint::new(host, port, Security::Tls).unwrap()
    }

    #[test]
    fn a_route_is_where_its_servers_are() {
        let route = CopyRoute {
            source: at("mail.example.org", 993),
            provider: ProviderId("fastmail".to_owned()),
            provider_name: "Fastmail".to_owned(),
            destination: at("imap.example.net", 993),
        };
        let is_between =
            |source: &Endpoint, destination: &Endpoint| route.is_between(Some(source), Some(destination));
        assert!(is_between(&at("MAIL.example.org", 143), &at("imap.example.net", 993)));
        assert!(!is_between(&at("mail.example.org", 993), &at("imap.example.com", 993)));
        assert!(!is_between(&at("other.example.org", 993), &at("imap.example.net", 993)));
        assert!(!is_between(&at("mail.example.org", 993), &at("imap.example.net", 10_993)));
        assert!(!route.is_between(Some(&at("mail.example.org", 993)), None), "no server is no place");
    }
}
