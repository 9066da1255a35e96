//! What a server has told of its folders a moment ago. The steps of a copy follow one another at once, and each begins
//! with the same list.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::imap::protocol::folder::Folder;
use crate::imap::session::Session;

/// How long a list counts as fresh. Mail that arrives in between is found by the listing of its folder, or by the
/// next run.
const JUST_NOW: Duration = Duration::from_secs(2);

/// How much is requested about each folder; each level includes the previous ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Name and attributes.
    Names,
    /// How many messages it has, and its UIDs.
    Counts,
    /// How far its flags have changed.
    Changes,
    /// The sum of the sizes, and which folders are subscribed to.
    Everything,
}

/// A list, and whether it still says how things are.
#[derive(Debug)]
pub(in crate::imap) struct Listed {
    at: Instant,
    /// Commands that had been sent by then: whatever is sent later may change something.
    commands: u32,
    detail: Detail,
    folders: Vec<Folder>,
    subscribed: Option<BTreeSet<String>>,
}

impl Session {
    /// Remembers a list that is complete, with no command behind it.
    pub(in crate::imap) fn note_told(
        &mut self,
        detail: Detail,
        folders: Vec<Folder>,
        subscribed: Option<BTreeSet<String>>,
    ) {
        let (at, commands) = (Instant::now(), self.commands_sent());
        self.listed = Some(Listed { at, commands, detail, folders, subscribed });
    }

    /// A command that changes nothing about folders was sent behind `commands` others.
    pub(in crate::imap) fn keep_told(&mut self, commands: u32) {
        let now = self.commands_sent();
        if let Some(listed) = self.listed.as_mut().filter(|listed| listed.commands == commands) {
            listed.commands = now;
        }
    }

    /// The folders, if the cached list is fresh and detailed enough.
    pub(in crate::imap) fn told_folders(&self, detail: Detail) -> Option<Vec<Folder>> {
        self.told().filter(|listed| listed.detail >= detail).map(|listed| listed.folders.clone())
    }

    /// The subscriptions, if the cached list is fresh.
    pub(in crate::imap) fn told_subscriptions(&self) -> Option<BTreeSet<String>> {
        self.told()?.subscribed.clone()
    }

    fn told(&self) -> Option<&Listed> {
        let is_new =
            |listed: &&Listed| listed.at.elapsed() < JUST_NOW && listed.commands == self.commands_sent();
        self.listed.as_ref().filter(is_new)
    }
}
