//! One large message on its way past the readers: its bytes are taken out piece by piece, so that memory stays bounded.

use super::{Gate, Literal};

/// Bytes that wait before they are taken and nothing more is read.
const MOST_WAITING: usize = 256 << 10;

/// Takes the bytes of one message out of the reply that brings it; the reply then says NIL in their place.
#[derive(Debug)]
pub(super) struct Pour {
    uid: u32,
    most_bytes: usize,
    waiting: Vec<u8>,
    /// Length of the message, once its literal has begun.
    length: Option<usize>,
    /// Length of a message beyond `most_bytes`, which was left out.
    beyond: Option<usize>,
    /// It has come a second time.
    is_contrary: bool,
}

impl Pour {
    pub(super) const fn new(uid: u32, most_bytes: usize) -> Self {
        Self { uid, most_bytes, waiting: Vec::new(), length: None, beyond: None, is_contrary: false }
    }

    /// What happens to a literal that follows on this text: `None` where it is not the message that is waited for. Notes
    /// its length.
    pub(super) fn begins(&mut self, text: &[u8], length: usize) -> Option<Literal> {
        if !self.is_ours(text) {
            return None;
        }
        if self.length.is_some() || self.beyond.is_some() {
            // Nobody knows which of them it is.
            self.is_contrary = true;
            return Some(Literal::LeftOut);
        }
        if length > self.most_bytes {
            self.beyond = Some(length);
            return Some(Literal::LeftOut);
        }
        self.length = Some(length);
        Some(Literal::Poured)
    }

    /// `* 5 FETCH (UID 7 BODY[] `: of another message where it names another UID.
    fn is_ours(&self, text: &[u8]) -> bool {
        let text = text.trim_ascii_end().to_ascii_uppercase();
        if !text.ends_with(b"BODY[]") {
            return false;
        }
        let text = String::from_utf8_lossy(&text);
        let mut words = text.split([' ', '(']);
        match words.by_ref().find(|word| *word == "UID").and_then(|_| words.next()) {
            Some(uid) => uid.parse() == Ok(self.uid),
            None => true,
        }
    }

    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
    }

    /// Where the next bytes may be put, and how many: at least one, as long as it is not full.
    pub(super) fn room(&mut self) -> (&mut Vec<u8>, usize) {
        let room = MOST_WAITING.saturating_sub(self.waiting.len());
        self.waiting.reserve_exact(room);
        (&mut self.waiting, room)
    }

    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.waiting)
    }

    pub(super) const fn is_full(&self) -> bool {
        self.waiting.len() >= MOST_WAITING
    }

    pub(super) const fn outcome(&self) -> Poured {
        Poured { length: self.length, beyond: self.beyond, is_contrary: self.is_contrary }
    }
}

impl<S> Gate<S> {
    /// From now on takes the bytes of this message out of the reply that brings it, as far as they are not more than this.
    pub(in crate::imap) fn pour(&mut self, uid: u32, most_bytes: usize) {
        self.pour = Some(Pour::new(uid, most_bytes));
    }

    /// The bytes that have come since the last time.
    pub(in crate::imap) fn take_poured(&mut self) -> Vec<u8> {
        self.pour.as_mut().map(Pour::take).unwrap_or_default()
    }

    /// Whether the buffer is full, so that nothing more is read until it is drained.
    pub(in crate::imap) fn is_pour_full(&self) -> bool {
        self.pour.as_ref().is_some_and(Pour::is_full)
    }

    /// Replies are whole again; what came of it.
    pub(in crate::imap) fn end_pour(&mut self) -> Poured {
        self.pour.take().map(|pour| pour.outcome()).unwrap_or_default()
    }

    /// What happens to the literal behind this text, where somebody waits for that message.
    pub(super) fn poured(&mut self, text: &[u8], length: usize) -> Option<Literal> {
        let pour = self.pour.as_mut()?;
        pour.begins(&[self.reply.bytes.as_slice(), text].concat(), length)
    }

    /// Removes this many bytes of the literal.
    pub(super) fn pour_out(&mut self, length: usize) {
        if self.reply.literal == Literal::Poured
            && let Some(pour) = &mut self.pour
        {
            pour.put(self.input.get(self.start..self.start + length).unwrap_or_default());
        }
    }
}

/// What came of a message that was taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) struct Poured {
    /// Its length; `None` where no literal came.
    pub(in crate::imap) length: Option<usize>,
    /// The length of one that was beyond what was agreed on, and was left out.
    pub(in crate::imap) beyond: Option<usize>,
    /// Whether it has come more than once.
    pub(in crate::imap) is_contrary: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_message_that_was_asked_for_is_taken_out_and_once() {
        let mut pour = Pour::new(7, 100);
        assert_eq!(pour.begins(b"* 5 FETCH (UID 8 BODY[] ", 10), None, "another message");
        assert_eq!(pour.begins(b"* 5 FETCH (UID 7 BODY[HEADER] ", 10), None, "another part");
        assert_eq!(pour.begins(b"* 5 FETCH (UID 7 BODY[]<0> ", 10), None, "a piece");
        let begun = pour.begins(b"* 5 FETCH (body[] ", 10);
        assert_eq!(begun, Some(Literal::Poured), "the UID may come behind it");
        assert!(!pour.outcome().is_contrary);
        assert_eq!(pour.begins(b"* 5 FETCH (UID 7 BODY[] ", 10), Some(Literal::LeftOut), "a second time");
        assert!(pour.outcome().is_contrary);
        let mut long = Pour::new(7, 100);
        assert_eq!(long.begins(b"* 5 FETCH (UID 7 BODY[] ", 101), Some(Literal::LeftOut));
        assert_eq!(long.outcome(), Poured { length: None, beyond: Some(101), is_contrary: false });
        pour.put(b"0123456789");
        assert_eq!((pour.take().len(), pour.take().len()), (10, 0));
        assert_eq!(pour.outcome().length, Some(10));
    }
}
