//! The engine's output to its faces: snapshots, events, and a wake-up call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{mpsc, watch};

use crate::engine::api::event::Event;
use crate::engine::api::snapshot::Snapshot;

/// Called from the engine's threads whenever there is something new to draw.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// The actor's output to its faces.
pub(super) struct Outlet {
    pub(super) snapshots: watch::Sender<Arc<Snapshot>>,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) lost_events: AtomicU64,
    pub(super) waker: Waker,
}

impl Outlet {
    /// Sends an event. If the queue is full, the event is dropped and counted.
    pub(super) fn event(&self, event: Event) {
        if self.events.try_send(event).is_err() {
            self.lost_events.fetch_add(1, Ordering::Relaxed);
        }
        (self.waker)();
    }

    /// Replaces the snapshot.
    pub(super) fn snapshot(&self, mut snapshot: Snapshot) {
        snapshot.lost_events = self.lost_events.load(Ordering::Relaxed);
        self.snapshots.send_replace(Arc::new(snapshot));
        (self.waker)();
    }
}
