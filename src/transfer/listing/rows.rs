//! Rows for the messages of a listing, with care where a server stumbles over one of them.

use std::collections::BTreeMap;

use crate::imap::{ImapError, MessageFacts, Session};
use crate::message::{IDENTITY_HEADERS, date_of_header, identity_key};
use crate::plan::MessageDates;
use crate::project::{FolderId, Ledger, ProjectError, SourceMessage};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::normal_flags;
use crate::transfer::pace::connection_failures::ConnectionFailures;
use crate::transfer::pace::refusal::heed;
use crate::values::{Side, SourceUid};

/// Windows from this size on are asked for ahead of one another.
pub(in crate::transfer) const QUICK_WINDOW: usize = 500;
/// Messages refused alone, without any that is not, after which the folder counts as closed.
const MAX_REFUSED_ALONE: u32 = 8;

/// Adds messages to the ledger.
pub(in crate::transfer) struct Listing<'a> {
    pub(in crate::transfer) session: &'a mut Session,
    pub(in crate::transfer) ledger: &'a Ledger,
    pub(in crate::transfer) folder: FolderId,
    pub(in crate::transfer) name: &'a str,
    pub(in crate::transfer) failures: &'a ConnectionFailures,
    pub(in crate::transfer) dates: MessageDates,
}

impl Listing<'_> {
    /// Gives each of these messages its row. Words, where the server refuses to tell of any.
    pub(in crate::transfer) async fn add(
        &mut self,
        uids: &[SourceUid],
    ) -> Result<Option<String>, TransferError> {
        let window = self.failures.listing_window(self.name);
        if window >= QUICK_WINDOW {
            return self.add_bisecting(uids).await;
        }
        let aside = self.failures.listed_last(self.name);
        let (last, first): (Vec<SourceUid>, Vec<SourceUid>) =
            uids.iter().partition(|uid| aside.contains(*uid));
        for part in first.chunks(window).chain(last.chunks(1)) {
            if let [only] = part {
                self.failures.lists_alone(self.name, Some(*only));
            }
            if let Some(words) = self.add_bisecting(part).await? {
                return Ok(Some(words));
            }
            self.failures.lists_alone(self.name, None);
        }
        Ok(None)
    }

    /// One message may spoil the answer for its whole window: refused windows are halved, and a message that is
    /// refused alone, or of which nothing is said, gets a row without facts.
    async fn add_bisecting(&mut self, uids: &[SourceUid]) -> Result<Option<String>, TransferError> {
        let mut windows = vec![uids.to_vec()];
        let mut refused_alone = 0;
        while let Some(window) = windows.pop() {
            if window.is_empty() {
                continue;
            }
            let refused = match self.fetch(&window).await {
                Ok(()) => None,
                Err(ListingError::Imap(ImapError::Refused { completion, .. })) => Some(completion),
                Err(error) => return Err(error.into()),
            };
            if let Some(completion) = &refused {
                heed(Side::Source, completion)?;
            }
            let rest = self.ledger.uids_to_list(self.folder, &window)?;
            match refused {
                None => {
                    refused_alone = 0;
                    self.add_without_facts(&rest).await?;
                }
                Some(completion) if rest.len() <= 1 => {
                    refused_alone += 1;
                    if refused_alone > MAX_REFUSED_ALONE {
                        return Ok(Some(completion.to_string()));
                    }
                    self.add_without_facts(&rest).await?;
                }
                Some(_) => {
                    let (first, second) = rest.split_at(rest.len() / 2);
                    windows.extend([second.to_vec(), first.to_vec()]);
                }
            }
        }
        Ok(None)
    }

    async fn fetch(&mut self, uids: &[SourceUid]) -> Result<(), ListingError> {
        let (ledger, folder, dates) = (self.ledger, self.folder, self.dates);
        self.session
            .fetch_facts(uids, &IDENTITY_HEADERS, |facts| {
                let rows: Vec<SourceMessage> =
                    facts.into_iter().map(|facts| source_message(facts, dates)).collect();
                ledger.add_messages(folder, &rows).map_err(ListingError::Project)
            })
            .await
    }

    /// The server lists these and tells no facts. They get their rows all the same; what they are, their bytes will
    /// tell, or the refusal of them.
    async fn add_without_facts(&mut self, uids: &[SourceUid]) -> Result<(), TransferError> {
        if uids.is_empty() {
            return Ok(());
        }
        let bare = match self.session.fetch_bare_facts(uids).await {
            Ok(bare) => bare,
            Err(ImapError::Refused { completion, .. }) => {
                heed(Side::Source, &completion)?;
                Vec::new()
            }
            Err(error) => return Err(TransferError::at(Side::Source)(error)),
        };
        let mut facts: BTreeMap<SourceUid, MessageFacts<SourceUid>> =
            uids.iter().map(|uid| (*uid, MessageFacts { uid: *uid, ..MessageFacts::default() })).collect();
        facts.extend(bare.into_iter().map(|facts| (facts.uid, facts)));
        let rows: Vec<SourceMessage> =
            facts.into_values().map(|facts| source_message(facts, self.dates)).collect();
        Ok(self.ledger.add_messages(self.folder, &rows)?)
    }
}

/// What the ledger keeps of a message; its date is the one that the copy gets.
pub(in crate::transfer) fn source_message(
    facts: MessageFacts<SourceUid>,
    dates: MessageDates,
) -> SourceMessage {
    let by_header = match dates {
        MessageDates::Arrival => None,
        MessageDates::Header => date_of_header(&facts.header, &facts.internal_date),
    };
    SourceMessage {
        uid: facts.uid,
        size: facts.size,
        internal_date: by_header.unwrap_or(facts.internal_date),
        flags: normal_flags(facts.flags),
        identity: identity_key(&facts.header),
    }
}

/// Either side of a listing: the server or the ledger.
pub(in crate::transfer) enum ListingError {
    Imap(ImapError),
    Project(ProjectError),
}

impl From<ImapError> for ListingError {
    fn from(error: ImapError) -> Self {
        Self::Imap(error)
    }
}

impl From<ListingError> for TransferError {
    fn from(error: ListingError) -> Self {
        match error {
            ListingError::Imap(source) => Self::Server { side: Side::Source, source },
            ListingError::Project(error) => Self::Project(error),
        }
    }
}
