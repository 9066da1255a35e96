//! Folders of a mailbox: LIST, NAMESPACE, STATUS, CREATE, SUBSCRIBE.

use std::collections::BTreeMap;

use super::command;
use super::error::ImapError;
use super::reply::{ListItem, Reply};
use super::session::Session;
use super::utf7;

/// A folder as the server lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The name exactly as the server gave it, for commands.
    pub raw: String,
    /// The name in Unicode, still with the server's delimiter; the raw name where it cannot be decoded.
    pub name: String,
    /// The character between levels; `None` where the server has none.
    pub delimiter: Option<char>,
    /// Attributes such as `\Noselect` and `\Sent`, as the server wrote them.
    pub attributes: Vec<String>,
    /// What STATUS says; `None` for folders that cannot be opened.
    pub status: Option<FolderStatus>,
}

impl Folder {
    /// Whether the folder has this attribute, in any case.
    pub fn has_attribute(&self, attribute: &str) -> bool {
        self.attributes.iter().any(|own| own.eq_ignore_ascii_case(attribute))
    }

    /// Whether the folder can hold messages.
    pub fn is_selectable(&self) -> bool {
        !self.has_attribute("\\Noselect") && !self.has_attribute("\\NonExistent")
    }

    /// The name in parts, with the inbox in its one spelling.
    pub fn parts(&self) -> Vec<String> {
        let mut parts: Vec<String> = match self.delimiter {
            Some(delimiter) => {
                self.name.split(delimiter).filter(|part| !part.is_empty()).map(str::to_owned).collect()
            }
            None => vec![self.name.clone()],
        };
        if let Some(first) = parts.first_mut()
            && first.eq_ignore_ascii_case("INBOX")
        {
            "INBOX".clone_into(first);
        }
        parts
    }
}

/// What STATUS says of a folder (RFC 3501 section 6.3.10, RFC 8438).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FolderStatus {
    /// Messages in it.
    pub messages: Option<u64>,
    /// Sum of the message sizes, in bytes; `None` where the server does not tell.
    pub bytes: Option<u64>,
    /// The UID that the next message will get.
    pub uid_next: Option<u32>,
    /// UIDs mean something only together with this number.
    pub uid_validity: Option<u32>,
}

impl FolderStatus {
    fn read(values: &BTreeMap<String, u64>) -> Self {
        let number = |name: &str| values.get(name).copied();
        let short = |name: &str| number(name).and_then(|value| u32::try_from(value).ok());
        Self {
            messages: number("MESSAGES"),
            bytes: number("SIZE"),
            uid_next: short("UIDNEXT"),
            uid_validity: short("UIDVALIDITY"),
        }
    }
}

/// The first personal namespace (RFC 2342).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Namespace {
    /// What every folder but the inbox begins with, such as `INBOX.`; often empty.
    pub prefix: String,
    /// The character between levels.
    pub delimiter: Option<char>,
}

/// Folders beyond this number are taken for an attack.
const MAX_FOLDERS: usize = 50_000;
/// STATUS commands under way at once.
const STATUS_WINDOW: usize = 50;

#[derive(Default)]
struct Listing {
    items: Vec<ListItem>,
    statuses: BTreeMap<String, FolderStatus>,
}

impl Listing {
    fn take(&mut self, reply: Reply) {
        match reply {
            Reply::List(item) if self.items.len() < MAX_FOLDERS => self.items.push(item),
            Reply::Status(name, values) if self.statuses.len() < MAX_FOLDERS => {
                self.statuses.insert(name, FolderStatus::read(&values));
            }
            _ => {}
        }
    }
}

impl Session {
    /// Lists every folder with its counts; in one round trip where the server has LIST-STATUS (RFC 5819).
    pub async fn list_folders(&mut self) -> Result<Vec<Folder>, ImapError> {
        let mut listing = Listing::default();
        let items = self.status_items();
        if self.capabilities.has("LIST-STATUS") {
            let special = if self.capabilities.has("SPECIAL-USE") { "SPECIAL-USE " } else { "" };
            let text = format!("LIST \"\" \"*\" RETURN ({special}STATUS ({items}))");
            match self.run("LIST", &text, |reply| listing.take(reply)).await {
                Ok(_) => {}
                // iCloud advertises LIST-STATUS and answers BAD to it.
                Err(ImapError::Refused { .. }) => listing = Listing::default(),
                Err(error) => return Err(error),
            }
        }
        if listing.items.is_empty() {
            let plain = self.plain_list();
            self.run("LIST", plain, |reply| listing.take(reply)).await?;
        }
        let mut folders = folders_of(listing);
        self.complete_statuses(&mut folders, items).await?;
        Ok(folders)
    }

    fn status_items(&self) -> &'static str {
        if self.capabilities.has("STATUS=SIZE") {
            "MESSAGES UIDNEXT UIDVALIDITY SIZE"
        } else {
            "MESSAGES UIDNEXT UIDVALIDITY"
        }
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
        let mut missing: Vec<&mut Folder> =
            folders.iter_mut().filter(|folder| folder.is_selectable() && folder.status.is_none()).collect();
        for window in missing.chunks_mut(STATUS_WINDOW) {
            let mut tags = Vec::with_capacity(window.len());
            for folder in window.iter() {
                let name = command::folder_name(&folder.raw)?;
                tags.push(self.submit(&format!("STATUS {name} ({items})")));
            }
            // By name, not by turn: answers to pipelined commands may come in any order.
            let mut found: BTreeMap<String, FolderStatus> = BTreeMap::new();
            for tag in tags {
                self.finish(&tag, |reply| {
                    if let Reply::Status(name, values) = reply {
                        found.insert(name, FolderStatus::read(&values));
                    }
                })
                .await?;
            }
            // A folder that refuses STATUS is shown without counts; opening it will tell why.
            for folder in window.iter_mut() {
                folder.status = found.get(&folder.raw).copied();
            }
        }
        Ok(())
    }

    /// The first personal namespace; guessed from the delimiter where the server has no NAMESPACE.
    pub async fn namespace(&mut self) -> Result<Namespace, ImapError> {
        let mut found = None;
        if self.capabilities.has("NAMESPACE") {
            let outcome = self
                .run("NAMESPACE", "NAMESPACE", |reply| {
                    if let Reply::Namespace(Some(personal)) = reply {
                        found = Some(personal);
                    }
                })
                .await;
            match outcome {
                Ok(_) | Err(ImapError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        if let Some((prefix, delimiter)) = found {
            let prefix = utf7::decode_utf7(&prefix).unwrap_or(prefix);
            return Ok(Namespace { prefix, delimiter: delimiter.and_then(|text| text.chars().next()) });
        }
        let mut delimiter = None;
        self.run("LIST", "LIST \"\" \"\"", |reply| {
            if let Reply::List(item) = reply {
                delimiter = item.delimiter.and_then(|text| text.chars().next());
            }
        })
        .await?;
        Ok(Namespace { prefix: String::new(), delimiter })
    }

    /// Counts of one folder.
    pub async fn status(&mut self, raw: &str) -> Result<FolderStatus, ImapError> {
        let text = format!("STATUS {} ({})", command::folder_name(raw)?, self.status_items());
        let mut found = FolderStatus::default();
        self.run("STATUS", &text, |reply| {
            if let Reply::Status(_, values) = reply {
                found = FolderStatus::read(&values);
            }
        })
        .await?;
        Ok(found)
    }

    /// Makes a folder and subscribes to it. A folder that is there already is no error.
    pub async fn create(&mut self, raw: &str) -> Result<(), ImapError> {
        let name = command::folder_name(raw)?;
        match self.run("CREATE", &format!("CREATE {name}"), |_| {}).await {
            Ok(_) => {}
            Err(ImapError::Refused { completion, .. }) if is_already_there(&completion) => {}
            Err(error) => return Err(error),
        }
        match self.run("SUBSCRIBE", &format!("SUBSCRIBE {name}"), |_| {}).await {
            // Mail arrives in folders that nobody subscribed to just as well.
            Ok(_) | Err(ImapError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Learns what the server calls itself (RFC 2971).
    pub(super) async fn ask_id(&mut self) -> Result<(), ImapError> {
        let mut fields = BTreeMap::new();
        let outcome = self
            .run("ID", "ID (\"name\" \"Mailferry\")", |reply| {
                if let Reply::Id(found) = reply {
                    fields = found;
                }
            })
            .await;
        match outcome {
            Ok(_) | Err(ImapError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        if let Some(name) = fields.remove("name") {
            self.facts.name = Some(name);
        }
        Ok(())
    }
}

fn is_already_there(completion: &super::completion::Completion) -> bool {
    let words = completion.words.to_lowercase();
    completion.has_code("ALREADYEXISTS")
        || words.contains("already exists")
        || words.contains("exists already")
}

fn folders_of(listing: Listing) -> Vec<Folder> {
    let Listing { items, mut statuses } = listing;
    let mut folders: BTreeMap<String, Folder> = BTreeMap::new();
    for item in items {
        // One name listed twice is one folder; its attributes add up.
        let folder = folders.entry(item.name.clone()).or_insert_with(|| Folder {
            name: utf7::decode_utf7(&item.name).unwrap_or_else(|| item.name.clone()),
            delimiter: item.delimiter.as_deref().and_then(|text| text.chars().next()),
            attributes: Vec::new(),
            status: statuses.remove(&item.name),
            raw: item.name,
        });
        folder.attributes.extend(item.attributes);
    }
    folders.into_values().collect()
}
