//! First of all, every source message gets its row in the ledger.

use std::collections::{BTreeMap, VecDeque};

use crate::imap::{
    FactsBehindOpening, Folder, FolderStatus, ImapError, KnownUids, MessageFacts, Opened, Session,
};
use crate::message::IDENTITY_HEADERS;
use crate::plan::{CopyMode, CopyOptions, FolderPlan, MessageDates, MessageState, Reason};
use crate::project::{
    FolderCounts, FolderId, FolderMemory, Ledger, MessageResult, ProjectError, SourceMessage,
};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::FolderTrouble;
use crate::transfer::listing::fresh_flags::FreshFlags;
use crate::transfer::listing::rows::{Listing, QUICK_WINDOW, source_message};
use crate::transfer::pace::connection_failures::{ConnectionFailures, Verdict};
use crate::transfer::pace::refusal::heed;
use crate::values::{Side, SourceUid, Uid, UidValidity};

/// What came of listing a folder.
pub(in crate::transfer) enum Listed {
    /// Every message has its row.
    All(FolderId),
    /// The server listed fewer messages than it counts; those it listed have their rows.
    Some(FolderId, FolderTrouble, String),
    /// The folder cannot be read, or must not be, with the server's words or ours.
    Closed(FolderTrouble, String),
}

impl Listed {
    fn closed((trouble, words): (FolderTrouble, String)) -> Self {
        Self::Closed(trouble, words)
    }

    /// After the switch: its messages have other numbers than those that were copied.
    fn made_anew() -> Self {
        Self::Closed(FolderTrouble::CopiesInDoubt, MADE_ANEW.to_owned())
    }
}

/// What is said of a folder that the source recreated after the switch.
const MADE_ANEW: &str = "the folder was recreated at the source, and Mailferry cannot tell its messages \
                         from those already copied; after the switch it sends nothing a second time \
                         without being asked";
/// How often a folder may be listed incompletely before that is reported.
const MAX_LISTINGS: u32 = 3;
/// Listings that may be under way at once.
const LISTINGS_AHEAD: usize = 8;

/// Lists folders into the ledger, several at once, and reports each as soon as its list is complete.
pub(in crate::transfer) struct SourceLister<'a, 's> {
    session: &'s mut Session,
    ledger: &'a Ledger,
    ahead: VecDeque<Asked<'a>>,
    /// Folders whose answer was refused or lacked something: they are looked at more closely when the line is quiet.
    closer: VecDeque<&'a FolderPlan>,
    known: Known<'a, 's>,
}

/// What is known before the source is listed.
#[derive(Clone, Copy)]
pub(in crate::transfer) struct Known<'a, 's> {
    pub(in crate::transfer) failures: &'a ConnectionFailures,
    pub(in crate::transfer) fresh_flags: &'a FreshFlags,
    /// What earlier runs have kept of each folder.
    pub(in crate::transfer) memories: &'s BTreeMap<String, FolderMemory>,
    pub(in crate::transfer) options: &'a CopyOptions,
}

/// A folder whose listing is under way.
struct Asked<'a> {
    plan: &'a FolderPlan,
    request: FactsBehindOpening<SourceUid>,
    /// UIDs below have their rows already.
    first: SourceUid,
}

/// What has to be asked about a folder.
enum Question {
    /// Its messages have other numbers than those that were copied.
    Useless,
    /// Its counts say that every message has its row.
    Nothing(FolderId),
    /// Everything from this UID on, with one command.
    From(SourceUid),
    /// Which of the known messages are still there, and then the new ones.
    StepByStep,
}

impl<'a, 's> SourceLister<'a, 's> {
    pub(in crate::transfer) fn new(
        session: &'s mut Session,
        ledger: &'a Ledger,
        known: Known<'a, 's>,
    ) -> Self {
        Self { session, ledger, ahead: VecDeque::new(), closer: VecDeque::new(), known }
    }

    /// The folder in the ledger. `None` where the source recreated it after the switch: which copies people have moved or
    /// removed since would be forgotten, and these would be made a second time.
    fn folder(&self, plan: &FolderPlan, uid_validity: UidValidity) -> Result<Option<FolderId>, ProjectError> {
        same_folder(self.ledger, plan, uid_validity, self.known.options.mode)
    }

    /// Lists a folder, or sees from its counts that nothing is new. `tell` may hear of folders asked for before.
    pub(in crate::transfer) async fn list(
        &mut self,
        plan: &'a FolderPlan,
        listed: Option<&Folder>,
        tell: &mut impl FnMut(&'a FolderPlan, Listed),
    ) -> Result<(), TransferError> {
        if let Some(words) = self.known.failures.goodbye(&plan.source_raw, Side::Source) {
            tell(plan, Listed::Closed(FolderTrouble::ConnectionLost, words));
            return Ok(());
        }
        if self.known.failures.is_made_anew_always(&plan.source_raw) {
            let words = "its UIDVALIDITY changes every time it is opened".to_owned();
            tell(plan, Listed::Closed(FolderTrouble::MadeAnew, words));
            return Ok(());
        }
        let status = listed.and_then(|folder| folder.status).unwrap_or_default();
        match self.question(plan, status)? {
            Question::Useless => tell(plan, Listed::made_anew()),
            Question::Nothing(folder) => tell(plan, Listed::All(folder)),
            Question::From(first) => {
                let asked = self.session.ask_listing(&plan.source_raw, first, &IDENTITY_HEADERS);
                let request = match asked {
                    Ok(request) => request,
                    Err(error) => {
                        return told_of_folder(error).map(|told| tell(plan, Listed::closed(told)));
                    }
                };
                self.ahead.push_back(Asked { plan, request, first });
                while self.ahead.len() > LISTINGS_AHEAD {
                    self.finish_first(tell).await?;
                }
            }
            Question::StepByStep => {
                if self.knows_modseq(plan) {
                    self.session.ask_qresync().await.map_err(TransferError::at(Side::Source))?;
                }
                self.closer.push_back(plan);
                self.finish(tell).await?;
            }
        }
        Ok(())
    }

    /// Reads what is under way.
    pub(in crate::transfer) async fn finish(
        &mut self,
        tell: &mut impl FnMut(&'a FolderPlan, Listed),
    ) -> Result<(), TransferError> {
        while !self.ahead.is_empty() {
            self.finish_first(tell).await?;
        }
        while let Some(plan) = self.closer.pop_front() {
            let memory = self.known.memories.get(&plan.source_raw);
            match list_source(self.session, self.ledger, (plan, memory), self.known).await {
                Ok(listed) => tell(plan, listed),
                Err(error) => return Err(self.learn_from(plan, error)),
            }
        }
        Ok(())
    }

    /// Where the connection breaks at one message again and again, that message is left.
    fn learn_from(&self, plan: &FolderPlan, error: TransferError) -> TransferError {
        if let TransferError::Server { source, .. } = &error {
            self.known.failures.opening_failed(&plan.source_raw, Side::Source, source);
        }
        let is_break = matches!(error, TransferError::Server { .. }) && error.is_connection_lost();
        let learnt = self.ledger.memory_at(&plan.source_raw).map_err(TransferError::from).and_then(|known| {
            let Some(known) = known.filter(|_| is_break) else { return Ok(()) };
            let sum = self.ledger.totals_of(known.id)?.sum;
            let count = usize::try_from(sum.source_count).unwrap_or(usize::MAX);
            match self.known.failures.broke_listing(&plan.source_raw, count) {
                Some(Verdict::Message(uid)) => refuse_poison(self.ledger, known.id, uid)?,
                Some(Verdict::Folder) => {
                    self.known.failures.leave_listing(&plan.source_raw, error.server_words());
                }
                Some(Verdict::Aside) | None => {}
            }
            Ok(())
        });
        if let Err(error) = learnt {
            tracing::warn!(%error, "could not record a broken connection");
        }
        error
    }

    async fn finish_first(
        &mut self,
        tell: &mut impl FnMut(&'a FolderPlan, Listed),
    ) -> Result<(), TransferError> {
        let Some(asked) = self.ahead.pop_front() else { return Ok(()) };
        let plan = asked.plan;
        match self.read(asked).await {
            Ok(Some(listed)) => tell(plan, listed),
            Ok(None) => self.closer.push_back(plan),
            Err(error) => return Err(self.learn_from(plan, error)),
        }
        Ok(())
    }

    /// `None` where a closer look is needed.
    async fn read(&mut self, asked: Asked<'_>) -> Result<Option<Listed>, TransferError> {
        let Asked { plan, request, first } = asked;
        let (opened, mut listing) = match self.session.opened(request).await {
            Ok(answer) => answer,
            Err(error) => return told_of_folder(error).map(|told| Some(Listed::closed(told))),
        };
        let (ledger, dates) = (self.ledger, self.known.options.dates);
        let Some(folder) = self.folder(plan, opened.uid_validity)? else {
            return Ok(Some(Listed::made_anew()));
        };
        // Created anew since its counts were reported: its rows are gone, and those below `first` were not asked for.
        let is_whole = first == SourceUid::first() || ledger.highest_uid(folder)?.is_some();
        let (mut new, mut count) = (0, 0);
        loop {
            let mut facts = match self.session.next_rows(&mut listing).await {
                Ok(Some(facts)) => facts,
                Ok(None) => break,
                Err(ImapError::Refused { completion, .. }) => {
                    heed(Side::Source, &completion)?;
                    return Ok(None);
                }
                Err(error) => return Err(TransferError::at(Side::Source)(error)),
            };
            count += facts.len() as u64;
            facts.retain(|facts| facts.uid >= first);
            new += facts.len() as u64;
            let rows: Vec<SourceMessage> =
                facts.into_iter().map(|facts| source_message(facts, dates)).collect();
            ledger.add_messages(folder, &rows)?;
        }
        if !is_whole {
            let words = "the folder was recreated while it was being listed".to_owned();
            return Ok(Some(Listed::Closed(FolderTrouble::MadeAnew, words)));
        }
        let exists = u64::from(opened.exists);
        let sum = ledger.totals_of(folder)?.sum;
        let known = sum.source_count.saturating_sub(sum.vanished);
        // Rows of copied messages stay when these are deleted at the source, and would stand for new ones that were not
        // listed: where there are more rows than messages, what was there before and what is new must make up the count.
        let before = self.known.memories.get(&plan.source_raw).and_then(|memory| memory.source_counts);
        let adds_up = known == exists || before.is_some_and(|before| before.messages + new == exists);
        let is_short =
            known < exists || if first == SourceUid::first() { count < exists } else { new > 0 && !adds_up };
        if is_short {
            return Ok(None);
        }
        // Nothing was waiting before, so everything that waits was listed just now.
        self.known.fresh_flags.are_read(folder);
        Ok(Some(Listed::All(folder)))
    }

    /// Whether an earlier run has listed the folder whole and knows how far it had changed by then.
    fn knows_modseq(&self, plan: &FolderPlan) -> bool {
        let memory = self.known.memories.get(&plan.source_raw);
        memory.is_some_and(|memory| memory.source_modseq.is_some() && memory.source_counts.is_some())
    }

    fn is_quick(&self, plan: &FolderPlan) -> bool {
        self.session.can_list_at_once()
            && self.known.failures.listing_window(&plan.source_raw) >= QUICK_WINDOW
    }

    fn question(&self, plan: &FolderPlan, status: FolderStatus) -> Result<Question, ProjectError> {
        let (Some(uid_validity), Some(messages)) = (status.uid_validity, status.messages) else {
            return Ok(Question::StepByStep);
        };
        let ledger = self.ledger;
        let Some(folder) = self.folder(plan, uid_validity)? else { return Ok(Question::Useless) };
        let highest = ledger.highest_uid(folder)?.unwrap_or_default();
        let sum = ledger.totals_of(folder)?.sum;
        let is_counted = sum.source_count.saturating_sub(sum.vanished) == messages;
        let next = (highest < SourceUid::last()).then(|| highest.next());
        // Nothing has come or gone since the folder was listed whole, however many have gone before.
        let remembered = self.known.memories.get(&plan.source_raw).and_then(|memory| memory.source_counts);
        let counts = status.uid_next.map(SourceUid).map(|uid_next| FolderCounts { messages, uid_next });
        let is_enough = sum.source_count.saturating_sub(sum.vanished) >= messages;
        if sum.to_do == 0 && highest > SourceUid(0) && is_enough && counts.is_some() && remembered == counts {
            return Ok(Question::Nothing(folder));
        }
        if is_counted && (messages == 0 || next == status.uid_next.map(SourceUid)) {
            return Ok(Question::Nothing(folder));
        }
        // Only messages that wait can vanish; where none does, what is new is all that is of interest.
        Ok(match next.filter(|_| sum.to_do == 0 && self.is_quick(plan)) {
            Some(first) => Question::From(first),
            None => Question::StepByStep,
        })
    }
}

fn same_folder(
    ledger: &Ledger,
    plan: &FolderPlan,
    uid_validity: UidValidity,
    mode: CopyMode,
) -> Result<Option<FolderId>, ProjectError> {
    if mode != CopyMode::BeforeSwitch && ledger.is_source_made_anew(&plan.source_raw, uid_validity)? {
        return Ok(None);
    }
    ledger.folder(&plan.source_raw, &plan.source, &plan.destination, uid_validity).map(Some)
}

/// Lists a folder into the ledger step by step.
async fn list_source(
    session: &mut Session,
    ledger: &Ledger,
    (plan, memory): (&FolderPlan, Option<&FolderMemory>),
    known: Known<'_, '_>,
) -> Result<Listed, TransferError> {
    let found = match since_last_run(session, ledger, (plan, memory)).await? {
        Some(found) => Ok(found),
        None => list_uids(session, plan).await,
    };
    let (opened, present) = match found {
        Ok(found) => found,
        // Cut short or refused: the folder is reported, and nothing in it passes for vanished.
        Err(error) => return told_of_folder(error).map(Listed::closed),
    };
    let Some(folder) = same_folder(ledger, plan, opened.uid_validity, known.options.mode)? else {
        return Ok(Listed::made_anew());
    };
    let lacking = (opened.exists as usize).saturating_sub(present.len());
    if lacking == 0 {
        ledger.mark_vanished_except(folder, &present)?;
    }
    // Not only those above the highest known: a listing may have left some out before.
    let new = ledger.uids_to_list(folder, &present)?;
    let is_all_new = new.len() == present.len();
    let mut listing = Listing {
        session,
        ledger,
        folder,
        name: &plan.source_raw,
        failures: known.failures,
        dates: known.options.dates,
    };
    if let Some(words) = listing.add(&new).await? {
        ledger.set_listed_short(folder, true)?;
        return Ok(Listed::Some(folder, FolderTrouble::ListingRefused, words));
    }
    ledger.set_listed_short(folder, lacking > 0)?;
    if is_all_new {
        known.fresh_flags.are_read(folder);
    }
    if lacking == 0 {
        return Ok(Listed::All(folder));
    }
    let words = format!("the server reports {lacking} more messages than it lists");
    Ok(Listed::Some(folder, FolderTrouble::ListedShort, words))
}

/// The folder and its UIDs from what an earlier run has listed and what the server says has changed since. `None` where
/// all has to be listed.
async fn since_last_run(
    session: &mut Session,
    ledger: &Ledger,
    (plan, memory): (&FolderPlan, Option<&FolderMemory>),
) -> Result<Option<(Opened, Vec<SourceUid>)>, TransferError> {
    let Some(memory) = memory.filter(|memory| memory.source_counts.is_some()) else { return Ok(None) };
    let Some(modseq) = memory.source_modseq else { return Ok(None) };
    let gone = ledger.rows(memory.id, &[MessageState::Vanished])?;
    let mut uids = ledger.uids(memory.id)?;
    uids.retain(|uid| gone.binary_search_by_key(uid, |row| row.uid).is_err());
    let known = KnownUids { modseq, uids: &uids };
    match session.uids_since(&plan.source_raw, known).await {
        Ok(Some((opened, present))) => {
            // A folder that was recreated has lost its rows by now, and its UIDs mean something else.
            let place = (&plan.source_raw, &plan.source, &plan.destination);
            let folder = ledger.folder(place.0, place.1, place.2, opened.uid_validity)?;
            Ok(ledger.highest_uid(folder)?.is_some().then_some((opened, present)))
        }
        // A refusal is said again where the folder is opened in the ordinary way, and is reported then.
        Ok(None) | Err(ImapError::Refused { .. } | ImapError::BadName(_)) => Ok(None),
        Err(error) => Err(TransferError::at(Side::Source)(error)),
    }
}

/// What is the matter with one folder; the error where it is more than that.
fn told_of_folder(error: ImapError) -> Result<(FolderTrouble, String), TransferError> {
    let trouble = match &error {
        ImapError::BadName(_) => FolderTrouble::NameUnsendable,
        ImapError::Refused { command: "EXAMINE" | "SELECT", .. } => FolderTrouble::OpeningRefused,
        _ => FolderTrouble::ListingRefused,
    };
    let words = error.folder_trouble().ok_or_else(|| TransferError::at(Side::Source)(error))?;
    Ok((trouble, words))
}

/// Opens the folder and lists its UIDs; again where the server lists fewer than it counts.
async fn list_uids(session: &mut Session, plan: &FolderPlan) -> Result<(Opened, Vec<SourceUid>), ImapError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let opened = session.examine(&plan.source_raw).await?;
        let present =
            if opened.exists == 0 { Vec::new() } else { session.fetch_uids(SourceUid::first()).await? };
        if present.len() >= opened.exists as usize || tries >= MAX_LISTINGS {
            return Ok((opened, present));
        }
    }
}

/// Notes a message as refused whose facts or bytes end the connection, with a row of its own where it has none.
pub(in crate::transfer) fn refuse_poison(
    ledger: &Ledger,
    folder: FolderId,
    uid: SourceUid,
) -> Result<(), TransferError> {
    if !ledger.uids_to_list(folder, &[uid])?.is_empty() {
        ledger.add_messages(
            folder,
            &[source_message(MessageFacts { uid, ..MessageFacts::default() }, MessageDates::default())],
        )?;
    }
    let result = MessageResult::because(uid, MessageState::Refused, Reason::ends_connection(Side::Source));
    Ok(ledger.record_results(folder, &[result])?)
}
