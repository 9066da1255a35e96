//! What the attempts of one copy hand on to each other.

use crate::transfer::folder::large::FetchMethods;
use crate::transfer::listing::fresh_flags::FreshFlags;
use crate::transfer::pace::connection_failures::ConnectionFailures;
use crate::transfer::pace::deferred_refusals::DeferredRefusals;
use crate::transfer::pace::listed_sizes::ListedSizes;
use crate::transfer::pace::repair_memory::RepairMemory;
use crate::transfer::reconcile::absent::Swallowed;
use crate::transfer::reconcile::late_append::SentAgain;
use crate::transfer::reconcile::second_look::SecondLook;

/// What was learnt in this run, by what it is about.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Lessons {
    pub(in crate::transfer) failures: ConnectionFailures,
    pub(in crate::transfer) refusals: DeferredRefusals,
    pub(in crate::transfer) repairs: RepairMemory,
    /// What the sizes are worth that the source lists.
    pub(in crate::transfer) sizes: ListedSizes,
    /// In which ways the source hands messages out.
    pub(in crate::transfer) methods: FetchMethods,
    pub(in crate::transfer) fresh_flags: FreshFlags,
    pub(in crate::transfer) sent_again: SentAgain,
    pub(in crate::transfer) swallowed: Swallowed,
    pub(in crate::transfer) second_look: SecondLook,
}
