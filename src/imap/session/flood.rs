//! Answers about messages, which are no more than there are messages.

use super::{Reply, Session};

/// Answers beside those about each message of the folder: flags that others change meanwhile.
const MORE_ANSWERS: u64 = 10_000;
/// Answers about each message: what was asked for, and its flags.
const ANSWERS_EACH: u64 = 2;

/// What has come since the last command was answered.
#[derive(Debug, Default)]
pub(super) struct Flood {
    answers: u64,
    numbers: u64,
}

impl Session {
    /// Ends the connection at the answers about more messages than the folder has. Whoever gathers them would fill the
    /// memory.
    pub(super) fn heed_flood(&mut self, reply: &Reply) {
        match reply {
            Reply::Fetch(_) => self.flood.answers += 1,
            Reply::Search(numbers) => self.flood.numbers += numbers.len() as u64,
            _ => return,
        }
        let messages = u64::from(self.exists) + u64::from(self.expunged);
        let most = messages * ANSWERS_EACH + MORE_ANSWERS;
        if self.flood.answers > most || self.flood.numbers > most {
            self.gate.condemn("answers about more messages than there are");
        }
    }
}
