//! Whether it is one message at which a connection ends, or the folder: a message is to blame only where the connection
//! ends with it again and again, and not with others. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::values::SourceUid;

/// Breaks at one and the same message after which it is left.
pub(in crate::transfer) const BREAKS_AT_ONE: u32 = 2;
/// Messages in a row, with nothing answered in between, after which it is none of them.
const SUSPECTS_IN_A_ROW: usize = 3;

/// What breaks have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Verdict {
    /// One message may be to blame: all others go first.
    Aside,
    /// This message is to blame: others were answered, and it ends the connection once more.
    Message(SourceUid),
    /// The connection ends whatever message is under way.
    Folder,
}

/// Messages of one folder that were under way alone when the connection ended.
#[derive(Debug, Default)]
pub(super) struct Isolation {
    /// The message that is under way alone.
    alone: Option<SourceUid>,
    hits: BTreeMap<SourceUid, u32>,
    /// Those that wait until all others have had their turn.
    aside: BTreeSet<SourceUid>,
    /// How many of them there are since a message was answered last.
    in_a_row: usize,
    /// A message of the folder was answered in this run.
    has_passed: bool,
}

impl Isolation {
    /// This message is under way, and no other.
    pub(super) fn alone(&mut self, uid: SourceUid) {
        self.alone = Some(uid);
    }

    pub(super) const fn is_alone(&self) -> bool {
        self.alone.is_some()
    }

    /// What was under way is not known to have ended anything.
    pub(super) fn forget_alone(&mut self) {
        self.alone = None;
    }

    /// Messages that wait until all others have had their turn.
    pub(super) fn aside(&self) -> impl Iterator<Item = SourceUid> + '_ {
        self.aside.iter().copied()
    }

    /// A message was answered; where one was under way alone, that one.
    pub(super) fn passed(&mut self) {
        if let Some(uid) = self.alone.take() {
            self.aside.remove(&uid);
            self.hits.remove(&uid);
        }
        self.in_a_row = 0;
        self.has_passed = true;
    }

    /// The connection has ended. What that says, once it says anything.
    pub(super) fn broke(&mut self) -> Option<Verdict> {
        let uid = self.alone.take()?;
        let hits = self.hits.entry(uid).or_default();
        *hits += 1;
        if *hits < BREAKS_AT_ONE {
            return None;
        }
        if self.aside.insert(uid) {
            self.in_a_row += 1;
            return Some(if self.in_a_row < SUSPECTS_IN_A_ROW { Verdict::Aside } else { Verdict::Folder });
        }
        // All others have had their turn.
        if self.has_passed && self.in_a_row <= 1 {
            self.aside.remove(&uid);
            return Some(Verdict::Message(uid));
        }
        Some(Verdict::Folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The result of a run in which the connection ends at exactly these messages.
    fn run(count: u32, ends: impl Fn(u32) -> bool) -> (BTreeSet<SourceUid>, BTreeSet<SourceUid>, bool) {
        let mut isolation = Isolation::default();
        let (mut done, mut blamed) = (BTreeSet::new(), BTreeSet::new());
        for _connection in 0..200 {
            let is_open = |uid: &SourceUid| !done.contains(uid) && !blamed.contains(uid);
            let aside: BTreeSet<SourceUid> = isolation.aside().collect();
            let (last, first): (Vec<SourceUid>, Vec<SourceUid>) =
                (1..=count).map(SourceUid).filter(is_open).partition(|uid| aside.contains(uid));
            let mut end = None;
            for uid in first.into_iter().chain(last) {
                isolation.alone(uid);
                if ends(uid.0) {
                    end = Some(isolation.broke());
                    break;
                }
                isolation.passed();
                done.insert(uid);
            }
            match end {
                None => return (done, blamed, false),
                Some(Some(Verdict::Folder)) => return (done, blamed, true),
                Some(Some(Verdict::Message(uid))) => _ = blamed.insert(uid),
                Some(Some(Verdict::Aside) | None) => {}
            }
        }
        unreachable!("it comes to an end")
    }

    #[test]
    fn one_message_is_blamed_wherever_it_is() {
        for poison in 1..=5 {
            let (done, blamed, is_folder) = run(5, |uid| uid == poison);
            assert_eq!((done.len(), blamed, is_folder), (4, BTreeSet::from([SourceUid(poison)]), false));
        }
        let (done, blamed, is_folder) = run(9, |uid| [1, 2, 5, 9].contains(&uid));
        assert_eq!((done.len(), blamed, is_folder), (5, BTreeSet::from([1, 2, 5, 9].map(SourceUid)), false));
    }

    #[test]
    fn a_folder_that_ends_every_connection_blames_no_message() {
        for count in [1, 2, 3, 50] {
            let (done, blamed, is_folder) = run(count, |_| true);
            assert_eq!((done.len(), blamed.len(), is_folder), (0, 0, true), "{count}");
        }
        // From some moment on.
        let (done, blamed, is_folder) = run(50, |uid| uid > 20);
        assert_eq!((done.len(), blamed.len(), is_folder), (20, 0, true));
    }

    #[test]
    fn a_connection_that_breaks_now_and_then_blames_no_message() {
        let count = std::cell::Cell::new(0);
        let (done, blamed, is_folder) = run(40, |_| {
            count.set(count.get() + 1);
            count.get() % 3 == 0
        });
        assert_eq!((done.len(), blamed.len(), is_folder), (40, 0, false));
    }
}
