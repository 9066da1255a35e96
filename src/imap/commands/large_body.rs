//! Large messages, fetched whole or in pieces and passed on piecemeal, so that memory stays bounded.
//!
//! The two are different ways to the same bytes. A server that fails on one of them, or cuts a message on it, mostly
//! does not on the other.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::limits::Limits;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;
use crate::imap::session::pending::{Step, refused_unless_whole};
use crate::values::Uid;

/// Bytes asked for with one piece: little enough that each answer is held whole, whatever its form.
const PIECE_LENGTH: u32 = 192 << 10;
/// Bytes prefetched in pieces, and the number of these pieces.
const AHEAD_BYTES: u64 = 2 << 20;
const AHEAD_PIECES: usize = 32;
/// Bytes to request when the only question is whether there are any.
const MORE_LENGTH: u32 = 16;
/// Empty answers at one offset after which it counts as the end of the message.
const EMPTY_AT_END: u32 = 2;
/// The most that one command may fetch whole, in bytes.
pub const MOST_WHOLE_BYTES: u64 = 128 << 20;

/// How the transfer of a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At its end, as far as this method shows.
    End,
    /// Nothing arrived: the message is gone, or the server does not return it this way.
    Nothing,
    /// More would have come than was agreed on.
    Beyond,
    /// The server answers in a form that says nothing certain.
    Unclear,
    /// The server gives several answers to one question.
    Contrary,
}

/// A message fetched whole.
#[derive(Debug)]
pub struct WholeReading {
    uid: u32,
    tag: Tag,
    bytes: u64,
    has_come: bool,
    /// It arrived a second time.
    is_contrary: bool,
    ending: Option<Ending>,
}

impl WholeReading {
    /// How it ended, once nothing more comes.
    pub fn ending(&self) -> Ending {
        self.ending.unwrap_or(Ending::Nothing)
    }
}

/// A message fetched in pieces.
#[derive(Debug)]
pub struct PieceReading {
    uid: u32,
    /// What the server has announced; a hint, as many servers only estimate.
    announced: u64,
    most_bytes: u64,
    /// Up to here the message is known.
    reached: u64,
    step: u32,
    asked: VecDeque<Asked>,
    arrived: BTreeMap<u64, Vec<u8>>,
    /// A piece has come twice, with other bytes.
    is_contrary: bool,
    /// Answers without bytes at `reached`.
    empty: u32,
    ending: Option<Ending>,
}

#[derive(Debug)]
struct Asked {
    offset: u64,
    length: u32,
    tag: Tag,
}

/// What the server gives for one piece.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Bytes(Vec<u8>),
    /// NIL, or no word about it.
    None,
    /// Bytes without the place where they begin.
    WithoutPlace,
    /// More bytes than were asked for.
    TooLong,
    /// Several answers.
    Contrary,
}

impl PieceReading {
    const fn new(uid: u32, announced: u64, most_bytes: u64) -> Self {
        Self {
            uid,
            announced,
            most_bytes,
            reached: 0,
            step: PIECE_LENGTH,
            asked: VecDeque::new(),
            arrived: BTreeMap::new(),
            is_contrary: false,
            empty: 0,
            ending: None,
        }
    }

    /// How it ended, once nothing more comes.
    pub fn ending(&self) -> Ending {
        self.ending.unwrap_or(Ending::Nothing)
    }

    /// The offset and length of the next piece to request; `None` if enough are pending.
    fn next_question(&self) -> Option<(u64, u32)> {
        let most = usize::try_from(AHEAD_BYTES / u64::from(self.step)).unwrap_or(AHEAD_PIECES);
        // After an empty answer only the same offset is requested again.
        let most = if self.empty > 0 { 1 } else { most.clamp(2, AHEAD_PIECES) };
        if self.asked.len() >= most || self.asked.back().is_some_and(|last| last.offset >= self.end()) {
            return None;
        }
        let offset = self.asked.back().map_or(self.reached, |last| last.offset + u64::from(last.length));
        // A piece that ends where the message is said to end, then the answer there, which has to be empty.
        let left = u32::try_from(self.end().saturating_sub(offset)).unwrap_or(u32::MAX);
        let length = if offset < self.end() { self.step.min(left) } else { self.step };
        Some((offset, length))
    }

    /// The stated end of the message; if there is none, it continues.
    const fn end(&self) -> u64 {
        if self.announced == 0 { u64::MAX } else { self.announced }
    }

    /// Takes the answer for the piece at the place reached. Its bytes, where there are any.
    fn take(&mut self, asked: u32, piece: Piece) -> Option<Vec<u8>> {
        match piece {
            Piece::Bytes(bytes) if bytes.len() > asked as usize => self.end_with(Ending::Unclear),
            Piece::Bytes(bytes) if !bytes.is_empty() => {
                let length = bytes.len() as u64;
                self.reached += length;
                self.empty = 0;
                if self.reached > self.most_bytes {
                    return self.end_with(Ending::Beyond);
                }
                if length < u64::from(asked) && self.reached != self.announced {
                    // A server that returns only part of a piece.
                    self.step = u32::try_from(length).unwrap_or(PIECE_LENGTH);
                }
                Some(bytes)
            }
            Piece::WithoutPlace => self.end_with(Ending::Unclear),
            Piece::TooLong => self.end_with(Ending::Beyond),
            Piece::Contrary => self.end_with(Ending::Contrary),
            Piece::None if self.reached == 0 => self.end_with(Ending::Nothing),
            Piece::Bytes(_) | Piece::None => {
                self.empty += 1;
                // The end is nowhere but at an empty answer at the very place reached, twice where it was not announced.
                if self.reached == self.announced || self.empty >= EMPTY_AT_END {
                    return self.end_with(Ending::End);
                }
                None
            }
        }
    }

    const fn end_with(&mut self, ending: Ending) -> Option<Vec<u8>> {
        self.ending = Some(ending);
        None
    }
}

impl Session {
    /// Asks for a whole message; its bytes come from [`Self::next_of_whole`]. A longer one than agreed on is left out.
    pub fn ask_whole(&mut self, uid: impl Uid, most_bytes: u64) -> WholeReading {
        let uid = uid.into();
        let most = most_bytes.min(MOST_WHOLE_BYTES).min(Limits::default().literal_bytes as u64);
        self.begin_pour(uid, usize::try_from(most).unwrap_or(usize::MAX));
        let tag = self.submit(&format!("UID FETCH {uid} (UID BODY.PEEK[])"));
        WholeReading { uid, tag, bytes: 0, has_come: false, is_contrary: false, ending: None }
    }

    /// The next bytes; `None` at the end.
    ///
    /// Cancellation safe: what has come is counted in `reading`, and nothing of it is lost.
    pub async fn next_of_whole(&mut self, reading: &mut WholeReading) -> Result<Option<Vec<u8>>, ImapError> {
        while reading.ending.is_none() {
            if let Some(completion) = self.take_completed(reading.tag) {
                let poured = self.end_pour();
                refused_unless_whole("FETCH", completion)?;
                let is_whole = poured.length.is_none_or(|length| length as u64 == reading.bytes);
                reading.ending = Some(match poured.beyond {
                    _ if reading.is_contrary || poured.is_contrary => Ending::Contrary,
                    Some(_) if reading.bytes == 0 => Ending::Beyond,
                    _ if reading.has_come && is_whole => Ending::End,
                    _ => Ending::Nothing,
                });
                break;
            }
            let (mut bytes, reply) = self.next_poured().await?;
            match reply {
                Some(Reply::Tagged(tag, completion)) => self.keep_completed(tag, completion),
                Some(Reply::Fetch(item)) if item.uid == Some(reading.uid) => {
                    reading.has_come |= reading.bytes > 0 || !bytes.is_empty();
                    match item.body {
                        // Short ones may come as a string.
                        Some(body) if !reading.has_come && item.origin.is_none() => {
                            (bytes, reading.has_come) = (body, true);
                        }
                        Some(other) => {
                            reading.is_contrary |= item.origin.is_none();
                            self.bodies.drop_unasked(other.len())?;
                        }
                        None => {}
                    }
                }
                Some(Reply::Fetch(item)) => {
                    if let Some(other) = item.body {
                        self.bodies.drop_unasked(other.len())?;
                    }
                }
                _ => {}
            }
            if !bytes.is_empty() {
                reading.bytes += bytes.len() as u64;
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Begins to read a message in pieces; its bytes come from [`Self::next_piece`]. `announced` is its size as listed.
    pub fn ask_pieces(uid: impl Uid, announced: u64, most_bytes: u64) -> PieceReading {
        PieceReading::new(uid.into(), announced, most_bytes)
    }

    /// The next bytes; `None` at the end.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn next_piece(&mut self, reading: &mut PieceReading) -> Result<Option<Vec<u8>>, ImapError> {
        while reading.ending.is_none() {
            while let Some((offset, length)) = reading.next_question() {
                let Ok(from) = u32::try_from(offset) else { break };
                let uid = reading.uid;
                let tag = self.submit(&format!("UID FETCH {uid} (UID BODY.PEEK[]<{from}.{length}>)"));
                reading.asked.push_back(Asked { offset, length, tag });
            }
            let Some(first) = reading.asked.pop_front() else {
                // Places beyond four gigabytes have no number.
                reading.ending = Some(Ending::Beyond);
                break;
            };
            let piece = self.collect_piece(reading, &first).await?;
            let bytes = reading.take(first.length, piece);
            let is_next = reading.asked.front().is_none_or(|next| next.offset == reading.reached);
            if !is_next || reading.empty > 0 || reading.ending.is_some() {
                // The prefetched piece does not begin where the message continues.
                for stale in std::mem::take(&mut reading.asked) {
                    self.collect_piece(reading, &stale).await?;
                }
                reading.arrived.clear();
            }
            if reading.ending == Some(Ending::End)
                && reading.reached != reading.announced
                && !self.is_listed(reading.uid).await?
            {
                // It went away half-way.
                reading.ending = Some(Ending::Nothing);
            }
            if bytes.is_some() {
                return Ok(bytes);
            }
        }
        Ok(None)
    }

    /// Whether the server has bytes of a message behind this place.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn has_more(&mut self, uid: impl Uid, offset: u64) -> Result<bool, ImapError> {
        Ok(self.have_more(&[(uid, offset)]).await?.contains(&uid))
    }

    /// Those of these messages of which the server has bytes behind the place that is given with each. Asked for at once;
    /// needs a connection without requests under way.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn have_more<U: Uid>(&mut self, places: &[(U, u64)]) -> Result<BTreeSet<U>, ImapError> {
        let mut found = BTreeSet::new();
        for places in places.chunks(AHEAD_PIECES) {
            let mut questions = Vec::with_capacity(places.len());
            for (uid, offset) in places {
                let Ok(from) = u32::try_from(*offset) else { continue };
                let tag = self.submit(&format!("UID FETCH {uid} (UID BODY.PEEK[]<{from}.{MORE_LENGTH}>)"));
                let asked = Asked { offset: *offset, length: MORE_LENGTH, tag };
                questions.push((PieceReading::new((*uid).into(), 0, u64::MAX), asked));
            }
            self.collect_more(questions, &mut found).await?;
        }
        Ok(found.into_iter().map(U::from).collect())
    }

    async fn collect_more(
        &mut self,
        questions: Vec<(PieceReading, Asked)>,
        found: &mut BTreeSet<u32>,
    ) -> Result<(), ImapError> {
        // What is answered early belongs to another of the questions.
        let places: BTreeMap<u32, u64> =
            questions.iter().map(|(reading, asked)| (reading.uid, asked.offset)).collect();
        for (_, asked) in questions {
            let completion = loop {
                match self.step(asked.tag).await? {
                    Step::End(completion) => break completion,
                    Step::Reply(Reply::Fetch(item)) => {
                        let Some(uid) = item.uid else { continue };
                        // Some do not say which piece it is.
                        let is_asked = places
                            .get(&uid)
                            .is_some_and(|asked| item.origin.is_none_or(|place| u64::from(place) == *asked));
                        let has_bytes = item.is_too_long || item.body.is_some_and(|body| !body.is_empty());
                        if is_asked && has_bytes {
                            found.insert(uid);
                        }
                    }
                    Step::Reply(_) => {}
                }
            };
            match refused_unless_whole("FETCH", completion) {
                Ok(()) | Err(ImapError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads to the end of the request for one piece. Servers that join pipelined commands (Dovecot) send the next piece
    /// before that end, so pieces go by their own place.
    async fn collect_piece(&mut self, reading: &mut PieceReading, asked: &Asked) -> Result<Piece, ImapError> {
        let (mut is_without_place, mut is_too_long) = (false, false);
        let places: Vec<u64> = reading.asked.iter().map(|asked| asked.offset).chain([asked.offset]).collect();
        let completion = loop {
            let item = match self.step(asked.tag).await? {
                Step::End(completion) => break completion,
                Step::Reply(Reply::Fetch(item)) => item,
                Step::Reply(_) => continue,
            };
            let (is_ours, place) = (item.uid == Some(reading.uid), item.origin.map(u64::from));
            if is_ours && item.is_too_long {
                is_without_place |= place.is_none();
                is_too_long |= place.is_some();
            }
            let Some(body) = item.body else { continue };
            match place {
                _ if !is_ours => self.bodies.drop_unasked(body.len())?,
                Some(place) if places.contains(&place) => match reading.arrived.get(&place) {
                    None => {
                        reading.arrived.insert(place, body);
                    }
                    Some(other) => {
                        reading.is_contrary |= *other != body;
                        self.bodies.drop_unasked(body.len())?;
                    }
                },
                None if !is_without_place => is_without_place = true,
                // Unrequested or repeated pieces would fill the memory.
                _ => self.bodies.drop_unasked(body.len())?,
            }
        };
        refused_unless_whole("FETCH", completion)?;
        Ok(match reading.arrived.remove(&asked.offset) {
            _ if reading.is_contrary => Piece::Contrary,
            Some(bytes) => Piece::Bytes(bytes),
            None if is_too_long => Piece::TooLong,
            None if is_without_place => Piece::WithoutPlace,
            None => Piece::None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server with a message of so many bytes, as a function of place and length.
    fn read(announced: u64, server: impl Fn(u64, u32) -> Piece) -> (u64, Ending) {
        let mut reading = PieceReading::new(1, announced, announced + (4 << 20));
        let mut bytes = 0;
        while reading.ending.is_none() {
            while let Some((offset, length)) = reading.next_question() {
                reading.asked.push_back(Asked { offset, length, tag: Tag::of(0) });
            }
            let first = reading.asked.pop_front().unwrap();
            assert_eq!(first.offset, reading.reached, "no place is left out and none comes twice");
            let piece = server(first.offset, first.length);
            bytes += reading.take(first.length, piece).map_or(0, |piece| piece.len() as u64);
            let is_next = reading.asked.front().is_none_or(|next| next.offset == reading.reached);
            if !is_next || reading.empty > 0 {
                reading.asked.clear();
            }
        }
        (bytes, reading.ending())
    }

    fn piece(message: u64, offset: u64, length: u64) -> Piece {
        Piece::Bytes(vec![b'x'; usize::try_from(message.saturating_sub(offset).min(length)).unwrap()])
    }

    #[test]
    fn a_server_that_hands_out_less_of_a_piece_than_asked_for_cuts_nothing() {
        for message in [1_u64, 1_000, 192 << 10, (192 << 10) + 1, 1 << 20, 1_500_000, 3 << 20] {
            for most in [900, 4_096, 100_000, 191 << 10, 1 << 20] {
                for announced in [message, 0, message - 1, message + 1, message + message / 9, message / 2] {
                    let (bytes, ending) =
                        read(announced, |offset, length| piece(message, offset, most.min(u64::from(length))));
                    assert_eq!((bytes, ending), (message, Ending::End), "{message} {most} {announced}");
                }
            }
        }
    }

    #[test]
    fn an_empty_answer_ahead_of_the_place_reached_is_no_end() {
        // The first answer at each place is empty, once.
        let seen = std::cell::RefCell::new(BTreeSet::new());
        let (bytes, ending) = read(2 << 20, |offset, length| {
            if offset > 0 && seen.borrow_mut().insert(offset) {
                return Piece::None;
            }
            piece(2 << 20, offset, u64::from(length))
        });
        assert_eq!((bytes, ending), (2 << 20, Ending::End));
    }

    #[test]
    fn what_says_nothing_certain_is_distinguished_from_an_end() {
        let (_, ending) = read(1 << 20, |_, _| Piece::WithoutPlace);
        assert_eq!(ending, Ending::Unclear);
        let (_, ending) = read(1 << 20, |_, length| Piece::Bytes(vec![0; length as usize + 1]));
        assert_eq!(ending, Ending::Unclear);
        let (_, ending) = read(1 << 20, |_, _| Piece::None);
        assert_eq!(ending, Ending::Nothing);
        // Padded for ever.
        let (bytes, ending) = read(1 << 20, |_, length| Piece::Bytes(vec![0; length as usize]));
        assert!(bytes <= 5 << 20 && ending == Ending::Beyond, "{bytes}");
    }
}
