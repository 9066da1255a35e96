//! STORE, EXPUNGE and the reading of flags.

use std::collections::BTreeSet;

use imap_codec::imap_types::flag::{Flag, StoreResponse, StoreType};
use imap_codec::imap_types::sequence::SequenceSet;

use super::reply::Reply;
use super::session::Session;

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
            return Reply::no("[READ-ONLY] Mailbox is opened read-only.");
        }
        let Some(wanted) = view.resolve(set, is_uid) else {
            return Reply::bad("Error in IMAP command STORE: Invalid messageset.");
        };
        let free_keywords = self.shared.personality.has_free_keywords;
        let (path, has_condstore) = (view.path.clone(), self.has_condstore);
        let lines = self.with_account(|account| {
            let Some(folder) = account.folders.get_mut(&path) else { return Vec::new() };
            let is_known = |flag: &String| {
                flag.starts_with('\\')
                    || free_keywords
                    || folder.keywords.contains_key(&flag.to_ascii_lowercase())
            };
            let flags: Vec<String> = flags.iter().filter(|flag| is_known(flag)).cloned().collect();
            let flags: BTreeSet<String> = flags.iter().map(|flag| folder.spelling(flag)).collect();
            let mut lines = Vec::new();
            for (number, uid) in wanted {
                folder.set_flags(uid, |old| match kind {
                    StoreType::Replace => flags.clone(),
                    StoreType::Add => old.union(&flags).cloned().collect(),
                    StoreType::Remove => old.difference(&flags).cloned().collect(),
                });
                let Some(message) = folder.message(uid).filter(|_| response == StoreResponse::Answer) else {
                    continue;
                };
                let uid = if is_uid { format!("UID {uid} ") } else { String::new() };
                let modseq =
                    if has_condstore { format!("MODSEQ ({}) ", message.modseq) } else { String::new() };
                let flags = message.flags.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
                lines.push(format!("* {number} FETCH ({uid}{modseq}FLAGS ({flags}))"));
            }
            lines
        });
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
        self.with_account(|account| {
            if let Some(folder) = account.folders.get_mut(&path) {
                folder.expunge(|uid| meant.as_ref().is_none_or(|meant| meant.contains(&uid)));
            }
        });
        // The numbers of what went are reported with every other change, right before the tagged reply.
        Reply::ok("Expunge completed.")
    }
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
