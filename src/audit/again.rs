//! The questions to ask again in order to check a single finding.

use std::collections::BTreeSet;

use super::{Area, EvidenceOutcome, Facts, Finding, judge};
use crate::values::{AnswerBook, DnsQuestion};

/// What stands behind a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behind {
    /// Questions to the DNS.
    pub questions: BTreeSet<DnsQuestion>,
    /// Whether mail hosts or the policy file of MTA-STS were looked at.
    pub looks_at_hosts: bool,
    /// Whether a registry was asked.
    pub asks_registries: bool,
}

impl Behind {
    /// Whether there is nothing to ask: it follows from the owner's files or answers.
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty() && !self.looks_at_hosts && !self.asks_registries
    }
}

/// What stands behind the finding with this id; `None` if these facts give no such finding.
pub fn behind(facts: &Facts, id: &str) -> Option<Behind> {
    let report = judge(facts);
    let finding = report.findings.iter().find(|finding| finding.id == id)?;
    let looks_elsewhere =
        finding.evidence.iter().any(|evidence| matches!(evidence.outcome, EvidenceOutcome::Said { .. }));
    let is_of_registries = ["registration.", "network."].iter().any(|area| id.starts_with(area));
    let is_of_files = matches!(finding.area, Area::Delivery | Area::Messages);
    Some(Behind {
        questions: questions(finding, &facts.answers),
        // A host that nobody looked at so far leaves no evidence, so the area counts as well.
        looks_at_hosts: !is_of_registries
            && !is_of_files
            && (looks_elsewhere || finding.area == Area::Transport),
        asks_registries: is_of_registries,
    })
}

/// The answers that a finding cites.
fn questions(finding: &Finding, answers: &AnswerBook) -> BTreeSet<DnsQuestion> {
    let cited: BTreeSet<(&str, &str)> =
        finding.evidence.iter().map(|evidence| (evidence.query.as_str(), evidence.server.as_str())).collect();
    let is_cited = |question: &str, server: &str| cited.contains(&(question, server));
    answers
        .iter()
        .filter(|answer| is_cited(&answer.question.to_string(), &answer.server))
        .map(|answer| answer.question.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::missing_questions;
    use crate::values::{DnsAnswer, DnsName, DomainName, Outcome, RecordType, UnixTime};

    #[test]
    fn the_txt_record_of_the_domain_is_cited_for_spf() {
        let domain = DomainName::parse("weber.example").unwrap();
        let mut facts = Facts::new(domain, UnixTime(1_700_000_000), "case".to_owned());
        for _ in 0..20 {
            for question in missing_questions(&facts) {
                facts.answers.insert(DnsAnswer::empty(question, Outcome::NoData));
            }
        }
        let spf = behind(&facts, "spf.missing").unwrap();
        let text = DnsQuestion::new(DnsName::new("weber.example"), RecordType::Txt);
        assert!(spf.questions.contains(&text), "{spf:?}");
        assert!(spf.questions.len() < facts.answers.len() && !spf.looks_at_hosts && !spf.asks_registries);
        assert_eq!(behind(&facts, "spf.nothing-like-it"), None);
    }
}
