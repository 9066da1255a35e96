//! What the pending commands requested, so that everything else can be dropped before it costs anything.

use std::collections::BTreeMap;

use crate::imap::protocol::asked_data::{AskedData, DataWish, Fit, Holds};
use crate::imap::protocol::error::ImapError;
use crate::values::Uid;

/// What a reply is about (RFC 3501 section 7, and the extensions that are used here).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Kind {
    /// What servers may say at any time, the ends of commands, and what is no untagged reply.
    Told,
    /// FETCH. Servers may tell flags at any time, in a few bytes.
    Fetch,
    /// LIST and LSUB.
    Folder,
    /// STATUS.
    Counts,
    Namespace,
    Id,
    Enabled,
    Quota,
    /// SEARCH.
    Found,
    /// Nothing that is ever asked for.
    Unknown,
}

impl Kind {
    /// What the reply that begins with this line is about.
    pub(in crate::imap) fn of(line: &[u8]) -> Self {
        let Some(rest) = line.strip_prefix(b"* ") else { return Self::Told };
        let mut words =
            rest.split(|byte| matches!(byte, b' ' | b'\r' | b'\n')).filter(|word| !word.is_empty());
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let is = |name: &str| first.eq_ignore_ascii_case(name.as_bytes());
        if first.first().is_some_and(u8::is_ascii_digit) {
            return if second.eq_ignore_ascii_case(b"FETCH") { Self::Fetch } else { Self::Told };
        }
        let told = ["OK", "NO", "BAD", "BYE", "PREAUTH", "CAPABILITY", "FLAGS", "VANISHED"];
        match () {
            () if told.into_iter().any(is) => Self::Told,
            () if is("LIST") || is("LSUB") => Self::Folder,
            () if is("STATUS") => Self::Counts,
            () if is("NAMESPACE") => Self::Namespace,
            () if is("ID") => Self::Id,
            () if is("ENABLED") => Self::Enabled,
            () if is("QUOTA") || is("QUOTAROOT") => Self::Quota,
            () if is("SEARCH") => Self::Found,
            () => Self::Unknown,
        }
    }

    /// Whether the words of the reply are for people, in which parentheses mean nothing.
    pub(in crate::imap) fn is_text(line: &[u8]) -> bool {
        let word = line.strip_prefix(b"* ").and_then(|rest| rest.split(|byte| *byte == b' ').next());
        word.is_none_or(|word| {
            ["OK", "NO", "BAD", "BYE", "PREAUTH"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
        })
    }
}

/// What one command asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) struct Wish {
    kinds: &'static [Kind],
    /// Message data that may come as literals: headers, bodies, labels.
    data: Option<DataWish>,
}

impl Wish {
    /// What a command asks for; `text` is the command without its tag.
    pub(in crate::imap) fn of(text: &str) -> Self {
        let mut words = text.split(' ');
        let word = words.next().unwrap_or_default();
        let is_by_uid = word == "UID";
        let word = if is_by_uid { words.next().unwrap_or_default() } else { word };
        let kinds: &[Kind] = match word {
            "FETCH" | "STORE" => &[Kind::Fetch],
            "LIST" => &[Kind::Folder, Kind::Counts],
            "LSUB" => &[Kind::Folder],
            "STATUS" => &[Kind::Counts],
            "NAMESPACE" => &[Kind::Namespace],
            "ID" => &[Kind::Id],
            "ENABLE" => &[Kind::Enabled],
            "GETQUOTAROOT" => &[Kind::Quota],
            "SEARCH" => &[Kind::Found],
            _ => &[],
        };
        let set = words.next().filter(|_| word == "FETCH");
        Self { kinds, data: set.and_then(|set| DataWish::of((set, is_by_uid), text)) }
    }

    /// The same, without messages that are longer than this.
    pub(in crate::imap) fn at_most(self, bytes: usize) -> Self {
        Self { data: self.data.map(|data| data.at_most(bytes)), ..self }
    }
}

/// What all pending commands requested.
#[derive(Debug, Default)]
pub(in crate::imap) struct Asked {
    kinds: [u32; Kind::Unknown as usize + 1],
    data: AskedData,
}

impl Asked {
    /// A command is about to be sent.
    pub(in crate::imap) fn begin(&mut self, wish: &Wish) {
        for kind in wish.kinds {
            if let Some(count) = self.kinds.get_mut(*kind as usize) {
                *count = count.saturating_add(1);
            }
        }
        wish.data.iter().for_each(|data| self.data.begin(data));
    }

    /// A command was answered.
    pub(in crate::imap) fn end(&mut self, wish: &Wish) {
        for kind in wish.kinds {
            if let Some(count) = self.kinds.get_mut(*kind as usize) {
                *count = count.saturating_sub(1);
            }
        }
        wish.data.iter().for_each(|data| self.data.end(data));
    }

    /// Whether a reply of this kind is wanted.
    pub(in crate::imap) fn wants(&self, kind: Kind) -> bool {
        kind == Kind::Told || self.kinds.get(kind as usize).is_some_and(|count| *count > 0)
    }

    /// Whether this message data is wanted of the message with this UID, as far as that is known.
    pub(in crate::imap) fn fit(&self, uid: Option<u32>, holds: Holds, length: usize) -> Fit {
        self.data.fit(uid, holds, length)
    }
}

/// Messages that come although nobody asked for them, or once more, and their bytes, before the server is taken for
/// hostile.
const MAX_UNASKED: u32 = 1_000;
const MAX_UNASKED_BYTES: usize = 32 << 20;

/// Messages whose bytes were requested.
#[derive(Debug, Default)]
pub(in crate::imap) struct AskedBodies {
    asked: BTreeMap<u32, Awaited>,
    unasked: u32,
    unasked_bytes: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Awaited {
    /// The beginning of it, and not the whole message.
    is_beginning: bool,
    has_come: bool,
}

/// What a message that has come is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Came {
    /// The answer to a question.
    First,
    /// Another answer to it.
    Again,
    /// No answer.
    Unasked,
}

impl AskedBodies {
    /// Messages that are about to be asked for; where nothing else is under way, what has not come will not come.
    pub(in crate::imap) fn ask<U: Uid>(&mut self, uids: &[U], (is_beginning, is_quiet): (bool, bool)) {
        if is_quiet {
            self.asked.clear();
        }
        let awaited = Awaited { is_beginning, has_come: false };
        self.asked.extend(uids.iter().map(|uid| ((*uid).into(), awaited)));
    }

    /// What these bytes of a message are, which begin at this place of it; an error where too many come that were not
    /// asked for.
    pub(in crate::imap) fn take(
        &mut self,
        uid: u32,
        (origin, bytes): (Option<u32>, usize),
    ) -> Result<Came, ImapError> {
        let fits = |awaited: &&mut Awaited| match origin {
            None => true,
            Some(place) => awaited.is_beginning && place == 0,
        };
        let came = match self.asked.get_mut(&uid).filter(fits) {
            Some(awaited) if !awaited.has_come => {
                awaited.has_come = true;
                return Ok(Came::First);
            }
            Some(_) => Came::Again,
            None => Came::Unasked,
        };
        self.drop_unasked(bytes)?;
        Ok(came)
    }

    /// An unrequested message, or part of one, arrived.
    pub(in crate::imap) fn drop_unasked(&mut self, bytes: usize) -> Result<(), ImapError> {
        self.unasked += 1;
        self.unasked_bytes = self.unasked_bytes.saturating_add(bytes);
        if self.unasked > MAX_UNASKED || self.unasked_bytes > MAX_UNASKED_BYTES {
            return Err(ImapError::Hostile("endless unrequested messages"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_commands_ask_for_is_wanted() {
        let body = |asked: &Asked| asked.fit(Some(1), Holds::Body(None), 5);
        let mut asked = Asked::default();
        let bodies = Wish::of("UID FETCH 1:9 (UID BODY.PEEK[])");
        let lists = Wish::of("LIST \"\" \"*\" RETURN (STATUS (MESSAGES))");
        assert!(!asked.wants(Kind::of(b"* 1 FETCH (UID 1 BODY[] {5}\r\n")) && body(&asked) == Fit::Unasked);
        asked.begin(&bodies);
        asked.begin(&lists);
        for line in [&b"* 1 FETCH (UID 1)\r\n"[..], b"* LIST () NIL a\r\n", b"* status a (MESSAGES 1)\r\n"] {
            assert!(asked.wants(Kind::of(line)));
        }
        assert_eq!(body(&asked), Fit::Wanted);
        for line in [&b"* ID NIL\r\n"[..], b"* SEARCH 1 2\r\n", b"* XYZZY\r\n", b"* \r\n", b"* ESEARCH x\r\n"]
        {
            assert!(!asked.wants(Kind::of(line)), "{}", String::from_utf8_lossy(line));
        }
        asked.end(&bodies);
        asked.end(&lists);
        assert!(!asked.wants(Kind::Fetch) && !asked.wants(Kind::Folder) && body(&asked) == Fit::Unasked);
    }

    #[test]
    fn what_servers_may_always_say_is_wanted() {
        let asked = Asked::default();
        for line in [
            &b"* OK hi\r\n"[..],
            b"* 3 EXISTS\r\n",
            b"* bye now\r\n",
            b"* VANISHED 3\r\n",
            b"* CAPABILITY IMAP4rev1\r\n",
            b"+ go on\r\n",
            b"F1 OK\r\n",
            b"220 smtp.example\r\n",
        ] {
            assert!(asked.wants(Kind::of(line)), "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn unrequested_messages_are_dropped_up_to_a_limit() {
        let mut bodies = AskedBodies::default();
        bodies.ask(&[3, 5], (false, true));
        assert_eq!(bodies.take(5, (Some(0), 10)).unwrap(), Came::Unasked, "a piece is not the whole");
        assert_eq!(bodies.take(5, (None, 10)).unwrap(), Came::First);
        assert_eq!(bodies.take(5, (None, 10)).unwrap(), Came::Again);
        assert_eq!(bodies.take(70_000, (None, 10)).unwrap(), Came::Unasked);
        bodies.ask(&[5], (true, false));
        assert_eq!(bodies.take(3, (None, 10)).unwrap(), Came::First);
        assert_eq!(bodies.take(5, (Some(7), 10)).unwrap(), Came::Unasked, "another piece");
        assert_eq!(bodies.take(5, (Some(0), 10)).unwrap(), Came::First);
        let dropped = (0..u64::MAX).take_while(|_| bodies.take(9, (None, 1)).is_ok()).count();
        assert_eq!(dropped, MAX_UNASKED as usize - 4);
        assert!(AskedBodies::default().take(1, (None, MAX_UNASKED_BYTES + 1)).is_err());
    }
}
