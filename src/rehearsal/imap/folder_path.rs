use std::fmt;

use serde::{Deserialize, Serialize};

/// The place of a folder: its levels from the top, in Unicode, without any server's delimiter or prefix.
///
/// The inbox is always the single level `INBOX`, in capitals (RFC 3501 section 5.1).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderPath(Vec<String>);

impl FolderPath {
    /// The inbox.
    pub fn inbox() -> Self {
        Self(vec!["INBOX".to_owned()])
    }

    /// Reads levels joined by `/`; a first level that spells the inbox in any case is the inbox.
    pub fn parse(text: &str) -> Self {
        Self::from_levels(text.split('/').map(str::to_owned).collect())
    }

    /// Takes the levels as they are, but for the case of the inbox.
    pub fn from_levels(mut levels: Vec<String>) -> Self {
        if let Some(first) = levels.first_mut().filter(|first| first.eq_ignore_ascii_case("INBOX")) {
            "INBOX".clone_into(first);
        }
        Self(levels)
    }

    /// The levels from the top.
    pub fn levels(&self) -> &[String] {
        &self.0
    }

    /// Whether this is the inbox itself.
    pub fn is_inbox(&self) -> bool {
        matches!(self.0.as_slice(), [only] if only == "INBOX")
    }

    /// The folder one level up; `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().filter(|(_, above)| !above.is_empty()).map(|(_, above)| Self(above.to_vec()))
    }

    /// Whether this folder is below `other`, at any depth.
    pub fn is_below(&self, other: &Self) -> bool {
        self.0.len() > other.0.len() && self.0.starts_with(&other.0)
    }

    /// The path of this folder after renaming `from`, which is this folder or a parent, to `to`.
    #[must_use]
    pub fn moved(&self, from: &Self, to: &Self) -> Self {
        Self(to.0.iter().chain(self.0.iter().skip(from.0.len())).cloned().collect())
    }
}

impl fmt::Display for FolderPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_compared_by_level() {
        let projects = FolderPath::parse("Projekte");
        let year = FolderPath::parse("Projekte/2024");
        assert!(year.is_below(&projects) && !projects.is_below(&year) && !year.is_below(&year));
        assert!(!FolderPath::parse("Projekte2/2024").is_below(&projects));
        assert_eq!(year.parent(), Some(projects.clone()));
        assert_eq!(projects.parent(), None);
        assert_eq!(year.moved(&projects, &FolderPath::parse("Alt/P")).to_string(), "Alt/P/2024");
        assert!(FolderPath::parse("inbox").is_inbox());
        assert!(!FolderPath::parse("Inbox/Kunden").is_inbox());
    }
}
