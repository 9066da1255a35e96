//! LIST, LSUB, STATUS and the commands that make and remove folders.

use std::collections::BTreeMap;

use imap_codec::imap_types::mailbox::{ListMailbox, Mailbox};
use imap_codec::imap_types::status::StatusDataItemName;

use crate::rehearsal::mailbox::SpecialUse;

use super::folder::Folder;
use super::folder_path::FolderPath;
use super::list_arguments::{self, ListArguments, matches};
use super::personality::Personality;
use super::quirks::Quirks;
use super::raw_command::RawCommand;
use super::reply::{Reply, astring, quoted};
use super::session::{Lies, Session};
use super::store::{Account, Change};

/// The items of STATUS in the order that Dovecot gives them in, whatever the order of the question.
const STATUS_ITEMS: [&str; 7] =
    ["MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ", "SIZE"];

impl Session {
    pub(super) fn list(&mut self, raw: &RawCommand) -> Reply {
        let wrong = || Reply::bad("Error in IMAP command LIST: Invalid arguments.");
        let Some(arguments) = raw.arguments().as_deref().and_then(list_arguments::parse) else {
            return wrong();
        };
        let personality = &self.shared.personality;
        if arguments.is_extended && !personality.has("LIST-EXTENDED") {
            return wrong();
        }
        if arguments.has_return && personality.quirks.refuses_list_return {
            return Reply::bad("Parse Error (unexpected RETURN)");
        }
        if let Some(items) = &arguments.status {
            let is_known = |item: &String| STATUS_ITEMS.contains(&item.as_str()) && offers(personality, item);
            if !personality.has("LIST-STATUS") || !items.iter().all(is_known) {
                return wrong();
            }
        }
        if arguments.patterns.iter().all(String::is_empty) {
            let delimiter = quoted(personality.delimiter.encode_utf8(&mut [0; 4]));
            self.wire.push_line(&format!("* LIST (\\Noselect) {delimiter} \"\""));
            return Reply::ok("List completed.");
        }
        let told = self.lies;
        let lines = self.with_account(|account| listing(account, &self.shared.personality, &arguments, told));
        for line in lines.unwrap_or_default() {
            self.wire.push_line(&line);
        }
        Reply::ok("List completed.")
    }

    pub(super) fn lsub(&mut self, reference: &Mailbox<'_>, pattern: &ListMailbox<'_>) -> Reply {
        let reference = match reference {
            Mailbox::Inbox => "INBOX".into(),
            Mailbox::Other(name) => String::from_utf8_lossy(name.as_ref()),
        };
        let pattern = match pattern {
            ListMailbox::Token(token) => String::from_utf8_lossy(token.as_ref()),
            ListMailbox::String(text) => String::from_utf8_lossy(text.as_ref()),
        };
        let pattern = format!("{reference}{pattern}");
        let personality = &self.shared.personality;
        let delimiter = quoted(personality.delimiter.encode_utf8(&mut [0; 4]));
        let lines = self.with_account(|account| {
            let named = account.subscribed().iter().map(|path| (path, personality.wire_name(path)));
            let meant = named.filter(|(_, name)| matches(&pattern, name, personality.delimiter));
            let lines = meant.map(|(path, name)| {
                let special_use = account.folder(path).and_then(|folder| folder.special_use);
                let attribute = special_use.map_or("", SpecialUse::attribute);
                format!("* LSUB ({attribute}) {delimiter} {}", astring(&name))
            });
            lines.collect::<Vec<_>>()
        });
        for line in lines.unwrap_or_default() {
            self.wire.push_line(&line);
        }
        Reply::ok("Lsub completed.")
    }

    pub(super) fn status(&mut self, mailbox: &Mailbox<'_>, items: &[StatusDataItemName]) -> Reply {
        let names: Option<Vec<&str>> = items.iter().map(status_item).collect();
        let personality = &self.shared.personality;
        let Some(names) = names.filter(|names| names.iter().all(|name| offers(personality, name))) else {
            return Reply::bad("Error in IMAP command STATUS: Invalid status item.");
        };
        let Some(path) = self.path(mailbox) else { return self.bad_name(mailbox) };
        let name = personality.wire_name(&path);
        let told = self.lies;
        let line = self.with_account(|account| {
            let next = told.uid_next(account.folder(&path)?.uid_next);
            Some(status_line(account.folder(&path)?, &name, &names, (&personality.quirks, next)))
        });
        let Some(line) = line.flatten() else { return unknown(&name) };
        self.wire.push_line(&line);
        Reply::ok("Status completed.")
    }

    pub(super) fn create(&mut self, mailbox: &Mailbox<'_>) -> Reply {
        let Some(path) = self.path(mailbox) else { return self.bad_name(mailbox) };
        let special_names = self.shared.personality.special_names;
        let shown = path.to_string();
        let special_use =
            special_names.iter().find(|(name, _)| *name == shown).map(|(_, special_use)| *special_use);
        if !self.shared.personality.quirks.takes_folder(path.levels()) {
            return Reply::no("operation not allowed");
        }
        let is_new = self.with_account(|account| {
            let is_new = account.folder(&path).is_none();
            if is_new {
                account.apply(Change::Create { path, special_use });
            }
            is_new
        });
        if is_new == Some(true) {
            Reply::ok("Create completed.")
        } else {
            Reply::no("[ALREADYEXISTS] Mailbox already exists")
        }
    }

    pub(super) fn delete(&mut self, mailbox: &Mailbox<'_>) -> Reply {
        let Some(path) = self.path(mailbox) else { return self.bad_name(mailbox) };
        if path.is_inbox() {
            return Reply::no("INBOX can't be deleted");
        }
        let name = self.shared.personality.wire_name(&path);
        let reply = self.with_account(|account| {
            if account.folder(&path).is_some() {
                account.apply(Change::Delete { path: path.clone() });
                return Reply::ok("Delete completed.");
            }
            // Only a container of others can be here and have no mail of its own.
            if account.family(&path).is_empty() {
                missing(&name)
            } else {
                Reply::no("Mailbox has children, delete them first")
            }
        });
        // As Dovecot does, a client that deletes the mailbox it selected has it closed first.
        if matches!(reply, Some(Reply::Ok(_))) {
            self.selected.take_if(|view| view.path == path);
        }
        reply.unwrap_or_else(|| missing(&name))
    }

    pub(super) fn rename(&mut self, from: &Mailbox<'_>, to: &Mailbox<'_>) -> Reply {
        let Some(from) = self.path(from) else { return self.bad_name(from) };
        let Some(to) = self.path(to) else { return self.bad_name(to) };
        if from.is_inbox() {
            return Reply::no("[CANNOT] Renaming INBOX isn't supported.");
        }
        if to.is_below(&from) {
            return Reply::no("[CANNOT] Can't rename mailbox under its own child.");
        }
        let name = self.shared.personality.wire_name(&from);
        let reply = self.with_account(|account| {
            let moved = account.family(&from);
            if moved.is_empty() {
                return missing(&name);
            }
            if moved.iter().any(|path| account.folder(&path.moved(&from, &to)).is_some()) {
                return Reply::no("[ALREADYEXISTS] Target mailbox already exists");
            }
            account.apply(Change::Rename { from, to });
            Reply::ok("Rename completed.")
        });
        reply.unwrap_or_else(|| missing(&name))
    }

    pub(super) fn subscribe(&mut self, mailbox: &Mailbox<'_>, is_wanted: bool) -> Reply {
        let Some(path) = self.path(mailbox) else { return self.bad_name(mailbox) };
        let name = self.shared.personality.wire_name(&path);
        let reply = self.with_account(|account| {
            if !is_wanted {
                account.apply(Change::Subscribe { path, is_subscribed: false });
                return Reply::ok("Unsubscribe completed.");
            }
            if account.folder(&path).is_none() {
                return unknown(&name);
            }
            account.apply(Change::Subscribe { path, is_subscribed: true });
            Reply::ok("Subscribe completed.")
        });
        reply.unwrap_or_else(|| missing(&name))
    }
}

/// Dovecot gives the response code of RFC 5530 to some commands only.
fn unknown(name: &str) -> Reply {
    Reply::no(format!("Mailbox doesn't exist: {name}"))
}

fn missing(name: &str) -> Reply {
    Reply::no(format!("[NONEXISTENT] Mailbox doesn't exist: {name}"))
}

/// Whether a STATUS item is offered; two of them are extensions.
fn offers(personality: &Personality, item: &str) -> bool {
    match item {
        "SIZE" => personality.has("STATUS=SIZE"),
        "HIGHESTMODSEQ" => personality.has("CONDSTORE"),
        _ => true,
    }
}

fn status_item(item: &StatusDataItemName) -> Option<&'static str> {
    Some(match item {
        StatusDataItemName::Messages => "MESSAGES",
        StatusDataItemName::Recent => "RECENT",
        StatusDataItemName::UidNext => "UIDNEXT",
        StatusDataItemName::UidValidity => "UIDVALIDITY",
        StatusDataItemName::Unseen => "UNSEEN",
        StatusDataItemName::Size => "SIZE",
        StatusDataItemName::HighestModSeq => "HIGHESTMODSEQ",
        StatusDataItemName::Deleted | StatusDataItemName::DeletedStorage => return None,
    })
}

/// A STATUS reply with the given UIDNEXT.
fn status_line<Item: AsRef<str>>(
    folder: &Folder,
    name: &str,
    items: &[Item],
    (quirks, uid_next): (&Quirks, u32),
) -> String {
    let visible = folder.visible(quirks.visible_messages);
    let asked = STATUS_ITEMS.iter().filter(|known| items.iter().any(|item| item.as_ref() == **known));
    let values = asked.map(|&item| {
        let value = match item {
            "MESSAGES" => visible.len().to_string(),
            "RECENT" => {
                let old = visible.partition_point(|message| message.uid < folder.recent_from);
                (visible.len() - old).to_string()
            }
            "UIDNEXT" => uid_next.to_string(),
            "UIDVALIDITY" => folder.uid_validity.to_string(),
            "UNSEEN" => {
                visible.iter().filter(|message| !message.flags.contains("\\Seen")).count().to_string()
            }
            "SIZE" => quirks.stated_size(folder.size_bytes).to_string(),
            "HIGHESTMODSEQ" => folder.highest_modseq.to_string(),
            _ => "0".to_owned(),
        };
        format!("{item} {value}")
    });
    format!("* STATUS {} ({})", astring(name), values.collect::<Vec<_>>().join(" "))
}

/// The LIST and STATUS lines of an account.
fn listing(
    account: &Account,
    personality: &Personality,
    arguments: &ListArguments,
    told: Lies,
) -> Vec<String> {
    // Folders above others that do not exist themselves are listed as containers.
    let mut has_children: BTreeMap<FolderPath, bool> = BTreeMap::new();
    let subscribed = account.subscribed().iter().filter(|_| arguments.only_subscribed);
    for path in account.folders().keys().chain(subscribed) {
        has_children.entry(path.clone()).or_insert(false);
        let mut above = path.parent();
        while let Some(container) = above {
            above = container.parent();
            has_children.insert(container, true);
        }
    }
    if !personality.prefix.is_empty() && has_children.len() > 1 {
        has_children.insert(FolderPath::inbox(), true);
    }
    let mut lines = Vec::new();
    let delimiter = quoted(personality.delimiter.encode_utf8(&mut [0; 4]));
    for (path, has_children) in &has_children {
        let name = personality.wire_name(path);
        let folder = account.folder(path);
        let is_subscribed = account.subscribed().contains(path);
        let is_special = folder.is_some_and(|folder| folder.special_use.is_some());
        let is_meant = arguments.patterns.iter().any(|pattern| {
            matches(pattern, &name, personality.delimiter)
                || (path.is_inbox() && pattern.eq_ignore_ascii_case("INBOX"))
        });
        if !is_meant
            || (arguments.only_subscribed && !is_subscribed)
            || (arguments.only_special_use && !is_special)
        {
            continue;
        }
        let mut attributes = Vec::new();
        if arguments.shows_children || !arguments.is_extended {
            attributes.push(if *has_children { "\\HasChildren" } else { "\\HasNoChildren" });
        }
        match folder {
            None => attributes.insert(0, "\\Noselect"),
            Some(folder)
                if (personality.has("SPECIAL-USE") || personality.quirks.volunteers_special_use)
                    && (arguments.shows_special_use || !arguments.is_extended) =>
            {
                attributes.extend(folder.special_use.map(SpecialUse::attribute));
            }
            Some(_) => {}
        }
        if is_subscribed && (arguments.shows_subscribed || arguments.only_subscribed) {
            attributes.push("\\Subscribed");
        }
        lines.push(format!("* LIST ({}) {delimiter} {}", attributes.join(" "), astring(&name)));
        if let (Some(items), Some(folder)) = (&arguments.status, folder) {
            let next = told.uid_next(folder.uid_next);
            lines.push(status_line(folder, &name, items, (&personality.quirks, next)));
        }
    }
    lines
}
