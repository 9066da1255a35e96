//! The verdict: stay or move, by a table of rules over what was measured. No score.
//!
//! Three ledgers go in: what receivers did and said, what causes it and who can change that, and what the owner says of
//! the operation. The same facts always give the same verdict. Lists alone decide nothing, and what is a matter of
//! configuration is never a reason to move.

mod advice;
mod owner;
mod receivers;
mod relay;
mod rules;
mod words;

pub use owner::{Overrule, OwnerAnswerError, OwnerAnswers};
pub use relay::RelayPlan;
pub use words::outcome_name;

use serde::{Deserialize, Serialize};

use super::evidence::{EvidenceFacts, Receiver};
use super::{Facts, Finding};
use rules::Situation;

/// What should become of the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Too little is known.
    CannotTell,
    /// Nothing is urgent.
    Stay,
    /// What is wrong goes with the domain, or can be set right where it is.
    StayAndFix,
    /// Another address of the same provider cures it.
    NewAddress,
    /// A few receivers get their mail through a relay.
    RelayPart,
    /// All outgoing mail goes through somebody else; mailboxes may stay.
    MoveSending,
    /// Mailboxes and sending go to a provider.
    MoveEverything,
}

impl Outcome {
    /// All of them, from staying to moving.
    pub const ALL: [Self; 7] = [
        Self::CannotTell,
        Self::Stay,
        Self::StayAndFix,
        Self::NewAddress,
        Self::RelayPart,
        Self::MoveSending,
        Self::MoveEverything,
    ];

    /// Whether mail is to be sent from somewhere else.
    pub const fn is_move(self) -> bool {
        matches!(self, Self::MoveSending | Self::MoveEverything)
    }
}

/// How sure the verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One voice, or a few days.
    Low,
    /// Two receivers, and some days.
    Medium,
    /// Three receivers and more, over two weeks.
    High,
}

/// A finding that decided, with the line that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deciding {
    /// `Outlook.com, Hotmail, Live refuse the range: 159 of 168 in 30 days`.
    pub title: String,
    /// The raw line: a reply, a record; empty if the title says it all.
    pub raw: String,
    /// What hangs on it: `31% of your recipients`; may be empty.
    pub weight: String,
}

/// Something that moves along or stays behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// What.
    pub words: String,
    /// Whether it is a burden.
    pub is_trouble: bool,
}

/// What would lead to another verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// If this were so …
    pub condition: String,
    /// … it would be this.
    pub outcome: Outcome,
}

/// How much was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Of the receivers with the most recipients, at most five: those whose opinion is known.
    pub known: Vec<String>,
    /// And those whose is not.
    pub unknown: Vec<String>,
    /// Days with mail in the last 30.
    pub days: usize,
    /// Messages that were seen in them.
    pub attempts: u64,
    /// Checks of the audit that could not be measured.
    pub unmeasured: usize,
}

/// The verdict with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// What the rules say.
    pub outcome: Outcome,
    /// Whether a leak has to be stopped before anything is moved.
    pub clean_first: bool,
    /// What the owner decided instead.
    pub overruled: Option<Overrule>,
    /// What the owner has said of the operation.
    #[serde(default)]
    pub answers: OwnerAnswers,
    /// One sentence.
    pub sentence: String,
    /// Two more.
    pub why: String,
    /// How sure it is.
    pub confidence: Confidence,
    /// The same in words: `2 receivers agree, over 30 days`.
    pub confidence_words: String,
    /// At most three.
    pub decided_by: Vec<Deciding>,
    /// What a move would not change.
    pub moves_with_you: Vec<Point>,
    /// What a move would leave behind.
    pub stays_behind: Vec<Point>,
    /// What speaks against the verdict.
    pub speaks_against: Vec<String>,
    /// What would change it.
    pub would_change: Vec<Change>,
    /// How much was seen.
    pub coverage: Coverage,
    /// The rule that fired, in words.
    pub rule: String,
    /// What to do next, in order.
    pub steps: Vec<String>,
    /// The transport map, where a part is relayed.
    pub relay: Option<RelayPlan>,
}

/// Judges whether to stay or to move. `findings` are those of the same facts.
pub(super) fn verdict(facts: &Facts, findings: &[Finding], receivers: &[Receiver]) -> Verdict {
    let nothing = EvidenceFacts::default();
    let evidence = facts.evidence.as_ref().unwrap_or(&nothing);
    let situation = Situation {
        receivers: receivers.to_vec(),
        has_log: evidence.has_log(),
        is_compromised: evidence.busiest_account.is_some(),
        findings,
        owner: &facts.owner,
        way_out: evidence.way_out(),
    };
    let decision = rules::decide(&situation);
    let coverage = receivers::coverage(&situation, evidence, facts.at);
    let confidence = receivers::confidence(&situation, &coverage);
    Verdict {
        outcome: decision.outcome,
        clean_first: decision.clean_first,
        overruled: facts.overrule.clone(),
        answers: facts.owner.clone(),
        sentence: words::sentence(&decision),
        why: words::why(&situation, &decision),
        confidence,
        confidence_words: words::confidence(&situation, &decision, &coverage),
        decided_by: advice::decided_by(&situation, &decision),
        moves_with_you: advice::moves_with_you(&situation),
        stays_behind: advice::stays_behind(&situation),
        speaks_against: advice::speaks_against(&situation, &decision),
        would_change: advice::would_change(&situation, &decision),
        rule: words::rule(decision.rule),
        steps: advice::steps(&situation, &decision),
        relay: (decision.outcome == Outcome::RelayPart).then(|| relay::plan(&situation, &decision)),
        coverage,
    }
}

#[cfg(test)]
#[path = "property_tests.rs"]
mod tests;
