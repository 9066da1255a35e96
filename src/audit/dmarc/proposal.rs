//! Builds a record to publish from the owner's own: every tag stays except those that should change.

use super::near_miss::is_invisible;
use super::record::{DmarcRecord, KNOWN_TAGS, Policy, is_dmarc, report_domain};
use crate::audit::tag_list::TagList;

/// A record under construction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Proposal(Vec<(String, String)>);

impl Proposal {
    /// Begins with the tags of a record that is there; the first of a tag that stands there twice counts. Tags that
    /// receivers do not see, as a comma or a colon stands where a semicolon or an equals sign must be, are there too.
    pub(super) fn of(text: &str) -> Self {
        let text: String = text.chars().filter(|character| !is_invisible(*character)).collect();
        let picked = super::near_miss::tags(&text);
        let mut proposal = Self::default();
        for tag in TagList::parse(&text).tags {
            if !proposal.0.iter().any(|(name, _)| *name == tag.name) {
                let meant = picked.iter().find(|(name, _)| *name == tag.name);
                let value = meant.map_or(tag.value, |(_, value)| value.as_str());
                proposal.0.push((tag.name, value.to_owned()));
            }
        }
        for (name, value) in picked {
            if !proposal.0.iter().any(|(known, _)| *known == name) {
                proposal.0.push((name, value));
            }
        }
        proposal
    }

    /// Begins with tags that were picked out of a text.
    pub(super) fn from_tags(tags: Vec<(String, String)>) -> Self {
        Self(tags)
    }

    /// Sets a tag.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Takes tags away.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }

    /// The value of a tag.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Puts misspelt names and policies right, and takes away what nobody knows.
    pub(super) fn corrected(mut self) -> Self {
        for (name, value) in &mut self.0 {
            if let Some(known) = nearest(name, &KNOWN_TAGS) {
                known.clone_into(name);
            }
            if matches!(name.as_str(), "p" | "sp" | "np")
                && let Some(known) = nearest(value, &["none", "quarantine", "reject"])
            {
                known.clone_into(value);
            }
            if matches!(name.as_str(), "rua" | "ruf") {
                *value = addresses(value);
            }
        }
        self.0.retain(|(name, value)| KNOWN_TAGS.contains(&name.as_str()) && !value.is_empty());
        self
    }

    /// The record, if our own reader finds nothing wrong with it.
    pub(super) fn text(self) -> Option<String> {
        let mut tags = vec!["v=DMARC1".to_owned()];
        // Receivers on the old rules want “p” second (RFC 7489 section 6.4).
        tags.extend(self.get("p").map(|policy| format!("p={policy}")));
        let rest = self.0.iter().filter(|(name, _)| !matches!(name.as_str(), "v" | "p"));
        tags.extend(rest.map(|(name, value)| format!("{name}={value}")));
        let text = tags.join("; ");
        let record = DmarcRecord::parse(text.as_bytes());
        let is_right = is_dmarc(text.as_bytes())
            && record.policy.is_some()
            && !record.is_policy_implied
            && record.bad_values.is_empty();
        is_right.then_some(text)
    }
}

/// The addresses of a list that reports can go to, whatever stands between them and with the scheme that was forgotten.
fn addresses(list: &str) -> String {
    let one = |text: &str| {
        let text = text.trim_matches(|character: char| "<>\"'".contains(character));
        let bare = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text.get(7..).unwrap_or_default(),
            _ => text,
        };
        let uri = format!("mailto:{}", bare.trim_start_matches('/'));
        report_domain(&uri).map(|_| uri)
    };
    let found: Vec<String> =
        list.split([',', ';', ' ', '\t']).filter(|text| !text.is_empty()).filter_map(one).collect();
    found.join(",")
}

/// One record out of several: the strictest policy, with the report addresses of all.
pub(super) fn merged(texts: &[String]) -> Option<String> {
    merged_tags(texts)?.corrected().text()
}

fn merged_tags(texts: &[String]) -> Option<Proposal> {
    let policy = |text: &String| DmarcRecord::parse(text.as_bytes()).stated_policy;
    let strictest = texts.iter().rev().max_by_key(|text| policy(text).unwrap_or(Policy::None))?;
    let mut merged = Proposal::of(strictest);
    for name in ["rua", "ruf"] {
        let mut addresses: Vec<&str> = Vec::new();
        let all: Vec<Proposal> = texts.iter().map(|text| Proposal::of(text)).collect();
        for address in all.iter().filter_map(|one| one.get(name)).flat_map(|value| value.split(',')) {
            if !address.trim().is_empty() && !addresses.contains(&address.trim()) {
                addresses.push(address.trim());
            }
        }
        if !addresses.is_empty() {
            merged = merged.with(name, &addresses.join(","));
        }
    }
    Some(merged)
}

/// The DMARC record among these texts, if there is exactly one and nothing in it needs a correction.
pub fn kept(texts: &[String]) -> Option<usize> {
    let mut records = texts.iter().enumerate().filter(|(_, text)| is_dmarc(text.as_bytes()));
    let (index, text) = records.next().filter(|_| records.next().is_none())?;
    let record = DmarcRecord::parse(text.as_bytes());
    (record.policy.is_some() && !record.is_policy_implied && record.twice.is_none()).then_some(index)
}

/// The same record with another policy, and without tags that would take of it (`pct`, `t`) or weaken it below.
pub fn tightened(text: &str, policy: Policy) -> Option<String> {
    let weaker = |proposal: &Proposal, name: &str| {
        proposal.get(name).and_then(Policy::parse).is_some_and(|below| below < policy)
    };
    let mut proposal = Proposal::of(text).with("p", policy.word()).without(&["pct", "t"]);
    for name in ["sp", "np"] {
        if weaker(&proposal, name) {
            proposal = proposal.with(name, policy.word());
        }
    }
    proposal.corrected().text()
}

/// The record that these texts were meant to be: joins several, corrects misspelt words and near misses, and keeps the
/// owner's tags. Where no policy can be read, or where the records weigh less than `holding`, it is `holding`.
/// `None` if there is nothing of a record.
pub fn meant(texts: &[String], holding: Option<Policy>, rua: &str) -> Option<String> {
    let records: Vec<String> = texts.iter().filter(|text| is_dmarc(text.as_bytes())).cloned().collect();
    let cleaned = if records.is_empty() {
        texts.iter().find_map(|text| super::near_miss::picked(text))?
    } else {
        merged_tags(&records)?
    };
    let floor = holding.unwrap_or(Policy::None);
    let mut proposal = cleaned.corrected();
    let stated = proposal.get("p").and_then(Policy::parse);
    proposal = proposal.with("p", stated.map_or(floor, |stated| stated.max(floor)).word());
    for name in ["sp", "np"] {
        if proposal.get(name).is_some_and(|value| Policy::parse(value).is_none()) {
            proposal = proposal.without(&[name]);
        }
    }
    if proposal.get("rua").is_none() {
        proposal = proposal.with("rua", rua);
    }
    proposal.clone().text().or_else(|| {
        let policy = proposal.get("p").unwrap_or("none").to_owned();
        Proposal::default().with("p", &policy).with("rua", rua).text()
    })
}

/// The known word that a misspelt one is meant to be; itself where it is known.
pub(super) fn nearest(word: &str, known: &[&'static str]) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let exact = known.iter().find(|candidate| **candidate == word);
    exact
        .or_else(|| {
            // Short names differ by one letter from many others.
            let allowed = match word.len() {
                0..=2 => return None,
                3 => 1,
                _ => 2,
            };
            known
                .iter()
                .filter(|candidate| candidate.len() > 2)
                .map(|candidate| (distance(&word, candidate), candidate))
                .filter(|(distance, _)| *distance <= allowed)
                .min_by_key(|(distance, _)| *distance)
                .map(|(_, candidate)| candidate)
        })
        .copied()
}

/// How many letters have to be changed, put in or taken out (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.chars().take(40).enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        let mut next = vec![left];
        for (place, above) in row.iter().skip(1).enumerate() {
            let change = usize::from(other.get(place) != Some(&letter));
            left = (diagonal + change).min(above + 1).min(left + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_owner_has_is_kept() {
        let text = "v=DMARC1;p=reject; sp=rejct; pct=50; rua=mailto:a@b.example; xyzzy=1";
        assert_eq!(
            Proposal::of(text).without(&["pct"]).corrected().text().unwrap(),
            "v=DMARC1; p=reject; sp=reject; rua=mailto:a@b.example"
        );
        assert_eq!(Proposal::of("v=DMARC1; p=???").corrected().text(), None);
    }

    #[test]
    fn what_the_owner_meant_is_not_lost() {
        for (text, expected) in [
            (
                "v=DMARC1; p=quarantine; sp=reject, rua=mailto:a@b.example",
                "v=DMARC1; p=quarantine; sp=reject; rua=mailto:a@b.example",
            ),
            ("v=DMARC1; p:reject; rua:mailto:a@b.example", "v=DMARC1; p=reject; rua=mailto:a@b.example"),
            (
                "v=DMARC1; p\u{200b}=reject; rua=mailto:a@b.example",
                "v=DMARC1; p=reject; rua=mailto:a@b.example",
            ),
            ("v=DMARC1; p=reject; rua=a@b.example", "v=DMARC1; p=reject; rua=mailto:a@b.example"),
            (
                "v=DMARC1; p=reject; rua=mailto:a@b.example mailto:c@d.example",
                "v=DMARC1; p=reject; rua=mailto:a@b.example,mailto:c@d.example",
            ),
            (
                "v=DMARC1; p=reject; rua=mailto:a@b.example,https://x.example; ruf=mailto:",
                "v=DMARC1; p=reject; rua=mailto:a@b.example",
            ),
            ("v=DMARC1; p=reject; rua=mailto:\u{1b}]0;x=1", "v=DMARC1; p=reject"),
            (
                "v=DMARC1; p=none; fo=1:d:s; rua=MAILTO:a@b.example!10m",
                "v=DMARC1; p=none; fo=1:d:s; rua=mailto:a@b.example!10m",
            ),
        ] {
            assert_eq!(Proposal::of(text).corrected().text().as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn several_records_become_one() {
        let texts =
            ["v=DMARC1; p=none; rua=mailto:a@a.example", "v=DMARC1; p=reject; rua=mailto:b@b.example"];
        assert_eq!(
            merged(&texts.map(str::to_owned)).unwrap(),
            "v=DMARC1; p=reject; rua=mailto:a@a.example,mailto:b@b.example"
        );
    }

    #[test]
    fn misspelt_words_are_known() {
        assert_eq!(nearest("rejct", &["none", "quarantine", "reject"]), Some("reject"));
        assert_eq!(nearest("quarentine", &["none", "quarantine", "reject"]), Some("quarantine"));
        assert_eq!(nearest("adkin", &KNOWN_TAGS), Some("adkim"));
        assert_eq!(nearest("x", &KNOWN_TAGS), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
