//! Small messages come whole and in groups. Where one has come in another length than listed, or in several forms, it is
//! looked for by another method before it counts: at a quiet connection, behind the end of what has come.

use std::collections::{BTreeSet, VecDeque};

use sha2::{Digest as _, Sha256};

use crate::imap::ImapError;
use crate::project::LedgerRow;
use crate::transfer::folder::fetch_group::{Arrived, Group};
use crate::transfer::folder::fetcher::{Fetcher, Item, ReadEnd};
use crate::transfer::folder::large::Reading;
use crate::values::SourceUid;

/// Messages that are looked at with one wait: a habit shows in a few of them.
const AT_ONCE: usize = 16;

/// What has come of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) struct Form {
    pub(in crate::transfer) bytes: u64,
    pub(in crate::transfer) sha256: [u8; 32],
}

impl Form {
    fn of(bytes: &[u8]) -> Self {
        Self { bytes: bytes.len() as u64, sha256: Sha256::digest(bytes).into() }
    }
}

impl Fetcher<'_> {
    /// Hands over what needs no other look. Hands back the rest.
    pub(in crate::transfer) async fn hand_over_believed(
        &mut self,
        came: Vec<Arrived>,
    ) -> Result<Vec<Arrived>, ReadEnd> {
        let mut unsure = Vec::new();
        for arrived in came {
            let Arrived { row, reserved, bytes } = arrived;
            match bytes {
                Some(bytes) if self.is_believed(&row, bytes.len()) => {
                    self.hand_over(row, bytes, reserved).await?;
                }
                bytes => unsure.push(Arrived { row, reserved, bytes }),
            }
        }
        Ok(unsure)
    }

    fn is_believed(&self, row: &LedgerRow, bytes: usize) -> bool {
        self.state.lessons.sizes.is_believed(row.size, bytes as u64)
    }

    /// The connection has ended: what has come as long as listed is not read a second time.
    pub(in crate::transfer) async fn hand_over_sound(
        &mut self,
        ahead: &mut VecDeque<Group>,
        error: &ImapError,
    ) -> Result<(), ReadEnd> {
        if matches!(error, ImapError::Hostile(_)) {
            return Ok(());
        }
        for arrived in ahead.iter_mut().flat_map(|group| std::mem::take(&mut group.came)) {
            let Arrived { row, reserved, bytes } = arrived;
            if let Some(bytes) = bytes.filter(|bytes| bytes.len() as u64 == row.size) {
                self.hand_over(row, bytes, reserved).await?;
            }
        }
        Ok(())
    }

    /// Messages of another length than listed count where they end in pieces as they came. All others are read anew on both
    /// methods. Needs a connection without requests under way.
    pub(in crate::transfer) async fn look_behind(&mut self, mut unsure: Vec<Arrived>) -> Result<(), ReadEnd> {
        let mut anew = Vec::new();
        while !unsure.is_empty() {
            // Others may have shown by now what the listed sizes are worth.
            let mut some = self.hand_over_believed(unsure).await?;
            unsure = some.split_off(some.len().min(AT_ONCE));
            let end = |arrived: &Arrived| {
                let bytes = arrived.bytes.as_ref().filter(|bytes| !bytes.is_empty())?;
                Some((arrived.row.uid, bytes.len() as u64))
            };
            let ends: Vec<(SourceUid, u64)> = some.iter().filter_map(end).collect();
            let mut is_sound = self.ends_as_it_came(&ends).await?;
            for Arrived { row, reserved, bytes } in some {
                match bytes {
                    Some(bytes) if is_sound.remove(&row.uid) => {
                        self.state.lessons.sizes.learn(row.size, bytes.len() as u64, true);
                        self.hand_over(row, bytes, reserved).await?;
                    }
                    bytes => anew.push((row, bytes.map(|bytes| Form::of(&bytes)))),
                }
            }
        }
        // Whoever waits for room in the byte budget must hold none.
        for (row, shown) in anew {
            self.send(Item::Flush).await?;
            self.read_large(row, shown).await?;
        }
        Ok(())
    }

    /// Those of these messages, each with its length, that end there in pieces: they go as far, and no further.
    async fn ends_as_it_came(&mut self, ends: &[(SourceUid, u64)]) -> Result<BTreeSet<SourceUid>, ReadEnd> {
        if !self.state.lessons.methods.has_pieces() {
            return Ok(BTreeSet::new());
        }
        let go_on = self.session.have_more(ends).await?;
        let last = ends.iter().filter(|(uid, _)| !go_on.contains(uid));
        let last: Vec<(SourceUid, u64)> = last.map(|(uid, bytes)| (*uid, bytes.saturating_sub(1))).collect();
        Ok(self.session.have_more(&last).await?)
    }

    /// Both methods have shown whether the bytes before were the message.
    pub(in crate::transfer) fn learn_size(
        &self,
        row: &LedgerRow,
        shown: Option<Form>,
        reading: &Result<Reading, ImapError>,
    ) {
        let Some(shown) = shown else { return };
        let is_whole = match reading {
            Ok(Reading::Message(large)) => large.sha256 == shown.sha256,
            Ok(Reading::Doubtful(_) | Reading::Nothing) => false,
            Err(_) => return,
        };
        self.state.lessons.sizes.learn(row.size, shown.bytes, is_whole);
    }
}
