//! Gmail's way of keeping mail: one object for each message of an account, and folders that are labels on it.

use std::collections::BTreeSet;

use imap_codec::imap_types::command::CommandBody;

use crate::rehearsal::mailbox::{SampleMessage, SpecialUse};

use super::folder_path::FolderPath;
use super::message_part::field_values;
use super::raw_command::RawCommand;
use super::reply::{Reply, astring};
use super::session::Session;
use super::store::{Account, Change};
use super::view::View;

/// A FETCH item of X-GM-EXT-1, which the grammar crate does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LabelItem {
    MessageId,
    ThreadId,
    Labels,
}

const ITEMS: [(&str, LabelItem); 3] = [
    ("X-GM-MSGID", LabelItem::MessageId),
    ("X-GM-THRID", LabelItem::ThreadId),
    ("X-GM-LABELS", LabelItem::Labels),
];

/// The number of the object that a message is (X-GM-MSGID): equal for equal Message-ID and size, and for equal bytes
/// where there is no Message-ID.
pub(super) fn object(message: &[u8]) -> u64 {
    let message_id = field_values(message, b"Message-ID").next().map(<[u8]>::trim_ascii);
    let (text, size) = match message_id {
        Some(message_id) if !message_id.is_empty() => (message_id, message.len()),
        _ => (message, 0),
    };
    // 64-bit FNV-1a: fast, portable, and there are no attackers here.
    let mixed = text.iter().chain(&size.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed >> 1
}

/// Adds messages to a folder as labels, and returns their UIDs there.
pub(super) fn add(account: &mut Account, path: &FolderPath, messages: Vec<SampleMessage>) -> Vec<u32> {
    let mut uids = Vec::with_capacity(messages.len());
    for message in messages {
        let number = object(&message.bytes);
        let known =
            account.folders().values().find_map(|folder| folder.object(number)).map(|stored| SampleMessage {
                bytes: stored.bytes.clone(),
                flags: stored.flags.clone(),
                internal_date: stored.internal_date,
            });
        // The object that is there stays as it is, with its flags and its date.
        let message = known.unwrap_or(message);
        uids.extend(label(account, path, number, &message));
        if !is_out_of_all_mail(account, path)
            && let Some(all) = special(account, SpecialUse::All)
        {
            label(account, &all, number, &message);
        }
        star(account, number, &message);
    }
    uids
}

/// Puts the object into a folder unless it is there; its UID in it.
fn label(account: &mut Account, path: &FolderPath, number: u64, message: &SampleMessage) -> Option<u32> {
    if account.folder(path)?.object(number).is_none() {
        account.apply(Change::Append { path: path.clone(), messages: vec![message.clone()] });
    }
    account.folder(path)?.object(number).map(|stored| stored.uid)
}

/// A star and the flag are one thing.
fn star(account: &mut Account, number: u64, message: &SampleMessage) {
    let Some(starred) = special(account, SpecialUse::Flagged) else { return };
    if message.flags.contains("\\Flagged") {
        label(account, &starred, number, message);
    } else if let Some(uid) = account.folder(&starred).and_then(|folder| Some(folder.object(number)?.uid)) {
        account.apply(Change::Remove { path: starred, uids: BTreeSet::from([uid]) });
    }
}

/// Gives the flags of one message to the same object under its other labels.
pub(super) fn spread_flags(account: &mut Account, path: &FolderPath, uid: u32) {
    let Some(message) = account.folder(path).and_then(|folder| folder.message(uid)).cloned() else { return };
    let number = object(&message.bytes);
    let others: Vec<(FolderPath, u32)> = account
        .folders()
        .iter()
        .filter_map(|(other, folder)| Some((other, folder.object(number)?)))
        .filter(|(_, stored)| stored.flags != message.flags)
        .map(|(other, stored)| (other.clone(), stored.uid))
        .collect();
    for (path, uid) in others {
        account.apply(Change::SetFlags { path, uid, flags: message.flags.clone() });
    }
    let message =
        SampleMessage { bytes: message.bytes, flags: message.flags, internal_date: message.internal_date };
    star(account, number, &message);
}

/// X-GM-LABELS of a message as seen in one folder: all its labels but this one.
pub(super) fn labels(account: &Account, seen_in: &FolderPath, message: &[u8]) -> String {
    let number = object(message);
    let labels = account.folders().iter().filter(|(path, folder)| {
        *path != seen_in && folder.special_use != Some(SpecialUse::All) && folder.object(number).is_some()
    });
    let names = labels.map(|(path, folder)| match folder.special_use {
        Some(special_use) => format!("\"\\\\{}\"", special_use.attribute().trim_start_matches('\\')),
        None if path.is_inbox() => "\"\\\\Inbox\"".to_owned(),
        None => astring(&super::modified_utf7::encode(&path.to_string())),
    });
    names.collect::<Vec<_>>().join(" ")
}

/// Takes the items of X-GM-EXT-1 out of a FETCH, so that the grammar crate can read the rest.
pub(super) fn take_items(raw: &RawCommand) -> (RawCommand, Vec<LabelItem>) {
    let mut items = Vec::new();
    let mut texts = raw.texts.clone();
    if let Some(first) = texts.first_mut() {
        let text = String::from_utf8_lossy(first).into_owned();
        let words = text.split(' ').map(|word| {
            let bare = word.trim_matches(['(', ')']);
            let Some((_, item)) = ITEMS.iter().find(|(name, _)| name.eq_ignore_ascii_case(bare)) else {
                return word.to_owned();
            };
            items.push(*item);
            // UID may be asked for any number of times, which keeps the list and its parentheses whole.
            word.replace(bare, "UID")
        });
        *first = words.collect::<Vec<_>>().join(" ").into_bytes();
    }
    (RawCommand { texts, literals: raw.literals.clone() }, items)
}

/// `UID STORE set +X-GM-LABELS.SILENT (label ...)`, which the grammar crate does not know.
pub(super) struct LabelChange {
    /// The same command with a flag in place of the labels, so that the grammar crate reads its set.
    plain: RawCommand,
    is_added: bool,
    labels: Vec<String>,
}

impl LabelChange {
    /// Reads the command; `None` where it is about flags.
    pub(super) fn read(raw: &RawCommand) -> Option<Self> {
        let text = String::from_utf8(raw.texts.first()?.clone()).ok()?;
        let (before, after) = text.split_once("X-GM-LABELS")?;
        let (before, is_added) = match before.strip_suffix('+') {
            Some(before) => (before, true),
            None => (before.strip_suffix('-')?, false),
        };
        let (_, list) = after.split_once('(')?;
        let list = list.strip_suffix(')')?;
        let plain = format!("{before}+FLAGS.SILENT (\\Seen)").into_bytes();
        let plain = RawCommand { texts: vec![plain], literals: Vec::new() };
        raw.literals.is_empty().then(|| Self { plain, is_added, labels: words(list) })
    }
}

/// Atoms and quoted strings, unquoted.
fn words(list: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let (mut is_quoted, mut characters) = (false, list.chars());
    while let Some(character) = characters.next() {
        match character {
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '\\' if is_quoted => word.get_or_insert_default().extend(characters.next()),
            ' ' if !is_quoted => words.extend(word.take()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

impl Session {
    /// STORE of labels: shows the messages in those folders as well, or no longer.
    pub(super) fn change_labels(&mut self, change: &LabelChange) -> Reply {
        let Some(CommandBody::Store { sequence_set, .. }) = change.plain.parse().map(|command| command.body)
        else {
            return Reply::bad("Could not parse command");
        };
        let Some(view) = &self.selected else { return Reply::bad("No mailbox selected.") };
        if view.is_read_only {
            return Reply::no("[READ-ONLY] Folder is read-only.");
        }
        let wanted = View::resolve(view, &sequence_set, true).unwrap_or_default();
        let open = view.path.clone();
        let personality = self.shared.personality.clone();
        let done = self.with_account(|account| {
            for label in &change.labels {
                let path = match label.strip_prefix('\\') {
                    Some(own) if own.eq_ignore_ascii_case("Inbox") => Some(FolderPath::inbox()),
                    Some(own) => account
                        .folders()
                        .iter()
                        .find(|(_, folder)| {
                            folder
                                .special_use
                                .is_some_and(|kind| kind.attribute().trim_start_matches('\\') == own)
                        })
                        .map(|(path, _)| path.clone()),
                    None => personality.path(label.as_bytes()),
                };
                let path = path.filter(|path| account.folder(path).is_some())?;
                for (_, uid) in &wanted {
                    change_label(account, &open, *uid, &path, change.is_added);
                }
            }
            Some(())
        });
        match done.flatten() {
            Some(()) => Reply::ok("Success"),
            None => Reply::no("[NONEXISTENT] Unknown label. (Failure)"),
        }
    }
}

fn change_label(account: &mut Account, open: &FolderPath, uid: u32, path: &FolderPath, is_added: bool) {
    let Some(stored) = account.folder(open).and_then(|folder| folder.message(uid)).cloned() else { return };
    let number = object(&stored.bytes);
    if is_added {
        let message =
            SampleMessage { bytes: stored.bytes, flags: stored.flags, internal_date: stored.internal_date };
        label(account, path, number, &message);
    } else if let Some(uid) = account.folder(path).and_then(|folder| Some(folder.object(number)?.uid)) {
        account.apply(Change::Remove { path: path.clone(), uids: BTreeSet::from([uid]) });
    }
}

fn special(account: &Account, wanted: SpecialUse) -> Option<FolderPath> {
    let mut folders = account.folders().iter();
    folders.find(|(_, folder)| folder.special_use == Some(wanted)).map(|(path, _)| path.clone())
}

/// Spam and trash are the two places that All Mail does not show.
fn is_out_of_all_mail(account: &Account, path: &FolderPath) -> bool {
    let special_use = account.folder(path).and_then(|folder| folder.special_use);
    matches!(special_use, Some(SpecialUse::Junk | SpecialUse::Trash))
}
