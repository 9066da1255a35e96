//! APPEND with one or many messages (RFC 3501 section 6.3.11, RFC 3502), read by hand: the grammar crate knows one
//! message only, and its literals must not be copied around.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::rehearsal::mailbox::SampleMessage;
use crate::values::UnixTime;

use super::folder_path::FolderPath;
use super::quirks::Quirks;
use super::raw_command::RawCommand;
use super::reply::Reply;
use super::session::{Lies, Session, bad_name};
use super::store::Account;
use super::{flags, internal_date};

/// Reads through the texts and literals of a command.
struct Cursor<'r> {
    raw: &'r RawCommand,
    /// How many literals were taken.
    literals: usize,
    rest: &'r [u8],
}

/// What one APPEND asks for.
struct Append {
    mailbox: Vec<u8>,
    messages: Vec<SampleMessage>,
}

impl<'r> Cursor<'r> {
    /// Starts after `tag APPEND `.
    fn after_name(raw: &'r RawCommand) -> Option<Self> {
        let text = raw.texts.first()?;
        let space = memchr::memchr(b' ', text)?;
        let rest = text.get(space + 1..)?;
        let space = memchr::memchr(b' ', rest)?;
        Some(Self { raw, literals: 0, rest: rest.get(space + 1..)? })
    }

    fn take(&mut self, expected: &[u8]) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// The literal at this place.
    fn literal(&mut self) -> Option<&'r [u8]> {
        if !self.rest.is_empty() {
            return None;
        }
        let literal = self.raw.literals.get(self.literals)?;
        self.literals += 1;
        self.rest = self.raw.texts.get(self.literals)?;
        Some(literal)
    }

    /// An `astring`: atom, quoted string or literal.
    fn astring(&mut self) -> Option<Vec<u8>> {
        if self.rest.is_empty() {
            return self.literal().map(<[u8]>::to_vec);
        }
        if self.rest.first() == Some(&b'"') {
            return self.quoted();
        }
        let end = memchr::memchr3(b' ', b'(', b')', self.rest).unwrap_or(self.rest.len());
        let (atom, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        (!atom.is_empty()).then(|| atom.to_vec())
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut bytes = self.rest.strip_prefix(b"\"")?.iter();
        let mut text = Vec::new();
        loop {
            match bytes.next()? {
                b'"' => break,
                b'\\' => text.push(*bytes.next()?),
                byte => text.push(*byte),
            }
        }
        self.rest = bytes.as_slice();
        Some(text)
    }

    /// A flag list with the space after it; empty if there is none.
    fn flags(&mut self) -> Result<BTreeSet<String>, Reply> {
        if !self.take(b"(") {
            return Ok(BTreeSet::new());
        }
        let wrong = || Reply::bad("Error in IMAP command APPEND: Invalid flag list.");
        let end = memchr::memchr(b')', self.rest).ok_or_else(wrong)?;
        let (list, rest) = self.rest.split_at_checked(end).ok_or_else(wrong)?;
        self.rest = rest;
        if !self.take(b") ") {
            return Err(wrong());
        }
        let list = std::str::from_utf8(list).map_err(|_not_utf8| wrong())?;
        list.split(' ').filter(|flag| !flag.is_empty()).map(flags::flag).collect()
    }

    /// A date-time with the space after it; `None` if there is none.
    fn date(&mut self) -> Result<Option<UnixTime>, Reply> {
        if self.rest.first() != Some(&b'"') {
            return Ok(None);
        }
        let wrong = || Reply::bad("Error in IMAP command APPEND: Invalid internal date.");
        let text = self.quoted().ok_or_else(wrong)?;
        let text = std::str::from_utf8(&text).map_err(|_not_utf8| wrong())?;
        let date = internal_date::parse(text).ok_or_else(wrong)?;
        if self.take(b" ") { Ok(Some(date)) } else { Err(wrong()) }
    }
}

/// Reads a whole APPEND. `now` is the date of messages that come without one.
fn parse(raw: &RawCommand, now: UnixTime) -> Result<Append, Reply> {
    let wrong = || Reply::bad("Error in IMAP command APPEND: Invalid arguments.");
    let mut cursor = Cursor::after_name(raw).ok_or_else(wrong)?;
    let mailbox = cursor.astring().ok_or_else(wrong)?;
    let mut messages = Vec::new();
    loop {
        if !cursor.take(b" ") {
            return Err(wrong());
        }
        let flags = cursor.flags()?;
        let internal_date = cursor.date()?.unwrap_or(now);
        let literal = cursor.literal().ok_or_else(wrong)?;
        if literal.is_empty() {
            return Err(Reply::no("Can't save a zero byte message."));
        }
        messages.push(SampleMessage { bytes: with_crlf(literal), flags, internal_date });
        if cursor.rest.is_empty() && cursor.literals == raw.literals.len() {
            return Ok(Append { mailbox, messages });
        }
    }
}

/// As Dovecot does, a line end of LF alone becomes CRLF.
fn with_crlf(message: &[u8]) -> Arc<[u8]> {
    let is_bare = |index: usize| index == 0 || message.get(index - 1) != Some(&b'\r');
    if !memchr::memchr_iter(b'\n', message).any(is_bare) {
        return message.into();
    }
    let mut fixed = Vec::with_capacity(message.len() + message.len() / 32);
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', message).filter(|index| is_bare(*index)) {
        fixed.extend_from_slice(message.get(start..end).unwrap_or_default());
        fixed.extend_from_slice(b"\r\n");
        start = end + 1;
    }
    fixed.extend_from_slice(message.get(start..).unwrap_or_default());
    fixed.into()
}

impl Session {
    /// Why the literal that an APPEND announces is not wanted: its folder is missing.
    pub(super) fn append_refusal(&self, raw: &RawCommand) -> Option<Reply> {
        let mailbox = Cursor::after_name(raw)?.astring()?;
        self.append_target(&mailbox).err()
    }

    fn append_target(&self, mailbox: &[u8]) -> Result<FolderPath, Reply> {
        let personality = &self.shared.personality;
        let path = personality.path(mailbox).ok_or_else(|| bad_name(personality.delimiter, mailbox))?;
        let exists = self.with_account(|account| account.folder(&path).is_some()).unwrap_or(false);
        let is_examined = self.selected.as_ref().is_some_and(|view| view.is_read_only && view.path == path);
        if is_examined && personality.quirks.refuses_append_to_examined {
            return Err(Reply::no("Current box is selected READ-ONLY."));
        }
        if exists {
            return Ok(path);
        }
        let name = self.shared.personality.wire_name(&path);
        Err(Reply::no(format!("[TRYCREATE] Mailbox doesn't exist: {name}")))
    }

    pub(super) fn append(&mut self, raw: &RawCommand, lies: Lies) -> Reply {
        // Only the practice server's own clock is asked; nothing is judged by it.
        let append = match parse(raw, UnixTime::now()) {
            Ok(append) => append,
            Err(reply) => return reply,
        };
        let path = match self.append_target(&append.mailbox) {
            Ok(path) => path,
            Err(reply) => return reply,
        };
        if append.messages.len() > 1 && !self.shared.personality.has("MULTIAPPEND") {
            return Reply::bad("Error in IMAP command APPEND: Too many arguments.");
        }
        let personality = &self.shared.personality;
        if let Some(reply) = disliked(raw, &append.messages, &personality.quirks) {
            return reply;
        }
        if append.messages.iter().any(|message| self.shared.circumstances.refuses(&message.bytes)) {
            return Reply::no("[CANNOT] Message rejected: its content is not allowed here");
        }
        let messages = match rewritten(append.messages, &personality.quirks) {
            Ok(messages) => messages,
            Err(reply) => return reply,
        };
        let locks = personality.quirks.locks_folders;
        if locks && !self.shared.circumstances.locks(&path, self.number) {
            return Reply::no("[INUSE] Timeout while waiting for lock");
        }
        let quota = self.shared.circumstances.quota(personality.limits.quota);
        let free_keywords = personality.has_free_keywords;
        let saved = self.with_account(|account| save(account, &path, messages, quota, free_keywords));
        let (uid_validity, uids) = match saved {
            Some(Ok(saved)) => saved,
            Some(Err(reply)) => return reply,
            None => return Reply::no("[SERVERBUG] Internal error."),
        };
        let omits_uid = self.shared.personality.quirks.omits_append_uid;
        self.shared.circumstances.count_appended(uids.len());
        if !self.shared.personality.has("UIDPLUS") || lies.omit_append_uid || omits_uid {
            return Reply::ok("Append completed.");
        }
        let uids = uid_set(&uids);
        if lies.swap_append_uid {
            return Reply::ok(format!("[APPENDUID {uids} {uid_validity}] Append completed."));
        }
        Reply::ok(format!("[APPENDUID {uid_validity} {uids}] Append completed."))
    }
}

/// The refusal of a server that does not like one of the messages.
fn disliked(raw: &RawCommand, messages: &[SampleMessage], quirks: &Quirks) -> Option<Reply> {
    // The name of the folder may be a literal as well, so the messages are the last ones.
    let first = raw.literals.len().saturating_sub(messages.len());
    let received = raw.literals.iter().skip(first);
    messages.iter().zip(received).find_map(|(message, received)| {
        let met = quirks.dislikes.iter().find(|(dislike, _)| dislike.is_met_by(message, received));
        met.map(|(_, reply)| Reply::from_line(reply))
    })
}

/// The messages as the server stores them; its refusal where it does not take one of them.
fn rewritten(mut messages: Vec<SampleMessage>, quirks: &Quirks) -> Result<Vec<SampleMessage>, Reply> {
    if let Some(mark) = quirks.swallows {
        messages.retain(|message| !message.bytes.windows(mark.len().max(1)).any(|window| window == mark));
    }
    for message in &mut messages {
        if let Some(refusal) = quirks.refusal_of(message) {
            return Err(Reply::from_line(refusal));
        }
        message.flags.retain(|flag| !quirks.append_drops_flags.contains(&flag.as_str()));
        if let Some(field) = quirks.added_header {
            message.bytes = [field.as_bytes(), &message.bytes].concat().into();
        }
    }
    Ok(messages)
}

/// UIDs as a set: a range where they follow on each other.
fn uid_set(uids: &[u32]) -> String {
    let is_run = uids.windows(2).all(|pair| matches!(pair, [one, next] if one.checked_add(1) == Some(*next)));
    match uids {
        [first, .., last] if is_run => format!("{first}:{last}"),
        _ => uids.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
    }
}

/// Keeps all the messages or none; returns UIDVALIDITY and the UIDs.
fn save(
    account: &mut Account,
    path: &FolderPath,
    mut messages: Vec<SampleMessage>,
    quota: Option<crate::values::Bytes>,
    free_keywords: bool,
) -> Result<(u32, Vec<u32>), Reply> {
    let new_bytes: u64 = messages.iter().map(|message| u64::try_from(message.bytes.len()).unwrap_or(0)).sum();
    if quota.is_some_and(|quota| account.size_bytes().saturating_add(new_bytes) > quota.0) {
        return Err(Reply::no("[OVERQUOTA] Quota exceeded (mailbox for user is full)"));
    }
    let missing = || Reply::no("[SERVERBUG] Internal error.");
    let folder = account.folder(path).ok_or_else(missing)?;
    if !free_keywords {
        for message in &mut messages {
            message.flags.retain(|flag| {
                flag.starts_with('\\') || folder.keywords.contains_key(&flag.to_ascii_lowercase())
            });
        }
    }
    let uid_validity = folder.uid_validity;
    Ok((uid_validity, account.add(path, messages)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(texts: &[&str], literals: &[&str]) -> RawCommand {
        RawCommand {
            texts: texts.iter().map(|text| text.as_bytes().to_vec()).collect(),
            literals: literals.iter().map(|text| text.as_bytes().to_vec()).collect(),
        }
    }

    #[test]
    fn many_messages_are_read_with_flags_and_dates() {
        let raw = raw(
            &["a APPEND ", " (\\Seen $Label1) \"01-Jan-1970 00:00:10 +0000\" ", " ", " () ", ""],
            &["Sent Items", "A: b\r\n\r\n", "C: d\n\nx\n", "E: f\r\n\r\n"],
        );
        let append = parse(&raw, UnixTime(99)).unwrap();
        assert_eq!(append.mailbox, b"Sent Items");
        let dates: Vec<_> = append.messages.iter().map(|message| message.internal_date.0).collect();
        assert_eq!(dates, [10, 99, 99]);
        assert_eq!(append.messages[0].flags.len(), 2);
        assert_eq!(&*append.messages[1].bytes, b"C: d\r\n\r\nx\r\n");
    }

    #[test]
    fn wrong_forms_are_refused() {
        for (texts, literals) in [
            (&["a APPEND"][..], &[][..]),
            (&["a APPEND INBOX"], &[]),
            (&["a APPEND INBOX ", " x"], &["m"]),
            (&["a APPEND INBOX (\\Recent) ", ""], &["m"]),
            (&["a APPEND INBOX (\\Seen ", ""], &["m"]),
            (&["a APPEND INBOX \"32-Jan-2024 00:00:00 +0000\" ", ""], &["m"]),
            (&["a APPEND INBOX ~", ""], &["m"]),
            (&["a APPEND \"INBOX ", ""], &["m"]),
            (&["a APPEND INBOX ", ""], &[""]),
        ] {
            assert!(parse(&raw(texts, literals), UnixTime(0)).is_err(), "{texts:?}");
        }
    }
}
