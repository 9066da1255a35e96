//! Repairs of messages that a destination refuses as they are. Pure: bytes in, bytes out.
//!
//! A message whose first APPEND succeeds is never changed. Each step is a separate function; [`RepairLadder`]
//! puts them in order and applies one after the other to what the steps before have made.

mod carrier;
mod encoded_words;
mod export_name;
mod header;
mod ladder;
mod line_ends;
mod message_date;
mod mime;
mod read_receipt;
mod reencode;
mod refusal_words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use export_name::{export_component, export_file_name};
pub use ladder::RepairLadder;
pub use message_date::date_of_header;
pub use read_receipt::asks_for_receipt;
pub use refusal_words::{RefusalMeaning, refusal_meaning};

/// A message as it goes into an APPEND (RFC 3501 section 6.3.11).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// The message itself; what a step leaves as it is is shared, as messages may be large.
    pub bytes: Arc<Vec<u8>>,
    /// INTERNALDATE; empty where none is given.
    pub internal_date: String,
    /// Flags and keywords.
    pub flags: Vec<String>,
}

/// One repair. The order is the order of the ladder: from what hardly changes a message to what changes it most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepairStep {
    /// Every line ends with CRLF (RFC 5322 section 2.3).
    LineEnds,
    /// Header lines that are none: raw 8-bit bytes, bad folds, mbox lines (RFC 5322 section 2.2, RFC 2047).
    Header,
    /// An INTERNALDATE that exists (RFC 3501 section 9, `date-time`).
    Date,
    /// Without the flag `\Deleted`, which some servers take by STORE alone.
    Deleted,
    /// No keywords.
    Keywords,
    /// Parts with lines of more than 998 bytes (RFC 5322 section 2.1.1) are re-encoded.
    LongLines,
    /// Parts with NUL bytes (RFC 3501 section 9, `CHAR8`) are re-encoded.
    Nul,
    /// Requests for a receipt (RFC 8098 section 2.1) get another name.
    ReadReceipt,
    /// The whole message becomes an attachment (RFC 2046 section 5.2.1).
    Wrap,
}

impl RepairStep {
    /// All steps in their order.
    pub const ALL: [Self; 9] = [
        Self::LineEnds,
        Self::Header,
        Self::Date,
        Self::Deleted,
        Self::Keywords,
        Self::LongLines,
        Self::Nul,
        Self::ReadReceipt,
        Self::Wrap,
    ];

    /// Its name in the project file, where reasons are kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LineEnds => "line-ends",
            Self::Header => "header",
            Self::Date => "date",
            Self::Deleted => "deleted",
            Self::Keywords => "keywords",
            Self::LongLines => "long-lines",
            Self::Nul => "nul",
            Self::ReadReceipt => "read-receipt",
            Self::Wrap => "wrap",
        }
    }

    /// The step of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }

    /// What was done, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::LineEnds => "line endings fixed",
            Self::Header => "broken header lines fixed",
            Self::Date => "invalid date replaced",
            Self::Deleted => "flag \\Deleted omitted",
            Self::Keywords => "keywords omitted",
            Self::LongLines => "parts with very long lines re-encoded",
            Self::Nul => "parts with NUL bytes re-encoded",
            Self::ReadReceipt => "read-receipt request disabled",
            Self::Wrap => "the whole message attached to a new one",
        }
    }

    /// The message after this repair; `None` where there is nothing of its kind to repair.
    pub fn apply(self, draft: &Draft, now_seconds: i64) -> Option<Draft> {
        let with_bytes = |bytes: Vec<u8>| Draft { bytes: bytes.into(), ..draft.clone() };
        match self {
            Self::LineEnds => line_ends::repair(&draft.bytes).map(with_bytes),
            Self::Header => header::repair(&draft.bytes).map(with_bytes),
            Self::Date => message_date::repair(&draft.internal_date, &draft.bytes, now_seconds)
                .map(|internal_date| Draft { internal_date, ..draft.clone() }),
            Self::Deleted => without_flags(draft, |flag| flag.eq_ignore_ascii_case("\\Deleted")),
            Self::Keywords => without_flags(draft, |flag| !flag.starts_with('\\')),
            Self::LongLines => reencode::long_lines(&draft.bytes).map(with_bytes),
            Self::Nul => reencode::nul_bytes(&draft.bytes).map(with_bytes),
            Self::ReadReceipt => read_receipt::repair(&draft.bytes).map(with_bytes),
            Self::Wrap => Some(with_bytes(carrier::wrap(&draft.bytes))),
        }
    }
}

/// The message without these flags; `None` where it has none of them.
fn without_flags(draft: &Draft, is_left_off: impl Fn(&str) -> bool) -> Option<Draft> {
    let flags: Vec<String> = draft.flags.iter().filter(|flag| !is_left_off(flag)).cloned().collect();
    (flags.len() < draft.flags.len()).then(|| Draft { flags, ..draft.clone() })
}
