//! DMARC (RFC 9989): a record that holds is kept, one that does not is mended, a missing one is begun. Nothing is made
//! weaker than the policy that holds today, be it from the domain itself or from one above.

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

/// Whether the text was meant to be one: receivers pass over it for a sign before it, or for its case.
fn is_near_miss(text: &str) -> bool {
    let is_noise = |sign: char| !sign.is_ascii_graphic() || matches!(sign, '"' | '\'' | '\\');
    text.trim_start_matches(is_noise).to_ascii_lowercase().starts_with("v=dmarc")
}

pub(super) fn merge(texts: &[String], domain_ascii: &str, holding: Option<Policy>) -> DmarcMerge {
    let records = texts.iter().enumerate().filter(|(_, text)| is_dmarc(text)).collect::<Vec<_>>();
    let mend = |text: &str| mended(text, domain_ascii, holding);
    let Some((index, first)) = records.first() else {
        return match texts.iter().find(|text| is_near_miss(text)) {
            Some(text) => DmarcMerge::Replace {
                record: mend(text),
                reason: "The record does not begin with v=DMARC1, so receivers pass over it.".to_owned(),
            },
            None => DmarcMerge::Begin(first_record(domain_ascii, holding)),
        };
    };
    if records.len() > 1 {
        return DmarcMerge::Replace {
            record: mend(first),
            reason: "Several DMARC records count as none; the first one stays.".to_owned(),
        };
    }
    match written_policy(first) {
        Written::Valid(policy) => DmarcMerge::Keep {
            index: *index,
            note: (policy == Policy::None).then(|| {
                "DMARC only watches (p=none): tighten it once the reports show that your own mail passes."
                    .to_owned()
            }),
        },
        Written::MissingWithReports => DmarcMerge::Replace {
            record: mend(first),
            reason: "The policy is missing; p=none says what receivers assume anyway.".to_owned(),
        },
        Written::Missing => DmarcMerge::Replace {
            record: mend(first),
            reason: "The policy is missing, so receivers pass over the record.".to_owned(),
        },
        Written::Unknown(value) => {
            DmarcMerge::Replace { record: mend(first), reason: format!("“p={value}” is no policy.") }
        }
        Written::Unreadable => DmarcMerge::Replace {
            record: first_record(domain_ascii, holding),
            reason: "The record cannot be read as tags with values, so receivers pass over it.".to_owned(),
        },
    }
}

/// The policy as it stands in a record.
enum Written {
    Valid(Policy),
    MissingWithReports,
    Missing,
    Unknown(String),
    Unreadable,
}

fn written_policy(record: &str) -> Written {
    let Some(tags) = tags(record) else { return Written::Unreadable };
    let find = |wanted: &str| tags.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let read = dmarc::DmarcRecord::parse(record.as_bytes());
    match (read.policy, find("p")) {
        (Some(policy), _) if !read.is_policy_implied => Written::Valid(policy),
        (_, Some(value)) => Written::Unknown(value.to_ascii_lowercase()),
        (_, None) if find("rua").is_some() => Written::MissingWithReports,
        (_, None) => Written::Missing,
    }
}

/// Tags with their values, names in lower case; `None` where a part has no `=`.
fn tags(record: &str) -> Option<Vec<(String, String)>> {
    record
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim().to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect()
}

/// The same record with a version and a policy that hold; everything else stays.
fn mended(record: &str, domain_ascii: &str, holding: Option<Policy>) -> String {
    let is_noise = |sign: char| sign.is_whitespace() || matches!(sign, '"' | '\'' | '\\');
    let cleaned = record.replace("\\;", ";");
    let Some(tags) = tags(cleaned.trim_matches(is_noise)) else { return first_record(domain_ascii, holding) };
    let policy = tags
        .iter()
        .find(|(name, value)| {
            name == "p" && ["none", "quarantine", "reject"].contains(&value.to_ascii_lowercase().as_str())
        })
        .map_or_else(
            || holding.unwrap_or(Policy::None).word().to_owned(),
            |(_, value)| value.to_ascii_lowercase(),
        );
    let mut mended = format!("v=DMARC1; p={policy}");
    for (name, value) in tags.iter().filter(|(name, _)| name != "v" && name != "p") {
        mended.extend(["; ", name, "=", value]);
    }
    if !tags.iter().any(|(name, _)| name == "rua") {
        mended.extend(["; rua=mailto:postmaster@", domain_ascii]);
    }
    mended
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
            (vec!["v=DMARC1"], "v=DMARC1; p=none; rua=mailto:postmaster@example.org", "missing"),
            (
                vec!["v=DMARC1; p=blackhole; sp=none"],
                "v=DMARC1; p=none; sp=none; rua=mailto:postmaster@example.org",
                "p=blackhole",
            ),
            (
                vec!["v=DMARC1; nonsense"],
                "v=DMARC1; p=none; rua=mailto:postmaster@example.org",
                "cannot be read",
            ),
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
