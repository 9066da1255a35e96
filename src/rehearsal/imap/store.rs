use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::values::{EmailAddress, Secret, UnixTime};

use super::folder_path::FolderPath;
use crate::rehearsal::mailbox::{SampleFolder, SampleMessage, SpecialUse};

/// One user of a practice server, with the mail to begin with.
#[derive(Clone, Debug)]
pub struct ImapAccount {
    /// The name to sign in with.
    pub address: EmailAddress,
    /// The password to sign in with.
    pub password: Secret,
    /// The mail that is there from the beginning; an inbox is made where none is given.
    pub folders: Vec<SampleFolder>,
}

/// Everything that a practice server keeps.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) accounts: BTreeMap<String, Account>,
}

/// One user's mail.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) password: Secret,
    pub(super) folders: BTreeMap<FolderPath, Folder>,
    pub(super) subscribed: BTreeSet<FolderPath>,
    /// Given to the next folder; grows, so that a folder made anew never looks like the old one (RFC 3501 section 2.3.1.1).
    next_uid_validity: u32,
}

/// One folder.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) uid_validity: u32,
    pub(super) uid_next: u32,
    /// Ascending by UID.
    pub(super) messages: Vec<StoredMessage>,
    pub(super) size_bytes: u64,
    pub(super) highest_modseq: u64,
    /// How many messages were ever removed; tells a session that its numbering is stale.
    pub(super) expunged: u64,
    pub(super) special_use: Option<SpecialUse>,
    /// Keywords in the spelling they were first seen in.
    pub(super) keywords: BTreeMap<String, String>,
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

impl Store {
    pub(super) fn new(accounts: Vec<ImapAccount>, uid_validity: u32) -> Self {
        let accounts = accounts.into_iter().map(|account| {
            let name = account.address.to_ascii().to_ascii_lowercase();
            (name, Account::new(account.password, account.folders, uid_validity))
        });
        Self { accounts: accounts.collect() }
    }
}

impl Account {
    fn new(password: Secret, folders: Vec<SampleFolder>, uid_validity: u32) -> Self {
        let mut account = Self {
            password,
            folders: BTreeMap::new(),
            subscribed: BTreeSet::new(),
            next_uid_validity: uid_validity,
        };
        account.create(FolderPath::inbox(), None);
        account.subscribed.insert(FolderPath::inbox());
        for sample in folders {
            account.create(sample.path.clone(), sample.special_use);
            account.subscribed.insert(sample.path.clone());
            if let Some(folder) = account.folders.get_mut(&sample.path) {
                folder.append(sample.messages);
            }
        }
        account
    }

    /// Makes an empty folder; one that exists stays as it is.
    pub(super) fn create(&mut self, path: FolderPath, special_use: Option<SpecialUse>) {
        let uid_validity = self.next_uid_validity;
        self.folders.entry(path).or_insert_with(|| {
            self.next_uid_validity = uid_validity.wrapping_add(1).max(1);
            Folder::new(uid_validity, special_use)
        });
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.folders.values().map(|folder| folder.size_bytes).sum()
    }
}

impl Folder {
    fn new(uid_validity: u32, special_use: Option<SpecialUse>) -> Self {
        Self {
            uid_validity,
            uid_next: 1,
            messages: Vec::new(),
            size_bytes: 0,
            highest_modseq: 1,
            expunged: 0,
            special_use,
            keywords: BTreeMap::new(),
        }
    }

    /// Adds messages in their order and returns their first and last UID; `None` for no messages.
    pub(super) fn append(&mut self, messages: Vec<SampleMessage>) -> Option<(u32, u32)> {
        let first = self.uid_next;
        for message in messages {
            let flags = message.flags.iter().map(|flag| self.spelling(flag)).collect();
            self.highest_modseq += 1;
            self.size_bytes += u64::try_from(message.bytes.len()).unwrap_or(0);
            self.messages.push(StoredMessage {
                uid: self.uid_next,
                flags,
                internal_date: message.internal_date,
                bytes: message.bytes,
                modseq: self.highest_modseq,
            });
            self.uid_next = self.uid_next.saturating_add(1);
        }
        (self.uid_next > first).then(|| (first, self.uid_next - 1))
    }

    /// The spelling of a flag in this folder: keywords keep the case they came with first.
    pub(super) fn spelling(&mut self, flag: &str) -> String {
        if flag.starts_with('\\') {
            return flag.to_owned();
        }
        self.keywords.entry(flag.to_ascii_lowercase()).or_insert_with(|| flag.to_owned()).clone()
    }

    pub(super) fn message(&self, uid: u32) -> Option<&StoredMessage> {
        let index = self.messages.binary_search_by_key(&uid, |message| message.uid).ok()?;
        self.messages.get(index)
    }

    /// Gives one message other flags and a new MODSEQ; does nothing where they are the same.
    pub(super) fn set_flags(&mut self, uid: u32, change: impl FnOnce(&BTreeSet<String>) -> BTreeSet<String>) {
        let Ok(index) = self.messages.binary_search_by_key(&uid, |message| message.uid) else { return };
        let Some(message) = self.messages.get_mut(index) else { return };
        let flags = change(&message.flags);
        if flags != message.flags {
            self.highest_modseq += 1;
            message.modseq = self.highest_modseq;
            message.flags = flags;
        }
    }

    /// Removes messages marked `\Deleted` whose UID is meant.
    pub(super) fn expunge(&mut self, is_meant: impl Fn(u32) -> bool) {
        self.remove(|message| message.flags.contains("\\Deleted") && is_meant(message.uid));
    }

    pub(super) fn remove(&mut self, is_meant: impl Fn(&StoredMessage) -> bool) {
        let before = self.messages.len();
        self.messages.retain(|message| !is_meant(message));
        let removed = before - self.messages.len();
        if removed > 0 {
            self.highest_modseq += 1;
            self.expunged += u64::try_from(removed).unwrap_or(0);
            self.size_bytes =
                self.messages.iter().map(|message| u64::try_from(message.bytes.len()).unwrap_or(0)).sum();
        }
    }
}
