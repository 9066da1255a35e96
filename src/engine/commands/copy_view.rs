//! Refreshes the view of a running copy.

use crate::engine::actor::Actor;
use crate::engine::api::copy_snapshot::CopyPhase;

impl Actor {
    /// Rereads the ledger while a copy runs.
    pub(in crate::engine) async fn watch_copy(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        if !matches!(open.view.copy.phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping) {
            return;
        }
        let has_ended_one = open.take_copy_states();
        let has_paused = open.view.copy.phase == CopyPhase::Paused;
        open.look_at_the_ledger();
        if has_ended_one || has_paused {
            // Recorded at once, so that finished and paused mailboxes stay so even after a crash.
            self.remember_copy_phase();
        }
        self.touch();
        // Lets job results through between two reads of a large ledger.
        tokio::task::yield_now().await;
    }
}
