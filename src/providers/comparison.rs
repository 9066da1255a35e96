//! The result of measuring a provider against the owner's mail, row by row.

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
    /// How many levels of folders there are, one inside the other.
    pub folder_levels: Option<u32>,
}

/// One provider measured against the own mail: a column of the destination page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The provider.
    pub provider: ProviderId,
    /// Its name as people know it.
    pub name: String,
    /// What it is called within a sentence.
    pub in_sentences: String,
    /// One sentence about it.
    pub tagline: String,
    /// Why mail cannot be copied to it; it is shown, and cannot be chosen.
    pub no_copy: Option<String>,
    /// What the rows come to.
    pub standing: Standing,
    /// Rows; every provider has the same labels in the same order.
    pub rows: Vec<ComparisonRow>,
}

/// What all rows of a provider come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Mail cannot be copied to it.
    NoDestination,
    /// Something is not enough.
    DoesNotFit,
    /// Enough under one condition.
    FitsWithACondition,
    /// Enough under several conditions.
    FitsWithConditions,
    /// Nothing speaks against it, but not everything is published.
    FitsAsFarAsKnown,
    /// Everything is enough.
    Fits,
    /// Nothing could be measured.
    NotMeasured,
}

impl Standing {
    /// What these rows come to.
    pub(super) fn of(rows: &[ComparisonRow], can_be_copied_to: bool) -> Self {
        let count = |fit: Fit| rows.iter().filter(|row| row.fit == fit).count();
        match (count(Fit::TooSmall), count(Fit::Tight), count(Fit::Fits)) {
            _ if !can_be_copied_to => Self::NoDestination,
            (1.., ..) => Self::DoesNotFit,
            (0, 1, _) => Self::FitsWithACondition,
            (0, 2.., _) => Self::FitsWithConditions,
            (0, 0, 0) => Self::NotMeasured,
            (0, 0, _) if count(Fit::NotPublished) + count(Fit::NotConfirmed) > 0 => Self::FitsAsFarAsKnown,
            (0, 0, _) => Self::Fits,
        }
    }

    /// A few words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoDestination => "Not a destination",
            Self::DoesNotFit => "Does not fit",
            Self::FitsWithACondition => "Fits, with a condition",
            Self::FitsWithConditions => "Fits, with conditions",
            Self::FitsAsFarAsKnown => "Fits, as far as known",
            Self::Fits => "Fits",
            Self::NotMeasured => "Not measured",
        }
    }
}

impl Comparison {
    /// The rows that decide the standing.
    pub fn deciding(&self) -> impl Iterator<Item = &ComparisonRow> {
        let fit = match self.standing {
            Standing::NoDestination | Standing::DoesNotFit => Some(Fit::TooSmall),
            Standing::FitsWithACondition | Standing::FitsWithConditions => Some(Fit::Tight),
            Standing::FitsAsFarAsKnown | Standing::Fits | Standing::NotMeasured => None,
        };
        self.rows.iter().filter(move |row| Some(row.fit) == fit)
    }

    /// What nobody has published, for people; `None` where everything is.
    pub fn unpublished_words(&self) -> Option<String> {
        let open = self.rows.iter().filter(|row| row.fit == Fit::NotPublished);
        // Without the own measure behind the label.
        let labels: Vec<&str> = open.map(|row| row.label.split(',').next().unwrap_or(&row.label)).collect();
        let labels = (!labels.is_empty()).then(|| labels.join(", "))?;
        // A server that only its owner knows publishes nothing.
        let is_known = self.in_sentences == self.name;
        Some(if is_known {
            format!("Not published by {}: {labels}", self.name)
        } else {
            format!("Ask {} about: {labels}", self.in_sentences)
        })
    }
}

/// One fact about a provider, and what it means for the user's own mail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonRow {
    /// Heading that groups rows: `Size and limits`.
    pub group: String,
    /// What is compared: `Largest message`.
    pub label: String,
    /// The fact, in a few words; `Not published` where no source says.
    pub value: String,
    /// How it fits.
    pub fit: Fit,
    /// Where the fact is from; `None` where nobody says, and for what the owner or this program knows.
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
    /// Seen somewhere, but no source that can be read confirms it.
    NotConfirmed,
    /// The provider publishes nothing about it.
    NotPublished,
}

/// Where a fact was read, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the page or document.
    pub title: String,
    /// Its address; only one of low confidence may have none.
    pub url: Option<String>,
    /// ISO date of reading.
    pub date: String,
    /// How far it can be relied on.
    pub confidence: Confidence,
}

/// How far a source can be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// The provider itself, or several independent sources that agree.
    High,
    /// One good source of somebody else, or an older one of the provider.
    Medium,
    /// Seen in use, or said somewhere, but on no page that can be named and read again: shown as not confirmed.
    Low,
}
