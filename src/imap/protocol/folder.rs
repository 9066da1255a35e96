//! A folder as a server lists it, and what STATUS says of it.

use std::collections::BTreeMap;

use crate::values::UidValidity;

/// A folder as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The name exactly as the server gave it, for commands.
    pub raw: String,
    /// The name in Unicode, still with the server's delimiter; the raw name where it cannot be decoded.
    pub name: String,
    /// The character between levels; `None` where the server has none.
    pub delimiter: Option<char>,
    /// Attributes such as `\Noselect` and `\Sent`, as the server wrote them.
    pub attributes: Vec<String>,
    /// What STATUS says; `None` for folders that cannot be opened.
    pub status: Option<FolderStatus>,
}

/// Levels of a folder name that count; what is deeper, only a server that means harm has, and it stays one part.
pub(in crate::imap) const MAX_LEVELS: usize = 100;

impl Folder {
    /// Whether the folder has this attribute, in any case.
    pub fn has_attribute(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|own| own.eq_ignore_ascii_case(attribute))
    }

    /// Whether the folder can hold messages.
    pub fn is_selectable(&self) -> bool {
        !self.has_attribute("\\Noselect") && !self.has_attribute("\\NonExistent")
    }

    /// The name in parts, with the inbox in its one spelling.
    pub fn parts(&self) -> Vec<String> {
        let mut parts: Vec<String> = match self.delimiter {
            Some(delimiter) => {
                let parts = self.name.splitn(MAX_LEVELS, delimiter);
                parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
            None => vec![self.name.clone()],
        };
        if let Some(first) = parts.first_mut()
            && first.eq_ignore_ascii_case("INBOX")
        {
            "INBOX".clone_into(first);
        }
        parts
    }
}

/// What STATUS says of a folder (RFC 3501 section 6.3.10, RFC 8438).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FolderStatus {
    /// Messages in it.
    pub messages: Option<u64>,
    /// Sum of the message sizes, in bytes; `None` if the server does not report it.
    pub bytes: Option<u64>,
    /// The UID that the next message will get.
    pub uid_next: Option<u32>,
    /// UIDs mean something only together with this number.
    pub uid_validity: Option<UidValidity>,
    /// Grows with every change of a flag (RFC 7162); not asked for by a list without sizes, and `None`
    /// where the folder does not keep it.
    pub highest_modseq: Option<u64>,
}

impl FolderStatus {
    pub(in crate::imap) fn read(values: &BTreeMap<String, u64>) -> Self {
        let number = |name: &str| values.get(name).copied();
        let short = |name: &str| number(name).and_then(|value| u32::try_from(value).ok());
        Self {
            messages: number("MESSAGES"),
            bytes: number("SIZE"),
            uid_next: short("UIDNEXT"),
            uid_validity: short("UIDVALIDITY").map(UidValidity),
            highest_modseq: number("HIGHESTMODSEQ").filter(|modseq| *modseq > 0),
        }
    }
}
