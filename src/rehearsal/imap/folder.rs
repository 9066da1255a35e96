//! One folder of a practice mailbox, and its messages.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::rehearsal::mailbox::{SampleMessage, SpecialUse};
use crate::values::UnixTime;

use super::labels;
use super::quirks::Quirks;

/// One folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    pub(super) uid_validity: u32,
    pub(super) uid_next: u32,
    /// Ascending by UID.
    pub(super) messages: Vec<StoredMessage>,
    pub(super) size_bytes: u64,
    pub(super) highest_modseq: u64,
    /// Messages from this UID on were in no mailbox that a client selected yet (`\Recent`, RFC 3501 section 2.3.2).
    pub(super) recent_from: u32,
    /// How many messages were ever removed; shows a session that its numbering is stale.
    pub(super) expunged: u64,
    /// Which messages those were, with the mod-sequence of their removal (RFC 7162).
    pub(super) vanished: Vec<(u64, u32)>,
    pub(super) special_use: Option<SpecialUse>,
    /// Keywords in the spelling they were first seen in.
    pub(super) keywords: BTreeMap<String, String>,
    /// Distance between the UIDs that are given.
    uid_step: u32,
    /// The UID of each object, where folders are labels.
    objects: Option<BTreeMap<u64, u32>>,
}

/// One message.
#[derive(Clone, Debug)]
pub(super) struct StoredMessage {
    pub(super) uid: u32,
    pub(super) flags: BTreeSet<String>,
    pub(super) internal_date: UnixTime,
    pub(super) bytes: Arc<[u8]>,
    pub(super) modseq: u64,
}

impl Folder {
    pub(super) fn new(uid_validity: u32, special_use: Option<SpecialUse>, quirks: &Quirks) -> Self {
        Self {
            uid_validity,
            uid_next: 1,
            recent_from: 1,
            messages: Vec::new(),
            size_bytes: 0,
            highest_modseq: 1,
            expunged: 0,
            vanished: Vec::new(),
            special_use,
            keywords: BTreeMap::new(),
            uid_step: quirks.uid_step.max(1),
            objects: quirks.folders_are_labels.then(BTreeMap::new),
        }
    }

    /// Adds messages in their order; they get the UIDs from `uid_next` upwards.
    pub(super) fn append(&mut self, messages: Vec<SampleMessage>) {
        for message in messages {
            let flags = self.adopt(&message.flags);
            self.highest_modseq += 1;
            self.size_bytes += u64::try_from(message.bytes.len()).unwrap_or(0);
            if let Some(objects) = &mut self.objects {
                objects.insert(labels::object(&message.bytes), self.uid_next);
            }
            self.messages.push(StoredMessage {
                uid: self.uid_next,
                flags,
                internal_date: message.internal_date,
                bytes: message.bytes,
                modseq: self.highest_modseq,
            });
            self.uid_next = self.uid_next.saturating_add(self.uid_step);
        }
    }

    /// The spelling of a flag in this folder: keywords keep the case they came with first.
    pub(super) fn spelling(&self, flag: &str) -> String {
        let known = self.keywords.get(&flag.to_ascii_lowercase());
        known.map_or_else(|| flag.to_owned(), Clone::clone)
    }

    /// Brings flags into their spelling and remembers new keywords.
    fn adopt(&mut self, flags: &BTreeSet<String>) -> BTreeSet<String> {
        let mut adopted = BTreeSet::new();
        for flag in flags {
            if !flag.starts_with('\\') {
                self.keywords.entry(flag.to_ascii_lowercase()).or_insert_with(|| flag.clone());
            }
            adopted.insert(self.spelling(flag));
        }
        adopted
    }

    pub(super) fn message(&self, uid: u32) -> Option<&StoredMessage> {
        let index = self.messages.binary_search_by_key(&uid, |message| message.uid).ok()?;
        self.messages.get(index)
    }

    /// Whether UIDs are given with gaps between them.
    pub(super) fn has_gaps(&self) -> bool {
        self.uid_step > 1
    }

    /// Every message gets another UID, and the folder keeps its UIDVALIDITY: what no server should do.
    pub(super) fn renumber(&mut self) {
        let first = self.uid_next.saturating_add(100);
        for (message, uid) in self.messages.iter_mut().zip(first..) {
            message.uid = uid;
            self.uid_next = uid.saturating_add(1);
        }
        self.recent_from = self.uid_next;
    }

    /// The newest messages, as many as a client may see.
    pub(super) fn visible(&self, most: Option<usize>) -> &[StoredMessage] {
        let hidden = most.map_or(0, |most| self.messages.len().saturating_sub(most));
        self.messages.get(hidden..).unwrap_or_default()
    }

    /// The messages from this UID on.
    pub(super) fn since(&self, uid: u32) -> &[StoredMessage] {
        let from = self.messages.partition_point(|message| message.uid < uid);
        self.messages.get(from..).unwrap_or_default()
    }

    /// The message that is this object, where folders are labels.
    pub(super) fn object(&self, number: u64) -> Option<&StoredMessage> {
        self.message(*self.objects.as_ref()?.get(&number)?)
    }

    /// Gives one message other flags and a new MODSEQ.
    pub(super) fn set_flags(&mut self, uid: u32, flags: &BTreeSet<String>) {
        let flags = self.adopt(flags);
        let Ok(index) = self.messages.binary_search_by_key(&uid, |message| message.uid) else { return };
        let Some(message) = self.messages.get_mut(index) else { return };
        self.highest_modseq += 1;
        message.modseq = self.highest_modseq;
        message.flags = flags;
    }

    /// Removes messages by their UIDs.
    pub(super) fn remove(&mut self, uids: &BTreeSet<u32>) {
        let before = self.messages.len();
        if let Some(objects) = &mut self.objects {
            objects.retain(|_, uid| !uids.contains(uid));
        }
        self.highest_modseq += 1;
        let there = self.messages.iter().map(|message| message.uid).filter(|uid| uids.contains(uid));
        self.vanished.extend(there.map(|uid| (self.highest_modseq, uid)));
        self.messages.retain(|message| !uids.contains(&message.uid));
        self.expunged += u64::try_from(before - self.messages.len()).unwrap_or(0);
        self.size_bytes =
            self.messages.iter().map(|message| u64::try_from(message.bytes.len()).unwrap_or(0)).sum();
    }
}
