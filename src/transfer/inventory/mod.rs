//! What a mailbox holds, and where it goes.

pub(in crate::transfer) mod aliases;
pub(in crate::transfer) mod counting;
pub(in crate::transfer) mod date_samples;
pub(in crate::transfer) mod known_folders;
pub(in crate::transfer) mod oversize;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use crate::imap::{Detail, Folder, ImapError, Namespace, Session, Whose};
use crate::plan::{
    DestinationRules, FolderPath, LeftOutBecause, MailboxPlan, SourceFolder, SpecialUse, hidden_by_gmail,
    holds_no_mail_at_exchange, map_folders, special_use_by_name,
};
use crate::transfer::context::error::TransferError;
use crate::transfer::gmail::destination::add_label_rules;
use crate::transfer::gmail::source::{keep_archived, name_archived, survey_archived};
use crate::transfer::inventory::aliases::other_names;
use crate::transfer::inventory::known_folders::complete;
use crate::transfer::listing::views::doubt_views;
use crate::transfer::reconcile::renumbered::{leave_labels, move_below_folders, name_views};
use crate::values::Bytes;
use crate::values::Side;

/// Lists both sides, counts the source, and maps its folders. `rules` brings what is known of the provider's limits;
/// delimiter, prefix, special and existing folders are taken from the server.
pub async fn inventory(
    source: &mut Session,
    destination: &mut Session,
    rules: DestinationRules,
) -> Result<MailboxPlan, TransferError> {
    inventory_of(source, destination, rules, &BTreeSet::new()).await
}

/// The same of a source of which these folders are known to have been there.
pub(super) async fn inventory_of(
    source: &mut Session,
    destination: &mut Session,
    rules: DestinationRules,
    known: &BTreeSet<String>,
) -> Result<MailboxPlan, TransferError> {
    let (found, rules) = tokio::join!(survey_source(source, known), survey_destination(destination, rules));
    let Survey { mut folders, prefix, remarks } = found.map_err(TransferError::at(Side::Source))?;
    let mut rules = rules.map_err(TransferError::at(Side::Destination))?;
    let hidden = if source.is_gmail() { hidden_by_gmail(&folders) } else { Vec::new() };
    name_views(source, &mut folders);
    let doubted = doubt_views(source, &mut folders);
    let all_mail = survey_archived(source, &mut folders).await.map_err(TransferError::at(Side::Source))?;
    if all_mail.is_some() && destination.is_gmail() {
        keep_archived(&mut rules);
    }
    let mut plan = map_folders(&folders, &prefix, &rules);
    plan.remarks.extend(hidden.into_iter().chain(remarks).chain(doubted));
    if let Some(raw) = all_mail {
        name_archived(&mut plan, &raw, &rules);
    }
    let free = destination.free_bytes().await.map_err(TransferError::at(Side::Destination))?;
    plan.free_bytes = free.map(Bytes);
    leave_labels(source, &mut plan);
    move_below_folders(destination, &mut plan, &rules.existing);
    Ok(plan)
}

/// What the source has.
struct Survey {
    folders: Vec<SourceFolder>,
    /// The parts of its namespace prefix.
    prefix: Vec<String>,
    /// What is to be said of its list.
    remarks: Vec<String>,
}

async fn survey_source(session: &mut Session, known: &BTreeSet<String>) -> Result<Survey, ImapError> {
    let namespace = session.namespace().await?;
    let mut folders = session.list_folders().await?;
    let lacking = complete(session, &mut folders, known, (Detail::Everything, None)).await?;
    session.expect_folders(&folders).await?;
    let unsubscribed = unsubscribed(session, &folders).await?;
    let stays: BTreeMap<String, LeftOutBecause> = folders
        .iter()
        .filter_map(|folder| Some((folder.raw.clone(), stays_because(session, &namespace, folder)?)))
        .collect();
    // What is not the mailbox's own is not opened unless its owner asks: some servers hang up then (Zimbra).
    let own: Vec<Folder> =
        folders.iter().filter(|folder| !stays.contains_key(&folder.raw)).cloned().collect();
    let aliases = other_names(session, &own).await?;
    let mut found = Vec::new();
    for folder in folders {
        let status = folder.status.unwrap_or_default();
        let messages = status.messages.unwrap_or(0);
        session.now_about(Some(&folder.raw));
        let bytes = match status.bytes {
            Some(bytes) => bytes,
            None if messages == 0 || !folder.is_selectable() || stays.contains_key(&folder.raw) => 0,
            None => match session.folder_bytes(&folder.raw).await {
                Ok(bytes) => bytes,
                // The copy reports the folder's own trouble.
                Err(ImapError::Refused { .. } | ImapError::BadName(_)) => 0,
                Err(error) => return Err(error),
            },
        };
        session.now_about(None);
        found.push(SourceFolder {
            path: FolderPath(folder.parts()),
            special_use: special_use(&folder),
            is_selectable: folder.is_selectable(),
            messages,
            bytes: Bytes(bytes),
            is_unsubscribed: unsubscribed.contains(&folder.raw),
            is_alias: aliases.contains(&folder.raw),
            stays_because: stays.get(&folder.raw).copied(),
            raw: folder.raw,
        });
    }
    Ok(Survey { folders: found, prefix: prefix_parts(&namespace), remarks: lacking.remarks() })
}

/// Why a folder stays behind unless its owner asks for it.
fn stays_because(session: &Session, namespace: &Namespace, folder: &Folder) -> Option<LeftOutBecause> {
    match namespace.whose(folder) {
        Whose::Own => {
            let is_other = session.is_exchange() && holds_no_mail_at_exchange(&FolderPath(folder.parts()));
            is_other.then_some(LeftOutBecause::ItHoldsNoMail)
        }
        Whose::OtherUser => Some(LeftOutBecause::ItIsSomebodyElses),
        Whose::Shared => Some(LeftOutBecause::ItIsShared),
    }
}

/// Folders that the owner has hidden. None where hardly anything is subscribed to: then it never meant anything.
async fn unsubscribed(session: &mut Session, folders: &[Folder]) -> Result<BTreeSet<String>, ImapError> {
    let subscribed = match session.subscribed_names().await {
        Ok(names) => names,
        Err(ImapError::Refused { completion, .. }) => {
            tracing::info!(%completion, "the source does not say which folders are subscribed");
            return Ok(BTreeSet::new());
        }
        Err(error) => return Err(error),
    };
    let is_in_use = subscribed.iter().any(|name| !name.eq_ignore_ascii_case("INBOX"));
    let hidden = folders.iter().filter(|folder| is_in_use && !subscribed.contains(&folder.raw));
    Ok(hidden.map(|folder| folder.raw.clone()).collect())
}

async fn survey_destination(
    session: &mut Session,
    mut rules: DestinationRules,
) -> Result<DestinationRules, ImapError> {
    let namespace = session.namespace().await?;
    rules.delimiter = namespace.delimiter;
    rules.prefix = prefix_parts(&namespace);
    if session.is_gmail() {
        add_label_rules(&mut rules);
    }
    rules.learn_software(&session.server_words());
    let folders = session.list_folder_names().await?;
    learn_childless(&mut rules, &folders);
    for folder in folders {
        let path = FolderPath(folder.parts());
        if namespace.whose(&folder) != Whose::Own {
            // A folder of that name would not be the mailbox's own, but everybody's.
            reserve_top(&mut rules, path);
            continue;
        }
        if let Some(special_use) = special_use(&folder).filter(|_| folder.is_selectable()) {
            rules.special.entry(special_use).or_insert_with(|| path.clone());
        }
        rules.existing.push(path);
    }
    Ok(rules)
}

/// Takes over which folders take none below them, and whether that is so with every folder that its owner has made: then
/// each is a file (mbox). Of the inbox and of special folders it says nothing, as some servers guard these.
fn learn_childless(rules: &mut DestinationRules, folders: &[Folder]) {
    let paths: BTreeSet<Vec<String>> = folders.iter().map(Folder::parts).collect();
    let has_child = |path: &Vec<String>| {
        let behind = (Bound::Excluded(path), Bound::Unbounded);
        paths.range::<Vec<String>, _>(behind).next().is_some_and(|next| next.starts_with(path))
    };
    let is_special = |folder: &Folder, path: &FolderPath| {
        let bare = path.0.strip_prefix(rules.prefix.as_slice()).unwrap_or(&path.0);
        special_use(folder).is_some() || special_use_by_name(&FolderPath(bare.to_vec())).is_some()
    };
    let (mut childless, mut files, mut others) = (Vec::new(), 0, 0);
    for folder in folders.iter().filter(|folder| folder.is_selectable()) {
        let path = FolderPath(folder.parts());
        // Folders below it are there all the same.
        let is_childless = folder.has_attribute("\\Noinferiors") && !has_child(&path.0);
        if path.is_inbox() {
            rules.allows_inbox_children &= !is_childless;
        } else if !is_childless {
            others += 1;
        } else {
            files += usize::from(!is_special(folder, &path));
            childless.push(path);
        }
    }
    rules.childless = childless;
    rules.has_files_for_folders = files > 0 && others == 0;
}

/// Keeps a name on the top level free for others.
fn reserve_top(rules: &mut DestinationRules, path: FolderPath) {
    if let Some(top) = path.0.into_iter().next().filter(|_| rules.prefix.is_empty())
        && !rules.reserved.contains(&top)
    {
        rules.reserved.push(top);
    }
}

fn prefix_parts(namespace: &Namespace) -> Vec<String> {
    let parts = namespace.prefix.split(|character| Some(character) == namespace.delimiter);
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(|part| if part.eq_ignore_ascii_case("INBOX") { "INBOX" } else { part }.to_owned()).collect()
}

/// Attributes of RFC 6154 and RFC 8457; `\Inbox` is Gmail's old XLIST.
pub fn special_use(folder: &Folder) -> Option<SpecialUse> {
    [
        ("\\Inbox", SpecialUse::Inbox),
        ("\\All", SpecialUse::All),
        ("\\AllMail", SpecialUse::All),
        ("\\Archive", SpecialUse::Archive),
        ("\\Drafts", SpecialUse::Drafts),
        ("\\Flagged", SpecialUse::Flagged),
        ("\\Important", SpecialUse::Important),
        ("\\Junk", SpecialUse::Junk),
        ("\\Sent", SpecialUse::Sent),
        ("\\Trash", SpecialUse::Trash),
    ]
    .into_iter()
    .find_map(|(attribute, special_use)| folder.has_attribute(attribute).then_some(special_use))
}
