use serde::{Deserialize, Serialize};

use super::ProviderId;
use crate::values::Bytes;

/// What is known of the mail that would move; everything is optional, as the page opens before anything is counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnMail {
    /// How many mailboxes would move.
    pub mailbox_count: usize,
    /// All mail together.
    pub total: Option<Bytes>,
    /// The largest mailbox.
    pub largest_mailbox: Option<Bytes>,
    /// The largest single message.
    pub largest_message: Option<Bytes>,
}

/// One provider measured against the own mail: a column of the destination page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The provider.
    pub provider: ProviderId,
    /// Its name as people know it.
    pub name: String,
    /// One sentence about it.
    pub tagline: String,
    /// Rows; every provider has the same labels in the same order.
    pub rows: Vec<ComparisonRow>,
}

/// One fact about a provider, and what it means for the user's own mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// Heading that groups rows: `Size and limits`.
    pub group: String,
    /// What is compared: `Largest message`.
    pub label: String,
    /// The fact, in a few words; `Not confirmed` where no source says.
    pub value: String,
    /// How it fits.
    pub fit: Fit,
    /// Where the fact is from; `None` where it is not confirmed.
    pub source: Option<Source>,
}

/// How a provider's fact fits the own mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fit {
    /// Enough, with room.
    Fits,
    /// A fact to know, neither good nor bad.
    Neutral,
    /// Enough, but only just, or with a condition.
    Tight,
    /// Not enough.
    TooSmall,
    /// No source says.
    NotConfirmed,
}

/// Where a fact was read, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Page or document.
    pub url: String,
    /// ISO date of reading.
    pub date: String,
    /// How far it can be relied on.
    pub confidence: Confidence,
}

/// How far a source can be relied on. A weaker one confirms nothing, so its facts are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The provider itself, or several independent sources that agree.
    High,
    /// One good source of somebody else, or an older one of the provider.
    Medium,
}
