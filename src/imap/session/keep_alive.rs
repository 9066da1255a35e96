//! Keeps the idle side of a copy alive while the other side works: servers end connections that are silent for long,
//! and so do the boxes in between.

use std::pin::pin;
use std::time::Duration;

use crate::imap::session::Session;

/// How often a resting connection says something; boxes between two networks forget it after five minutes and more.
pub const KEEP_ALIVE_EVERY: Duration = Duration::from_secs(150);

impl Session {
    /// Does `work`, which does not need this connection, and keeps the connection alive meanwhile. Where that fails the
    /// work goes on all the same, and the next command tells.
    ///
    /// As cancellation safe as `work` is.
    pub async fn keep_alive_during<T>(&mut self, every: Duration, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(every) => {}
            }
            let alive = tokio::select! {
                done = &mut work => return done,
                // Dropped half-way, its answer is kept for a command that nobody asks about any more.
                alive = self.noop() => alive,
            };
            if let Err(error) = alive {
                tracing::debug!(%error, "the idle connection is gone");
                return work.await;
            }
        }
    }
}
