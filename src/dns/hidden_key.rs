use std::fmt;

use super::packet::Said;
use crate::values::{DnsName, Outcome, RecordData, Secret, TxtStrings};

/// A question whose name contains a secret key, and the stand-in that is shown and stored instead.
#[derive(Clone)]
pub struct HiddenKey<'a> {
    /// The name as it is sent.
    pub sent: DnsName,
    /// The key in it.
    pub key: &'a Secret,
    /// What is shown instead.
    pub stand_in: &'a str,
}

impl fmt::Debug for HiddenKey<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HiddenKey({})", self.stand_in)
    }
}

impl HiddenKey<'_> {
    /// Removes the key from an answer: servers often repeat the question.
    pub(super) fn cover(&self, said: &mut Said) {
        let key = self.key.expose().to_ascii_lowercase();
        let text = |text: &str| text.to_ascii_lowercase().replace(&key, self.stand_in);
        let has_key = |text: &str| text.to_ascii_lowercase().contains(&key);
        let name = |name: &DnsName| DnsName::new(&text(name.as_str()));
        for alias in said.aliases.iter_mut().filter(|alias| has_key(alias.as_str())) {
            *alias = name(alias);
        }
        for record in &mut said.records {
            match record {
                RecordData::Txt(strings) => {
                    let joined = String::from_utf8_lossy(&strings.joined()).into_owned();
                    if has_key(&joined) {
                        *strings = TxtStrings::new(vec![text(&joined).into_bytes()]);
                    }
                }
                RecordData::Cname(other) | RecordData::Ns(other) | RecordData::Ptr(other) => {
                    *other = name(other);
                }
                _ => {}
            }
        }
        if let Some(error) = said.extended_error.as_mut().filter(|error| has_key(&error.text)) {
            error.text = text(&error.text);
        }
        if let Outcome::Broken(words) = &mut said.outcome
            && has_key(words)
        {
            *words = text(words);
        }
    }
}
