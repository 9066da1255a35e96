//! STORE, EXPUNGE and the reading of flags.

use std::collections::BTreeSet;

use imap_codec::imap_types::flag::{Flag, StoreResponse, StoreType};
use imap_codec::imap_types::sequence::SequenceSet;

use super::folder::StoredMessage;
use super::folder_path::FolderPath;
use super::reply::Reply;
use super::session::Session;
use super::store::{Account, Change};

/// The spelling of a system flag that clients may set; `None` for others, `\Recent` among them.
pub(super) fn system_flag(text: &str) -> Option<&'static str> {
    ["\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"]
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(text))
}

/// A flag as a client wrote it, in the form that is kept; the words of the refusal where it cannot be.
pub(super) fn flag(text: &str) -> Result<String, Reply> {
    if text.starts_with('\\') {
        let known = system_flag(text).map(str::to_owned);
        return known.ok_or_else(|| Reply::bad(format!("Invalid system flag {}", text.to_ascii_uppercase())));
    }
    let is_atom = !text.is_empty() && text.len() <= 255 && text.bytes().all(is_keyword_character);
    if is_atom { Ok(text.to_owned()) } else { Err(Reply::bad("Invalid keyword.")) }
}

/// `flag-keyword = atom`, and `]` must not be in an atom.
fn is_keyword_character(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"(){%*\"\\]".contains(&byte)
}

impl Session {
    pub(super) fn store(
        &mut self,
        set: &SequenceSet,
        kind: StoreType,
        response: StoreResponse,
        flags: &[Flag<'_>],
        is_uid: bool,
    ) -> Reply {
        let flags: BTreeSet<String> = match flags.iter().map(|given| flag(&given.to_string())).collect() {
            Ok(flags) => flags,
            Err(reply) => return reply,
        };
        let Some(view) = &self.selected else { return Reply::bad("No mailbox selected.") };
        if view.is_read_only {
            return Reply::ok("Store ignored with read-only mailbox.");
        }
        let Some(wanted) = view.resolve(set, is_uid) else {
            return Reply::bad("Error in IMAP command STORE: Invalid messageset.");
        };
        let free_keywords = self.shared.personality.has_free_keywords;
        let (path, has_condstore, recent_from) = (view.path.clone(), self.has_condstore, view.recent_from());
        let shape = StoreShape {
            kind,
            is_uid,
            has_condstore,
            is_answered: response == StoreResponse::Answer,
            recent_from,
        };
        let lines =
            self.with_account(|account| store_flags(account, &path, &wanted, flags, free_keywords, shape));
        for line in lines.unwrap_or_default() {
            self.wire.push_line(&line);
        }
        Reply::ok("Store completed.")
    }

    /// EXPUNGE, or UID EXPUNGE (RFC 4315) of the UIDs in a set.
    pub(super) fn expunge(&mut self, set: Option<&SequenceSet>) -> Reply {
        let Some(view) = &self.selected else { return Reply::bad("No mailbox selected.") };
        if view.is_read_only {
            return Reply::no("[READ-ONLY] Mailbox is opened read-only.");
        }
        let meant: Option<BTreeSet<u32>> = set
            .map(|set| view.resolve(set, true).unwrap_or_default().into_iter().map(|(_, uid)| uid).collect());
        let path = view.path.clone();
        self.with_account(|account| expunge(account, &path, meant.as_ref()));
        // The numbers of what went are reported with every other change, right before the tagged reply.
        Reply::ok("Expunge completed.")
    }
}

/// Removes what is marked `\Deleted`, where a set is given only of its UIDs.
pub(super) fn expunge(account: &mut Account, path: &FolderPath, meant: Option<&BTreeSet<u32>>) {
    let messages = account.folder(path).into_iter().flat_map(|folder| &folder.messages);
    let uids: BTreeSet<u32> = messages
        .filter(|message| message.flags.contains("\\Deleted"))
        .map(|message| message.uid)
        .filter(|uid| meant.is_none_or(|meant| meant.contains(uid)))
        .collect();
    if !uids.is_empty() {
        account.apply(Change::Remove { path: path.clone(), uids });
    }
}

/// How a STORE changes flags and what it answers.
#[derive(Clone, Copy)]
struct StoreShape {
    kind: StoreType,
    is_uid: bool,
    has_condstore: bool,
    is_answered: bool,
    /// Messages from this UID on are shown as `\Recent`.
    recent_from: u32,
}

/// Changes the flags of messages, given by sequence number and UID, and returns the untagged replies.
fn store_flags(
    account: &mut Account,
    path: &FolderPath,
    wanted: &[(u32, u32)],
    mut flags: BTreeSet<String>,
    free_keywords: bool,
    shape: StoreShape,
) -> Vec<String> {
    let Some(folder) = account.folder(path) else { return Vec::new() };
    flags.retain(|flag| {
        flag.starts_with('\\') || free_keywords || folder.keywords.contains_key(&flag.to_ascii_lowercase())
    });
    let flags: BTreeSet<String> = flags.iter().map(|flag| folder.spelling(flag)).collect();
    let mut lines = Vec::new();
    for &(number, uid) in wanted {
        let Some(message) = account.folder(path).and_then(|folder| folder.message(uid)) else { continue };
        let changed: BTreeSet<String> = match shape.kind {
            StoreType::Replace => flags.clone(),
            StoreType::Add => message.flags.union(&flags).cloned().collect(),
            StoreType::Remove => message.flags.difference(&flags).cloned().collect(),
        };
        let is_changed = changed != message.flags;
        if is_changed {
            account.set_flags(path, uid, changed);
        }
        let message = account.folder(path).and_then(|folder| folder.message(uid));
        // To a client that speaks CONDSTORE even a silent change shows its MODSEQ (RFC 7162 section 3.1.3).
        let is_shown = shape.is_answered || (shape.has_condstore && is_changed);
        if let Some(message) = message.filter(|_| is_shown) {
            lines.push(answer(number, message, shape));
        }
    }
    lines
}

fn answer(number: u32, message: &StoredMessage, shape: StoreShape) -> String {
    let mut items = Vec::new();
    if shape.is_uid {
        items.push(format!("UID {}", message.uid));
    }
    if shape.has_condstore {
        items.push(format!("MODSEQ ({})", message.modseq));
    }
    if shape.is_answered {
        let recent = (message.uid >= shape.recent_from).then_some("\\Recent");
        let flags = message.flags.iter().map(String::as_str).chain(recent).collect::<Vec<_>>().join(" ");
        items.push(format!("FLAGS ({flags})"));
    }
    format!("* {number} FETCH ({})", items.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_checked_as_dovecot_does() {
        assert_eq!(flag("\\seen"), Ok("\\Seen".to_owned()));
        assert_eq!(flag("$Forwarded"), Ok("$Forwarded".to_owned()));
        for wrong in ["\\Recent", "\\Junk", "", "a b", "x]", "ä"] {
            assert!(flag(wrong).is_err(), "{wrong}");
        }
    }
}
