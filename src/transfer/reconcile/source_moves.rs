//! Messages that the owner has moved to another folder of the source between two runs: their copies follow, where the
//! destination can move and nobody has touched them. Else such a message is copied once more, and the first copy stays.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{ImapError, Namespace, Session};
use crate::plan::{CopyMode, FolderPlan, is_choosy};
use crate::project::{FolderCounts, FolderId, FolderMemory, Ledger, MaybeMoved};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::{FlagChanges, flag_changes, flags_for, normal_flags};
use crate::transfer::context::folder_lists::FoldersByName;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::listing::selection::Chosen;
use crate::transfer::reconcile::missing::takes_part;
use crate::values::{DestinationUid, Side, SourceUid, Uid};

/// Source folders that messages may have been moved out of since the last run: their counts are not those that are
/// remembered.
pub(in crate::transfer) struct SourceMoves<'p>(BTreeMap<FolderId, (&'p FolderPlan, FolderMemory)>);

/// Both connections while copies follow.
pub(in crate::transfer) struct FollowMoves<'a> {
    pub(in crate::transfer) source: &'a mut Session,
    pub(in crate::transfer) destination: &'a mut Session,
    pub(in crate::transfer) ledger: &'a Ledger,
    pub(in crate::transfer) namespace: &'a Namespace,
}

impl<'p> SourceMoves<'p> {
    /// Looks at the source's list. None where copies do not follow: after the switch, where only a part of the messages
    /// takes part, at Gmail, whose folders are labels, and where the destination cannot move.
    pub(in crate::transfer) fn look(
        request: &'p CopyRequest,
        source: &Session,
        destination: &Session,
        listed: &FoldersByName,
    ) -> Result<Self, TransferError> {
        let is_gmail = |session: &Session| session.capabilities().has("X-GM-EXT-1");
        let follows = request.options.mode == CopyMode::BeforeSwitch
            && !is_choosy(&request.options)
            && destination.can_move()
            && !is_gmail(source)
            && !is_gmail(destination);
        if !follows {
            return Ok(Self(BTreeMap::new()));
        }
        let memories = request.ledger.memories()?;
        let plans = request.plan.folders.iter().filter(|plan| takes_part(plan, request.options.mode));
        let left = plans.filter_map(|plan| {
            let memory = memories.get(&plan.source_raw)?;
            let status = listed.get(&plan.source_raw)?.status.unwrap_or_default();
            let counts = status.messages.zip(status.uid_next);
            let counts =
                counts.map(|(messages, uid_next)| FolderCounts { messages, uid_next: SourceUid(uid_next) });
            let is_known = memory.destination == plan.destination && memory.source_counts.is_some();
            (is_known && memory.source_counts != counts).then(|| (memory.id, (plan, memory.clone())))
        });
        Ok(Self(left.collect()))
    }

    /// Whether no message can have been moved.
    pub(in crate::transfer) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lets copies follow the messages that wait in these folders.
    pub(in crate::transfer) async fn follow(
        &self,
        mut with: FollowMoves<'_>,
        listed: &[Chosen<'_>],
    ) -> Result<(), TransferError> {
        if self.is_empty() {
            return Ok(());
        }
        for chosen in listed {
            let mut by_folder: BTreeMap<FolderId, Vec<MaybeMoved>> = BTreeMap::new();
            for found in with.ledger.maybe_moved(chosen.folder)? {
                by_folder.entry(found.from).or_default().push(found);
            }
            let mut served = BTreeSet::new();
            for (from, candidates) in by_folder {
                let Some((plan, memory)) = self.0.get(&from) else { continue };
                if plan.destination == chosen.plan.destination {
                    continue;
                }
                let gone = with.gone(plan, candidates).await?;
                let pairs = one_to_one(gone, &mut served);
                with.bring(chosen, (plan, memory), pairs).await?;
            }
        }
        Ok(())
    }
}

/// Each waiting message and each copy at most once.
fn one_to_one(candidates: Vec<MaybeMoved>, served: &mut BTreeSet<SourceUid>) -> Vec<MaybeMoved> {
    let mut used = BTreeSet::new();
    let mut pairs = Vec::new();
    for found in candidates {
        if !used.contains(&found.from_uid) && served.insert(found.uid) {
            used.insert(found.from_uid);
            pairs.push(found);
        }
    }
    pairs
}

impl FollowMoves<'_> {
    /// Those whose message is not in its old folder any more.
    async fn gone(
        &mut self,
        plan: &FolderPlan,
        mut candidates: Vec<MaybeMoved>,
    ) -> Result<Vec<MaybeMoved>, TransferError> {
        let at = TransferError::at(Side::Source);
        let opened = match self.source.examine(&plan.source_raw).await {
            Ok(opened) => opened,
            Err(ImapError::Refused { .. }) => return Ok(Vec::new()),
            Err(error) => return Err(at(error)),
        };
        if self.ledger.is_source_made_anew(&plan.source_raw, opened.uid_validity)? {
            return Ok(Vec::new());
        }
        let present = match opened.exists {
            0 => Vec::new(),
            _ => self.source.fetch_uids(SourceUid::first()).await.map_err(&at)?,
        };
        // A list that is cut short must not make messages pass for gone.
        if present.len() < opened.exists as usize {
            return Ok(Vec::new());
        }
        candidates.retain(|found| present.binary_search(&found.from_uid).is_err());
        Ok(candidates)
    }

    /// Moves the copies that are as they were left, and drops the rows that they had.
    async fn bring(
        &mut self,
        chosen: &Chosen<'_>,
        (plan, memory): (&FolderPlan, &FolderMemory),
        pairs: Vec<MaybeMoved>,
    ) -> Result<(), TransferError> {
        if pairs.is_empty() {
            return Ok(());
        }
        let at = TransferError::at(Side::Destination);
        let opened = match self.destination.select(&raw_name(&plan.destination, self.namespace)).await {
            Ok(opened) => opened,
            Err(ImapError::Refused { .. }) => return Ok(()),
            Err(error) => return Err(at(error)),
        };
        if Some(opened.uid_validity) != memory.destination_uid_validity {
            return Ok(());
        }
        let mut by_place: BTreeMap<DestinationUid, MaybeMoved> =
            pairs.into_iter().map(|found| (found.destination_uid, found)).collect();
        let places: Vec<DestinationUid> = by_place.keys().copied().collect();
        let shown: BTreeMap<DestinationUid, Vec<String>> =
            self.destination.flags_of(&places).await.map_err(&at)?.into_iter().collect();
        let permanent = opened.permanent_flags.as_deref();
        by_place.retain(|place, found| {
            shown.get(place).is_some_and(|flags| {
                let wanted = flags_for(&found.flags, permanent);
                flag_changes(&normal_flags(flags.clone()), &wanted) == FlagChanges::default()
            })
        });
        let places: Vec<DestinationUid> = by_place.keys().copied().collect();
        if places.is_empty() {
            return Ok(());
        }
        self.ledger.expect_moved(chosen.folder)?;
        let target = raw_name(&chosen.plan.destination, self.namespace);
        match self.destination.move_messages(&places, &target).await {
            Ok(()) => {}
            Err(ImapError::Refused { completion, .. }) => {
                tracing::info!(%completion, folder = %chosen.plan.destination, "cannot move copies there");
            }
            Err(error) => return Err(at(error)),
        }
        let left: BTreeSet<DestinationUid> = self
            .destination
            .flags_of(&places)
            .await
            .map_err(&at)?
            .into_iter()
            .map(|(place, _)| place)
            .collect();
        let moved: Vec<SourceUid> = by_place
            .into_iter()
            .filter(|(place, _)| !left.contains(place))
            .map(|(_, found)| found.from_uid)
            .collect();
        tracing::info!(count = moved.len(), folder = %chosen.plan.destination, "moved copies after their \
                                                                                messages");
        Ok(self.ledger.drop_followed(memory.id, &moved)?)
    }
}
