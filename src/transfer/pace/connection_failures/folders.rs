//! What single folders have taught: at which of them a server says goodbye, and how they are counted and made since.

use super::ConnectionFailures;
use crate::imap::{ImapError, ListCare, Session, Uncounted};
use crate::transfer::context::error::TransferError;
use crate::values::Side;

/// Goodbyes at the opening of one folder after which it is left.
const GOODBYES: u32 = 4;

/// What a goodbye with words counts. At the source it may be one message of a listing, which is found out first.
const fn goodbye(side: Side) -> u32 {
    match side {
        Side::Source => 1,
        Side::Destination => 2,
    }
}

/// How often a folder of the source may be recreated, in one run, since it was listed.
const TIMES_MADE_ANEW: u32 = 3;

impl ConnectionFailures {
    /// The source has recreated the folder since it was listed.
    pub(in crate::transfer) fn was_made_anew(&self, folder: &str) {
        *self.learnt().made_anew.entry(folder.to_owned()).or_default() += 1;
    }

    /// Whether that has happened so often that the folder is left for this run.
    pub(in crate::transfer) fn is_made_anew_always(&self, folder: &str) -> bool {
        self.learnt().made_anew.get(folder).is_some_and(|times| *times >= TIMES_MADE_ANEW)
    }

    /// A command that opens this folder has failed. A server that says goodbye to it (shares that are gone at Zimbra)
    /// may do so every time, and so may a destination that ends the connection without a word; that may be the line as
    /// well, and counts for less. At the source a message of the listing is looked for first.
    pub(in crate::transfer) fn opening_failed(&self, folder: &str, side: Side, error: &ImapError) {
        match error {
            ImapError::Closed(Some(words)) => {
                self.count_goodbye(folder, side, (goodbye(side), words.clone()));
            }
            ImapError::Slept { .. } => {}
            error if side == Side::Destination && error.is_connection_lost() => {
                self.count_goodbye(folder, side, (1, error.to_string()));
            }
            _ => {}
        }
    }

    /// The folder was opened: what ended the connection before was not the folder.
    pub(in crate::transfer) fn opened(&self, folder: &str, side: Side) {
        self.learnt().goodbyes.remove(&(folder.to_owned(), side));
    }

    fn count_goodbye(&self, folder: &str, side: Side, (weight, words): (u32, String)) {
        let mut learnt = self.learnt();
        let goodbye = learnt.goodbyes.entry((folder.to_owned(), side)).or_default();
        *goodbye = (goodbye.0 + weight, words);
    }

    /// The same for whatever was done with the folder.
    pub(in crate::transfer) fn heed_opening<T>(
        &self,
        folder: &str,
        side: Side,
        outcome: Result<T, TransferError>,
    ) -> Result<T, TransferError> {
        if let Err(TransferError::Server { source, .. }) = &outcome {
            self.opening_failed(folder, side, source);
        }
        outcome
    }

    /// The connection ended at a command about this folder, with nothing else under way.
    pub(in crate::transfer) fn ended_at(&self, folder: &str, side: Side, error: &ImapError) {
        if error.is_connection_lost() && !matches!(error, ImapError::Slept { .. }) {
            self.count_goodbye(folder, side, (goodbye(side), error.to_string()));
        }
    }

    /// The connection ends while the folder is listed, whatever message it is at: it is left for this run.
    pub(in crate::transfer) fn leave_listing(&self, folder: &str, words: String) {
        self.learnt().goodbyes.insert((folder.to_owned(), Side::Source), (GOODBYES, words));
    }

    /// These folders of the source are not counted.
    pub(in crate::transfer) fn leave_uncounted(&self, uncounted: Uncounted) {
        self.learnt().counting.leave_uncounted(uncounted);
    }

    /// How folders of this side are counted.
    pub(in crate::transfer) fn counting(&self, side: Side) -> ListCare {
        self.learnt().counting.of(side)
    }

    /// The connection broke while folders were counted. One that is to blame has one try less when it is opened.
    pub(in crate::transfer) fn counting_broke(
        &self,
        error: &TransferError,
        source: &Session,
        destination: &Session,
    ) {
        let mut learnt = self.learnt();
        if !learnt.counting.learn(error, source, destination) {
            return;
        }
        for side in [Side::Source, Side::Destination] {
            for (raw, words) in learnt.counting.left(side).clone() {
                let goodbye = learnt.goodbyes.entry((raw, side)).or_default();
                *goodbye = (goodbye.0.max(GOODBYES - self::goodbye(side)), words);
            }
        }
    }

    /// How often something was learnt that lets the copy come further.
    pub(in crate::transfer) fn lessons(&self) -> u64 {
        let learnt = self.learnt();
        let left = |side| learnt.counting.left(side).len() as u64;
        let given_up = learnt.goodbyes.values().filter(|(count, _)| *count >= GOODBYES);
        let made_anew = learnt.made_anew.values().filter(|times| **times >= TIMES_MADE_ANEW).count() as u64;
        let troubles = learnt.folders.values();
        let aside = troubles.map(|trouble| {
            let aside = trouble.isolation.aside().count() as u64;
            aside + u64::from(trouble.left.is_some())
        });
        let listed_last = learnt.listings.values().map(|listing| listing.isolation.aside().count() as u64);
        let aside: u64 = aside.chain(listed_last).sum();
        left(Side::Source) + left(Side::Destination) + given_up.count() as u64 + made_anew + aside
    }

    /// The connection broke while folders were made: from now on one at a time, to see at which.
    pub(in crate::transfer) fn make_one_by_one(&self) {
        self.learnt().makes_one_by_one = true;
    }

    /// Whether folders are made one at a time.
    pub(in crate::transfer) fn makes_one_by_one(&self) -> bool {
        self.learnt().makes_one_by_one
    }

    /// The words with which a server has said goodbye to this folder so often that it is left for this run.
    pub(in crate::transfer) fn goodbye(&self, folder: &str, side: Side) -> Option<String> {
        let learnt = self.learnt();
        let (count, words) = learnt.goodbyes.get(&(folder.to_owned(), side))?;
        (*count >= GOODBYES)
            .then(|| format!("the server closes the connection when this folder is opened: {words}"))
    }
}
