//! What Gmail has folded silently: which message it kept, and which row says so.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::imap::{BodyReply, ImapError, Session};
use crate::plan::{MessageState, Reason};
use crate::project::MessageResult;
use crate::transfer::context::copy_context::CopyContext;
use crate::transfer::context::error::TransferError;
use crate::transfer::gmail::destination::{GmailDeduplication, Made, open, taken_for_another};
use crate::values::{DestinationUid, Placement, Side};

impl GmailDeduplication {
    /// Reads the messages that were there before and that Gmail has folded others into: equal headers prove nothing.
    pub(in crate::transfer) async fn read_folded(
        &self,
        context: &CopyContext<'_>,
        session: &mut Session,
        names: &[String],
    ) -> Result<(), TransferError> {
        let mut unread = std::mem::take(&mut self.locked().unread);
        unread.sort_unstable_by_key(|one| (one.target, one.copy));
        let mut opened = None;
        for one in unread {
            let Some(name) = names.get(one.target) else { continue };
            if opened.is_none_or(|(target, _)| target != one.target) {
                let Some((uid_validity, _)) = open(session, name).await? else { continue };
                opened = Some((one.target, uid_validity));
            }
            let place = opened.map(|(_, uid_validity)| Placement::new(uid_validity, one.copy));
            // One that is not returned stays what it is, and the verification holds it against the copy.
            let Some(kept) =
                hash_of(session, one.copy).await.map_err(TransferError::from_imap(Side::Destination))?
            else {
                continue;
            };
            let result = if kept == one.sha256 {
                MessageResult {
                    uid: one.uid,
                    state: MessageState::AlreadyThere,
                    placement: place,
                    sha256: Some(one.sha256),
                    reason: Some(Reason::SharesCopy),
                    flag_check: None,
                }
            } else {
                taken_for_another(one.uid, one.sha256)
            };
            context.request.ledger.record_results(one.folder, &[result])?;
        }
        Ok(())
    }

    /// Messages that this run has put under one X-GM-MSGID and that are not the same: Gmail has kept one of them.
    pub(in crate::transfer) async fn tell_folded(
        &self,
        context: &CopyContext<'_>,
        session: &mut Session,
        names: &[String],
    ) -> Result<(), TransferError> {
        let made = std::mem::take(&mut self.locked().made);
        let mut folders: BTreeMap<usize, Vec<Made>> = BTreeMap::new();
        for one in made {
            folders.entry(one.target).or_default().push(one);
        }
        let mut objects: BTreeMap<u64, Vec<Made>> = BTreeMap::new();
        for (target, mut made) in folders {
            let Some(name) = names.get(target) else { continue };
            if open(session, name).await?.is_none() {
                continue;
            }
            made.sort_unstable_by_key(|one| one.copy);
            let uids: Vec<DestinationUid> = made.iter().map(|one| one.copy).collect();
            let numbers =
                session.numbers_of(&uids).await.map_err(TransferError::from_imap(Side::Destination))?;
            for (uid, number) in numbers {
                let found = made.binary_search_by_key(&uid, |one| one.copy).ok();
                let one = found.and_then(|index| made.get(index)).copied();
                objects.entry(number.0).or_default().extend(one);
            }
        }
        for folded in objects.into_values() {
            let hashes: BTreeSet<[u8; 32]> = folded.iter().map(|one| one.sha256).collect();
            if hashes.len() > 1 {
                self.tell_which_was_kept(context, session, (names, &folded)).await?;
            }
        }
        Ok(())
    }

    async fn tell_which_was_kept(
        &self,
        context: &CopyContext<'_>,
        session: &mut Session,
        (names, folded): (&[String], &[Made]),
    ) -> Result<(), TransferError> {
        let Some(first) = folded.first() else { return Ok(()) };
        let Some(name) = names.get(first.target) else { return Ok(()) };
        if open(session, name).await?.is_none() {
            return Ok(());
        }
        let Some(kept) =
            hash_of(session, first.copy).await.map_err(TransferError::from_imap(Side::Destination))?
        else {
            return Ok(());
        };
        for one in folded.iter().filter(|one| one.sha256 != kept) {
            let result = taken_for_another(one.uid, one.sha256);
            self.locked().copies.remove(&one.sha256);
            context.request.ledger.record_results(one.folder, &[result])?;
        }
        Ok(())
    }
}

async fn hash_of(session: &mut Session, uid: DestinationUid) -> Result<Option<[u8; 32]>, ImapError> {
    let mut hash = None;
    for mut request in session.ask_bodies(&[uid]) {
        loop {
            match session.next_body(&mut request).await? {
                BodyReply::Message { uid: came, bytes } if came == uid => {
                    hash = Some(Sha256::digest(&bytes).into());
                }
                // Nobody knows which of them it is.
                BodyReply::Again { .. } => return Ok(None),
                BodyReply::Message { .. } => {}
                BodyReply::End => break,
            }
        }
    }
    Ok(hash)
}
