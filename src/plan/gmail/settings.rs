//! Settings of Gmail that hide mail from IMAP, and so from a copy.

use crate::plan::folders::mapping::SourceFolder;
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::path::SpecialUse;

/// The numbers that Gmail offers as the most messages that a folder shows.
const FOLDER_LIMITS: [u64; 4] = [1_000, 2_000, 5_000, 10_000];

/// Gmail's system folders that contain separate mail, as named in its settings.
const OWN_FOLDERS: [(SpecialUse, &str); 4] = [
    (SpecialUse::Sent, "Sent Mail"),
    (SpecialUse::Drafts, "Drafts"),
    (SpecialUse::Junk, "Spam"),
    (SpecialUse::Trash, "Bin"),
];

/// What Gmail seems to hide at a source that lists these folders, in sentences with the setting to change.
pub fn hidden_by_gmail(folders: &[SourceFolder]) -> Vec<String> {
    let shows = |wanted| folders.iter().any(|one| one.is_selectable && one.special_use == Some(wanted));
    let mut sentences = Vec::new();
    if !shows(SpecialUse::All) {
        sentences.push(
            "Gmail hides All Mail from IMAP, so archived mail without a label is invisible and will not be copied. Tick \
             “Show in IMAP” for All Mail in Gmail’s settings under Labels, then count the folders again"
                .to_owned(),
        );
    }
    let hidden: Vec<&str> =
        OWN_FOLDERS.into_iter().filter(|(own, _)| !shows(*own)).map(|(_, name)| name).collect();
    if !hidden.is_empty() {
        sentences.push(format!(
            "Gmail hides {} from IMAP, so mail in there will not be copied. If you want it, tick “Show in IMAP” for it in \
             Gmail’s settings under Labels, then count the folders again",
            hidden.join(", ")
        ));
    }
    let limited: Vec<(&FolderPath, u64)> = folders
        .iter()
        .filter(|folder| FOLDER_LIMITS.contains(&folder.messages))
        .map(|folder| (&folder.path, folder.messages))
        .collect();
    if let Some((path, messages)) = limited.first() {
        sentences.push(format!(
            "{path} shows exactly {messages} messages, which may be Gmail’s limit per folder. Choose “Do not \
             limit the number of messages in an IMAP folder” in Gmail’s settings under Forwarding and POP/IMAP, and plan \
             again"
        ));
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Bytes;

    fn folder(name: &str, special_use: Option<SpecialUse>, messages: u64) -> SourceFolder {
        SourceFolder {
            path: FolderPath(vec![name.to_owned()]),
            raw: name.to_owned(),
            special_use,
            is_selectable: true,
            messages,
            bytes: Bytes(messages),
            is_unsubscribed: false,
            is_alias: false,
            stays_because: None,
        }
    }

    #[test]
    fn what_gmail_hides_is_reported_with_its_setting() {
        let mut folders = vec![folder("INBOX", None, 999), folder("All", Some(SpecialUse::All), 1_001)];
        folders.extend(OWN_FOLDERS.map(|(own, name)| folder(name, Some(own), 3)));
        assert_eq!(hidden_by_gmail(&folders), [""; 0]);

        folders[0].messages = 2_000;
        let told = hidden_by_gmail(&folders);
        assert!(told.len() == 1 && told[0].starts_with("INBOX shows exactly 2000 messages"), "{told:?}");

        folders[0].messages = 2_001;
        folders.retain(|folder| folder.special_use != Some(SpecialUse::Junk));
        folders[1].is_selectable = false;
        let told = hidden_by_gmail(&folders);
        assert!(
            told.len() == 2 && told[0].contains("All Mail") && told[1].contains("hides Spam from"),
            "{told:?}"
        );
    }
}
