//! Folders of a mailbox: LIST, NAMESPACE, STATUS.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::Folder;
use crate::imap::protocol::folder::FolderStatus;
use crate::imap::protocol::namespace::Namespace;
use crate::imap::protocol::raw_name;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::tag::Tag;
use crate::imap::protocol::utf7;
use crate::imap::session::Session;
use crate::imap::session::list_cache::Detail;
use crate::imap::session::pending_lists::Listing;
use crate::imap::session::pending_lists::PendingLists;

/// The subscriptions of the whole mailbox.
const LSUB: &str = "LSUB \"\" \"*\"";
/// Most concurrent commands about one folder each.
pub(in crate::imap) const STATUS_WINDOW: usize = 50;

/// The folder list.
struct ListsTold {
    detail: Detail,
    items: String,
    listing: Listing,
    subscribed: Option<BTreeSet<String>>,
}

impl Session {
    /// Lists every folder with all that the server says about them; in one round trip where the server has LIST-STATUS
    /// (RFC 5819). What is told a moment ago is not asked for again, here and below.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn list_folders(&mut self) -> Result<Vec<Folder>, ImapError> {
        self.list(Detail::Everything).await
    }

    /// The same without the sum of the sizes, which costs some servers a look at every message.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn list_folders_unsized(&mut self) -> Result<Vec<Folder>, ImapError> {
        self.list(Detail::Counts).await
    }

    /// The same, and where the server keeps them, how far the flags of each folder have changed (RFC 7162).
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn list_folders_with_changes(&mut self) -> Result<Vec<Folder>, ImapError> {
        self.list(Detail::Changes).await
    }

    /// Lists every folder without its counts.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn list_folder_names(&mut self) -> Result<Vec<Folder>, ImapError> {
        self.list(Detail::Names).await
    }

    /// Lists every folder with this level of detail.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn list_in(&mut self, detail: Detail) -> Result<Vec<Folder>, ImapError> {
        self.list(detail).await
    }

    async fn list(&mut self, detail: Detail) -> Result<Vec<Folder>, ImapError> {
        if let Some(folders) = self.told_folders(detail) {
            return Ok(folders);
        }
        if !self.has_asked_lists(detail).await? {
            if detail == Detail::Names {
                let mut listing = Listing::default();
                let plain = self.plain_list();
                self.run("LIST", plain, |reply| listing.take(reply)).await?;
                let mut folders = folders_of(listing);
                self.lists_nothing = folders.is_empty();
                self.add_unlisted_children(&mut folders).await?;
                self.add_unlisted_inbox(&mut folders, &self.status_items(detail)).await?;
                return Ok(folders);
            }
            self.leave_folder().await?;
            if self.care.counts_at_once() {
                self.ask_lists(detail);
            }
        }
        let told = self.lists_answer().await?;
        let ListsTold { detail, items, mut listing, subscribed } = told.unwrap_or_else(|| ListsTold {
            detail,
            items: self.status_items(detail),
            listing: Listing::default(),
            subscribed: None,
        });
        if listing.items.is_empty() {
            let plain = self.plain_list();
            self.run("LIST", plain, |reply| listing.take(reply)).await?;
        }
        let mut folders = folders_of(listing);
        self.lists_nothing = folders.is_empty();
        self.add_unlisted_children(&mut folders).await?;
        self.add_unlisted_inbox(&mut folders, &items).await?;
        self.complete_statuses(&mut folders, &items).await?;
        self.note_told(detail, folders.clone(), subscribed);
        Ok(folders)
    }

    /// Asks for the folders, with their counts where one command tells both, and where everything is asked for, for
    /// the subscriptions. Whoever lists the folders next reads the answer, where nothing was asked in between.
    pub(in crate::imap) fn ask_lists(&mut self, detail: Detail) {
        let lsub = (detail == Detail::Everything).then(|| self.submit(LSUB));
        let items = self.status_items(detail);
        let list = if self.capabilities.has("LIST-STATUS") {
            let special = if self.capabilities.has("SPECIAL-USE") { "SPECIAL-USE " } else { "" };
            self.submit(&format!("LIST \"\" \"*\" RETURN ({special}STATUS ({items}))"))
        } else {
            self.submit(self.plain_list())
        };
        self.asked_lists = Some(PendingLists {
            detail,
            items,
            lsub,
            list,
            commands: self.commands_sent(),
            listing: Listing::default(),
            names: Listing::default(),
        });
    }

    /// Whether such lists are on their way. Older ones, which may say how things were before, are read and dropped.
    async fn has_asked_lists(&mut self, detail: Detail) -> Result<bool, ImapError> {
        let Some(asked) = &self.asked_lists else { return Ok(false) };
        let is_new = asked.detail >= detail && asked.commands == self.commands_sent();
        if !is_new {
            self.lists_answer().await?;
        }
        Ok(is_new)
    }

    /// The answer to [`Self::ask_lists`], in which what has to be asked for in another way is empty; `None` where nothing
    /// was asked.
    async fn lists_answer(&mut self) -> Result<Option<ListsTold>, ImapError> {
        let Some(asked) = &self.asked_lists else { return Ok(None) };
        let (lsub, list) = (asked.lsub, asked.list);
        let (mut is_mixed, mut is_subscribed) = (false, false);
        if let Some(tag) = lsub {
            // In answer to LSUB, or to what was asked behind it: nobody can tell, so both are asked for apart.
            let completion = self.finish(tag, |reply| is_mixed |= matches!(reply, Reply::List(_))).await?;
            is_subscribed = completion.is_ok();
        }
        // iCloud advertises LIST-STATUS and answers BAD to it.
        let is_listed = self.finish(list, |_| {}).await?.is_ok();
        Ok(self.asked_lists.take().map(|PendingLists { detail, items, listing, names, .. }| ListsTold {
            detail,
            items,
            listing: if is_listed && !is_mixed { listing } else { Listing::default() },
            subscribed: (is_subscribed && !is_mixed).then(|| names.subscribed()),
        }))
    }

    /// Servers count an opened folder as this connection has last seen it, without what others did since.
    pub(in crate::imap) async fn leave_folder(&mut self) -> Result<(), ImapError> {
        self.unselect();
        if !std::mem::take(&mut self.has_opened) {
            return Ok(());
        }
        // It has to be waited for: a server may put off its look until all commands that it has are done (Dovecot).
        self.noop().await
    }

    /// Closes the opened folder where the server can do that and expunge nothing (UNSELECT, RFC 3691); nothing waits for
    /// the answer. With a folder open, each APPEND to it costs the server a look at the whole of it.
    pub fn unselect(&mut self) {
        if self.has_opened && self.capabilities.has("UNSELECT") {
            self.submit("UNSELECT");
            self.has_opened = false;
            self.only_read = None;
        }
    }

    /// The STATUS items that the server supports.
    pub(in crate::imap) fn status_items(&self, detail: Detail) -> String {
        let mut items = "MESSAGES UIDNEXT UIDVALIDITY".to_owned();
        if detail >= Detail::Changes && self.has_condstore() {
            items.push_str(" HIGHESTMODSEQ");
        }
        if detail >= Detail::Everything && self.capabilities.has("STATUS=SIZE") {
            items.push_str(" SIZE");
        }
        items
    }

    fn plain_list(&self) -> &'static str {
        if self.capabilities.has("SPECIAL-USE") && self.capabilities.has("LIST-EXTENDED") {
            "LIST \"\" \"*\" RETURN (SPECIAL-USE)"
        } else {
            "LIST \"\" \"*\""
        }
    }

    /// Asks for the counts that did not come with the list, several at a time.
    async fn complete_statuses(&mut self, folders: &mut [Folder], items: &str) -> Result<(), ImapError> {
        let care = self.care.clone();
        let is_wanted =
            |folder: &&mut Folder| folder.is_selectable() && folder.status.is_none() && care.counts(folder);
        let mut missing: Vec<&mut Folder> = folders.iter_mut().filter(is_wanted).collect();
        if self.care.is_one_by_one {
            return self.count_one_by_one(&mut missing, items).await;
        }
        for window in missing.chunks_mut(STATUS_WINDOW) {
            let mut tags = Vec::with_capacity(window.len());
            for folder in window.iter() {
                // A name that cannot be sent has no counts; opening the folder will show why.
                if let Ok(name) = self.folder_name(&folder.raw) {
                    tags.push(self.submit(&format!("STATUS {name} ({items})")));
                }
            }
            // By name, not by turn: answers to pipelined commands may come in any order.
            let mut found: BTreeMap<String, FolderStatus> = BTreeMap::new();
            for tag in tags {
                self.finish(tag, |reply| {
                    if let Reply::Status(name, values) = reply
                        && let Some(folder) = window.iter().find(|folder| is_same_name(&folder.raw, &name))
                    {
                        found.insert(folder.raw.clone(), FolderStatus::read(&values));
                    }
                })
                .await?;
            }
            // A folder that refuses STATUS is shown without counts; opening it will show why.
            for folder in window.iter_mut() {
                folder.status = found.get(&folder.raw).copied();
            }
        }
        Ok(())
    }

    /// Counts of one folder.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn status(&mut self, raw: &str) -> Result<FolderStatus, ImapError> {
        let items = self.status_items(Detail::Everything);
        let text = format!("STATUS {} ({items})", self.folder_name(raw)?);
        let mut found = FolderStatus::default();
        self.run("STATUS", &text, |reply| {
            if let Reply::Status(_, values) = reply {
                found = FolderStatus::read(&values);
            }
        })
        .await?;
        Ok(found)
    }

    /// The names of the folders that the owner has subscribed to, as the server spells them (RFC 3501 section 6.3.9).
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn subscribed_names(&mut self) -> Result<BTreeSet<String>, ImapError> {
        if let Some(names) = self.told_subscriptions() {
            return Ok(names);
        }
        let mut names = Listing::default();
        self.run("LSUB", LSUB, |reply| names.take(reply)).await?;
        Ok(names.subscribed())
    }

    /// Asks what the server calls itself (RFC 2971) and for the namespace, as far as it knows these commands.
    pub(in crate::imap) fn submit_introduction(&mut self) -> Vec<Tag> {
        // First, as it decides about the spelling of everything behind it.
        let mut tags: Vec<Tag> = self.submit_utf8().into_iter().collect();
        tags.extend(self.submit_id());
        if self.capabilities.has("NAMESPACE") {
            tags.push(self.submit("NAMESPACE"));
        }
        tags
    }

    /// Says who we are, where the server wants to know.
    pub(in crate::imap) fn submit_id(&mut self) -> Option<Tag> {
        self.capabilities.has("ID").then(|| self.submit("ID (\"name\" \"Mailferry\")"))
    }

    /// Reads the answers to [`Self::submit_introduction`]; refusals are no trouble.
    pub(in crate::imap) async fn finish_introduction(&mut self, tags: Vec<Tag>) -> Result<(), ImapError> {
        for tag in tags {
            let mut replies = Vec::new();
            self.finish(tag, |reply| {
                let is_awaited = matches!(reply, Reply::Id(_) | Reply::Namespace(_) | Reply::StatusText(_));
                if is_awaited && replies.len() < 4 {
                    replies.push(reply);
                }
            })
            .await?;
            for reply in replies {
                self.note_introduction(reply);
            }
        }
        Ok(())
    }

    /// Stores the reply to the ID command.
    pub(in crate::imap) fn note_introduction(&mut self, reply: Reply) {
        match reply {
            Reply::Id(mut fields) => {
                if let Some(name) = fields.remove("name") {
                    self.facts.name = Some(name);
                }
            }
            Reply::Namespace(told) => {
                if let Some(namespace) = Namespace::read(&told) {
                    self.namespace = Some(namespace);
                }
            }
            Reply::StatusText(values) => self.note_inbox_id(&values),
            _ => {}
        }
    }
}

/// Whether two spellings name one folder: only the inbox has more than one (RFC 3501 section 5.1).
pub(in crate::imap) fn is_same_name(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("INBOX") && other.eq_ignore_ascii_case("INBOX"))
}

pub(in crate::imap) fn folders_of(listing: Listing) -> Vec<Folder> {
    let Listing { items, mut statuses, .. } = listing;
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    for item in items {
        // One name listed twice is one folder; its attributes add up.
        let folder = folders.entry(item.name.clone()).or_insert_with(|| Folder {
            name: raw_name::readable(&utf7::decode_utf7(&item.name).unwrap_or_else(|| item.name.clone())),
            delimiter: item.delimiter.as_deref().and_then(|text| text.chars().next()),
            attributes: Vec::new(),
            status: statuses.remove(&item.name),
            raw: item.name,
        });
        folder.attributes.extend(item.attributes);
    }
    folders.into_values().collect()
}
