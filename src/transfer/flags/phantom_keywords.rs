//! Keywords that a server has given to a copy by mistake, when it died in the middle of an APPEND.
//!
//! Dovecot stores keywords as numbers and their names elsewhere. A death between the two leaves a copy with numbers
//! that have no name (`unknown-0`), or whose name is given to the next keyword that comes.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{ImapError, Session};
use crate::project::LedgerRow;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::{FlagChanges, flag_changes, flags_for};
use crate::values::{DestinationUid, Side};

/// Takes the false keywords from those of these copies whose append broke off. `found` is what the destination shows.
pub(in crate::transfer) async fn take_away(
    session: &mut Session,
    broken_off: &[&LedgerRow],
    found: &[(DestinationUid, Vec<String>)],
) -> Result<(), TransferError> {
    let mut requests = Vec::new();
    for (keywords, uids) in false_keywords(broken_off, found) {
        tracing::info!(?keywords, copies = uids.len(), "removing keywords left by a server crash");
        requests.push(session.ask_store(&uids, false, &keywords));
    }
    for request in requests {
        match session.answer(request).await {
            Err(ImapError::Refused { completion, .. }) => {
                tracing::info!(%completion, "could not remove a keyword");
            }
            stored => stored.map_err(TransferError::at(Side::Destination))?,
        }
    }
    Ok(())
}

/// False keywords, each set with the UIDs of its copies. Others that a copy has, and its source has not, may be the
/// server's own (`$HasAttachment`) or a person's, and stay.
fn false_keywords(
    broken_off: &[&LedgerRow],
    found: &[(DestinationUid, Vec<String>)],
) -> BTreeMap<Vec<String>, Vec<DestinationUid>> {
    let ours: BTreeSet<String> =
        broken_off.iter().flat_map(|row| &row.flags).map(|flag| flag.to_ascii_lowercase()).collect();
    let rows: BTreeMap<DestinationUid, &LedgerRow> =
        broken_off.iter().filter_map(|row| Some((row.destination_uid?, *row))).collect();
    let mut keywords: BTreeMap<Vec<String>, Vec<DestinationUid>> = BTreeMap::new();
    for (uid, shown) in found {
        let Some(row) = rows.get(uid) else { continue };
        let FlagChanges { removed: mut more, .. } = flag_changes(shown, &flags_for(&row.flags, None));
        more.retain(|flag| {
            !flag.starts_with('\\') && (is_nameless(flag) || ours.contains(&flag.to_ascii_lowercase()))
        });
        if !more.is_empty() {
            keywords.entry(more).or_default().push(*uid);
        }
    }
    keywords
}

/// Whether it is the name that Dovecot shows for a keyword whose name is lost.
fn is_nameless(flag: &str) -> bool {
    flag.strip_prefix("unknown-")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::identity_key;
    use crate::plan::MessageState;
    use crate::values::{SourceUid, UidValidity};

    fn row(destination_uid: u32, flags: &[&str]) -> LedgerRow {
        LedgerRow {
            uid: SourceUid(destination_uid),
            size: 1,
            internal_date: String::new(),
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            identity: identity_key(b""),
            state: MessageState::Copied,
            destination_uid: Some(DestinationUid(destination_uid)),
            destination_uid_validity: Some(UidValidity(1)),
            intent_uidnext: Some(DestinationUid(1)),
            intent_uid_validity: Some(UidValidity(1)),
            sha256: None,
            reason: None,
            flag_check: None,
            forgotten: None,
        }
    }

    #[test]
    fn only_nameless_keywords_and_those_of_other_copies_are_false() {
        let rows = [
            row(1, &["\\Seen", "Work"]),
            row(2, &["unknown-0"]),
            row(3, &["$Forwarded"]),
            row(4, &["\\Seen"]),
        ];
        let rows: Vec<&LedgerRow> = rows.iter().collect();
        let shown =
            |uid: u32, flags: &str| (DestinationUid(uid), flags.split(' ').map(str::to_owned).collect());
        let found = [
            shown(1, "\\Seen \\Recent work unknown-1"),
            shown(2, "unknown-0 unknown-x unknown- $HasAttachment"),
            shown(3, "\\Flagged WORK"),
            shown(4, "\\Seen unknown-1"),
            shown(5, "unknown-1"),
        ];
        let strings = |flags: &[&str]| flags.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            false_keywords(&rows, &found),
            BTreeMap::from([
                (strings(&["unknown-1"]), vec![DestinationUid(1), DestinationUid(4)]),
                (strings(&["WORK"]), vec![DestinationUid(3)]),
            ])
        );
    }
}
