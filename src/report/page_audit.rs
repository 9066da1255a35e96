//! The report's section on the audit.

use super::format::utc;
use super::page_range::{RangePage, range_page};
use crate::audit::{
    AuditReport, Changer, Effort, Evidence, Finding, Group, Importance, Picture, SpfTreeNode, Status,
};

/// Most lines of one answer shown; a hostile zone can have any number.
const EVIDENCE_LINES_MAX: usize = 50;

pub(super) struct AuditPage {
    pub summary: String,
    pub at: String,
    pub resolver: String,
    pub counts: Vec<Count>,
    pub groups: Vec<GroupPage>,
    pub ranges: Vec<RangePage>,
}

pub(super) struct Count {
    pub class: &'static str,
    pub word: &'static str,
    pub number: usize,
}

pub(super) struct GroupPage {
    pub heading: &'static str,
    pub findings: Vec<FindingPage>,
}

pub(super) struct FindingPage {
    pub id: String,
    pub class: &'static str,
    pub word: &'static str,
    pub title: String,
    pub words: String,
    pub remedy: Option<String>,
    pub copy: Option<(String, String)>,
    pub facts: String,
    /// Name and URL; the URL is empty if it is not a web address.
    pub reference: Option<(String, String)>,
    pub evidence: Vec<EvidencePage>,
    pub spf: Vec<SpfRow>,
}

pub(super) struct EvidencePage {
    pub query: String,
    pub facts: String,
    pub data: Vec<String>,
    pub more: usize,
}

pub(super) struct SpfRow {
    pub indent: usize,
    pub term: String,
    pub lookups: String,
    pub note: String,
    pub is_read: bool,
}

pub(super) fn audit_page(audit: &AuditReport) -> AuditPage {
    let statuses =
        [Status::Fail, Status::Warn, Status::Unknown, Status::Info, Status::Pass, Status::NotApplicable];
    let counts = statuses.iter().map(|status| {
        let (class, word) = status_words(*status);
        Count { class, word, number: audit.count(*status) }
    });
    let groups = [
        (Group::SpeaksForMoving, "Speaks for moving"),
        (Group::TravelsWithYou, "Travels with you"),
        (Group::MattersForTheSwitch, "Matters for the switch"),
        (Group::CouldNotBeMeasured, "Could not be measured"),
        (Group::GoodToKnow, "Good to know"),
        (Group::Passed, "In order"),
        (Group::NotApplicable, "Does not apply"),
    ];
    let groups = groups.into_iter().map(|(group, heading)| GroupPage {
        heading,
        findings: audit.findings.iter().filter(|finding| finding.group == group).map(finding_page).collect(),
    });
    AuditPage {
        summary: audit.summary.clone(),
        at: utc(audit.at),
        resolver: audit.resolver.clone(),
        counts: counts.filter(|count| count.number > 0).collect(),
        groups: groups.filter(|group| !group.findings.is_empty()).collect(),
        ranges: audit.ranges.iter().map(range_page).collect(),
    }
}

fn finding_page(finding: &Finding) -> FindingPage {
    let (class, word) = status_words(finding.status);
    let reference = finding.reference.as_ref().map(|reference| {
        let is_web = reference.url.starts_with("https://") || reference.url.starts_with("http://");
        (reference.name.clone(), if is_web { reference.url.clone() } else { String::new() })
    });
    let spf = match &finding.picture {
        Some(Picture::SpfTree(nodes)) => nodes.iter().map(spf_row).collect(),
        None => Vec::new(),
    };
    FindingPage {
        id: finding.id.clone(),
        class,
        word,
        title: finding.title.clone(),
        words: finding.words.clone(),
        remedy: finding.remedy.clone(),
        copy: finding.copy.as_ref().map(|copy| (copy.name.clone(), copy.value.clone())),
        facts: finding_facts(finding),
        reference,
        evidence: finding.evidence.iter().map(evidence_page).collect(),
        spf,
    }
}

fn finding_facts(finding: &Finding) -> String {
    let importance = match finding.importance {
        Importance::VeryImportant => "Very important",
        Importance::Important => "Important",
        Importance::Minor => "Minor",
    };
    let effort = finding.effort.map(|effort| match effort {
        Effort::Low => "little effort",
        Effort::Medium => "some effort",
        Effort::High => "much effort",
    });
    let changer = match finding.changer {
        Changer::YouInTheZone => Some("you can change it in the zone"),
        Changer::YouOnTheServer => Some("you can change it on the server"),
        Changer::YourHoster => Some("your hoster can change it"),
        Changer::TheListOperator => Some("the operator of the list can change it"),
        Changer::Nobody => None,
    };
    [Some(importance), effort, changer].into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

fn evidence_page(evidence: &Evidence) -> EvidencePage {
    let outcome = evidence.outcome.words();
    EvidencePage {
        query: evidence.query.clone(),
        facts: format!(
            "{outcome} · {} · {} ms · {}",
            evidence.server,
            evidence.duration_millis,
            utc(evidence.at)
        ),
        data: evidence.data.iter().take(EVIDENCE_LINES_MAX).cloned().collect(),
        more: evidence.data.len().saturating_sub(EVIDENCE_LINES_MAX),
    }
}

fn spf_row(node: &SpfTreeNode) -> SpfRow {
    let mut words = node.note.clone();
    if node.is_void {
        words = if words.is_empty() { "found nothing".to_owned() } else { format!("{words}; found nothing") };
    }
    SpfRow {
        // The lookup limit bounds the nesting; this bounds the page.
        indent: node.depth.min(12),
        term: node.term.clone(),
        lookups: if node.is_read { format!("{} of 10", node.running_total) } else { "not read".to_owned() },
        note: words,
        is_read: node.is_read,
    }
}

pub(super) const fn status_words(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::Pass => ("pass", "Pass"),
        Status::Info => ("info", "Info"),
        Status::Warn => ("warn", "Warning"),
        Status::Fail => ("fail", "Fail"),
        Status::Unknown => ("unknown", "Unknown"),
        Status::NotApplicable => ("na", "Not applicable"),
    }
}
