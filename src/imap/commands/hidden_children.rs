//! Folders that the whole list leaves out. On some servers `*` and `%` disagree: a folder is said to have children, and
//! none of them is listed. They are asked for level by level.

use std::collections::BTreeSet;
use std::ops::Bound;

use crate::imap::commands::list::folders_of;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::Folder;
use crate::imap::protocol::folder::MAX_LEVELS;
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;
use crate::imap::session::pending_lists::Listing;
use crate::imap::session::pending_lists::MAX_FOLDERS;

/// Most parents queried; a server that reports more is not trusted.
const MAX_PARENTS: usize = 200;

impl Session {
    /// Adds the children of folders that are said to have some (RFC 3348), where the list has none of them. What was
    /// listed stays as it was told first.
    pub(in crate::imap) async fn add_unlisted_children(
        &mut self,
        folders: &mut Vec<Folder>,
    ) -> Result<(), ImapError> {
        let mut asked = BTreeSet::new();
        for _level in 0..MAX_LEVELS {
            let mut parents = childless_parents(folders);
            parents.retain(|pattern| !asked.contains(pattern));
            parents.truncate(MAX_PARENTS.saturating_sub(asked.len()));
            if parents.is_empty() || folders.len() >= MAX_FOLDERS {
                return Ok(());
            }
            let mut known: BTreeSet<String> = folders.iter().map(|folder| folder.raw.clone()).collect();
            let found = self.list_each(&parents).await?;
            folders.extend(found.into_iter().filter(|folder| known.insert(folder.raw.clone())));
            asked.extend(parents);
        }
        Ok(())
    }

    async fn list_each(&mut self, patterns: &[String]) -> Result<Vec<Folder>, ImapError> {
        let mut tags = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            if let Ok(name) = self.folder_name(pattern) {
                tags.push(self.submit(&format!("LIST \"\" {name}")));
            }
        }
        let mut listing = Listing::default();
        for tag in tags {
            // After a refusal the whole list stands.
            self.finish(tag, |reply| {
                if matches!(reply, Reply::List(_)) {
                    listing.take(reply);
                }
            })
            .await?;
        }
        Ok(folders_of(listing))
    }
}

/// Patterns for the children of folders that are said to have some, of which none is listed.
fn childless_parents(folders: &[Folder]) -> Vec<String> {
    let names: BTreeSet<&str> = folders.iter().map(|folder| folder.raw.as_str()).collect();
    let has_listed_child = |prefix: &str| {
        let behind = (Bound::Excluded(prefix), Bound::Unbounded);
        names.range::<str, _>(behind).next().is_some_and(|name| name.starts_with(prefix))
    };
    let mut patterns = Vec::new();
    for folder in folders {
        let is_parent = folder.has_attribute("\\HasChildren") && !folder.has_attribute("\\HasNoChildren");
        let Some(delimiter) = folder.delimiter.filter(|_| is_parent) else { continue };
        let prefix = format!("{}{delimiter}", folder.raw);
        if !has_listed_child(&prefix) {
            patterns.push(format!("{prefix}%"));
        }
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(raw: &str, attributes: &[&str]) -> Folder {
        Folder {
            raw: raw.to_owned(),
            name: raw.to_owned(),
            delimiter: Some('/'),
            attributes: attributes.iter().map(|attribute| (*attribute).to_owned()).collect(),
            status: None,
        }
    }

    #[test]
    fn only_parents_without_a_listed_child_are_asked() {
        let parent = ["\\HasChildren"];
        for (folders, expected) in [
            (vec![folder("A", &parent), folder("A/B", &[])], vec![]),
            (vec![folder("A", &parent), folder("AB", &[])], vec!["A/%"]),
            (vec![folder("A", &[]), folder("B", &["\\HasNoChildren"])], vec![]),
            (vec![folder("A", &["\\HasChildren", "\\HasNoChildren"])], vec![]),
            (vec![Folder { delimiter: None, ..folder("A", &parent) }], vec![]),
        ] {
            assert_eq!(childless_parents(&folders), expected, "{folders:?}");
        }
    }
}
