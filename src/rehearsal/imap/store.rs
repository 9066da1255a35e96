//! The mail of a practice server. Accounts change only through their list of changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::rehearsal::RehearsalError;
use crate::rehearsal::mailbox::{SampleFolder, SampleMessage, SpecialUse};
use crate::values::{EmailAddress, Secret};

use super::folder::Folder;
use super::folder_path::FolderPath;
use super::journal::{self, Journal, Opened};
use super::labels;
use super::personality::Personality;
use super::quirks::Quirks;

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
#[derive(Debug)]
pub(super) struct Store {
    accounts: BTreeMap<String, Account>,
    /// Where changes are written down, so that they are there again after a restart.
    journal: Option<Journal>,
}

/// One user's mail. It is read freely and changed by [`Account::apply`] only.
#[derive(Debug)]
pub(super) struct Account {
    password: Secret,
    folders: BTreeMap<FolderPath, Folder>,
    subscribed: BTreeSet<FolderPath>,
    /// For the next folder; grows, so that a recreated folder never looks like the old one (RFC 3501 section 2.3.1.1).
    next_uid_validity: u32,
    /// Changes that are still to be written down; `None` where nothing is.
    unsaved: Option<Vec<Change>>,
    quirks: Quirks,
}

/// Something that happens to one user's mail. Changes applied again in their order lead to the same mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// An empty folder is made; one that exists stays as it is.
    Create { path: FolderPath, special_use: Option<SpecialUse> },
    /// A folder goes, with its mail; those below it stay.
    Delete { path: FolderPath },
    /// A folder moves, with those below it.
    Rename { from: FolderPath, to: FolderPath },
    /// Subscribes or unsubscribes a folder.
    Subscribe { path: FolderPath, is_subscribed: bool },
    /// Messages are added to a folder.
    Append { path: FolderPath, messages: Vec<SampleMessage> },
    /// A message gets these flags instead of those it had.
    SetFlags { path: FolderPath, uid: u32, flags: BTreeSet<String> },
    /// Messages are removed for good.
    Remove { path: FolderPath, uids: BTreeSet<u32> },
}

impl Store {
    /// A store that forgets everything when it is dropped.
    pub(super) fn new(personality: &Personality, accounts: Vec<ImapAccount>, uid_validity: u32) -> Self {
        let accounts = accounts.into_iter().map(|account| {
            let name = account.address.to_ascii().to_ascii_lowercase();
            (name, Account::new(personality, account.password, account.folders, uid_validity.max(1)))
        });
        Self { accounts: accounts.collect(), journal: None }
    }

    /// A store whose changes are kept in a file; those of earlier runs are applied first.
    ///
    /// A file that was cut off in the middle, as by a crash, loses what was cut and nothing else.
    pub(super) fn kept(
        personality: &Personality,
        accounts: Vec<ImapAccount>,
        uid_validity: u32,
        file: &Path,
    ) -> Result<Self, RehearsalError> {
        let failed = |source| RehearsalError::Keep { path: file.to_owned(), source };
        let Opened { journal, uid_validity, changes } =
            journal::open(file, uid_validity.max(1)).map_err(failed)?;
        let mut store = Self::new(personality, accounts, uid_validity);
        for (user, change) in changes {
            store.with_account(&user, |account| account.apply(change));
        }
        for account in store.accounts.values_mut() {
            account.unsaved = Some(Vec::new());
        }
        store.journal = Some(journal);
        Ok(store)
    }

    /// The account of a user, whose name may be in any case.
    pub(super) fn account(&self, user: &str) -> Option<&Account> {
        self.accounts.get(&user.to_ascii_lowercase())
    }

    /// Works on the account of a user and writes down what changed.
    pub(super) fn with_account<T>(&mut self, user: &str, work: impl FnOnce(&mut Account) -> T) -> Option<T> {
        let user = user.to_ascii_lowercase();
        let account = self.accounts.get_mut(&user)?;
        let result = work(account);
        let unsaved = account.unsaved.as_mut().map(std::mem::take).unwrap_or_default();
        if let Some(journal) = self.journal.as_mut().filter(|_| !unsaved.is_empty())
            && let Err(error) = journal.write(&user, &unsaved)
        {
            tracing::warn!(%error, "practice mail can no longer be saved");
            self.journal = None;
        }
        Some(result)
    }
}

impl Account {
    fn new(
        personality: &Personality,
        password: Secret,
        folders: Vec<SampleFolder>,
        next_uid_validity: u32,
    ) -> Self {
        let mut account = Self {
            password,
            folders: BTreeMap::new(),
            subscribed: BTreeSet::new(),
            next_uid_validity,
            unsaved: None,
            quirks: personality.quirks.clone(),
        };
        let inbox = SampleFolder { path: FolderPath::inbox(), special_use: None, messages: Vec::new() };
        let own = personality.special_names.iter().filter(|_| personality.quirks.has_folders_of_its_own);
        let own = own.map(|(name, special_use)| SampleFolder {
            path: FolderPath::parse(name),
            special_use: Some(*special_use),
            messages: Vec::new(),
        });
        for SampleFolder { path, special_use, messages } in std::iter::once(inbox).chain(own).chain(folders) {
            account.apply(Change::Create { path: path.clone(), special_use });
            account.apply(Change::Subscribe { path: path.clone(), is_subscribed: true });
            account.add(&path, messages);
        }
        account
    }

    pub(super) fn set_password(&mut self, password: Secret) {
        self.password = password;
    }

    pub(super) fn has_password(&self, password: &[u8]) -> bool {
        self.password.expose().as_bytes() == password
    }

    pub(super) fn folders(&self) -> &BTreeMap<FolderPath, Folder> {
        &self.folders
    }

    pub(super) fn folder(&self, path: &FolderPath) -> Option<&Folder> {
        self.folders.get(path)
    }

    pub(super) fn subscribed(&self) -> &BTreeSet<FolderPath> {
        &self.subscribed
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.folders.values().map(|folder| folder.size_bytes).sum()
    }

    /// Adds messages to a folder the way the server does, and returns their UIDs there, ascending unless labels.
    pub(super) fn add(&mut self, path: &FolderPath, messages: Vec<SampleMessage>) -> Vec<u32> {
        if self.quirks.folders_are_labels {
            return labels::add(self, path, messages);
        }
        let first = self.folders.get(path).map_or(1, |folder| folder.uid_next);
        self.apply(Change::Append { path: path.clone(), messages });
        let added = self.folders.get(path).into_iter().flat_map(|folder| folder.since(first));
        added.map(|message| message.uid).collect()
    }

    /// Gives a message other flags, under all its labels where folders are labels.
    pub(super) fn set_flags(&mut self, path: &FolderPath, uid: u32, flags: BTreeSet<String>) {
        self.apply(Change::SetFlags { path: path.clone(), uid, flags });
        if self.quirks.folders_are_labels {
            labels::spread_flags(self, path, uid);
        }
    }

    /// The size that the server states for a message of this many bytes.
    pub(super) fn stated_size(&self, bytes: usize) -> u64 {
        self.quirks.stated_size(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// Lets a change happen. What does not fit, as mail for a folder that is not there, does nothing.
    pub(super) fn apply(&mut self, change: Change) {
        if let Some(unsaved) = &mut self.unsaved {
            unsaved.push(change.clone());
        }
        match change {
            Change::Create { path, special_use } => {
                let uid_validity = self.next_uid_validity;
                self.folders.entry(path).or_insert_with(|| {
                    self.next_uid_validity = uid_validity.wrapping_add(1).max(1);
                    Folder::new(uid_validity, special_use, &self.quirks)
                });
            }
            Change::Delete { path } => {
                self.folders.remove(&path);
            }
            Change::Rename { from, to } => self.rename(&from, &to),
            Change::Subscribe { path, is_subscribed: true } => {
                self.subscribed.insert(path);
            }
            Change::Subscribe { path, is_subscribed: false } => {
                self.subscribed.remove(&path);
            }
            Change::Append { path, messages } => {
                self.on_folder(&path, |folder| folder.append(messages));
            }
            Change::SetFlags { path, uid, flags } => {
                self.on_folder(&path, |folder| folder.set_flags(uid, &flags));
            }
            Change::Remove { path, uids } => self.on_folder(&path, |folder| folder.remove(&uids)),
        }
    }

    /// The bytes of a folder's messages become others, without a trace.
    pub(super) fn tamper(&mut self, path: &FolderPath, change: impl Fn(&[u8]) -> Vec<u8>) {
        self.on_folder(path, |folder| {
            for message in &mut folder.messages {
                message.bytes = change(&message.bytes).into();
            }
        });
    }

    pub(super) fn backup(&self) -> BTreeMap<FolderPath, Folder> {
        self.folders.clone()
    }

    pub(super) fn restore(&mut self, folders: BTreeMap<FolderPath, Folder>) {
        self.folders = folders;
    }

    /// Every message of every folder gets another UID.
    pub(super) fn renumber(&mut self) {
        self.folders.values_mut().for_each(Folder::renumber);
    }

    /// Lets a client that selects a folder have its new messages as its own; forgotten at a restart, as it means little.
    pub(super) fn claim_recent(&mut self, path: &FolderPath) {
        self.on_folder(path, |folder| folder.recent_from = folder.uid_next);
    }

    fn on_folder(&mut self, path: &FolderPath, work: impl FnOnce(&mut Folder)) {
        if let Some(folder) = self.folders.get_mut(path) {
            work(folder);
        }
    }

    fn rename(&mut self, from: &FolderPath, to: &FolderPath) {
        for path in self.family(from) {
            if let Some(folder) = self.folders.remove(&path) {
                self.folders.insert(path.moved(from, to), folder);
            }
        }
    }

    /// The folder and those below it, as far as they exist.
    pub(super) fn family(&self, path: &FolderPath) -> Vec<FolderPath> {
        self.folders.keys().filter(|other| *other == path || other.is_below(path)).cloned().collect()
    }
}
