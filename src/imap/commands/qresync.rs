//! What went away since an earlier run, without a list of everything that is there (QRESYNC, RFC 7162).

use crate::imap::commands::select::{OpenFor, Opened};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::{Reply, UidRange};
use crate::imap::session::Session;
use crate::imap::session::state::Qresync;
use crate::values::Uid;

/// Ranges of UIDs that are kept of one answer; no honest server needs more.
const MAX_RANGES: usize = 1_000_000;

/// What is known of a folder from an earlier run.
#[derive(Clone, Copy, Debug)]
pub struct KnownUids<'u, U = u32> {
    /// The mod-sequence up to which it is known.
    pub modseq: u64,
    /// The UIDs that were there then, ascending.
    pub uids: &'u [U],
}

impl Session {
    /// Asks the server to tell what went away, where it can; nothing waits for the answer yet. No folder is open
    /// afterwards, as the question is for a connection without one (RFC 5161 section 3.1).
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn ask_qresync(&mut self) -> Result<(), ImapError> {
        if self.qresync != Qresync::NotAsked {
            return Ok(());
        }
        self.qresync = if self.capabilities.has("QRESYNC") && self.capabilities.has("ENABLE") {
            self.leave_folder().await?;
            Qresync::Asked(self.submit("ENABLE QRESYNC"))
        } else {
            Qresync::Off
        };
        Ok(())
    }

    async fn has_qresync(&mut self) -> Result<bool, ImapError> {
        if let Qresync::Asked(tag) = self.qresync {
            let mut is_named = false;
            let completion = self
                .finish(tag, |reply| {
                    is_named |= matches!(&reply, Reply::Enabled(names)
                        if names.iter().any(|name| name.eq_ignore_ascii_case("QRESYNC")));
                })
                .await?;
            self.qresync = if completion.is_ok() && is_named { Qresync::On } else { Qresync::Off };
        }
        Ok(self.qresync == Qresync::On)
    }

    /// Opens a folder for reading: its UIDs, ascending, from what is known and what has changed since. `None` where the
    /// server cannot tell, or where what it tells does not add up to what it counts; then all has to be listed.
    ///
    /// [`Self::ask_qresync`] comes first. Whether UIDVALIDITY is still the same is for the caller to see.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn uids_since<U: Uid>(
        &mut self,
        raw: &str,
        known: KnownUids<'_, U>,
    ) -> Result<Option<(Opened, Vec<U>)>, ImapError> {
        let Some(last) = known.uids.last().map(|uid| (*uid).into()) else { return Ok(None) };
        let Some(first_new) = u32::checked_add(last, 1) else { return Ok(None) };
        if !self.has_qresync().await? {
            return Ok(None);
        }
        let opening = self.submit_open(OpenFor::Reading, raw)?;
        let modseq = known.modseq;
        let gone = self.submit(&format!("UID FETCH 1:{last} (UID) (CHANGEDSINCE {modseq} VANISHED)"));
        let new = self.submit(&format!("UID FETCH {first_new}:* (UID)"));
        let opened = self.answer(opening).await;
        if !matches!(opened, Ok(_) | Err(ImapError::Refused { .. })) {
            return opened.map(|_| None);
        }
        let (mut vanished, mut arrived) = (Vec::new(), Vec::new());
        // Replies to concurrent commands may arrive before either has ended.
        let mut take = |reply| match reply {
            Reply::Vanished { is_earlier: true, ranges } if vanished.len() + ranges.len() <= MAX_RANGES => {
                vanished.extend(ranges);
            }
            Reply::Fetch(item) => arrived.extend(item.uid.filter(|uid| *uid >= first_new)),
            _ => {}
        };
        let told = self.finish(gone, &mut take).await?;
        let listed = self.finish(new, &mut take).await?;
        let opened = opened?;
        if !told.is_ok() || !listed.is_ok() {
            return Ok(None);
        }
        let present = still_there(known.uids, vanished, arrived);
        Ok((present.len() == opened.exists as usize).then_some((opened, present)))
    }
}

fn still_there<U: Uid>(known: &[U], mut vanished: Vec<UidRange>, mut arrived: Vec<u32>) -> Vec<U> {
    vanished.sort_unstable();
    let mut ranges = vanished.into_iter().peekable();
    let mut present: Vec<U> = known
        .iter()
        .copied()
        .filter(|uid| {
            let uid = (*uid).into();
            while ranges.next_if(|(_, last)| *last < uid).is_some() {}
            ranges.peek().is_none_or(|(first, _)| *first > uid)
        })
        .collect();
    arrived.sort_unstable();
    arrived.dedup();
    present.extend(arrived.into_iter().map(U::from));
    present
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vanished_is_taken_off_and_what_arrived_is_added() {
        let known = [1, 2, 5, 6, 9, 12];
        let present = still_there(&known, vec![(9, 11), (2, 5), (3, 4), (100, 200)], vec![15, 14, 15]);
        assert_eq!(present, [1, 6, 12, 14, 15]);
        assert_eq!(still_there(&known, vec![(1, u32::MAX)], Vec::new()), [0_u32; 0]);
        assert_eq!(still_there(&known, Vec::new(), Vec::new()), known);
    }
}
