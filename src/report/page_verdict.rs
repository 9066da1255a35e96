//! What the page says of receivers and of staying or moving.

use crate::audit::AuditReport;
use crate::audit::evidence::{Receiver, Trust};
use crate::audit::verdict::{Confidence, Point, Verdict, outcome_name};
use crate::values::with_thousands;

/// Receivers on the page; a log can name any number.
const MOST_RECEIVERS: usize = 50;

pub(super) struct VerdictPage {
    pub title: &'static str,
    pub clean_first: bool,
    pub sentence: String,
    pub why: String,
    /// What the owner decided instead, and why.
    pub overruled: Option<OverruledPage>,
    pub confidence: &'static str,
    pub confidence_words: String,
    pub decided_by: Vec<DecidingRow>,
    pub receivers: Vec<ReceiverRow>,
    pub lists: Vec<(&'static str, Vec<String>)>,
    pub rule: String,
    pub relay: Vec<(&'static str, String)>,
}

pub(super) struct OverruledPage {
    pub outcome: &'static str,
    pub because: String,
}

pub(super) struct DecidingRow {
    pub title: String,
    /// The record or reply itself.
    pub raw: String,
    pub weight: String,
}

pub(super) struct ReceiverRow {
    pub name: String,
    pub what: String,
    pub share: String,
    pub attempts: String,
    pub delivered: String,
    pub class: &'static str,
    pub word: &'static str,
    pub reply: String,
}

pub(super) fn verdict_page(audit: &AuditReport) -> Option<VerdictPage> {
    let verdict = audit.verdict.as_ref()?;
    let relay = verdict.relay.as_ref().map(|relay| {
        vec![
            ("Postfix", relay.postfix.clone()),
            ("Exim", relay.exim.clone()),
            ("Sendmail", relay.sendmail.clone()),
        ]
    });
    Some(VerdictPage {
        title: outcome_name(verdict.outcome),
        clean_first: verdict.clean_first,
        sentence: verdict.sentence.clone(),
        why: verdict.why.clone(),
        overruled: verdict.overruled.as_ref().map(|owner| OverruledPage {
            outcome: outcome_name(owner.outcome),
            because: owner.because.clone(),
        }),
        confidence: match verdict.confidence {
            Confidence::Low => "Low confidence",
            Confidence::Medium => "Medium confidence",
            Confidence::High => "High confidence",
        },
        confidence_words: verdict.confidence_words.clone(),
        decided_by: verdict
            .decided_by
            .iter()
            .map(|deciding| DecidingRow {
                title: deciding.title.clone(),
                raw: deciding.raw.clone(),
                weight: deciding.weight.clone(),
            })
            .collect(),
        receivers: audit.receivers.iter().take(MOST_RECEIVERS).map(receiver_row).collect(),
        lists: lists(verdict),
        rule: verdict.rule.clone(),
        relay: relay.unwrap_or_default(),
    })
}

fn lists(verdict: &Verdict) -> Vec<(&'static str, Vec<String>)> {
    let points = |points: &[Point]| points.iter().map(|point| point.words.clone()).collect::<Vec<_>>();
    let changes = verdict.would_change.iter();
    let changes = changes.map(|change| format!("{}: {}", change.condition, outcome_name(change.outcome)));
    let coverage = &verdict.coverage;
    let mut seen = vec![format!(
        "{} of the {} largest receivers are known; {} messages on {} days",
        coverage.known.len(),
        coverage.known.len() + coverage.unknown.len(),
        with_thousands(coverage.attempts),
        coverage.days
    )];
    seen.extend(coverage.unmeasured_words());
    let lists = vec![
        ("Moves with you", points(&verdict.moves_with_you)),
        ("Stays behind", points(&verdict.stays_behind)),
        ("What speaks against it", verdict.speaks_against.clone()),
        ("What would change it", changes.collect()),
        ("How much was seen", seen),
        ("What to do", verdict.steps.clone()),
    ];
    lists.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

fn receiver_row(receiver: &Receiver) -> ReceiverRow {
    let (class, word) = match receiver.trust {
        Trust::Trusts => ("pass", "Trusts you"),
        Trust::Slow => ("warn", "Slow"),
        Trust::WantsFix => ("warn", "Wants a fix"),
        Trust::DistrustsAddress => ("fail", "Distrusts the address"),
        Trust::DistrustsRange => ("fail", "Distrusts the range"),
        Trust::DistrustsDomain => ("fail", "Distrusts the domain"),
        Trust::Unclear => ("unknown", "Refuses, reason unclear"),
        Trust::TooFew => ("unknown", "Too few to say"),
    };
    ReceiverRow {
        name: receiver.name.clone(),
        what: receiver.what.clone(),
        share: format!("{}%", receiver.share_permille / 10),
        attempts: with_thousands(receiver.attempts),
        delivered: receiver.delivered.map_or_else(|| "?".to_owned(), with_thousands),
        class,
        word,
        reply: receiver.reply.clone(),
    }
}
