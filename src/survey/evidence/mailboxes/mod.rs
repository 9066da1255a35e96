//! Reads evidence from mailboxes over IMAP: bounces, reports, complaints, and a few of the domain's own messages as they
//! arrived.
//!
//! Nothing changes there (EXAMINE, BODY.PEEK). The server searches if it can, and everything has a bound: days, messages, bytes, time.
//! What is wrong with one mailbox is told with it, and the others are read all the same.

pub(super) mod header;
mod one_mailbox;
mod reader;
mod searches;
mod test_messages;

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{EvidenceError, EvidenceSubject};
use crate::audit::evidence::EvidenceFacts;
use crate::imap::Access;
use crate::values::UnixTime;
use one_mailbox::look_through;
use reader::Judged;
use searches::{Sought, Wanted};
pub use test_messages::{FoundTests, MailboxTrouble, find_test_messages};

/// Messages that may wait for the reader; each may have [`MailboxBounds::message_bytes`].
const WAITING: usize = 2;

/// A mailbox to be read.
#[derive(Clone, Debug)]
pub struct EvidenceMailbox {
    /// Its name in the results.
    pub address: String,
    /// How to sign in; `None` if no password is known.
    pub access: Option<Access>,
}

/// The limits of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MailboxBounds {
    /// How many days back to look.
    pub days: u32,
    /// Bounces and complaints of one mailbox.
    pub notices: usize,
    /// Reports of one mailbox.
    pub reports: usize,
    /// The domain's own messages in one mailbox.
    pub received: usize,
    /// Test messages of one mailbox.
    pub tests: usize,
    /// Bytes of one message; larger ones are not read.
    pub message_bytes: u64,
    /// Bytes of all messages of one mailbox.
    pub bytes: u64,
    /// Headers that are looked at in one mailbox whose server does not search.
    pub headers: usize,
    /// Folders of one mailbox.
    pub folders: usize,
    /// Time for one mailbox.
    pub time: Duration,
    /// Mailboxes that are read at the same time.
    pub parallel: usize,
}

impl Default for MailboxBounds {
    fn default() -> Self {
        Self {
            days: 90,
            notices: 500,
            reports: 1_000,
            received: 40,
            tests: 5,
            message_bytes: 8 << 20,
            bytes: 100 << 20,
            headers: 20_000,
            folders: 60,
            time: Duration::from_mins(5),
            parallel: 4,
        }
    }
}

/// Progress of the reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailboxProgress {
    /// Mailboxes read so far.
    pub done: usize,
    /// All of them.
    pub total: usize,
    /// The mailbox and the folder that are being read.
    pub what: String,
}

/// A message that the search found.
#[derive(Debug)]
struct Found {
    /// The index of the mailbox.
    mailbox: usize,
    sought: Sought,
    /// Where it lies, in words.
    place: String,
    /// When it arrived.
    at: UnixTime,
    raw: Vec<u8>,
}

/// What the mailboxes share.
struct Shared<'a> {
    bounds: &'a MailboxBounds,
    wanted: Wanted,
    now: UnixTime,
    found: mpsc::Sender<Found>,
    /// Hashes of the Message-IDs seen: several mailboxes may have the same report.
    met: Mutex<HashSet<u64>>,
    teller: Mutex<Teller<'a>>,
}

struct Teller<'a> {
    progress: &'a mut (dyn FnMut(MailboxProgress) + Send),
    done: usize,
    total: usize,
}

impl<'a> Shared<'a> {
    fn teller(&self) -> MutexGuard<'_, Teller<'a>> {
        // Progress is still usable after a panic.
        self.teller.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, what: String) {
        let mut teller = self.teller();
        let (done, total) = (teller.done, teller.total);
        (teller.progress)(MailboxProgress { done, total, what });
    }

    fn tell_done(&self, address: &str) {
        self.teller().done += 1;
        self.tell(address.to_owned());
    }
}

/// Reads mailboxes as evidence about a domain. The moment of the subject is the end of the days that count.
///
/// # Errors
/// Only on cancellation; an unreadable mailbox is a source with a problem.
pub async fn read_mailboxes(
    subject: &EvidenceSubject<'_>,
    mailboxes: &[EvidenceMailbox],
    bounds: &MailboxBounds,
    progress: &mut (dyn FnMut(MailboxProgress) + Send),
    cancel: &CancellationToken,
) -> Result<EvidenceFacts, EvidenceError> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let reading = {
        let (domain, counted, cancel) = (subject.domain.clone(), subject.counted(), cancel.clone());
        tokio::task::spawn_blocking(move || Judged::of(&domain, counted, receiver, &cancel))
    };
    let shared = Shared {
        bounds,
        wanted: Wanted::new(subject.domain, bounds.days, subject.now),
        now: subject.now,
        found: sender,
        met: Mutex::default(),
        teller: Mutex::new(Teller { progress, done: 0, total: mailboxes.len() }),
    };
    let troubles = look_through_all(mailboxes, &shared, cancel).await?;
    // The reader ends once all senders are dropped.
    drop(shared);
    let judged = match reading.await {
        Ok(judged) => judged,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_cancelled) => return Err(EvidenceError::Cancelled),
        },
    };
    if cancel.is_cancelled() {
        return Err(EvidenceError::Cancelled);
    }
    Ok(judged.finish(mailboxes.iter().map(|mailbox| mailbox.address.as_str()).zip(troubles)))
}

/// Looks through all of them, a few at a time; what could not be read, in their order.
async fn look_through_all(
    mailboxes: &[EvidenceMailbox],
    shared: &Shared<'_>,
    cancel: &CancellationToken,
) -> Result<Vec<Vec<String>>, EvidenceError> {
    let one = |(index, mailbox)| read_one(index, mailbox, shared);
    let one_by_one: Vec<_> = mailboxes.iter().enumerate().map(one).collect();
    let all = futures::stream::iter(one_by_one)
        .buffer_unordered(shared.bounds.parallel.max(1))
        .collect::<Vec<(usize, Vec<String>)>>();
    let mut troubles = tokio::select! {
        () = cancel.cancelled() => return Err(EvidenceError::Cancelled),
        troubles = all => troubles,
    };
    troubles.sort_by_key(|(index, _)| *index);
    Ok(troubles.into_iter().map(|(_, troubles)| troubles).collect())
}

async fn read_one(index: usize, mailbox: &EvidenceMailbox, shared: &Shared<'_>) -> (usize, Vec<String>) {
    let troubles = look_through(index, mailbox, shared).await;
    shared.tell_done(&mailbox.address);
    (index, troubles)
}
