//! Which folder comes next: folders that wait, places that are written into, and folders that several workers share.
//! Pure: nothing here waits, asks a server, or reads the ledger.

use std::collections::BTreeMap;

use crate::transfer::context::folder_job::{FolderJob, ListedOrder, Order, first_listed};

/// The folders of one copy. `F` is one that is under way and may be shared.
#[derive(Debug)]
pub(in crate::transfer) struct Scheduler<F> {
    waiting: BTreeMap<Order, FolderJob>,
    /// Numbers of the folder that was added last, and of the one that was given back last, which count downwards.
    last_added: i64,
    last_given_back: i64,
    is_all_listed: bool,
    /// Places that are written into, with the order in which their folders were listed.
    busy: BTreeMap<String, ListedOrder>,
    shared: Vec<F>,
}

impl<F> Default for Scheduler<F> {
    fn default() -> Self {
        Self {
            waiting: BTreeMap::new(),
            last_added: 0,
            last_given_back: 0,
            is_all_listed: false,
            busy: BTreeMap::new(),
            shared: Vec::new(),
        }
    }
}

impl<F> Scheduler<F> {
    /// A folder is ready to be copied.
    pub(in crate::transfer) fn add(&mut self, job: FolderJob) {
        self.last_added += 1;
        self.waiting.insert(job.order(self.last_added), job);
    }

    /// A folder that could not be begun, or is not done after all. Among folders of its size it comes first.
    pub(in crate::transfer) fn give_back(&mut self, job: FolderJob) {
        self.last_given_back -= 1;
        self.waiting.insert(job.order(self.last_given_back), job);
    }

    /// No more folders will be added.
    pub(in crate::transfer) fn all_listed(&mut self) {
        self.is_all_listed = true;
    }

    /// Takes the next folder whose place nobody writes into, which is now written into until [`Self::ended`]. Before the
    /// first batch of all is answered, it is the one that was listed first, so that two runs meet in the same one.
    pub(in crate::transfer) fn begin(&mut self, is_first_batch_answered: bool) -> Option<FolderJob> {
        let may_begin = |job: &FolderJob| job.may_begin(self.is_all_listed, &self.busy);
        let mut free = self.waiting.iter().filter(|(_, job)| may_begin(job)).map(|(order, _)| *order);
        let order = if is_first_batch_answered { free.next() } else { free.min_by_key(first_listed) }?;
        let job = self.waiting.remove(&order)?;
        self.busy.insert(job.key(), first_listed(&order));
        Some(job)
    }

    /// Nobody writes into this place any more.
    pub(in crate::transfer) fn ended(&mut self, key: &str) {
        self.busy.remove(key);
    }

    /// A folder that is under way may be shared from now on.
    pub(in crate::transfer) fn share(&mut self, folder: F) {
        self.shared.push(folder);
    }

    /// Those are not shared any more.
    pub(in crate::transfer) fn unshare(&mut self, is_it: impl Fn(&F) -> bool) {
        self.shared.retain(|folder| !is_it(folder));
    }

    /// The folder with the most messages left, where these are worth one more worker. `left` is `None` for a folder that
    /// takes no more of them.
    pub(in crate::transfer) fn busiest(&self, left: impl Fn(&F) -> Option<u64>, worth: u64) -> Option<&F> {
        let most = self.shared.iter().filter_map(|folder| Some((left(folder)?, folder)));
        most.filter(|(left, _)| *left >= worth).max_by_key(|(left, _)| *left).map(|(_, folder)| folder)
    }

    /// The place that was listed first among those that are written into.
    pub(in crate::transfer) fn first_begun(&self) -> Option<&str> {
        self.busy.iter().min_by_key(|(_, order)| **order).map(|(key, _)| key.as_str())
    }

    /// Whether every folder was listed and begun.
    pub(in crate::transfer) fn are_all_begun(&self) -> bool {
        self.is_all_listed && self.waiting.is_empty()
    }

    /// Whether every folder was listed, begun and ended.
    pub(in crate::transfer) fn is_done(&self) -> bool {
        self.are_all_begun() && self.busy.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{FolderChoice, FolderPath, FolderPlan};
    use crate::project::FolderId;
    use crate::values::Bytes;

    fn job(raw: &str, messages: u64) -> FolderJob {
        let path = FolderPath(vec![raw.to_owned()]);
        FolderJob {
            plan: FolderPlan {
                source: path.clone(),
                source_raw: raw.to_owned(),
                destination: path,
                special_use: None,
                choice: FolderChoice::Copy,
                messages,
                bytes: Bytes(messages * 1_000),
                renamed: Vec::new(),
                is_unsubscribed: false,
            },
            folder: FolderId(1),
            raw: raw.to_owned(),
            is_late: false,
            may_be_there: false,
            is_new: false,
        }
    }

    fn begun(scheduler: &mut Scheduler<()>, is_answered: bool) -> Option<String> {
        scheduler.begin(is_answered).map(|job| job.raw)
    }

    #[test]
    fn the_largest_goes_first_once_the_first_batch_is_answered() {
        let mut scheduler = Scheduler::default();
        for (raw, messages) in [("A", 5), ("B", 900), ("C", 30)] {
            scheduler.add(job(raw, messages));
        }
        assert_eq!(begun(&mut scheduler, false).as_deref(), Some("A"), "as listed");
        assert_eq!(begun(&mut scheduler, true).as_deref(), Some("B"));
        assert_eq!(begun(&mut scheduler, true).as_deref(), Some("C"));
        assert_eq!(begun(&mut scheduler, true), None);
        assert_eq!(scheduler.first_begun(), Some("a"));
        scheduler.ended("a");
        assert_eq!(scheduler.first_begun(), Some("b"));
    }

    #[test]
    fn folders_that_go_to_one_place_take_turns() {
        let mut scheduler = Scheduler::default();
        scheduler.add(job("Sent", 10));
        scheduler.add(job("SENT", 9));
        assert_eq!(begun(&mut scheduler, true).as_deref(), Some("Sent"));
        assert_eq!(begun(&mut scheduler, true), None);
        scheduler.ended("sent");
        assert_eq!(begun(&mut scheduler, true).as_deref(), Some("SENT"));
    }

    #[test]
    fn what_may_be_late_waits_until_all_are_listed() {
        let mut scheduler = Scheduler::default();
        scheduler.add(FolderJob { is_late: true, ..job("Late", 1_000) });
        assert_eq!(begun(&mut scheduler, true), None);
        scheduler.add(job("Small", 1));
        scheduler.all_listed();
        assert_eq!(begun(&mut scheduler, true).as_deref(), Some("Small"));
        assert_eq!(begun(&mut scheduler, true).as_deref(), Some("Late"));
    }

    #[test]
    fn a_folder_that_is_given_back_comes_before_others_of_its_size() {
        let mut scheduler = Scheduler::default();
        scheduler.add(job("A", 5));
        scheduler.give_back(job("B", 5));
        scheduler.give_back(job("C", 5));
        for raw in ["C", "B", "A"] {
            assert_eq!(begun(&mut scheduler, true).as_deref(), Some(raw));
        }
    }

    #[test]
    fn it_is_done_when_everything_that_was_listed_has_ended() {
        let mut scheduler = Scheduler::default();
        scheduler.add(job("A", 5));
        assert!(!scheduler.is_done());
        assert!(begun(&mut scheduler, true).is_some());
        assert!(!scheduler.are_all_begun(), "more may be listed");
        scheduler.all_listed();
        assert!(scheduler.are_all_begun() && !scheduler.is_done());
        scheduler.give_back(job("A", 5));
        assert!(!scheduler.are_all_begun());
        scheduler.ended("a");
        assert!(begun(&mut scheduler, true).is_some());
        scheduler.ended("a");
        assert!(scheduler.is_done());
    }

    #[test]
    fn help_goes_to_the_folder_with_the_most_left_that_takes_it() {
        let mut scheduler: Scheduler<(&str, Option<u64>)> = Scheduler::default();
        let busiest = |scheduler: &Scheduler<(&str, Option<u64>)>, worth| {
            scheduler.busiest(|(_, left)| *left, worth).map(|(name, _)| (*name).to_owned())
        };
        assert_eq!(busiest(&scheduler, 0), None);
        for folder in [("small", Some(10)), ("closed", None), ("large", Some(500)), ("larger", Some(400))] {
            scheduler.share(folder);
        }
        assert_eq!(busiest(&scheduler, 120).as_deref(), Some("large"));
        assert_eq!(busiest(&scheduler, 501), None);
        scheduler.unshare(|(name, _)| *name == "large");
        assert_eq!(busiest(&scheduler, 120).as_deref(), Some("larger"));
    }
}
