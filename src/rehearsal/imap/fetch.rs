//! FETCH and UID FETCH: the items that a copier reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use imap_codec::imap_types::command::FetchModifier;
use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::fetch::{MacroOrMessageDataItemNames, MessageDataItemName, Section};
use imap_codec::imap_types::sequence::SequenceSet;

use super::folder::StoredMessage;
use super::folder_path::FolderPath;
use super::labels::{self, LabelItem};
use super::message_part::{header, header_fields, text};
use super::reply::{Reply, quoted};
use super::session::Session;
use super::store::Account;
use super::view::View;
use super::wire::{Wire, WireEnd};
use super::{internal_date, reply};

/// Messages that are looked up at a time, so that one lock serves many.
const MESSAGES_PER_LOOK: usize = 64;

/// One thing that the client wants of each message.
enum Item {
    Uid,
    Flags,
    InternalDate,
    Size,
    Modseq,
    ObjectId,
    ThreadId,
    Labels,
    Body { shown: String, part: BodyPart, partial: Option<(u32, u32)> },
}

impl Item {
    /// Whether the server has to read the whole message for it.
    const fn is_content(&self) -> bool {
        matches!(self, Self::Body { part: BodyPart::Whole | BodyPart::Text, .. })
    }
}

/// Which bytes of a message.
enum BodyPart {
    Whole,
    Header,
    HeaderFields { names: Vec<String>, is_inverted: bool },
    Text,
}

impl Session {
    pub(super) async fn fetch(
        &mut self,
        set: &SequenceSet,
        names: MacroOrMessageDataItemNames<'static>,
        is_uid: bool,
        modifiers: &[FetchModifier],
    ) -> Result<Reply, WireEnd> {
        let names = match &names {
            MacroOrMessageDataItemNames::Macro(short) => short.expand(),
            MacroOrMessageDataItemNames::MessageDataItemNames(names) => names.clone(),
        };
        let marks_seen = names.iter().any(marks_seen);
        let Some(mut items) = names.iter().map(item).collect::<Option<Vec<_>>>() else {
            return Ok(Reply::no("[CANNOT] The practice server has no such part of a message."));
        };
        items.extend(std::mem::take(&mut self.label_items).into_iter().map(|item| match item {
            LabelItem::MessageId => Item::ObjectId,
            LabelItem::ThreadId => Item::ThreadId,
            LabelItem::Labels => Item::Labels,
        }));
        if is_uid && !items.iter().any(|item| matches!(item, Item::Uid)) {
            items.insert(0, Item::Uid);
        }
        let changed_since = modifiers.iter().find_map(|modifier| match modifier {
            FetchModifier::ChangedSince(modseq) => Some(modseq.get()),
            FetchModifier::Vanished => None,
        });
        if modifiers.contains(&FetchModifier::Vanished) {
            if !self.has_qresync || !is_uid || changed_since.is_none() {
                return Ok(Reply::bad(
                    "Error in IMAP command FETCH: VANISHED needs QRESYNC and CHANGEDSINCE.",
                ));
            }
            self.tell_vanished(set, changed_since.unwrap_or(0));
        }
        self.has_condstore |=
            changed_since.is_some() || items.iter().any(|item| matches!(item, Item::Modseq));
        if changed_since.is_some() && !items.iter().any(|item| matches!(item, Item::Modseq)) {
            items.push(Item::Modseq);
        }
        let Some(view) = &self.selected else { return Ok(Reply::bad("No mailbox selected.")) };
        let marks_seen = marks_seen && !view.is_read_only;
        let Some(mut wanted) = view.resolve(set, is_uid) else {
            return Ok(Reply::bad("Error in IMAP command FETCH: Invalid messageset."));
        };
        let cut_at = View::cut_to_limit(&mut wanted, self.shared.personality.quirks.message_limit);
        let withheld = self.send_messages(&wanted, &items, changed_since, marks_seen).await?;
        Ok(match cut_at {
            _ if withheld.is_some() => Reply::no(withheld.unwrap_or_default()),
            None => Reply::ok("Fetch completed."),
            Some(code) => Reply::ok(format!("[{code}] Fetch completed with partial results.")),
        })
    }

    async fn send_messages(
        &mut self,
        wanted: &[(u32, u32)],
        items: &[Item],
        changed_since: Option<u64>,
        marks_seen: bool,
    ) -> Result<Option<&'static str>, WireEnd> {
        let Some(view) = &self.selected else { return Ok(None) };
        let withholds = self.shared.personality.quirks.withholds;
        let withholds = withholds.filter(|_| items.iter().any(Item::is_content));
        let mut withheld = None;
        let (path, recent_from) = (view.path.clone(), view.recent_from());
        let lies = self.lies;
        if lies.fetches_nothing {
            return Ok(None);
        }
        let in_ascii = self.shared.personality.quirks.shows_fields_in_ascii;
        let wants_labels = items.iter().any(|item| matches!(item, Item::Labels));
        for look in wanted.chunks(MESSAGES_PER_LOOK) {
            let found = self.with_account(|account| {
                if marks_seen {
                    mark_seen(account, &path, look);
                }
                let Some(folder) = account.folder(&path) else { return Vec::new() };
                let found =
                    look.iter().filter_map(|(number, uid)| Some((*number, folder.message(*uid)?.clone())));
                let found =
                    found.filter(|(_, message)| changed_since.is_none_or(|since| message.modseq > since));
                let labels_of = |message: &StoredMessage| labels::labels(account, &path, &message.bytes);
                let found = found.map(|(number, message)| Found {
                    number,
                    labels: if wants_labels { labels_of(&message) } else { String::new() },
                    stated_size: account
                        .stated_size(message.bytes.len())
                        .saturating_add_signed(lies.size_error),
                    message,
                });
                found.collect()
            });
            for mut found in found.unwrap_or_default() {
                if let Some((_, text)) = withholds.filter(|(part, _)| found.holds(part)) {
                    withheld = Some(text);
                    continue;
                }
                if found.message.uid >= recent_from {
                    found.message.flags.insert("\\Recent".to_owned());
                }
                let manner = Manner { shows_flags: marks_seen, in_ascii, shows_nil: lies.fetches_nil };
                write_message(&mut self.wire, &found, items, &manner);
                self.wire.flush_if_large().await?;
            }
        }
        Ok(withheld)
    }
}

/// A message with its metadata.
struct Found {
    number: u32,
    message: StoredMessage,
    labels: String,
    stated_size: u64,
}

impl Found {
    /// Whether these bytes are anywhere in the message.
    fn holds(&self, part: &[u8]) -> bool {
        self.message.bytes.windows(part.len().max(1)).any(|window| window == part)
    }
}

fn mark_seen(account: &mut Account, path: &FolderPath, look: &[(u32, u32)]) {
    for (_, uid) in look {
        let message = account.folder(path).and_then(|folder| folder.message(*uid));
        if let Some(message) = message.filter(|message| !message.flags.contains("\\Seen")) {
            let flags = message.flags.iter().cloned().chain(["\\Seen".to_owned()]).collect();
            account.set_flags(path, *uid, flags);
        }
    }
}

fn marks_seen(name: &MessageDataItemName<'_>) -> bool {
    match name {
        MessageDataItemName::BodyExt { peek, .. } => !peek,
        MessageDataItemName::Rfc822 | MessageDataItemName::Rfc822Text => true,
        _ => false,
    }
}

/// What an item name asks for; `None` for parts that the practice server cannot take apart.
fn item(name: &MessageDataItemName<'_>) -> Option<Item> {
    let body = |shown: &str, part, partial| Some(Item::Body { shown: shown.to_owned(), part, partial });
    match name {
        MessageDataItemName::Uid => Some(Item::Uid),
        MessageDataItemName::Flags => Some(Item::Flags),
        MessageDataItemName::InternalDate => Some(Item::InternalDate),
        MessageDataItemName::Rfc822Size => Some(Item::Size),
        MessageDataItemName::ModSeq => Some(Item::Modseq),
        MessageDataItemName::Rfc822 => body("RFC822", BodyPart::Whole, None),
        MessageDataItemName::Rfc822Header => body("RFC822.HEADER", BodyPart::Header, None),
        MessageDataItemName::Rfc822Text => body("RFC822.TEXT", BodyPart::Text, None),
        MessageDataItemName::BodyExt { section, partial, peek: _ } => {
            let partial = partial.map(|(start, length)| (start, length.get()));
            let origin = partial.map(|(start, _)| format!("<{start}>")).unwrap_or_default();
            let (shown, part) = match section {
                None => (String::new(), BodyPart::Whole),
                Some(Section::Header(None)) => ("HEADER".to_owned(), BodyPart::Header),
                Some(Section::Text(None)) => ("TEXT".to_owned(), BodyPart::Text),
                Some(Section::HeaderFields(None, names)) => fields("HEADER.FIELDS", names.as_ref(), false)?,
                Some(Section::HeaderFieldsNot(None, names)) => {
                    fields("HEADER.FIELDS.NOT", names.as_ref(), true)?
                }
                Some(_) => return None,
            };
            body(&format!("BODY[{shown}]{origin}"), part, partial)
        }
        _ => None,
    }
}

fn fields(section: &str, names: &[AString<'_>], is_inverted: bool) -> Option<(String, BodyPart)> {
    let names: Option<Vec<String>> = names
        .iter()
        .map(|name| std::str::from_utf8(name.as_ref()).ok().map(str::to_ascii_uppercase))
        .collect();
    let names =
        names.filter(|names| names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_graphic())))?;
    let listed = names.iter().map(|name| reply::astring(name)).collect::<Vec<_>>().join(" ");
    Some((format!("{section} ({listed})"), BodyPart::HeaderFields { names, is_inverted }))
}

/// How a message is shown.
struct Manner {
    /// Its changed flags are reported unsolicited.
    shows_flags: bool,
    /// Single fields of the header are shown as Yahoo does.
    in_ascii: bool,
    /// Its bytes are shown as NIL.
    shows_nil: bool,
}

fn write_message(wire: &mut Wire, found: &Found, items: &[Item], manner: &Manner) {
    let Found { number, message, labels, stated_size } = found;
    let start = format!("* {number} FETCH (");
    wire.begin_reply(&start);
    wire.push(start.as_bytes());
    let mut separator = "";
    for item in items {
        wire.push(separator.as_bytes());
        separator = " ";
        match item {
            Item::Uid => wire.push(format!("UID {}", message.uid).as_bytes()),
            Item::Flags => wire.push(format!("FLAGS ({})", joined(&message.flags)).as_bytes()),
            Item::InternalDate => {
                let date = quoted(&internal_date::format(message.internal_date));
                wire.push(format!("INTERNALDATE {date}").as_bytes());
            }
            Item::Size => wire.push(format!("RFC822.SIZE {stated_size}").as_bytes()),
            Item::ObjectId => wire.push(format!("X-GM-MSGID {}", labels::object(&message.bytes)).as_bytes()),
            Item::ThreadId => wire.push(format!("X-GM-THRID {}", labels::object(&message.bytes)).as_bytes()),
            Item::Labels => wire.push(format!("X-GM-LABELS ({labels})").as_bytes()),
            Item::Modseq => wire.push(format!("MODSEQ ({})", message.modseq).as_bytes()),
            Item::Body { shown, .. } if manner.shows_nil => wire.push(format!("{shown} NIL").as_bytes()),
            Item::Body { shown, part: part @ BodyPart::HeaderFields { .. }, partial } if manner.in_ascii => {
                write_body(wire, &in_question_marks(&message.bytes), shown, part, *partial);
            }
            Item::Body { shown, part, partial } => write_body(wire, &message.bytes, shown, part, *partial),
        }
    }
    if manner.shows_flags && !items.iter().any(|item| matches!(item, Item::Flags)) {
        wire.push(format!(" FLAGS ({})", joined(&message.flags)).as_bytes());
    }
    wire.push(b")\r\n");
}

/// As Yahoo shows raw 8-bit bytes.
fn in_question_marks(message: &[u8]) -> Arc<[u8]> {
    message.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect()
}

fn joined(flags: &BTreeSet<String>) -> String {
    flags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

fn write_body(
    wire: &mut Wire,
    message: &Arc<[u8]>,
    shown: &str,
    part: &BodyPart,
    partial: Option<(u32, u32)>,
) {
    let selected;
    let bytes = match part {
        BodyPart::Whole => message,
        BodyPart::Header => header(message),
        BodyPart::Text => text(message),
        BodyPart::HeaderFields { names, is_inverted } => {
            selected = header_fields(message, |name| {
                names.iter().any(|wanted| name.eq_ignore_ascii_case(wanted.as_bytes())) != *is_inverted
            });
            selected.as_slice()
        }
    };
    let bytes = match partial {
        None => bytes,
        Some((start, length)) => {
            let start = usize::try_from(start).unwrap_or(usize::MAX).min(bytes.len());
            let end = start.saturating_add(usize::try_from(length).unwrap_or(usize::MAX)).min(bytes.len());
            bytes.get(start..end).unwrap_or_default()
        }
    };
    wire.push(format!("{shown} {{{}}}\r\n", bytes.len()).as_bytes());
    wire.push(bytes);
}
