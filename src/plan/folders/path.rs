use std::fmt;

use serde::{Deserialize, Serialize};

/// A folder as its parts, decoded to Unicode and free of any server's delimiter: `["Projekte", "2024/25"]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderPath(pub Vec<String>);

impl FolderPath {
    /// The inbox, which every server has and calls `INBOX` in any case (RFC 3501 section 5.1).
    pub fn inbox() -> Self {
        Self(vec!["INBOX".to_owned()])
    }

    /// Whether this is the inbox itself.
    pub fn is_inbox(&self) -> bool {
        matches!(self.0.as_slice(), [only] if only.eq_ignore_ascii_case("INBOX"))
    }

    /// The last part.
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }
}

impl fmt::Display for FolderPath {
    /// Parts joined by ` / `, which no delimiter looks like.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" / "))
    }
}

/// What a folder is for (RFC 6154), whether the server says so or its name does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpecialUse {
    /// The inbox.
    Inbox,
    /// Every message of the account; a view, never copied by default.
    All,
    /// Archived mail.
    Archive,
    /// Drafts.
    Drafts,
    /// Flagged mail; a view, never copied by default.
    Flagged,
    /// Mail held important; a view (RFC 8457), never copied by default.
    Important,
    /// Junk.
    Junk,
    /// Sent mail.
    Sent,
    /// Deleted mail.
    Trash,
}

impl SpecialUse {
    /// Whether the folder only shows mail that lives elsewhere.
    pub const fn is_virtual(self) -> bool {
        matches!(self, Self::All | Self::Flagged | Self::Important)
    }
}
