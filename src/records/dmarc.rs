//! Plans the DMARC record (RFC 9989): keeps one that holds, mends one that does not, and begins one where none is. It never makes
//! the policy weaker than the one in force, whether that comes from the domain or from one above it.

use crate::audit::dmarc::{self, Policy};

/// What becomes of the texts at `_dmarc`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum DmarcMerge {
    /// The record at this place among the given ones stays; the others go where they are DMARC records.
    Keep {
        index: usize,
        /// What the owner should know of it.
        note: Option<String>,
    },
    /// A new record takes the place of all DMARC records.
    Replace {
        record: String,
        /// Why, in one sentence.
        reason: String,
    },
    /// There was none.
    Begin(String),
}

/// The record to begin with: reports are asked for, and nothing is refused that is not refused today.
fn first_record(domain_ascii: &str, holding: Option<Policy>) -> String {
    format!("v=DMARC1; p={}; rua=mailto:postmaster@{domain_ascii}", holding.unwrap_or(Policy::None).word())
}

/// Whether receivers take this text for a DMARC record.
pub(super) fn is_dmarc(text: &str) -> bool {
    dmarc::is_dmarc(text.as_bytes())
}

/// The texts at `_dmarc`, read and mended as the audit does. `holding` is the policy that holds today, from here or from
/// above.
pub(super) fn merge(texts: &[String], domain_ascii: &str, holding: Option<Policy>) -> DmarcMerge {
    if let Some(index) = dmarc::kept(texts) {
        let policy = texts.get(index).and_then(|text| dmarc::DmarcRecord::parse(text.as_bytes()).policy);
        let note = (policy == Some(Policy::None)).then(|| {
            "DMARC only watches (p=none): tighten it once the reports show that your own mail passes."
                .to_owned()
        });
        return DmarcMerge::Keep { index, note };
    }
    let first = first_record(domain_ascii, holding);
    let rua = format!("mailto:postmaster@{domain_ascii}");
    match dmarc::meant(texts, holding, &rua) {
        Some(record) => DmarcMerge::Replace { record, reason: why_replaced(texts) },
        None if texts.iter().any(|text| is_dmarc(text)) => {
            DmarcMerge::Replace { record: first, reason: why_replaced(texts) }
        }
        None => DmarcMerge::Begin(first),
    }
}

/// Why the texts cannot stay, as the audit reads them.
fn why_replaced(texts: &[String]) -> String {
    let records: Vec<&String> = texts.iter().filter(|text| is_dmarc(text)).collect();
    let [only] = records.as_slice() else {
        return if records.is_empty() {
            "The record does not begin with v=DMARC1, so receivers pass over it.".to_owned()
        } else {
            "Several DMARC records count as none: one takes their place, with the strictest policy and all report \
             addresses."
                .to_owned()
        };
    };
    let read = dmarc::DmarcRecord::parse(only.as_bytes());
    if let Some(twice) = read.twice {
        return format!("“{twice}” occurs twice, so receivers pass over the record.");
    }
    if let Some(wrong) = read.wrong_policies.first() {
        return format!("“{wrong}” is no policy, so receivers do not apply the record as it was meant.");
    }
    match (read.stated_policy, read.bad_values.first(), read.policy) {
        (None, Some(bad), _) => format!("“{bad}” is no policy."),
        (None, None, Some(_)) => {
            "The policy is missing; p=none says what receivers assume anyway.".to_owned()
        }
        _ => "The policy is missing or no policy, so receivers pass over the record.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(texts: &[&str]) -> DmarcMerge {
        merge(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), "example.org", None)
    }

    #[test]
    fn a_policy_from_above_is_not_made_weaker() {
        let begun = merge(&[], "team.example.org", Some(Policy::Reject));
        let expected = "v=DMARC1; p=reject; rua=mailto:postmaster@team.example.org";
        assert_eq!(begun, DmarcMerge::Begin(expected.to_owned()));
    }

    #[test]
    fn a_near_miss_keeps_what_its_owner_wrote() {
        for text in [
            " v=DMARC1; p=reject; rua=mailto:a@b.example",
            "v=dmarc1; p=reject; rua=mailto:a@b.example",
            "\"v=DMARC1\\; p=reject\\; rua=mailto:a@b.example\"",
        ] {
            match outcome(&[text]) {
                DmarcMerge::Replace { record, .. } => {
                    assert_eq!(record, "v=DMARC1; p=reject; rua=mailto:a@b.example", "{text}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_record_that_holds_is_kept() {
        assert!(matches!(outcome(&["v=DMARC1; p=reject"]), DmarcMerge::Keep { index: 0, note: None }));
        assert!(matches!(outcome(&["v=DMARC1;p=None"]), DmarcMerge::Keep { index: 0, note: Some(_) }));
        let with_other = outcome(&["google-site-verification=x", "v=DMARC1; p=quarantine;"]);
        assert!(matches!(with_other, DmarcMerge::Keep { index: 1, note: None }));
    }

    #[test]
    fn a_record_that_does_not_hold_is_mended_with_a_reason() {
        for (texts, expected, words) in [
            (vec!["v=DMARC1; rua=mailto:a@b.example"], "v=DMARC1; p=none; rua=mailto:a@b.example", "missing"),
            (
                vec!["v=DMARC1; p=reject; sp=rejct; rua=mailto:a@b.example"],
                "v=DMARC1; p=reject; sp=reject; rua=mailto:a@b.example",
                "sp=rejct",
            ),
            (
                vec!["v=DMARC1; p=reject; p=none; rua=mailto:a@b.example"],
                "v=DMARC1; p=reject; rua=mailto:a@b.example",
                "twice",
            ),
            (vec!["v=DMARC1"], "v=DMARC1; p=none; rua=mailto:postmaster@example.org", "missing"),
            (
                vec!["v=DMARC1; p=blackhole; sp=none"],
                "v=DMARC1; p=none; sp=none; rua=mailto:postmaster@example.org",
                "no policy",
            ),
            (vec!["v=DMARC1; nonsense"], "v=DMARC1; p=none; rua=mailto:postmaster@example.org", "no policy"),
            (vec!["v=dmarc1; p=reject"], "v=DMARC1; p=reject; rua=mailto:postmaster@example.org", "v=DMARC1"),
            (
                vec!["v=DMARC1; p=reject; rua=mailto:a@b.example", "v=DMARC1; p=none"],
                "v=DMARC1; p=reject; rua=mailto:a@b.example",
                "Several",
            ),
        ] {
            match outcome(&texts) {
                DmarcMerge::Replace { record, reason } => {
                    assert_eq!(record, expected);
                    assert!(reason.contains(words), "{reason}");
                }
                other => panic!("{texts:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_missing_record_is_begun_without_refusing_anything() {
        let begun = DmarcMerge::Begin("v=DMARC1; p=none; rua=mailto:postmaster@example.org".to_owned());
        assert_eq!(outcome(&[]), begun);
        assert_eq!(outcome(&["hello"]), begun);
    }
}
