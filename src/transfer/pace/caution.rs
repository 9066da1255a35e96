//! What broken connections and refusals have taught in this run: which message they are about, and when to give up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::imap::Completion;
use crate::message::{RepairStep, RepairTrigger, ServerWords};
use crate::project::{FolderId, Ledger, LedgerRow, MessageResult};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::export::{Exported, take_back};
use crate::transfer::context::request::{Progress, ProgressSink};
use crate::transfer::pace::count_care::CountCare;
use crate::transfer::pace::listed_sizes::ListedSizes;
use crate::values::UnixTime;
use crate::values::{Side, SourceUid};

mod failing_folders;
mod folders;
mod isolation;
mod second_look;

use failing_folders::FailingFolders;
pub(in crate::transfer) use failing_folders::{NextRound, OPENING_TRIES};
use isolation::Isolation;
pub(in crate::transfer) use isolation::Verdict;
use second_look::SecondLook;

/// Breaks at the same place after which messages go one by one.
const BREAKS_BEFORE_CARE: u32 = 2;
/// Breaks at one and the same message after which it is left.
const BREAKS_AT_ONE: u32 = 2;
/// Breaks in a row while a folder is listed, with no message under way alone, after which it is left.
const BREAKS_AT_LISTING: u32 = 4;
/// Messages that go one by one before the copy is quick again.
const CAREFUL_MESSAGES: u32 = 400;
/// Refusals with the same words, without anything accepted in between, that mean the mailbox and not the messages.
const SAME_REFUSALS: usize = 10;
/// How often messages at which a server fails are tried again once all others are done.
const TROUBLE_ROUNDS: u32 = 2;
/// Kinds of refusals that are remembered.
const MAX_KINDS: usize = 100;
/// Flags of waiting messages that were read longer ago are read again.
const FRESH_FLAGS: Duration = Duration::from_mins(1);
/// Messages asked for at once when a folder is listed.
const LISTING_WINDOW: usize = 500;

/// Shared by everything that works on one mailbox.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Caution {
    learnt: Mutex<Learnt>,
    /// Held while a message is repaired.
    pub(in crate::transfer) repairing: tokio::sync::Mutex<()>,
    /// What the sizes are worth that the source lists.
    pub(in crate::transfer) sizes: ListedSizes,
}

#[derive(Debug, Default)]
struct Learnt {
    folders: BTreeMap<(FolderId, bool), Trouble>,
    listings: BTreeMap<String, Listing>,
    suspects: Vec<Suspect>,
    /// Messages at which a server has failed.
    troubled: Vec<Suspect>,
    /// How often these were all that was left.
    trouble_rounds: u32,
    /// Something was accepted in this run.
    has_accepted: bool,
    /// When the flags of a folder's waiting messages were read.
    fresh: BTreeMap<FolderId, Instant>,
    /// Messages whose append broke off, was not found, and was made again.
    sent_again: BTreeMap<FolderId, Vec<LedgerRow>>,
    /// Messages that end the connection to the destination.
    blamed: BTreeSet<(FolderId, SourceUid)>,
    /// Those of them that are not sent as they are any more.
    poison: BTreeSet<(FolderId, SourceUid)>,
    /// Repairs that are under way, and how often the connection has ended at each.
    trying: BTreeMap<(FolderId, SourceUid), BTreeMap<RepairStep, u32>>,
    /// The repair that helped last, by what called for it.
    helped: BTreeMap<RepairTrigger, RepairStep>,
    /// Folders at whose opening a server says goodbye: how often, and its last words.
    goodbyes: BTreeMap<(String, bool), (u32, String)>,
    /// How often folders of the source were made anew since they were listed.
    made_anew: BTreeMap<String, u32>,
    /// Folders that one connection at a time writes into.
    kept_to_one: BTreeSet<FolderId>,
    /// How the folders of each side are counted.
    counting: CountCare,
    /// The destination has ended the connection while many folders were made.
    makes_one_by_one: bool,
    second_look: SecondLook,
    failing: FailingFolders,
    has_failed: bool,
}

/// Breaks while the messages of a folder went over one side.
#[derive(Debug, Default)]
struct Trouble {
    breaks: u32,
    /// The first message that was to do at the last break.
    first: Option<SourceUid>,
    careful_left: u32,
    /// Which message is to blame, or none.
    isolation: Isolation,
    /// The folder is left for this run: the last words with which the connection ended.
    left: Option<String>,
}

/// Breaks while a folder was listed.
#[derive(Debug, Default)]
struct Listing {
    breaks: u32,
    /// Rows at the last break.
    known: usize,
    isolation: Isolation,
}

/// A refusal that may be meant for the whole mailbox, or a server's own trouble. Its row stays as it is until that is
/// clear.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Suspect {
    pub(in crate::transfer) folder: FolderId,
    pub(in crate::transfer) side: Side,
    pub(in crate::transfer) result: MessageResult,
    pub(in crate::transfer) bytes: u64,
    /// What the server has answered.
    pub(in crate::transfer) refusal: Completion,
    /// The server itself has failed: that is never a verdict about the message.
    pub(in crate::transfer) is_trouble: bool,
    /// Where the message was saved meanwhile.
    pub(in crate::transfer) file: Option<Exported>,
}

impl Suspect {
    /// It was not about the message: it is tried again, and its file is not needed.
    pub(in crate::transfer) fn take_back(self, ledger: &Ledger) -> Result<(), TransferError> {
        ledger.withdraw_intents(self.folder, &[self.result.uid])?;
        if let Some(file) = &self.file {
            take_back(file);
        }
        Ok(())
    }
}

/// Records the refusals that turned out to be about their messages. Where the server itself has failed, the message is
/// put aside.
pub(in crate::transfer) fn record_refusals(
    caution: &Caution,
    ledger: &Ledger,
    sink: ProgressSink<'_>,
) -> Result<(), TransferError> {
    let (troubled, suspects): (Vec<_>, Vec<_>) =
        caution.take_suspects().into_iter().partition(|suspect| suspect.is_trouble);
    caution.learnt().troubled.extend(troubled);
    for Suspect { folder, result, bytes, .. } in suspects {
        ledger.record_results(folder, &[result])?;
        sink(Progress::Advanced { messages: 1, bytes });
    }
    Ok(())
}

impl Caution {
    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        // What was learnt is whole between two statements, so a panic elsewhere does not spoil it.
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether messages of this folder go one by one on this side.
    pub(in crate::transfer) fn is_careful(&self, folder: FolderId, side: Side) -> bool {
        let learnt = self.learnt();
        learnt.folders.get(&key(folder, side)).is_some_and(|trouble| trouble.careful_left > 0)
    }

    /// Whether something has broken in this run.
    pub(in crate::transfer) fn has_failed(&self) -> bool {
        self.learnt().has_failed
    }

    /// Something broke a moment ago.
    pub(in crate::transfer) fn failed(&self) {
        self.learnt().has_failed = true;
    }

    /// How long an append may still arrive. After a break in this run it may for the whole of `limit`. What an earlier
    /// run has left under way had a part of that since its newest intent was written (seconds since 1970).
    pub(in crate::transfer) fn late_append(
        &self,
        limit: Duration,
        intent: Option<i64>,
        now: UnixTime,
    ) -> Duration {
        if self.learnt().has_failed {
            return limit;
        }
        let passed = intent.map_or(0, |intent| now.0.saturating_sub(intent));
        limit.saturating_sub(Duration::from_secs(u64::try_from(passed).unwrap_or(0)))
    }

    /// Whether messages of any folder go one by one: then one pair of connections is all that makes sense.
    pub(in crate::transfer) fn is_careful_anywhere(&self) -> bool {
        self.learnt().folders.values().any(|trouble| trouble.careful_left > 0)
    }

    /// The flags of a folder's waiting messages are those of now.
    pub(in crate::transfer) fn flags_are_fresh(&self, folder: FolderId) {
        self.learnt().fresh.insert(folder, Instant::now());
    }

    /// Whether they were read again not long ago.
    pub(in crate::transfer) fn has_fresh_flags(&self, folder: FolderId) -> bool {
        self.learnt().fresh.get(&folder).is_some_and(|read| read.elapsed() < FRESH_FLAGS)
    }

    /// These did not arrive, as far as could be seen, and are sent again.
    pub(in crate::transfer) fn send_again(&self, folder: FolderId, rows: Vec<LedgerRow>) {
        self.learnt().sent_again.entry(folder).or_default().extend(rows);
    }

    /// What was sent again in this folder, as it stood before.
    pub(in crate::transfer) fn sent_again(&self, folder: FolderId) -> Vec<LedgerRow> {
        self.learnt().sent_again.get(&folder).cloned().unwrap_or_default()
    }

    /// The same, for the last time.
    pub(in crate::transfer) fn take_sent_again(&self, folder: FolderId) -> Vec<LedgerRow> {
        self.learnt().sent_again.remove(&folder).unwrap_or_default()
    }

    /// The server does not let two connections at this folder.
    pub(in crate::transfer) fn keep_to_one(&self, folder: FolderId) {
        self.learnt().kept_to_one.insert(folder);
    }

    /// Whether one connection at a time writes into this folder.
    pub(in crate::transfer) fn is_kept_to_one(&self, folder: FolderId) -> bool {
        self.learnt().kept_to_one.contains(&folder)
    }

    /// This message ends the connection to the destination.
    pub(in crate::transfer) fn blame(&self, folder: FolderId, uid: SourceUid) {
        self.learnt().blamed.insert((folder, uid));
    }

    /// Whether this message was blamed; told once.
    pub(in crate::transfer) fn take_blame(&self, folder: FolderId, uid: SourceUid) -> bool {
        self.learnt().blamed.remove(&(folder, uid))
    }

    /// This message was blamed. True where it may still be sent in another form: from now on it is not sent as it is.
    pub(in crate::transfer) fn begins_repaired(&self, folder: FolderId, uid: SourceUid) -> bool {
        self.learnt().poison.insert((folder, uid))
    }

    /// Whether this message is not sent as it is any more.
    pub(in crate::transfer) fn is_poison(&self, folder: FolderId, uid: SourceUid) -> bool {
        self.learnt().poison.contains(&(folder, uid))
    }

    /// This repair of a message is about to be sent.
    pub(in crate::transfer) fn tries(&self, folder: FolderId, uid: SourceUid, step: Option<RepairStep>) {
        let Some(step) = step else { return };
        *self.learnt().trying.entry((folder, uid)).or_default().entry(step).or_default() += 1;
    }

    /// A repair was answered, so the connection did not end at it.
    pub(in crate::transfer) fn has_answer(&self, folder: FolderId, uid: SourceUid) {
        self.learnt().trying.remove(&(folder, uid));
    }

    /// Repairs that are not tried (again) on this message: those at which the connection ended, and for a message that
    /// ends it by itself all but the one that has been seen to help.
    pub(in crate::transfer) fn steps_to_skip(
        &self,
        folder: FolderId,
        uid: SourceUid,
        is_poison: bool,
    ) -> Vec<RepairStep> {
        let learnt = self.learnt();
        let broken = learnt.trying.get(&(folder, uid));
        let most = if is_poison { 1 } else { BREAKS_AT_ONE };
        let is_skipped = |step: &RepairStep| {
            let is_broken = broken.and_then(|steps| steps.get(step)).is_some_and(|count| *count >= most);
            is_broken || (is_poison && *step != RepairStep::LongLines)
        };
        RepairStep::ALL.into_iter().filter(is_skipped).collect()
    }

    /// This repair has helped a message that did not go for this reason.
    pub(in crate::transfer) fn learn_repair(&self, trigger: &RepairTrigger, step: Option<RepairStep>) {
        if let Some(step) = step {
            let mut learnt = self.learnt();
            if learnt.helped.len() >= MAX_KINDS {
                learnt.helped.clear();
            }
            learnt.helped.insert(kind_of(trigger), step);
        }
    }

    /// The repair that has helped others that did not go for this reason.
    pub(in crate::transfer) fn learnt_repair(&self, trigger: &RepairTrigger) -> Option<RepairStep> {
        self.learnt().helped.get(&kind_of(trigger)).copied()
    }

    /// This message is under way, and no other.
    pub(in crate::transfer) fn alone(&self, folder: FolderId, side: Side, uid: SourceUid) {
        if let Some(trouble) = self.learnt().folders.get_mut(&key(folder, side)) {
            trouble.isolation.alone(uid);
            trouble.careful_left = trouble.careful_left.saturating_sub(1);
        }
    }

    /// A message of the folder was answered, whatever the answer was; where one was under way alone, that one.
    pub(in crate::transfer) fn passed(&self, folder: FolderId, side: Side) {
        self.learnt().folders.entry(key(folder, side)).or_default().isolation.passed();
    }

    /// The connection to this side broke; `first` is the first message of the folder that is to do. What that says, once
    /// it is clear.
    pub(in crate::transfer) fn broke(
        &self,
        folder: FolderId,
        side: Side,
        first: Option<SourceUid>,
    ) -> Option<Verdict> {
        let mut learnt = self.learnt();
        let trouble = learnt.folders.entry(key(folder, side)).or_default();
        trouble.count(first);
        let verdict = trouble.isolation.broke()?;
        trouble.careful_left = CAREFUL_MESSAGES;
        Some(verdict)
    }

    /// The server of this side has failed by itself: that says nothing about the message that was under way.
    pub(in crate::transfer) fn failed_at(&self, folder: FolderId, side: Side, first: Option<SourceUid>) {
        let mut learnt = self.learnt();
        let trouble = learnt.folders.entry(key(folder, side)).or_default();
        trouble.count(first);
        trouble.isolation.forget_alone();
    }

    /// Messages of the folder that wait until all others have had their turn, as the connection has ended at them.
    pub(in crate::transfer) fn set_aside(&self, folder: FolderId) -> BTreeSet<SourceUid> {
        let learnt = self.learnt();
        let sides = [Side::Source, Side::Destination];
        let troubles = sides.into_iter().filter_map(|side| learnt.folders.get(&key(folder, side)));
        troubles.flat_map(|trouble| trouble.isolation.aside()).collect()
    }

    /// Those have their turn now, one by one.
    pub(in crate::transfer) fn begins_set_aside(&self, folder: FolderId) {
        let mut learnt = self.learnt();
        for side in [Side::Source, Side::Destination] {
            if let Some(trouble) = learnt.folders.get_mut(&key(folder, side))
                && trouble.isolation.aside().next().is_some()
            {
                trouble.careful_left = CAREFUL_MESSAGES;
            }
        }
    }

    /// The connection ends at this folder whatever message is under way: it is left for this run.
    pub(in crate::transfer) fn leave(&self, folder: FolderId, side: Side, words: String) {
        self.learnt().folders.entry(key(folder, side)).or_default().left = Some(words);
    }

    /// Where the folder was left: at which side, and the last words.
    pub(in crate::transfer) fn left(&self, folder: FolderId) -> Option<(Side, String)> {
        let learnt = self.learnt();
        [Side::Source, Side::Destination].into_iter().find_map(|side| {
            let words = learnt.folders.get(&key(folder, side))?.left.clone()?;
            Some((side, words))
        })
    }

    /// How many messages of this folder may be asked for at once when it is listed.
    pub(in crate::transfer) fn listing_window(&self, folder: &str) -> usize {
        let breaks = self.learnt().listings.get(folder).map_or(0, |listing| {
            let least = u32::from(listing.isolation.aside().next().is_some());
            listing.breaks.max(least)
        });
        (LISTING_WINDOW >> (5 * breaks.min(2))).max(1)
    }

    /// This message is being listed, and no other; `None`: it, or what was listed with others, has passed.
    pub(in crate::transfer) fn lists_alone(&self, folder: &str, uid: Option<SourceUid>) {
        if let Some(listing) = self.learnt().listings.get_mut(folder) {
            match uid {
                Some(uid) => listing.isolation.alone(uid),
                None => listing.isolation.passed(),
            }
        }
    }

    /// Messages of the folder that are listed when all others are.
    pub(in crate::transfer) fn listed_last(&self, folder: &str) -> BTreeSet<SourceUid> {
        let learnt = self.learnt();
        learnt.listings.get(folder).into_iter().flat_map(|listing| listing.isolation.aside()).collect()
    }

    /// The connection broke while this folder was listed, of which so many rows are known. What that says, once it is
    /// clear.
    pub(in crate::transfer) fn broke_listing(&self, folder: &str, known: usize) -> Option<Verdict> {
        let mut learnt = self.learnt();
        let listing = learnt.listings.entry(folder.to_owned()).or_default();
        listing.breaks =
            if listing.known == known || listing.isolation.is_alone() { listing.breaks + 1 } else { 1 };
        listing.known = known;
        // It ends before any single message is asked about.
        if listing.breaks >= BREAKS_AT_LISTING && !listing.isolation.is_alone() {
            return Some(Verdict::Folder);
        }
        let verdict = listing.isolation.broke()?;
        listing.breaks = 0;
        Some(verdict)
    }

    /// Keeps a refusal until it is clear what it is about. True when it means the mailbox.
    pub(in crate::transfer) fn suspect(&self, suspect: Suspect) -> bool {
        let mut learnt = self.learnt();
        learnt.suspects.push(suspect);
        let kind_of = |one: &Suspect| kind(&one.refusal.to_string());
        let last = learnt.suspects.last().map(kind_of);
        let same = learnt.suspects.iter().rev().take_while(|one| Some(kind_of(one)) == last).count();
        same >= SAME_REFUSALS
    }

    /// A message was accepted.
    pub(in crate::transfer) fn accepted(&self) {
        self.learnt().has_accepted = true;
    }

    /// The messages at which a server has failed, to be taken back.
    pub(in crate::transfer) fn take_troubled(&self) -> Vec<Suspect> {
        std::mem::take(&mut self.learnt().troubled)
    }

    /// Nothing but messages at which a server fails is left. True where they have been tried often enough for this run:
    /// others were accepted meanwhile, so that waiting longer would not help them.
    pub(in crate::transfer) fn leaves_troubled(&self) -> bool {
        let mut learnt = self.learnt();
        learnt.trouble_rounds += 1;
        learnt.has_accepted && learnt.trouble_rounds > TROUBLE_ROUNDS
    }

    /// The refusals that are kept, to be recorded or taken back.
    pub(in crate::transfer) fn take_suspects(&self) -> Vec<Suspect> {
        std::mem::take(&mut self.learnt().suspects)
    }
}

/// Some servers put a number of their own into every refusal.
fn kind(words: &str) -> String {
    words.chars().filter(|character| !character.is_ascii_digit()).collect()
}

/// What calls for the same repair in other messages.
fn kind_of(trigger: &RepairTrigger) -> RepairTrigger {
    match trigger {
        RepairTrigger::Refused(ServerWords { code, text }) => {
            RepairTrigger::Refused(ServerWords { code: code.clone(), text: kind(text) })
        }
        RepairTrigger::UnsendableDate(_) => RepairTrigger::UnsendableDate(String::new()),
        RepairTrigger::EndsConnection | RepairTrigger::DisarmReceipt => trigger.clone(),
    }
}

fn key(folder: FolderId, side: Side) -> (FolderId, bool) {
    (folder, side == Side::Source)
}

impl Trouble {
    /// One more break, with this message the first to do.
    fn count(&mut self, first: Option<SourceUid>) {
        if self.first == first {
            self.breaks += 1;
        } else {
            (self.first, self.breaks) = (first, 1);
        }
        if self.breaks >= BREAKS_BEFORE_CARE {
            self.careful_left = CAREFUL_MESSAGES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::Status;
    use crate::plan::MessageState;

    const FOLDER: FolderId = FolderId(1);

    /// The connection ends while this message is under way alone, twice.
    fn ends_at(caution: &Caution, uid: SourceUid) -> Option<Verdict> {
        caution.alone(FOLDER, Side::Source, uid);
        assert_eq!(caution.broke(FOLDER, Side::Source, Some(uid)), None);
        caution.alone(FOLDER, Side::Source, uid);
        caution.broke(FOLDER, Side::Source, Some(uid))
    }

    #[test]
    fn a_message_is_set_aside_when_it_was_alone_twice_and_blamed_when_others_have_passed() {
        let caution = Caution::default();
        assert_eq!(caution.broke(FOLDER, Side::Source, Some(SourceUid(9))), None);
        assert!(!caution.is_careful(FOLDER, Side::Source));
        assert_eq!(caution.broke(FOLDER, Side::Source, Some(SourceUid(9))), None);
        assert!(caution.is_careful(FOLDER, Side::Source) && !caution.is_careful(FOLDER, Side::Destination));
        assert_eq!(ends_at(&caution, SourceUid(9)), Some(Verdict::Aside));
        assert_eq!(caution.set_aside(FOLDER), BTreeSet::from([SourceUid(9)]));
        caution.alone(FOLDER, Side::Source, SourceUid(10));
        caution.passed(FOLDER, Side::Source);
        caution.begins_set_aside(FOLDER);
        caution.alone(FOLDER, Side::Source, SourceUid(9));
        assert_eq!(
            caution.broke(FOLDER, Side::Source, Some(SourceUid(9))),
            Some(Verdict::Message(SourceUid(9)))
        );
        assert!(caution.set_aside(FOLDER).is_empty());
    }

    #[test]
    fn a_server_that_fails_says_nothing_about_a_message() {
        let caution = Caution::default();
        for _ in 0..20 {
            caution.alone(FOLDER, Side::Destination, SourceUid(9));
            caution.failed_at(FOLDER, Side::Destination, Some(SourceUid(9)));
        }
        assert!(caution.set_aside(FOLDER).is_empty() && caution.is_careful(FOLDER, Side::Destination));
    }

    #[test]
    fn a_late_append_is_waited_for_from_its_intent_on() {
        let (caution, limit) = (Caution::default(), Duration::from_secs(30));
        for (intent, now, seconds) in [
            (Some(100), 100, 30),
            (Some(100), 112, 18),
            (Some(100), 500, 0),
            (Some(100), 50, 30),
            (None, 9, 30),
        ] {
            let wait = caution.late_append(limit, intent, UnixTime(now));
            assert_eq!(wait, Duration::from_secs(seconds), "{intent:?} {now}");
        }
        caution.failed();
        assert_eq!(caution.late_append(limit, Some(100), UnixTime(500)), limit);
    }

    #[test]
    fn breaks_at_different_places_are_the_lines_fault() {
        let caution = Caution::default();
        for first in 1..50 {
            assert_eq!(caution.broke(FOLDER, Side::Source, Some(SourceUid(first))), None);
            assert!(!caution.is_careful(FOLDER, Side::Source));
        }
    }

    #[test]
    fn a_listing_narrows_down_to_one_message() {
        let caution = Caution::default();
        let windows: Vec<usize> = (0..3)
            .map(|_| {
                let window = caution.listing_window("INBOX");
                assert_eq!(caution.broke_listing("INBOX", 0), None);
                window
            })
            .collect();
        assert_eq!(windows, [500, 15, 1]);
        caution.lists_alone("INBOX", Some(SourceUid(4)));
        assert_eq!(caution.broke_listing("INBOX", 3), None);
        caution.lists_alone("INBOX", Some(SourceUid(4)));
        assert_eq!(caution.broke_listing("INBOX", 3), Some(Verdict::Aside));
        assert_eq!(
            (caution.listing_window("INBOX"), caution.listed_last("INBOX")),
            (15, BTreeSet::from([SourceUid(4)]))
        );
        caution.lists_alone("INBOX", None);
        caution.lists_alone("INBOX", Some(SourceUid(4)));
        assert_eq!(caution.broke_listing("INBOX", 9), Some(Verdict::Message(SourceUid(4))));
        assert_eq!(caution.listing_window("INBOX"), 500);
    }

    #[test]
    fn a_listing_that_ends_before_any_message_is_asked_about_is_given_up() {
        let caution = Caution::default();
        for _ in 1..BREAKS_AT_LISTING {
            assert_eq!(caution.broke_listing("INBOX", 0), None);
        }
        assert_eq!(caution.broke_listing("INBOX", 0), Some(Verdict::Folder));
        // As long as rows are added, it is the line.
        for known in 1..50 {
            assert_eq!(caution.broke_listing("Sent", known), None);
        }
    }

    #[test]
    fn the_same_words_again_and_again_mean_the_mailbox() {
        let caution = Caution::default();
        let suspect = |words: &str| Suspect {
            folder: FOLDER,
            result: MessageResult {
                uid: SourceUid(1),
                state: MessageState::Refused,
                placement: None,
                sha256: None,
                reason: None,
                flag_check: None,
            },
            side: Side::Destination,
            bytes: 1,
            refusal: Completion { status: Status::No, code: None, words: words.to_owned() },
            is_trouble: false,
            file: None,
        };
        for _ in 1..SAME_REFUSALS {
            assert!(!caution.suspect(suspect("no")));
        }
        assert!(!caution.suspect(suspect("other")));
        for _ in 1..SAME_REFUSALS {
            assert!(!caution.suspect(suspect("no")));
        }
        assert!(caution.suspect(suspect("no")));
        assert_eq!(caution.take_suspects().len(), 2 * SAME_REFUSALS);
        assert!(caution.take_suspects().is_empty());
    }
}
