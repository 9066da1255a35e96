//! Making folders at the destination, and learning from refusals which names it takes. What was learnt is kept in the
//! ledger, so that the next run finds its folders again.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::imap::{Completion, ImapError, NewFolder, Session};
use crate::message::RefusalMeaning;
use crate::plan::{
    FolderPath, FolderPlan, LearntName, Lesson, MailboxPlan, NameLessons, fold_path, free_place, is_peculiar,
    spellings,
};
use crate::project::Ledger;
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::pace::refusal::{Refusal, code_name, meaning, passing, refusal};
use crate::values::Side;

/// Spellings of one name that are tried.
const MAX_TRIES: usize = 14;
/// The same of a name with nothing odd about it: it is hardly the name then.
const FEW_TRIES: usize = 2;
/// Folders in a row that no spelling has helped, after which only odd names are tried again.
const MAX_FUTILE: usize = 10;
/// Response codes that speak of something else than the name (RFC 5530).
const OTHER_REASONS: [&str; 10] = [
    "NOPERM",
    "LIMIT",
    "OVERQUOTA",
    "INUSE",
    "UNAVAILABLE",
    "CONTACTADMIN",
    "AUTHORIZATIONFAILED",
    "EXPIRED",
    "SERVERBUG",
    "CORRUPTION",
];

/// What is known of names, shared by everything that works on one mailbox.
#[derive(Default)]
pub(in crate::transfer) struct FolderNames {
    lessons: Mutex<NameLessons>,
    /// One folder is tried at a time: what it teaches spares the others their tries.
    turn: tokio::sync::Mutex<Tried>,
}

/// What was tried in this run.
#[derive(Default)]
struct Tried {
    /// Folded places that some folder of the plan has or wants.
    taken: BTreeSet<Vec<String>>,
    /// Raw names that are known to be there.
    there: BTreeSet<String>,
    /// Folders in a row that no spelling has helped.
    futile: usize,
}

/// What came of making a folder: its place, or the refusal.
pub(in crate::transfer) type Placed = Result<FolderPath, Completion>;

impl FolderNames {
    pub(in crate::transfer) fn load(ledger: &Ledger) -> Result<Self, TransferError> {
        Ok(Self { lessons: Mutex::new(ledger.name_lessons()?), turn: tokio::sync::Mutex::default() })
    }

    fn lessons(&self) -> MutexGuard<'_, NameLessons> {
        self.lessons.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the folders of a plan the places that they have got.
    pub(in crate::transfer) fn apply(&self, plan: &mut MailboxPlan) {
        self.lessons().apply(plan);
    }

    /// Where a folder stands that was planned here.
    pub(in crate::transfer) fn place_of(&self, planned: &FolderPath) -> FolderPath {
        self.lessons().made(planned).map_or_else(|| planned.clone(), |learnt| learnt.made.clone())
    }

    /// Folders that are there under these names.
    pub(in crate::transfer) async fn note_there(
        &self,
        state: &CopyState<'_>,
        raws: impl Iterator<Item = String>,
    ) {
        let mut tried = self.turn.lock().await;
        tried.there.extend(raws);
        tried
            .taken
            .extend(state.context.request.plan.folders.iter().map(|plan| fold_path(&plan.destination)));
    }

    /// Makes a folder that was refused, the ones above it first, under the next best name that the destination takes.
    pub(in crate::transfer) async fn make(
        &self,
        session: &mut Session,
        state: &CopyState<'_>,
        plan: &FolderPlan,
    ) -> Result<Placed, TransferError> {
        let mut tried = self.turn.lock().await;
        let top = state.prefix_parts();
        let planned = &plan.destination;
        let mut place = FolderPath::default();
        for depth in 1..=planned.0.len() {
            let here = FolderPath(planned.0.iter().take(depth).cloned().collect());
            if depth <= top || here.is_inbox() {
                place = here;
                continue;
            }
            let is_last = depth == planned.0.len();
            let known = self.lessons().made(&here).map(|learnt| learnt.made.clone());
            let wanted = known.unwrap_or_else(|| self.below(&place, &here));
            if !is_last && tried.there.contains(&raw_name(&wanted, &state.context.namespace)) {
                place = wanted;
                continue;
            }
            let is_subscribed = !is_last || !plan.is_unsubscribed;
            let one = OneFolder { planned: &here, wanted: &wanted, top, is_subscribed };
            match self.place(session, state, &mut tried, one).await? {
                Ok(made) => place = made,
                Err(completion) if is_last => return Ok(Err(completion)),
                // One that may not be made may still be there under a namespace.
                Err(_) => place = wanted,
            }
        }
        Ok(Ok(place))
    }

    /// The name of a folder below the place of the one above it: as it was planned, where that one has kept its own.
    fn below(&self, above: &FolderPath, planned: &FolderPath) -> FolderPath {
        let Some((name, parents)) = planned.0.split_last() else { return planned.clone() };
        if parents == above.0 {
            return planned.clone();
        }
        let name = self.lessons().clean(name);
        FolderPath(above.0.iter().cloned().chain([name]).collect())
    }

    async fn place(
        &self,
        session: &mut Session,
        state: &CopyState<'_>,
        tried: &mut Tried,
        one: OneFolder<'_>,
    ) -> Result<Placed, TransferError> {
        let OneFolder { planned, wanted, top, .. } = one;
        let refused = match one.make(session, state).await? {
            Ok(()) => {
                tried.there.insert(raw_name(wanted, &state.context.namespace));
                if wanted != planned && self.lessons().made(planned).is_none() {
                    let name =
                        LearntName { planned: planned.clone(), made: wanted.clone(), words: String::new() };
                    self.learn(state, name, &Lesson::OnlyThis)?;
                }
                return Ok(Ok(wanted.clone()));
            }
            Err(completion) => completion,
        };
        if !is_about_name(&refused) {
            return Ok(Err(refused));
        }
        let words = refused.to_string();
        let is_hopeless = tried.futile >= MAX_FUTILE;
        let few = if is_hopeless { 0 } else { FEW_TRIES };
        let most = if is_peculiar(wanted.name()) { MAX_TRIES } else { few };
        for (spelling, lesson) in spellings(wanted, &words, top).into_iter().take(most) {
            let spelling = free_place(&spelling, &tried.taken);
            match one.create(session, state, &spelling).await? {
                Ok(()) => {
                    tracing::info!(%words, %planned, made = %spelling, "creating a folder under another name");
                    tried.there.insert(raw_name(&spelling, &state.context.namespace));
                    tried.taken.insert(fold_path(&spelling));
                    tried.futile = 0;
                    let (planned, made) = (planned.clone(), spelling.clone());
                    self.learn(state, LearntName { planned, made, words }, &lesson)?;
                    return Ok(Ok(spelling));
                }
                Err(completion) if !is_about_name(&completion) => return Ok(Err(completion)),
                Err(completion) => {
                    tracing::debug!(%completion, %spelling, "the server refused this spelling too");
                }
            }
        }
        tried.futile += 1;
        Ok(Err(refused))
    }

    fn learn(&self, state: &CopyState<'_>, name: LearntName, lesson: &Lesson) -> Result<(), TransferError> {
        let mut lessons = self.lessons();
        lessons.learn(name, lesson);
        Ok(state.context.request.ledger.set_name_lessons(&lessons)?)
    }

    /// Folders below one that has another name now, and that were taken as they were planned, stay where they are.
    pub(in crate::transfer) fn keep_taken<'p>(
        &self,
        ledger: &Ledger,
        plans: impl Iterator<Item = &'p FolderPlan>,
    ) -> Result<(), TransferError> {
        let mut lessons = self.lessons();
        let moved: BTreeSet<Vec<String>> = lessons
            .names()
            .iter()
            .filter(|name| name.planned != name.made)
            .map(|name| name.planned.0.clone())
            .collect();
        if moved.is_empty() {
            return Ok(());
        }
        let known: BTreeSet<FolderPath> = lessons.names().iter().map(|name| name.planned.clone()).collect();
        let is_below = |plan: &&FolderPlan| {
            let path = &plan.destination.0;
            (1..path.len()).any(|depth| path.get(..depth).is_some_and(|above| moved.contains(above)))
        };
        let kept: Vec<FolderPath> = plans
            .filter(|plan| !known.contains(&plan.destination))
            .filter(is_below)
            .map(|plan| plan.destination.clone())
            .collect();
        for planned in &kept {
            let name = LearntName { planned: planned.clone(), made: planned.clone(), words: String::new() };
            lessons.learn(name, &Lesson::OnlyThis);
        }
        if kept.is_empty() { Ok(()) } else { Ok(ledger.set_name_lessons(&lessons)?) }
    }
}

/// A folder that is made under one name or another.
#[derive(Clone, Copy)]
struct OneFolder<'a> {
    planned: &'a FolderPath,
    wanted: &'a FolderPath,
    /// How many parts stand above the folders of the mailbox.
    top: usize,
    is_subscribed: bool,
}

impl OneFolder<'_> {
    /// Makes the folder as it is wanted. A refusal may only mean that it is there by now, made by somebody else since the
    /// folders were listed, which not every server says (ALREADYEXISTS, RFC 5530).
    async fn make(
        &self,
        session: &mut Session,
        state: &CopyState<'_>,
    ) -> Result<Result<(), Completion>, TransferError> {
        let refused = match self.create(session, state, self.wanted).await? {
            Err(refused) if is_about_name(&refused) => refused,
            settled => return Ok(settled),
        };
        match session.examine(&raw_name(self.wanted, &state.context.namespace)).await {
            Ok(_) => {
                session.unselect();
                Ok(Ok(()))
            }
            Err(ImapError::Refused { .. }) => Ok(Err(refused)),
            Err(error) => Err(self.ended(state, error)),
        }
    }

    async fn create(
        &self,
        session: &mut Session,
        state: &CopyState<'_>,
        path: &FolderPath,
    ) -> Result<Result<(), Completion>, TransferError> {
        let raw = raw_name(path, &state.context.namespace);
        match session.create(&NewFolder { raw, is_subscribed: self.is_subscribed }).await {
            Ok(()) => Ok(Ok(())),
            // A failure of the server at one name is no wish to wait.
            Err(ImapError::Refused { completion, .. }) => {
                let passes = passing(Side::Destination, &completion);
                match passes.filter(|_| meaning(&completion) != RefusalMeaning::Trouble) {
                    Some(error) => Err(error),
                    None => Ok(Err(completion)),
                }
            }
            Err(error) => Err(self.ended(state, error)),
        }
    }

    fn ended(&self, state: &CopyState<'_>, error: ImapError) -> TransferError {
        state.lessons.failures.ended_at(
            &raw_name(self.planned, &state.context.namespace),
            Side::Destination,
            &error,
        );
        TransferError::at(Side::Destination)(error)
    }
}

/// Whether a refusal may be about the name; where it says nothing else, it may. A failure of the server's own says nothing
/// about it, unless it speaks of the name.
fn is_about_name(completion: &Completion) -> bool {
    let refusal = refusal(completion);
    let speaks_of_name = completion.words.to_lowercase().contains("name");
    refusal != Refusal::Full
        && (!refusal.is_passing() || speaks_of_name)
        && code_name(completion)
            .is_none_or(|code| !OTHER_REASONS.iter().any(|known| code.eq_ignore_ascii_case(known)))
}
