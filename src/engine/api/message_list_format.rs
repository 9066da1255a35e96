//! The format of a saved message list.

use std::path::Path;

/// Forms of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageListFormat {
    /// A table (RFC 4180).
    Csv,
    /// One JSON array.
    Json,
    /// One JSON object per line.
    JsonLines,
}

impl MessageListFormat {
    /// The format implied by a file name: `.csv`, `.json`, `.jsonl` or `.ndjson`.
    pub fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}
