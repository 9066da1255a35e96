//! DMARC (RFC 9989): a record that holds is kept, one that does not is mended, a missing one is begun.

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

/// The record to begin with: nothing is refused, reports are asked for.
pub(super) fn first_record(domain_ascii: &str) -> String {
    format!("v=DMARC1; p=none; rua=mailto:postmaster@{domain_ascii}")
}

/// Whether this text claims to be a DMARC record (RFC 9989 section 4.7: the version comes first, exactly so).
pub(super) fn is_dmarc(text: &str) -> bool {
    let version = text.split(';').next().unwrap_or_default();
    version.split_once('=').is_some_and(|(name, value)| name.trim() == "v" && value.trim() == "DMARC1")
}

pub(super) fn merge(texts: &[String], domain_ascii: &str) -> DmarcMerge {
    let records = texts.iter().enumerate().filter(|(_, text)| is_dmarc(text)).collect::<Vec<_>>();
    let Some((index, first)) = records.first() else {
        return match texts.iter().find(|text| text.trim_start().to_ascii_lowercase().starts_with("v=dmarc")) {
            Some(text) => DmarcMerge::Replace {
                record: mended(text, domain_ascii),
                reason: "The record does not begin with v=DMARC1, so receivers pass over it.".to_owned(),
            },
            None => DmarcMerge::Begin(first_record(domain_ascii)),
        };
    };
    if records.len() > 1 {
        return DmarcMerge::Replace {
            record: mended(first, domain_ascii),
            reason: "Several DMARC records count as none; the first one stays.".to_owned(),
        };
    }
    match policy(first) {
        Policy::Valid(policy) => DmarcMerge::Keep {
            index: *index,
            note: (policy == "none").then(|| {
                "DMARC only watches (p=none): tighten it once the reports show that your own mail passes."
                    .to_owned()
            }),
        },
        Policy::MissingWithReports => DmarcMerge::Replace {
            record: mended(first, domain_ascii),
            reason: "The policy is missing; p=none says what receivers assume anyway.".to_owned(),
        },
        Policy::Missing => DmarcMerge::Replace {
            record: mended(first, domain_ascii),
            reason: "The policy is missing, so receivers pass over the record.".to_owned(),
        },
        Policy::Unknown(value) => DmarcMerge::Replace {
            record: mended(first, domain_ascii),
            reason: format!("“p={value}” is no policy; p=none is the one to begin with."),
        },
        Policy::Unreadable => DmarcMerge::Replace {
            record: first_record(domain_ascii),
            reason: "The record cannot be read as tags with values, so receivers pass over it.".to_owned(),
        },
    }
}

enum Policy {
    Valid(String),
    MissingWithReports,
    Missing,
    Unknown(String),
    Unreadable,
}

fn policy(record: &str) -> Policy {
    let Some(tags) = tags(record) else { return Policy::Unreadable };
    let find = |wanted: &str| tags.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    match find("p").map(str::to_ascii_lowercase) {
        Some(value) if ["none", "quarantine", "reject"].contains(&value.as_str()) => Policy::Valid(value),
        Some(value) => Policy::Unknown(value),
        None if find("rua").is_some() => Policy::MissingWithReports,
        None => Policy::Missing,
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
fn mended(record: &str, domain_ascii: &str) -> String {
    let Some(tags) = tags(record) else { return first_record(domain_ascii) };
    let policy = tags
        .iter()
        .find(|(name, value)| {
            name == "p" && ["none", "quarantine", "reject"].contains(&value.to_ascii_lowercase().as_str())
        })
        .map_or_else(|| "none".to_owned(), |(_, value)| value.to_ascii_lowercase());
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
        merge(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), "example.org")
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
