//! Judges a test message as its receiver does, and says by which server it went.

use std::collections::BTreeSet;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Watch;
use super::proof::ProofKind;
use crate::audit::message::MessageFacts;
use crate::audit::{DmarcProof, Lookups, MessageProof, SignatureOutcome, prove};
use crate::values::{AnswerBook, DnsName, DnsQuestion, DomainName, UnixTime};

/// A message that was judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestMessage {
    /// The name of its file.
    pub name: String,
    /// Its `Message-ID`, to tell the same message again.
    pub message_id: Option<String>,
    /// When it was judged: the records of that moment count.
    pub judged_at: UnixTime,
    /// Which way it went, and what came of it.
    pub verdict: TestVerdict,
    /// Whether a key that the plan publishes has signed it.
    pub is_signed_by_provider: bool,
    /// What its receiver makes of it.
    pub proof: MessageProof,
}

/// What a test message shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum TestVerdict {
    /// Sent: SPF and DKIM pass, and both count for DMARC.
    Proven,
    /// Sent: one of them passes and counts, so DMARC passes, but the other does not.
    HalfProven {
        /// What is missing: SPF or DKIM.
        missing: ProofKind,
    },
    /// Sent: neither passes for a domain that counts.
    NotProven,
    /// Sent: something could not be measured.
    Unknown,
    /// Sent, and no other server has taken it over: it shows only that it was handed in.
    NotLeft,
    /// Sent, but by the old server: it says nothing about the new provider.
    FromOldServer {
        /// Its address.
        address: IpAddr,
    },
    /// Received: another server than the old one has taken it over.
    Arrived {
        /// Which one, as it calls itself.
        by: String,
    },
    /// Received, but by the old server.
    ReachedOldServer {
        /// Which one.
        by: DnsName,
    },
    /// Received, and no field tells by whom.
    ArrivedUnseen,
}

impl TestVerdict {
    /// Whether it shows that the new way works.
    pub const fn is_good(&self) -> bool {
        matches!(self, Self::Proven | Self::Arrived { .. })
    }

    /// Whether it shows that something is wrong, or may be.
    pub const fn is_bad(&self) -> bool {
        matches!(self, Self::NotProven | Self::ReachedOldServer { .. })
    }
}

/// Judges a message of the domain, or one that came to it, as far as the answers reach.
///
/// # Errors
/// The questions whose answers are missing in the book. With them it is judged again from the start.
pub fn judge_test(
    message: &MessageFacts,
    domain: &DomainName,
    watch: &Watch,
    book: &AnswerBook,
    at: UnixTime,
) -> Result<TestMessage, BTreeSet<DnsQuestion>> {
    let proof = prove(message, book, at);
    let lookups = Lookups::new(book);
    let old_hosts: BTreeSet<&DnsName> = watch
        .route
        .old
        .iter()
        .map(|record| &record.host)
        .filter(|host| !watch.route.new.iter().any(|record| record.host == **host))
        .collect();
    // Where an old host has no address any more, nobody can be mistaken for it.
    let old_addresses: BTreeSet<IpAddr> =
        old_hosts.iter().flat_map(|host| lookups.addresses(host).0).collect();
    let mut missing = lookups.into_missing();
    let proof = match proof {
        Ok(proof) => proof,
        Err(more) => {
            missing.extend(more);
            return Err(missing);
        }
    };
    if !missing.is_empty() {
        return Err(missing);
    }
    let is_new_key = |key: &DnsName| {
        watch.proof.iter().any(|record| record.kind == ProofKind::Dkim && record.name == *key)
    };
    let is_signed_by_provider =
        proof.signatures.iter().any(|one| one.outcome == SignatureOutcome::Passes && is_new_key(&one.key));
    let verdict = if message.is_of(domain.as_ascii()) {
        sent(&proof, &old_addresses, is_handed_in(message, &proof))
    } else {
        received(&proof, &old_hosts)
    };
    Ok(TestMessage {
        name: message.name.clone(),
        message_id: message.message_id.clone(),
        judged_at: at,
        verdict,
        is_signed_by_provider,
        proof,
    })
}

/// Whether the last public address is that of somebody who had signed in (RFC 3848: the A of `ESMTPSA`). The message has then
/// not left the provider, and SPF has nothing to say of that address.
fn is_handed_in(message: &MessageFacts, proof: &MessageProof) -> bool {
    let is_it = |address: Option<IpAddr>| address.is_some() && address == proof.handed_over_by;
    let hop = message.received.iter().find(|hop| is_it(hop.address));
    let protocol = hop.and_then(|hop| hop.protocol.as_deref()).unwrap_or_default();
    matches!(protocol, "ESMTPA" | "ESMTPSA" | "UTF8SMTPA" | "UTF8SMTPSA" | "LMTPA" | "LMTPSA")
}

fn sent(proof: &MessageProof, old_addresses: &BTreeSet<IpAddr>, is_handed_in: bool) -> TestVerdict {
    if is_handed_in {
        return TestVerdict::NotLeft;
    }
    if let Some(address) = proof.handed_over_by.filter(|address| old_addresses.contains(address)) {
        return TestVerdict::FromOldServer { address };
    }
    match (proof.has_spf(), proof.has_dkim(), proof.dmarc) {
        (_, _, DmarcProof::Unknown) => TestVerdict::Unknown,
        (true, true, _) => TestVerdict::Proven,
        (true, false, _) => TestVerdict::HalfProven { missing: ProofKind::Dkim },
        // Without a hop from outside SPF was not measured, which is no fault of the record.
        (false, true, _) if proof.handed_over_by.is_none() => TestVerdict::Unknown,
        (false, true, _) => TestVerdict::HalfProven { missing: ProofKind::Spf },
        (false, false, _) if proof.handed_over_by.is_none() && proof.signatures.is_empty() => {
            TestVerdict::Unknown
        }
        (false, false, _) => TestVerdict::NotProven,
    }
}

fn received(proof: &MessageProof, old_hosts: &BTreeSet<&DnsName>) -> TestVerdict {
    let Some(by) = &proof.taken_over_by else { return TestVerdict::ArrivedUnseen };
    let host = DnsName::new(by);
    if old_hosts.contains(&host) {
        TestVerdict::ReachedOldServer { by: host }
    } else {
        TestVerdict::Arrived { by: by.clone() }
    }
}
