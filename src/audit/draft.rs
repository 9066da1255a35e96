//! Builds findings. A draft keeps status and group consistent, and collects evidence from the lookups.

use super::{
    Area, Changer, CopyValue, Effort, Evidence, Finding, Group, Importance, Lookups, Picture, Reference,
    Status,
};
use crate::values::{DnsAnswer, Outcome};

/// A finding under construction. Keeps status and group in step.
#[derive(Debug)]
pub(super) struct Draft(Finding);

impl Draft {
    pub(super) fn new(
        id: &str,
        area: Area,
        status: Status,
        importance: Importance,
        title: impl Into<String>,
    ) -> Self {
        Self(Finding {
            id: id.to_owned(),
            area,
            status,
            group: Group::TravelsWithYou,
            importance,
            effort: None,
            changer: Changer::Nobody,
            title: title.into(),
            words: String::new(),
            remedy: None,
            copy: None,
            reference: None,
            evidence: Vec::new(),
            picture: None,
        })
    }

    /// A question that DNS did not answer: neither good nor bad, with the reason and a next step.
    pub(super) fn unknown(
        id: &str,
        area: Area,
        importance: Importance,
        title: &str,
        answer: &DnsAnswer,
    ) -> Self {
        Self::new(id, area, Status::Unknown, importance, title).words(why_unknown(&answer.outcome)).remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again in a while, or with another resolver.",
        )
    }

    pub(super) fn words(mut self, words: impl Into<String>) -> Self {
        self.0.words = words.into();
        self
    }

    /// Another sentence behind the words.
    pub(super) fn more_words(mut self, words: &str) -> Self {
        let joined = format!("{} {words}", self.0.words);
        joined.trim_start().clone_into(&mut self.0.words);
        self
    }

    pub(super) fn remedy(mut self, effort: Effort, changer: Changer, text: impl Into<String>) -> Self {
        self.0.effort = Some(effort);
        self.0.changer = changer;
        self.0.remedy = Some(text.into());
        self
    }

    pub(super) fn copy(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.copy = Some(CopyValue { name: name.to_owned(), value: value.into() });
        self
    }

    pub(super) fn rfc(mut self, number: u32, section: &str) -> Self {
        self.0.reference = Some(Reference {
            name: format!("RFC {number}, section {section}"),
            url: format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"),
        });
        self
    }

    pub(super) fn reference(mut self, name: &str, url: &str) -> Self {
        self.0.reference = Some(Reference { name: name.to_owned(), url: url.to_owned() });
        self
    }

    /// Where it stands, if its status leaves a choice; [`Group::TravelsWithYou`] otherwise.
    pub(super) fn group(mut self, group: Group) -> Self {
        self.0.group = group;
        self
    }

    pub(super) fn picture(mut self, picture: Picture) -> Self {
        self.0.picture = Some(picture);
        self
    }

    /// Evidence that came another way than over the DNS.
    pub(super) fn evidence(mut self, evidence: Evidence) -> Self {
        self.0.evidence.push(evidence);
        self
    }

    /// The finding, with everything that was looked up since [`Lookups::begin`] as evidence.
    pub(super) fn done(self, lookups: &Lookups<'_>) -> Finding {
        let mut finding = self.0;
        let mut evidence = lookups.evidence();
        evidence.append(&mut finding.evidence);
        finding.evidence = evidence;
        finding.group = match finding.status {
            Status::Pass => Group::Passed,
            Status::Info => Group::GoodToKnow,
            Status::Unknown => Group::CouldNotBeMeasured,
            Status::NotApplicable => Group::NotApplicable,
            Status::Warn | Status::Fail => finding.group,
        };
        finding
    }
}

/// Why an outcome says nothing, in plain words.
pub(super) fn why_unknown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::ServFail => "The resolver could not find out (SERVFAIL): the authoritative name servers are out of reach, or their signatures (DNSSEC) do not fit. This is neither a good nor a bad result.".to_owned(),
        Outcome::Refused => "The resolver refused the question. This is neither a good nor a bad result.".to_owned(),
        Outcome::Timeout => "No answer came in time. This is neither a good nor a bad result.".to_owned(),
        Outcome::Broken(words) => format!("The question got no usable answer: {words}. This is neither a good nor a bad result."),
        Outcome::Filtered => "The resolver holds the answer back (filtered). This is neither a good nor a bad result: ask another resolver.".to_owned(),
        Outcome::OutOfReach => "No way leads to the server from this computer. This is neither a good nor a bad result.".to_owned(),
        Outcome::Referral => "The server only points to other servers, it is no resolver. This is neither a good nor a bad result.".to_owned(),
        Outcome::Answer | Outcome::NoData | Outcome::NxDomain => String::new(),
    }
}

/// `a`, `a and b`, `a, b and c`, with at most ten named.
pub(super) fn listed<T: ToString>(items: &[T]) -> String {
    const NAMED: usize = 10;
    let mut names: Vec<String> = items.iter().take(NAMED).map(ToString::to_string).collect();
    if items.len() > NAMED {
        names.push(format!("{} more", items.len() - NAMED));
    }
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}
