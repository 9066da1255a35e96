//! Into Gmail: one message for each, and a label more where the same message is in several folders.
//!
//! Gmail keeps one object for messages that it takes for the same, whatever folder they are appended to, and says OK
//! all the same. So a message that is in the account already is not sent again: it gets the label of its folder. What
//! Gmail folded silently is recognised by X-GM-MSGID, and reported.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::imap::{ImapError, Session};
use crate::plan::{DestinationRules, MessageState, Reason, SpecialUse};
use crate::project::{FolderId, Ledger, LedgerRow, MessageResult};
use crate::transfer::context::copy_context::CopyContext;
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::context::off_thread::flush;
use crate::transfer::context::request::Progress;
use crate::transfer::pace::refusal::{refusal, server_words};
use crate::values::{DestinationUid, Placement, Side, SourceUid, Uid, UidValidity};

/// Rows read from the ledger at once.
const PAGE_ROWS: usize = 1_000;
/// Messages that get a label with one intent.
const LABELLED_AT_ONCE: usize = 200;
/// Characters that Gmail refuses in labels, or reads as something else.
const FORBIDDEN: [char; 4] = ['^', '"', '\\', '\''];
const PLACED: [MessageState; 3] = [MessageState::Copied, MessageState::AlreadyThere, MessageState::Repaired];

/// Messages of one account, as far as this program has put them there.
#[derive(Debug, Default)]
pub(in crate::transfer) struct GmailDeduplication {
    state: Mutex<State>,
    /// Sends every message, as some that were thought to be there are not.
    sends_all: bool,
}

#[derive(Debug, Default)]
pub(in crate::transfer) struct State {
    /// Names of destination folders; others refer to them by their place here.
    names: Vec<String>,
    /// The copy of each message, by the SHA-256 of its bytes.
    pub(in crate::transfer) copies: BTreeMap<[u8; 32], Copied>,
    /// The message of each copy, where its bytes are known.
    places: BTreeMap<(usize, DestinationUid), Option<[u8; 32]>>,
    /// Messages whose copy is, or is being made, in some folder.
    later: Vec<Later>,
    /// Copies that were made in this run.
    pub(in crate::transfer) made: Vec<Made>,
    /// Messages that were folded into one whose bytes are not known.
    pub(in crate::transfer) unread: Vec<Made>,
}

/// Where the first copy of a message is; without UID while it is under way.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Copied {
    folder: usize,
    uid: Option<DestinationUid>,
}

/// A message that needs only a label, or not even that.
#[derive(Clone, Copy, Debug)]
struct Later {
    folder: FolderId,
    uid: SourceUid,
    bytes: u64,
    sha256: [u8; 32],
    target: usize,
    /// The folder shows every message, so it is no label to be given.
    is_all_mail: bool,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct Made {
    pub(in crate::transfer) folder: FolderId,
    pub(in crate::transfer) uid: SourceUid,
    pub(in crate::transfer) target: usize,
    pub(in crate::transfer) copy: DestinationUid,
    pub(in crate::transfer) sha256: [u8; 32],
}

impl State {
    fn name(&mut self, raw: &str) -> usize {
        if let Some(known) = self.names.iter().position(|name| name == raw) {
            return known;
        }
        self.names.push(raw.to_owned());
        self.names.len() - 1
    }
}

impl GmailDeduplication {
    pub(in crate::transfer) fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in the account by the ledger. `None` where the destination is not Gmail.
    pub(in crate::transfer) fn of(
        context: &CopyContext<'_>,
        session: &Session,
        sends_all: bool,
    ) -> Result<Option<Self>, TransferError> {
        if !session.is_gmail() {
            return Ok(None);
        }
        let mut state = State::default();
        load(&mut state, &context.request.ledger, |path| raw_name(path, &context.namespace))?;
        Ok(Some(Self { state: Mutex::new(state), sends_all }))
    }

    /// Copies of a folder that were found there a moment ago.
    pub(in crate::transfer) fn learn(&self, ledger: &Ledger, unit: &FolderJob) -> Result<(), TransferError> {
        let found = ledger.claimed_destination_uids(unit.folder)?;
        let mut state = self.locked();
        let target = state.name(&unit.raw);
        for uid in found {
            state.places.entry((target, uid)).or_insert(None);
        }
        Ok(())
    }

    /// Whether this message is the first of its kind, so that it has to be sent. One that is not waits until the end.
    pub(in crate::transfer) fn is_first(&self, unit: &FolderJob, row: &LedgerRow, sha256: [u8; 32]) -> bool {
        let special_use = unit.plan.special_use;
        // A label that says spam or trash takes a message out of every other folder.
        if self.sends_all || matches!(special_use, Some(SpecialUse::Junk | SpecialUse::Trash)) {
            return true;
        }
        let mut state = self.locked();
        let target = state.name(&unit.raw);
        if state.copies.contains_key(&sha256) {
            state.later.push(Later {
                folder: unit.folder,
                uid: row.uid,
                bytes: row.size,
                sha256,
                target,
                is_all_mail: special_use == Some(SpecialUse::All),
            });
            return false;
        }
        state.copies.insert(sha256, Copied { folder: target, uid: None });
        true
    }

    /// Notes a copy that was just made. A UID that belongs to a message already means that Gmail has folded it.
    pub(in crate::transfer) fn made(&self, unit: &FolderJob, result: MessageResult) -> MessageResult {
        let (Some(Placement { uid: copy, .. }), Some(sha256)) = (result.placement, result.sha256) else {
            return result;
        };
        let mut state = self.locked();
        let target = state.name(&unit.raw);
        let known = state.places.get(&(target, copy)).copied();
        match known {
            None => {
                state.places.insert((target, copy), Some(sha256));
                state.copies.insert(sha256, Copied { folder: target, uid: Some(copy) });
                state.made.push(Made { folder: unit.folder, uid: result.uid, target, copy, sha256 });
                result
            }
            Some(Some(other)) if other != sha256 => taken_for_another(result.uid, sha256),
            Some(known) => {
                if known.is_none() {
                    state.unread.push(Made { folder: unit.folder, uid: result.uid, target, copy, sha256 });
                }
                let reason = if known.is_some() { Reason::SharesCopy } else { Reason::FoldedUnread };
                MessageResult {
                    state: MessageState::AlreadyThere,
                    reason: Some(reason),
                    flag_check: None,
                    ..result
                }
            }
        }
    }

    /// Gives the messages that waited the labels that they need, and finds out what Gmail has folded. False where a
    /// message has no copy after all: it has to be sent.
    pub(in crate::transfer) async fn finish(
        &self,
        context: &CopyContext<'_>,
        session: &mut Session,
    ) -> Result<bool, TransferError> {
        let (later, names) = {
            let mut state = self.locked();
            (std::mem::take(&mut state.later), state.names.clone())
        };
        self.read_folded(context, session, &names).await?;
        self.tell_folded(context, session, &names).await?;
        let mut copies = State { names: names.clone(), ..State::default() };
        if !later.is_empty() {
            load(&mut copies, &context.request.ledger, |path| raw_name(path, &context.namespace))?;
        }
        let mut groups: BTreeMap<(FolderId, usize, usize), Vec<(Later, DestinationUid)>> = BTreeMap::new();
        let mut is_complete = true;
        for message in later {
            match copies.copies.get(&message.sha256) {
                Some(Copied { folder, uid: Some(uid) }) => {
                    groups
                        .entry((message.folder, message.target, *folder))
                        .or_default()
                        .push((message, *uid));
                }
                _ => is_complete = false,
            }
        }
        for ((folder, target, home), group) in groups {
            for part in group.chunks(LABELLED_AT_ONCE) {
                if context.control.is_stopped() {
                    return Ok(true);
                }
                let (Some(target_name), Some(home)) = (names.get(target), copies.names.get(home).cloned())
                else {
                    continue;
                };
                let mut labelling =
                    Labelling { context, session, folder, target: target_name, uids: BTreeSet::new() };
                // UIDs that belong to other messages of the folder already.
                let places =
                    copies.places.range((target, DestinationUid(0))..=(target, DestinationUid::last()));
                labelling.uids.extend(places.map(|((_, uid), _)| *uid));
                labelling.settle(&home, part).await?;
                copies.places.extend(labelling.uids.into_iter().map(|uid| ((target, uid), None)));
            }
        }
        Ok(is_complete)
    }
}

/// Messages of one folder that get its label.
struct Labelling<'l, 'w> {
    context: &'l CopyContext<'w>,
    session: &'l mut Session,
    folder: FolderId,
    target: &'l str,
    /// UIDs of the folder that belong to a message.
    uids: BTreeSet<DestinationUid>,
}

impl Labelling<'_, '_> {
    async fn settle(&mut self, home: &str, part: &[(Later, DestinationUid)]) -> Result<(), TransferError> {
        let Some((uid_validity, uid_next)) = open(self.session, self.target).await? else { return Ok(()) };
        if home == self.target {
            let results = part
                .iter()
                .map(|(message, uid)| found(message, Placement::new(uid_validity, *uid), Reason::SharesCopy));
            return self.record(part, &results.collect::<Vec<_>>());
        }
        let ledger = &self.context.request.ledger;
        let uids: Vec<SourceUid> = part.iter().map(|(message, _)| message.uid).collect();
        flush(ledger.record_intent(self.folder, &uids, uid_validity, uid_next)?).await?;
        if open(self.session, home).await?.is_none() {
            return Ok(ledger.withdraw_intents(self.folder, &uids)?);
        }
        let mut copies: Vec<DestinationUid> = part.iter().map(|(_, uid)| *uid).collect();
        copies.sort_unstable();
        copies.dedup();
        let numbers: BTreeMap<DestinationUid, u64> = {
            let numbers = self
                .session
                .numbers_of(&copies)
                .await
                .map_err(TransferError::from_imap(Side::Destination))?;
            numbers.into_iter().map(|(uid, number)| (uid, number.0)).collect()
        };
        let is_shown = part.iter().all(|(message, _)| message.is_all_mail);
        let copies_to_label = if is_shown { &[][..] } else { &copies };
        let answers = self
            .session
            .add_label(copies_to_label, self.target)
            .await
            .map_err(TransferError::from_imap(Side::Destination))?;
        if let Some(refused) = answers.into_iter().find(|answer| !answer.is_ok()) {
            ledger.withdraw_intents(self.folder, &uids)?;
            return self.refuse(part, &Reason::LabelRefused(server_words(&refused)));
        }
        let Some((uid_validity, _)) = open(self.session, self.target).await? else { return Ok(()) };
        let shown = self.shown(numbers.values(), uid_next).await?;
        let (mut results, mut lacking) = (Vec::with_capacity(part.len()), Vec::new());
        for (message, copy) in part {
            match numbers.get(copy).and_then(|number| shown.get(number)) {
                Some(uid) => {
                    let is_new = self.uids.insert(*uid);
                    let reason = if is_new { Reason::Labelled } else { Reason::SharesCopy };
                    results.push(found(message, Placement::new(uid_validity, *uid), reason));
                }
                None => lacking.push((*message, *copy)),
            }
        }
        self.record(part, &results)?;
        self.refuse(&lacking, &Reason::LabelNotShown)
    }

    /// The UIDs of these messages in the open folder; mostly they have just got them.
    async fn shown(
        &mut self,
        wanted: impl Iterator<Item = &u64>,
        uid_next: DestinationUid,
    ) -> Result<BTreeMap<u64, DestinationUid>, TransferError> {
        let new =
            self.session.numbers_from(uid_next).await.map_err(TransferError::from_imap(Side::Destination))?;
        let mut shown: BTreeMap<u64, DestinationUid> =
            new.into_iter().map(|(uid, number)| (number.0, uid)).collect();
        let mut wanted = wanted;
        if wanted.any(|number| !shown.contains_key(number)) {
            let all = self
                .session
                .numbers_from(DestinationUid::first())
                .await
                .map_err(TransferError::from_imap(Side::Destination))?;
            shown.extend(all.into_iter().map(|(uid, number)| (number.0, uid)));
        }
        Ok(shown)
    }

    fn refuse(&self, part: &[(Later, DestinationUid)], reason: &Reason) -> Result<(), TransferError> {
        let results: Vec<MessageResult> = part
            .iter()
            .map(|(message, _)| MessageResult {
                uid: message.uid,
                state: MessageState::Refused,
                placement: None,
                sha256: Some(message.sha256),
                reason: Some(reason.clone()),
                flag_check: None,
            })
            .collect();
        self.record(part, &results)
    }

    fn record(
        &self,
        part: &[(Later, DestinationUid)],
        results: &[MessageResult],
    ) -> Result<(), TransferError> {
        if results.is_empty() {
            return Ok(());
        }
        self.context.request.ledger.record_results(self.folder, results)?;
        let bytes = part.iter().map(|(message, _)| message.bytes).sum();
        (self.context.sink)(Progress::Advanced { messages: results.len() as u64, bytes });
        Ok(())
    }
}

fn found(message: &Later, place: Placement, reason: Reason) -> MessageResult {
    MessageResult {
        uid: message.uid,
        state: MessageState::AlreadyThere,
        placement: Some(place),
        sha256: Some(message.sha256),
        reason: Some(reason),
        flag_check: None,
    }
}

pub(in crate::transfer) fn taken_for_another(uid: SourceUid, sha256: [u8; 32]) -> MessageResult {
    MessageResult {
        uid,
        state: MessageState::Refused,
        placement: None,
        sha256: Some(sha256),
        reason: Some(Reason::TakenForAnother),
        flag_check: None,
    }
}

/// Whether the row has no copy of its own, as Gmail keeps one of identical messages.
pub(in crate::transfer) fn shares_copy(row: &LedgerRow) -> bool {
    row.state == MessageState::AlreadyThere && row.reason == Some(Reason::SharesCopy)
}

/// What Gmail refuses in the names of labels, beside what is known of the provider.
pub(in crate::transfer) fn add_label_rules(rules: &mut DestinationRules) {
    for character in FORBIDDEN {
        if !rules.forbidden.contains(&character) {
            rules.forbidden.push(character);
        }
    }
}

/// Copies that the ledger knows, of every folder.
fn load(
    state: &mut State,
    ledger: &Ledger,
    raw: impl Fn(&crate::plan::FolderPath) -> String,
) -> Result<(), TransferError> {
    for folder in ledger.folder_totals()? {
        let name = state.name(&raw(&folder.destination));
        let mut after = SourceUid(0);
        loop {
            let rows = ledger.rows_after(folder.id, &PLACED, after, PAGE_ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.uid;
            for row in rows {
                let Some(uid) = row.destination_uid else { continue };
                if row.reason == Some(Reason::FoldedUnread)
                    && let Some(sha256) = row.sha256
                {
                    // A run that was broken off has not come to it.
                    let (folder, target) = (folder.id, name);
                    state.unread.push(Made { folder, uid: row.uid, target, copy: uid, sha256 });
                    continue;
                }
                state.places.insert((name, uid), row.sha256);
                if let Some(sha256) = row.sha256 {
                    state.copies.entry(sha256).or_insert(Copied { folder: name, uid: Some(uid) });
                }
            }
        }
    }
    Ok(())
}

/// UIDVALIDITY and UIDNEXT of a folder that was opened; `None` where it is refused.
pub(in crate::transfer) async fn open(
    session: &mut Session,
    name: &str,
) -> Result<Option<(UidValidity, DestinationUid)>, TransferError> {
    match session.select(name).await {
        Ok(opened) => {
            Ok(Some((opened.uid_validity, opened.uid_next.map_or(DestinationUid::first(), DestinationUid))))
        }
        Err(ImapError::Refused { completion, .. }) if !refusal(&completion).is_passing() => {
            tracing::info!(%completion, "a folder can no longer be opened");
            Ok(None)
        }
        Err(error) => Err(TransferError::from_imap(Side::Destination)(error)),
    }
}
