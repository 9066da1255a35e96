//! Answers about messages, which are no more than there are messages.

use super::{Reply, Session};

/// Replies in addition to those about each message of the folder, for flags that others change meanwhile.
const MORE_ANSWERS: u64 = 10_000;
/// Answers about each message: what was asked for, and its flags.
const ANSWERS_EACH: u64 = 2;
/// Messages that are counted of a folder, however many the server announces; the largest known ones hold some millions.
const MOST_MESSAGES: u64 = 5_000_000;

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
        let most = most_answers(u64::from(self.exists) + u64::from(self.expunged));
        if self.flood.answers > most || self.flood.numbers > most {
            self.gate.condemn("answers about more messages than exist");
        }
    }
}

/// How many replies a folder of this many messages may cause.
const fn most_answers(announced: u64) -> u64 {
    let messages = if announced < MOST_MESSAGES { announced } else { MOST_MESSAGES };
    messages * ANSWERS_EACH + MORE_ANSWERS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_no_folder_has_does_not_lift_the_bound() {
        assert_eq!(most_answers(3), 10_006);
        assert_eq!(most_answers(1_000_000), 2_010_000);
        assert_eq!(most_answers(u64::from(u32::MAX)), most_answers(MOST_MESSAGES));
    }
}
