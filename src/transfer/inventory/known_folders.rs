//! Lists that are shorter than they were. A folder that somebody knows and that the list lacks is asked for by its name:
//! only the server's word that it is not there makes it gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{Detail, Folder, ImapError, Session, Unlisted};
use crate::transfer::context::control::CopyControl;

/// Waits before a list is asked for once more, as multiples of the first one.
const WAITS: [u32; 3] = [1, 2, 4];
/// Folders that are asked for by name; beyond that the list itself is all there is.
const MOST_ASKED: usize = 1_000;

/// What a list has lacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::transfer) struct Lacking {
    /// Folders that are there and were not listed, as the server spells them.
    pub(in crate::transfer) unlisted: BTreeSet<String>,
    /// Folders of which it does not say whether they are there, with its words.
    pub(in crate::transfer) unclear: BTreeMap<String, String>,
    /// Folders of which it says that they are not there.
    pub(in crate::transfer) gone: BTreeSet<String>,
    /// The list lacked most of what is there: it cannot be what it should be.
    pub(in crate::transfer) is_cut: bool,
}

impl Lacking {
    /// What is to be known before the start.
    pub(in crate::transfer) fn remarks(&self) -> Vec<String> {
        let unclear = self.unclear.iter().map(|(name, words)| {
            format!(
                "Your server no longer lists the folder {name} and does not say whether it still \
                     exists: {words}"
            )
        });
        let unlisted = self
            .unlisted
            .iter()
            .map(|name| format!("Your server does not list the folder {name}, although the folder exists"));
        unclear.chain(unlisted).collect()
    }
}

/// Adds the folders that are known, lacking in the list, and there all the same. A list that lacks most of them is asked for
/// again a few times, until the control stops.
pub(in crate::transfer) async fn complete(
    session: &mut Session,
    folders: &mut Vec<Folder>,
    known: &BTreeSet<String>,
    (detail, control): (Detail, Option<&CopyControl>),
) -> Result<Lacking, ImapError> {
    let mut waits = WAITS.into_iter();
    loop {
        let missing = missing(folders, known);
        if missing.is_empty() {
            return Ok(Lacking::default());
        }
        let delimiter = folders.iter().find_map(|folder| folder.delimiter).or(Some('/'));
        let told = session.ask_unlisted(&missing, delimiter).await?;
        let there = told.values().filter(|found| **found != Unlisted::Gone).count();
        let listed = folders.iter().filter(|folder| folder.is_selectable()).count();
        let is_cut = there > 0 && (listed <= 1 || there >= listed);
        if is_cut && let Some(factor) = waits.next() {
            tracing::info!(listed, lacking = there, "requesting the folder list again");
            let wait = session.first_wait().saturating_mul(factor);
            match control {
                Some(control) if !control.wait(wait).await => return Ok(Lacking::default()),
                Some(_) => {}
                None => tokio::time::sleep(wait).await,
            }
            session.forget_lists();
            *folders = session.list_in(detail).await?;
            continue;
        }
        let mut lacking = Lacking { is_cut, ..Lacking::default() };
        for (raw, found) in told {
            match found {
                Unlisted::There(folder) => {
                    lacking.unlisted.insert(raw);
                    // It may be listed as one that holds no messages.
                    folders.retain(|listed| listed.raw != folder.raw);
                    folders.push(folder);
                }
                Unlisted::Unclear(words) => {
                    lacking.unclear.insert(raw, words);
                }
                Unlisted::Gone => {
                    lacking.gone.insert(raw);
                }
            }
        }
        return Ok(lacking);
    }
}

/// Known folders that the list lacks, or marks as holding no messages.
fn missing(folders: &[Folder], known: &BTreeSet<String>) -> Vec<String> {
    let selectable = folders.iter().filter(|folder| folder.is_selectable());
    let listed: BTreeSet<&str> = selectable.map(|folder| folder.raw.as_str()).collect();
    let is_missing = |raw: &&String| !listed.contains(raw.as_str()) && !raw.eq_ignore_ascii_case("INBOX");
    known.iter().filter(is_missing).take(MOST_ASKED).cloned().collect()
}
