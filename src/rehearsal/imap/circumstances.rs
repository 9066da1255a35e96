use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::folder_path::FolderPath;
use crate::values::Bytes;

/// How long a connection holds the lock of a folder behind its last message.
const LOCK_IS_HELD: Duration = Duration::from_millis(500);

/// The longest that one command waits for its turn, so that no client takes the server for dead.
const MOST_PACED: Duration = Duration::from_secs(8);

/// What changes at a server while it runs, and what it has counted.
#[derive(Debug, Default)]
pub(super) struct Circumstances {
    state: Mutex<State>,
    commands: AtomicU64,
    replies: AtomicU64,
    reordered: AtomicU64,
    appended: AtomicU64,
    connections: AtomicU64,
    most_received: AtomicU64,
    most_sent: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    throttled_until: Option<Instant>,
    /// Takes the place of the personality's own limit.
    quota: Option<Quota>,
    /// Who has added to a folder last, and when.
    locks: BTreeMap<FolderPath, (u64, Instant)>,
    /// Ends the connections that were open when it is cancelled.
    cut: CancellationToken,
    /// The time that each message takes to be stored, over all connections; `None`: no time at all.
    pace: Option<Duration>,
    /// When the next message may be stored at this pace.
    next_turn: Option<Instant>,
    /// The next message is refused, and then always.
    refuses_next: bool,
    /// Message-IDs of what is refused in every form.
    refused: Vec<Vec<u8>>,
}

#[derive(Clone, Copy, Debug)]
enum Quota {
    AnyAmount,
    Only(Bytes),
}

/// What went over the connections of a practice server since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Connections accepted.
    pub connections: u64,
    /// Commands taken in whole, on all connections.
    pub commands: u64,
    /// Reply lines begun, on all connections.
    pub replies: u64,
    /// Commands that were answered before the one in front of them.
    pub reordered: u64,
    /// Messages that came by APPEND and were taken.
    pub appended: u64,
    /// Bytes received on the connection that received most.
    pub most_received_bytes: u64,
    /// Bytes sent on the connection that was sent most.
    pub most_sent_bytes: u64,
}

/// The value of the first Message-ID field.
fn message_id(message: &[u8]) -> Option<&[u8]> {
    let lines = message.split(|byte| *byte == b'\n').take_while(|line| !line.trim_ascii().is_empty());
    lines
        .filter_map(|line| line.split_first_chunk::<11>())
        .find(|(name, _)| name.eq_ignore_ascii_case(b"message-id:"))
        .map(|(_, value)| value.trim_ascii())
        .filter(|value| !value.is_empty())
}

impl Circumstances {
    pub(super) fn traffic(&self) -> Traffic {
        Traffic {
            connections: self.connections.load(Ordering::Relaxed),
            commands: self.commands.load(Ordering::Relaxed),
            replies: self.replies.load(Ordering::Relaxed),
            reordered: self.reordered.load(Ordering::Relaxed),
            appended: self.appended.load(Ordering::Relaxed),
            most_received_bytes: self.most_received.load(Ordering::Relaxed),
            most_sent_bytes: self.most_sent.load(Ordering::Relaxed),
        }
    }

    /// Counts a connection; its number, and the token that ends it.
    pub(super) fn connected(&self) -> (u64, CancellationToken) {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        (number, self.with(|state| state.cut.clone()))
    }

    pub(super) fn count_command(&self, received_bytes: u64, sent_bytes: u64) {
        self.commands.fetch_add(1, Ordering::Relaxed);
        self.most_received.fetch_max(received_bytes, Ordering::Relaxed);
        self.most_sent.fetch_max(sent_bytes, Ordering::Relaxed);
    }

    pub(super) fn count_reply(&self) {
        self.replies.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_reordered(&self) {
        self.reordered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_appended(&self, messages: usize) {
        self.appended.fetch_add(u64::try_from(messages).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Whether this connection gets the lock of a folder, which each holds for a moment.
    pub(super) fn locks(&self, path: &FolderPath, connection: u64) -> bool {
        let now = Instant::now();
        self.with(|state| {
            let (holder, since) = state.locks.entry(path.clone()).or_insert((connection, now));
            let is_free = *holder == connection || now.duration_since(*since) > LOCK_IS_HELD;
            if is_free {
                (*holder, *since) = (connection, now);
            }
            is_free
        })
    }

    pub(super) fn throttle_for(&self, time: Duration) {
        self.with(|state| state.throttled_until = Instant::now().checked_add(time));
    }

    /// How long the server still wants to be left alone; `None` when it does not.
    pub(super) fn throttled_for(&self) -> Option<Duration> {
        let until = self.with(|state| state.throttled_until)?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    pub(super) fn set_quota(&self, quota: Option<Bytes>) {
        self.with(|state| state.quota = Some(quota.map_or(Quota::AnyAmount, Quota::Only)));
    }

    /// The room of a mailbox now, where the personality's own is `usual`.
    pub(super) fn quota(&self, usual: Option<Bytes>) -> Option<Bytes> {
        match self.with(|state| state.quota) {
            None => usual,
            Some(Quota::AnyAmount) => None,
            Some(Quota::Only(bytes)) => Some(bytes),
        }
    }

    /// From now on each message takes this time, over all connections; `None`: no time at all.
    pub(super) fn set_pace(&self, pace: Option<Duration>) {
        self.with(|state| (state.pace, state.next_turn) = (pace, None));
    }

    /// How long a command waits that adds so many messages.
    pub(super) fn wait_for_turn(&self, messages: usize) -> Duration {
        let now = Instant::now();
        self.with(|state| {
            let Some(pace) = state.pace else { return Duration::ZERO };
            let turn = state.next_turn.filter(|turn| *turn > now).unwrap_or(now);
            let count = u32::try_from(messages).unwrap_or(u32::MAX);
            let end = turn + pace.saturating_mul(count).min(MOST_PACED);
            state.next_turn = Some(end);
            end.duration_since(now).min(MOST_PACED)
        })
    }

    /// The next message that comes is refused, and again whenever it comes.
    pub(super) fn refuse_next(&self) {
        self.with(|state| state.refuses_next = true);
    }

    /// Whether this message is one that is refused.
    pub(super) fn refuses(&self, message: &[u8]) -> bool {
        self.with(|state| {
            if !state.refuses_next && state.refused.is_empty() {
                return false;
            }
            if state.refuses_next
                && let Some(id) = message_id(message)
            {
                state.refused.push(id.to_vec());
                state.refuses_next = false;
            }
            state.refused.iter().any(|id| memchr::memmem::find(message, id).is_some())
        })
    }

    pub(super) fn cut_connections(&self) {
        self.with(|state| std::mem::take(&mut state.cut)).cancel();
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn messages_take_turns_at_the_pace_and_no_command_waits_too_long() {
        let circumstances = Circumstances::default();
        assert_eq!(circumstances.wait_for_turn(50), Duration::ZERO);
        circumstances.set_pace(Some(Duration::from_millis(100)));
        assert_eq!(circumstances.wait_for_turn(1), Duration::from_millis(100));
        assert_eq!(circumstances.wait_for_turn(10), Duration::from_millis(1_100), "one behind the other");
        assert_eq!(circumstances.wait_for_turn(1_000), MOST_PACED);
        circumstances.set_pace(None);
        assert_eq!(circumstances.wait_for_turn(1), Duration::ZERO);
    }

    #[test]
    fn the_next_message_is_refused_in_every_form_and_others_are_not() {
        let circumstances = Circumstances::default();
        let (one, other) = (b"Message-ID: <1@a>\r\n\r\nx", b"Message-Id: <2@a>\r\n\r\nx");
        assert!(!circumstances.refuses(one));
        circumstances.refuse_next();
        assert!(circumstances.refuses(one) && !circumstances.refuses(other));
        assert!(circumstances.refuses(b"Subject: repaired\r\n\r\nMessage-ID: <1@a>\r\n\r\nx"));
        circumstances.refuse_next();
        assert!(
            !circumstances.refuses(b"Subject: none\r\n\r\nMessage-ID: <3@a>"),
            "it cannot be known again"
        );
        assert!(circumstances.refuses(other), "the next one that can");
    }
}
