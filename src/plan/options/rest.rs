//! What to do with the rest of a mailbox that is full at the destination.

/// What to do with the messages of one mailbox that are not at the destination yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Rest {
    /// They are copied.
    #[default]
    Copy,
    /// They stay at the source, and so do those that arrive later.
    LeaveOut,
    /// They become `.eml` files.
    Save,
}

impl Rest {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Copy, Self::LeaveOut, Self::Save];

    /// Its name in the project file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Copy => "copy",
            Self::LeaveOut => "leave-out",
            Self::Save => "save",
        }
    }

    /// The one with this name; `None` if it is unknown.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rest| rest.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        assert!(Rest::ALL.into_iter().all(|rest| Rest::from_name(rest.name()) == Some(rest)));
        assert_eq!(Rest::from_name("all"), None);
    }
}
