use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::assets::{AssetError, LanguageWords, read_folder_words};
use crate::plan::folders::name::fold_name;
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::path::SpecialUse;

fn by_use(words: LanguageWords) -> [(SpecialUse, Vec<String>); 8] {
    [
        (SpecialUse::Sent, words.sent),
        (SpecialUse::Drafts, words.drafts),
        (SpecialUse::Trash, words.trash),
        (SpecialUse::Junk, words.junk),
        (SpecialUse::Archive, words.archive),
        (SpecialUse::All, words.all),
        (SpecialUse::Flagged, words.flagged),
        (SpecialUse::Important, words.important),
    ]
}

/// Folded word to its use. The build reads the data file first, so that it is right.
static WORDS: LazyLock<BTreeMap<String, SpecialUse>> = LazyLock::new(|| {
    read_words(include_str!("../../../assets/folder_words.toml"))
        .map(|(words, _doubles)| words)
        .unwrap_or_default()
});

/// Reads the data file: the table, and words listed for more than one use.
fn read_words(text: &str) -> Result<(BTreeMap<String, SpecialUse>, Vec<String>), AssetError> {
    let languages = read_folder_words(text)?;
    let mut table = BTreeMap::new();
    let mut doubles = Vec::new();
    for (special_use, words) in languages.into_values().flat_map(by_use) {
        for word in words {
            let known = table.insert(fold(&word), special_use);
            if known.is_some_and(|known| known != special_use) {
                doubles.push(word);
            }
        }
    }
    Ok((table, doubles))
}

/// Case, repeated blanks and ways to write an accent do not matter.
fn fold(name: &str) -> String {
    fold_name(&name.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The use of a folder, as its name suggests.
///
/// Only folders on the top level, right below the inbox, or right below Gmail's container are judged. No name makes a
/// view: a folder that is called “Important” holds real mail, and so does “\[Gmail\]/All Mail” where an earlier move has
/// taken it along.
pub fn special_use_by_name(path: &FolderPath) -> Option<SpecialUse> {
    let name = match path.0.as_slice() {
        [name] => name,
        [inbox, name] if inbox.eq_ignore_ascii_case("INBOX") || is_gmails(inbox) => name,
        _ => return None,
    };
    WORDS.get(&fold(name)).copied().filter(|special_use| !special_use.is_virtual())
}

/// What a folder of Gmail is for, views among the rest, where the server itself does not say so.
pub fn special_use_at_gmail(path: &FolderPath) -> Option<SpecialUse> {
    match path.0.as_slice() {
        [container, name] if is_gmails(container) => WORDS.get(&fold(name)).copied(),
        _ => special_use_by_name(path),
    }
}

/// Whether this is Gmail's name for the container of its system folders.
fn is_gmails(part: &str) -> bool {
    part == "[Gmail]" || part == "[Google Mail]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_is_sound() {
        let (words, doubles) = read_words(include_str!("../../../assets/folder_words.toml")).unwrap();
        assert!(words.len() > 250, "{}", words.len());
        assert!(doubles.is_empty(), "{doubles:?}");
        let languages = read_folder_words(include_str!("../../../assets/folder_words.toml")).unwrap();
        assert!(languages.len() >= 20);
    }

    #[test]
    fn names_are_recognised_where_special_folders_stand() {
        for (parts, expected) in [
            (&["Sent Items"][..], Some(SpecialUse::Sent)),
            (&["gesendete  objekte"], Some(SpecialUse::Sent)),
            (&["ÉLÉMENTS ENVOYÉS"], Some(SpecialUse::Sent)),
            (&["Entwu\u{308}rfe"], Some(SpecialUse::Drafts)),
            (&["INBOX", "Trash"], Some(SpecialUse::Trash)),
            (&["[Google Mail]", "Alle Nachrichten"], None),
            (&["[Gmail]", "Important"], None),
            (&["[Gmail]", "Sent Mail"], Some(SpecialUse::Sent)),
            (&["Important"], None),
            (&["All Mail"], None),
            (&["Projects", "Sent"], None),
            (&["Sent to Bob"], None),
        ] {
            let path = FolderPath(parts.iter().map(ToString::to_string).collect());
            assert_eq!(special_use_by_name(&path), expected, "{path}");
        }
        for (parts, expected) in [
            (&["[Google Mail]", "Alle Nachrichten"][..], Some(SpecialUse::All)),
            (&["[Gmail]", "Important"], Some(SpecialUse::Important)),
            (&["Important"], None),
            (&["Sent Items"], Some(SpecialUse::Sent)),
        ] {
            let path = FolderPath(parts.iter().map(ToString::to_string).collect());
            assert_eq!(special_use_at_gmail(&path), expected, "{path}");
        }
    }
}
