use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::plan::folders::path::FolderPath;
use crate::plan::folders::path::SpecialUse;

/// How good a home the folder of a label is; the least is the best.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LabelRank {
    class: u8,
    depth: Reverse<usize>,
    path: FolderPath,
}

/// Ranks a folder of a Gmail mailbox: the inbox, then the owner's labels (the deepest first, then by name), then what
/// Gmail itself sorts into, and last All Mail, which shows every message.
pub fn label_rank(path: &FolderPath, special_use: Option<SpecialUse>) -> LabelRank {
    let class = match special_use {
        _ if path.is_inbox() => 0,
        Some(SpecialUse::Inbox) => 0,
        None => 1,
        Some(SpecialUse::Sent) => 2,
        Some(SpecialUse::Drafts) => 3,
        Some(SpecialUse::Archive) => 4,
        Some(SpecialUse::Junk) => 5,
        Some(SpecialUse::Trash) => 6,
        Some(SpecialUse::Important) => 7,
        Some(SpecialUse::Flagged) => 8,
        Some(SpecialUse::All) => 9,
    };
    LabelRank { class, depth: Reverse(path.0.len()), path: path.clone() }
}

/// Whether a message with these labels (X-GM-LABELS) lives in a folder besides All Mail. A star and Gmail's own
/// judgement of what is important are no places.
pub fn has_home(labels: &[String]) -> bool {
    labels.iter().any(|label| {
        let bare = label.trim_start_matches('\\');
        !["Important", "Starred", "Flagged"].iter().any(|view| bare.eq_ignore_ascii_case(view))
            || bare.len() == label.len()
    })
}

/// The home of each message: the best folder that shows it. Folders are added from the best to the last.
#[derive(Clone, Debug, Default)]
pub struct Homes {
    /// Message number to the place of its folder.
    homes: BTreeMap<u64, u16>,
}

impl Homes {
    /// This folder, with this number among all, shows the message. The first folder that says so is its home.
    pub fn show(&mut self, message: u64, folder: u16) {
        self.homes.entry(message).or_insert(folder);
    }

    /// The number of the folder that is the home of this message.
    pub fn home(&self, message: u64) -> Option<u16> {
        self.homes.get(&message).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> FolderPath {
        FolderPath(text.split('|').map(ToOwned::to_owned).collect())
    }

    #[test]
    fn the_best_label_is_the_inbox_then_the_deepest_of_the_owner() {
        let mut folders = [
            (path("[Gmail]|All Mail"), Some(SpecialUse::All)),
            (path("[Gmail]|Sent Mail"), Some(SpecialUse::Sent)),
            (path("Kunden"), None),
            (path("Kunden|Weber"), None),
            (path("Alt"), None),
            (path("Inbox"), Some(SpecialUse::Inbox)),
            (path("[Gmail]|Drafts"), Some(SpecialUse::Drafts)),
        ];
        folders.sort_by_cached_key(|(path, special_use)| label_rank(path, *special_use));
        let names: Vec<String> = folders.iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(
            names,
            [
                "Inbox",
                "Kunden / Weber",
                "Alt",
                "Kunden",
                "[Gmail] / Sent Mail",
                "[Gmail] / Drafts",
                "[Gmail] / All Mail"
            ]
        );
    }

    #[test]
    fn a_star_is_no_home_and_a_label_called_important_is() {
        let labels = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
        assert!(!has_home(&labels(&[])));
        assert!(!has_home(&labels(&["\\Important", "\\Starred"])));
        assert!(has_home(&labels(&["\\Important", "\\Sent"])));
        assert!(has_home(&labels(&["Important"])));
    }

    #[test]
    fn the_first_folder_that_shows_a_message_is_its_home() {
        let mut homes = Homes::default();
        homes.show(7, 0);
        homes.show(7, 1);
        homes.show(8, 1);
        assert_eq!((homes.home(7), homes.home(8), homes.home(9)), (Some(0), Some(1), None));
    }
}
