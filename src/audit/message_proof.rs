//! How a receiver would judge one message by the records published now: SPF, DKIM, and whether they count for DMARC.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Lookups;
use super::dkim::key_name;
use super::dmarc::{Policy, Proven, demands};
use super::message::{Border, MessageFacts, Verdict, ascii, border, trusted, verify};
use super::spf::{SpfQuery, SpfResult, check_with};
use crate::values::{AnswerBook, DnsName, DnsQuestion, UnixTime};

/// How a receiver would judge one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageProof {
    /// The domain of the visible sender, as A-labels; `None` if there is not exactly one.
    pub from: Option<String>,
    /// The public address that handed the message to its receiver; `None` if no field names one.
    pub handed_over_by: Option<IpAddr>,
    /// The receiving host, by the name it gives itself.
    pub taken_over_by: Option<String>,
    /// What SPF says.
    pub spf: SpfProof,
    /// The result of each signature, from top to bottom.
    pub signatures: Vec<SignatureProof>,
    /// What DMARC says.
    pub dmarc: DmarcProof,
    /// What receivers are asked to do with mail that does not pass; `None` without a record.
    pub policy: Option<Policy>,
    /// What the receiver itself has written into the message: `spf=pass`.
    pub receiver: Vec<String>,
}

/// What SPF says of a message (RFC 7208).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum SpfProof {
    /// The message does not tell which address handed it over, or for which envelope sender.
    NotTold,
    /// The result of the check.
    Checked {
        /// The domain whose record was read.
        domain: String,
        /// The result.
        result: SpfResult,
        /// Why, in one sentence.
        why: String,
        /// Whether that domain counts for the visible sender.
        is_aligned: bool,
    },
}

/// The result of one signature (RFC 6376).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignatureProof {
    /// Who signed.
    pub domain: String,
    /// Where the key is.
    pub key: DnsName,
    /// Whether it verifies.
    pub outcome: SignatureOutcome,
    /// Whether that domain counts for the visible sender.
    pub is_aligned: bool,
}

/// Whether a signature verifies, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "why")]
pub enum SignatureOutcome {
    /// It does.
    Passes,
    /// It does not.
    Fails(String),
    /// The key could not be read.
    Unknown(String),
}

/// What DMARC says of a message (RFC 9989 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DmarcProof {
    /// SPF or a signature passes for a domain that counts.
    Pass,
    /// Neither does.
    Fail,
    /// There is no record, so nobody asks.
    NoRecord,
    /// Something could not be measured, and nothing that was passes.
    Unknown,
}

impl MessageProof {
    /// Whether SPF passes for a domain that counts.
    pub const fn has_spf(&self) -> bool {
        matches!(self.spf, SpfProof::Checked { result: SpfResult::Pass, is_aligned: true, .. })
    }

    /// Whether a signature passes for a domain that counts.
    pub fn has_dkim(&self) -> bool {
        self.signatures.iter().any(|one| one.is_aligned && one.outcome == SignatureOutcome::Passes)
    }

    /// Whether something that counts could not be measured.
    fn has_gaps(&self) -> bool {
        let is_open = |one: &SignatureProof| matches!(one.outcome, SignatureOutcome::Unknown(_));
        matches!(self.spf, SpfProof::NotTold | SpfProof::Checked { result: SpfResult::TempError, .. })
            || self.signatures.iter().any(is_open)
    }
}

/// Judges a message as its receiver does, as far as the answers go.
///
/// # Errors
/// The questions whose answers are missing in the book. With them it is judged again from the start.
pub fn prove(
    message: &MessageFacts,
    book: &AnswerBook,
    at: UnixTime,
) -> Result<MessageProof, BTreeSet<DnsQuestion>> {
    let lookups = Lookups::new(book);
    let proof = prove_with(message, &lookups, at);
    let missing = lookups.into_missing();
    if missing.is_empty() { Ok(proof) } else { Err(missing) }
}

fn prove_with(message: &MessageFacts, lookups: &Lookups<'_>, at: UnixTime) -> MessageProof {
    let from = match message.from_domains.as_slice() {
        [domain] => Some(ascii(domain)),
        _ => None,
    };
    let demands = from.as_ref().map(|from| demands(lookups, &DnsName::new(from)));
    let counts = |domain: &str, proven| {
        let domain = DnsName::new(&ascii(domain));
        demands.as_ref().is_some_and(|demands| demands.is_met_by(lookups, &domain, proven))
    };
    let signatures = message.signatures.iter().map(|signature| SignatureProof {
        domain: ascii(&signature.domain),
        key: key_name(&signature.selector, &ascii(&signature.domain)),
        outcome: match verify(lookups, signature) {
            Verdict::Passes => SignatureOutcome::Passes,
            Verdict::Useless(why) => SignatureOutcome::Fails(why),
            Verdict::Broken(change) => SignatureOutcome::Fails(change.words()),
            Verdict::Unknown(why) => SignatureOutcome::Unknown(why),
        },
        is_aligned: counts(&signature.domain, Proven::ByDkim),
    });
    let written = trusted(message);
    let mut proof = MessageProof {
        handed_over_by: border(message).and_then(|border| border.hop.address),
        taken_over_by: border(message).and_then(|border| border.hop.by.clone()),
        spf: spf(message, lookups, at, &|domain| counts(domain, Proven::BySpf)),
        signatures: signatures.collect(),
        dmarc: DmarcProof::Unknown,
        policy: demands.as_ref().and_then(|demands| demands.policy),
        receiver: written.iter().map(|method| format!("{}={}", method.method, method.result)).collect(),
        from,
    };
    proof.dmarc = match &demands {
        Some(demands) if !demands.is_known => DmarcProof::Unknown,
        Some(demands) if demands.policy.is_none() => DmarcProof::NoRecord,
        Some(_) if proof.has_spf() || proof.has_dkim() => DmarcProof::Pass,
        Some(_) if proof.has_gaps() => DmarcProof::Unknown,
        // Two visible senders, or none, are refused as well (RFC 9989 section 5).
        Some(_) | None => DmarcProof::Fail,
    };
    proof
}

/// SPF as the receiver checked it: the address that handed the message over, and the domain of the envelope sender, or of the
/// greeting for a bounce (RFC 7208 section 2.4).
fn spf(
    message: &MessageFacts,
    lookups: &Lookups<'_>,
    at: UnixTime,
    counts: &dyn Fn(&str) -> bool,
) -> SpfProof {
    let Some(Border { hop, .. }) = border(message) else { return SpfProof::NotTold };
    let Some(address) = hop.address else { return SpfProof::NotTold };
    let helo = hop.helo.clone().unwrap_or_default();
    let domain = match &message.return_path {
        Some(path) if !path.domain.is_empty() => ascii(&path.domain),
        Some(_) if helo.contains('.') => ascii(&helo),
        _ => return SpfProof::NotTold,
    };
    // The local part is not kept; only macros would read it.
    let sender = format!("postmaster@{domain}");
    let query = SpfQuery { ip: address, domain: domain.clone(), sender, helo, at };
    match check_with(lookups, &query) {
        // What is missing is noted in the lookups.
        None => SpfProof::NotTold,
        Some(verdict) => SpfProof::Checked {
            result: verdict.result,
            why: verdict.explanation,
            is_aligned: counts(&domain),
            domain,
        },
    }
}
