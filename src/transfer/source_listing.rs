//! First of all, every source message gets its row in the ledger.

use std::collections::{BTreeSet, VecDeque};

use super::error::TransferError;
use crate::imap::{Folder, FolderStatus, ImapError, ListingRequest, MessageFacts, Session};
use crate::plan::{FolderPlan, IDENTITY_HEADERS, Side, identity_key};
use crate::project::{FolderId, Ledger, LedgerTotals, ProjectError, SourceMessage};

/// What came of listing a folder.
pub(super) enum Listed {
    /// Every message has its row.
    All(FolderId),
    /// The server listed fewer messages than it counts; those it listed have their rows.
    Some(FolderId, String),
    /// The folder cannot be read, with the server's words.
    Closed(String),
}

/// Listings that may be under way at once.
const LISTINGS_AHEAD: usize = 8;

/// Lists folders into the ledger, several under way at once, and tells of each as soon as it is known.
pub(super) struct SourceLister<'a> {
    session: &'a mut Session,
    ledger: &'a Ledger,
    ahead: VecDeque<Asked<'a>>,
}

/// A folder whose listing is under way.
struct Asked<'a> {
    plan: &'a FolderPlan,
    request: ListingRequest,
    /// UIDs below have their rows already.
    first: u32,
}

/// What has to be asked about a folder.
enum Question {
    /// Its counts say that every message has its row.
    Nothing(FolderId),
    /// Everything from this UID on, with one command.
    From(u32),
    /// Which of the known messages are still there, and then the new ones.
    StepByStep,
}

impl<'a> SourceLister<'a> {
    pub(super) fn new(session: &'a mut Session, ledger: &'a Ledger) -> Self {
        Self { session, ledger, ahead: VecDeque::new() }
    }

    /// Lists a folder, or sees from its counts that nothing is new. `tell` may hear of folders asked for before.
    pub(super) async fn list(
        &mut self,
        plan: &'a FolderPlan,
        listed: Option<&Folder>,
        tell: &mut impl FnMut(&'a FolderPlan, Listed),
    ) -> Result<(), TransferError> {
        let status = listed.and_then(|folder| folder.status).unwrap_or_default();
        match self.question(plan, status)? {
            Question::Nothing(folder) => tell(plan, Listed::All(folder)),
            Question::From(first) => {
                let asked = self.session.ask_listing(&plan.source_raw, first, &IDENTITY_HEADERS);
                let request = asked.map_err(TransferError::at(Side::Source))?;
                self.ahead.push_back(Asked { plan, request, first });
                while self.ahead.len() > LISTINGS_AHEAD {
                    self.finish_first(tell).await?;
                }
            }
            Question::StepByStep => {
                self.finish(tell).await?;
                tell(plan, list_step_by_step(self.session, self.ledger, plan).await?);
            }
        }
        Ok(())
    }

    /// Reads what is under way.
    pub(super) async fn finish(
        &mut self,
        tell: &mut impl FnMut(&'a FolderPlan, Listed),
    ) -> Result<(), TransferError> {
        while !self.ahead.is_empty() {
            self.finish_first(tell).await?;
        }
        Ok(())
    }

    async fn finish_first(
        &mut self,
        tell: &mut impl FnMut(&'a FolderPlan, Listed),
    ) -> Result<(), TransferError> {
        let Some(asked) = self.ahead.pop_front() else { return Ok(()) };
        tell(asked.plan, self.read(&asked).await?);
        Ok(())
    }

    async fn read(&mut self, asked: &Asked<'_>) -> Result<Listed, TransferError> {
        let Asked { plan, request, first } = asked;
        let opened = match self.session.listing_opened(request).await {
            Ok(opened) => opened,
            Err(ImapError::Refused { completion, .. }) => return Ok(Listed::Closed(completion.to_string())),
            Err(error) => return Err(TransferError::at(Side::Source)(error)),
        };
        let ledger = self.ledger;
        let folder = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, opened.uid_validity)?;
        // Made anew since its counts were told: its rows are gone, and those below `first` were not asked for.
        let is_whole = *first == 1 || ledger.highest_uid(folder)?.is_some();
        let count = self
            .session
            .listing_facts(request, |mut facts| {
                facts.retain(|facts| facts.uid >= *first);
                let rows: Vec<SourceMessage> = facts.into_iter().map(source_message).collect();
                ledger.add_messages(folder, &rows).map_err(ListingError::Project)
            })
            .await;
        let count = match count {
            Ok(count) => count,
            Err(ListingError::Imap(ImapError::Refused { completion, .. })) => {
                return Ok(Listed::Closed(completion.to_string()));
            }
            Err(error) => return Err(error.into()),
        };
        if !is_whole {
            return Ok(Listed::Closed("the folder was made anew while it was being listed".to_owned()));
        }
        let expected = if *first == 1 { opened.exists as usize } else { 0 };
        Ok(listed(folder, expected.saturating_sub(count)))
    }

    fn question(&self, plan: &FolderPlan, status: FolderStatus) -> Result<Question, ProjectError> {
        let (Some(uid_validity), Some(messages)) = (status.uid_validity, status.messages) else {
            return Ok(Question::StepByStep);
        };
        let ledger = self.ledger;
        let folder = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, uid_validity)?;
        let highest = ledger.highest_uid(folder)?.unwrap_or(0);
        let sum = totals(ledger, folder)?.sum;
        let is_counted = sum.source_count.saturating_sub(sum.vanished) == messages;
        let next = highest.checked_add(1);
        if is_counted && (messages == 0 || next == status.uid_next) {
            return Ok(Question::Nothing(folder));
        }
        // Only messages that wait can vanish; where none does, what is new is all that is of interest.
        Ok(match next.filter(|_| sum.to_do == 0 && self.session.can_list_at_once()) {
            Some(first) => Question::From(first),
            None => Question::StepByStep,
        })
    }
}

fn totals(ledger: &Ledger, folder: FolderId) -> Result<LedgerTotals, ProjectError> {
    let all = ledger.folder_totals()?;
    Ok(all.into_iter().find(|known| known.id == folder).map(|known| known.totals).unwrap_or_default())
}

fn listed(folder: FolderId, lacking: usize) -> Listed {
    match lacking {
        0 => Listed::All(folder),
        _ => Listed::Some(folder, format!("the server counts {lacking} messages more than it lists")),
    }
}

async fn list_step_by_step(
    session: &mut Session,
    ledger: &Ledger,
    plan: &FolderPlan,
) -> Result<Listed, TransferError> {
    let opened = match session.examine(&plan.source_raw).await {
        Ok(opened) => opened,
        Err(ImapError::Refused { completion, .. }) => return Ok(Listed::Closed(completion.to_string())),
        Err(error) => return Err(TransferError::at(Side::Source)(error)),
    };
    let folder = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, opened.uid_validity)?;
    let present = match opened.exists {
        0 => Vec::new(),
        _ => match session.fetch_uids(1).await {
            Ok(present) => present,
            // Cut short or refused: the folder is told of, and nothing in it passes for vanished.
            Err(ImapError::Refused { completion, .. }) => return Ok(Listed::Closed(completion.to_string())),
            Err(error) => return Err(TransferError::at(Side::Source)(error)),
        },
    };
    let lacking = (opened.exists as usize).saturating_sub(present.len());
    if lacking == 0 {
        ledger.mark_vanished_except(folder, &present)?;
    }
    // Not only what is above the highest known UID: a listing that broke off may have left a gap below it.
    let known: BTreeSet<u32> = ledger.uids(folder)?.into_iter().collect();
    let new: Vec<u32> = present.into_iter().filter(|uid| !known.contains(uid)).collect();
    session
        .fetch_facts(&new, &IDENTITY_HEADERS, |facts| {
            let rows: Vec<SourceMessage> = facts.into_iter().map(source_message).collect();
            ledger.add_messages(folder, &rows).map_err(ListingError::Project)
        })
        .await
        .map_err(TransferError::from)?;
    Ok(listed(folder, lacking))
}

fn source_message(facts: MessageFacts) -> SourceMessage {
    SourceMessage {
        uid: facts.uid,
        size: facts.size,
        internal_date: facts.internal_date,
        flags: facts.flags,
        identity: identity_key(&facts.header),
    }
}

/// Either side of a listing: the server or the ledger.
enum ListingError {
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
