//! One folder that is listed under several names (Dovecot's `mailbox_alias`, which iRedMail sets up; servers that list
//! `a//b` beside `a/b`): copied once.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::imap::{Folder, ImapError, Session};
use crate::message::{IDENTITY_HEADERS, identity_key};
use crate::values::UidValidity;

/// What is equal where two names stand for one folder.
type Counts = (UidValidity, u32, u64, Option<u64>);

/// The names that show what another one shows as well, as the server spells them. Counts only say where a closer look
/// is worth it, as UIDVALIDITY need not differ from folder to folder (RFC 3501 section 2.3.1.1); it is the messages
/// themselves that decide.
pub(in crate::transfer) async fn other_names(
    session: &mut Session,
    folders: &[Folder],
) -> Result<BTreeSet<String>, ImapError> {
    let mut others = BTreeSet::new();
    for mut group in alike(folders) {
        group.sort_by_key(|folder| rank(folder));
        let mut known: BTreeSet<[u8; 32]> = BTreeSet::new();
        for folder in group {
            session.now_about(Some(&folder.raw));
            match digest(session, &folder.raw).await {
                Ok(Some(digest)) if !known.insert(digest) => {
                    others.insert(folder.raw.clone());
                }
                // The copy reports the folder's own trouble.
                Ok(_) | Err(ImapError::Refused { .. } | ImapError::BadName(_)) => {}
                Err(error) => return Err(error),
            }
            session.now_about(None);
        }
    }
    Ok(others)
}

/// Folders with messages whose counts are all equal.
fn alike(folders: &[Folder]) -> Vec<Vec<&Folder>> {
    let mut groups: BTreeMap<Counts, Vec<&Folder>> = BTreeMap::new();
    for folder in folders.iter().filter(|folder| folder.is_selectable()) {
        let status = folder.status.unwrap_or_default();
        if let (Some(uid_validity), Some(uid_next), Some(messages)) =
            (status.uid_validity, status.uid_next, status.messages.filter(|messages| *messages > 0))
        {
            groups.entry((uid_validity, uid_next, messages, status.bytes)).or_default().push(folder);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// Which of several names is the folder's own: the inbox, then a name that the server has a use for, then the shortest.
fn rank(folder: &Folder) -> (bool, bool, usize, &str) {
    let has_use = ["\\Sent", "\\Drafts", "\\Junk", "\\Trash", "\\Archive"];
    (
        !folder.raw.eq_ignore_ascii_case("INBOX"),
        !has_use.iter().any(|attribute| folder.has_attribute(attribute)),
        folder.raw.len(),
        &folder.raw,
    )
}

/// A digest over UID, size, date and identity of every message; `None` where the server does not list them all.
async fn digest(session: &mut Session, raw: &str) -> Result<Option<[u8; 32]>, ImapError> {
    let opened = session.examine(raw).await?;
    let uids = session.fetch_uids(1_u32).await?;
    let mut hash = Sha256::new();
    let mut count = 0;
    session
        .fetch_facts(&uids, &IDENTITY_HEADERS, |facts| {
            for facts in facts {
                count += 1;
                hash.update(facts.uid.to_be_bytes());
                hash.update(facts.size.to_be_bytes());
                hash.update(facts.internal_date.as_bytes());
                hash.update(identity_key(&facts.header).0);
            }
            Ok::<(), ImapError>(())
        })
        .await?;
    Ok((count == opened.exists).then(|| hash.finalize().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::FolderStatus;

    fn folder(raw: &str, uid_validity: u32, messages: u64) -> Folder {
        Folder {
            raw: raw.to_owned(),
            name: raw.to_owned(),
            delimiter: Some('/'),
            attributes: Vec::new(),
            status: Some(FolderStatus {
                messages: Some(messages),
                uid_next: Some(9),
                uid_validity: Some(UidValidity(uid_validity)),
                ..FolderStatus::default()
            }),
        }
    }

    #[test]
    fn only_folders_with_equal_counts_and_messages_are_looked_at() {
        let mut sent = folder("Sent Messages", 1, 3);
        sent.attributes.push("\\sent".to_owned());
        let all = [folder("Sent", 1, 3), sent, folder("A", 2, 3), folder("B", 3, 0), folder("C", 3, 0)];
        let groups = alike(&all);
        assert_eq!(groups.len(), 1);
        let mut names: Vec<&Folder> = groups.into_iter().flatten().collect();
        names.sort_by_key(|folder| rank(folder));
        assert_eq!(
            names.iter().map(|folder| folder.raw.as_str()).collect::<Vec<_>>(),
            ["Sent Messages", "Sent"]
        );
    }
}
