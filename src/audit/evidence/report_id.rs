//! Which report a report is, so that one that was sent, saved or packed twice counts once.

use std::collections::BTreeSet;
use std::fmt;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::values::UnixTime;

/// Reports that are told apart. Those beyond are counted as they come.
const MAX_REPORTS: usize = 50_000;

/// Stands for one report: a hash of who reported, under which id, on which domain and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ReportId(u64);

/// What a report says of itself. The same report may come in a mail and as a file, under other names and other compression.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity<'a> {
    pub reporter: &'a str,
    /// `report_id` (RFC 9990 section 3.1.1.3) or `report-id` (RFC 8460 section 4.4); empty where it is missing.
    pub id: &'a str,
    /// The domain that it is about, where it names one.
    pub domain: &'a str,
    pub begin: UnixTime,
    pub end: UnixTime,
    /// The whole report, by which one without an id is known.
    pub text: &'a str,
}

impl ReportId {
    pub(super) fn of(identity: &Identity<'_>) -> Self {
        let Identity { reporter, id, domain, begin, end, text } = identity;
        let mut context = Context::new(&SHA256);
        if id.is_empty() {
            // Line ends change on the way through mail.
            text.split(['\r', '\n']).filter(|line| !line.is_empty()).for_each(|line| {
                context.update(line.as_bytes());
                context.update(b"\n");
            });
        } else {
            let (begin, end) = (begin.0.to_string(), end.0.to_string());
            for part in [&reporter.to_lowercase(), *id, &domain.to_lowercase(), &begin, &end] {
                context.update(part.as_bytes());
                context.update(&[0]);
            }
        }
        let first = context.finish().as_ref().iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        Self(first)
    }
}

impl fmt::Display for ReportId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<ReportId> for String {
    fn from(id: ReportId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ReportId {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16).map(Self)
    }
}

/// Reports that were met.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReportIds(BTreeSet<ReportId>);

impl ReportIds {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this one was met.
    pub fn contains(&self, id: ReportId) -> bool {
        self.0.contains(&id)
    }

    /// Remembers a report; `false` where it was met before.
    pub(super) fn insert(&mut self, id: ReportId) -> bool {
        if self.0.len() >= MAX_REPORTS {
            return !self.0.contains(&id);
        }
        self.0.insert(id)
    }

    /// How many of these are not among the others.
    pub(super) fn missing_in(&self, others: &Self) -> usize {
        self.0.difference(&others.0).count()
    }

    pub(super) fn extend(&mut self, others: &Self) {
        for id in &others.0 {
            self.insert(*id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: Identity<'_> = Identity {
        reporter: "Google.com",
        id: "17",
        domain: "weber.example",
        begin: UnixTime(1),
        end: UnixTime(2),
        text: "<feedback>\n</feedback>",
    };

    #[test]
    fn a_report_is_known_by_what_it_says_of_itself() {
        let same = Identity { text: "<feedback></feedback>", reporter: "google.com", ..REPORT };
        assert_eq!(ReportId::of(&REPORT), ReportId::of(&same));
        for other in [
            Identity { reporter: "yahoo.com", ..REPORT },
            Identity { id: "18", ..REPORT },
            Identity { domain: "mail.weber.example", ..REPORT },
            Identity { begin: UnixTime(0), ..REPORT },
            Identity { end: UnixTime(3), ..REPORT },
            // Parts do not run into each other.
            Identity { reporter: "google.com1", id: "7", ..REPORT },
        ] {
            assert_ne!(ReportId::of(&REPORT), ReportId::of(&other), "{other:?}");
        }
    }

    #[test]
    fn one_without_an_id_is_known_by_its_text() {
        let bare = Identity { id: "", ..REPORT };
        let mailed = Identity { text: "<feedback>\r\n</feedback>\r\n", ..bare };
        assert_eq!(ReportId::of(&bare), ReportId::of(&mailed));
        let other = Identity { text: "<feedback>\n <x/></feedback>", ..bare };
        assert_ne!(ReportId::of(&bare), ReportId::of(&other));
    }

    #[test]
    fn what_was_met_is_kept_and_has_a_bound() {
        let mut ids = ReportIds::default();
        assert!(ids.insert(ReportId(7)) && !ids.insert(ReportId(7)));
        let json = serde_json::to_string(&ids).unwrap();
        assert_eq!(json, "[\"0000000000000007\"]");
        assert_eq!(serde_json::from_str::<ReportIds>(&json).unwrap(), ids);
        assert!(serde_json::from_str::<ReportIds>("[\"x\"]").is_err());
        for number in 0..60_000 {
            ids.insert(ReportId(number));
        }
        assert_eq!(ids.0.len(), MAX_REPORTS);
        assert!(!ids.insert(ReportId(8)) && ids.insert(ReportId(59_999)));
    }
}
