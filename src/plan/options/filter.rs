use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::plan::options::search_text::{SearchTextError, check_search};
use crate::plan::options::words::date_words;
use crate::values::Bytes;

/// Which messages of a folder take part. Those that do not are left out by choice, and counted as such.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MessageFilter {
    /// Received at this time or later, in seconds since 1970 (UTC).
    pub since_secs: Option<i64>,
    /// Received before this time, in seconds since 1970 (UTC).
    pub before_secs: Option<i64>,
    /// Smallest size in bytes.
    pub min_bytes: Option<u64>,
    /// Largest size in bytes.
    pub max_bytes: Option<u64>,
    /// The source server's own search, as RFC 3501 section 6.4.4 writes it (`FROM "bank" UNSEEN`).
    pub search: Option<String>,
}

/// Why a filter cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FilterError {
    /// The times leave nothing.
    #[error("no message can be received on or after {since} and before {before}")]
    NoTime {
        /// The first day.
        since: String,
        /// The day after the last one.
        before: String,
    },
    /// The sizes leave nothing.
    #[error("no message can be at least {least} and at most {most}")]
    NoSize {
        /// The least size.
        least: Bytes,
        /// The greatest size.
        most: Bytes,
    },
    /// The search is none.
    #[error("the search “{text}” is not valid: {source}")]
    Search {
        /// As typed.
        text: String,
        /// What is wrong with it.
        source: SearchTextError,
    },
}

impl MessageFilter {
    /// Whether every message takes part.
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it can be meant: times and sizes leave something, and the search is one that a server understands.
    pub fn check(&self) -> Result<(), FilterError> {
        if let (Some(since), Some(before)) = (self.since_secs, self.before_secs)
            && since >= before
        {
            return Err(FilterError::NoTime { since: date_words(since), before: date_words(before) });
        }
        if let (Some(least), Some(most)) = (self.min_bytes, self.max_bytes)
            && least > most
        {
            return Err(FilterError::NoSize { least: Bytes(least), most: Bytes(most) });
        }
        match &self.search {
            Some(text) => {
                check_search(text).map_err(|source| FilterError::Search { text: text.clone(), source })
            }
            None => Ok(()),
        }
    }

    /// What it lets through, one part each: `received from 2020-01-01 on`.
    pub fn words(&self) -> Vec<String> {
        let since = self.since_secs.map(|secs| format!("received on or after {}", date_words(secs)));
        let before = self.before_secs.map(|secs| format!("received before {}", date_words(secs)));
        let least = self.min_bytes.map(|bytes| format!("{} or larger", Bytes(bytes)));
        let most = self.max_bytes.map(|bytes| format!("{} or smaller", Bytes(bytes)));
        let search = self.search.as_ref().map(|text| format!("matching {text}"));
        [since, before, least, most, search].into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_lets_nothing_through_is_reported() {
        let day = 86_400;
        let filter = |since, before, least, most| MessageFilter {
            since_secs: since,
            before_secs: before,
            min_bytes: least,
            max_bytes: most,
            search: None,
        };
        assert_eq!(filter(Some(0), Some(day), Some(1), Some(1)).check(), Ok(()));
        assert_eq!(filter(None, Some(day), None, Some(0)).check(), Ok(()));
        let words = filter(Some(day), Some(day), None, None).check().unwrap_err().to_string();
        assert_eq!(words, "no message can be received on or after 1970-01-02 and before 1970-01-02");
        let words = filter(None, None, Some(2_000), Some(1_000)).check().unwrap_err().to_string();
        assert_eq!(words, "no message can be at least 2.0 kB and at most 1.0 kB");
    }

    #[test]
    fn a_filter_says_what_it_lets_through() {
        let filter = MessageFilter {
            since_secs: Some(0),
            max_bytes: Some(25_000_000),
            search: Some("UNSEEN".to_owned()),
            ..MessageFilter::default()
        };
        assert_eq!(
            filter.words(),
            ["received on or after 1970-01-01", "25 MB or smaller", "matching UNSEEN"]
        );
        assert!(MessageFilter::default().is_open() && !filter.is_open());
    }
}
