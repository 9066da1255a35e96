//! What went away, by UID (RFC 7162).

use imap_codec::imap_types::sequence::{SeqOrUid, Sequence, SequenceSet};

use super::session::Session;

impl Session {
    /// `* VANISHED (EARLIER) 4,7` for what a set means and what went away after this mod-sequence.
    pub(super) fn tell_vanished(&mut self, set: &SequenceSet, since: u64) {
        let Some(path) = self.selected.as_ref().map(|view| view.path.clone()) else { return };
        let gone = self.with_account(|account| {
            let folder = account.folder(&path)?;
            let newer = folder.vanished.iter().filter(|(modseq, _)| *modseq > since);
            let mut uids: Vec<u32> = newer.map(|(_, uid)| *uid).filter(|uid| is_meant(set, *uid)).collect();
            uids.sort_unstable();
            Some(uids)
        });
        let gone = gone.flatten().unwrap_or_default();
        if !gone.is_empty() {
            self.wire.push_line(&format!("* VANISHED (EARLIER) {}", joined(&gone)));
        }
    }
}

/// UIDs as a set, one by one.
pub(super) fn joined(uids: &[u32]) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

fn is_meant(set: &SequenceSet, uid: u32) -> bool {
    let number = |bound: &SeqOrUid| match bound {
        SeqOrUid::Asterisk => u32::MAX,
        SeqOrUid::Value(value) => value.get(),
    };
    set.0.as_ref().iter().any(|sequence| {
        let (one, other) = match sequence {
            Sequence::Single(only) => (number(only), number(only)),
            Sequence::Range(start, end) => (number(start), number(end)),
        };
        (one.min(other)..=one.max(other)).contains(&uid)
    })
}
