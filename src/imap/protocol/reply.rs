//! Replies as our own types. Nothing here recurses deeper than a server may nest.

use std::collections::BTreeMap;

use crate::imap::protocol::asked::Kind;
pub(in crate::imap) use crate::imap::protocol::completion::{Capabilities, Code, Completion};
use crate::imap::protocol::completion::{clean_words, flag_list};
use crate::imap::protocol::fetch;
use crate::imap::protocol::tag::Tag;
use crate::imap::protocol::tokens::{Token, first_tokens, tokens};

mod names;

/// One reply of a server.
#[derive(Debug)]
pub(in crate::imap) enum Reply {
    /// The end of the command with this tag.
    Tagged(Tag, Completion),
    /// A line with this tag that says neither OK nor NO nor BAD, and its words.
    Odd(Tag, String),
    /// `* OK`, `* NO`, `* BAD`, `* BYE`, `* PREAUTH`.
    Untagged(Completion),
    /// The server waits for more; what it says meanwhile.
    Continue(Vec<u8>),
    Capability(Capabilities),
    Exists(u32),
    Expunge,
    List(ListItem),
    /// A folder that the owner has subscribed to.
    Lsub(ListItem),
    Status(String, BTreeMap<String, u64>),
    /// STATUS of items that are no numbers.
    StatusText(BTreeMap<String, String>),
    Namespace(Namespaces),
    Id(BTreeMap<String, String>),
    Fetch(Box<FetchItem>),
    /// Messages that went away: since the folder was opened, or before (RFC 7162 section 3.2.10).
    Vanished {
        is_earlier: bool,
        ranges: Vec<UidRange>,
    },
    /// STORAGE of a quota root, in units of 1,024 bytes (RFC 9208).
    Quota {
        root: String,
        used: u64,
        limit: u64,
    },
    /// What ENABLE has switched on (RFC 5161).
    Enabled(Vec<String>),
    /// Numbers that a SEARCH has found, in the server's order.
    Search(Vec<u32>),
    Other,
}

/// The three lists of an answer to NAMESPACE (RFC 2342).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) struct Namespaces {
    pub(in crate::imap) personal: Vec<NamespacePart>,
    pub(in crate::imap) other_users: Vec<NamespacePart>,
    pub(in crate::imap) shared: Vec<NamespacePart>,
}

impl Namespaces {
    /// Looks at every prefix, or changes it.
    pub(in crate::imap) fn each_prefix(&mut self, mut change: impl FnMut(&mut String)) {
        let all = self.personal.iter_mut().chain(&mut self.other_users).chain(&mut self.shared);
        all.for_each(|part| change(&mut part.prefix));
    }
}

/// One namespace, as the server spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::imap) struct NamespacePart {
    pub(in crate::imap) prefix: String,
    pub(in crate::imap) delimiter: Option<String>,
}

/// First and last UID, in this order.
pub(in crate::imap) type UidRange = (u32, u32);

/// One line of LIST.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::imap) struct ListItem {
    pub(in crate::imap) attributes: Vec<String>,
    pub(in crate::imap) delimiter: Option<String>,
    pub(in crate::imap) name: String,
}

/// What one FETCH reply says about a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) struct FetchItem {
    pub(in crate::imap) uid: Option<u32>,
    pub(in crate::imap) flags: Option<Vec<String>>,
    pub(in crate::imap) internal_date: Option<String>,
    pub(in crate::imap) size: Option<u64>,
    /// `BODY[HEADER]` or a choice of header fields.
    pub(in crate::imap) header: Option<Vec<u8>>,
    /// `BODY[]` or a piece of it; `None` also where the server says NIL.
    pub(in crate::imap) body: Option<Vec<u8>>,
    /// Where in the message `body` begins, where it is a piece.
    pub(in crate::imap) origin: Option<u32>,
    /// More of it came than was asked for, and was left out.
    pub(in crate::imap) is_too_long: bool,
    /// X-GM-MSGID: the number of the message at Gmail, the same under all its labels.
    pub(in crate::imap) gmail_message: Option<u64>,
    /// X-GM-LABELS: the labels besides the folder that is open, as Gmail writes them.
    pub(in crate::imap) gmail_labels: Option<Vec<String>>,
}

/// A reply that was held whole.
pub(in crate::imap) fn from_held(reply: Vec<u8>) -> Reply {
    if Kind::of(&reply) == Kind::Fetch { fetch::read(reply) } else { from_line(&reply) }
}

/// Any reply but FETCH.
fn from_line(reply: &[u8]) -> Reply {
    if let Some(text) = reply.strip_prefix(b"+") {
        return Reply::Continue(text.trim_ascii().to_vec());
    }
    let Some(rest) = reply.strip_prefix(b"* ") else {
        return tagged(reply).unwrap_or(Reply::Other);
    };
    if let Some(completion) = Completion::read(rest) {
        return Reply::Untagged(completion);
    }
    let found = tokens(rest);
    let (Some(first), second) = (found.first(), found.get(1)) else {
        return Reply::Other;
    };
    let numbered = first.number().and_then(|number| u32::try_from(number).ok());
    match (numbered, second) {
        (Some(count), Some(word)) if word.is("EXISTS") => Reply::Exists(count),
        (Some(_), Some(word)) if word.is("EXPUNGE") => Reply::Expunge,
        _ if first.is("CAPABILITY") => Reply::Capability(Capabilities::read(&String::from_utf8_lossy(rest))),
        _ if first.is("LIST") => list(rest).map_or(Reply::Other, Reply::List),
        _ if first.is("LSUB") => list(rest).map_or(Reply::Other, Reply::Lsub),
        _ if first.is("STATUS") => status(rest).unwrap_or(Reply::Other),
        _ if first.is("NAMESPACE") => Reply::Namespace(namespaces(&found)),
        _ if first.is("SEARCH") => {
            let numbers = found.iter().skip(1).filter_map(Token::number);
            Reply::Search(numbers.filter_map(|number| u32::try_from(number).ok()).collect())
        }
        _ if first.is("VANISHED") => vanished(&found).unwrap_or(Reply::Other),
        _ if first.is("QUOTA") => quota(&found).unwrap_or(Reply::Other),
        _ if first.is("ENABLED") => {
            Reply::Enabled(found.iter().skip(1).take(50).filter_map(Token::text).collect())
        }
        _ if first.is("ID") => Reply::Id(pairs(second)),
        _ => Reply::Other,
    }
}

/// `None` where the tag is none that a command of ours may have.
fn tagged(reply: &[u8]) -> Option<Reply> {
    let end = reply.iter().position(|byte| matches!(byte, b' ' | b'\r' | b'\n'))?;
    let (tag, rest) = reply.split_at_checked(end)?;
    let rest = rest.trim_ascii();
    let tag = Tag::read(tag)?;
    Some(match Completion::read(rest) {
        Some(completion) => Reply::Tagged(tag, completion),
        None => Reply::Odd(tag, clean_words(&String::from_utf8_lossy(rest))),
    })
}

fn list(reply: &[u8]) -> Option<ListItem> {
    let (found, rest) = first_tokens(reply, 3);
    let attributes = flag_list(found.get(1..2)?);
    let delimiter = found.get(2)?.text();
    let name = names::listed(rest)?;
    Some(ListItem { attributes, delimiter, name })
}

fn status(reply: &[u8]) -> Option<Reply> {
    let (_, rest) = first_tokens(reply, 1);
    let (name, items) = names::counted(rest)?;
    let mut values = BTreeMap::new();
    let mut texts = BTreeMap::new();
    for pair in tokens(items).first()?.list()?.chunks(2) {
        let [key, value] = pair else { continue };
        let Some(key) = key.text().map(|key| key.to_ascii_uppercase()) else { continue };
        // A MAILBOXID stands in brackets (RFC 8474), and Dovecot's GUID may consist of digits.
        let text = value.list().and_then(|list| list.first()).unwrap_or(value).text();
        match (value.number(), text) {
            (Some(number), _) if !matches!(key.as_str(), "MAILBOXID" | "X-GUID") => {
                values.insert(key, number);
            }
            (_, Some(text)) => {
                texts.insert(key, text);
            }
            _ => {}
        }
    }
    Some(if texts.is_empty() { Reply::Status(name, values) } else { Reply::StatusText(texts) })
}

fn namespaces(found: &[Token]) -> Namespaces {
    let part = |token: &Token| {
        let members = token.list()?;
        let prefix = members.first()?.text().unwrap_or_default();
        Some(NamespacePart { prefix, delimiter: members.get(1).and_then(Token::text) })
    };
    let parts = |at: usize| {
        let list = found.get(at).and_then(Token::list).unwrap_or_default();
        list.iter().filter_map(part).collect()
    };
    Namespaces { personal: parts(1), other_users: parts(2), shared: parts(3) }
}

fn vanished(found: &[Token]) -> Option<Reply> {
    let is_earlier = found.get(1)?.list().is_some_and(|tags| tags.iter().any(|tag| tag.is("EARLIER")));
    let set = found.get(if is_earlier { 2 } else { 1 })?.text()?;
    let range = |member: &str| {
        let (first, last) = member.split_once(':').unwrap_or((member, member));
        let (first, last) = (first.parse::<u32>().ok()?, last.parse::<u32>().ok()?);
        (first > 0 && last > 0).then(|| (first.min(last), first.max(last)))
    };
    let ranges = set.split(',').map(range).collect::<Option<Vec<_>>>()?;
    Some(Reply::Vanished { is_earlier, ranges })
}

/// The STORAGE of `QUOTA "" (STORAGE 10 512 MESSAGE 2 100)`.
fn quota(found: &[Token]) -> Option<Reply> {
    let root = found.get(1)?.text().unwrap_or_default();
    let storage = found
        .get(2)?
        .list()?
        .chunks(3)
        .find(|triple| triple.first().is_some_and(|name| name.is("STORAGE")))?;
    let (used, limit) = (storage.get(1)?.number()?, storage.get(2)?.number()?);
    Some(Reply::Quota { root, used, limit })
}

fn pairs(list: Option<&Token>) -> BTreeMap<String, String> {
    let members = list.and_then(Token::list).unwrap_or_default();
    let mut found = BTreeMap::new();
    for pair in members.chunks(2) {
        if let [key, value] = pair
            && let (Some(key), Some(value)) = (key.text(), value.text())
        {
            found.insert(
                key.to_ascii_lowercase(),
                value.chars().filter(|c| !c.is_control()).take(80).collect(),
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(reply: &[u8]) -> Reply {
        from_held(reply.to_vec())
    }

    #[test]
    fn replies_that_the_parser_does_not_know_are_read() {
        let Reply::Status(name, values) = read(b"* STATUS \"Sent Items\" (MESSAGES 3 SIZE 12345678901)\r\n")
        else {
            panic!("no status");
        };
        assert_eq!((name.as_str(), values["SIZE"], values["MESSAGES"]), ("Sent Items", 12_345_678_901, 3));
        for (line, id) in [
            (&b"* STATUS INBOX (MAILBOXID (F2212ea))\r\n"[..], "F2212ea"),
            (b"* STATUS INBOX (X-GUID 40551710)\r\n", "40551710"),
        ] {
            let Reply::StatusText(texts) = read(line) else { panic!("no texts") };
            assert_eq!(texts.into_values().collect::<Vec<_>>(), [id]);
        }
        let Reply::Namespace(told) = read(b"* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#p.\" \".\"))\r\n")
        else {
            panic!("no namespace");
        };
        let part =
            |prefix: &str| vec![NamespacePart { prefix: prefix.to_owned(), delimiter: Some(".".to_owned()) }];
        assert_eq!(told.personal, part("INBOX."));
        assert_eq!((told.other_users, told.shared), (Vec::new(), part("#p.")));
        let Reply::List(item) = read(b"* LIST (\\HasNoChildren \\Sent) \"\\\\\" \"a\\\\b\\\"c\"\r\n") else {
            panic!("no list");
        };
        assert_eq!((item.delimiter.as_deref(), item.name.as_str()), (Some("\\"), "a\\b\"c"));
        let Reply::List(item) = read(b"* LIST () NIL NIL\r\n") else { panic!("no list") };
        assert_eq!((item.delimiter, item.name.as_str()), (None, "NIL"));
    }

    #[test]
    fn what_a_search_has_found_is_read_in_any_order() {
        let Reply::Search(numbers) = read(b"* SEARCH 9 4 5 (MODSEQ 917162500)\r\n") else {
            panic!("no search");
        };
        assert_eq!(numbers, [9, 4, 5]);
        assert!(matches!(read(b"* SEARCH\r\n"), Reply::Search(numbers) if numbers.is_empty()));
    }

    #[test]
    fn what_vanished_is_read_and_nonsense_is_not() {
        let Reply::Vanished { is_earlier, ranges } = read(b"* VANISHED (EARLIER) 41,43:116,9:7\r\n") else {
            panic!("nothing vanished");
        };
        assert_eq!((is_earlier, ranges), (true, vec![(41, 41), (43, 116), (7, 9)]));
        assert!(
            matches!(read(b"* VANISHED 5\r\n"), Reply::Vanished { is_earlier: false, ranges } if ranges == [(5, 5)])
        );
        for nonsense in
            [&b"* VANISHED\r\n"[..], b"* VANISHED (EARLIER)\r\n", b"* VANISHED 0:4\r\n", b"* VANISHED a\r\n"]
        {
            assert!(matches!(read(nonsense), Reply::Other), "{nonsense:?}");
        }
        assert!(
            matches!(read(b"* ENABLED QRESYNC X\r\n"), Reply::Enabled(names) if names == ["QRESYNC", "X"])
        );
    }

    #[test]
    fn the_storage_of_a_quota_is_read() {
        let line = b"* QUOTA \"user anna\" (MESSAGE 2 100 STORAGE 10 512)\r\n";
        let Reply::Quota { root, used, limit } = read(line) else { panic!("no quota") };
        assert_eq!((root.as_str(), used, limit), ("user anna", 10, 512));
        assert!(matches!(read(b"* QUOTA \"\" (MESSAGE 2 100)\r\n"), Reply::Other));
        assert!(matches!(read(b"* QUOTA \"\" ()\r\n"), Reply::Other));
    }

    #[test]
    fn a_tag_without_an_answer_is_an_error() {
        for (line, words) in
            [(&b"F3 MAYBE later\r\n"[..], "MAYBE later"), (b"F3\r\n", ""), (b"F3 \x1b[2J\r\n", "[2J")]
        {
            assert!(
                matches!(read(line), Reply::Odd(tag, told) if tag == Tag::of(3) && told == words),
                "{line:?}"
            );
        }
    }

    #[test]
    fn noise_is_other() {
        for line in
            [&b"* ESEARCH (TAG \"A\") UID\r\n"[..], b"*", b"", b"* 5", b"* LIST\r\n", b"* STATUS x\r\n"]
        {
            assert!(matches!(read(line), Reply::Other), "{line:?}");
        }
    }
}
