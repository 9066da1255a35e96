//! Compares two audits of one domain: did the changes help?
//!
//! A problem that the later audit could not measure is never called fixed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::evidence::{Receiver, Trust};
use super::reputation::LIST_HISTORY;
use super::verdict::{Outcome, outcome_name};
use super::{Area, AuditReport, Finding, Status};
use crate::values::UnixTime;

/// What an earlier audit found, as far as a later one needs it. Kept in the facts of the later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierAudit {
    /// When it began.
    pub at: UnixTime,
    /// Its findings by id.
    pub findings: BTreeMap<String, EarlierFinding>,
    /// What receivers did, by receiver.
    #[serde(default)]
    pub receivers: BTreeMap<String, EarlierReceiver>,
    /// What the verdict was.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Findings of lists that were bad in this audit or in one before it.
    #[serde(default)]
    pub ever_listed: BTreeSet<String>,
    /// Usable DKIM keys, and when each was seen first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub dkim_keys: BTreeMap<String, UnixTime>,
}

/// A finding of an earlier audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierFinding {
    /// The part of the mail set-up it belongs to.
    pub area: Area,
    /// The result.
    pub status: Status,
    /// Its heading.
    pub title: String,
}

/// What a receiver did at an earlier audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EarlierReceiver {
    /// Its name for people.
    pub name: String,
    /// What it thought of the sender.
    pub trust: Trust,
}

impl EarlierAudit {
    /// What has to be remembered of a report. `before` is what that audit remembered itself.
    pub fn of(report: &AuditReport, before: Option<&Self>) -> Self {
        let earlier = |finding: &Finding| {
            let Finding { id, area, status, title, .. } = finding;
            (id.clone(), EarlierFinding { area: *area, status: *status, title: title.clone() })
        };
        let receiver = |receiver: &Receiver| {
            let Receiver { id, name, trust, .. } = receiver;
            (id.clone(), EarlierReceiver { name: name.clone(), trust: *trust })
        };
        let listed = report
            .findings
            .iter()
            .filter(|finding| is_list(&finding.id) && is_trouble(finding.status))
            .map(|finding| finding.id.clone());
        let before = before.map(|before| before.ever_listed.clone()).unwrap_or_default();
        Self {
            at: report.at,
            findings: report.findings.iter().map(earlier).collect(),
            receivers: report.receivers.iter().map(receiver).collect(),
            outcome: report.verdict.as_ref().map(|verdict| verdict.outcome),
            ever_listed: before.into_iter().chain(listed).collect(),
            dkim_keys: report.dkim_keys.clone(),
        }
    }

    /// Areas in which a finding was unknown.
    fn unknown_areas(&self) -> BTreeSet<Area> {
        let findings = self.findings.values();
        findings.filter(|finding| finding.status == Status::Unknown).map(|finding| finding.area).collect()
    }
}

/// Whether a finding tells what a block list says.
pub(super) fn is_list(id: &str) -> bool {
    id.starts_with("blocklist.") && !["blocklist.catalogue", LIST_HISTORY].contains(&id)
}

const fn is_trouble(status: Status) -> bool {
    matches!(status, Status::Warn | Status::Fail)
}

/// How a finding has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// In order then, trouble now.
    Worse,
    /// Could not be measured then, and is trouble now: nobody knows since when.
    FoundOut,
    /// Less bad than it was.
    Better,
    /// Trouble then, in order now.
    Mended,
    /// Trouble then, and could not be measured now: it may be there still.
    NotMeasured,
}

impl ChangeKind {
    /// In a word or two.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Worse => "worse",
            Self::FoundOut => "found out",
            Self::Better => "better",
            Self::Mended => "mended",
            Self::NotMeasured => "not measured now",
        }
    }
}

/// A finding that is not what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The finding's id.
    pub id: String,
    /// How it changed.
    pub kind: ChangeKind,
    /// The heading: of the later audit, or of the earlier one where the finding is gone.
    pub title: String,
    /// What it was; `None` if it was not there.
    pub before: Option<Status>,
    /// What it is; `None` if it is no longer there.
    pub after: Option<Status>,
}

/// A receiver that thinks otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiverChange {
    /// Its name for people.
    pub name: String,
    /// What it thought.
    pub before: Trust,
    /// What it thinks.
    pub after: Trust,
}

/// What has changed between two audits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// When the earlier audit began.
    pub earlier_at: UnixTime,
    /// When the later one began.
    pub later_at: UnixTime,
    /// Findings that are not what they were, the worst news first.
    pub changes: Vec<Change>,
    /// How many troubles are as they were.
    pub unchanged_troubles: usize,
    /// Receivers that think otherwise.
    pub receivers: Vec<ReceiverChange>,
    /// The verdict then and now, where it is another.
    pub verdict: Option<(Outcome, Outcome)>,
}

impl Comparison {
    /// How many findings changed this way.
    pub fn count(&self, kind: ChangeKind) -> usize {
        self.changes.iter().filter(|change| change.kind == kind).count()
    }

    /// Whether anything is worse than it was.
    pub fn has_worse(&self) -> bool {
        self.count(ChangeKind::Worse) > 0
    }

    /// Whether it helped, in one sentence.
    pub fn words(&self) -> String {
        let counts: Vec<String> = [
            (ChangeKind::Mended, "mended"),
            (ChangeKind::Better, "better"),
            (ChangeKind::Worse, "worse"),
            (ChangeKind::FoundOut, "found out only now"),
            (ChangeKind::NotMeasured, "not measured this time"),
        ]
        .into_iter()
        .map(|(kind, words)| (self.count(kind), words))
        .filter(|(count, _)| *count > 0)
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
        let same = match self.unchanged_troubles {
            0 => "no other trouble".to_owned(),
            1 => "1 trouble is as it was".to_owned(),
            many => format!("{many} troubles are as they were"),
        };
        if counts.is_empty() {
            return format!("Nothing has changed; {same}.");
        }
        format!("{}; {same}.", counts.join(", "))
    }

    /// The verdict then and now, where it is another.
    pub fn verdict_words(&self) -> Option<String> {
        let (before, after) = self.verdict?;
        Some(format!("The verdict was “{}” and is “{}”.", outcome_name(before), outcome_name(after)))
    }
}

/// Compares an audit with an earlier one.
pub fn compare(earlier: &EarlierAudit, later: &AuditReport) -> Comparison {
    let unknown_now: BTreeSet<Area> = later
        .findings
        .iter()
        .filter(|finding| finding.status == Status::Unknown)
        .map(|finding| finding.area)
        .collect();
    let unknown_before = earlier.unknown_areas();
    let now: BTreeMap<&str, &Finding> =
        later.findings.iter().map(|finding| (finding.id.as_str(), finding)).collect();
    let mut changes = Vec::new();
    let mut unchanged_troubles = 0;
    for finding in later.findings.iter().filter(|finding| finding.id != LIST_HISTORY) {
        let before = earlier.findings.get(&finding.id);
        let could_see = !unknown_before.contains(&finding.area);
        match kind(before.map(|before| before.status), Some(finding.status), could_see) {
            Some(kind) => changes.push(Change {
                id: finding.id.clone(),
                kind,
                title: finding.title.clone(),
                before: before.map(|before| before.status),
                after: Some(finding.status),
            }),
            None if is_trouble(finding.status) => unchanged_troubles += 1,
            None => {}
        }
    }
    for (id, before) in
        earlier.findings.iter().filter(|(id, _)| *id != LIST_HISTORY && !now.contains_key(id.as_str()))
    {
        let can_see = !unknown_now.contains(&before.area);
        if let Some(kind) = kind(Some(before.status), None, can_see) {
            changes.push(Change {
                id: id.clone(),
                kind,
                title: before.title.clone(),
                before: Some(before.status),
                after: None,
            });
        }
    }
    changes.sort_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
    let receivers = later.receivers.iter().filter_map(|receiver| {
        let before = earlier.receivers.get(&receiver.id)?.trust;
        (before != receiver.trust).then(|| ReceiverChange {
            name: receiver.name.clone(),
            before,
            after: receiver.trust,
        })
    });
    let outcome = later.verdict.as_ref().map(|verdict| verdict.outcome);
    Comparison {
        earlier_at: earlier.at,
        later_at: later.at,
        changes,
        unchanged_troubles,
        receivers: receivers.collect(),
        verdict: earlier.outcome.zip(outcome).filter(|(before, after)| before != after),
    }
}

impl AuditReport {
    /// What became of one finding that was checked again, in one sentence.
    pub fn change_of(&self, id: &str, before: &Self) -> String {
        let status = |report: &Self| {
            let finding = report.findings.iter().find(|finding| finding.id == id)?;
            Some((finding.status, finding.title.clone()))
        };
        match (status(before), status(self)) {
            (Some((before, _)), Some((after, title))) if before == after => {
                format!("{title}: {} as before", after.words())
            }
            (Some((before, _)), Some((after, title))) => {
                format!("{title}: {} now, was {}", after.words(), before.words())
            }
            (None, Some((after, title))) => format!("{title}: {}", after.words()),
            (Some((_, title)), None) => format!("No longer found: {title}"),
            (None, None) => format!("Nothing is said about {id}"),
        }
    }
}

/// How a finding changed; `None` if it did not in a way that matters.
///
/// `is_measured` says whether the other audit, where it lacks the finding, measured everything of that area. If it did
/// not, the finding may be missing there because nobody could look.
fn kind(before: Option<Status>, after: Option<Status>, is_measured: bool) -> Option<ChangeKind> {
    let is_bad = |status: Option<Status>| status.is_some_and(is_trouble);
    match (before, after) {
        (Some(Status::Fail), Some(Status::Warn)) => Some(ChangeKind::Better),
        (Some(Status::Warn), Some(Status::Fail)) => Some(ChangeKind::Worse),
        (before, after) if is_bad(before) && is_bad(after) => None,
        (before, Some(Status::Unknown)) if is_bad(before) => Some(ChangeKind::NotMeasured),
        (before, None) if is_bad(before) && !is_measured => Some(ChangeKind::NotMeasured),
        (before, _) if is_bad(before) => Some(ChangeKind::Mended),
        (Some(Status::Unknown), after) if is_bad(after) => Some(ChangeKind::FoundOut),
        (None, after) if is_bad(after) && !is_measured => Some(ChangeKind::FoundOut),
        (_, after) if is_bad(after) => Some(ChangeKind::Worse),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_measured_is_neither_mended_nor_new() {
        use ChangeKind::{Better, FoundOut, Mended, NotMeasured, Worse};
        use Status::{Fail, Info, NotApplicable, Pass, Unknown, Warn};
        for (before, after, is_measured, expected) in [
            (Some(Fail), Some(Pass), true, Some(Mended)),
            (Some(Fail), Some(Info), true, Some(Mended)),
            (Some(Fail), Some(NotApplicable), true, Some(Mended)),
            (Some(Warn), Some(Pass), false, Some(Mended)),
            (Some(Fail), Some(Warn), true, Some(Better)),
            (Some(Warn), Some(Fail), true, Some(Worse)),
            (Some(Pass), Some(Fail), true, Some(Worse)),
            (None, Some(Warn), true, Some(Worse)),
            (None, Some(Warn), false, Some(FoundOut)),
            (Some(Unknown), Some(Fail), true, Some(FoundOut)),
            (Some(Fail), Some(Unknown), true, Some(NotMeasured)),
            (Some(Fail), None, false, Some(NotMeasured)),
            (Some(Fail), None, true, Some(Mended)),
            (Some(Fail), Some(Fail), true, None),
            (Some(Pass), None, false, None),
            (Some(Unknown), Some(Pass), true, None),
            (Some(Pass), Some(Unknown), true, None),
        ] {
            assert_eq!(kind(before, after, is_measured), expected, "{before:?} {after:?} {is_measured}");
        }
    }
}
