use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use super::FolderPath;
use super::folder_name::fold_name;

/// The data file as it is written; see its head for what it is and is not.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NonmailWords {
    #[expect(dead_code, reason = "for people who read the data file")]
    source: String,
    #[expect(dead_code, reason = "for people who read the data file")]
    date: String,
    words: BTreeMap<String, Vec<String>>,
}

/// Folded names. A broken data file would leave it empty, which a test forbids.
static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let file: Option<NonmailWords> = toml::from_str(include_str!("../../assets/nonmail_folders.toml")).ok();
    file.map(|file| file.words.into_values().flatten().map(|name| fold_name(&name)).collect())
        .unwrap_or_default()
});

/// Whether Exchange keeps appointments, contacts or the like in a folder of this name, and in those below it.
pub fn holds_no_mail_at_exchange(path: &FolderPath) -> bool {
    path.0.first().is_some_and(|top| NAMES.contains(&fold_name(top)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_is_sound_and_only_the_top_level_counts() {
        toml::from_str::<NonmailWords>(include_str!("../../assets/nonmail_folders.toml")).unwrap();
        let path = |parts: &[&str]| FolderPath(parts.iter().map(ToString::to_string).collect());
        for (parts, expected) in [
            (&["Calendar"][..], true),
            (&["calendar", "Birthdays"], true),
            (&["Boîte d'envoi"], true),
            (&["Work", "Notes"], false),
            (&["INBOX", "Tasks"], false),
            (&["Archive"], false),
        ] {
            assert_eq!(holds_no_mail_at_exchange(&path(parts)), expected, "{parts:?}");
        }
    }
}
