//! Says what a test message shows, for people.

use super::proof::ProofKind;
use super::test_message::{TestMessage, TestVerdict};
use crate::audit::spf::SpfResult;
use crate::audit::{DmarcProof, MessageProof, SignatureOutcome, SignatureProof, SpfProof};

/// A test message for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestWords {
    /// What came of it, as a short sentence without its end.
    pub title: &'static str,
    /// What it means, and what to do where something is wrong.
    pub advice: String,
    /// What was checked, in reading order.
    pub rows: Vec<TestRow>,
}

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestRow {
    /// `SPF`.
    pub what: &'static str,
    /// What came of it.
    pub outcome: String,
}

/// The words of a test message.
pub fn test_words(test: &TestMessage) -> TestWords {
    let (title, advice) = verdict_words(test);
    let row = |what, outcome| TestRow { what, outcome };
    let mut rows = vec![row("SPF", spf_words(&test.proof))];
    if test.proof.signatures.is_empty() {
        rows.push(row("DKIM", "not signed".to_owned()));
    }
    rows.extend(test.proof.signatures.iter().map(|one| row("DKIM", signature_words(one))));
    rows.push(row("DMARC", dmarc_words(&test.proof)));
    if !test.proof.receiver.is_empty() {
        rows.push(row("Its receiver wrote", test.proof.receiver.join(", ")));
    }
    TestWords { title, advice, rows }
}

fn verdict_words(test: &TestMessage) -> (&'static str, String) {
    match &test.verdict {
        TestVerdict::Proven if test.is_signed_by_provider => (
            "SPF, DKIM and DMARC pass at the new provider",
            "A key of the plan has signed it: receivers believe what the new provider sends for you.".to_owned(),
        ),
        TestVerdict::Proven => (
            "SPF, DKIM and DMARC pass",
            "No key of the plan has signed it, so it may have been sent by another service of yours.".to_owned(),
        ),
        TestVerdict::HalfProven { missing: ProofKind::Spf } => (
            "DKIM passes, SPF does not",
            "Receivers believe it, but only as long as the signature stays whole. Publish the SPF record of stage 1, “Now”; if it is published, ask the provider with which address it sends."
                .to_owned(),
        ),
        TestVerdict::HalfProven { .. } => (
            "SPF passes, DKIM does not",
            "Receivers believe it until somebody forwards it. Switch signing (DKIM) on at the provider, and check that its keys are seen everywhere."
                .to_owned(),
        ),
        TestVerdict::NotProven => (
            "Neither SPF nor DKIM proves that it is yours",
            "Receivers may refuse such mail. Publish the SPF and DKIM records of the plan, switch signing on at the provider, and send another message."
                .to_owned(),
        ),
        TestVerdict::Unknown => (
            "Not everything could be measured",
            "Give a message as it arrived at a mailbox elsewhere, with its whole header, and check the resolver."
                .to_owned(),
        ),
        TestVerdict::NotLeft => (
            "It has not left the server that it was handed to",
            "What you send is proven by a message at a mailbox elsewhere, as it arrived there. A message from one of your own mailboxes to another does not show it."
                .to_owned(),
        ),
        TestVerdict::FromOldServer { address } => (
            "Your old server has sent it",
            format!("It came from {address}. Send it from the new mailbox: the mail program still uses the old server."),
        ),
        TestVerdict::Arrived { by } => (
            "It came in without your old server",
            format!("{by} has taken it over."),
        ),
        TestVerdict::ReachedOldServer { by } => (
            "It still came in through your old server",
            format!("{by} has taken it over. Until the old answers have run out, that is to be expected; a sweep brings it over."),
        ),
        TestVerdict::ArrivedUnseen => (
            "Which server took it over is not told",
            "No Received field names a public address. Send a message from a mailbox elsewhere.".to_owned(),
        ),
    }
}

fn counts(is_aligned: bool) -> &'static str {
    if is_aligned {
        "counts for DMARC"
    } else {
        "does not count for DMARC, as the visible sender is of another domain"
    }
}

fn spf_words(proof: &MessageProof) -> String {
    match (&proof.spf, proof.handed_over_by) {
        (SpfProof::NotTold, _) => {
            "not measured: the message does not tell which address handed it over".to_owned()
        }
        (SpfProof::Checked { domain, result: SpfResult::Pass, is_aligned, .. }, Some(address)) => {
            format!("pass for {domain} from {address}; {}", counts(*is_aligned))
        }
        (SpfProof::Checked { domain, result, why, .. }, _) => format!("{result} for {domain}: {why}"),
    }
}

fn signature_words(one: &SignatureProof) -> String {
    match &one.outcome {
        SignatureOutcome::Passes => format!("verifies with {}; {}", one.key, counts(one.is_aligned)),
        SignatureOutcome::Fails(why) => format!("of {} does not verify: {why}", one.domain),
        SignatureOutcome::Unknown(why) => format!("of {} could not be measured: {why}", one.domain),
    }
}

fn dmarc_words(proof: &MessageProof) -> String {
    let policy = proof.policy.map_or_else(String::new, |policy| format!(" (p={})", policy.word()));
    match proof.dmarc {
        DmarcProof::Pass => format!("pass{policy}"),
        DmarcProof::Fail if proof.from.is_none() => {
            "fail: there is not exactly one visible sender".to_owned()
        }
        DmarcProof::Fail => format!("fail{policy}: neither SPF nor DKIM passes for a domain that counts"),
        DmarcProof::NoRecord => "no record, so nobody asks".to_owned(),
        DmarcProof::Unknown => "not measured".to_owned(),
    }
}
