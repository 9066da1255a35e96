//! What happens to one folder, from what is known of it. Pure: no server, no ledger, no waiting.

use crate::imap::Opened;
use crate::plan::CopyMode;
use crate::project::FolderCounts;
use crate::transfer::reconcile::destination_folder::Compared;
use crate::values::{DestinationUid, Side, Uid, UidValidity};

/// What is known of a folder so far.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct FolderFacts {
    pub(in crate::transfer) mode: CopyMode,
    /// UIDVALIDITY of the destination folder, as opened.
    pub(in crate::transfer) uid_validity: UidValidity,
    /// UIDVALIDITY of the destination folder that its copies are known to be in.
    pub(in crate::transfer) known_uid_validity: Option<UidValidity>,
    /// What came of comparing the destination with the rows; `None` before that.
    pub(in crate::transfer) compared: Option<Compared>,
    /// Rows that are to do, as the ledger has them by now.
    pub(in crate::transfer) to_do: u64,
    /// The connection to this side ends at the folder whatever message is under way, with these last words.
    pub(in crate::transfer) ends_connection: Option<(Side, String)>,
}

/// What is done next with a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum FolderDecision {
    /// Copies that are there already are looked for; nothing is sent before.
    Adopt,
    /// Nothing more is copied into it in this run; its messages stay as they are.
    Refuse(FolderRefusal),
    /// Every message has its copy: only flags are left to be set.
    Skip,
    /// Its messages are sent.
    Copy,
}

/// Why nothing more is copied into a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum FolderRefusal {
    /// The destination has recreated it, and after the switch people decide about that.
    MadeAnew,
    /// Its copies might be doubled.
    HardlyAnyRecognised {
        /// Copies that were recognised.
        found: usize,
        /// Copies that were known.
        of: usize,
    },
    /// It was left for this run as the connection ends at it.
    EndsConnection(Side, String),
}

/// What is done next with a folder of which this is known.
pub(in crate::transfer) fn decide(facts: &FolderFacts) -> FolderDecision {
    let is_made_anew = facts.known_uid_validity.is_some_and(|known| known != facts.uid_validity);
    if is_made_anew && facts.mode != CopyMode::BeforeSwitch {
        return FolderDecision::Refuse(FolderRefusal::MadeAnew);
    }
    match facts.compared {
        None => return FolderDecision::Adopt,
        Some(Compared::HardlyAny { found, of }) => {
            return FolderDecision::Refuse(FolderRefusal::HardlyAnyRecognised { found, of });
        }
        Some(Compared::Whole) => {}
    }
    match &facts.ends_connection {
        _ if facts.to_do == 0 => FolderDecision::Skip,
        Some((side, words)) => FolderDecision::Refuse(FolderRefusal::EndsConnection(*side, words.clone())),
        None => FolderDecision::Copy,
    }
}

/// Whether every copy of a folder is known to be there: `copies` of them have their rows, and the folder has the counts
/// that it had when they were last seen.
pub(in crate::transfer) fn is_whole(
    copies: u64,
    opened: &Opened,
    remembered: Option<FolderCounts<DestinationUid>>,
) -> bool {
    let counts = opened
        .uid_next
        .map(DestinationUid)
        .map(|uid_next| FolderCounts { messages: u64::from(opened.exists), uid_next });
    copies == 0 || (counts.is_some() && counts == remembered)
}

/// The counts of a destination folder behind our copies, where they are certain: it had `exists` messages, `copies` were
/// made from the UID `first` on, the highest of them is `highest`, and nobody else's mail came in between.
pub(in crate::transfer) fn counts_behind(
    exists: u32,
    first: DestinationUid,
    copies: u64,
    highest: Option<DestinationUid>,
) -> Option<FolderCounts<DestinationUid>> {
    let below_end = highest.filter(|highest| *highest < DestinationUid::last());
    let next = below_end.map_or(first, DestinationUid::next);
    let is_ours = u64::from(next.0.saturating_sub(first.0)) == copies;
    is_ours.then(|| FolderCounts { messages: u64::from(exists) + copies, uid_next: next })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Option<Compared> = Some(Compared::Whole);
    const HARDLY: Option<Compared> = Some(Compared::HardlyAny { found: 1, of: 90 });

    fn refused(refusal: FolderRefusal) -> FolderDecision {
        FolderDecision::Refuse(refusal)
    }

    #[test]
    fn what_is_known_decides() {
        use CopyMode::{AfterSwitch, BeforeSwitch, Sweep};
        use FolderDecision::{Adopt, Copy, Skip};
        let anew = || refused(FolderRefusal::MadeAnew);
        let hardly = || refused(FolderRefusal::HardlyAnyRecognised { found: 1, of: 90 });
        let ends = || refused(FolderRefusal::EndsConnection(Side::Source, "bye".to_owned()));
        // Mode, known UIDVALIDITY (7 is that of now), compared, to do, whether it ends the connection.
        for (mode, known, compared, to_do, is_left, expected) in [
            (BeforeSwitch, None, None, 5, false, Adopt),
            (BeforeSwitch, Some(7), None, 5, false, Adopt),
            // Nothing passes for done before it was compared.
            (BeforeSwitch, Some(7), None, 0, false, Adopt),
            (BeforeSwitch, Some(7), None, 5, true, Adopt),
            (BeforeSwitch, Some(6), None, 5, false, Adopt),
            (AfterSwitch, Some(7), None, 5, false, Adopt),
            (AfterSwitch, None, None, 5, false, Adopt),
            (AfterSwitch, Some(6), None, 5, false, anew()),
            (Sweep, Some(6), None, 5, false, anew()),
            (AfterSwitch, Some(6), WHOLE, 0, false, anew()),
            (BeforeSwitch, Some(6), HARDLY, 5, false, hardly()),
            (BeforeSwitch, Some(6), HARDLY, 0, true, hardly()),
            (BeforeSwitch, Some(7), WHOLE, 0, false, Skip),
            (BeforeSwitch, Some(7), WHOLE, 0, true, Skip),
            (BeforeSwitch, Some(7), WHOLE, 5, true, ends()),
            (BeforeSwitch, Some(7), WHOLE, 5, false, Copy),
            (BeforeSwitch, Some(6), WHOLE, 5, false, Copy),
            (AfterSwitch, Some(7), WHOLE, 1, false, Copy),
            (Sweep, None, WHOLE, 1, false, Copy),
        ] {
            let facts = FolderFacts {
                mode,
                uid_validity: UidValidity(7),
                known_uid_validity: known.map(UidValidity),
                compared,
                to_do,
                ends_connection: is_left.then(|| (Side::Source, "bye".to_owned())),
            };
            assert_eq!(decide(&facts), expected, "{facts:?}");
        }
    }

    #[test]
    fn a_folder_is_whole_where_its_counts_are_those_that_are_remembered() {
        let counts = |messages, uid_next| Some(FolderCounts { messages, uid_next: DestinationUid(uid_next) });
        for (copies, exists, uid_next, remembered, expected) in [
            (0, 9, None, None, true),
            (3, 9, Some(20), counts(9, 20), true),
            (3, 9, Some(21), counts(9, 20), false),
            (3, 8, Some(20), counts(9, 20), false),
            (3, 9, Some(20), None, false),
            // Two servers that say nothing are not alike.
            (3, 9, None, None, false),
        ] {
            let opened = Opened { exists, uid_next, ..Opened::default() };
            assert_eq!(is_whole(copies, &opened, remembered), expected, "{opened:?} {remembered:?}");
        }
    }

    #[test]
    fn counts_are_certain_only_where_all_new_uids_are_ours() {
        for (copies, highest, expected) in [
            (0, None, Some((9, 20))),
            (3, Some(22), Some((12, 23))),
            // Somebody else's mail came in between.
            (3, Some(23), None),
            (2, Some(20), None),
            (1, Some(u32::MAX), None),
        ] {
            let counts = counts_behind(9, DestinationUid(20), copies, highest.map(DestinationUid));
            assert_eq!(counts.map(|counts| (counts.messages, counts.uid_next.0)), expected, "{highest:?}");
        }
    }
}
