use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::assets::read_nonmail_folders;
use crate::plan::folders::name::fold_name;
use crate::plan::folders::path::FolderPath;

/// Folded names. The build reads the data file first, so that it is right.
static NAMES: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let languages =
        read_nonmail_folders(include_str!("../../../assets/nonmail_folders.toml")).unwrap_or_default();
    languages.into_values().flatten().map(|name| fold_name(&name)).collect()
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
        read_nonmail_folders(include_str!("../../../assets/nonmail_folders.toml")).unwrap();
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
