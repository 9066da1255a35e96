//! Test messages of the switch: told by their subject, in the inbox or in a junk folder.

use std::collections::HashSet;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::searches::Wanted;
use super::{EvidenceMailbox, Found, MailboxBounds, Shared, Teller, WAITING, look_through_all};
use crate::audit::message::{MessageFacts, read_message};
use crate::survey::evidence::EvidenceError;
use crate::values::UnixTime;

/// The inbox, and where a filter puts what it doubts.
const FOLDERS: usize = 4;
/// A test of last week says nothing about the records of today.
const DAYS: u32 = 7;
/// Time for one mailbox: somebody waits for it.
const TIME: Duration = Duration::from_mins(1);

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct FoundTests {
    /// The messages, the newest first; each is named after the mailbox and the folder.
    pub messages: Vec<MessageFacts>,
    /// Mailboxes that were not read, or not whole.
    pub troubles: Vec<MailboxTrouble>,
}

/// Why a mailbox was not read, or not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxTrouble {
    /// Which one.
    pub address: String,
    /// Sentences without their end.
    pub words: Vec<String>,
}

/// Looks for messages of the last seven days whose subject holds `mark`. Nothing changes in the mailboxes, and no other message
/// is fetched. At most five come from each of them.
///
/// # Errors
/// On cancellation alone; a mailbox that cannot be read is among the troubles.
pub async fn find_test_messages(
    mailboxes: &[EvidenceMailbox],
    mark: &str,
    now: UnixTime,
    cancel: &CancellationToken,
) -> Result<FoundTests, EvidenceError> {
    let (sender, mut receiver) = mpsc::channel::<Found>(WAITING);
    let bounds = MailboxBounds { folders: FOLDERS, days: DAYS, time: TIME, ..MailboxBounds::default() };
    let mut nobody = |_progress| {};
    let shared = Shared {
        bounds: &bounds,
        wanted: Wanted::marked(mark, bounds.days, now),
        now,
        found: sender,
        met: Mutex::new(HashSet::new()),
        teller: Mutex::new(Teller { progress: &mut nobody, done: 0, total: mailboxes.len() }),
    };
    let reading = async {
        let mut found = Vec::new();
        while let Some(one) = receiver.recv().await {
            found.push((one.at, read_message(&one.place, &one.raw)));
        }
        found
    };
    let looking = async {
        let troubles = look_through_all(mailboxes, &shared, cancel).await;
        // The reader ends when nobody can send any more.
        drop(shared);
        troubles
    };
    let (mut found, troubles) = tokio::join!(reading, looking);
    let told = mailboxes.iter().zip(troubles?).filter(|(_, words)| !words.is_empty());
    let trouble = |(mailbox, words): (&EvidenceMailbox, Vec<String>)| MailboxTrouble {
        address: mailbox.address.clone(),
        words,
    };
    let troubles = told.map(trouble).collect();
    found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    Ok(FoundTests { messages: found.into_iter().map(|(_, message)| message).collect(), troubles })
}
